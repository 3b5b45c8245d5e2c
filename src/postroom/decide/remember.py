"""What a decision adds to memory, and memory with it: so that a later mail of a batch sees the earlier ones."""

from dataclasses import dataclass

from postroom.decide import history, threads
from postroom.model.judgement import Decision
from postroom.model.mail import Mail
from postroom.model.memory import Memory, Remember, ThreadRecord
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
        subject_key=found.subject_key,
        senders=history.extended(message, decision, memory, now),
    )


class Notebook:
    """Memory that grows with every decision: at any time what recalling again from a store that kept them would give."""

    def __init__(self, memory: Memory) -> None:
        self._threads, self._subjects = dict(memory.threads), dict(memory.subjects)
        self._senders = dict(memory.senders)
        #: thread -> the Message-IDs and the subjects that lead to it, or once did
        self._places: dict[str, tuple[set[str], set[str]]] = {}
        for which, table in enumerate((self._threads, self._subjects)):
            for key, thread in table.items():
                self._leading_to(thread)[which].add(key)
        #: seen through, not copied
        self.memory = Memory(threads=self._threads, subjects=self._subjects, senders=self._senders)

    def add(self, remember: Remember) -> None:
        """Write down what one decision adds; its thread is renewed wherever it stands."""
        self._senders.update((record.key, record) for record in remember.senders)
        thread = remember.thread
        if thread is None:
            return
        links, subjects = self._leading_to(thread)
        for table, keys in ((self._threads, links), (self._subjects, subjects)):
            table.update((key, thread) for key in keys if table[key].id == thread.id)
        links.update(remember.links)
        self._threads.update((link, thread) for link in remember.links)
        if remember.subject_key:
            subjects.add(remember.subject_key)
            self._subjects[remember.subject_key] = thread

    def _leading_to(self, thread: ThreadRecord) -> tuple[set[str], set[str]]:
        return self._places.setdefault(thread.id, (set(), set()))
