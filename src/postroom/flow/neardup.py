"""Texts that say nearly the same, known by a sketch of a few bytes: the texts themselves are not kept.

One-permutation MinHash (Li, Owen, Zhang 2012) over shingles of three words, densified by rotation (Shrivastava, Li 2014).
Sketches that share a band are compared whole: texts count as nearly the same when `_AGREE` of `_VALUES` values agree, an
estimate of how many of their shingles do. Digits count as equal, as templates differ in order numbers. Texts of fewer than
`_FEW` shingles must be the same.
"""

import re
from array import array
from hashlib import blake2b
from typing import Final

_VALUES: Final = 36
_AGREE: Final = 29
_BANDS: Final = 4
_ROWS: Final = 5
_FEW: Final = 12
_CHARS: Final = 8000
_SHORT: Final = 8
_LOW: Final = (1 << 32) - 1
#: spreads how far a borrowed value came from (Knuth's multiplicative hashing)
_SPREAD: Final = 2_654_435_761
#: scripts that are written without blanks
_WIDE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")


def sketch(text: str) -> bytes:
    """144 bytes, 8 for a short text; none for a text without words. Pure, linear."""
    shingles = {_number(one) for one in _shingles(text)}
    if len(shingles) < _FEW:
        said = b"".join(one.to_bytes(8, "big") for one in sorted(shingles))
        return blake2b(said, digest_size=_SHORT).digest() if said else b""
    least: list[int | None] = [None] * _VALUES
    for one in shingles:
        place, value = one % _VALUES, one // _VALUES
        before = least[place]
        least[place] = value if before is None else min(before, value)
    return array("I", _densified(least)).tobytes()


class Seen:
    """Sketches of texts that were there before; of those that share a band, the last."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}

    def is_new(self, one: bytes) -> bool:
        """Whether no text before said nearly the same; from now on this one was there before too."""
        keys = _keys(one)
        is_known = any(_are_near(one, self._known[key]) for key in keys if key in self._known)
        self._known.update(dict.fromkeys(keys, one))
        return not is_known


def _keys(one: bytes) -> list[bytes]:
    if len(one) <= _SHORT:
        return [one] if one else []
    width = _ROWS * array("I").itemsize
    bands = (bytes([band]) + one[band * width : (band + 1) * width] for band in range(_BANDS))
    return [blake2b(band, digest_size=9).digest() for band in bands]


def _are_near(one: bytes, other: bytes) -> bool:
    if len(one) != len(other) or len(one) <= _SHORT:
        return one == other
    return sum(a == b for a, b in zip(array("I", one), array("I", other), strict=True)) >= _AGREE


def _shingles(text: str) -> list[str]:
    words = _WORD.findall(_DIGITS.sub("0", text[:_CHARS].casefold()))
    joined = " ".join(words)
    if 3 * len(_WIDE.findall(joined)) > len(joined):
        return [joined[at : at + 5] for at in range(max(1, len(joined) - 4))]
    return [" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))] if words else []


def _densified(least: list[int | None]) -> list[int]:
    """Empty places take the value of the next one that is not, marked by how far it is."""
    filled: list[int] = []
    for at in range(_VALUES):
        around = ((away, least[(at + away) % _VALUES]) for away in range(_VALUES))
        away, value = next((away, value) for away, value in around if value is not None)
        filled.append((value + away * _SPREAD) & _LOW)
    return filled


def _number(shingle: str) -> int:
    return int.from_bytes(blake2b(shingle.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
