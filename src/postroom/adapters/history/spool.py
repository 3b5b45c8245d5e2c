"""Lessons put aside in a file, to be read again in another order: what is in memory of each is some two hundred bytes."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final

import msgspec
import zstandard

from postroom.flow.past import Lesson
from postroom.model.codec import encode

_LEVEL: Final = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lesson lies, and what is needed to put it in order."""

    #: seconds since the epoch
    at: float
    #: of the example
    id: str
    #: `postroom.flow.neardup.sketch`
    sketch: bytes
    start: int
    size: int


class Spool:
    """A file of lessons, gone with the process. For one thread."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="postroom-import-")  # noqa: SIM115 - closed with the spool
        self._decoder = msgspec.msgpack.Decoder(Lesson)
        self._compress = zstandard.ZstdCompressor(level=_LEVEL)
        self._expand = zstandard.ZstdDecompressor()
        self._end = 0

    def put(self, lesson: Lesson, sketch: bytes) -> Place:
        """Put one aside."""
        packed = self._compress.compress(encode(lesson))
        self._file.seek(self._end)
        self._file.write(packed)
        place = Place(lesson.example.at, lesson.example.id, sketch, self._end, len(packed))
        self._end += len(packed)
        return place

    def read(self, places: Sequence[Place]) -> Iterator[Lesson]:
        """Those at these places, in their order."""
        for place in places:
            self._file.seek(place.start)
            yield self._decoder.decode(self._expand.decompress(self._file.read(place.size)))

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._file.close()
