"""Structured logs on standard error: one line an event, bound to the mail's id, without bodies, subjects, addresses or secrets."""

import sys
from typing import Literal

import structlog

from postroom.ports import EventName, Observer

Format = Literal["auto", "console", "json"]
Level = Literal["debug", "info", "warning", "error"]

_RANK = {"debug": 10, "info": 20, "warning": 30, "error": 40}

#: events that are more, or less, than ordinary news
LEVELS: dict[EventName, Level] = {
    "alerted": "warning",
    "bounce-received": "warning",
    "certificate-loaded": "info",
    "connection-refused": "warning",
    "deferred": "warning",
    "lane-down": "error",
    "lane-up": "warning",
    "loop-stopped": "warning",
    "parked": "error",
    "parking-halted": "error",
    "refused": "info",
    "review-expired": "warning",
    "rules-refused": "error",
    "store-trouble": "error",
    "worker-died": "error",
}


class LogObserver:
    """Writes events as log lines."""

    def __init__(self, *, form: Format = "auto", level: Level = "info", process: str = "") -> None:
        console = form == "console" or (form == "auto" and sys.stderr.isatty())
        renderers: list[structlog.typing.Processor] = (
            [_plain, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
            if console
            else [structlog.processors.JSONRenderer(sort_keys=False)]
        )
        self._least = _RANK[level]
        self._log = structlog.wrap_logger(
            structlog.WriteLogger(file=sys.stderr),  # a line in one piece: several processes write to one file
            processors=[structlog.processors.TimeStamper(fmt="iso", utc=True), *renderers],
        ).bind(**({"process": process} if process else {}))

    def note(self, event: EventName, mail_id: str = "", **facts: str | int | float | bool) -> None:
        """Write one line. Never raises: a log that can't be written must not stop a mail."""
        level = LEVELS.get(event, "info")
        if _RANK[level] < self._least:
            return
        named = {"mail": mail_id, **facts} if mail_id else facts
        try:
            self._log.info(event, level=level, **named)
        except (OSError, ValueError):
            return


def _plain(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Facts without characters that command a terminal: what a server said may stand in them. JSON escapes them anyway."""
    return {
        name: "".join(c if c.isprintable() else " " for c in value) if isinstance(value, str) else value
        for name, value in event.items()
    }


class Observers:
    """Tells several observers in turn."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def note(self, event: EventName, mail_id: str = "", **facts: str | int | float | bool) -> None:
        """Tell each of them."""
        for observer in self._observers:
            observer.note(event, mail_id, **facts)
