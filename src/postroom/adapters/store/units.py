"""How every room of the store reads and writes its one file: shared connections, one writer, one clock."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from postroom.adapters.store.connect import Readers
from postroom.adapters.store.line import Clocks
from postroom.adapters.store.writer import Writer

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Units of work on the file of a store that is open."""

    readers: Readers
    writer: Writer
    clocks: Clocks

    def lend(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection to read with. Raises `TryLater`."""
        return self.readers.lend()

    def write(self, unit: Callable[[sqlite3.Connection], _Result], *, weight: int = 0) -> _Result:
        """Do something in a transaction of the next group, and wait until it is durable; ``weight`` is about how many bytes.

        Raises `TryLater`, and what ``unit`` raises: then it has changed nothing.
        """
        future = self.writer.submit(_each, unit, weight=weight)
        result: _Result = future.result()
        return result


def _each(tx: sqlite3.Connection, units: Sequence[Callable[[sqlite3.Connection], Any]]) -> list[Any]:
    return [unit(tx) for unit in units]
