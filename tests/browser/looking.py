"""How a page is looked at: axe-core, nothing that sticks out at the side, a picture for people."""

from base64 import b64decode
from pathlib import Path
from typing import Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.driving import SIZES, Scheme, Width

SCREENS: Final = Path(__file__).resolve().parents[2] / ".cache" / "screens"
#: places of each kind of mistake: the rest are most often the same
SHOWN: Final = 3
#: both widths and both schemes in two runs: colours do not depend on the width
DRESSES: Final[tuple[tuple[Width, Scheme], ...]] = (("phone", "dark"), ("wide", "light"))
#: what passes is not described: that takes longer than to find what does not
_TOLD: Final[dict[str, object]] = {"resultTypes": ["violations"], "iframes": False}
_RULES: Final = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], **_TOLD}
_COLOURS: Final = {"runOnly": ["color-contrast"], **_TOLD}


def see(page: Page, name: str) -> None:
    """Look at a page in the state that somebody has brought it to, light and dark."""
    picture(page, f"journey-{name}")
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
        picture(page, f"journey-{name}-{width}")
        found += [f"{width}: {one}" for one in (*sideways(page), *violations(page))]
    assert not found, "\n".join([name, *found])


def picture(page: Page, name: str) -> None:
    """The whole page as it is now, in `SCREENS`; packed fast and not small."""
    wire = page.context.new_cdp_session(page)
    taken = wire.send("Page.captureScreenshot", {"captureBeyondViewport": True, "optimizeForSpeed": True})
    wire.detach()
    SCREENS.mkdir(parents=True, exist_ok=True)
    (SCREENS / f"{name}.png").write_bytes(b64decode(taken["data"]))


def violations(page: Page, rules: dict[str, object] = _RULES) -> list[str]:
    """What axe-core finds. A page is given it once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_VIOLATIONS, [rules, SHOWN])
    return found


def sideways(page: Page) -> list[str]:
    """That a page is wider than its window, and by what."""
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"scrolls sideways: {page.evaluate(_TOO_WIDE)}"] if wide else []


_VIOLATIONS: Final = """async ([rules, shown]) => (await axe.run(document, rules)).violations.flatMap((one) =>
    one.nodes.slice(0, shown).map((node) => `${one.id}: ${node.html.slice(0, 200)}: ${node.failureSummary}`))"""
_TOO_WIDE: Final = """() => [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
    .filter((one) => { for (let up = one.parentElement; up; up = up.parentElement) if (getComputedStyle(up).overflowX !== 'visible') return false; return true; })
    .slice(0, 3).map((one) => one.outerHTML.slice(0, 120))"""
