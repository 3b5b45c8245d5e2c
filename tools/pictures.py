"""`make pictures`: the pictures of the docs, taken in Chromium of the demo's mails. What they show is a running postroom.

Each is a page on a screen of `SIZE`, in the folder `docs/images`.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page
from rich.console import Console

from tests.browser.driving import chromium
from tools.demo import ROOT, Demo, running

INTO = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 636}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A page as the docs show it."""

    name: str
    #: path of the page that the way to it begins at
    path: str
    #: what is done there
    then: Callable[[Page], None] = lambda _page: None
    dark: bool = False


def _first(page: Page) -> None:
    """Open what comes first in a list."""
    page.locator("main a[data-item]").first.click()
    page.locator("main article, main form").first.wait_for()


PICTURES = (
    Picture(name="inbox", path="/inbox?route=appeals"),
    Picture(name="mail", path="/inbox?route=appeals&q=ban*", then=_first),
    Picture(name="review", path="/review"),
    Picture(name="case", path="/cases", then=_first, dark=True),
)


def main(names: list[str]) -> None:
    """Take those of these names, or all."""
    INTO.mkdir(exist_ok=True)
    console = Console()
    with running(console, pages=True) as demo, chromium() as browser:
        for picture in PICTURES:
            if names and picture.name not in names:
                continue
            scheme = "dark" if picture.dark else "light"
            page = browser.new_page(viewport=SIZE, color_scheme=scheme)
            _sign_in(page, demo)
            page.goto(f"{demo.address}{picture.path}")
            picture.then(page)
            page.screenshot(path=INTO / f"{picture.name}.png")
            page.close()
            console.print(f"{Path('docs/images') / picture.name}.png")


def _sign_in(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.address}/sign-in")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(demo.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("nav").first.wait_for()


if __name__ == "__main__":
    main(sys.argv[1:])
