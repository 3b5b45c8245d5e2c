"""Lists of mails: of what a reader wants, what that reader may see, newest first.

Each list is read off an index in order of acceptance (a `_Source`), and its rows are checked for the rest; of several
indexes, the one that leads to fewest rows is taken. No call looks at more than `LOOKED` rows: where that was not enough,
the page says how far it looked, and the next call goes on there.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from postroom.adapters.store.arrivals import HOUR
from postroom.adapters.store.search import query
from postroom.adapters.store.sight import Values, seen
from postroom.adapters.store.sql import id_list, short
from postroom.adapters.store.targets import ANSWERING
from postroom.adapters.store.units import Units
from postroom.adapters.store.views import ROW, row_of
from postroom.model.codec import sound
from postroom.model.desktop import BoxCount, Hits, MailPage, Wanted
from postroom.model.judgement import REVIEW
from postroom.model.listing import MailRow
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import Sight

#: rows of an index that one call looks at
LOOKED = 20_000
#: pieces of an index that are merged; where it would be more, another index is as good
_MOST_RANGES = 200
_MOST_BRANDS = 50
_READING = {"unread": 1, "read": 2}
_NOTHING = MailPage(rows=(), after="")

_Desk = tuple[RouteName, BrandName]

_ROWS = f"""
{ROW} FROM json_each(?) AS wanted CROSS JOIN mails AS m ON m.seq = wanted.value LEFT JOIN summaries AS s ON s.mail = m.seq
"""
#: Every desk of a brand that an index begins with: one look at the index each.
_DESKS = """
WITH RECURSIVE
  each_desk (name) AS (
    SELECT min({0}) FROM summaries INDEXED BY {1} WHERE {0} <> ''
    UNION ALL SELECT (SELECT min({0}) FROM summaries INDEXED BY {1} WHERE {0} <> '' AND {0} > d.name) FROM each_desk AS d WHERE d.name > ''
  ),
  each_brand (name, brand) AS (
    SELECT d.name, (SELECT min(brand) FROM summaries INDEXED BY {1} WHERE {0} <> '' AND {0} = d.name) FROM each_desk AS d WHERE d.name > ''
    UNION ALL
    SELECT b.name, (SELECT min(brand) FROM summaries INDEXED BY {1} WHERE {0} <> '' AND {0} = b.name AND brand > b.brand)
    FROM each_brand AS b WHERE b.brand IS NOT NULL
  )
