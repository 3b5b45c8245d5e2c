"""Sending answers, and hearing what became of them: from the outbox to a server, to the case, and back as a bounce."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from postroom.flow.retry import Patience, next_attempt, next_probe
from postroom.model.errors import GiveUp, Refused, TryLater
from postroom.model.mail import BrandName, Mail
from postroom.model.marks import read_reply_message_id
from postroom.model.message import Message
from postroom.model.replies import Reply, ReplyId, ReplyState
from postroom.ports import Observer
from postroom.ports.replies import Outbox, Sender
from postroom.understand.returned import returned_ids

_AT_ONCE: Final = 20
_TRIES_TO_TELL: Final = 3
_MARGIN: Final = 30.0
"""Seconds that keeping what came of an answer may take, beside the sending."""


@dataclass(slots=True, kw_only=True)
class Sending:
    """Sends what is due. One thread does."""

    outbox: Outbox
    sender: Sender
    #: (answer): its case is told that it was sent. Raises `Refused` when the case was changed at the same moment
    tell: Callable[[Reply], None]
    observer: Observer
    patience: Patience
    clock: Callable[[], float]
    random: Callable[[], float]
    #: is told of bugs
    failed: Callable[[Exception], None]
    _failures: int = field(default=0, init=False)
    _rests_until: float = field(default=0.0, init=False)

    @property
    def lease(self) -> float:
        """Seconds after which an answer that was taken and not settled is sent again: its process has died, as no sending takes so long."""
        return self.sender.longest + _MARGIN

    def turn(self) -> bool:
        """Send the answer that is due longest, and tell cases of those sent. Whether there may be more. Raises `TryLater`."""
        busy = self._tell()
        now = self.clock()
        if now < self._rests_until:
            return busy
        taken = self.outbox.take(now, lease=self.lease, limit=1)
        for reply in taken:
            self._send(reply)
        return busy or bool(taken)

    def _send(self, reply: Reply) -> None:
        try:
            said = self.sender.send(reply)
        except TryLater as error:
            self._failures = self._failures + 1 if error.lane_down else 0
            if error.lane_down:
                now = self.clock()
                self._rests_until = next_probe(self._failures, now, self.patience, self.random, asked=error.after)
            self._again(reply, error)
        except GiveUp as error:
            self._failures = 0
            self._settle(reply, "failed", str(error))
        except Exception as error:  # noqa: BLE001 - one answer that brings out a bug must not stop the others
            self.failed(error)
            self._settle(reply, "failed", "a bug in postroom: its log says where")
        else:
            self._failures = 0
            self._settle(reply, "sent", said)

    def _again(self, reply: Reply, error: TryLater) -> None:
        """An answer that was asked of a server that is down is not the worse for it, however long that lasts."""
        now, tries = self.clock(), reply.tries + 1
        too_old = tries >= self.patience.min_tries and now - reply.since > self.patience.max_age
        if too_old and not error.lane_down:
            self._settle(reply, "failed", str(error))
            return
        due = next_attempt(tries, now, self.patience, self.random, asked=error.after)
        self._settle(reply, "waiting", str(error), due)

    def _settle(self, reply: Reply, state: ReplyState, said: str, due_at: float = 0.0) -> None:
        now = self.clock()
        self.outbox.settle(reply, state, at=now, due_at=due_at, said=said)
        if state == "sent":
            self.observer.note("answer-sent", reply.mail_id, automatic=reply.automatic)
        elif state == "failed":
            self.observer.note("answer-failed", reply.mail_id)

    def _tell(self) -> bool:
        """Cases hear of answers that were sent; after a crash one may hear of it twice.

        Not of automatic ones: a person who waits for an answer is not answered by them.
        """
        untold = self.outbox.untold(_AT_ONCE)
        for reply in untold:
            for _ in range(0 if reply.automatic else _TRIES_TO_TELL):
                try:
                    self.tell(reply)
                except Refused:
                    continue
                break
            self.outbox.told(reply.id)
        return bool(untold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Knows our own answers again: come back to us whole, or as bounces."""

    outbox: Outbox
    #: that Message-IDs were made with
    key: bytes
    observer: Observer
    clock: Callable[[], float]

    def is_ours(self, mail: Mail) -> bool:
        """Whether this very mail is an answer of ours that goes in a circle."""
        return bool(read_reply_message_id(mail.message_id, self.key))

    def bounced(self, mail: Mail, message: Message) -> None:
        """Mark the answer that a bounce speaks of. No more comes of it: nobody can tell a bounce that is forged.

        It must name the Message-ID, which only the answer's way knows, and come to the same brand. Raises `TryLater`.
        """
        for one in returned_ids(mail.raw):
            reply_id = read_reply_message_id(one, self.key)
            if reply_id and self._mark(ReplyId(reply_id), mail.brand, message):
                self.observer.note("answer-bounced", mail.id)
                return

    def _mark(self, reply_id: ReplyId, brand: BrandName, message: Message) -> bool:
        who = message.failed_recipient or "the recipient"
        said = f"a bounce says that {who} was not reached: {message.kind_reason}"
        return self.outbox.bounced(reply_id, brand, said, self.clock())
