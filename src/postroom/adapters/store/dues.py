"""Lists of mails that are to be answered, by what is due first."""

from postroom.adapters.store.sources import Asked, conditions
from postroom.adapters.store.targets import ANSWERING


def open_targets(asked: Asked, beyond: bool) -> str:
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


def due_first(asked: Asked, beyond: bool) -> str:
    """The same, with all that is asked for: the index is read no further than ``:looked``."""
    wanted = asked.wanted
    where = list(conditions(asked, judged=True))
    if wanted.since is not None or wanted.until is not None:
        where.append("d.mail >= :low AND d.mail < :high")
    if asked.words or asked.sender:
        where.append("d.mail IN (SELECT rowid FROM found WHERE found MATCH :match)")
    return (
        f"SELECT d.mail FROM ({open_targets(asked, beyond)} LIMIT :looked) AS d"  # noqa: S608 - our own SQL
        " CROSS JOIN summaries AS s ON s.mail = d.mail CROSS JOIN mails AS m ON m.seq = d.mail"
        f" WHERE {' AND '.join(where) or '1'} LIMIT :limit"
    )
