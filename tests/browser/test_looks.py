"""Every page, for those who see it differently, on a phone and a wide screen, in light and dark: one line of `LOOKS` each.

A page is laid out without scrolling sideways, every control is reached by Tab and seen to be, nothing is covered, axe-core
finds no violation of WCAG 2.2 AA, and it is small. What it looks like is kept in `.cache/screens`, for people to look at.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page

from postroom.flow.sheetpack import pack
from postroom.model.rulebooks import SheetName
from tests.browser.driving import MAX_BYTES, SIZES, Pane, Windows, looked_through, open_all
from tests.browser.house import CORRECTED, FILES, Served
from tests.browser.looking import DRESSES, SCREENS, SHOWN, picture, sideways, violations

pytestmark = [pytest.mark.peer, pytest.mark.slow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A page and what is done on it before it is looked at."""

    name: str
    path: str
    #: who looks; "" for nobody who has signed in
    by: tuple[str, ...] = ("root",)
    #: what it is answered with
    status: int = 200
    #: what people open on it
    prepare: Callable[[Page], object] = lambda _: None


def _keys(page: Page) -> None:
    page.keyboard.press("?")


def _one_person(page: Page) -> None:
    page.get_by_text("Change ada").click()
    page.get_by_role("button", name="Set, and sign out").wait_for()
    page.get_by_text("Add somebody").click()


def _ada(page: Page) -> None:
    page.get_by_label("Address of somebody who wrote").fill("ada@example.net")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="ada@example.net").wait_for()
    open_all(page)


def _saved(page: Page) -> None:
    """Some views, as the first look makes them; the page of the last."""
    for name, search in (
        ("Unread refunds", "route=refunds&reading=unread"),
        ("Appeals in German that came this month", "route=appeals&language=de&days=30"),
        ("Accounts", "words=account"),
    ):
        if page.get_by_role("link", name=name).count():
            continue
        page.goto(f"/inbox?{search}")
        page.get_by_text("Save as a view").click()
        page.get_by_placeholder("Name of the view").fill(name)
        page.get_by_role("checkbox", name="for everybody").set_checked(name == "Accounts")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("heading", name=name).wait_for()
    page.get_by_role("link", name="Arrange views").click()
    page.get_by_role("heading", name="Views").wait_for()


def _save(page: Page) -> None:
    page.get_by_text("Save as a view").click()


def _wrong(page: Page) -> None:
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("no such password")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()


def _mistake(page: Page) -> None:
    area = page.get_by_label("Text of")
    area.fill(area.input_value().replace("new_text", "new_txt", 1).replace('"general"', '"generals"', 1))
    page.get_by_text("undeclared reference").wait_for()


def _pasted(page: Page) -> None:
    area = page.get_by_label("Text of")
    area.fill(area.input_value().replace('"deadline"', '"closing time"', 1))
    page.get_by_text("Test on a mail").click()
    page.get_by_label("The mail").fill("I write from the newsroom of the Example Times. Our closing time is tomorrow.")
    page.get_by_label("Subject").fill("Question for our Friday issue")
    page.get_by_role("button", name="Test", exact=True).click()
    page.get_by_text("With your text").wait_for()
    open_all(page)


def _two_versions(page: Page) -> None:
    area = page.get_by_label("Text of")
    area.fill(f"{area.input_value()}# looked at\n")
    page.get_by_placeholder("Why").fill("to see what two versions look like")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Versions", exact=True).click()
    page.get_by_role("button", name="Compare the two").wait_for()


def _conflict(page: Page) -> None:
    """What was seen is not what is there."""
    page.evaluate("document.querySelector('[name=seen]').value = ''")
    area = page.get_by_label("Text of")
    area.fill(area.input_value().replace("weight = 4.0", "weight = 5.0"))
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Somebody else has changed").wait_for()


def _what_changed(page: Page) -> None:
    page.get_by_role("link", name="what changed").last.click()
    page.get_by_role("heading", name="what changed").wait_for()


def _no_placeholder(page: Page) -> None:
    area = page.get_by_label("English")
    area.fill(area.input_value().replace("{name}", "{nmae}"))
    page.get_by_role("button", name="line 1, column 7").wait_for()


def _filled_in(page: Page) -> None:
    page.get_by_label("Filled in for").select_option(index=1)
    page.get_by_text("Told by itself").wait_for()
    open_all(page)


