"""What is remembered around a batch of mails: recalled in one read, and kept up to date as the batch is judged."""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from postroom.decide import history, remember, texts, threads
from postroom.decide.folding import Folded
from postroom.model.judgement import Decision, Finding, SenderHistory
from postroom.model.mail import Mail, MailId
from postroom.model.memory import Memory, Remember
from postroom.model.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known around one mail."""

    found: threads.Found
    history: SenderHistory
    #: what people said of nearly the same text
    verdicts: tuple[Finding, ...] = ()


class Recalls(Protocol):
    """The one thing needed of a store."""

    def recall(
        self,
        message_ids: Sequence[str],
        subject_keys: Sequence[str],
        senders: Sequence[str],
        texts: Callable[[], Collection[int]],
    ) -> Memory:
        """As `ports.Judgements.recall`."""
        ...


class Recollection:
    """Memory for one batch: later mails see what earlier ones of the same batch decided."""

    def __init__(self, store: Recalls, batch: Sequence[tuple[Mail, Message]], folded: Sequence[Folded]) -> None:
        """One read for the whole batch; ``folded`` are its texts. Raises `TryLater`."""
        wanted = [remember.keys(message, mail) for mail, message in batch]
        self._batch = batch
        self._wanted = wanted
        self._folded = {mail.id: one for (mail, _), one in zip(batch, folded, strict=True)}
        #: the words of each text and the keys that they are found by, once the store has asked for them
        self._texts: dict[MailId, tuple[list[bytes], tuple[int, ...]]] = {}
        self._subjects = {mail.id: keys.subject_key for (mail, _), keys in zip(batch, wanted, strict=True)}
        self._notebook = remember.Notebook(
            store.recall(
                tuple({one for keys in wanted for one in keys.message_ids}),
                tuple({keys.subject_key for keys in wanted if keys.subject_key}),
                tuple({one for keys in wanted for one in keys.senders}),
                self._text_keys,
            )
        )

    def of(self, mail: Mail, message: Message, now: float) -> Context:
        """The thread and the sender of a mail of the batch, as far as its sender may be believed."""
        memory = self._notebook.memory
        return Context(
            found=threads.find(message, mail, memory, now, self._subjects[mail.id]),
            history=history.recall(message, memory, now),
            verdicts=self._said_of_its_like(mail, now) if memory.texts else (),
        )

    def has(self, mail: Mail, message: Message) -> bool:
        """Whether this very mail, from an authenticated sender, has been remembered before."""
        return threads.holding(message, mail, self._notebook.memory) is not None

    def _said_of_its_like(self, mail: Mail, now: float) -> tuple[Finding, ...]:
        words, keys = self._texts[mail.id]
        known = self._notebook.memory.known_by(keys)
        return texts.findings(words, known, now) if known else ()

    def _text_keys(self) -> Collection[int]:
        for mail_id, folded in self._folded.items():
            words = texts.words(folded)
            self._texts[mail_id] = words, texts.keys(words)
        return {key for _, keys in self._texts.values() for key in keys}

    def extend(self, mail: Mail, message: Message, decision: Decision, around: Context, now: float) -> Remember:
        """What this decision adds, which the next mail of the batch already sees."""
        added = remember.remember(message, mail, decision, around.found, self._notebook.memory, now)
        self._notebook.add(added)
        return added

    def families(self) -> list[int]:
        """For each mail of the batch the number of the first one that it shares a thread or a sender with, by any way round.

        What is decided of one mail is known to none outside its family.
        """
        return connected([self._ties(number) for number in range(len(self._batch))])

    def _ties(self, number: int) -> list[Hashable]:
        (mail, _), keys, memory = self._batch[number], self._wanted[number], self._notebook.memory
        found = [memory.threads.get(one) for one in keys.message_ids] + [memory.subjects.get(keys.subject_key)]
        named = {
            "thread": (mail.thread_key, *(record.id for record in found if record is not None)),
            "sender": (mail.sender_key, *keys.senders),
            "message": keys.message_ids,
            "subject": (keys.subject_key,),
        }
        return [(kind, key) for kind, some in named.items() for key in some if key]


def connected(ties: Sequence[Collection[Hashable]]) -> list[int]:
    """For each member the number of the first one that it is tied to, directly or through others."""
    first: dict[Hashable, int] = {}
    above = list(range(len(ties)))

    def top(number: int) -> int:
        while above[number] != number:
            number = above[number]
        return number

    for number, own in enumerate(ties):
        for tie in own:
            one, other = sorted((top(number), top(first.setdefault(tie, number))))
            above[other] = one
    return [top(number) for number in range(len(ties))]
