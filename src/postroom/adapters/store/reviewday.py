"""The day's work in review, from the store's file."""

from postroom.adapters.store.sight import Values, seen
from postroom.adapters.store.units import Units
from postroom.model.people import Sight
from postroom.ports.reviewing import Backlog

_ANSWERED = """
SELECT v.who, v.at FROM verdicts AS v INDEXED BY verdicts_at CROSS JOIN mails AS m ON m.seq = v.mail
WHERE v.at >= :since AND v.asked IN ('review', 'audit') AND NOT v.taken_back AND {0}
UNION ALL
SELECT second, answered_at FROM second_looks INDEXED BY second_looks_answered
WHERE second <> '' AND answered_at >= :since AND {0}
ORDER BY 2 DESC LIMIT :limit
"""
_BACKLOG = """
SELECT count(*), min(CASE WHEN w.asked = 'review' AND w.due_at < 9e18 THEN w.since END)
FROM waiting AS w WHERE {}
"""


class SqliteReviewDay:
    """Port `ReviewDay` on the file of the store."""

    def __init__(self, units: Units) -> None:
        self._units = units

    def answered(self, sight: Sight, since: float, limit: int = 5_000) -> tuple[tuple[str, float], ...]:
        """See `postroom.ports.reviewing.ReviewDay.answered`. With second looks."""
        values = Values(since=since, limit=limit)
        terms = [
            f"{column} IN ({values.name(*sorted(allowed))})"
            for column, allowed in (("brand", sight.brands), ("decided", sight.routes))
            if allowed is not None
        ]
        with self._units.lend() as tx:
            rows = tx.execute(_ANSWERED.format(" AND ".join(terms) or "1"), values).fetchall()
        return tuple((who, at) for who, at in reversed(rows))

    def backlog(self, sight: Sight) -> Backlog:
        """See `postroom.ports.reviewing.ReviewDay.backlog`."""
        values = Values()
        where = " AND ".join(seen(sight, values, of="w", copies=False)) or "1"
        with self._units.lend() as tx:
            waiting, oldest = tx.execute(_BACKLOG.format(where), values).fetchone()
        return Backlog(waiting=waiting, oldest=oldest)
