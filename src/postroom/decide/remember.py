"""What a decision adds to memory, and memory with it: so that a later mail of a batch sees the earlier ones."""

from collections.abc import Iterable
from dataclasses import dataclass

from postroom.decide import history, threads
from postroom.model.judgement import Decision
from postroom.model.mail import Mail
from postroom.model.memory import Memory, Remember
from postroom.model.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What to recall before judging."""

    message_ids: tuple[str, ...]
    #: ``""`` for none
    subject_key: str
    senders: tuple[str, ...]


def keys(message: Message, mail: Mail) -> Keys:
    """The keys under which memory may know this mail's thread and sender."""
    return Keys(
        message_ids=threads.message_ids(message),
        subject_key=threads.subject_key(message, mail),
        senders=history.keys(message),
    )


def remember(
    message: Message, mail: Mail, decision: Decision, found: threads.Found, memory: Memory, now: float
) -> Remember:
    """What this decision adds: thread, its links, and the sender's records. Nothing for strangers.

    A Message-ID that already leads to another thread is not taken over: it may be forged.
    """
    record = threads.extended(found, message, mail, decision)
    if record is None:
        return Remember(senders=history.extended(message, decision, memory, now))
    known = memory.threads.get(message.message_id)
    free = message.message_id and (known is None or known.id == record.id)
    return Remember(
        thread=record,
        links=(message.message_id,) if free else (),
        subject_key=threads.subject_key(message, mail),
        senders=history.extended(message, decision, memory, now),
    )


def fold(memory: Memory, remember: Remember) -> Memory:
    """Memory after one decision: equal to recalling again from a store that kept it."""
    return fold_all(memory, (remember,))


def fold_all(memory: Memory, added: Iterable[Remember]) -> Memory:
    """Memory after several decisions, in order."""
    by_id, subjects, senders = dict(memory.threads), dict(memory.subjects), dict(memory.senders)
    for one in added:
        if one.thread is not None:
            thread = one.thread
            for table in (by_id, subjects):
                table.update({key: thread for key, known in table.items() if known.id == thread.id})
            by_id.update(dict.fromkeys(one.links, thread))
            if one.subject_key:
                subjects[one.subject_key] = thread
        senders.update({record.key: record for record in one.senders})
    return Memory(threads=by_id, subjects=subjects, senders=senders)
