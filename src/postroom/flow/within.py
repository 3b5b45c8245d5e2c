"""What a reader who works for some brands or desks may know of what was counted beside a mail itself. Pure.

A mail that somebody may see was judged by more than they may see: by what its sender wrote to other desks and brands, by
what people said of texts like it, by its thread. The judgement stays as it is; what is told of it keeps to these rules:

* **History, and verdicts on other texts**, are of all brands and desks together: of them is told that they counted, without
  names and numbers. What the sender wrote that the reader may see is looked up instead.
* **A thread** is of the mail's own brand. Who works for some desks is told of one at those desks, without how long it is.
* **Shares** of other routes, what they were added up from and what would have changed them go with what must not be told:
  together they would tell it. The best guess and its share stay.
* **People's words on the mail itself**, and where it was delivered, are told without note and name where they are about
  other desks alone.

Readers who see every brand and desk are told all. Names of desks are no secret, and of a mail that may be seen it is told
where it lies: whoever moves mail chooses among all desks.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from postroom.decide.changes import Change, without
from postroom.flow.moves import Consequence
from postroom.model.judgement import Decision, Finding, SenderHistory, ThreadState, Verdict
from postroom.model.listing import Event
from postroom.model.mail import DestinationName, MailId, RouteName
from postroom.model.people import Sight
from postroom.model.work import JobInfo

_NOWHERE = RouteName("")
_HISTORY = "what the sender wrote before counts here, also what is not yours to see"
_TEXTS = "what people said of texts nearly the same counts here, also of mail that is not yours to see"
_THREAD = "the conversation that it belongs to counts here, also what is not yours to see of it"
_STRANGER = "it refers to a thread that its sender is not believed to be in"
_BRAND = "what speaks for a desk that the brand does not have does not count"
_WORD = "a person said where it belongs"
_AS_BEFORE = "as before: "
ELSEWHERE = DestinationName("another destination")
"""What a destination of other desks is called."""


def is_limited(sight: Sight) -> bool:
    """Whether there are brands or desks that this reader does not work for."""
    return sight.brands is not None or sight.routes is not None


def of_decision(decision: Decision, sight: Sight) -> Decision:
    """The decision as this reader may know it; the same one to whoever sees all."""
    if not is_limited(sight):
        return decision
    told = [(one, of_finding(one, sight)) for one in decision.findings]
    because = decision.because
    for one, instead in told:
        if one.reason:
            because = because.replace(one.reason, instead.reason)
    if decision.again and sight.routes is not None:
        because = "a person's word was taken back; so it is as before: " + because.partition(_AS_BEFORE)[2]
    return replace(
        decision,
        findings=tuple(dict.fromkeys(instead for _, instead in told)),
        because=because,
        probabilities=tuple(
            (route, share)
            for route, share in decision.probabilities
            if route in (decision.decided, decision.route) or not hides(decision, sight)
        ),
        thread=_thread(decision.thread, sight),
        history=SenderHistory(),
    )


def hides(decision: Decision, sight: Sight) -> bool:
    """Whether something weighed in it that this reader must not be told."""
    return is_limited(sight) and any(one.route and not of_finding(one, sight).route for one in decision.findings)


def of_finding(finding: Finding, sight: Sight) -> Finding:
    """A finding; one that says more than this reader may know says only that it counted, for no route that is named."""
    if not is_limited(sight):
        return finding
    match finding.source:
        case "history":
            return _hidden(finding, _HISTORY)
        case "verdict" if finding.score < 1.0:
            return _hidden(finding, _TEXTS)
        case "verdict":
            return finding if _own(finding.route, sight) else _hidden(finding, _WORD)
        case "thread":
            return _of_thread(finding, sight)
        case "guard" if finding.name == "brand":
            return _hidden(finding, _BRAND)
        case _:
            return finding


def of_changes(changes: Sequence[Change], decision: Decision, sight: Sight) -> tuple[Change, ...]:
    """What would have changed a decision: where something in it is hidden, another threshold alone."""
    hidden = hides(decision, sight)
    untold = {without(one) for one in decision.findings if of_finding(one, sight) is not one}
    return tuple(one for one in changes if one.kind == "threshold" or not (hidden or one.what in untold))


def of_verdict(verdict: Verdict, sight: Sight) -> Verdict:
    """What a person said, without names of other desks; about other desks alone, without the note."""
    told = replace(verdict, decided=_named(verdict.decided, sight))
    if any(_own(route, sight) for route in (verdict.said, verdict.also) if route):
        return told
    taken = verdict.taken_back
    return replace(
        told, said=_NOWHERE, also=_NOWHERE, note="", taken_back=None if taken is None else replace(taken, note="")
    )


def of_events(events: Sequence[Event], sight: Sight, hidden: Collection[DestinationName]) -> tuple[Event, ...]:
    """The way of a mail; ``hidden`` are destinations of desks that the reader does not work for."""
    return tuple(_event(one, sight, hidden) for one in events)


def of_consequences(found: Sequence[Consequence], hidden: Collection[DestinationName]) -> tuple[Consequence, ...]:
    """What becomes of deliveries, as `of_events` tells of them."""
    return tuple(replace(one, destination=place(one.destination, hidden)) for one in found)


def of_job(job: JobInfo, hidden: Collection[DestinationName]) -> JobInfo:
    """A delivery, as `of_events` tells of it."""
    return replace(job, destination=ELSEWHERE, error="", receipt="") if job.destination in hidden else job


def place(name: DestinationName, hidden: Collection[DestinationName]) -> DestinationName:
    """A destination's name, or what it is called for those who don't work there."""
    return ELSEWHERE if name in hidden else name


def _of_thread(finding: Finding, sight: Sight) -> Finding:
    if finding.name == "ticket" or (sight.routes is None and finding.name != "open-case"):
        return finding
    if finding.name == "open-case":
        return _hidden(finding, _HISTORY)
    if not finding.route:
        return _hidden(finding, _STRANGER)
    if not _own(finding.route, sight):
        return _hidden(finding, _THREAD)
    return replace(finding, reason=f"it continues a thread in {finding.route}", name="")


def _thread(thread: ThreadState | None, sight: Sight) -> ThreadState | None:
    """The thread without how long it is, if it is at a desk of theirs; whole to whoever sees all desks."""
    if thread is None or sight.routes is None:
        return thread
    return replace(thread, mails=0, first_id=MailId("")) if _own(thread.route, sight) else None


def _event(event: Event, sight: Sight, hidden: Collection[DestinationName]) -> Event:
    if event.place in hidden:
        return replace(event, detail=ELSEWHERE)
    if event.desks and not any(_own(desk, sight) for desk in event.desks):
        return replace(event, detail=event.plain)
    return event


def _named(route: RouteName, sight: Sight) -> RouteName:
    return route if _own(route, sight) else _NOWHERE


def _own(route: RouteName, sight: Sight) -> bool:
    return sight.routes is None or route in sight.routes


def _hidden(finding: Finding, reason: str) -> Finding:
    return Finding(source=finding.source, route=_NOWHERE, score=0.0, reason=reason)
