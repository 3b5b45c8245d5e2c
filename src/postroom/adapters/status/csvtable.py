"""The states of a file ``address,state,since``, in little memory.

Invariant: any bytes give a table or `Unreadable`, in time and memory that grow with the lines, up to `MOST_LINES`. Each
line is read by itself, so that one with a lone quote spoils no other: no address, state or date has a line end in it.
"""

import csv
import math
import secrets
import struct
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import BinaryIO, Final, get_args

from postroom.adapters.status.words import StateWords, address_key
from postroom.model.errors import PostroomError
from postroom.model.judgement import AccountState, AccountStatus
from postroom.understand import dates

MOST_LINES: Final = 10_000_000
_LINE_BYTES: Final = 8192
_BAD_SHOWN: Final = 3
_MOMENTS_KEPT: Final = 100_000
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "address": ("address", "email", "e-mail", "email address", "mail"),
    "state": ("state", "status", "account state", "account status"),
    "since": ("since", "date", "state since", "status since", "changed at", "updated at"),
}
_STATES: Final[tuple[AccountState, ...]] = get_args(AccountState)
_NUMBERS: Final[Mapping[AccountState, int]] = {state: number for number, state in enumerate(_STATES)}
#: hash of the address, line, state, since (NaN for unknown): sorted, the newest line of an address is the last of its hash
_RECORD: Final = struct.Struct(">8sIBd")
_HASH: Final = 8
_UNKNOWN: Final = (math.nan, "")


class Unreadable(PostroomError):
    """It is no such file; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that says nothing that is known."""

    #: from 1
    number: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """State by address.

    Addresses are kept as keyed hashes of 64 bits: 21 bytes a line, and nothing for who reads the memory. A stranger is
    taken for one of a million others once in 18 million million times.
    """

    records: bytes = field(repr=False)
    key: bytes = field(repr=False)
    #: lines that say the state of an address
    lines: int
    #: lines that say nothing that is known
    bad: int
    #: the first few of these
    first_bad: tuple[BadLine, ...]
    #: lines whose state counts and whose date says nothing that is known
    undated: int = 0
    #: the first of these
    first_undated: BadLine | None = None

    def look_up(self, address: str) -> AccountStatus:
        """What the last line with this address says; unknown when there is none."""
        wanted = _hash(address_key(address), self.key)
        place = bisect_right(range(self.lines), wanted, key=self._hash_at) - 1
        if place < 0 or self._hash_at(place) != wanted:
            return AccountStatus()
        _, _, state, moment = _RECORD.unpack_from(self.records, place * _RECORD.size)
        return AccountStatus(state=_STATES[state], since=None if math.isnan(moment) else moment)

    def _hash_at(self, place: int) -> bytes:
        start = place * _RECORD.size
        return self.records[start : start + _HASH]


def read_table(file: BinaryIO, words: StateWords) -> Table:
    """Read a file from its start. Raises `Unreadable`, `OSError`."""
    lines = _lines(file)
    row = _Row(next(lines, ""), words)
    key = secrets.token_bytes(16)
    buckets = [bytearray() for _ in range(256)]  # by first byte of the hash: sorted one by one, in little memory
    first_bad: list[BadLine] = []
    bad = undated = 0
    first_undated: BadLine | None = None
    for number, line in enumerate(lines, start=2):
        if number > MOST_LINES:
            raise Unreadable(f"it has more than {MOST_LINES:,} lines: have postroom ask by HTTP instead")
        if not line.strip():
            continue
        try:
            address, state, (moment, wrong) = row.read(line)
        except ValueError as error:
            bad += 1
            if len(first_bad) < _BAD_SHOWN:
                first_bad.append(BadLine(number=number, why=str(error)))
        else:
            hashed = _hash(address, key)
            buckets[hashed[0]] += _RECORD.pack(hashed, number, _NUMBERS[state], moment)
            if wrong:
                undated += 1
                first_undated = first_undated or BadLine(number=number, why=wrong)
    records = b"".join(map(_sorted, buckets))
    return Table(
        records=records,
        key=key,
        lines=len(records) // _RECORD.size,
        bad=bad,
        first_bad=tuple(first_bad),
        undated=undated,
        first_undated=first_undated,
    )


class _Row:
    """Reads lines by what the head says: which columns there are, in which order, with which delimiter."""

    def __init__(self, head: str, words: StateWords) -> None:
        head = head.removeprefix("\ufeff").rstrip("\r\n")
        if "\0" in head or head.startswith("\ufffd"):
            raise Unreadable("it is not UTF-8: export it as CSV in UTF-8")
        self._delimiter = max(",;\t", key=head.count)
        names = [" ".join(cell.replace("_", " ").split()).casefold() for cell in _cells(head, self._delimiter)]
        self._address, self._state, self._since = (
            next((names.index(name) for name in known if name in names), -1) for known in _NAMES.values()
        )
        if self._address < 0 or self._state < 0:
            raise Unreadable(
                "its first line must name the columns, `address` and `state` among them: address,state,since"
            )
        self._last = max(self._address, self._state)
        self._words = words
        self._moments: dict[str, tuple[float, str]] = {}

    def read(self, line: str) -> tuple[str, AccountState, tuple[float, str]]:
        """Address as a key, state, since (NaN when not known) and what is wrong with that. Raises ValueError for the others."""
        cells = _cells(line.rstrip("\r\n"), self._delimiter)
        if len(cells) <= self._last:
            raise ValueError("has too few columns")
        address = address_key(cells[self._address])
        if "@" not in address:
            raise ValueError("has no address")
        word = cells[self._state]
        state = self._words.read(word)
        if state is None:
            raise ValueError(f"has the unknown state {word.strip()[:40]!a}")
        return address, state, self._moment(cells[self._since]) if 0 <= self._since < len(cells) else _UNKNOWN

    def _moment(self, text: str) -> tuple[float, str]:
        """Exports repeat dates: each is read once."""
        known = self._moments.get(text)
        if known is None:
            found = dates.moment(text)
            if found is not None:
                known = found, ""
            elif text.strip():
                wrong = f"has {text.strip()[:40]!a}, which is neither an ISO date nor seconds since 1970"
                known = math.nan, wrong
            else:
                known = _UNKNOWN
            if len(self._moments) < _MOMENTS_KEPT:
                self._moments[text] = known
        return known


def _lines(file: BinaryIO) -> Iterator[str]:
    """Lines as text; what is longer than a line can be is cut."""
    for line in iter(partial(file.readline, _LINE_BYTES), b""):
        yield line.decode("utf-8", "replace")
        while not line.endswith(b"\n") and (line := file.readline(_LINE_BYTES)):
            pass


def _cells(line: str, delimiter: str) -> Sequence[str]:
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _sorted(bucket: bytearray) -> bytes:
    size = _RECORD.size
    return b"".join(sorted(bytes(bucket[start : start + size]) for start in range(0, len(bucket), size)))


def _hash(address: str, key: bytes) -> bytes:
    return blake2b(address.encode("utf-8", "surrogatepass"), digest_size=_HASH, key=key).digest()
