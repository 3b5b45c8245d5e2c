"""Telling other systems what happened: from the outbox to calls, and calls tried with growing pauses for a day.

What a call says is put together when it is made, from what the store knows then: the log holds no mail's words, and of a
mail that was erased nothing is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from postroom.flow import within
from postroom.flow.facts import verdict_facts
from postroom.flow.retry import Patience, next_attempt
from postroom.model.cases import Case, CaseWarning
from postroom.model.codec import sound
from postroom.model.errors import GiveUp, TryLater
from postroom.model.hooks import Attempt, Happening, Hook, HookCall, HookEvent, NewCall
from postroom.model.judgement import Decision, Verdict
from postroom.model.listing import MailRow
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ALL, Sight
from postroom.ports import Observer, Store
from postroom.ports.cases import Cases
from postroom.ports.deadlines import Deadlines
from postroom.ports.desktop import Views
from postroom.ports.hooks import Caller, Hooks

PATIENCE: Final = Patience(first=10.0, longest=3600.0, max_age=86_400.0)
_AT_ONCE: Final = 200
_LONGEST_REST: Final = 900.0
_LONGEST_SAID: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OfMail:
    """What happened to a mail, with what is known of it."""

    decision: Decision
    #: the decision before it; None for a first one
    before: Decision | None = None
    verdict: Verdict | None = None
    #: it is urgent, and that is told again
    again: bool = False

    @property
    def brand(self) -> BrandName:
        """Whose mail it is."""
        return self.decision.brand

    @property
    def routes(self) -> frozenset[RouteName]:
        """Desks that it concerns: where the mail lies, or lay before a person's word."""
        left = _desks(self.before) if self.verdict is not None and self.before is not None else frozenset()
        return _desks(self.decision) | left

    @property
    def events(self) -> tuple[HookEvent, ...]:
        """What it is called outside. That a mail is urgent is told when it is judged first, and while nobody takes it."""
        if self.verdict is not None:
            return ("verdict",)
        if self.again:
            return ("urgent",)
        urgent = self.decision.urgent and self.decision.generation == 1
        return ("routed", "urgent") if urgent else ("routed",)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCase:
    """What happened to a case, with the case as it is now."""

    case: Case
    event: HookEvent
    #: of a clock, where that is what happened
    warning: CaseWarning | None = None

    @property
    def brand(self) -> BrandName:
        """Whose case it is."""
        return self.case.brand

    @property
    def routes(self) -> frozenset[RouteName]:
        """The desk that it lies at."""
        return frozenset({self.case.route})

    @property
    def events(self) -> tuple[HookEvent, ...]:
        """What it is called outside."""
        return (self.event,)


Told = OfMail | OfCase