SELECT name, brand FROM each_brand WHERE brand IS NOT NULL
"""
_LIE = _DESKS.format("route", "summaries_desk")
_COPIES = _DESKS.format("copy", "summaries_copy")
#: of each [desk, brand] of a list
_COUNT = """
SELECT json_extract(w.value, '$[0]'), json_extract(w.value, '$[1]'), (
  SELECT count(*) FROM summaries AS s INDEXED BY summaries_unread
  WHERE s.reading = 1 AND s.route = json_extract(w.value, '$[0]') AND s.brand = json_extract(w.value, '$[1]') {}
) FROM json_each(:desks) AS w
"""
_COUNT_COPIES = """
SELECT json_extract(w.value, '$[0]'), json_extract(w.value, '$[1]'), (
  SELECT count(*) FROM summaries AS s INDEXED BY summaries_copy
  WHERE s.copy <> '' AND s.copy = json_extract(w.value, '$[0]') AND s.brand = json_extract(w.value, '$[1]') AND s.reading = 1
) FROM json_each(:desks) AS w
"""


class SqliteViews:
    """Port `Views` on the file of the store."""

    def __init__(self, units: Units, *, looked: int = LOOKED) -> None:
        self._units = units
        self._looked = looked

    def mails(self, wanted: Wanted, sight: Sight, *, after: MailId | str = "", limit: int = 50) -> MailPage:
        """See `postroom.ports.desktop.Views.mails`. Newest first is in order of acceptance."""
        asked = _Asked(wanted, sight)
        match = query(asked.words, asked.sender, asked.few_brands)
        if wanted.answering:
            return self._by_due(asked, match, after, limit)
        with self._moment() as tx:
            low, high = _window(tx, wanted, after)
            asked.values |= {"match": match, "low": low, "high": high, "looked": self._looked, "limit": limit + 1}
            source = _source(tx, asked)
            return _NOTHING if source is None else _page(tx, asked, source, limit)

    def _by_due(self, asked: "_Asked", match: str, after: str, limit: int) -> MailPage:
        """What is to be answered, by what is due first."""
        asked.values |= {
            "match": match, "after": sound(after), "now": self._units.clocks.now(), "looked": self._looked, "limit": limit + 1,
        }  # fmt: skip
        with self._moment() as tx:
            low, high = _window(tx, asked.wanted, "")
            asked.values |= {"low": low, "high": high}
            found = [seq for (seq,) in tx.execute(_due_first(asked, bool(after)), asked.values)]
            rows = _rows(tx, found[:limit], asked.desks)
            if len(found) > limit:
                return MailPage(rows=rows, after=rows[-1].id)
            last = tx.execute(
                f"SELECT id FROM mails WHERE seq = ({_open_targets(asked, bool(after))} LIMIT 1 OFFSET :looked - 1)",  # noqa: S608 - our own SQL
                asked.values,
            ).fetchone()
        return MailPage(rows=rows, after=MailId(last[0]) if last else "")

    def hits(self, wanted: Wanted, sight: Sight, *, most: int = 1000) -> Hits:
        """See `postroom.ports.desktop.Views.hits`. Like a list, it looks at no more than `LOOKED` rows."""
        asked = _Asked(wanted, sight)
        asked.values |= {
            "match": query(asked.words, asked.sender, asked.few_brands), "now": self._units.clocks.now(), "looked": self._looked, "limit": most + 1,
        }  # fmt: skip
        with self._moment() as tx:
            low, high = _window(tx, wanted, "")
            asked.values |= {"low": low, "high": high}
            if wanted.answering:
                found, looked = _due_first(asked, beyond=False), _open_targets(asked, beyond=False)
            elif (source := _source(tx, asked)) is not None:
                found, looked = _select(asked, source), " UNION ALL ".join(source.ranges)
            else:
                return Hits(number=0)
            (number,) = tx.execute(f"SELECT count(*) FROM ({found})", asked.values).fetchone()  # noqa: S608 - our own SQL
            further = f"SELECT 1 FROM ({looked} LIMIT 1 OFFSET :looked - 1)"  # noqa: S608 - our own SQL
            more = number > most or tx.execute(further, asked.values).fetchone() is not None
        return Hits(number=min(number, most), more=more)

    def row(self, mail_id: MailId, sight: Sight) -> MailRow | None:
        """See `postroom.ports.desktop.Views.row`."""
        return next(iter(self.rows([mail_id], sight).values()), None)

    def rows(self, ids: Collection[MailId], sight: Sight) -> dict[MailId, MailRow]:
        """See `postroom.ports.desktop.Views.rows`."""
        wanted = json.dumps([sound(one) for one in ids])
        with self._units.lend() as tx:
            known = tx.execute(
                "SELECT seq FROM mails WHERE id IN (SELECT value FROM json_each(?))", (wanted,)
            ).fetchall()
            found = _rows(tx, [seq for (seq,) in known], sight.routes)
        return {row.id: row for row in found if sight.sees(row.brand, row.route, row.decided, row.also)}

    def counts(self, sight: Sight) -> tuple[BoxCount, ...]:
        """See `postroom.ports.desktop.Views.counts`. A mail counts at the desk of its newest decision, and where a linked copy lies."""
        asked = _Asked(Wanted(reading="unread"), sight)
        values = Values()
        of_guess = ""
        if sight.routes is not None:
            of_guess = f"AND (s.route <> '{REVIEW}' OR s.decided IN ({values.name(*sorted(sight.routes))}))"
        counted: Counter[_Desk] = Counter()
        with self._moment() as tx:
            for desks, count in ((_desks(tx), _COUNT.format(of_guess)), (_copies(tx), _COUNT_COPIES)):
                wanted = json.dumps(list(filter(asked.allows, desks)))
                rows = tx.execute(count, values | {"desks": wanted})
                counted.update({(route, brand): n for route, brand, n in rows})
        return tuple(BoxCount(route=route, brand=brand, unread=n) for (route, brand), n in sorted(counted.items()) if n)

    @contextmanager
    def _moment(self) -> Iterator[sqlite3.Connection]:
        """All reads inside see the store at the same moment."""
        with self._units.lend() as tx:
            tx.execute("BEGIN")
            try:
                yield tx
            finally:
                tx.execute("ROLLBACK")


@dataclass(slots=True)
class _Asked:
    """A question, and the values that its SQL names."""

    wanted: Wanted
    sight: Sight
    values: Values = field(default_factory=Values)

    @property
    def words(self) -> str:
        return self.wanted.words.strip()

    @property
    def sender(self) -> str:
        return short(self.wanted.sender.strip(), 320)

    @property
    def brands(self) -> tuple[BrandName, ...] | None:
        """Those that it is confined to; None when it is not."""
        if self.wanted.brand:
            return (self.wanted.brand,) if self.sight.brands is None or self.wanted.brand in self.sight.brands else ()
        return None if self.sight.brands is None else tuple(sorted(self.sight.brands))

    @property
    def desks(self) -> frozenset[RouteName] | None:
        """Those whose time for an answer is meant; None for all."""
        return frozenset({self.wanted.route}) if self.wanted.route else self.sight.routes

    @property
    def few_brands(self) -> tuple[BrandName, ...] | None:
        """The same, unless they are so many that to name them helps little."""
        return self.brands if self.brands is not None and len(self.brands) <= _MOST_BRANDS else None

    @property
    def of_judged(self) -> bool:
        """Whether a mail that was not judged can't be among what is asked for."""
        wanted = self.wanted
        return self.sight.routes is not None or any(
            (wanted.route, self.words, self.sender, wanted.tag, wanted.language, wanted.reading, wanted.urgent, wanted.unconfirmed)
        )  # fmt: skip

    def allows(self, desk: _Desk) -> bool:
        """Whether anything at a desk can be among it."""
        route, brand = desk
        if self.wanted.route and route != self.wanted.route:
            return False
        if self.brands is not None and brand not in self.brands:
            return False
        routes = self.sight.routes
        if route == REVIEW:
            return self.sight.review and (routes is None or bool(routes))
        return routes is None or route in routes


