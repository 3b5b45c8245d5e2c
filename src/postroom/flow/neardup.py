"""Texts that say nearly the same: a sketch of a few bytes, compared without the texts.

One-permutation MinHash (Li, Owen, Zhang 2012) over shingles of three words, densified by rotation (Shrivastava, Li 2014),
in bands: texts whose shingles agree to 90 % share a band 99 times in 100, to 80 % 84 times, to 50 % nine times. Digits count
as equal: templates differ in order numbers. Texts of fewer than `_FEW` shingles are compared whole.
"""

import re
from hashlib import blake2b
from typing import Final

BANDS: Final = 6
_ROWS: Final = 6
_BUCKETS: Final = BANDS * _ROWS
_FEW: Final = 12
_CHARS: Final = 8000
#: scripts that are written without blanks
_WIDE = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")


def sketch(text: str) -> tuple[bytes, ...]:
    """`BANDS` keys of 8 bytes, one for a short text; none for a text without words. Pure, linear."""
    shingles = {_number(one) for one in _shingles(text)}
    if len(shingles) < _FEW:
        return (_key(0, sorted(shingles)),) if shingles else ()
    least: list[int | None] = [None] * _BUCKETS
    for one in shingles:
        bucket, value = one % _BUCKETS, one // _BUCKETS
        before = least[bucket]
        least[bucket] = value if before is None else min(before, value)
    filled = _densified(least)
    return tuple(_key(1 + band, filled[band * _ROWS : (band + 1) * _ROWS]) for band in range(BANDS))


class Seen:
    """Sketches of texts that were there before."""

    def __init__(self) -> None:
        self._keys: set[bytes] = set()

    def is_new(self, bands: tuple[bytes, ...]) -> bool:
        """Whether no text before nearly said the same; from now on this one was there before too."""
        known = not self._keys.isdisjoint(bands)
        self._keys.update(bands)
        return not known


def _shingles(text: str) -> list[str]:
    words = _WORD.findall(_DIGITS.sub("0", text[:_CHARS].casefold()))
    joined = " ".join(words)
    if 3 * len(_WIDE.findall(joined)) > len(joined):
        return [joined[at : at + 5] for at in range(max(1, len(joined) - 4))]
    return [" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))] if words else []


def _densified(least: list[int | None]) -> list[int]:
    """Empty buckets take the value of the next one that is not, and how far it is."""
    filled: list[int] = []
    for at in range(_BUCKETS):
        away = next(step for step in range(_BUCKETS) if least[(at + step) % _BUCKETS] is not None)
        filled.append((least[(at + away) % _BUCKETS] or 0) + (away << 64))
    return filled


def _number(shingle: str) -> int:
    return int.from_bytes(blake2b(shingle.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _key(band: int, values: list[int]) -> bytes:
    said = bytes([band]) + b"".join(value.to_bytes(12, "big") for value in values)
    return blake2b(said, digest_size=8).digest()
