"""What holds for all tests."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Hundreds of processes are started: where Python is told to keep no bytecode, each would compile all of it anew.
if sys.dont_write_bytecode:
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parents[1] / ".cache" / "bytecode")

from tests import stores

stores.use_copies()

# How long an example takes on a busy machine says nothing of the code.
settings.register_profile("postroom", deadline=None)
settings.load_profile("postroom")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that no worker is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)
