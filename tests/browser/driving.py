"""A real Chromium: who looks, on what screen, and that nothing happens behind their back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from playwright.sync_api import Browser, BrowserContext, CDPSession, Dialog, Page, Request, sync_playwright

from tests.browser.house import PASSWORD, Served
from tools import peers

Width = Literal["phone", "wide"]
Scheme = Literal["light", "dark"]
SIZES: dict[Width, dict[str, int]] = {"phone": {"width": 390, "height": 844}, "wide": {"width": 1600, "height": 1000}}
#: of a page with all that it is dressed in, on its way to somebody who was never there
MAX_BYTES = 150_000
#: a browser says so in its console of every answer that is no 2xx: those are the pages' business
_ANSWERED = re.compile(r"Failed to load resource: the server responded with a status of (403|404|409)")


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser. Raises `peers.Missing`."""
    found = peers.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.program,
            env=found.env,
            # beside us others want the two processors and the small /dev/shm of a container
            args=["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass(kw_only=True)
class Seen:
    """What happened in a window beside what was asked for."""

    origin: str
    requests: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    #: a page that asks whether somebody means to leave it is told yes
    leaving: bool = False

    def watch(self, context: BrowserContext) -> None:
        """Listen to all that this window does."""
        context.on("request", self._asked)
        context.on("dialog", self._spoke)
        context.on("weberror", lambda error: self.strange.append(f"error: {error.error}"))
        context.on("console", self._said)

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)
        if not request.url.startswith(f"{self.origin}/"):
            self.strange.append(f"request: {request.url[:200]}")

    def _spoke(self, dialog: Dialog) -> None:
        if self.leaving and dialog.type == "beforeunload":
            dialog.accept()
            return
        self.strange.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning") and not _ANSWERED.match(message.text):
            self.strange.append(f"console: {message.text}")


@dataclass(slots=True, kw_only=True)
class Windows:
    """Opens windows; each has cookies of its own."""

    browser: Browser
    house: Served
    _open: list[tuple[BrowserContext, Seen]] = field(default_factory=list)

    def open(
        self, who: str = "", path: str = "", *, width: Width = "wide", touch: bool = False, script: bool = True
    ) -> Page:
        """A window of this person, signed in; of nobody when ``who`` is empty. At ``path``, when one is given."""
        context, seen = _opened(self.browser, self.house, width=width, touch=touch, script=script)
        self._open.append((context, seen))
        if who:
            context.add_cookies([self.house.cookie(who)])  # type: ignore[list-item]
        page = context.new_page()
        if path:
            page.goto(self.house.address(path))
        return page

    def requests(self, page: Page) -> list[str]:
        """All that a window asked for, oldest first."""
        (found,) = [seen for context, seen in self._open if context is page.context]
        return found.requests

    def close(self) -> None:
        """Close all; fails when anything strange happened in one."""
        strange = []
        for context, seen in self._open:
            context.close()
            strange += seen.strange
        self._open.clear()
        assert not strange, strange


@dataclass(slots=True, kw_only=True)
class Pane:
    """One window that people look through in turn: to open another takes longer than most looks."""

    house: Served
    page: Page
    seen: Seen
    wire: CDPSession
    #: bytes of each answer since the turn began, as they came over the wire
    received: list[int]

    def turn_to(self, who: str) -> Page:
        """The window, wide and light, for this person or, when ``who`` is empty, for nobody; it has kept nothing."""
        self.page.context.clear_cookies()
        if who:
            self.page.context.add_cookies([self.house.cookie(who)])  # type: ignore[list-item]
        self.page.set_viewport_size(SIZES["wide"])  # type: ignore[arg-type]
        self.page.emulate_media(color_scheme="light")
        self.wire.send("Network.clearBrowserCache")
        # that empties what the process of the page keeps, too
        for off in (True, False):
            self.wire.send("Network.setCacheDisabled", {"cacheDisabled": off})
        self.received.clear()
        return self.page

    def leave(self) -> None:
        """Leave the page, whatever was typed on it, for one that does nothing; fails when anything strange happened."""
        self.seen.leaving = True
        self.page.goto("/healthz")
        self.seen.leaving = False
        strange = self.seen.strange[:]
        self.seen.strange.clear()
        assert not strange, strange


@contextmanager
def looked_through(browser: Browser, house: Served) -> Iterator[Pane]:
    """A window for many to look through."""
    context, seen = _opened(browser, house)
    page = context.new_page()
    wire, received = _wire(page)
    yield Pane(house=house, page=page, seen=seen, wire=wire, received=received)
    context.close()


def _opened(
    browser: Browser, house: Served, *, width: Width = "wide", touch: bool = False, script: bool = True
) -> tuple[BrowserContext, Seen]:
    context = browser.new_context(
        viewport=SIZES[width],  # type: ignore[arg-type]
        has_touch=touch,
        is_mobile=touch,
        java_script_enabled=script,
        reduced_motion="reduce",
        base_url=house.url,
    )
    context.set_default_timeout(30_000)
    seen = Seen(origin=house.url)
    seen.watch(context)
    return context, seen


def open_all(page: Page) -> None:
    """Open everything of a page that can be opened, and wait until all that it asks for by that is there."""
    asked = set[Request]()

    def begun(request: Request) -> None:
        asked.add(request)

    def ended(request: Request) -> None:
        asked.discard(request)

    page.on("request", begun)
    page.on("requestfinished", ended)
    page.on("requestfailed", ended)
    page.evaluate(_OPENED)
    waited = True
    while waited or asked:
        # what has come is made part of the page before the next picture of it
        waited = bool(asked)
        page.evaluate(_TURN)
    page.remove_listener("request", begun)
    page.remove_listener("requestfinished", ended)
    page.remove_listener("requestfailed", ended)


#: two pictures later: what was opened has said so to scripts, and what they or frames ask for is asked for
_TURN: Final = """() => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""
_OPENED: Final = f"""() => {{
    document.querySelectorAll('main details').forEach((one) => {{ one.open = true; }});
    return ({_TURN})();
}}"""


def bytes_received(page: Page) -> list[int]:
    """Grows by the bytes of each answer, as they came over the wire, heads included."""
    return _wire(page)[1]


def _wire(page: Page) -> tuple[CDPSession, list[int]]:
    sent: list[int] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda told: sent.append(int(told["encodedDataLength"])))
    return wire, sent


def press(page: Page, *keys: str) -> None:
    """What somebody does with the keyboard: one key each, or text that they type where it is longer and names none."""
    for key in keys:
        (page.keyboard.press if len(key) == 1 or key in _NAMED else page.keyboard.type)(key)


_NAMED = frozenset({"Tab", "Shift+Tab", "Enter", "Escape", "Space", "Home", "Control+Home"})


def tap_in(page: Page, name: str) -> None:
    """Sign in by touch."""
    for label, text in (("Name", name), ("Password", PASSWORD)):
        page.get_by_label(label).tap()
        page.keyboard.type(text)
    page.get_by_role("button", name="Sign in", exact=True).tap()
