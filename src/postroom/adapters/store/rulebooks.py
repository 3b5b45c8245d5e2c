"""Versions of the team's files, and drafts, in the store's file."""

import json
import re
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from postroom.adapters.store.fates import mentions
from postroom.adapters.store.journal import write as write_deeds
from postroom.adapters.store.sql import id_list, short
from postroom.adapters.store.units import Units
from postroom.model.codec import sound
from postroom.model.errors import Refused
from postroom.model.people import Deed
from postroom.model.rulebooks import KINDS, Draft, DraftId, SheetKind, SheetName, Texts, Version, VersionNumber
from postroom.ports.privacy import Wanted

_KEPT: Final = 30 * 86_400.0
_MOST_DRAFTS: Final = 200
_ESCAPES: Final = re.compile(r"\\n|[\\^$]")
_VERSION: Final = "SELECT number, sheet, how, at, who, why, digest, text FROM versions"
_DRAFT: Final = "SELECT id, at, who, name, texts FROM drafts WHERE texts IS NOT NULL"
_EACH: Final = f"""
{_VERSION} WHERE number IN (
  SELECT number FROM (
    SELECT number, row_number() OVER (PARTITION BY sheet ORDER BY number DESC) AS place FROM versions WHERE {{}}
  ) WHERE place <= ?
) ORDER BY sheet, number DESC
"""  # noqa: S608 - our own SQL
_NEWEST: Final = "WHERE number IN (SELECT max(number) FROM versions WHERE {} GROUP BY sheet) ORDER BY sheet"


class SqliteVersions:
    """Port `Versions` on the file of the store, for sheets of some kinds: to it there are no others."""

    def __init__(self, units: Units, kinds: Sequence[SheetKind] = KINDS) -> None:
        self._units = units
        self._ours = "(" + " OR ".join(f"sheet GLOB '{kind}/*'" for kind in kinds) + ")"

    def note(self, versions: Sequence[Version], deeds: Sequence[Deed], *, after: VersionNumber) -> VersionNumber:
        """See `postroom.ports.rulebooks.Versions.note`."""
        rows = [
            (sound(one.sheet), one.how, one.at, sound(one.by), short(one.why), one.digest, _packed(one.text))
            for one in versions
        ]

        def unit(tx: sqlite3.Connection) -> VersionNumber:
            if self._last(tx) != after:
                raise Refused("somebody else has changed these files meanwhile: look at them again")
            tx.executemany(
                "INSERT INTO versions (sheet, how, at, who, why, digest, text) VALUES (?, ?, ?, ?, ?, ?, ?)", rows
            )
            write_deeds(tx, deeds)
            return self._last(tx)

        return self._units.write(unit, weight=sum(len(row[-1] or b"") for row in rows))

    def newest(self) -> Mapping[SheetName, Version]:
        """See `postroom.ports.rulebooks.Versions.newest`."""
        with self._units.lend() as tx:
            return {SheetName(row[1]): _version(row) for row in tx.execute(f"{_VERSION} {_NEWEST.format(self._ours)}")}

    def of(self, sheet: SheetName, *, before: int = 0, limit: int = 50) -> tuple[Version, ...]:
        """See `postroom.ports.rulebooks.Versions.of`."""
        query = f"{_VERSION} WHERE sheet = ? AND {self._ours}{' AND number < ?' if before else ''} ORDER BY number DESC LIMIT ?"
        with self._units.lend() as tx:
            rows = tx.execute(query, (sound(sheet), *((before,) if before else ()), limit))
            return tuple(map(_version, rows))

    def each(self, limit: int) -> Mapping[SheetName, tuple[Version, ...]]:
        """See `postroom.ports.rulebooks.Versions.each`."""
        found: dict[SheetName, list[Version]] = defaultdict(list)
        with self._units.lend() as tx:
            for row in tx.execute(_EACH.format(self._ours), (limit,)):
                found[SheetName(row[1])].append(_version(row))
        return {sheet: tuple(some) for sheet, some in found.items()}

    def version(self, number: VersionNumber) -> Version | None:
        """See `postroom.ports.rulebooks.Versions.version`."""
        with self._units.lend() as tx:
            row = tx.execute(f"{_VERSION} WHERE number = ? AND {self._ours}", (number,)).fetchone()
        return None if row is None else _version(row)

    def _last(self, tx: sqlite3.Connection) -> VersionNumber:
        statement = f"SELECT coalesce(max(number), 0) FROM versions WHERE {self._ours}"  # noqa: S608 - our own SQL
        (number,) = tx.execute(statement).fetchone()
        return VersionNumber(number)