def _desks(decision: Decision) -> frozenset[RouteName]:
    """Where a mail lies by it."""
    return frozenset(filter(None, (decision.route, decision.copy)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Where what happened is looked up. Every call raises `TryLater`."""

    store: Store
    views: Views
    cases: Cases
    deadlines: Deadlines

    def look(self, happening: Happening) -> Told | None:
        """What is known of what happened; None when it is not there any more."""
        match happening.what:
            case "case-opened" | "case-decided":
                case = self.cases.case(happening.case, ALL)
                return None if case is None else OfCase(case=case, event=happening.what)
            case "deadline-near":
                warning = self.deadlines.warning(happening.about)
                case = self.cases.case(happening.case, ALL)
                if case is None or warning is None:
                    return None
                return OfCase(case=case, event="deadline-near", warning=warning)
            case "urgent":
                return self._urgent(happening.mail_id)
            case "verdict":
                said = self.store.verdicts_on(happening.mail_id)
                verdict = next((one for one in said if one.number == happening.about), None)
                return None if verdict is None else self._mail(happening.mail_id, verdict.generation + 1, verdict)
            case _:
                return self._mail(happening.mail_id, happening.about, None)

    def _urgent(self, mail_id: MailId) -> "OfMail | None":
        """As it is decided now, however often it is told."""
        decisions = self.store.decisions(mail_id)
        return OfMail(decision=decisions[-1], again=True) if decisions else None

    def _mail(self, mail_id: MailId, generation: int, verdict: Verdict | None) -> OfMail | None:
        decisions = {one.generation: one for one in self.store.decisions(mail_id)}
        if generation not in decisions:
            return None
        return OfMail(decision=decisions[generation], before=decisions.get(generation - 1), verdict=verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreading:
    """Makes calls of what happened. One thread does."""

    hooks: Hooks
    records: Records
    known: Sequence[Hook]
    clock: Callable[[], float]
    #: is told of a bug that one happening brought out: the others are spread all the same
    failed: Callable[[Exception], None]

    def turn(self) -> bool:
        """Spread some of what happened. Whether there was anything. Raises `TryLater`."""
        seen = self.hooks.happened(_AT_ONCE)
        if seen:
            calls = [call for one in seen for call in self._calls(one)]
            self.hooks.spread(seen, calls, self.clock())
        return bool(seen)

    def _calls(self, happening: Happening) -> list[NewCall]:
        try:
            told = self.records.look(happening)
            return calls(self.known, happening, told) if told is not None else []
        except TryLater:
            raise
        except Exception as error:  # noqa: BLE001 - of one happening alone
            self.failed(error)
            return []


@dataclass(slots=True, kw_only=True)
class Calling:
    """Makes the calls of one hook. One thread does."""

    hook: Hook
    caller: Caller
    hooks: Hooks
    records: Records
    observer: Observer
    #: seconds after which a call that was begun and not settled is made again: its process has died
    lease: float
    #: of the pages, without a slash at the end; ``""`` when it is not known
    url: str
    clock: Callable[[], float]
    random: Callable[[], float]
    _failures: int = field(default=0, init=False)
    _rests_until: float = field(default=0.0, init=False)

    def turn(self) -> bool:
        """Make the call that is due longest. Whether there may be more. Raises `TryLater` when the store can't be used."""
        now = self.clock()
        if now < self._rests_until:
            return False
        taken = self.hooks.take(self.hook.name, now, lease=self.lease, limit=1)
        for call in taken:
            self._make(call)
        return bool(taken)

    def _make(self, call: HookCall) -> None:
        try:
            self._tell(call, said(self.records, call, self.url, sight_of(self.hook)))
        except TryLater:
            raise
        except Exception:  # of one call alone, which is not made for ever
            self._again(call, "a bug in postroom: its log says where", None)
            raise

    def _tell(self, call: HookCall, body: bytes | None) -> None:
        if body is None:
            self._settle(call, "it is not there any more", "given-up", 0.0)
            return
        try:
            answer = self.caller.call(call.key, body)
        except TryLater as error:
            self._failed(call, error)
        except GiveUp as error:
            self._rest(well=True)
            self._again(call, str(error), None)
        else:
            self._rest(well=True)
            self._settle(call, answer, "done", 0.0)

    def _failed(self, call: HookCall, error: TryLater) -> None:
        self._rest(well=not error.lane_down, asked=error.after)
        self._again(call, str(error), error.after)

    def _again(self, call: HookCall, why: str, asked: float | None) -> None:
        now = self.clock()
        if now - call.since >= PATIENCE.max_age:
            self._settle(call, why, "given-up", 0.0)
            self.observer.note("hook-given-up", hook=self.hook.name, mail=call.mail_id, hook_event=call.event)
        else:
            self._settle(call, why, "waiting", next_attempt(call.tries + 1, now, PATIENCE, self.random, asked=asked))

    def _settle(self, call: HookCall, words: str, state: Any, due_at: float) -> None:
        attempt = Attempt(at=self.clock(), said=sound(words[:_LONGEST_SAID]))
        self.hooks.settle(call, attempt, state, due_at)

    def _rest(self, *, well: bool, asked: float | None = None) -> None:
        """All calls of a hook wait together while the other side is unwell."""
        self._failures = 0 if well else self._failures + 1
        pause = min(PATIENCE.first * 2.0 ** min(self._failures - 1, 10), _LONGEST_REST)
        self._rests_until = 0.0 if well else self.clock() + max(pause, min(asked or 0.0, _LONGEST_REST))


def calls(hooks: Sequence[Hook], happening: Happening, told: Told) -> list[NewCall]:
    """Who is to be told of it. Pure."""
    return [
        NewCall(
            hook=hook.name,
            event=event,
            mail_id=happening.mail_id,
            case=happening.case,
            about=happening.about,
            at=happening.at,
        )
        for event in told.events
        for hook in hooks
        if wants(hook, event, told)
    ]


def wants(hook: Hook, event: HookEvent, told: Told) -> bool:
    """Whether a hook is to be told."""
    return (
        (not hook.events or event in hook.events)
        and (not hook.brands or told.brand in hook.brands)
        and (not hook.routes or not told.routes.isdisjoint(hook.routes))
    )


def sight_of(hook: Hook) -> Sight:
    """What whoever gets its calls may know of what was counted beside a mail itself."""
    return Sight(brands=frozenset(hook.brands) or None, routes=frozenset(hook.routes) or None)


def said(records: Records, call: HookCall, url: str, sight: Sight = ALL) -> bytes | None:
    """What a call says to a reader, as JSON; None when what it is about is not there any more. Raises `TryLater`."""
    told = records.look(
        Happening(number=0, at=call.at, what=call.event, mail_id=call.mail_id, case=call.case, about=call.about)
    )
    facts: dict[str, Any] = {"version": 1, "id": call.told_as, "event": call.event, "at": call.at}
    if told is None:
        return None
    if isinstance(told, OfCase):
        facts["case"] = _case(told.case)
        facts["links"] = {"case": f"{url}/case/{told.case.number}"} if url else {}
        if (warning := told.warning) is not None:
            facts["clock"] = {"name": warning.clock, "stage": warning.stage, "due": warning.due}
    else:
        row = records.views.row(call.mail_id, ALL)
        if row is None:
            return None
        facts["mail"] = _mail(within.of_decision(told.decision, sight), row)
        verdict = told.verdict
        facts["verdict"] = verdict and verdict_facts(within.of_verdict(verdict, sight)) | {"right": verdict.right}
        facts["links"] = {"mail": f"{url}/mail/{call.mail_id}"} if url else {}
        if call.event == "urgent":
            facts["repeat"] = call.about - 1
    return msgspec.json.encode(_sound(facts))


def _mail(decision: Decision, row: MailRow) -> dict[str, Any]:
    return {
        "id": decision.mail_id,
        "received_at": row.received_at,
        "from": row.from_addr,
        "subject": row.subject,
        "brand": decision.brand,
        "generation": decision.generation,
        "route": decision.route,
        "decided": decision.decided,
        "confidence": decision.confidence,
        "unconfirmed": decision.unconfirmed,
        "stage": decision.stage,
        "because": decision.because,
        "urgent": decision.urgent,
        "second": decision.second,
        "copied": decision.copied,
        "tags": decision.tags,
        "by": decision.by,
    }


def _case(case: Case) -> dict[str, Any]:
    """A case without its notes and reasons: those are the team's."""
    return {
        "number": case.number,
        "brand": case.brand,
        "route": case.route,
        "person": case.person,
        "identity": case.identity,
        "subject": case.subject,
        "kind": case.kind,
        "state": case.state,
        "outcome": case.outcome,
        "decided_by": case.decided_by,
        "confirmed_by": case.confirmed_by,
        "decided_at": case.decided_at,
        "assignee": case.assignee,
        "received_at": case.received_at,
        "answered_at": case.answered_at,
        "mails": [mail.id for mail in case.mails],
    }


def _sound(value: Any) -> Any:
    match value:
        case str():
            return sound(value)
        case dict():
            return {name: _sound(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_sound(inner) for inner in value]
        case _:
            return value
