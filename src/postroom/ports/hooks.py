"""What outgoing webhooks need: an outbox that fills by itself, calls worked off from it, and somebody who makes them."""

from collections.abc import Collection, Sequence
from typing import Protocol

from postroom.model.hooks import Attempt, CallId, CallState, Happening, HookCall, HookName, NewCall
from postroom.model.people import Deed


class Hooks(Protocol):
    """The outbox and the log of webhooks. Every call is durable on return and raises `TryLater`."""

    def set_up(self, names: Collection[HookName]) -> None:
        """These are the hooks from now on. While there is none, nothing is noted; what waits for others is given up."""
        ...

    def happened(self, limit: int) -> tuple[Happening, ...]:
        """What was noted and not spread yet, oldest first. Decisions and verdicts note themselves, in their transactions."""
        ...

    def spread(self, seen: Sequence[Happening], calls: Sequence[NewCall], now: float) -> None:
        """Put the calls that follow from what was seen, and forget that; also calls settled thirty days ago."""
        ...

    def take(self, hook: HookName, now: float, *, lease: float, limit: int) -> tuple[HookCall, ...]:
        """Calls of a hook that are due, oldest first; nobody else gets them for ``lease`` seconds."""
        ...

    def settle(self, call: HookCall, attempt: Attempt, state: CallState, due_at: float) -> None:
        """A try was made: note it, and what the call is now. A call that was replayed meanwhile stays as that left it."""
        ...

    def calls(
        self, *, hook: str = "", state: CallState | None = None, before: int = 0, limit: int = 100
    ) -> tuple[HookCall, ...]:
        """The log, newest first, of ids below ``before`` (0: from the newest on), with all attempts."""
        ...

    def counts(self) -> dict[HookName, dict[CallState, int]]:
        """How many calls of each hook are in which state."""
        ...

    def replay(self, ids: Collection[CallId], deed: Deed) -> int:
        """Make these calls again, at once and with fresh patience, whatever their state. How many there are.

        Of one or more of them a line is kept, with how many there were as its detail.
        """
        ...


class Caller(Protocol):
    """Calls the other side of one hook."""

    def call(self, key: str, body: bytes) -> str:
        """Post a body of JSON, signed; returns what the other side said once it has taken it.

        Raises `TryLater`, with the pause that it asked for, and `GiveUp`. May be called again with the same key.
        """
        ...
