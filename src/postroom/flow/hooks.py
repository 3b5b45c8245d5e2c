"""Telling other systems what happened: from the outbox to calls, and calls tried with growing pauses for a day.

What a call says is put together when it is made, from what the store knows then: the log holds no mail's words, and of a
mail that was erased nothing is told.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from postroom.flow.facts import verdict_facts
from postroom.flow.retry import Patience, next_attempt
from postroom.model.codec import sound
from postroom.model.errors import GiveUp, TryLater
from postroom.model.hooks import Attempt, Happening, Hook, HookCall, HookEvent, NewCall
from postroom.model.judgement import Decision, Verdict
from postroom.model.people import ALL
from postroom.ports import Observer, Store
from postroom.ports.desktop import Views
from postroom.ports.hooks import Caller, Hooks

PATIENCE: Final = Patience(first=10.0, longest=3600.0, max_age=86_400.0)
_AT_ONCE: Final = 200
_LEASE: Final = 600.0
_LONGEST_REST: Final = 900.0
_LONGEST_SAID: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What happened, with what is known of it."""

    happening: Happening
    decision: Decision
    #: the decision before it; None for a first one
    before: Decision | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreading:
    """Makes calls of what happened. One thread does."""

    hooks: Hooks
    store: Store
    known: Sequence[Hook]
    clock: Callable[[], float]

    def turn(self) -> bool:
        """Spread some of what happened. Whether there was anything. Raises `TryLater`."""
        seen = self.hooks.happened(_AT_ONCE)
        if seen:
            calls = [call for one in seen for call in self._calls(one)]
            self.hooks.spread(seen, calls, self.clock())
        return bool(seen)

    def _calls(self, happening: Happening) -> list[NewCall]:
        told = look(self.store, happening)
        return calls(self.known, told) if told is not None else []


@dataclass(slots=True, kw_only=True)
class Calling:
    """Makes the calls of one hook. One thread does."""

    hook: Hook
    caller: Caller
    hooks: Hooks
    store: Store
    views: Views
    observer: Observer
    #: where people see a mail, with ``{id}`` in it; ``""`` for nowhere
    link: str
    clock: Callable[[], float]
    random: Callable[[], float]
    _failures: int = field(default=0, init=False)
    _rests_until: float = field(default=0.0, init=False)

    def turn(self) -> bool:
        """Make the call that is due longest. Whether there may be more. Raises `TryLater` when the store can't be used."""
        now = self.clock()
        if now < self._rests_until:
            return False
        taken = self.hooks.take(self.hook.name, now, lease=_LEASE, limit=1)
        for call in taken:
            self._make(call)
        return bool(taken)

    def _make(self, call: HookCall) -> None:
        body = told_of(self.store, self.views, call, self.link)
        if body is None:
            self._settle(call, "the mail is not there any more", "given-up", 0.0)
            return
        try:
            said = self.caller.call(call.key, body)
        except TryLater as error:
            self._failed(call, error)
        except GiveUp as error:
            self._rest(well=True)
            self._again(call, str(error), None)
        else:
            self._rest(well=True)
            self._settle(call, said, "done", 0.0)

    def _failed(self, call: HookCall, error: TryLater) -> None:
        self._rest(well=not error.lane_down, asked=error.after)
        self._again(call, str(error), error.after)

    def _again(self, call: HookCall, said: str, asked: float | None) -> None:
        now = self.clock()
        if now - call.since >= PATIENCE.max_age:
            self._settle(call, said, "given-up", 0.0)
            self.observer.note("hook-given-up", hook=self.hook.name, mail=call.mail_id, hook_event=call.event)
        else:
            self._settle(call, said, "waiting", next_attempt(call.tries + 1, now, PATIENCE, self.random, asked=asked))

    def _settle(self, call: HookCall, said: str, state: Any, due_at: float) -> None:
        attempt = Attempt(at=self.clock(), said=sound(said[:_LONGEST_SAID]))
        self.hooks.settle(call, attempt, state, due_at)

    def _rest(self, *, well: bool, asked: float | None = None) -> None:
        """All calls of a hook wait together while the other side is unwell."""
        self._failures = 0 if well else self._failures + 1
        pause = min(PATIENCE.first * 2.0 ** min(self._failures - 1, 10), _LONGEST_REST)
        self._rests_until = 0.0 if well else self.clock() + max(pause, min(asked or 0.0, _LONGEST_REST))


def look(store: Store, happening: Happening) -> Told | None:
    """What is known of what happened; None when it is not there any more. Raises `TryLater`."""
    decisions = {one.generation: one for one in store.decisions(happening.mail_id)}
    verdict = None
    generation = happening.about
    if happening.what == "verdict":
        found = [one for one in store.verdicts_on(happening.mail_id) if one.number == happening.about]
        if not found:
            return None
        verdict = found[0]
        generation = verdict.generation + 1
    if generation not in decisions:
        return None
    return Told(
        happening=happening,
        decision=decisions[generation],
        before=decisions.get(generation - 1),
        verdict=verdict,
    )


def calls(hooks: Sequence[Hook], told: Told) -> list[NewCall]:
    """Who is to be told of it. Pure."""
    return [
        NewCall(
            hook=hook.name,
            event=event,
            mail_id=told.happening.mail_id,
            about=told.happening.about,
            at=told.happening.at,
        )
        for event in events(told)
        for hook in hooks
        if wants(hook, event, told)
    ]


def events(told: Told) -> tuple[HookEvent, ...]:
    """What it is called outside. That a mail is urgent is told once, when it is judged first."""
    if told.verdict is not None:
        return ("verdict",)
    return ("routed", "urgent") if told.decision.urgent and told.decision.generation == 1 else ("routed",)


def wants(hook: Hook, event: HookEvent, told: Told) -> bool:
    """Whether a hook is to be told."""
    routes = {told.decision.route} | ({told.before.route} if told.verdict and told.before else set())
    return (
        (not hook.events or event in hook.events)
        and (not hook.brands or told.decision.brand in hook.brands)
        and (not hook.routes or not routes.isdisjoint(hook.routes))
    )


def told_of(store: Store, views: Views, call: HookCall, link: str) -> bytes | None:
    """What a call says, as JSON; None when the mail is not there any more. Raises `TryLater`."""
    what = "verdict" if call.event == "verdict" else "routed"
    told = look(store, Happening(number=0, at=call.at, what=what, mail_id=call.mail_id, about=call.about))
    row = views.row(call.mail_id, ALL)
    if told is None or row is None:
        return None
    decision = told.decision
    said: dict[str, Any] = {
        "version": 1,
        "id": f"{call.event}.{call.mail_id}.{call.about}",
        "event": call.event,
        "at": call.at,
        "mail": {
            "id": call.mail_id,
            "received_at": row.received_at,
            "from": sound(row.from_addr),
            "subject": sound(row.subject),
            "brand": decision.brand,
            "generation": decision.generation,
            "route": decision.route,
            "decided": decision.decided,
            "confidence": decision.confidence,
            "unconfirmed": decision.unconfirmed,
            "stage": decision.stage,
            "because": sound(decision.because),
            "urgent": [sound(one) for one in decision.urgent],
            "second": decision.second,
            "tags": [sound(one) for one in decision.tags],
            "by": sound(decision.by),
        },
        "verdict": None if told.verdict is None else _sound(verdict_facts(told.verdict)),
        "links": {"mail": link.replace("{id}", call.mail_id)} if link else {},
    }
    return msgspec.json.encode(said)


def _sound(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: sound(value) if isinstance(value, str) else value for name, value in facts.items()}
