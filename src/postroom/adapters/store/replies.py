"""Answers in the store's file: kept with their deed, sent by whoever takes them, at least once."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final

from postroom.adapters.store import journal
from postroom.adapters.store.accounts import user_of
from postroom.adapters.store.sight import Values, seen
from postroom.adapters.store.sql import Insert, hash_of, id_list, short
from postroom.adapters.store.targets import stop
from postroom.adapters.store.units import Units
from postroom.model.codec import decode_mail, sound
from postroom.model.errors import Refused
from postroom.model.mail import BrandName, MailId
from postroom.model.people import Deed, Sight
from postroom.model.replies import Reply, ReplyId, ReplyState

_MOST_OF_A_MAIL: Final = 100
_REPLY = (
    "r.id, m.id, r.brand, r.who, r.at, r.recipient, r.sender, r.subject, r.text, r.message_id, r.automatic, r.asks,"
    " r.template, r.language, r.state, r.due_at, r.tries, r.since, r.settled_at, r.said"
)
_WORDLESS = _REPLY.replace("r.text", "''")
_FROM = "FROM replies AS r CROSS JOIN mails AS m ON m.seq = r.mail"
_PUT = Insert(
    head="INSERT INTO replies (id, mail, brand, who, at, recipient, sender, subject, text, message_id, automatic, asks,"
    " template, language, due_at, since, raw) VALUES",
    width=17,
)
_DUE = """
SELECT number FROM replies INDEXED BY replies_due WHERE state IN ('waiting', 'sending') AND due_at <= ?
ORDER BY due_at, number LIMIT ?
"""


class SqliteReplies:
    """Everything of `postroom.ports.replies.Replies` and `postroom.ports.replies.Outbox`."""

    def __init__(self, units: Units) -> None:
        self._units = units

    # -- people ----------------------------------------------------------------------------------------------------

    def put(self, reply: Reply, deed: Deed, *, after: ReplyId | str) -> None:
        """See `postroom.ports.replies.Replies.put`."""
        self._units.write(lambda tx: _put(tx, reply, deed, after), weight=len(reply.raw) + len(reply.text))

    def reply(self, reply_id: ReplyId) -> Reply | None:
        """See `postroom.ports.replies.Replies.reply`."""
        with self._units.lend() as tx:
            return next(iter(_whole(tx, "r.id = ?", (sound(reply_id),))), None)

    def of_mails(self, ids: Collection[MailId]) -> dict[MailId, tuple[Reply, ...]]:
        """See `postroom.ports.replies.Replies.of_mails`. Of each mail the newest hundred."""
        if not ids:
            return {}
        found: dict[MailId, list[Reply]] = defaultdict(list)
        with self._units.lend() as tx:
            for one in replies_to(tx, *ids):
                found[one.mail_id].append(one)
        return {mail_id: tuple(some[-_MOST_OF_A_MAIL:]) for mail_id, some in found.items()}

    def newest(self, ids: Collection[MailId]) -> dict[MailId, Reply]:
        """See `postroom.ports.replies.Replies.newest`. With ``max`` SQLite gives the row that has it."""
        if not ids:
            return {}
        statement = (
            f"SELECT {_WORDLESS}, max(r.number) FROM mails AS m CROSS JOIN replies AS r INDEXED BY replies_mail ON r.mail = m.seq"  # noqa: S608 - our own SQL
            " WHERE m.id IN (SELECT value FROM json_each(?)) AND r.automatic = 0 AND r.state <> 'withdrawn' GROUP BY r.mail"
        )
        wanted = json.dumps([sound(one) for one in ids])
        with self._units.lend() as tx:
            return {MailId(row[1]): _reply(row[:-1]) for row in tx.execute(statement, (wanted,))}

    def aside(self, *, after: str = "", limit: int = 200) -> tuple[Reply, ...]:
        """See `postroom.ports.replies.Replies.aside`."""
        beyond = " AND r.number > (SELECT number FROM replies WHERE id = ?)" if after else ""
        values = [sound(after)] if after else []
        statement = f"SELECT {_REPLY} {_FROM} WHERE r.state = 'failed'{beyond} ORDER BY r.number LIMIT ?"
        with self._units.lend() as tx:
            return tuple(_reply(row) for row in tx.execute(statement, (*values, limit)))

    def used(self, since: float, sight: Sight) -> dict[str, int]:
        """See `postroom.ports.replies.Replies.used`. All from the index where all may be seen."""
        values = Values()
        terms = ["r.template <> ''", f"r.at >= {values.name(since)}", "r.state <> 'withdrawn'"]
        of_sight = list(seen(sight, values))
        joined = " CROSS JOIN summaries AS s ON s.mail = r.mail" if of_sight else ""
        statement = (
            f"SELECT r.template, count(*) FROM replies AS r INDEXED BY replies_template{joined}"  # noqa: S608 - our own SQL
            f" WHERE {' AND '.join([*terms, *of_sight])} GROUP BY r.template"
        )
        with self._units.lend() as tx:
            return dict(tx.execute(statement, values))

    def withdraw(self, reply_id: ReplyId, deed: Deed, *, reason: str = "") -> bool:
        """See `postroom.ports.replies.Replies.withdraw`."""

        def unit(tx: sqlite3.Connection) -> bool:
            changed = tx.execute(
                "UPDATE replies SET state = 'withdrawn', settled_at = ?, said = ? WHERE id = ? AND state IN ('waiting', 'failed')",
                (deed.at, short(reason, 500), sound(reply_id)),
            ).rowcount
            if changed:
                journal.write(tx, [deed])
            return changed > 0

        return self._units.write(unit)

    def again(self, reply_id: ReplyId, deed: Deed) -> bool:
        """See `postroom.ports.replies.Replies.again`."""

        def unit(tx: sqlite3.Connection) -> bool:
            changed = tx.execute(
                "UPDATE replies SET state = 'waiting', due_at = ?, since = ?, tries = 0, settled_at = NULL"
                " WHERE id = ? AND state = 'failed'",
                (deed.at, deed.at, sound(reply_id)),
            ).rowcount
            if changed:
                journal.write(tx, [deed])
            return changed > 0

        return self._units.write(unit)

    # -- workers ---------------------------------------------------------------------------------------------------

    def take(self, now: float, *, lease: float, limit: int) -> tuple[Reply, ...]:
        """See `postroom.ports.replies.Outbox.take`. Whoever looks and finds nothing writes nothing."""
        with self._units.lend() as tx:
            if tx.execute(_DUE, (now, limit)).fetchone() is None:
                return ()

        def unit(tx: sqlite3.Connection) -> tuple[Reply, ...]:
            numbers = id_list(row[0] for row in tx.execute(_DUE, (now, limit)))
            tx.execute(
                "UPDATE replies SET state = 'sending', due_at = ? WHERE number IN (SELECT value FROM json_each(?))",
                (now + lease, numbers),
            )
            return _whole(tx, "r.number IN (SELECT value FROM json_each(?)) ORDER BY r.number", (numbers,))

        return self._units.write(unit)

    def settle(self, reply: Reply, state: ReplyState, *, at: float, due_at: float, said: str) -> None:
        """See `postroom.ports.replies.Outbox.settle`."""
        change = (
            "UPDATE replies SET state = ?, due_at = ?, tries = tries + ?, settled_at = ?, said = ?, untold = ?"
            " WHERE id = ? AND state = 'sending' AND due_at = ?"
        )
        sent, settled = state == "sent", None if state == "waiting" else at
        row = (state, due_at, not sent, settled, short(said, 500), sent, sound(reply.id), reply.due_at)

        def unit(tx: sqlite3.Connection) -> None:
            if tx.execute(change, row).rowcount and sent and not reply.automatic:
                by = user_of(tx, reply.by)
                stop(tx, [reply.mail_id], at, "answered", reply.by, routes=by.sight.routes if by else None)

        self._units.write(unit)

    def bounced(self, reply_id: ReplyId, brand: str, said: str, at: float) -> bool:
        """See `postroom.ports.replies.Outbox.bounced`."""
        change = "UPDATE replies SET state = 'bounced', settled_at = ?, said = ? WHERE id = ? AND brand = ? AND state IN ('sending', 'sent')"
        row = (at, short(said, 500), sound(reply_id), sound(brand))
        return self._units.write(lambda tx: tx.execute(change, row).rowcount > 0)

    def untold(self, limit: int) -> tuple[Reply, ...]:
        """See `postroom.ports.replies.Outbox.untold`."""
        statement = f"SELECT {_REPLY} {_FROM} WHERE r.untold = 1 ORDER BY r.number LIMIT ?"
        with self._units.lend() as tx:
            return tuple(_reply(row) for row in tx.execute(statement, (limit,)))

    def told(self, reply_id: ReplyId) -> None:
        """See `postroom.ports.replies.Outbox.told`."""
        self._units.write(
            lambda tx: tx.execute("UPDATE replies SET untold = 0 WHERE id = ?", (sound(reply_id),)).rowcount
        )


def replies_to(tx: sqlite3.Connection, *ids: MailId) -> list[Reply]:
    """All answers to these mails, oldest first, without their bytes."""
    statement = (
        f"SELECT {_REPLY} FROM mails AS m CROSS JOIN replies AS r INDEXED BY replies_mail ON r.mail = m.seq"  # noqa: S608 - our own SQL
        " WHERE m.id IN (SELECT value FROM json_each(?)) ORDER BY r.number"
    )
    return [_reply(row) for row in tx.execute(statement, (json.dumps([sound(one) for one in ids]),))]


def _put(tx: sqlite3.Connection, reply: Reply, deed: Deed, after: str) -> None:
    row = tx.execute(
        "SELECT m.seq, m.head FROM mails AS m WHERE m.id = ?"
        " AND NOT EXISTS (SELECT 1 FROM erased_mails AS e WHERE e.mail = m.seq)",
        (sound(reply.mail_id),),
    ).fetchone()
    if row is None:
        raise Refused("this mail is gone: there is nothing to answer any more")
    newest = tx.execute(
        "SELECT id, who FROM replies WHERE mail = ? AND automatic = 0 AND state <> 'withdrawn' ORDER BY number DESC LIMIT 1",
        (row[0],),
    ).fetchone()
    if newest is not None and newest[0] != sound(after):
        raise Refused(f"{newest[1] or 'postroom'} has answered meanwhile: read that first")
    _PUT.run(
        tx,
        [
            (
                sound(reply.id), row[0], sound(reply.brand), short(reply.by, 100), reply.at, short(reply.to, 320),
                short(reply.sender, 320), short(reply.subject), sound(reply.text), sound(reply.message_id), reply.automatic,
                reply.asks, short(reply.template, 100), short(reply.language, 16), reply.due_at, reply.at, reply.raw,
            )
        ],
    )  # fmt: skip
    journal.write(tx, [deed])
    # Who answers this answer goes on with the thread of the mail, if it is in one.
    tx.execute(
        "INSERT OR REPLACE INTO links (key, thread) SELECT ?, thread FROM links WHERE key = ?",
        (hash_of(reply.message_id), hash_of(decode_mail(row[1], b"").message_id)),
    )


def _whole(tx: sqlite3.Connection, where: str, values: Sequence[Any]) -> tuple[Reply, ...]:
    rows = tx.execute(f"SELECT {_REPLY}, r.raw {_FROM} WHERE {where}", values)
    return tuple(_reply(row[:-1], bytes(row[-1])) for row in rows)


def _reply(row: Sequence[Any], raw: bytes = b"") -> Reply:
    (reply_id, mail_id, brand, who, at, to, sender, subject, text, message_id, automatic, asks, template, language,
     state, due_at, tries, since, settled_at, said) = row  # fmt: skip
    return Reply(
        id=ReplyId(reply_id),
        mail_id=MailId(mail_id),
        brand=BrandName(brand),
        by=who,
        at=at,
        to=to,
        sender=sender,
        subject=subject,
        text=text,
        message_id=message_id,
        raw=raw,
        automatic=bool(automatic),
        asks=bool(asks),
        template=template,
        language=language,
        state=state,
        due_at=due_at,
        tries=tries,
        since=since,
        settled_at=settled_at,
        said=said,
    )
