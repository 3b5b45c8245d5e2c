"""Where answers are kept until they are sent, and who sends them."""

from collections.abc import Collection
from typing import Protocol

from postroom.model.mail import MailId
from postroom.model.people import Deed, Sight
from postroom.model.replies import Reply, ReplyId, ReplyState


class Replies(Protocol):
    """Answers as people see and change them. Every change is durable on return; every call raises `TryLater`."""

    def put(self, reply: Reply, deed: Deed, *, after: ReplyId | str) -> None:
        """Keep an answer that is to be sent, its deed, and that whoever answers it goes on with the mail's thread.

        ``after`` is the newest of people's answers to the mail that its writer had seen, ``""`` for none. Raises `Refused`
        when there is a newer one, or the mail is gone: then nothing has changed.
        """
        ...

    def reply(self, reply_id: ReplyId) -> Reply | None:
        """One answer with its bytes; None when there is none."""
        ...

    def of_mails(self, ids: Collection[MailId]) -> dict[MailId, tuple[Reply, ...]]:
        """All answers to these mails, oldest first, without their bytes; mails without any are left out."""
        ...

    def newest(self, ids: Collection[MailId]) -> dict[MailId, Reply]:
        """Of each of these mails that a person answered, the newest answer that was not taken back, without its words."""
        ...

    def aside(self, *, after: str = "", limit: int = 200) -> tuple[Reply, ...]:
        """Answers that could not be sent, oldest first, without their bytes; those after one if it is named."""
        ...

    def used(self, since: float, sight: Sight) -> dict[str, int]:
        """Template -> how many answers began as it since then and were not taken back, to mails that the reader may see."""
        ...

    def withdraw(self, reply_id: ReplyId, deed: Deed, *, reason: str = "") -> bool:
        """Take back an answer that waits, or give up on one that failed. False when it is too late: nothing has changed."""
        ...

    def again(self, reply_id: ReplyId, deed: Deed) -> bool:
        """Send one that failed after all, at once and with fresh patience. False when it did not fail."""
        ...


class Outbox(Protocol):
    """Answers as workers send them. Every change is durable on return; every call raises `TryLater`."""

    def take(self, now: float, *, lease: float, limit: int) -> tuple[Reply, ...]:
        """Answers that are due, with their bytes, those due longest first; nobody else gets them for ``lease`` seconds."""
        ...

    def settle(self, reply: Reply, state: ReplyState, *, at: float, due_at: float, said: str) -> None:
        """What came of sending one that was taken. Does nothing when somebody else has taken it since.

        One of a person that was sent is the first answer to its mail, if that was still to be answered.
        """
        ...

    def bounced(self, reply_id: ReplyId, brand: str, said: str, at: float) -> bool:
        """A bounce says that an answer of this brand did not arrive. Whether there is such an answer that was sent.

        It may be faster than the settling: what is being sent then stays as the bounce left it.
        """
        ...

    def untold(self, limit: int) -> tuple[Reply, ...]:
        """Answers that were sent and whose case was not told, oldest first, without their bytes."""
        ...

    def told(self, reply_id: ReplyId) -> None:
        """Its case knows of it."""
        ...


class Sender(Protocol):
    """Hands answers to a mail server."""

    @property
    def longest(self) -> float:
        """Seconds after which `send` is over, however slowly a server takes each step: what it may still hand over by then."""
        ...

    def send(self, reply: Reply) -> str:
        """Returns what the server said once it has taken the answer. May be called again with the same.

        Raises `TryLater` (with ``lane_down`` when the server itself is unwell) and `GiveUp`.
        """
        ...

    def check(self) -> str:
        """Try the connection without sending anything: a sentence for people. Raises `TryLater`."""
        ...

    def close(self) -> None:
        """Let go of connections. Idempotent."""
        ...
