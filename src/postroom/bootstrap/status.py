"""Builds who knows the accounts from the settings."""

from pathlib import Path

from postroom.adapters.destination.guard import Guard
from postroom.adapters.observer.logs import LogObserver
from postroom.adapters.status.csvfile import CsvStatus
from postroom.adapters.status.endpoint import EndpointStatus
from postroom.adapters.status.none import NoStatus
from postroom.adapters.status.words import StateWords
from postroom.bootstrap.destinations import secret
from postroom.config.settings import Status
from postroom.model.errors import ConfigError
from postroom.ports import Observer, StatusProvider


def build_status(wanted: Status, base: Path, observer: Observer) -> StatusProvider:
    """The provider of these settings; relative paths start at ``base``. Raises `ConfigError`."""
    words = StateWords(wanted.states)
    match wanted.kind:
        case "none":
            return NoStatus()
        case "csv":
            return CsvStatus(base / wanted.file, words=words, observer=observer)
        case "http":
            return EndpointStatus(
                wanted.url,
                guard=Guard(allow=wanted.allow),
                token=_token(wanted.token_file, base),
                words=words,
                observer=observer,
                keep_seconds=wanted.cache_seconds,
                keep_most=wanted.cache_size,
                first_pause=wanted.pause_seconds,
            )


def mistake(wanted: Status, base: Path) -> str:
    """What is wrong with the settings that only building it shows, e.g. a token that can't be read; ``""`` when nothing is.

    The observer of this process is not touched: it may not be built before the server is ready.
    """
    try:
        build_status(wanted, base, LogObserver(level="error"))
    except ConfigError as error:
        return str(error)
    return ""


def _token(file: str, base: Path) -> str:
    if not file:
        return ""
    try:
        return secret(file, base).decode("ascii")
    except UnicodeDecodeError as error:
        raise ConfigError(f"the token in {base / file} must be ASCII") from error
