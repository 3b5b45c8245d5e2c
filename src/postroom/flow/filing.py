"""Which case a mail belongs to: opened, joined and left by itself, as decisions and verdicts come.

The store notes each mail that comes to a desk with cases or leaves one, in the transaction that says so; `Filing.catch_up`
works that off afterwards, in a process that judges nothing. Each mail is followed case by case, each in a transaction, and may be
followed again: after a crash it comes again, and what was done is not done twice. Nothing here decides a case.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from postroom.flow.casedesks import CaseDesks
from postroom.model.cases import Alike, Case, CaseChange, CaseEvent, CaseEventName, CaseMail, Due, Identity, Same
from postroom.model.errors import Refused, TryLater
from postroom.model.judgement import Decision
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.message import Message
from postroom.model.people import ALL, Deed, UserName
from postroom.ports.cases import Cases, Docket
from postroom.ports.mail import Arrivals, Judgements
from postroom.ports.people import Verdicts


class FiledIn(Cases, Docket, Protocol):
    """Where cases and what concerns them are kept."""


class Kept(Arrivals, Judgements, Verdicts, Protocol):
    """Where mails, decisions and verdicts are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """Puts mails into cases."""

    cases: FiledIn
    store: Kept
    #: bytes to a message; total
    read: Callable[[Mail], Message]
    desks: CaseDesks
    #: seconds since the epoch
    clock: Callable[[], float]
    #: is told of bugs
    failed: Callable[[Exception], None]

    def watch(self) -> None:
        """From now on mail of the desks with cases is noted. Raises `TryLater`."""
        self.cases.watch(tuple(self.desks.desks))

    def catch_up(self, limit: int = 100) -> int:
        """Follow so many of the mails that were noted, and set as many cases right whose clocks are reckoned otherwise now.

        How many of both there were. A mail that can't be followed does not stop the others. Raises `TryLater`.
        """
        noted = self.cases.due(limit)
        for due in noted:
            try:
                self._follow(due)
            except TryLater:
                raise
            except Refused:  # the case was changed at the same moment
                self.cases.put_off(due)
            except Exception as error:  # noqa: BLE001 - one bad mail never stops the others
                self.failed(error)
                self.cases.put_off(due)
        stale = self.cases.stale(self.desks.version, limit)
        for case in stale:
            with suppress(Refused):  # somebody changed it meanwhile, and it is right thereby
                self.cases.put(self.desks.change(case, self.clock()))
        return len(noted) + len(stale)

    def enter(
        self, mail: Mail, decision: Decision, route: RouteName, *, by: str = "", settles: Due | None = None
    ) -> Case:
        """Put a mail that is in no case of a desk into the one that it belongs to, or open one. Raises `Refused` and `TryLater`."""
        message = self.read(mail)
        person, identity = person_of(message)
        same = Same(
            brand=decision.brand,
            route=route,
            person=person,
            identity=identity,
            thread=thread_of(mail, decision, identity),
        )
        joins = CaseMail(id=mail.id, at=mail.received_at, thread=same.thread)
        known = self._known(same, mail)
        if known is not None:
            return self.join(known, joins, by=by, settles=settles)
        case = Case(
            brand=same.brand,
            route=same.route,
            person=person,
            identity=identity,
            subject=message.subject[:998],
            received_at=mail.received_at,
            fresh=not by,
        )
        opened = CaseEvent(at=self.clock(), by=by, what="opened", mail_id=mail.id)
        change = self.desks.change(
            case, opened.at, opened, deed=self._deed(by, "case-opened"), joins=joins, settles=settles
        )
        return self.cases.put(change)

    def join(
        self,
        case: Case,
        joins: CaseMail,
        *,
        by: str = "",
        settles: Due | None = None,
        leaving: CaseChange | None = None,
    ) -> Case:
        """Put a mail into a case; its person has answered, if they were asked. ``leaving`` is how it leaves another at once.

        A case that was closed as moved is open again: nobody has decided it, and its clocks run. Raises `Refused` and `TryLater`.
        """
        now = self.clock()
        what: CaseEventName = "again" if case.state == "decided" else "replied" if case.state == "waiting" else "joined"
        if case.outcome == "moved":
            # that it was closed was no answer, nor what was said before this mail came
            answered = case.answered_at != case.decided_at and (case.answered_at or 0.0) >= joins.at
            what, case = "reopened", replace(case.taken_up(), answered_at=case.answered_at if answered else None)
        joined = replace(
            case,
            state="open" if case.state == "waiting" else case.state,
            received_at=min([joins.at, *([case.received_at] if case.mails else [])]),
            fresh=not by,
        )
        event = CaseEvent(at=now, by=by, what=what, mail_id=joins.id)
        change = self.desks.change(
            joined, now, event, deed=self._deed(by, "case-joined"), joins=joins, settles=settles, other=leaving
        )
        return self.cases.put(change)

    def leave(self, case: Case, mail: Mail, why: str, *, mover: str, settles: Due | None = None) -> Case:
        """Take a mail out of a case, as ``mover`` has moved it. Raises `Refused` and `TryLater`."""
        return self.cases.put(self.leaving(case, mail, why, mover=mover, settles=settles))

    def leaving(
        self, case: Case, mail: Mail, why: str, *, by: str = "", mover: str, settles: Due | None = None
    ) -> CaseChange:
        """What changes of a case that a mail leaves: it begins with the next if that was its first.

        Where that was its last, and nobody has done anything with the case, it ends with it, as moved.
        """
        now = self.clock()
        rest = [one.at for one in case.mails if one.id != mail.id]
        # Of a long case only the newest mails are known: it began before them.
        is_first = mail.received_at <= case.received_at and len(rest) < len(case.mails)
        left = replace(case, received_at=min(rest, default=case.received_at)) if is_first else case
        events = [CaseEvent(at=now, by=by, what="left", detail=why, mail_id=mail.id)]
        if not rest and self._is_untouched(case):
            left = replace(
                left,
                state="decided",
                outcome="moved",
                reason=why,
                decided_by=UserName(mover),
                decided_at=now,
                fresh=False,
            )
            events.append(CaseEvent(at=now, by="", what="decided", detail=f"moved: {why}"))
        return self.desks.change(left, now, *events, deed=self._deed(by, "case-left"), leaves=mail.id, settles=settles)

    def mover(self, mail_id: MailId, decision: Decision) -> str:
        """Who brought a mail where its decision has it; ``""`` for postroom itself. Raises `TryLater`."""
        if not decision.again:
            return decision.by
        taken = [one.taken_back for one in self.store.verdicts_on(mail_id) if one.taken_back is not None]
        return max(((one.at, one.by) for one in taken), default=(0.0, decision.by))[1]

    def _is_untouched(self, case: Case) -> bool:
        """Whether all that happened to a case happened by itself."""
        return case.state == "open" and not any(one.by for one in self.cases.events(case.number, ALL))

    def _follow(self, due: Due) -> None:
        (mail,) = self.store.read([due.mail_id])
        decision = self.store.decisions(mail.id)[-1]
        # What is in shadow is decided and recorded, no more.
        routes = () if decision.stage == "shadow" else self.desks.at(decision)
        cases = {case.route: case for case in self.cases.all_of_mail(mail.id, ALL)}
        mover = self.mover(mail.id, decision)
        leave = [
            partial(self.leave, cases[one], mail, f"it is at {decision.route}", mover=mover)
            for one in cases
            if one not in routes
        ]
        enter = [partial(self.enter, mail, decision, route) for route in routes if route not in cases]
        steps = [*leave, *enter]
        if not steps:
            self.cases.done(due)
            return
        for step in steps[:-1]:
            step()
        steps[-1](settles=due)

    def _known(self, same: Same, mail: Mail) -> Case | None:
        """The case that a mail of theirs belongs to, with its mails."""
        alike = self.cases.alike(same) if same.person else ()
        case = which(alike, mail.received_at, self.desks.of(same.route).again)
        return None if case is None else self.cases.case(case.number, ALL)

    def _deed(self, by: str, what: str) -> Deed | None:
        return Deed(at=self.clock(), by=by, what=what) if by else None


def person_of(message: Message) -> tuple[str, Identity]:
    """Whose case a mail belongs to, and how they are known; ``""`` where nobody is named."""
    if message.trusted_sender:
        return message.trusted_sender.lower(), "authenticated"
    passed_on = message.forward is not None and message.forward.customer is not None
    return (message.customer.addr.lower() if message.customer else ""), "form" if passed_on else "claimed"


def thread_of(mail: Mail, decision: Decision, identity: Identity) -> str:
    """The conversation that a mail is in: of authenticated people the one that they are believed to be in."""
    if identity == "authenticated":
        return f"thread {decision.thread.first_id if decision.thread else mail.id}"
    return f"claimed {mail.thread_key or mail.id}"


def which(alike: tuple[Alike, ...], at: float, again: float) -> Case | None:
    """The case that a mail received then belongs to, of those of its person, newest first: the one of its conversation, one
    that is not decided, one decided no more than ``again`` seconds ago."""
    for one in alike:
        if one.same_thread:
            return one.case
    for one in alike:
        if one.case.state != "decided":
            return one.case
    for one in alike:
        if at - (one.case.decided_at or 0.0) <= again:
            return one.case
    return None
