"""Structured logs on standard error: one line an event, bound to the mail's id, without bodies, subjects, addresses or secrets."""

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

from postroom.ports import EventName, Observer

Format = Literal["auto", "console", "json"]
Level = Literal["debug", "info", "warning", "error"]

_ADDRESS = re.compile(r"<?[^\s<>@]*@[^\s<>@]*>?")
_RANK = {"debug": 10, "info": 20, "warning": 30, "error": 40}

#: events that are more, or less, than ordinary news
LEVELS: dict[EventName, Level] = {
    "alerted": "warning",
    "answer-bounced": "warning",
    "answer-failed": "error",
    "bounce-received": "warning",
    "certificate-loaded": "info",
    "connection-refused": "warning",
    "deadline-near": "warning",
    "deferred": "warning",
    "backtest-failed": "error",
    "erase-failed": "error",
    "heavier-model-failed": "warning",
    "heavier-model-off": "warning",
    "hook-given-up": "error",
    "lane-down": "error",
    "lane-up": "warning",
    "loop-stopped": "warning",
    "learn-failed": "error",
    "model-refused": "error",
    "opinion-asked": "debug",
    "opinion-heard": "debug",
    "opinion-paused": "warning",
    "parked": "error",
    "parking-halted": "error",
    "refused": "info",
    "review-expired": "warning",
    "rules-refused": "error",
    "status-asked": "debug",
    "status-failed": "warning",
    "store-trouble": "error",
    "urgent-unheard": "warning",
    "urgent-waits": "error",
    "watch-failed": "error",
    "weights-refused": "error",
    "worker-died": "error",
    "worker-failed": "error",
}


class LogObserver:
    """Writes events as log lines."""

    def __init__(
        self, *, form: Format = "auto", level: Level = "info", process: str = "", addresses: bool = False
    ) -> None:
        console = form == "console" or (form == "auto" and sys.stderr.isatty())
        self._line = _for_people() if console else _as_json
        self._least = _RANK[level]
        self._addresses = addresses
        self._bound = {"process": process} if process else {}

    def note(self, event: EventName, mail_id: str = "", **facts: str | int | float | bool) -> None:
        """Write one line. Never raises: a log that can't be written must not stop a mail."""
        level = LEVELS.get(event, "info")
        if _RANK[level] < self._least:
            return
        if not self._addresses:
            facts = {name: _without_addresses(fact) for name, fact in facts.items()}
        line = {**self._bound, "level": level, **({"mail": mail_id} if mail_id else {}), **facts, "event": event}
        try:
            # In one piece: several processes write to one file.
            sys.stderr.write(self._line(line) + "\n")
        except (OSError, ValueError):
            return


def _without_addresses(fact: str | float | bool) -> str | float | bool:
    """What another server said may name a customer."""
    return _ADDRESS.sub("<address>", fact) if isinstance(fact, str) and "@" in fact else fact


# Escapes whatever is not ASCII: what a server said may stand in a line, and could command a terminal.
_ENCODE = json.JSONEncoder(default=str).encode


def _now() -> str:
    return f"{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z"


def _as_json(line: dict[str, Any]) -> str:
    """For machines; by hand, because a line a mail through a logging library costs five times as much."""
    line["timestamp"] = _now()
    return _ENCODE(line)


def _for_people() -> "Callable[[dict[str, Any]], str]":
    from structlog.dev import ConsoleRenderer  # noqa: PLC0415 -- half a second that nobody needs who logs JSON

    render = ConsoleRenderer(colors=sys.stderr.isatty())

    def line(facts: dict[str, Any]) -> str:
        """Without characters that command a terminal."""
        plain = {
            name: "".join(c if c.isprintable() else " " for c in value) if isinstance(value, str) else value
            for name, value in facts.items()
        }
        return str(render(None, "", plain | {"timestamp": _now()}))

    return line


class Observers:
    """Tells several observers in turn."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def note(self, event: EventName, mail_id: str = "", **facts: str | int | float | bool) -> None:
        """Tell each of them."""
        for observer in self._observers:
            observer.note(event, mail_id, **facts)
