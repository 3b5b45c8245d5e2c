"""An installation whose API is called."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_house import Programme, programme
from tests.pages_house import Installation, installation


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


@pytest.fixture
def root(here: Installation) -> Programme:
    """May everything."""
    return programme(here, "root", "admin")
