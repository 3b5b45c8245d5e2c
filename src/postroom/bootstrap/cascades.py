"""The heavier model that may lie beside a model's file: whether it can be used here. Without it, the light one judges alone."""

from pathlib import Path

from postroom.adapters.classifier import kernel
from postroom.adapters.classifier.cascade import Cascade, Embedder
from postroom.adapters.classifier.extras import install
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import load
from postroom.model.errors import ConfigError
from postroom.ports import Observer

SUFFIX = ".heavy"


def heavier(path: Path) -> Path:
    """Where the heavier model of a model's file lies."""
    return path.with_name(path.name + SUFFIX)


def with_heavier(light: LinearClassifier, path: Path, observer: Observer | None = None) -> LinearClassifier | Cascade:
    """A model of a file, with the heavier one beside it if there is one and it can be used; else that is told."""
    if not heavier(path).exists():
        return light
    try:
        return _cascade(light, path, observer)
    except ConfigError as error:
        if observer is not None:
            observer.note("heavier-model-off", error=str(error))
        return light


def mistake(path: Path) -> str | None:
    """Why the heavier model beside a model's file can't be used; ``""`` if it can, None if there is none."""
    if not heavier(path).exists():
        return None
    try:
        _cascade(LinearClassifier(load(path)), path, None)
    except ConfigError as error:
        return str(error)
    return ""


def embedder() -> Embedder:
    """The encoder of texts. Raises `ConfigError` where the extra or the weights are missing."""
    try:
        from postroom.adapters.classifier.embedding import minilm  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(f"it needs {error.name}; run: {install('embed')}") from error
    return minilm()


def _cascade(light: LinearClassifier, path: Path, observer: Observer | None) -> Cascade:
    def failed(error: str) -> None:
        if observer is not None:
            observer.note("heavier-model-failed", error=error)

    return Cascade(light, kernel.load(heavier(path)), embedder(), failed)
