"""How a page is looked at: axe-core, nothing that sticks out at the side, a picture for people."""

from pathlib import Path
from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.driving import SIZES, Scheme, Width

SCREENS: Final = Path(__file__).resolve().parents[2] / ".cache" / "screens"
#: places of each kind of mistake: the rest are most often the same
SHOWN: Final = 3
#: both widths and both schemes in two runs: colours do not depend on the width
DRESSES: Final[tuple[tuple[Width, Scheme], ...]] = (("phone", "dark"), ("wide", "light"))
_RULES: Final[dict[str, object]] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "iframes": False,
}
_COLOURS: Final[dict[str, object]] = {"runOnly": ["color-contrast"], "iframes": False}


def see(page: Page, name: str) -> None:
    """Look at a page in the state that somebody has brought it to, light and dark."""
    page.screenshot(path=SCREENS / f"journey-{name}.png", full_page=True)
    found = [*sideways(page), *violations(page)]
    page.emulate_media(color_scheme="dark")
    found += violations(page, _COLOURS)
    page.emulate_media(color_scheme="light")
    assert not found, "\n".join([name, *found])


def see_both(page: Page, name: str) -> None:
    """The same on a phone in the dark, and on a wide screen in the light, which it stays."""
    found = []
    for width, scheme in DRESSES:
        page.set_viewport_size(SIZES[width])  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=SCREENS / f"journey-{name}-{width}.png", full_page=True)
        found += [f"{width}: {one}" for one in (*sideways(page), *violations(page))]
    assert not found, "\n".join([name, *found])


def violations(page: Page, rules: dict[str, object] = _RULES) -> list[str]:
    """What axe-core finds."""
    told = Axe().run(page, options=rules).response
    return [
        f"{one['id']}: {node['html'][:200]}: {node['failureSummary']}"
        for one in told["violations"]
        for node in one["nodes"][:SHOWN]
    ]


def sideways(page: Page) -> list[str]:
    """That a page is wider than its window, and by what."""
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"scrolls sideways: {page.evaluate(_TOO_WIDE)}"] if wide else []


_TOO_WIDE: Final = """() => [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .filter((one) => { for (let up = one.parentElement; up; up = up.parentElement) if (getComputedStyle(up).overflowX !== 'visible') return false; return true; })
    .slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""