class SqliteDrafts:
    """Port `Drafts` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def keep(self, texts: Texts, by: str, now: float, name: str = "") -> DraftId:
        """See `postroom.ports.rulebooks.Drafts.keep`."""
        packed = _packed(json.dumps(dict(texts)))
        assert packed is not None

        def unit(tx: sqlite3.Connection) -> DraftId:
            # Its row stays: no later draft is ever taken for it.
            tx.execute(
                "UPDATE drafts SET texts = NULL, name = '' WHERE texts IS NOT NULL AND (at < ? OR id <= (SELECT max(id) FROM drafts) - ?)",
                (now - _KEPT, _MOST_DRAFTS - 1),
            )
            row = (now, sound(by), short(name), packed)
            made = tx.execute("INSERT INTO drafts (at, who, name, texts) VALUES (?, ?, ?, ?)", row)
            assert made.lastrowid is not None
            return DraftId(made.lastrowid)

        return self._units.write(unit, weight=len(packed))

    def get(self, draft: DraftId) -> Draft | None:
        """See `postroom.ports.rulebooks.Drafts.get`."""
        with self._units.lend() as tx:
            row = tx.execute(f"{_DRAFT} AND id = ?", (draft,)).fetchone()
        return None if row is None else _draft(row)

    def newest(self, limit: int = 20) -> tuple[Draft, ...]:
        """See `postroom.ports.rulebooks.Drafts.newest`."""
        with self._units.lend() as tx:
            return tuple(map(_draft, tx.execute(f"{_DRAFT} ORDER BY id DESC LIMIT ?", (limit,))))


def naming(tx: sqlite3.Connection, wanted: Wanted) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Numbers of versions, and of drafts, in which an address stands that is meant."""
    versions = tx.execute("SELECT number, at, why, text FROM versions WHERE text IS NOT NULL OR why <> ''")
    drafts = tx.execute("SELECT id, at, name, texts FROM drafts WHERE texts IS NOT NULL")
    return (
        tuple(n for n, at, why, text in versions if mentions(wanted, f"{why}\n{_bare(_unpacked(text))}", since=at)),
        tuple(
            n
            for n, at, name, texts in drafts
            if mentions(wanted, _bare("\n".join((name, *_texts(texts).values()))), since=at)
        ),
    )


def _bare(text: str) -> str:
    """A text, and again so that an address stands as itself in it where it was escaped, or a regular expression."""
    return f"{text}\n{_ESCAPES.sub('', text)}"


def forget(tx: sqlite3.Connection, versions: Sequence[int], drafts: Sequence[int]) -> None:
    """Take the words out of these."""
    tx.execute(
        "UPDATE versions SET text = NULL, why = '' WHERE number IN (SELECT value FROM json_each(?))",
        (id_list(versions),),
    )
    tx.execute(
        "UPDATE drafts SET texts = NULL, name = '' WHERE id IN (SELECT value FROM json_each(?))", (id_list(drafts),)
    )


def _draft(row: tuple[Any, ...]) -> Draft:
    number, at, who, name, texts = row
    return Draft(id=DraftId(number), at=at, by=who, name=name, texts=_texts(texts))


def _unpacked(packed: bytes | None) -> str:
    return "" if packed is None else zlib.decompress(packed).decode("utf-8", "surrogatepass")


def _texts(packed: bytes) -> Texts:
    found: Texts = json.loads(_unpacked(packed))
    return found


def _packed(text: str | None) -> bytes | None:
    return None if text is None else zlib.compress(text.encode("utf-8", "surrogatepass"))


def _version(row: tuple[Any, ...]) -> Version:
    number, sheet, how, at, who, why, digest, text = row
    return Version(
        number=VersionNumber(number),
        sheet=SheetName(sheet),
        how=how,
        at=at,
        by=who,
        why=why,
        digest=digest,
        text=None if text is None else _unpacked(text),
    )