def _archive(page: Page) -> None:
    texts = {SheetName("rules/press.toml"): FILES["rules/press.toml"].replace("4.0", "6.0"), SheetName("rules/new.toml"): FILES["rules/night.toml"].replace("night-shift", "late")}  # fmt: skip
    page.get_by_label("ZIP file").set_input_files(
        {"name": "rules.zip", "mimeType": "application/zip", "buffer": pack(texts)}
    )
    page.get_by_role("button", name="Look into it").click()
    page.get_by_role("button", name="Bring it in").wait_for()


_EDITOR: Final = "/rules/rules/press.toml"
_TEMPLATE: Final = "/templates/file/which-account"


def _template(page: Page) -> None:
    page.get_by_text("Write an answer").click()
    page.get_by_label("Template").select_option("appeal-more")
    page.get_by_role("button", name="Use it").click()
    page.get_by_text("Quote their words below").wait_for()


def _preview(page: Page) -> None:
    page.get_by_text("Write an answer").click()
    page.get_by_label("Answer", exact=True).fill("Hello Ada,\n\nyour account is restored.\n\nLea")
    page.get_by_label("Quote their words below").check()
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("heading", name="This is what is sent").wait_for()


def _unfilled(page: Page) -> None:
    _template(page)
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("alert").wait_for()


