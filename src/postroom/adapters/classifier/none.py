"""The classifier of an installation without a learned model: it has no opinion."""

from collections.abc import Sequence

from postroom.decide.folding import Folded
from postroom.model.judgement import Opinion
from postroom.model.message import Message


class NoClassifier:
    """Says nothing about any mail; rules, phrases, threads and history decide."""

    @property
    def version(self) -> str:
        """Empty: there is no model."""
        return ""

    def classify(self, read: Sequence[tuple[Message, Folded]]) -> Sequence[Sequence[Opinion]]:
        """No opinion on each message."""
        return [()] * len(read)
