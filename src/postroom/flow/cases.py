"""What people do with cases. Everything is done by somebody, leaves an event in the case and a deed in the audit log.

Only people decide: nothing here is called by postroom itself. Where a desk says so, a rejection is proposed by one person
and confirmed by another.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace

from postroom.decide import calendars
from postroom.flow.casedesks import CaseDesks, first_answer
from postroom.flow.filing import Filing
from postroom.model.cases import (
    KINDS,
    OUTCOMES,
    TOLD_STARTS,
    Case,
    CaseEvent,
    CaseEventName,
    CaseKind,
    CaseMail,
    CaseNumber,
    Ended,
    MovedAway,
    Outcome,
    Proposal,
    Start,
)
from postroom.model.errors import Refused, unknown
from postroom.model.judgement import Decision
from postroom.model.mail import Mail, MailId
from postroom.model.people import ALL, Deed, User, UserName
from postroom.ports.accounts import Accounts
from postroom.ports.cases import Cases

MOST_WORDS = 10_000
"""Characters of a note, a question or a reason."""

_NOON = 12 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who does something to which case, as they saw it."""

    by: User
    number: CaseNumber
    #: that they looked at; 0 for whatever it is now
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Casework:
    """All that people do with cases. Every verb raises `Refused`, with what to do, and `TryLater`."""

    cases: Cases
    filing: Filing
    accounts: Accounts
    desks: CaseDesks
    #: seconds since the epoch
    clock: Callable[[], float]

    def catch_up(self, limit: int = 100) -> int:
        """Let cases open by themselves: see `Filing.catch_up`."""
        return self.filing.catch_up(limit)

    # -- talking ---------------------------------------------------------------------------------------------------

    def assign(self, hand: Hand, to: str) -> Case:
        """Make it somebody's; ``""`` for nobody's."""
        case = self._case(hand)
        if to:
            user = self.accounts.user(UserName(to))
            if user is None or user.disabled or not user.is_at_least("agent"):
                raise Refused(f"{to} is nobody who works on cases: choose somebody of the list")
            if not user.sight.sees(case.brand, case.route, case.route):
                raise Refused(f"{user.name} may not see this case: give them its brand and desk first")
            to = user.name
        return self._done(hand, replace(case, assignee=UserName(to)), "assigned", f"to {to or 'nobody'}")

    def note(self, hand: Hand, text: str) -> Case:
        """Something that the team should know; the person never sees it. It is kept whatever was changed meanwhile."""
        words = _words(text, "note")
        return self._done(hand, self._case(replace(hand, version=0)), "note", words, secret=True)

    def ask(self, hand: Hand, text: str) -> Case:
        """The person was asked something: it waits for them, until a mail of theirs comes."""
        case = self._open_case(hand)
        asked = replace(case, state="waiting", answered_at=case.answered_at or self.clock())
        return self._done(hand, asked, "asked", _words(text, "question"), secret=True)

    def answered(self, hand: Hand) -> Case:
        """The person got an answer."""
        case = self._case(hand)
        return self._done(hand, replace(case, answered_at=case.answered_at or self.clock()), "answered", "")

    def heard(self, mail_id: MailId, by: str, *, at: float, sent_at: float, asks: bool) -> None:
        """An answer written ``at`` a moment was sent: the mail's case knows it as `answered`, or waits for the person.

        Not without a case. Of two desks' cases, those that its writer sees. The deed is in the audit log since the answer was
        written. Raises `Refused` when a case was changed just now; told again, those that know of it are left as they are.
        """
        user = self.accounts.user(UserName(by))
        seen = self.cases.all_of_mail(mail_id, user.sight) if user is not None else ()
        for case in seen or self.cases.all_of_mail(mail_id, ALL):
            what: CaseEventName = "asked" if asks else "answered"
            event = CaseEvent(at=sent_at, by=by, what=what, detail="by mail", mail_id=mail_id)
            if event not in self.cases.events(case.number, ALL):
                self._heard(case, event, written_at=at)

    def _heard(self, case: Case, event: CaseEvent, *, written_at: float) -> None:
        now = self.clock()
        news = any(mail.at > written_at for mail in case.mails)
        told = replace(case, answered_at=case.answered_at or event.at, fresh=case.fresh and news)
        if event.what == "asked" and case.state == "open" and not news:
            told = replace(told, state="waiting")
        self.cases.put(self.desks.change(told, now, event))

    # -- facts -----------------------------------------------------------------------------------------------------

    def set_kind(self, hand: Hand, kind: CaseKind) -> Case:
        """Whether they say that there was no violation, or that they will do better."""
        if kind not in KINDS:
            raise Refused(unknown("kind", kind, KINDS))
        return self._done(hand, replace(self._case(hand), kind=kind), "kind", kind)

    def set_start(self, hand: Hand, start: Start, day: datetime.date | None) -> Case:
        """On which day something happened that clocks start at; None when that is not known after all."""
        case = self._case(hand)
        if start not in TOLD_STARTS:
            raise Refused(unknown("start", start, TOLD_STARTS))
        starts = {name: at for name, at in case.starts if name != start}
        if day is not None:
            calendar = self.desks.of(case.route).calendar
            if not datetime.date(1990, 1, 1) <= day <= calendars.local_day(calendar, self.clock()):
                raise Refused(f"{day} has not been yet, or is long past: name the day on which it happened")
            # The day is known, its hour is not: at noon it is the same day in nearly every zone.
            starts[start] = calendars.start_of_day(calendar, day) + _NOON
        return self._done(
            hand, replace(case, starts=tuple(sorted(starts.items()))), "start", f"{start}: {day or 'unknown'}"
        )

    # -- deciding --------------------------------------------------------------------------------------------------

    def decide(self, hand: Hand, outcome: Outcome, reason: str) -> Case:
        """Say how it ends and why. Where the desk says so, a rejection is only proposed by that."""
        case = self._open_case(hand)
        if outcome not in OUTCOMES:
            raise Refused(unknown("outcome", outcome, OUTCOMES))
        words = _words(reason, "reason")
        by, now = hand.by.name, self.clock()
        if outcome == "rejected" and self.desks.of(case.route).second_person:
            if case.proposal is not None:
                raise Refused(f"{case.proposal.by} has proposed that already: confirm it, or decline it first")
            proposed = replace(case, proposal=Proposal(reason=words, by=by, at=now))
            return self._done(hand, proposed, "proposed", words, secret=True)
        return self._decided(hand, case, outcome, words, by=by)

    def confirm(self, hand: Hand) -> Case:
        """Reject, as another has proposed."""
        case = self._open_case(hand)
        proposal = _proposal(case)
        if proposal.by.casefold() == hand.by.name.casefold():
            raise Refused("a rejection takes a second person: somebody else must confirm what you proposed")
        return self._decided(hand, case, "rejected", proposal.reason, by=proposal.by, confirmed_by=hand.by.name)

    def decline(self, hand: Hand, reason: str) -> Case:
        """Take a proposed rejection away: it is open as before."""
        case = self._open_case(hand)
        _proposal(case)
        return self._done(hand, replace(case, proposal=None), "declined", _words(reason, "reason"), secret=True)

    def reopen(self, hand: Hand, reason: str) -> Case:
        """Take up again what was decided. What the decision alone had answered is to be answered again."""
        case = self._case(hand)
        if case.state != "decided":
            raise Refused(f"case {case.number} is not decided")
        events = self.cases.events(case.number, ALL)
        answered = first_answer(events) if case.answered_at == case.decided_at else case.answered_at
        again = replace(case.taken_up(), answered_at=answered)
        return self._done(hand, again, "reopened", _words(reason, "reason"), secret=True)

    def away(self, case: Case) -> MovedAway | None:
        """Where the last mail of an open case is, if it has none left. Raises `TryLater`."""
        if case.mails or case.state == "decided":
            return None
        left = [one for one in self.cases.events(case.number, ALL) if one.what == "left" and one.mail_id]
        decisions = self.filing.store.decisions(MailId(left[-1].mail_id)) if left else ()
        if not decisions:
            return None
        mail_id, latest = MailId(left[-1].mail_id), decisions[-1]
        others = self.cases.all_of_mail(mail_id, ALL)
        there = next((one for one in others if one.route == latest.route), next(iter(others), None))
        return MovedAway(
            mail_id=mail_id,
            at=left[-1].at,
            route=latest.route,
            by=self.filing.mover(mail_id, latest),
            case=there.number if there else CaseNumber(0),
        )

    def hand_over(self, hand: Hand) -> Case:
        """Close a case that has no mail any more; its notes go to the case that its mail is in now, if there is one."""
        case = self._open_case(hand)
        away = self.away(case)
        if away is None:
            raise Refused(f"case {case.number} has its mails: decide it, or move them to where they belong")
        there = self.cases.case(away.case, ALL) if away.case else None
        if there is not None:
            self._pass_on(hand, case, there)
        where = f"its mail is at {away.route}" + (f", in case {there.number}" if there else "")
        return self._decided(hand, case, "moved", where, by=hand.by.name)

    def _pass_on(self, hand: Hand, case: Case, there: Case) -> None:
        words = [
            one.detail for one in self.cases.events(case.number, ALL) if one.what in ("note", "asked") and one.detail
        ]
        if words:
            now, by = self.clock(), hand.by.name
            told = "\n\n".join((f"From case {case.number} at {case.route}:", *words))[:MOST_WORDS]
            note = CaseEvent(at=now, by=by, what="note", detail=told)
            self.cases.put(self.desks.change(there, now, note, deed=Deed(at=now, by=by, what="case-note")))

    def _decided(
        self, hand: Hand, case: Case, outcome: Ended, reason: str, *, by: UserName, confirmed_by: str = ""
    ) -> Case:
        now = self.clock()
        decided = replace(
            case,
            state="decided",
            outcome=outcome,
            reason=reason,
            decided_by=by,
            confirmed_by=UserName(confirmed_by),
            decided_at=now,
            answered_at=case.answered_at or now,
            proposal=None,
        )
        of_two = f", proposed by {by}" if confirmed_by else ""
        return self._done(hand, decided, "decided", f"{outcome}{of_two}: {reason}", deed=f"{outcome}{of_two}")

    # -- mails -----------------------------------------------------------------------------------------------------

    def open(self, by: User, mail_id: MailId) -> Case:
        """Put a mail into the case of its person, or open one: for mail that came before its desk had cases.

        Of a mail that lies at two desks, at the first that has none of it.
        """
        mail, decision = self._mail(by, mail_id)
        cases = {case.route: case for case in self.cases.all_of_mail(mail_id, by.sight)}
        routes = [route for route in self.desks.at(decision) if by.sight.sees(mail.brand, route, route)]
        if not routes:
            raise Refused("the desk with cases that this mail lies at is not yours")
        missing = next((route for route in routes if route not in cases), None)
        return cases[routes[0]] if missing is None else self.filing.enter(mail, decision, missing, by=by.name)

    def join(self, hand: Hand, mail_id: MailId) -> Case:
        """Put a mail into this case, whosever it is: out of the one that it is in."""
        case = self._case(hand)
        mail, decision = self._mail(hand.by, mail_id)
        if decision.brand != case.brand or case.route not in (decision.route, decision.copy):
            raise Refused(
                f"this mail is at {decision.route} of {decision.brand}: move it to the desk of the case first"
            )
        of_mail = self.cases.all_of_mail(mail_id, hand.by.sight)
        before = next((one for one in of_mail if one.route == case.route), None)
        if before is not None and before.number == case.number:
            return case
        why, by = f"it belongs to case {case.number}", hand.by.name
        leaving = self.filing.leaving(before, mail, why, by=by, mover=by) if before is not None else None
        # Not a conversation of the case's person: who goes on with it need not be them.
        joins = CaseMail(id=mail.id, at=mail.received_at, thread=f"joined {mail.id}")
        return self.filing.join(case, joins, by=by, leaving=leaving)

    def _mail(self, by: User, mail_id: MailId) -> tuple[Mail, Decision]:
        _check_role(by)
        mails, decisions = self.filing.store.read([mail_id]), self.filing.store.decisions(mail_id)
        if not mails or not decisions or not _sees(by, mails[0], decisions[-1]):
            raise Refused("there is no such mail, or it is not for you")
        if not self.desks.at(decisions[-1]):
            raise Refused(f"the desk {decisions[-1].route} has no cases: set route.{decisions[-1].route}.cases")
        return mails[0], decisions[-1]

    # -- each of them ----------------------------------------------------------------------------------------------

    def _case(self, hand: Hand) -> Case:
        _check_role(hand.by)
        case = self.cases.case(hand.number, hand.by.sight)
        if case is None:
            raise Refused("there is no such case, or it is not for you")
        if case.erased:
            raise Refused(
                f"case {case.number} was erased, with what it told of its person: nothing can be done with it any more"
            )
        if hand.version not in (0, case.version):
            raise Refused(f"case {case.number} was changed meanwhile: look at it again")
        return case

    def _open_case(self, hand: Hand) -> Case:
        case = self._case(hand)
        if case.state == "decided":
            raise Refused(f"case {case.number} is decided: reopen it first")
        return case

    def _done(
        self, hand: Hand, case: Case, what: CaseEventName, detail: str, *, deed: str = "", secret: bool = False
    ) -> Case:
        """Keep what somebody did. What is ``secret`` is told in the case alone, as it may be a person's words."""
        now, by = self.clock(), hand.by.name
        told = deed or ("" if secret else detail)
        return self.cases.put(
            self.desks.change(
                replace(case, fresh=False),
                now,
                CaseEvent(at=now, by=by, what=what, detail=detail),
                deed=Deed(at=now, by=by, what=f"case-{what}", detail=told),
            )
        )


def _sees(by: User, mail: Mail, decision: Decision) -> bool:
    return by.sight.sees(mail.brand, decision.route, decision.decided, decision.copy)


def _check_role(by: User) -> None:
    if not by.is_at_least("agent"):
        raise Refused(f"this takes the role agent; {by.name} has {by.role}")


def _proposal(case: Case) -> Proposal:
    if case.proposal is None:
        raise Refused(f"nobody proposes to reject case {case.number}")
    return case.proposal


def _words(text: str, what: str) -> str:
    """Text of a person, over several lines. Raises `Refused` for none and for too much."""
    words = "\n".join("".join(filter(_is_fit, line)).rstrip() for line in text.splitlines()).strip()
    if not words:
        raise Refused(f"write the {what} down: it is kept with the case")
    if len(words) > MOST_WORDS:
        raise Refused(f"the {what} has more than {MOST_WORDS} characters: shorten it")
    return words


def _is_fit(char: str) -> bool:
    return char.isprintable() or char == "\t"
