"""Outgoing webhooks: which there are, what was called and how it went, and calling again."""

from typing import Annotated

from msgspec import Meta

from postroom.model.hooks import CallId, CallState, HookCall, HookEvent
from postroom.model.people import Deed
from postroom.web.api.letters import Again, Changed
from postroom.web.api.mails import Limit, Number
from postroom.web.api.operation import Call, Input, Nothing, Operation, Output
from postroom.web.api.shapes import Id, Seconds


class HookFacts(Output, frozen=True):
    """A system that is told. Empty lists mean all."""

    name: str
    where: Annotated[str, Meta(description="Host and port that is called.")]
    events: tuple[HookEvent, ...]
    brands: tuple[str, ...]
    routes: tuple[str, ...]
    calls: Annotated[dict[CallState, int], Meta(description="State -> how many calls of the last thirty days.")]


class HooksFacts(Output, frozen=True):
    """All hooks, as the settings name them."""

    hooks: tuple[HookFacts, ...]


class WhichCalls(Input, frozen=True):
    """Which calls; what is left out means any."""

    hook: Annotated[str, Meta(max_length=100)] = ""
    state: CallState | None = None
    after: Annotated[Number, Meta(description="The after of the page before.")] = 0
    limit: Limit = 50


class AttemptFacts(Output, frozen=True):
    """One try."""

    at: Seconds
    said: str


class CallFacts(Output, frozen=True):
    """One hook and one event, and how telling it went."""

    number: int
    hook: str
    event: HookEvent
    mail: Annotated[Id, Meta(description="Empty for what happened to a case.")]
    case: Annotated[int, Meta(description="Number of the case; 0 for what happened to a mail.")]
    key: Annotated[str, Meta(description="The Idempotency-Key of every try.")]
    at: Annotated[Seconds, Meta(description="When it happened.")]
    state: CallState
    due_at: float
    tries: int
    attempts: tuple[AttemptFacts, ...]


class Calls(Output, frozen=True):
    """Some of the calls asked for, newest first."""

    calls: tuple[CallFacts, ...]
    after: Annotated[int, Meta(description="Ask with it for those that follow; 0 when there are none.")]


def list_hooks(call: Call[Nothing, Nothing]) -> HooksFacts:
    """List the outgoing webhooks."""
    counts = call.room.hooks.counts()
    return HooksFacts(
        hooks=tuple(
            HookFacts(
                name=one.name,
                where=one.where,
                events=one.events,
                brands=one.brands,
                routes=one.routes,
                calls=dict(counts.get(one.name, {})),
            )
            for one in call.room.known_hooks
        )
    )


def list_calls(call: Call[WhichCalls, Nothing]) -> Calls:
    """The log of the webhooks of the last thirty days, newest first, with every try."""
    asked = call.asked
    found = call.room.hooks.calls(hook=asked.hook, state=asked.state, before=asked.after, limit=asked.limit)
    return Calls(calls=tuple(map(_facts, found)), after=found[-1].id if len(found) == asked.limit else 0)


def replay_calls(call: Call[Nothing, Again]) -> Changed:
    """Make these calls again, at once, whatever became of them. The receiver sees the same Idempotency-Key."""
    numbers = tuple(dict.fromkeys(map(CallId, call.body.numbers)))
    deed = Deed(at=call.now, by=call.user.name, what="calls-replayed")
    return Changed(changed=call.room.hooks.replay(numbers, deed))


def _facts(one: HookCall) -> CallFacts:
    return CallFacts(
        number=one.id,
        hook=one.hook,
        event=one.event,
        mail=one.mail_id,
        case=one.case,
        key=one.key,
        at=one.at,
        state=one.state,
        due_at=one.due_at,
        tries=one.tries,
        attempts=tuple(AttemptFacts(at=attempt.at, said=attempt.said) for attempt in one.attempts),
    )


OPERATIONS = (
    Operation(do=list_hooks, path="/hooks", scope="admin"),
    Operation(do=list_calls, path="/hooks/calls", scope="admin"),
    Operation(
        do=replay_calls,
        path="/hooks/calls/replay",
        scope="admin",
        method="POST",
        idempotent=False,
        example=Again(numbers=(17,)),
    ),
)
