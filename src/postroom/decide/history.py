"""What authenticated senders wrote before: counts by route that fade, and nothing for anybody who is not authenticated."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from postroom.decide.publicmail import PUBLIC_PROVIDERS
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW, Decision, SenderHistory
from postroom.model.mail import RouteName
from postroom.model.memory import DomainMail, Memory, SenderRecord, ThreadRecord
from postroom.model.message import Message

HALF_LIFE = 90 * 86_400.0
"""Seconds after which a mail counts half."""

OPEN_FOR = 14 * 86_400.0
_HOUR = 3_600.0
_MAX_RECENT = 50
_FADED = 0.01


def keys(message: Message) -> tuple[str, ...]:
    """What is remembered of its sender: ``a:`` the address, ``d:`` its domain unless that is a public provider's.

    Empty for a sender who is not authenticated, or whose mail another passed on.
    """
    sender = message.trusted_sender.lower()
    if not sender:
        return ()
    domain = sender.rpartition("@")[2] if "@" in sender else ""
    return (f"a:{sender}",) if not domain or is_public(domain) else (f"a:{sender}", f"d:{domain}")


def is_public(domain: str) -> bool:
    """Whether strangers share this domain, or the one above it: their mail says nothing of one another."""
    return domain in PUBLIC_PROVIDERS or ".".join(domain.split(".")[-2:]) in PUBLIC_PROVIDERS


def recall(message: Message, memory: Memory, now: float) -> SenderHistory:
    """The history of a mail's sender; `SenderHistory()` for one who is not authenticated or new."""
    known = [memory.senders.get(key) for key in keys(message)]
    if not known or known[0] is None:
        domain = known[1] if len(known) > 1 else None
        return SenderHistory(domain_counts=_counts(domain, now), confirmed=domain is not None and domain.confirmed)
    record = known[0]
    return SenderHistory(
        first_seen=record.first_seen,
        mails=record.mails,
        counts=_counts(record, now),
        last_route=record.last_route,
        last_at=record.last_at,
        newest=_by_name(_newest(record), record.counts),
        open_thread=_open_thread(memory.threads.values(), memory.subjects.values(), record.key[2:], now),
        burst=sum(0.0 <= now - at <= _HOUR for at in record.recent),
        domain_counts=_counts(known[1], now) if len(known) > 1 else (),
        confirmed=any(one.confirmed for one in known if one is not None),
    )


def extended(message: Message, decision: Decision, memory: Memory, now: float) -> tuple[SenderRecord, ...]:
    """The record of a mail's sender with this decision in it; empty for one who is not authenticated.

    Only mail that went to a desk counts for its route: what is in review may be a mistake.
    """
    if message.kind not in {"person", "none"}:
        return ()
    return tuple(_extend(memory.senders.get(key), key, decision.route, now) for key in keys(message)[:1])


def of_domain(message: Message, decision: Decision, now: float) -> DomainMail | None:
    """What this decision adds to the record of the sender's domain, if to any."""
    if message.kind not in {"person", "none"}:
        return None
    return next((DomainMail(key=key, route=decision.route, at=now) for key in keys(message)[1:]), None)


def grown(record: SenderRecord | None, mail: DomainMail) -> SenderRecord:
    """A domain's record with one more mail in it."""
    one_more = _extend(record, mail.key, mail.route, mail.at)
    return replace(one_more, confirmed=one_more.confirmed or mail.confirmed)


def moved(
    message: Message, was: RouteName, said: RouteName, decided_at: float, memory: Memory, now: float
) -> tuple[SenderRecord, ...]:
    """The records of a mail's sender after a person said where it belongs: it counts there, and where it went no more.

    A desk that a person gave it to also says that the sender is no impostor; review and junk end that. ``decided_at`` is
    when it began to count, seconds since the epoch.
    """
    return tuple(_move(memory.senders.get(key), key, was, said, decided_at, now) for key in keys(message))


def moved_back(
    message: Message,
    was: RouteName,
    first: Decision,
    counted: RouteName,
    memory: Memory,
    now: float,
    *,
    by_a_person: bool,
) -> tuple[SenderRecord, ...]:
    """The records of a mail's sender after it is taken back that it belongs in ``was``: it counts in ``counted`` again.

    ``first`` is the mail's first judgement, with what was known of its sender then; ``by_a_person`` says whether a person's
    word stands again. Mail that came since stays counted. A sender is not confirmed by it who was not before.
    """
    found = []
    for record in moved(message, was, counted, first.decided_at, memory, now):
        address = record.key.startswith("a:")
        back = _as_known(record, was, first) if address and was != counted else record
        if not by_a_person:
            known = memory.senders.get(record.key)
            believed = known is not None and known.confirmed
            if was != AUTOMATIC:
                believed = first.history.confirmed and (address or believed)
            back = replace(back, confirmed=believed)
        found.append(back)
    return tuple(found)


