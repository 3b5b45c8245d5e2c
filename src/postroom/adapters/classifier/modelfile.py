"""How the files of models begin, and how they are read: a line that names the format, a line of JSON, then arrays.

Bounds and checks are the same for every kind of model. Nothing in a file is ever executed. Needs no numpy.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from postroom.model.errors import ConfigError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One kind of file."""

    #: for people
    name: str
    #: the first line
    magic: bytes
    #: of the whole file
    max_bytes: int
    #: bytes of the line of JSON
    max_header: int


LIGHT: Final = Form(name="model", magic=b"postroom model 2\n", max_bytes=200_000_000, max_header=4_000_000)
HEAVIER: Final = Form(
    name="heavier model", magic=b"postroom heavier model 1\n", max_bytes=20_000_000, max_header=1_000_000
)


def read(path: Path, form: Form, parse: Callable[[bytes], T]) -> T:
    """What ``parse`` makes of a file. Raises `ConfigError` for one that is missing, damaged, too large or of another format."""
    try:
        with path.open("rb") as file:
            content = file.read(form.max_bytes + 1)
    except OSError as error:
        raise ConfigError(f"can't read the {form.name} {path}: {error.strerror}") from error
    try:
        return parse(content)
    except ValueError as error:
        raise ConfigError(f"{path} is no {form.name} that this postroom can use: {error}") from error


def header(content: bytes, form: Form, facts: Callable[[dict[str, Any]], T]) -> tuple[T, int]:
    """What ``facts`` takes from the line of JSON, and where the arrays begin. Raises `ValueError` with what is wrong."""
    if len(content) > form.max_bytes:
        raise ValueError(f"it is larger than {form.max_bytes} bytes")
    if not content.startswith(form.magic):
        raise ValueError(f"it does not begin with {form.magic.decode().strip()!r}")
    start = len(form.magic)
    end = content.find(b"\n", start, start + form.max_header)
    if end < 0:
        raise ValueError("its header has no end")
    try:
        return facts(json.loads(content[start:end])), end + 1
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"its header is damaged ({error})") from error


def opening(form: Form, facts: dict[str, Any]) -> bytes:
    """The two lines before the arrays; the same for the same facts."""
    return b"".join((form.magic, json.dumps(facts, ensure_ascii=False, sort_keys=True).encode(), b"\n"))
