"""Dead letters: deliveries that were given up on or held back, until a person says what becomes of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from postroom.flow import within
from postroom.model.deeds import unnamed
from postroom.model.errors import Refused
from postroom.model.listing import MailRow
from postroom.model.mail import RouteName
from postroom.model.people import Deed
from postroom.model.replies import Reply
from postroom.model.work import JobId, JobInfo, JobState
from postroom.ports import JobFilter
from postroom.web import standing
from postroom.web.bulk import each
from postroom.web.seen import open_to, seen
from postroom.web.visit import Page, Visit

_SHOWN = 100
_AT_ONCE = 500
_LOOKED_AT = 20
"""Times so many that are looked through for what the reader may see."""
_STATES: tuple[JobState, ...] = ("parked", "held", "dropped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A delivery, with the mail that it is of."""

    job: JobInfo
    row: MailRow


def letters(visit: Visit) -> Response:
    """What lies aside, oldest first."""
    state = visit.query.get("state", "")
    hidden = visit.room.reviewing.desks.hidden_from(visit.sight)
    destination = visit.query.get("destination", "")
    states = (state,) if state in _STATES else ("parked", "held")
    wanted = JobFilter(states=states, destination=destination, limit=_AT_ONCE)  # type: ignore[arg-type]
    found = [] if destination in hidden else _oldest(visit, wanted)
    return visit.page(
        "letters.html",
        title="Dead letters",
        here="letters",
        letters=found,
        replies=_replies(visit) if state != "dropped" and not destination else (),
        state=state,
        destination=destination,
        destinations=sorted({one.job.destination for one in found} - {"", within.ELSEWHERE}),
        lanes=[lane for lane in standing.lanes(visit.room, visit.sight) if lane.down],
        full=len(found) >= _SHOWN,
        places=sorted(one for one in visit.room.redirecting.destinations if one not in hidden),
    )


def change(visit: Visit) -> Response:
    """Try again, send elsewhere, or never try again: those that were ticked."""
    numbers = [JobId(int(one)) for one in visit.form.get("job", ()) if one.isdecimal() and len(one) < 16]
    if not numbers:
        raise Refused("Tick the letters that you mean.")
    chosen = _visible(visit, JobFilter(ids=tuple(numbers), states=_STATES, limit=len(numbers)))
    if not chosen:
        raise Refused("These letters are not there any more.")
    _change(visit, chosen, visit.said("verb"), " ".join(visit.said("reason").split()))
    back = {name: visit.said(name) for name in ("state", "destination") if visit.said(name)}
    return RedirectResponse(f"/letters?{urlencode(back)}" if back else "/letters", status_code=303)


def _change(visit: Visit, chosen: Sequence[Letter], verb: str, reason: str) -> None:
    wanted = JobFilter(ids=tuple(one.job.id for one in chosen), states=_STATES, limit=len(chosen))
    store, by = visit.room.store, visit.user.name
    match verb:
        case "again":
            deed = Deed(at=visit.now, by=by, what="letters-tried-again")
            store.unpark(wanted, deed=deed)
            store.retry(wanted, deed=deed)
        case "drop":
            if not reason:
                raise Refused("Say why they are dropped: whoever asks for them later reads it.")
            deed = Deed(at=visit.now, by=by, what="letters-dropped", detail=unnamed(reason))
            store.drop(wanted, f"{by}: {reason}"[:500], deed=deed)
        case "send":
            kind, _, name = visit.said("to").partition(":")
            if kind == "desk":
                _move(visit, chosen, name, reason)
            elif kind == "place":
                visit.room.redirecting.send([one.job for one in chosen], name, reason, by, visit.sight)
            else:
                raise Refused("Say where they go.")
        case _:
            raise Refused("This form is damaged: load the page again.")


def _move(visit: Visit, chosen: Sequence[Letter], route: str, reason: str) -> None:
    """A verdict on each mail: it is brought to another desk, and not to where it could not be brought."""
    if any(one.job.kind != "deliver" for one in chosen):
        raise Refused("Some of these have not been judged, so they are at no desk yet: try them again first.")

    def move(row: MailRow) -> None:
        _, mail = seen(visit.room, visit.sight, row.id)
        visit.room.reviewing.give(mail, RouteName(route), visit.user.name, generation=row.generation, note=reason)

    each({one.row.id: one.row for one in chosen}.values(), move, "mails were moved")


def _oldest(visit: Visit, wanted: JobFilter) -> list[Letter]:
    """The oldest that the reader may see, however many of others lie before them."""
    found: list[Letter] = []
    for _ in range(_LOOKED_AT):
        jobs = visit.room.store.jobs(wanted)
        found += _seen(visit, jobs)
        if len(found) >= _SHOWN or len(jobs) < wanted.limit:
            break
        wanted = replace(wanted, after=jobs[-1].id)
    return found[:_SHOWN]


def _visible(visit: Visit, wanted: JobFilter) -> list[Letter]:
    """Deliveries of mails that the reader may see."""
    return _seen(visit, visit.room.store.jobs(wanted))


def _seen(visit: Visit, jobs: Sequence[JobInfo]) -> list[Letter]:
    rows = visit.room.views.rows(open_to(visit.room, visit.user, [job.mail_id for job in jobs]), visit.sight)
    hidden = visit.room.reviewing.desks.hidden_from(visit.sight)
    return [Letter(job=within.of_job(job, hidden), row=rows[job.mail_id]) for job in jobs if job.mail_id in rows]


def _replies(visit: Visit) -> list[Reply]:
    """Answers that could not be sent, to mails that the reader may see."""
    found: list[Reply] = []
    after = ""
    for _ in range(_LOOKED_AT):
        some = visit.room.answering.replies.aside(after=after, limit=_AT_ONCE)
        rows = visit.room.views.rows(open_to(visit.room, visit.user, [one.mail_id for one in some]), visit.sight)
        found += [one for one in some if one.mail_id in rows]
        if len(found) >= _SHOWN or len(some) < _AT_ONCE:
            break
        after = some[-1].id
    return found[:_SHOWN]


PAGES = (Page(path="/letters", do=letters, role="lead"), Page(path="/letters", do=change, role="lead", method="POST"))
