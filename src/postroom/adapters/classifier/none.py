"""The classifier of an installation without a learned model: it has no opinion."""

from collections.abc import Sequence

from postroom.model.mail import RouteName
from postroom.model.message import Message


class NoClassifier:
    """Says nothing about any mail; rules, phrases, threads and history decide."""

    @property
    def version(self) -> str:
        """Empty: there is no model."""
        return ""

    def classify(self, messages: Sequence[Message]) -> Sequence[Sequence[tuple[RouteName, float]]]:
        """No opinion on each message."""
        return [()] * len(messages)
