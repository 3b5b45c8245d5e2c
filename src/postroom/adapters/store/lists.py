"""Lists of mails: of what a reader wants, what that reader may see, newest first.

Each list is read off an index in order of acceptance (a `Source`), and its rows are checked for the rest; of several
indexes, the one that leads to fewest rows is taken. No call looks at more than `LOOKED` rows: where that was not enough,
the page says how far it looked, and the next call goes on there.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from postroom.adapters.store.dues import due_first, open_targets
from postroom.adapters.store.search import query, spoken
from postroom.adapters.store.sight import Values, seen
from postroom.adapters.store.sources import Asked, Desk, Source, copies_of, desks_of, select, source_of, window
from postroom.adapters.store.sql import id_list
from postroom.adapters.store.units import Units
from postroom.adapters.store.views import ROW, rows_of
from postroom.adapters.store.words import together
from postroom.model.codec import sound
from postroom.model.desktop import BoxCount, Hits, MailPage, Wanted
from postroom.model.judgement import REVIEW
from postroom.model.listing import MailRow
from postroom.model.mail import MailId, RouteName
from postroom.model.people import Sight

#: rows of an index that one call looks at
LOOKED = 20_000
_NOTHING = MailPage(rows=(), after="")

_ROWS = f"""
{ROW} FROM json_each(?) AS wanted CROSS JOIN mails AS m ON m.seq = wanted.value LEFT JOIN summaries AS s ON s.mail = m.seq
"""
_PARKED = """
SELECT count(*) FROM jobs AS j INDEXED BY jobs_aside CROSS JOIN mails AS m ON m.seq = j.mail LEFT JOIN summaries AS s ON s.mail = j.mail
"""
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
        asked = Asked(wanted, sight)
        match = query(asked.words, asked.sender, asked.few_brands)
        if wanted.answering:
            return self._by_due(asked, match, after, limit)
        with self._moment() as tx:
            low, high = window(tx, wanted, after)
            asked.values |= {"match": match, "low": low, "high": high, "looked": self._looked, "limit": limit + 1}
            source = source_of(tx, asked)
            return _NOTHING if source is None else _page(tx, asked, source, limit)

    def _by_due(self, asked: "Asked", match: str, after: str, limit: int) -> MailPage:
        """What is to be answered, by what is due first."""
        asked.values |= {
            "match": match, "after": sound(after), "now": self._units.clocks.now(), "looked": self._looked, "limit": limit + 1,
        }  # fmt: skip
        with self._moment() as tx:
            low, high = window(tx, asked.wanted, "")
            asked.values |= {"low": low, "high": high}
            found = [seq for (seq,) in tx.execute(due_first(asked, bool(after)), asked.values)]
            rows = _rows(tx, found[:limit], asked.desks)
            if len(found) > limit:
                return MailPage(rows=rows, after=rows[-1].id)
            last = tx.execute(
                f"SELECT id FROM mails WHERE seq = ({open_targets(asked, bool(after))} LIMIT 1 OFFSET :looked - 1)",  # noqa: S608 - our own SQL
                asked.values,
            ).fetchone()
        return MailPage(rows=rows, after=MailId(last[0]) if last else "")

    def hits(self, wanted: Wanted, sight: Sight, *, most: int = 1000) -> Hits:
        """See `postroom.ports.desktop.Views.hits`. Like a list, it looks at no more than `LOOKED` rows."""
        asked = Asked(wanted, sight)
        asked.values |= {
            "match": query(asked.words, asked.sender, asked.few_brands), "now": self._units.clocks.now(), "looked": self._looked, "limit": most + 1,
        }  # fmt: skip
        with self._moment() as tx:
            low, high = window(tx, wanted, "")
            asked.values |= {"low": low, "high": high}
            if wanted.answering:
                found, looked = due_first(asked, beyond=False), open_targets(asked, beyond=False)
            elif (source := source_of(tx, asked)) is not None:
                found, looked = select(asked, source), " UNION ALL ".join(source.ranges)
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

    def worded(self, ids: Collection[MailId], sight: Sight) -> dict[MailId, tuple[MailRow, str]]:
        """See `postroom.ports.desktop.Views.worded`."""
        rows = self.rows(ids, sight)
        with self._units.lend() as tx:
            said = spoken(tx, rows)
        return {one: (row, together(said[one].text) if one in said else "") for one, row in rows.items()}

    def parked(self, sight: Sight) -> int:
        """See `postroom.ports.desktop.Views.parked`. It takes as long as there are many of all."""
        values = Values()
        terms = " AND ".join(
            ["j.state IN ('held', 'parked', 'dropped') AND j.state = 'parked'", *seen(sight, values, brand="m.brand")]
        )
        with self._units.lend() as tx:
            (number,) = tx.execute(f"{_PARKED} WHERE {terms}", values).fetchone()
        return int(number)

    def counts(self, sight: Sight) -> tuple[BoxCount, ...]:
        """See `postroom.ports.desktop.Views.counts`. A mail counts at the desk of its newest decision, and where a linked copy lies."""
        asked = Asked(Wanted(reading="unread"), sight)
        values = Values()
        of_guess = ""
        if sight.routes is not None:
            of_guess = f"AND (s.route <> '{REVIEW}' OR s.decided IN ({values.name(*sorted(sight.routes))}))"
        counted: Counter[Desk] = Counter()
        with self._moment() as tx:
            for desks, count in ((desks_of(tx), _COUNT.format(of_guess)), (copies_of(tx), _COUNT_COPIES)):
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


def _page(tx: sqlite3.Connection, asked: Asked, source: Source, limit: int) -> MailPage:
    found = [seq for (seq,) in tx.execute(select(asked, source), asked.values)]
    rows = _rows(tx, found[:limit], asked.desks)
    if len(found) > limit:
        return MailPage(rows=rows, after=rows[-1].id)
    looked = f"{source.newest_first} LIMIT 1 OFFSET :looked - 1"
    last = tx.execute(f"SELECT id, received_at FROM mails WHERE seq = ({looked})", asked.values).fetchone()  # noqa: S608 - our own SQL
    if last is None:
        return MailPage(rows=rows, after="")
    return MailPage(rows=rows, after=MailId(last[0]), back_to=last[1])


def _rows(tx: sqlite3.Connection, seqs: Sequence[int], routes: Collection[RouteName] | None) -> tuple[MailRow, ...]:
    return rows_of(tx, tx.execute(_ROWS, (id_list(seqs),)).fetchall(), routes)
