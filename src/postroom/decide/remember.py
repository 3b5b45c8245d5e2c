"""What a decision adds to memory, and memory with it: so that a later mail of a batch sees the earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.decide import history, texts, threads
from postroom.decide.folding import fold
from postroom.model.judgement import AUTOMATIC, Decision, Verdict
from postroom.model.mail import Mail, RouteName
from postroom.model.memory import Memory, Remember, TextRecord, ThreadRecord
from postroom.model.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What to recall before judging."""

    message_ids: tuple[str, ...]
    #: ``""`` for none
    subject_key: str
    senders: tuple[str, ...]
    #: only for a person's word: for judging, they are worked out when any text is remembered (`decide.texts.keys`)
    texts: tuple[int, ...] = ()


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
    senders, domain = history.extended(message, decision, memory, now), history.of_domain(message, decision, now)
    if record is None:
        return Remember(senders=senders, domain=domain)
    known = memory.threads.get(message.message_id)
    free = message.message_id and (known is None or known.id == record.id)
    return Remember(
        thread=record,
        links=(message.message_id,) if free else (),
        subject_key=found.subject_key,
        senders=senders,
        domain=domain,
    )


def word_given(
    message: Message, mail: Mail, verdict: Verdict, decisions: Sequence[Decision], memory: Memory
) -> Remember:
    """What a person's word adds: the thread is there for certain, the mail counts there for its sender, its text is known.

    ``decisions`` are all on the mail so far. That a mail is automatic says nothing of its thread, or of its text from
    another's hands; one that belongs to two desks says nothing of texts like it.
    """
    counted = _counted(decisions)
    senders = history.moved(message, counted, verdict.said, decisions[0].decided_at, memory, verdict.at)
    if verdict.said == AUTOMATIC:
        return Remember(senders=senders, forget=(mail.id,))
    thread = threads.own(message, mail, memory)
    confirmed = threads.confirmed(thread, verdict.said) if thread is not None else None
    if verdict.also:
        return Remember(thread=confirmed, senders=senders, forget=(mail.id,))
    record = _text(message, mail, verdict)
    return Remember(
        thread=confirmed,
        senders=senders,
        texts=(record,) if record.keys else (),
        forget=texts.outdated(record, memory.known_by(record.keys), verdict.at),
    )


def word_taken_back(
    message: Message,
    mail: Mail,
    verdict: Verdict,
    decisions: Sequence[Decision],
    standing: Verdict | None,
    memory: Memory,
) -> Remember:
    """What goes again with a person's word, as far as nobody has built on it since.

    ``decisions`` are those up to the one that it judged, ``standing`` is the word that this one was, if it was one. A thread
    with later mail stays where it is. Texts that the word made outdated do not come back.
    """
    at = verdict.at if verdict.taken_back is None else verdict.taken_back.at
    before = standing if standing is not None and standing.said != AUTOMATIC else None
    senders = history.moved_back(
        message, verdict.said, decisions[0], _counted(decisions), memory, at, by_a_person=before is not None
    )
    text = None if before is None or before.also else _text(message, mail, before)
    thread = None if verdict.said == AUTOMATIC else threads.own(message, mail, memory)
    if thread is not None:
        said = None if before is None else before.said
        thread = threads.unconfirmed(thread, mail, verdict.said, decisions[0], said)
    return Remember(
        thread=thread, senders=senders, texts=(text,) if text is not None and text.keys else (), forget=(mail.id,)
    )


def _counted(decisions: Sequence[Decision]) -> RouteName:
    """Where the mail counts for its sender: that review's clock sent it on counts for nothing."""
    return next((one for one in reversed(decisions) if not one.unconfirmed), decisions[-1]).route


def _text(message: Message, mail: Mail, verdict: Verdict) -> TextRecord:
    words = texts.words(fold(message.subject, message.new_text))
    return TextRecord(
        mail_id=mail.id,
        keys=texts.keys(words),
        sketch=texts.sketch(words),
        route=verdict.said,
        by=verdict.by.casefold(),
        sender=texts.sender_of(message),
        at=verdict.at,
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
        self.memory = Memory(threads=self._threads, subjects=self._subjects, senders=self._senders, texts=memory.texts)

    def add(self, remember: Remember) -> None:
        """Write down what one decision adds; its thread is renewed wherever it stands."""
        self._senders.update((record.key, record) for record in remember.senders)
        if remember.domain is not None:
            key = remember.domain.key
            self._senders[key] = history.grown(self._senders.get(key), remember.domain)
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
