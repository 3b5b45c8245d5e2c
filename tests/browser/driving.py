"""A real Chromium: who looks, on what screen, and that nothing happens behind their back."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request, sync_playwright

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
        context = self.browser.new_context(
            viewport=SIZES[width],  # type: ignore[arg-type]
            has_touch=touch,
            is_mobile=touch,
            java_script_enabled=script,
            reduced_motion="reduce",
            base_url=self.house.url,
        )
        context.set_default_timeout(30_000)
        seen = Seen(origin=self.house.url)
        seen.watch(context)
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


def open_all(page: Page) -> None:
    """Open everything of a page that can be opened, and wait until it is there."""
    page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
    page.wait_for_load_state("networkidle")


def bytes_received(page: Page) -> list[int]:
    """Grows by the bytes of each answer, as they came over the wire, heads included."""
    sent: list[int] = []
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.loadingFinished", lambda told: sent.append(int(told["encodedDataLength"])))
    return sent


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