_MAIL: Final = "/mail/{mail:Suspended without a reason}"
LOOKS: Final = (
    Look(name="sign-in", path="/sign-in", by=("",)),
    Look(name="sign-in-left", path="/sign-in?left=1", by=("",)),
    Look(name="sign-in-code", path="/sign-in/code", by=("",)),
    Look(name="sign-in-wrong", path="/sign-in", by=("",), prepare=_wrong),
    Look(name="inbox", path="/inbox?brand=shop", by=("vera", "root")),
    Look(name="inbox-desk", path="/inbox?route=refunds", by=("ada",)),
    Look(name="search", path="/inbox?words=account&brand=shop&reading=unread", by=("lea",)),
    Look(name="search-to-save", path="/inbox?route=refunds&reading=unread", by=("lea",), prepare=_save),
    Look(name="views", path="/views", by=("lea",), prepare=_saved),
    Look(name="views-none", path="/views", by=("nora",)),
    Look(name="search-nothing", path="/inbox?words=unheard-of", by=("lea",)),
    Look(name="mail", path=_MAIL, by=("vera", "root")),
    Look(name="mail-opened", path=_MAIL, by=("lea",), prepare=open_all),
    Look(name="mail-right-to-left", path="/mail/{mail:حسابي موقوف}", by=("lea",)),
    Look(name="mail-long-words", path="/mail/{mail:" + "W" * 60 + " a subject without an end " + "x" * 90 + "}", by=("lea",)),
    Look(name="mail-read-on", path="/mail/{mail:wild: long text}", by=("wanda",)),
    Look(name="text", path="/mail/{mail:wild: long text}/text?from=40000", by=("wanda",)),
    Look(name="mail-corrected", path="/mail/{mail:" + CORRECTED + "}", by=("lea",)),
    Look(name="undo", path="/mail/{mail:" + CORRECTED + "}/undo", by=("lea",)),
    Look(name="urgent", path="/urgent", by=("ursa",), prepare=open_all),
    Look(name="urgent-handed-on", path="/urgent", by=("uma",), prepare=open_all),
    Look(name="urgent-not-for-you", path="/urgent", by=("lea",), status=403),
    Look(name="urgent-mail", path="/mail/{mail:Last warning}", by=("ursa",)),
    Look(name="inbox-due", path="/inbox?route=appeals&answering=open", by=("ursa",)),
    Look(name="mail-due", path="/mail/{mail:Still waiting}", by=("ursa",)),
    Look(name="mail-answered", path="/mail/{mail:Opening hours}", by=("vera", "lea"), prepare=open_all),
    Look(name="mail-answering", path=_MAIL, by=("lea",), prepare=_template),
    Look(name="answer", path=_MAIL, by=("lea",), prepare=_preview),
    Look(name="answer-wrong", path=_MAIL, by=("lea",), prepare=_unfilled),
    Look(name="cases", path="/cases", by=("lea",)),
    Look(name="case", path="/case/1", by=("vera", "lea")),
    Look(name="keys", path=_MAIL, by=("lea",), prepare=_keys),
    Look(name="review", path="/review", by=("rosa",)),
    Look(name="review-empty", path="/review", by=("nora",)),
    Look(name="review-second", path="/review", by=("tess",)),
    Look(name="review-split", path="/review", by=("sita",), prepare=lambda page: page.keyboard.press("s")),
    Look(name="agreement", path="/review/agreement", by=("luis", "tess")),
    Look(name="agreement-nothing", path="/review/agreement", by=("nora",)),
    Look(name="settle", path="/review/agreement/{mail:Doubled question 16}", by=("luis",)),
    Look(name="letters", path="/letters", by=("lea",)),
    Look(name="notices", path="/notices", by=("lea",), prepare=open_all),
    Look(name="backtest", path="/backtest?draft=1", by=("lea", "wanda")),
    Look(name="backtest-done", path="/backtest/1", by=("lea",)),
    Look(name="backtest-failed", path="/backtest/2"),
    Look(name="health", path="/condition", by=("lea", "ursa")),
    Look(name="people", path="/people"),
    Look(name="people-opened", path="/people", prepare=_one_person),
    Look(name="person-changed", path="/people/ada"),
    Look(name="hooks", path="/hooks"),
    Look(name="person", path="/person", by=("lea", "root")),
    Look(name="person-found", path="/person", prepare=_ada),
    Look(name="rules", path="/rules"),
    Look(name="rules-opened", path="/rules", prepare=open_all),
    Look(name="rules-checked", path="/rules/checked"),
    Look(name="rules-shipped", path="/rules/shipped?file=starter/rules/safety.toml"),
    Look(name="rules-archive", path="/rules", prepare=_archive),
    Look(name="rule-editor", path=_EDITOR),
    Look(name="rule-editor-mistake", path=_EDITOR, prepare=_mistake),
    Look(name="rule-editor-tried", path=_EDITOR, prepare=_pasted),
    Look(name="rule-editor-conflict", path=_EDITOR, prepare=_conflict),
    Look(name="rule-editor-new", path="/rules/phrases/unheard-of.toml"),
    Look(name="rule-versions", path=f"{_EDITOR}/versions"),
    Look(name="rule-versions-two", path=_EDITOR, prepare=_two_versions),
    Look(name="rule-diff", path=f"{_EDITOR}/versions", prepare=_what_changed),
    Look(name="rules-not-for-you", path="/rules", by=("lea",), status=404),
    Look(name="templates", path="/templates", by=("ada", "root")),
    Look(name="template-editor", path=_TEMPLATE, by=("ada", "root")),
    Look(name="template-editor-mistake", path=_TEMPLATE, prepare=_no_placeholder),
    Look(name="template-editor-mail", path="/templates/file/appeal-received", prepare=_filled_in),
    Look(name="template-editor-file", path="/templates/file/broken"),
    Look(name="template-editor-new", path="/templates/file/unheard-of"),
    Look(name="template-versions", path=f"{_TEMPLATE}/versions"),
    Look(name="template-diff", path=f"{_TEMPLATE}/versions", prepare=_what_changed),
    Look(name="audit", path="/audit"),
    Look(name="me", path="/me", by=("ada",)),
    Look(name="not-for-you", path="/people", by=("ada",), status=403),
    Look(name="not-there", path="/mail/none", by=("ada",), status=404),
)  # fmt: skip


@pytest.mark.parametrize(
    ("look", "who"), [(look, who) for look in LOOKS for who in look.by], ids=lambda one: getattr(one, "name", one)
)
def test_a_page(look: Look, who: str, pane: Pane) -> None:
    page = pane.turn_to(who)
    answer = page.goto(pane.house.address(look.path))
    assert answer is not None
    assert answer.status == look.status, page.locator("body").inner_text()
    look.prepare(page)
    found = []
    for width, scheme in DRESSES:
        page.set_viewport_size(SIZES[width])
        page.emulate_media(color_scheme=scheme)
        name = "-".join(filter(None, (look.name, who, width, scheme)))
        page.evaluate("scrollTo(0, 0)")
        picture(page, name)
        found += [f"{name}: {one}" for one in (*sideways(page), *violations(page))]
    found += _walk(page)
    weight = sum(pane.received)
    _note(look, who, weight, page)
    assert not found, "\n".join(found)
    assert weight <= MAX_BYTES


@pytest.fixture(scope="module")
def shared_pane(browser: Browser, house: Served) -> Iterator[Pane]:
    """Through it all pages of this module are looked at."""
    with looked_through(browser, house) as one:
        yield one


