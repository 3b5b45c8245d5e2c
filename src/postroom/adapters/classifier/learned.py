"""The classifier that follows the registry: another model in force judges from the next batch on, without a restart."""

from collections.abc import Callable, Sequence

from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.registry import SHIPPED, Registry
from postroom.decide.folding import Folded
from postroom.model.errors import ConfigError
from postroom.model.judgement import Opinion
from postroom.model.message import Message
from postroom.ports import Classifier, Observer


class LearnedClassifier:
    """Judges by the model in force. It changes only when a batch begins, so one batch has one model."""

    def __init__(self, registry: Registry, shipped: Callable[[], Classifier], observer: Callable[[], Observer]) -> None:
        self._registry = registry
        self._shipped = shipped
        self._observer = observer
        self._stamp = registry.stamp()
        self._mind = self._chosen() or shipped()

    @property
    def version(self) -> str:
        """Of the model that the last batch was judged by, or the next will be."""
        return self._mind.version

    @property
    def mind(self) -> Classifier:
        """The model of the last batch, or of the next."""
        return self._mind

    def classify(self, read: Sequence[tuple[Message, Folded]]) -> Sequence[Sequence[Opinion]]:
        """What the model in force says."""
        stamp = self._registry.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            if (chosen := self._chosen()) is not None:
                self._mind = chosen
                self._observer().note("model-loaded", model=chosen.version)
        return self._mind.classify(read)

    def _chosen(self) -> Classifier | None:
        """The model in force; None when it can't be used, which is told."""
        try:
            version = self._registry.current
            return self._shipped() if version == SHIPPED else LinearClassifier(self._registry.load(version))
        except ConfigError as error:
            self._observer().note("model-refused", error=str(error)[:500])
            return None
