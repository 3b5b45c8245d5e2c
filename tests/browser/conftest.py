"""One installation a worker process, one browser a module."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.driving import Windows, chromium
from tests.browser.house import Served, served
from tests.journey.peering import peer_or_skip
from tools import peers


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running installation. Whoever changes something in it works on a brand of his own."""
    with peer_or_skip():
        peers.chromium()
    with served(tmp_path_factory.mktemp("browser") / "house") as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser. Playwright's loop runs in its thread while it is there: other modules have loops of their own."""
    with peer_or_skip():
        peers.chromium()
    # only a page that never does it waits for so long
    expect.set_options(timeout=20_000)
    with chromium() as one:
        yield one


@pytest.fixture
def windows(browser: Browser, house: Served) -> Iterator[Windows]:
    """Opens windows, and sees at the end that nothing strange happened in any."""
    found = Windows(browser=browser, house=house)
    yield found
    found.close()
