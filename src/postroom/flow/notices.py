"""Telling people by itself: that their mail came to the desk that decides, and how their case ended. Off unless a desk says so.

What there is to tell is noted by the store. `Noticing.turn` tells it or writes down why not: only people are told, whose
address is authenticated, each a few times a day at most, all together no more than so many an hour (RFC 3834).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from postroom.flow.answering import Answerable, Answering, Wish
from postroom.model.cases import Case, CaseNumber
from postroom.model.errors import Refused, TryLater
from postroom.model.judgement import Decision
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.message import Message
from postroom.model.notices import Notice, NoticeKind
from postroom.model.people import ALL
from postroom.model.replies import Reply
from postroom.ports import Store
from postroom.ports.cases import Cases
from postroom.ports.notices import Notices

_DAY: Final = 86_400.0
_HOUR: Final = 3_600.0
_AT_ONCE: Final = 50
_LEASE: Final = 600.0
"""Seconds after which a notice that was taken and not settled is taken again: its process has died."""
MOST_A_DAY: Final[Mapping[NoticeKind, int]] = {"received": 1, "outcome": 5}
"""So many automatic answers an address may have had in the last day, and gets another one of this kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What one desk tells: names of templates, ``""`` for nothing."""

    received: str = ""
    #: by how the case ended
    outcomes: Mapping[str, str]

    def template(self, kind: NoticeKind, outcome: str) -> str:
        """The one to use."""
        return self.received if kind == "received" else self.outcomes.get(outcome, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticing:
    """All that is told by itself."""

    notices: Notices
    answering: Answering
    store: Store
    cases: Cases
    read: Callable[[Mail], Message]
    #: of the desks that tell anything
    desks: Mapping[RouteName, Telling]
    #: seconds that it waits, so that what was a slip can be taken back
    wait: float
    most_an_hour: int
    #: seconds since the epoch
    clock: Callable[[], float]

    def watch(self) -> None:
        """From now on what these desks have to tell is noted. Raises `TryLater`."""
        received = [name for name, desk in self.desks.items() if desk.received]
        outcome = [name for name, desk in self.desks.items() if any(desk.outcomes.values())]
        self.notices.watch({"received": received, "outcome": outcome}, self.wait)

    def turn(self) -> bool:
        """Tell some of what is due. Whether there may be more that can be told now. Raises `TryLater`."""
        now = self.clock()
        left = self.most_an_hour - self.notices.told_to_all(now - _HOUR)
        if left <= 0:
            return False
        for _ in range(min(left, _AT_ONCE)):
            # One at a time: what stops us stops that one, which is given again when its lease is over.
            taken = self.notices.take(now, 1, lease=_LEASE)
            if not taken:
                return False
            self._tell(taken[0], now)
        return left > _AT_ONCE

    def _tell(self, one: Notice, now: float) -> None:
        try:
            if not (one.again and self._is_told(one)):
                to, wish = self._ready(one, now)
                self.answering.post(to, wish)
        except Refused as error:
            self.notices.settle(one.number, sent=False, said=str(error))
        except TryLater:
            raise
        except Exception:  # of this one alone, which is not tried for ever
            self.notices.settle(one.number, sent=False, said="a bug in postroom: its log says where")
            raise
        else:
            self.notices.settle(one.number, sent=True)

    def _is_told(self, one: Notice) -> bool:
        """Whether whoever took it before died after it had come into the outbox."""
        desks = self.desks.values()
        names = [
            name for desk in desks for name in ([desk.received] if one.kind == "received" else desk.outcomes.values())
        ]
        replies = self.answering.replies.of_mails([one.mail_id]).get(one.mail_id, ())
        return any(reply.automatic and reply.at >= one.at and reply.template in names for reply in replies)

    def preview(self, to: Answerable, kind: NoticeKind, outcome: str = "", reason: str = "") -> Reply:
        """What would be sent in answer to a mail, if it came to its desk now. Raises `Refused` with why nothing would be."""
        decision = _check(kind, to, to.mail.received_at)
        return self.answering.unsent(to, self._wish(kind, decision.route, to, outcome, reason))

    def check(self, to: Answerable, kind: NoticeKind, outcome: str = "", reason: str = "") -> None:
        """Raises `Refused` where `preview` does, without the work of writing the message."""
        decision = _check(kind, to, to.mail.received_at)
        self.answering.check_unsent(to, self._wish(kind, decision.route, to, outcome, reason))

    def _ready(self, one: Notice, now: float) -> tuple[Answerable, Wish]:
        """Whom to tell, and what. Raises `Refused` with why nobody is told."""
        case = self.cases.case(CaseNumber(one.case), ALL) if one.case else None
        to = self.answerable(one.mail_id, case)
        decision = _check(one.kind, to, now)
        if one.kind == "outcome" and (case is None or case.state != "decided"):
            raise Refused("the case was taken up again")
        if case is not None and (case.decided_at or 0.0) > one.at:
            raise Refused("the case was taken up again, and decided anew: that is told in its own time")
        # A mail that lies at two desks has a case at each.
        route = case.route if case else decision.route
        wish = self._wish(one.kind, route, to, case.outcome if case else "", case.reason if case else "")
        if one.kind == "outcome":  # whoever has answered already has said that it came, but not how it ended
            newest = self.answering.replies.newest([one.mail_id]).get(one.mail_id)
            wish = replace(wish, after=newest.id if newest else "")
        recipient = self.answering.unsent(to, wish).to
        if self.notices.told(recipient, now - _DAY) >= MOST_A_DAY[one.kind]:
            raise Refused("this address was written to by itself in the last day, as often as is allowed")
        return to, wish

    def answerable(self, mail_id: MailId, case: Case | None = None) -> Answerable:
        """A mail, read, with what an answer needs to know of it. Raises `Refused` when it is gone."""
        mails, decisions = self.store.read([mail_id]), self.store.decisions(mail_id)
        if not mails or not decisions:
            raise Refused("the mail is not there any more")
        found = case or self.cases.of_mail(mail_id, ALL)
        return Answerable(
            mail=mails[0],
            message=self.read(mails[0]),
            decision=decisions[-1],
            case=found.number if found else 0,
        )

    def _wish(self, kind: NoticeKind, route: RouteName, to: Answerable, outcome: str, reason: str) -> Wish:
        desk = self.desks.get(route)
        name = desk.template(kind, outcome) if desk is not None else ""
        if not name:
            raise Refused(f"{route} tells nobody of that")
        return self.answering.prepared(to, name, {"reason": reason})


def _check(kind: NoticeKind, to: Answerable, now: float) -> Decision:
    """The decision in force. Raises `Refused` for a mail that nobody is told of. Pure."""
    decision = to.decision
    assert decision is not None
    if decision.stage == "shadow":
        raise Refused(f"{decision.route} is in shadow for this mail")
    if kind == "outcome":
        return decision
    if decision.urgent:
        raise Refused("it is urgent: people answer that")
    if to.mail.duplicate_of:
        raise Refused("it came before")
    if to.message.in_reply_to or to.message.references:
        raise Refused("it is part of a conversation")
    if now - to.mail.received_at > _DAY:
        raise Refused("it is older than a day")
    return decision
