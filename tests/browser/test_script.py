"""The pages' script on pages of a few lines: what somebody types stays, and what they do is done once."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

pytestmark = [pytest.mark.peer, pytest.mark.slow]

_SCRIPT = (Path(__file__).parents[2] / "src/postroom/web/static/postroom.js").read_text(encoding="utf-8")
_ORIGIN = "http://pages.test"


def _dressed(main: str) -> str:
    return (
        '<!doctype html><title>x</title><script src="/postroom.js" defer></script><a class="skip" href="#main">Skip</a>'
        f'<nav id="nav"></nav><main id="main" tabindex="-1">{main}</main><p id="told"></p>'
    )


class Site:
    """Pages by path, changed as a test goes on; counts what is asked for."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = dict(pages)
        self.news = 0
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda _: None

    def answer(self, route: Route) -> None:
        """One request."""
        asked = f"{route.request.method} {route.request.url.removeprefix(_ORIGIN)}"
        self.asked.append(asked)
        self.before(asked)
        path = asked.partition(" ")[2].partition("?")[0]
        if path == "/postroom.js":
            route.fulfill(body=_SCRIPT, content_type="text/javascript")
        elif path == "/news":
            route.fulfill(body=json.dumps({"mark": self.news}), content_type="application/json")
        elif path == "/away":
            route.fulfill(status=502, body="<h1>Bad gateway</h1>", content_type="text/html")
        else:
            route.fulfill(body=_dressed(self.pages.get(path, "")), content_type="text/html; charset=utf-8")


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.clock.install()
    yield page
    context.close()


def _opened(page: Page, **pages: str) -> Site:
    site = Site({f"/{name}": main for name, main in pages.items()})
    page.route("**/*", site.answer)
    page.goto(f"{_ORIGIN}/{next(iter(pages))}")
    page.clock.run_for(1)
    return site


def _goes_by(page: Page, site: Site) -> None:
    """Something has happened, and time for pages to hear of it."""
    with page.expect_response("**/news"):
        page.clock.run_for(5_001)
    site.news += 1
    with page.expect_response("**/news"):
        page.clock.run_for(5_001)


_LIST = '<form><input name="note"><select name="to"><option>a</option><option>b</option></select></form><ul data-live><li>one</li></ul>'


def test_a_list_shows_what_is_new(window: Page) -> None:
    site = _opened(window, list=_LIST)
    site.pages["/list"] = _LIST.replace("one", "two")
    _goes_by(window, site)
    expect(window.locator("li")).to_have_text("two")


@pytest.mark.parametrize(
    "works",
    [
        lambda page: page.locator("[name=note]").fill("a word"),
        lambda page: page.locator("[name=to]").select_option("b"),
        lambda page: page.locator("[name=some]").check(),
        lambda page: page.get_by_text("More").click(),
    ],
    ids=["typed", "chosen", "ticked", "opened"],
)
def test_what_somebody_began_in_a_list_stays_and_the_list_is_new_once_they_are_done(
    window: Page, works: Callable[[Page], Any]
) -> None:
    main = _LIST + '<input type="checkbox" name="some" value="1"><details><summary>More</summary>x</details>'
    site = _opened(window, list=main)
    works(window)
    window.evaluate("document.activeElement.blur()")
    site.pages["/list"] = main.replace("one", "two")
    _goes_by(window, site)
    expect(window.locator("li")).to_have_text("one")
    window.evaluate(
        "document.querySelectorAll('form').forEach((one) => one.reset());"
        "document.querySelector('[name=some]').checked = false; document.querySelector('details').open = false"
    )
    with window.expect_response("**/list"):
        window.clock.run_for(5_001)
    expect(window.locator("li")).to_have_text("two")


@pytest.mark.parametrize("where", ["#nav a", "[data-item]", "main .more"])
def test_who_goes_by_keyboard_stays_where_they_are(window: Page, where: str) -> None:
    main = '<ul data-live><li><a href="/mail/1" data-item>one</a></li></ul><a class="more" href="/list?more">more</a>'
    site = _opened(window, list=main)
    window.evaluate("document.getElementById('nav').innerHTML = '<a href=\"/list\">All</a>'")
    window.locator(where).focus()
    site.pages["/list"] = main.replace("one", "two")
    _goes_by(window, site)
    window.clock.run_for(100)
    expect(window.locator(where)).to_be_focused()


def test_an_answer_that_comes_late_takes_nothing_away(window: Page) -> None:
    site = _opened(window, list=_LIST)
    with window.expect_response("**/news"):
        window.clock.run_for(5_001)
    site.news += 1
    site.pages["/list"] = _LIST.replace("one", "two")
    # while the list is on its way, somebody begins to write
    write = "document.querySelector('[name=note]').value = 'mine'"
    site.before = lambda asked: window.evaluate(write) if asked == "GET /list" else None
    with window.expect_response("**/list"):
        window.clock.run_for(5_001)
    expect(window.locator("[name=note]")).to_have_value("mine")
    expect(window.locator("li")).to_have_text("one")


def test_links_into_the_page_load_nothing(window: Page) -> None:
    site = _opened(window, list='<a href="#there">On</a><p id="there">x</p><textarea></textarea>')
    window.locator("textarea").fill("a word")
    window.get_by_text("Skip").focus()
    window.keyboard.press("Enter")
    expect(window.locator("main")).to_be_focused()
    window.get_by_text("On").click()
    window.go_back()
    expect(window.locator("textarea")).to_have_value("a word")
    assert site.asked.count("GET /list") == 1