def _as_known(record: SenderRecord, was: RouteName, first: Decision) -> SenderRecord:
    """What counts do not say: where the last mail went, and the last at each route, unless there was another since."""
    before = first.history
    if record.last_route == was and record.last_at <= first.decided_at:
        record = replace(record, last_route=before.last_route or first.route)
    newest, known = dict(record.newest), dict(before.newest).get(was)
    if known is not None and newest.get(was) == first.decided_at:
        newest[was] = known
    return replace(record, newest=_by_name(newest, record.counts))


def _move(
    record: SenderRecord | None, key: str, was: RouteName, said: RouteName, decided_at: float, now: float
) -> SenderRecord:
    settled = said not in {REVIEW, JUNK, AUTOMATIC}
    if record is None:  # a mail that counted for nothing, e.g. taken for automatic
        return replace(_extend(None, key, said, now), confirmed=settled)
    worth = 0.5 ** (max(record.last_at - decided_at, 0.0) / HALF_LIFE)
    counts, newest = dict(record.counts), _newest(record)
    if was in counts:
        counts[was] = max(counts[was] - worth, 0.0)
    if settled:
        counts[said] = counts.get(said, 0.0) + worth
        newest[said] = max(newest.get(said, decided_at), decided_at)
    left = _left(counts)
    return replace(
        record,
        counts=left,
        last_route=said if settled and record.last_at <= decided_at else record.last_route,
        newest=_by_name(newest, left),
        confirmed=record.confirmed if said == AUTOMATIC else settled,
    )


def _extend(record: SenderRecord | None, key: str, route: RouteName, now: float) -> SenderRecord:
    settled = route not in {REVIEW, JUNK, AUTOMATIC}
    at = now if record is None else max(now, record.last_at)
    is_newest = record is None or now >= record.last_at
    counts, newest = dict(_counts(record, at)), _newest(record)
    if settled:
        counts[route] = counts.get(route, 0.0) + 0.5 ** ((at - now) / HALF_LIFE)
        newest[route] = max(newest.get(route, now), now)
    recent = sorted(one for one in (*(record.recent if record else ()), now) if at - one <= _HOUR)[-_MAX_RECENT:]
    left = _left(counts)
    return SenderRecord(
        key=key,
        first_seen=min(record.first_seen, now) if record else now,
        last_at=at,
        mails=record.mails + 1 if record else 1,
        counts=left,
        last_route=route if record is None or (settled and is_newest) else record.last_route,
        recent=tuple(recent),
        newest=_by_name(newest, left),
        confirmed=record is not None and record.confirmed,
    )


def _newest(record: SenderRecord | None) -> dict[RouteName, float]:
    """The newest mail at each route; of a record that does not say, the last one's."""
    return {} if record is None else dict(record.newest) or {record.last_route: record.last_at}


def _counts(record: SenderRecord | None, now: float) -> tuple[tuple[RouteName, float], ...]:
    """Counts as they are worth now, strongest first."""
    if record is None:
        return ()
    faded = 0.5 ** (max(now - record.last_at, 0.0) / HALF_LIFE)
    counts = [(route, count * faded) for route, count in record.counts if count * faded >= _FADED]
    return tuple(sorted(counts, key=lambda pair: (-pair[1], pair[0])))


def _left(counts: Mapping[RouteName, float]) -> tuple[tuple[RouteName, float], ...]:
    """Counts that have not faded, by name."""
    return tuple(sorted((route, count) for route, count in counts.items() if count >= _FADED))


def _by_name(
    newest: Mapping[RouteName, float], counts: Iterable[tuple[RouteName, float]]
) -> tuple[tuple[RouteName, float], ...]:
    """The newest mail at each route of these."""
    return tuple((route, newest[route]) for route, _ in counts if route in newest)


def _open_thread(
    threads: Iterable[ThreadRecord], subjects: Iterable[ThreadRecord], sender: str, now: float
) -> RouteName:
    """The route of this sender's newest thread of the last two weeks, among those recalled."""
    mine = [one for one in (*threads, *subjects) if sender in one.participants and 0.0 <= now - one.last_at <= OPEN_FOR]
    return max(mine, key=lambda one: one.last_at).route if mine else RouteName("")