@dataclass(frozen=True, slots=True)
class _Source:
    """Numbers of mails, read off an index: of each range newest first, from ``:low`` to below ``:high``."""

    ranges: tuple[str, ...]
    #: only mails that were judged
    judged: bool = True

    @property
    def newest_first(self) -> str:
        return " UNION ALL ".join(self.ranges) + " ORDER BY mail DESC"

    @property
    def size(self) -> str:
        """How many rows it has, up to ``:looked``."""
        return f"SELECT count(*) FROM ({' UNION ALL '.join(self.ranges)} LIMIT :looked)"  # noqa: S608 - our own SQL


def _window(tx: sqlite3.Connection, wanted: Wanted, after: str) -> tuple[int, int]:
    """Numbers between which all mails lie that are older than one, and of a time."""
    low, high = 0, 1 << 62
    if after:
        # One that is gone meanwhile: those before it, as ids are in order of acceptance.
        row = tx.execute("SELECT seq FROM mails WHERE id = ?", (sound(after),)).fetchone()
        before = "SELECT seq + 1 FROM mails WHERE id < ? ORDER BY id DESC LIMIT 1"
        row = row or tx.execute(before, (sound(after),)).fetchone()
        high = row[0] if row else 0
    if wanted.since is not None:
        (first,) = tx.execute("SELECT min(first) FROM hours WHERE hour > ?", (wanted.since / HOUR - 1,)).fetchone()
        low = high if first is None else first
    if wanted.until is not None:
        (last,) = tx.execute("SELECT max(last) FROM hours WHERE hour <= ?", (wanted.until / HOUR,)).fetchone()
        high = min(high, 0 if last is None else last + 1)
    return low, high


def _source(tx: sqlite3.Connection, asked: _Asked) -> _Source | None:
    """Where to read; None when nothing can be seen."""
    if asked.brands == ():
        return None
    if asked.words or asked.sender:
        return _Source((_FOUND,))
    if not asked.of_judged:
        return _arrivals(asked)
    desks = _desks(tx)
    allowed, copies = (list(filter(asked.allows, some)) for some in (desks, _copies(tx)))
    if not allowed and not copies:
        return None
    some = [source for source in _candidates(asked, desks, allowed, copies) if len(source.ranges) <= _MOST_RANGES]
    if len(some) < 2:
        return some[0] if some else _Source((_SUMMARIES.format("summaries", "1"),))
    return min(some, key=lambda source: tx.execute(source.size, asked.values).fetchone()[0])


