"""Keeping mails, knowing one that comes again, and reading them back."""

import sqlite3
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import zstandard

from postroom.adapters.store.sql import Insert, bump, id_list, number_of
from postroom.model.codec import decode_mail, encode_head, sound
from postroom.model.errors import PostroomError
from postroom.model.mail import Mail, MailId

#: how long a mail is known again
DUPLICATE_SECONDS = 5 * 86400
#: lists find the mails of a time by the hours that they came in
HOUR = 3600.0

_MAILS = Insert(head="INSERT INTO mails (seq, id, received_at, brand, duplicate_of, head) VALUES", width=6)
_RAWS = Insert(head="INSERT INTO raws (mail, body) VALUES", width=2)
_PRINTS = Insert(head="INSERT OR REPLACE INTO prints (key, print, mail) VALUES", width=3)
_HOURS = Insert(
    head="INSERT INTO hours (hour, first, last) VALUES",
    width=3,
    tail="ON CONFLICT (hour) DO UPDATE SET last = excluded.last",
)
_JOBS = Insert(
    head="INSERT INTO jobs (mail, kind, destination, generation, thread, sender, created_at) VALUES", width=7
)
_SEEN = """
SELECT prints.print, mails.id, mails.received_at
FROM json_each(?) AS wanted CROSS JOIN prints ON prints.key = wanted.value CROSS JOIN mails ON mails.seq = prints.mail
"""


@dataclass(slots=True)
class Arriving:
    """A mail made ready outside of the transaction, in the thread that brought it."""

    mail: Mail
    head: bytes
    body: bytes
    #: fingerprint; empty when the mail can't be a duplicate
    print: bytes


class Packer:
    """Compresses and decompresses raw mail; any number of threads."""

    def __init__(self, level: int = 1) -> None:
        self._level = level
        self._packers: deque[zstandard.ZstdCompressor] = deque(maxlen=8)
        self._unpackers: deque[zstandard.ZstdDecompressor] = deque(maxlen=8)

    def pack(self, data: bytes) -> bytes:
        """Compress."""
        try:
            packer = self._packers.pop()
        except IndexError:
            packer = zstandard.ZstdCompressor(level=self._level, write_checksum=True)
        packed = packer.compress(data)
        self._packers.append(packer)
        return packed

    def unpack(self, data: bytes) -> bytes:
        """What `pack` was given. Raises `PostroomError` when it was damaged since (a checksum goes with it)."""
        try:
            unpacker = self._unpackers.pop()
        except IndexError:
            unpacker = zstandard.ZstdDecompressor()
        try:
            plain = unpacker.decompress(data)
        except zstandard.ZstdError as error:
            raise PostroomError(f"a mail's bytes in the store are damaged: {error}") from error
        self._unpackers.append(unpacker)
        return plain


def prepare(packer: Packer, mails: Sequence[Mail]) -> list[Arriving]:
    """What can be done without the transaction."""
    return [Arriving(mail, encode_head(mail), packer.pack(mail.raw), _print(mail)) for mail in mails]


