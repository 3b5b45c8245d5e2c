"""What a list of mails is read off: an index that leads to few rows, and what must be true of them besides."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from postroom.adapters.store.arrivals import HOUR
from postroom.adapters.store.sight import Values, seen
from postroom.adapters.store.sql import short
from postroom.model.codec import sound
from postroom.model.desktop import Wanted
from postroom.model.judgement import REVIEW
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import Sight

#: pieces of an index that are merged; where it would be more, another index is as good
MOST_RANGES = 200
MOST_BRANDS = 50
READING = {"unread": 1, "read": 2}

Desk = tuple[RouteName, BrandName]
#: Every desk of a brand that an index begins with: one look at the index each.
DESKS = """
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
LIE = DESKS.format("route", "summaries_desk")
COPIES = DESKS.format("copy", "summaries_copy")


@dataclass(slots=True)
class Asked:
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
        return self.brands if self.brands is not None and len(self.brands) <= MOST_BRANDS else None

    @property
    def of_judged(self) -> bool:
        """Whether a mail that was not judged can't be among what is asked for."""
        wanted = self.wanted
        return self.sight.routes is not None or any(
            (wanted.route, self.words, self.sender, wanted.tag, wanted.language, wanted.reading, wanted.urgent, wanted.unconfirmed)
        )  # fmt: skip

    def allows(self, desk: Desk) -> bool:
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
class Source:
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


def window(tx: sqlite3.Connection, wanted: Wanted, after: str) -> tuple[int, int]:
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


def source_of(tx: sqlite3.Connection, asked: Asked) -> Source | None:
    """Where to read; None when nothing can be seen."""
    if asked.brands == ():
        return None
    if asked.words or asked.sender:
        return Source((FOUND,))
    if not asked.of_judged:
        return arrivals(asked)
    desks = desks_of(tx)
    allowed, copies = (list(filter(asked.allows, some)) for some in (desks, copies_of(tx)))
    if not allowed and not copies:
        return None
    some = [source for source in candidates(asked, desks, allowed, copies) if len(source.ranges) <= MOST_RANGES]
    if len(some) < 2:
        return some[0] if some else Source((SUMMARIES.format("summaries", "1"),))
    return min(some, key=lambda source: tx.execute(source.size, asked.values).fetchone()[0])


FOUND = "SELECT rowid AS mail FROM found WHERE found MATCH :match AND rowid >= :low AND rowid < :high"
SUMMARIES = "SELECT mail FROM {} WHERE {} AND mail >= :low AND mail < :high"
ARRIVALS = "SELECT seq AS mail FROM {} WHERE {} AND seq >= :low AND seq < :high"


def candidates(
    asked: Asked, desks: Sequence[Desk], allowed: Sequence[Desk], copies: Sequence[Desk]
) -> Iterator[Source]:
    """Indexes that hold all mails asked for; the likelier ones to be short first."""
    wanted, name = asked.wanted, asked.values.name

    def each(index: str, *terms: str) -> Source:
        return Source(tuple(SUMMARIES.format(f"summaries INDEXED BY {index}", term) for term in terms))

    if wanted.tag:
        yield Source((SUMMARIES.format("tags", f"tag = {name(short(wanted.tag, 200))}"),))
    if wanted.urgent:
        yield each("summaries_urgent", "urgent = 1")
    if wanted.unconfirmed:
        yield each("summaries_unconfirmed", "unconfirmed = 1")
    pairs = [f"route = {name(route)} AND brand = {name(brand)}" for route, brand in allowed]
    # Linked copies, of mails that the other ranges don't have.
    copied = each("summaries_copy", *(copied_to(asked, desk, allowed) for desk in copies)).ranges
    if wanted.reading == "unread":
        yield Source(each("summaries_unread", *(f"reading = 1 AND {pair}" for pair in pairs)).ranges + copied)
    elif len(allowed) < len(desks):
        routes = {route for route, _ in allowed}
        whole = {route for route in routes if all(asked.allows(desk) for desk in desks if desk[0] == route)}
        of_routes = each("summaries_route", *(f"route = {name(route)}" for route in sorted(whole)))
        parts = [pair for pair, (route, _) in zip(pairs, allowed, strict=True) if route not in whole]
        yield Source(of_routes.ranges + each("summaries_desk", *parts).ranges + copied)
    if wanted.language:
        yield each("summaries_language", f"language = {name(short(wanted.language, 16))}")


def copied_to(asked: Asked, desk: Desk, allowed: Sequence[Desk]) -> str:
    name = asked.values.name
    others = name(*(route for route, brand in allowed if brand == desk[1]))
    return f"copy <> '' AND copy = {name(desk[0])} AND brand = {name(desk[1])} AND route NOT IN ({others})"


def arrivals(asked: Asked) -> Source:
    """Mails, judged or not."""
    name = asked.values.name
    if asked.few_brands is None:
        return Source((ARRIVALS.format("mails", "1"),), judged=False)
    terms = [f"brand = {name(brand)}" for brand in asked.few_brands]
    return Source(tuple(ARRIVALS.format("mails INDEXED BY mails_brand", term) for term in terms), judged=False)


def conditions(asked: Asked, *, judged: bool) -> Iterator[str]:
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
        yield f"s.reading = {READING[wanted.reading]}"
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


def select(asked: Asked, source: Source) -> str:
    """Numbers of the mails asked for, newest first: the source is read no further than to the last of them."""
    wanted = asked.wanted
    mails = "CROSS JOIN mails AS m ON m.seq = d.mail"
    if source.judged:
        dated = wanted.since is not None or wanted.until is not None
        joined = "CROSS JOIN summaries AS s ON s.mail = d.mail " + (mails if dated else "")
    else:
        joined = f"{mails} LEFT JOIN summaries AS s ON s.mail = d.mail"
    where = " AND ".join(conditions(asked, judged=source.judged)) or "1"
    return f"SELECT d.mail FROM ({source.newest_first} LIMIT :looked) AS d {joined} WHERE {where} LIMIT :limit"  # noqa: S608 - our own SQL


def desks_of(tx: sqlite3.Connection) -> list[Desk]:
    """Every desk of a brand at which a mail lies."""
    return tx.execute(LIE).fetchall()


def copies_of(tx: sqlite3.Connection) -> list[Desk]:
    """Every desk of a brand at which a linked copy lies."""
    return tx.execute(COPIES).fetchall()
