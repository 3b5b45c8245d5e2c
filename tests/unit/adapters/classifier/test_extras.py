"""What is to be installed is what the package says."""

import shlex
import sys
import tomllib
from pathlib import Path

from postroom.adapters.classifier.extras import EXTRAS, install


def test_the_extras_are_those_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {name: tuple(parts) for name, parts in project["optional-dependencies"].items()} == dict(EXTRAS)


def test_the_command_is_for_this_python_and_names_no_package_of_ours() -> None:
    assert shlex.split(install("train")) == [sys.executable, "-m", "pip", "install", "scikit-learn>=1.7"]
    assert not any("postroom" in " ".join(parts) for parts in EXTRAS.values())