_FOUND = "SELECT rowid AS mail FROM found WHERE found MATCH :match AND rowid >= :low AND rowid < :high"
_SUMMARIES = "SELECT mail FROM {} WHERE {} AND mail >= :low AND mail < :high"
_ARRIVALS = "SELECT seq AS mail FROM {} WHERE {} AND seq >= :low AND seq < :high"


def _candidates(
    asked: _Asked, desks: Sequence[_Desk], allowed: Sequence[_Desk], copies: Sequence[_Desk]
) -> Iterator[_Source]:
    """Indexes that hold all mails asked for; the likelier ones to be short first."""
    wanted, name = asked.wanted, asked.values.name

    def each(index: str, *terms: str) -> _Source:
        return _Source(tuple(_SUMMARIES.format(f"summaries INDEXED BY {index}", term) for term in terms))

    if wanted.tag:
        yield _Source((_SUMMARIES.format("tags", f"tag = {name(short(wanted.tag, 200))}"),))
    if wanted.urgent:
        yield each("summaries_urgent", "urgent = 1")
    if wanted.unconfirmed:
        yield each("summaries_unconfirmed", "unconfirmed = 1")
    pairs = [f"route = {name(route)} AND brand = {name(brand)}" for route, brand in allowed]
    # Linked copies, of mails that the other ranges don't have.
    copied = each("summaries_copy", *(_copied(asked, desk, allowed) for desk in copies)).ranges
    if wanted.reading == "unread":
        yield _Source(each("summaries_unread", *(f"reading = 1 AND {pair}" for pair in pairs)).ranges + copied)
    elif len(allowed) < len(desks):
        routes = {route for route, _ in allowed}
        whole = {route for route in routes if all(asked.allows(desk) for desk in desks if desk[0] == route)}
        of_routes = each("summaries_route", *(f"route = {name(route)}" for route in sorted(whole)))
        parts = [pair for pair, (route, _) in zip(pairs, allowed, strict=True) if route not in whole]
        yield _Source(of_routes.ranges + each("summaries_desk", *parts).ranges + copied)
    if wanted.language:
        yield each("summaries_language", f"language = {name(short(wanted.language, 16))}")


def _copied(asked: _Asked, desk: _Desk, allowed: Sequence[_Desk]) -> str:
    name = asked.values.name
    others = name(*(route for route, brand in allowed if brand == desk[1]))
    return f"copy <> '' AND copy = {name(desk[0])} AND brand = {name(desk[1])} AND route NOT IN ({others})"


def _open_targets(asked: _Asked, beyond: bool) -> str:
    """Numbers of mails to be answered, by what is due first. One that lies at two desks is told where it is due first."""
    terms, index = ANSWERING[asked.wanted.answering], "targets_desk" if asked.wanted.route else "targets_open"
    if asked.desks is not None:
        terms += f" AND t.route IN ({asked.values.name(*sorted(asked.desks))})"
    others = terms.replace("t.", "o.")
    where = [terms]
    if not asked.wanted.route:
        where.append(
            f"NOT EXISTS (SELECT 1 FROM targets AS o WHERE o.mail = t.mail AND (o.due, o.route) < (t.due, t.route) AND {others})"  # noqa: S608 - our own SQL
        )
    if beyond:
        # where it is due first; if it was answered meanwhile, where it was
        place = "SELECT min(o.due) FROM targets AS o WHERE o.mail = (SELECT seq FROM mails WHERE id = :after)"
        last = f"coalesce(({place} AND {others}), ({place})), (SELECT seq FROM mails WHERE id = :after)"  # noqa: S608 - our own SQL
        where.append(f"(t.due, t.mail) > ({last})")
    return f"SELECT t.mail FROM targets AS t INDEXED BY {index} WHERE {' AND '.join(where)} ORDER BY t.due, t.mail"  # noqa: S608 - our own SQL


def _due_first(asked: _Asked, beyond: bool) -> str:
    """The same, with all that is asked for: the index is read no further than ``:looked``."""
    wanted = asked.wanted
    where = list(_conditions(asked, judged=True))
    if wanted.since is not None or wanted.until is not None:
        where.append("d.mail >= :low AND d.mail < :high")
    if asked.words or asked.sender:
        where.append("d.mail IN (SELECT rowid FROM found WHERE found MATCH :match)")
    return (
        f"SELECT d.mail FROM ({_open_targets(asked, beyond)} LIMIT :looked) AS d"  # noqa: S608 - our own SQL
        " CROSS JOIN summaries AS s ON s.mail = d.mail CROSS JOIN mails AS m ON m.seq = d.mail"
        f" WHERE {' AND '.join(where) or '1'} LIMIT :limit"
    )


