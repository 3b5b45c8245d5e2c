"""TOML texts that somebody else may have written: read in bounded time and memory, or refused as what they are."""

import tomllib
from typing import Any

LONGEST = 16 * 1024 * 1024
"""Characters of a file."""

_MOST_PARTS = 1000


def loads(text: str) -> dict[str, Any]:
    """The tables of a text. Raises ValueError (`tomllib.TOMLDecodeError` is one), nothing else.

    The parser of the standard library needs memory for the square of a dotted key's parts, and recurses for each bracket.
    """
    if len(text) > LONGEST:
        raise ValueError(f"larger than {LONGEST // 2**20} MB")
    for number, line in enumerate(text.split("\n"), start=1):
        if line.partition("=")[0].count(".") > _MOST_PARTS:
            raise ValueError(f"a key of too many parts (at line {number}, column 1)")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
