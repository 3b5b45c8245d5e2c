"""What some commands need beside what judging does, and how it is installed.

Not by postroom's name: what a package registry has under that name, if anything, need not be this programme.
"""

import shlex
import sys
from collections.abc import Mapping
from typing import Final, Literal

Extra = Literal["train", "vectors", "embed", "oidc"]

EXTRAS: Final[Mapping[Extra, tuple[str, ...]]] = {
    "train": ("scikit-learn>=1.7",),
    "vectors": ("wordllama>=0.4",),
    "embed": ("onnxruntime>=1.20", "tokenizers>=0.20", "onnx>=1.17"),
    "oidc": ("joserfc>=1.8",),
}
"""As in pyproject.toml."""


def install(extra: Extra) -> str:
    """The command that installs an extra for the Python that runs this."""
    return f"{shlex.quote(sys.executable)} -m pip install {' '.join(map(shlex.quote, EXTRAS[extra]))}"
