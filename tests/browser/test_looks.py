"""Every page, for those who see it differently, on a phone and a wide screen, in light and dark: one line of `LOOKS` each.

A page is laid out without scrolling sideways, every control is reached by Tab and seen to be, nothing is covered, axe-core
finds no violation of WCAG 2.2 AA, and it is small. What it looks like is kept in `.cache/screens`, for people to look at.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.driving import MAX_BYTES, SIZES, Windows, bytes_received, open_all
from tests.browser.house import CORRECTED

pytestmark = [pytest.mark.peer, pytest.mark.slow]

SCREENS: Final = Path(__file__).resolve().parents[2] / ".cache" / "screens"
_RULES: Final = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "iframes": False}
#: places of each kind of mistake: the rest are most often the same
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A page and what is done on it before it is looked at."""

    name: str
    path: str
    #: who looks; "" for nobody who has signed in
    by: tuple[str, ...] = ("root",)
    #: what people open on it
    prepare: Callable[[Page], object] = lambda _: None


def _keys(page: Page) -> None:
    page.keyboard.press("?")


def _one_person(page: Page) -> None:
    page.get_by_text("Change ada").click()
    page.get_by_role("button", name="Sign out everywhere").wait_for()
    page.get_by_text("Add somebody").click()


def _ada(page: Page) -> None:
    page.get_by_label("Address of somebody who wrote").fill("ada@example.net")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="ada@example.net").wait_for()
    open_all(page)


def _wrong(page: Page) -> None:
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("no such password")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()


_MAIL: Final = "/mail/{mail:Suspended without a reason}"
LOOKS: Final = (
    Look(name="sign-in", path="/sign-in", by=("",)),
    Look(name="sign-in-wrong", path="/sign-in", by=("",), prepare=_wrong),
    Look(name="inbox", path="/inbox?brand=shop", by=("vera", "root")),
    Look(name="inbox-desk", path="/inbox?route=refunds", by=("ada",)),
    Look(name="search", path="/inbox?words=account&brand=shop&reading=unread", by=("lea",)),
    Look(name="search-nothing", path="/inbox?words=unheard-of", by=("lea",)),
    Look(name="mail", path=_MAIL, by=("vera", "root")),
    Look(name="mail-opened", path=_MAIL, by=("lea",), prepare=open_all),
    Look(name="mail-right-to-left", path="/mail/{mail:حسابي موقوف}", by=("lea",)),
    Look(name="mail-long-words", path="/mail/{mail:" + "W" * 60 + " a subject without an end " + "x" * 90 + "}", by=("lea",)),
    Look(name="mail-read-on", path="/mail/{mail:wild: long text}", by=("wanda",)),
    Look(name="text", path="/mail/{mail:wild: long text}/text?from=40000", by=("wanda",)),
    Look(name="mail-corrected", path="/mail/{mail:" + CORRECTED + "}", by=("lea",)),
    Look(name="undo", path="/mail/{mail:" + CORRECTED + "}/undo", by=("lea",)),
    Look(name="cases", path="/cases", by=("lea",)),
    Look(name="case", path="/case/1", by=("vera", "lea")),
    Look(name="keys", path=_MAIL, by=("lea",), prepare=_keys),
    Look(name="review", path="/review", by=("rosa",)),
    Look(name="review-empty", path="/review", by=("nora",)),
    Look(name="letters", path="/letters", by=("lea",)),
    Look(name="health", path="/condition", by=("lea",)),
    Look(name="people", path="/people"),
    Look(name="people-opened", path="/people", prepare=_one_person),
    Look(name="person-changed", path="/people/ada"),
    Look(name="hooks", path="/hooks"),
    Look(name="person", path="/person", by=("lea", "root")),
    Look(name="person-found", path="/person", prepare=_ada),
    Look(name="audit", path="/audit"),
    Look(name="me", path="/me", by=("ada",)),
    Look(name="not-for-you", path="/people", by=("ada",)),
    Look(name="not-there", path="/mail/none", by=("ada",)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("look", "who"), [(look, who) for look in LOOKS for who in look.by], ids=lambda one: getattr(one, "name", one)
)
def test_a_page(look: Look, who: str, windows: Windows) -> None:
    page = windows.open(who)
    sent = bytes_received(page)
    page.goto(windows.house.address(look.path))
    look.prepare(page)
    found = []
    for width, scheme in product(SIZES, ("light", "dark")):
        page.set_viewport_size(SIZES[width])
        page.emulate_media(color_scheme=scheme)
        name = "-".join(filter(None, (look.name, who, width, scheme)))
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=SCREENS / f"{name}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{name}: scrolls sideways: {page.evaluate(_TOO_WIDE)}")
        # both schemes and both widths, in two runs: colours do not depend on the width
        if (width == "phone") == (scheme == "dark"):
            found += [f"{name}: {one}" for one in _violations(page)]
            found += [f"{name}: {one}" for one in _walk(page)]
    weight = sum(sent)
    _note(look, who, weight, page)
    assert not found, "\n".join(found)
    assert weight <= MAX_BYTES


def _violations(page: Page) -> list[str]:
    told = Axe().run(page, options=_RULES).response
    return [
        f"{one['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for one in told["violations"]
        for node in one["nodes"][:_SHOWN]
    ]


def _walk(page: Page) -> list[str]:
    """What is wrong with a walk by Tab through the whole page."""
    wanted = page.evaluate(_CONTROLS)
    reached: list[int | None] = []
    wrong: list[str] = []
    for _ in range(wanted * 2 + 10):
        page.keyboard.press("Tab")
        step: dict[str, Any] = page.evaluate(_FOCUSED)
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
    return [*dict.fromkeys(wrong), *(f"not reached by Tab: {one}" for one in missed)][:_SHOWN]


def _note(look: Look, who: str, weight: int, page: Page) -> None:
    """Measured, for people: no test of a time, as it says more of the machine."""
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
    SCREENS.mkdir(parents=True, exist_ok=True)
    measured = {"page": look.name, "by": who, "bytes": weight, "first paint ms": paint}
    (SCREENS / f"{'-'.join(filter(None, (look.name, who)))}.json").write_text(json.dumps(measured) + "\n")
    print(f"{look.name} by {who or 'nobody'}: {weight} bytes, first contentful paint after {paint} ms")


_TOO_WIDE: Final = """() => [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .filter((one) => { for (let up = one.parentElement; up; up = up.parentElement) if (getComputedStyle(up).overflowX !== 'visible') return false; return true; })
    .slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""
_CONTROLS: Final = """() => {
    const root = document.querySelector('dialog[open]') || document;
    window.controls = [...root.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,summary')]
        .filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }));
    document.activeElement.blur();
    getSelection().removeAllRanges();
    if (root === document) { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); }
    scrollTo(0, 0);
    return window.controls.length;
}"""
_FOCUSED: Final = """() => {
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
}"""