@pytest.fixture
def pane(shared_pane: Pane) -> Iterator[Pane]:
    """Sees at the end that nothing strange happened."""
    yield shared_pane
    shared_pane.leave()


def test_places_open_with_one_button_on_a_phone(windows: Windows) -> None:
    page = windows.open("root", "/inbox", width="phone")
    page.emulate_media(color_scheme="dark")
    places = page.get_by_role("navigation", name="Places")
    cases = places.get_by_role("link", name="Cases")
    assert not cases.is_visible()
    places.get_by_role("button", name="Places").click()
    page.screenshot(path=SCREENS / "places-root-phone-dark.png")
    assert not violations(page)
    groups = [places.get_by_role("list", name=name).bounding_box() for name in ("Desks", "Work", "Installation")]
    assert all(box is not None and box["y"] + box["height"] <= SIZES["phone"]["height"] for box in groups)
    page.keyboard.press("Escape")
    assert not cases.is_visible()
    places.get_by_role("button", name="Places").press("Enter")
    cases.click()
    page.get_by_role("heading", name="Cases").wait_for()


def _walk(page: Page) -> list[str]:
    """What is wrong with a walk by Tab through the whole page."""
    wanted = page.evaluate(_CONTROLS)
    reached: list[int | None] = []
    wrong: list[str] = []
    for step in _steps(page, wanted):
        if step["number"] is None and not step["other"]:
            if reached:
                break
            continue
        # a field of a date has several stops
        if step["number"] is not None and step["number"] in reached[:-1] and step["number"] != reached[-1]:
            break
        reached.append(step["number"])
        wrong += step["wrong"]
    missed = page.evaluate("(reached) => window.controls.filter((_, i) => !reached.includes(i)).map((one) => one.outerHTML.slice(0, 150))", reached)  # fmt: skip
    return [*dict.fromkeys(wrong), *(f"not reached by Tab: {one}" for one in missed)][:SHOWN]


def _steps(page: Page, wanted: int) -> Iterator[dict[str, Any]]:
    """Where Tab leads, as the page writes it down when it is pressed next: once past all controls, then on by a few."""
    for presses in (wanted + 2, *repeat(4, wanted // 4 + 3)):
        for _ in range(presses):
            page.keyboard.press("Tab")
        yield from page.evaluate("window.steps.splice(0)")


def _note(look: Look, who: str, weight: int, page: Page) -> None:
    """Measured, for people: no test of a time, as it says more of the machine."""
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
    SCREENS.mkdir(parents=True, exist_ok=True)
    measured = {"page": look.name, "by": who, "bytes": weight, "first paint ms": paint}
    (SCREENS / f"{'-'.join(filter(None, (look.name, who)))}.json").write_text(json.dumps(measured) + "\n")
    print(f"{look.name} by {who or 'nobody'}: {weight} bytes, first contentful paint after {paint} ms")


_CONTROLS: Final = """() => {
    const root = document.querySelector('dialog[open]') || document;
    window.controls = [...root.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary')]
        .filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }));
    document.activeElement.blur();
    getSelection().removeAllRanges();
    if (root === document) { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); }
    scrollTo(0, 0);
    window.steps = [];
    // where the last key has led, once it has; one pressed inside a frame is not heard here: what is in there is the frame's
    addEventListener('keydown', () => { window.steps.push(focused()); }, true);
    return window.controls.length;
function focused() {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect(), wrong = [];
    const said = one.outerHTML.slice(0, 150);
    if (one === document.body || one === document.documentElement) return { number: null, other: false, wrong };
    // a frame shows the focus inside, a field of a date on the part of it that has it
    if (!one.matches('iframe') && (one.type !== 'date' || one.matches(':focus-visible'))) {
        if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) wrong.push(`focus is not seen: ${said}`);
        if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) wrong.push(`out of sight: ${said}`);
        const x = Math.min(Math.max(box.left + Math.min(box.width, innerWidth) / 2, 0), innerWidth - 1);
        const y = Math.min(Math.max(box.top + Math.min(box.height, innerHeight) / 2, 0), innerHeight - 1);
        const top = document.elementFromPoint(x, y);
        if (top && top !== one && !one.contains(top) && !top.contains(one)) wrong.push(`covered by ${top.outerHTML.slice(0, 80)}: ${said}`);
    }
    const number = window.controls.indexOf(one);
    return { number: number < 0 ? null : number, other: number < 0, wrong };
}
}"""
