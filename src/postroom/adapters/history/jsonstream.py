"""The objects of a JSON export, one at a time: JSON Lines, an array, or an array within an object (``{"tickets": [...]}``).

Invariant: any bytes give pieces of at most `LARGEST` bytes, in linear time; what is larger is passed over and given as None.
Pieces are cut by their brackets alone: whether they are JSON, who parses them finds out.
"""

import re
from collections.abc import Collection, Iterator
from typing import BinaryIO, Final

LARGEST: Final = 32 * 1024 * 1024
_CHUNK: Final = 262_144
_KEY_BYTES: Final = 64
_BRACKET = re.compile(rb'["{}\[\]]')
_STRING = re.compile(rb'["\\]')


def pieces(stream: BinaryIO, keys: Collection[bytes], largest: int = LARGEST) -> Iterator[bytes | None]:
    """The elements of the outermost array, or of the first one below a key among ``keys``; else the outermost objects.

    JSON Lines are outermost objects. An array below a key is looked for in the first two levels of an object alone. A piece
    that breaks off at the end is None too.
    """
    cutter = _Cutter(frozenset(keys), largest)
    while chunk := stream.read(_CHUNK):
        yield from cutter.feed(chunk)
    if cutter.under_way:
        yield None


class _Cutter:
    """Knows where in the structure it is; keeps the bytes of the piece under way."""

    def __init__(self, keys: frozenset[bytes], largest: int) -> None:
        self._keys = keys
        self._largest = largest
        #: brackets that are open, and which of them holds the elements (0: the outermost objects are the pieces)
        self._depth = 0
        self._inside = 0
        self._in_string = False
        self._escaped = False
        #: the string that ended last, while looking for the array
        self._key = bytearray()
        self._piece = bytearray()
        self._too_large = False
        #: the array has been; what is left of the object around it is no piece
        self._passing = False

    def feed(self, chunk: bytes) -> Iterator[bytes | None]:
        """Some more bytes; the pieces that end in them."""
        at = kept = 0
        while at < len(chunk):
            if self._in_string:
                at = self._string(chunk, at)
                continue
            found = _BRACKET.search(chunk, at)
            if found is None:
                break
            at = found.end()
            byte = found[0]
            if byte == b'"':
                self._in_string = True
                self._key.clear()
            elif byte in b"{[":
                if self._opens(byte):
                    kept = found.start()
            elif self._closes():
                self._keep(chunk[kept:at])
                yield self._taken()
                kept = at
        if self.under_way:
            self._keep(chunk[kept:])

    @property
    def under_way(self) -> bool:
        """Whether a piece has begun and not ended."""
        return self._depth > self._inside and not self._passing

    def _string(self, chunk: bytes, at: int) -> int:
        """Go on in a string; where it, or the chunk, ends."""
        if self._escaped:
            self._escaped = False
            return at + 1
        found = _STRING.search(chunk, at)
        end = len(chunk) if found is None else found.start()
        if self._depth <= 2 and len(self._key) < _KEY_BYTES:
            self._key += chunk[at : min(end, at + _KEY_BYTES)]
        if found is None:
            return end
        if found[0] == b"\\":
            self._escaped = True
        else:
            self._in_string = False
        return found.end()

    def _opens(self, byte: bytes) -> bool:
        """A bracket opens; whether a piece begins with it."""
        self._depth += 1
        if self._passing:
            return False
        wanted = self._depth == 1 or (self._depth <= 3 and bytes(self._key) in self._keys)
        if byte == b"[" and not self._inside and wanted:
            # what was collected so far belongs to the object around the array, not to a piece
            self._inside = self._depth
            self._piece.clear()
            self._too_large = False
        self._key.clear()
        return self._depth == self._inside + 1

    def _closes(self) -> bool:
        """A bracket closes; whether a piece ends with it."""
        before, self._depth = self._depth, max(self._depth - 1, 0)
        if self._passing:
            self._passing = self._depth > 0
            return False
        if self._depth < self._inside:
            self._inside = 0
            self._passing = self._depth > 0
            return False
        return before == self._inside + 1

    def _keep(self, piece: bytes) -> None:
        if len(self._piece) + len(piece) > self._largest:
            self._too_large = True
            self._piece.clear()
        if not self._too_large:
            self._piece += piece

    def _taken(self) -> bytes | None:
        piece = None if self._too_large else bytes(self._piece)
        self._piece.clear()
        self._too_large = False
        return piece