def accept(tx: sqlite3.Connection, groups: Sequence[Sequence[Arriving]]) -> list[tuple[Mail, ...]]:
    """Keep several acceptances: mails, judge jobs for those that are new, fingerprints."""
    arriving = [one for group in groups for one in group]
    first = int(tx.execute("SELECT coalesce(max(seq), 0) + 1 FROM mails").fetchone()[0])
    earlier = _duplicates(tx, arriving)
    mails, raws, jobs, prints = [], [], [], []
    hours: dict[int, list[int]] = {}
    for seq, (one, known) in enumerate(zip(arriving, earlier, strict=True), first):
        mail = one.mail
        mails.append((seq, mail.id, mail.received_at, mail.brand, known, one.head))
        raws.append((seq, one.body))
        hours.setdefault(int(mail.received_at // HOUR), []).append(seq)
        if known is None:
            keys = number_of(mail.thread_key), number_of(mail.sender_key)
            jobs.append((seq, "judge", "", 1, *keys, mail.received_at))
            if one.print:
                prints.append((_key(one.print, _eras(mail)[1]), one.print, seq))
    _MAILS.run(tx, mails)
    _RAWS.run(tx, raws)
    _JOBS.run(tx, jobs)
    _PRINTS.run(tx, prints)
    _HOURS.run(tx, [(hour, seqs[0], seqs[-1]) for hour, seqs in hours.items()])
    bump(tx, "duplicates", len(mails) - len(jobs))
    kept = iter([_kept(one.mail, known) for one, known in zip(arriving, earlier, strict=True)])
    return [tuple(next(kept) for _ in group) for group in groups]


def forget_prints(tx: sqlite3.Connection, now: float, limit: int = 1000) -> bool:
    """Drop fingerprints that no mail of now can match, not too many at once; whether there may be more."""
    below = (era_of(now) - 1) << 50
    if tx.execute("SELECT 1 FROM prints WHERE key < ? LIMIT 1", (below,)).fetchone() is None:
        return False
    tx.execute("DELETE FROM prints WHERE key IN (SELECT key FROM prints WHERE key < ? LIMIT ?)", (below, limit))
    return True


def read(tx: sqlite3.Connection, packer: Packer, ids: Sequence[MailId]) -> tuple[Mail, ...]:
    """The mails with these ids that exist, in the order asked."""
    found: dict[str, Mail] = {}
    for at in range(0, len(ids), 200):
        some = [sound(one) for one in ids[at : at + 200]]
        marks = ", ".join("?" * len(some))
        for name, head, body, known in tx.execute(
            f"SELECT id, head, body, duplicate_of FROM mails JOIN raws ON raws.mail = seq WHERE id IN ({marks})",  # noqa: S608 - marks only
            some,
        ):
            found[name] = decode_mail(head, packer.unpack(body), known)
    return tuple(found[one] for one in ids if one in found)


def newest(tx: sqlite3.Connection, limit: int) -> tuple[MailId, ...]:
    """Ids of the newest arrivals, newest first."""
    return tuple(MailId(row[0]) for row in tx.execute("SELECT id FROM mails ORDER BY seq DESC LIMIT ?", (limit,)))


def _duplicates(tx: sqlite3.Connection, arriving: Sequence[Arriving]) -> list[MailId | None]:
    """For each mail the earlier one that it repeats: in the store, or before it in this very group."""
    seen: dict[bytes, tuple[MailId, float]] = {}
    keys = [_key(one.print, era) for one in arriving if one.print for era in _eras(one.mail)]
    if keys:
        for fingerprint, mail_id, received_at in tx.execute(_SEEN, (id_list(keys),)):
            if fingerprint not in seen or received_at > seen[fingerprint][1]:
                seen[fingerprint] = MailId(mail_id), received_at
    found: list[MailId | None] = []
    for one in arriving:
        known = seen.get(one.print) if one.print else None
        if known is not None and one.mail.received_at - known[1] < DUPLICATE_SECONDS:
            found.append(known[0])
        else:
            found.append(None)
            if one.print:
                seen[one.print] = one.mail.id, one.mail.received_at
    return found


def _kept(mail: Mail, known: MailId | None) -> Mail:
    return mail if mail.duplicate_of == known else replace(mail, duplicate_of=known)


def _print(mail: Mail) -> bytes:
    """What makes two mails the same, in 16 bytes; empty where nothing does.

    A mail without Message-ID never is: forms and scripts send equal words that mean new things.
    """
    if not mail.message_id or not mail.digest:
        return b""
    envelope = mail.envelope
    rcpts = envelope.rcpt_to if len(envelope.rcpt_to) == 1 else sorted(set(envelope.rcpt_to))
    # Each part with its length: no two different mails give the same text.
    whole = "".join([f"{len(part)}:{part}" for part in (mail.message_id, envelope.mail_from, mail.brand, *rcpts)])
    return blake2b(mail.digest + whole.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _eras(mail: Mail) -> tuple[int, int]:
    """The five days before and those of a mail: where an equal one may be."""
    era = era_of(mail.received_at)
    return era - 1, era


def era_of(at: float) -> int:
    """Which five days a time is in."""
    return int(at // DUPLICATE_SECONDS)


def prints_of(at: float) -> tuple[int, int]:
    """Where the prints of mails of these five days begin, and where they end."""
    return era_of(at) << 50, (era_of(at) + 1) << 50


def _key(fingerprint: bytes, era: int) -> int:
    """A print's place: eras apart, so that forgetting is a range. Where two prints meet, the newer is known again."""
    return (era << 50) | (int.from_bytes(fingerprint[:8], "big") >> 14)
