"""Installations for tests."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def made_team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.unit.bootstrap import team

    folder = tmp_path_factory.mktemp("team")
    team.make(folder)
    return folder


@pytest.fixture
def team_folder(made_team: Path, tmp_path: Path) -> Path:
    """An installation of the team's, of the test's own."""
    return shutil.copytree(made_team, tmp_path / "team")
