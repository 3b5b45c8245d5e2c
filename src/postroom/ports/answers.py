"""Answers that are given again: a call whose answer was lost on the way may be repeated and is done once."""

from dataclasses import dataclass
from typing import Final, Protocol

MOST_BYTES: Final = 100_000_000
"""So much is kept of the answers to one caller; one that is under way may go beyond."""

FORGOTTEN: Final = 1
"""The status of an answer that was forgotten when somebody was erased: it may have held their mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of a call with this key."""

    #: of the request (SHA-256)
    digest: bytes
    #: HTTP status of its answer; 0 while it is under way, `FORGOTTEN` where that is all that is known of it
    status: int
    #: of its answer
    body: bytes


class Answers(Protocol):
    """Calls by their idempotency keys. Every call is durable on return and raises `TryLater`."""

    def begin(self, key: bytes, digest: bytes, now: float, *, owner: bytes = b"") -> Kept | None:
        """A call of ``owner`` begins, unless one of this key is known: that is returned, and nothing has changed.

        Raises `Refused` when as much is kept of the owner's answers as may be: then it has not begun.

        A call is known for a day. One that is under way for more than a minute counts as lost with its process: it may
        begin again. Who was erased meanwhile takes every answer along; that there was a call stays known.
        """
        ...

    def finish(self, key: bytes, status: int, body: bytes) -> None:
        """Its answer, to be given again. Nothing where the key is not known any more, or its answer was forgotten."""
        ...

    def forget(self, key: bytes) -> None:
        """It came to nothing: it may be tried again. Idempotent."""
        ...