_REVIEW = (
    '<div data-review><form method="post" action="/review/{0}" data-swap><textarea name="why"></textarea>'
    '<button class="primary" data-key="c">Yes to {0}</button></form><a href="/next" data-key="n">Next</a></div>'
)


@pytest.mark.parametrize("key", ["c", "Enter"])
def test_a_key_that_is_held_down_says_one_thing(window: Page, key: str) -> None:
    site = _opened(window, review=_REVIEW.format(1))
    site.pages["/review/1"] = _REVIEW.format(2)
    window.keyboard.down(key)
    expect(window.get_by_role("button")).to_have_text("Yes to 2")
    for _ in range(5):
        window.keyboard.down(key)  # as a keyboard repeats it
    window.keyboard.up(key)
    window.evaluate("fetch('/end')")
    assert [one for one in site.asked if one.startswith("POST")] == ["POST /review/1"]
    window.keyboard.press(key)
    expect(window.locator("[data-review]")).to_have_count(0)
    assert "POST /review/2" in site.asked


def test_a_link_waits_for_what_is_being_done(window: Page) -> None:
    site = _opened(window, review=_REVIEW.format(1), next="<p>next</p>")
    site.pages["/review/1"] = _REVIEW.format(2)
    site.before = lambda asked: window.keyboard.press("n") if asked == "POST /review/1" else None
    window.keyboard.press("c")
    expect(window.get_by_role("button")).to_have_text("Yes to 2")
    assert "GET /next" not in site.asked


def test_what_was_typed_is_not_left_without_asking(window: Page) -> None:
    forms = '<form method="post" action="/sign-out"><button>Sign out</button></form>'
    forms += '<form method="post" action="/preview"><textarea name="text"></textarea><button>Preview</button></form>'
    site = _opened(window, answer=f'{forms}<a href="/next" data-key="n">Next</a>', next="<p>next</p>")
    asked: list[str] = []
    window.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    window.locator("textarea").fill("a long answer")
    window.keyboard.press("Escape")
    window.keyboard.press("n")
    expect(window.locator("textarea")).to_have_value("a long answer")
    window.get_by_text("Sign out").click()
    expect(window.locator("textarea")).to_have_value("a long answer")
    assert asked == ["beforeunload"] * 2
    assert {"GET /next", "POST /sign-out"}.isdisjoint(site.asked)
    window.get_by_text("Preview").click()
    expect(window.locator("textarea")).to_have_count(0)
    assert len(asked) == 2


def test_what_was_typed_stays_where_a_proxy_answers(window: Page) -> None:
    _opened(
        window, case='<form method="post" action="/away" data-swap><textarea></textarea><button>Keep</button></form>'
    )
    window.locator("textarea").fill("a long note")
    window.get_by_role("button").click()
    expect(window.get_by_role("alert")).to_contain_text("No answer from postroom (502)")
    expect(window.locator("textarea")).to_have_value("a long note")


def test_a_double_click_sends_a_form_once(window: Page) -> None:
    form = (
        '<form method="post" action="/made"><button name="do" value="make">Make</button><button>Other</button></form>'
    )
    site = _opened(window, make=form)
    # where the answer takes its time, the page is still there
    window.evaluate(
        "addEventListener('submit', (event) => { window.went = (window.went || 0) + !event.defaultPrevented; event.preventDefault(); })"
    )
    window.get_by_text("Make").dblclick()
    assert window.evaluate("window.went") == 1
    window.get_by_text("Other").click()
    window.clock.run_for(2_100)
    window.get_by_text("Make").click()
    assert window.evaluate("window.went") == 3
    assert "POST /made" not in site.asked


def test_an_editor_is_left_whole(window: Page) -> None:
    site = _opened(window, edit='<a href="/next" data-key="u">Back</a><form id="editor"><input name="title"></form>')
    site.pages["/next"] = "<p>next</p>"
    window.evaluate("window.mark = 1")
    window.keyboard.press("u")
    expect(window.get_by_text("next")).to_be_visible()
    assert window.evaluate("window.mark") is None, "its script is gone with it"


def test_whoever_is_signed_out_keeps_what_they_typed(window: Page) -> None:
    _opened(window, review=_REVIEW.format(1))
    # a redirect that was followed, as no route can play it
    window.evaluate(
        "fetch = async () => ({ok: true, redirected: true, url: location.origin + '/sign-in', text: async () => '<main></main>'})"
    )
    window.locator("textarea").fill("a long reason")
    window.get_by_role("button").click()
    expect(window.get_by_role("alert")).to_contain_text("You are signed out")
    expect(window.locator("textarea")).to_have_value("a long reason")
    window.locator("textarea").fill("")
    window.get_by_role("button").click()
    expect(window).to_have_url(f"{_ORIGIN}/sign-in")


def test_a_key_leads_to_a_decision_and_does_not_make_it(window: Page) -> None:
    site = _opened(
        window,
        case='<form method="post" action="/case" data-swap><textarea data-key="d"></textarea>'
        '<button data-key="c" data-focus>Confirm</button></form>',
    )
    window.keyboard.press("c")
    expect(window.get_by_role("button")).to_be_focused()
    window.keyboard.press("d")
    expect(window.locator("textarea")).to_be_focused()
    assert window.locator("textarea").input_value() == ""
    assert not any(one.startswith("POST") for one in site.asked)
