"""Where mails would go: judged as the workers judge, with nothing kept and nothing delivered."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from postroom.decide.remember import Notebook
from postroom.flow.recollection import Recalls
from postroom.flow.sitting import Judges
from postroom.model.judgement import Decision
from postroom.model.mail import Mail
from postroom.model.memory import Memory
from postroom.model.message import Message


class Preview:
    """Decides batch after batch. What it decides it remembers for the mails that follow, in memory alone."""

    def __init__(self, judges: Judges, store: Recalls | None, *, text_only: bool = False) -> None:
        self._judges = judges
        self._store = store
        self._text_only = text_only
        self._notebook = Notebook(Memory())

    def decisions(self, batch: Sequence[tuple[Mail, Message]]) -> Iterator[Decision]:
        """A decision for each mail, in order, as of its Date: files tell of the past. Raises `TryLater`."""
        if self._text_only:
            yield from self._judges.by_words(batch)
            return
        sitting = self._judges.sit(self, batch)
        for number, (mail, message) in enumerate(batch):
            decision, remember = sitting.decide(number, message.date or mail.received_at)
            self._notebook.add(remember)
            yield decision

    def recall(
        self,
        message_ids: Iterable[str],
        subject_keys: Iterable[str],
        senders: Iterable[str],
        texts: Callable[[], Collection[int]],
    ) -> Memory:
        """What the mails before this batch, and the store, remember under these keys."""
        wanted = (tuple(message_ids), tuple(subject_keys), tuple(senders))
        stored = self._store.recall(*wanted, texts) if self._store is not None else Memory()
        mine = self._notebook.memory
        ids, subjects, known = mine.threads, mine.subjects, mine.senders
        return Memory(
            threads={**stored.threads, **{key: ids[key] for key in wanted[0] if key in ids}},
            subjects={**stored.subjects, **{key: subjects[key] for key in wanted[1] if key in subjects}},
            senders={**stored.senders, **{key: known[key] for key in wanted[2] if key in known}},
            texts=stored.texts,
        )
