"""What judges by the words, and what it learns from."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from postroom.decide.folding import Folded
from postroom.model.example import Example, ExampleId
from postroom.model.judgement import Opinion
from postroom.model.mail import RouteName
from postroom.model.memory import Remember
from postroom.model.message import Message


class Examples(Protocol):
    """Labelled mail to learn from. Every call raises `TryLater`."""

    def keep_examples(self, examples: Sequence[Example], remember: Sequence[Remember] = ()) -> int:
        """Keep examples, and what they add to the memory of threads and senders, in one durable transaction.

        How many are new. One with the id of an earlier one takes its place, so it may be called again; memory is written
        as it is given: leave out what `known_examples` already knows. Meant for before going live: what a worker
        remembers of the same sender at the same moment may be lost, or overwrite this.
        """
        ...

    def known_examples(self, ids: Collection[ExampleId]) -> frozenset[ExampleId]:
        """Which of these there are."""
        ...

    def examples(self, after: Example | None = None, limit: int = 1000) -> tuple[Example, ...]:
        """Oldest first by time and id, those that come after one in that order: for reading them all, a page at a time."""
        ...

    def count_examples(self) -> Mapping[RouteName, int]:
        """How many there are of each route."""
        ...

    def erase_examples(self, address: str) -> int:
        """Remove for good all of the customer with this address, in whatever case, in one durable transaction. How many."""
        ...


class Classifier(Protocol):
    """Judges by the words. Several classes, in batches; learned models plug in here."""

    @property
    def version(self) -> str:
        """Names the model, for the decision's record; ``""`` for none."""
        ...

    def classify(self, read: Sequence[tuple[Message, Folded]]) -> Sequence[Sequence[Opinion]]:
        """For each message, with its subject and new text folded, an opinion on each route that the model knows.

        Nothing where it has no opinion. Pure and total.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingText:
    """One text to learn from."""

    message: Message
    #: its subject and new text
    folded: Folded
    route: RouteName
    #: what it counts beside others; more than 0
    weight: float = 1.0
    #: texts of one group are never both learned from and tried on: a thread, a sender, near-duplicates; ``""`` for none
    group: str = ""


class Trainer(Protocol):
    """Makes models that a `Classifier` judges by."""

    def train(self, texts: Iterable[TrainingText]) -> bytes:
        """A model's file. The same texts in the same order give the same bytes; they are gone through once.

        Raises `Refused` for texts that nothing can be learned from.
        """
        ...

    def classifier(self, model: bytes) -> Classifier:
        """A classifier of what `train` returned."""
        ...