def _arrivals(asked: _Asked) -> _Source:
    """Mails, judged or not."""
    name = asked.values.name
    if asked.few_brands is None:
        return _Source((_ARRIVALS.format("mails", "1"),), judged=False)
    terms = [f"brand = {name(brand)}" for brand in asked.few_brands]
    return _Source(tuple(_ARRIVALS.format("mails INDEXED BY mails_brand", term) for term in terms), judged=False)


def _conditions(asked: _Asked, *, judged: bool) -> Iterator[str]:
    """All that a row must be: of summaries s, and of mails m where it is of a time or was perhaps not judged."""
    wanted, name = asked.wanted, asked.values.name
    brand = "s.brand" if judged else "m.brand"
    if not judged:  # those that were erased have no summary
        yield "NOT EXISTS (SELECT 1 FROM erased_mails AS e WHERE e.mail = d.mail)"
    yield from seen(asked.sight, asked.values, brand=brand)
    if wanted.brand:
        yield f"{brand} = {name(wanted.brand)}"
    if wanted.route:
        yield f"{name(wanted.route)} IN (s.route, s.copy)"
    if wanted.tag:
        tag = name(short(wanted.tag, 200))
        yield f"EXISTS (SELECT 1 FROM tags AS t WHERE t.tag = {tag} AND t.mail = d.mail)"  # noqa: S608 - our own SQL
    if wanted.language:
        yield f"s.language = {name(short(wanted.language, 16))}"
    if wanted.reading:
        yield f"s.reading = {_READING[wanted.reading]}"
    if wanted.urgent:
        yield "s.urgent = 1"
    if wanted.unconfirmed:
        yield "s.unconfirmed = 1"
    if asked.sender:
        sender = name(asked.sender)
        whose = f"substr(s.from_addr, -length({sender}))" if asked.sender.startswith("@") else "s.from_addr"
        yield f"{whose} = {sender} COLLATE NOCASE"
    if wanted.since is not None:
        yield f"m.received_at >= {name(wanted.since)}"
    if wanted.until is not None:
        yield f"m.received_at < {name(wanted.until)}"


def _page(tx: sqlite3.Connection, asked: _Asked, source: _Source, limit: int) -> MailPage:
    found = [seq for (seq,) in tx.execute(_select(asked, source), asked.values)]
    rows = _rows(tx, found[:limit], asked.desks)
    if len(found) > limit:
        return MailPage(rows=rows, after=rows[-1].id)
    looked = f"{source.newest_first} LIMIT 1 OFFSET :looked - 1"
    last = tx.execute(f"SELECT id, received_at FROM mails WHERE seq = ({looked})", asked.values).fetchone()  # noqa: S608 - our own SQL
    if last is None:
        return MailPage(rows=rows, after="")
    return MailPage(rows=rows, after=MailId(last[0]), back_to=last[1])


def _select(asked: _Asked, source: _Source) -> str:
    """Numbers of the mails asked for, newest first: the source is read no further than to the last of them."""
    wanted = asked.wanted
    mails = "CROSS JOIN mails AS m ON m.seq = d.mail"
    if source.judged:
        dated = wanted.since is not None or wanted.until is not None
        joined = "CROSS JOIN summaries AS s ON s.mail = d.mail " + (mails if dated else "")
    else:
        joined = f"{mails} LEFT JOIN summaries AS s ON s.mail = d.mail"
    where = " AND ".join(_conditions(asked, judged=source.judged)) or "1"
    return f"SELECT d.mail FROM ({source.newest_first} LIMIT :looked) AS d {joined} WHERE {where} LIMIT :limit"  # noqa: S608 - our own SQL


def _rows(tx: sqlite3.Connection, seqs: Sequence[int], routes: Collection[RouteName] | None) -> tuple[MailRow, ...]:
    return tuple(row_of(row, routes) for row in tx.execute(_ROWS, (id_list(seqs),)))


def _desks(tx: sqlite3.Connection) -> list[_Desk]:
    """Every desk of a brand at which a mail lies."""
    return tx.execute(_LIE).fetchall()


def _copies(tx: sqlite3.Connection) -> list[_Desk]:
    """Every desk of a brand at which a linked copy lies."""
    return tx.execute(_COPIES).fetchall()
