"""Dead letters: deliveries that were given up on or held back."""

from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta

from postroom.flow import within
from postroom.model.deeds import unnamed
from postroom.model.people import Deed
from postroom.model.work import JobId, JobInfo, JobState
from postroom.ports import JobFilter
from postroom.web.api.mails import Limit, Number
from postroom.web.api.operation import Call, Input, Nothing, Operation, Output
from postroom.web.api.problem import Fault, Problem
from postroom.web.api.shapes import Letter, letter
from postroom.web.seen import open_to

_ASIDE: tuple[JobState, ...] = ("parked", "held", "dropped")
Numbers = Annotated[
    tuple[Annotated[int, Meta(ge=1, le=2**53)], ...],
    Meta(min_length=1, max_length=200, description="Which letters.", examples=[[17, 18]]),
]


class WhichLetters(Input, frozen=True):
    """Which letters; what is left out means any."""

    state: Annotated[
        Literal["parked", "held", "dropped"] | None,
        Meta(description="parked: given up on; held: waits after a restore; dropped: by a person. Else the first two."),
    ] = None
    destination: Annotated[str, Meta(max_length=100)] = ""
    after: Annotated[Number, Meta(description="The after of the page before.")] = 0
    limit: Limit = 50


class Again(Input, frozen=True):
    """What is tried again."""

    numbers: Numbers


class Dropped(Again, frozen=True):
    """What is never tried again."""

    reason: Annotated[
        str,
        Meta(min_length=1, max_length=400, pattern=r"\S", description="Why: whoever asks for them later reads it."),
    ]


class Elsewhere(Dropped, frozen=True):
    """What is brought elsewhere."""

    to: Annotated[str, Meta(min_length=1, max_length=100, description="Name of the destination.", examples=["rescue"])]


Chosen = TypeVar("Chosen", bound=Again)


class Letters(Output, frozen=True):
    """Some of the letters asked for, oldest first. There may be fewer than the limit and more after them."""

    letters: tuple[Letter, ...]
    after: Annotated[int, Meta(description="Ask with it for those that follow; 0 when there are none.")]


class Changed(Output, frozen=True):
    """What came of it."""

    changed: Annotated[int, Meta(description="How many deliveries.")]


def list_letters(call: Call[WhichLetters, Nothing]) -> Letters:
    """List the deliveries that lie aside, oldest first."""
    asked = call.asked
    wanted = JobFilter(
        states=(asked.state,) if asked.state else ("parked", "held"),
        destination=asked.destination,
        after=asked.after,
        limit=asked.limit,
    )
    hidden = call.room.reviewing.desks.hidden_from(call.sight)
    jobs = () if asked.destination in hidden else call.room.store.jobs(wanted)
    return Letters(letters=_visible(call, jobs), after=jobs[-1].id if len(jobs) == asked.limit else 0)


def retry_letters(call: Call[Nothing, Again]) -> Changed:
    """Try these deliveries again. All of them, or none where one is not there."""
    wanted, _ = _chosen(call)
    deed = Deed(at=call.now, by=call.user.name, what="letters-tried-again")
    return Changed(changed=call.room.store.unpark(wanted, deed=deed) + call.room.store.retry(wanted, deed=deed))


def drop_letters(call: Call[Nothing, Dropped]) -> Changed:
    """Never try these deliveries again; the mails are kept. All of them, or none where one is not there."""
    wanted, _ = _chosen(call)
    reason = " ".join(call.body.reason.split())
    deed = Deed(at=call.now, by=call.user.name, what="letters-dropped", detail=unnamed(reason))
    return Changed(changed=call.room.store.drop(wanted, f"{call.user.name}: {reason}"[:500], deed=deed))


def redirect_letters(call: Call[Nothing, Elsewhere]) -> Changed:
    """Make these deliveries at another destination of the same desk, or at one that is no desk's. All of them, or none.

    To send them to another desk, say so of their mails: `give_verdict`.
    """
    _, jobs = _chosen(call)
    by = call.user
    return Changed(changed=call.room.redirecting.send(jobs, call.body.to, call.body.reason, by.name, by.sight))


def _visible(call: Call[Any, Any], jobs: tuple[JobInfo, ...]) -> tuple[Letter, ...]:
    rows = call.room.views.rows(open_to(call.room, call.user, [job.mail_id for job in jobs]), call.sight)
    hidden = call.room.reviewing.desks.hidden_from(call.sight)
    return tuple(letter(within.of_job(job, hidden), rows[job.mail_id]) for job in jobs if job.mail_id in rows)


def _chosen(call: Call[Nothing, Chosen]) -> tuple[JobFilter, tuple[JobInfo, ...]]:
    """All of these. Raises `Problem` when one is not there, does not lie aside or may not be seen."""
    numbers = call.body.numbers
    wanted = JobFilter(ids=tuple(map(JobId, dict.fromkeys(numbers))), states=_ASIDE, limit=len(numbers))
    jobs = call.room.store.jobs(wanted)
    there = {one.number for one in _visible(call, jobs)}
    faults = [
        Fault(detail="there is no such letter, or it is not for you", pointer=f"/numbers/{place}")
        for place, number in enumerate(numbers)
        if number not in there
    ]
    if faults:
        raise Problem(422, "Nothing has changed.", *faults)
    return wanted, jobs


OPERATIONS = (
    Operation(do=list_letters, path="/letters", scope="lead"),
    Operation(
        do=retry_letters,
        path="/letters/retry",
        scope="lead",
        method="POST",
        idempotent=False,
        example=Again(numbers=(17, 18)),
    ),
    Operation(
        do=drop_letters,
        path="/letters/drop",
        scope="lead",
        method="POST",
        idempotent=False,
        example=Dropped(numbers=(17,), reason="a test of ours"),
    ),
    Operation(
        do=redirect_letters,
        path="/letters/redirect",
        scope="lead",
        method="POST",
        idempotent=False,
        example=Elsewhere(numbers=(17,), reason="the old helpdesk is switched off", to="rescue"),
    ),
)
