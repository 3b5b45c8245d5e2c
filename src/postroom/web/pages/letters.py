"""Dead letters: deliveries that were given up on or held back, until a person says what becomes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from postroom.model.errors import Refused
from postroom.model.listing import MailRow
from postroom.model.people import Deed
from postroom.model.work import JobId, JobInfo
from postroom.ports import JobFilter
from postroom.web.visit import Page, Visit

_SHOWN = 100
_STATES = ("parked", "held", "dropped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A delivery, with the mail that it is of."""

    job: JobInfo
    row: MailRow


def letters(visit: Visit) -> Response:
    """What lies aside, oldest first."""
    state = visit.query.get("state", "")
    destination = visit.query.get("destination", "")
    states = (state,) if state in _STATES else ("parked", "held")
    found = _visible(visit, JobFilter(states=states, destination=destination, limit=_SHOWN))  # type: ignore[arg-type]
    return visit.page(
        "letters.html",
        title="Dead letters",
        here="letters",
        letters=found,
        state=state,
        destination=destination,
        destinations=sorted({one.job.destination for one in found if one.job.destination}),
        lanes=[lane for lane in visit.room.store.lanes() if lane.down],
        full=len(found) >= _SHOWN,
    )


def change(visit: Visit) -> Response:
    """Try again, or never: those that were ticked."""
    numbers = [JobId(int(one)) for one in visit.form.get("job", ()) if one.isdecimal() and len(one) < 16]
    if not numbers:
        raise Refused("Tick the letters that you mean.")
    chosen = _visible(visit, JobFilter(ids=tuple(numbers), limit=len(numbers)))
    wanted = JobFilter(ids=tuple(one.job.id for one in chosen), limit=max(len(chosen), 1))
    if not chosen:
        raise Refused("These letters are not there any more.")
    verb, reason = visit.said("verb"), " ".join(visit.said("reason").split())
    store = visit.room.store
    match verb:
        case "again":
            done = store.unpark(wanted) + store.retry(wanted)
        case "drop":
            if not reason:
                raise Refused("Say why they are dropped: whoever asks for them later reads it.")
            done = store.drop(wanted, f"{visit.user.name}: {reason}"[:500])
        case _:
            raise Refused("This form is damaged: load the page again.")
    _note(visit, verb, chosen, f"{done} deliveries" + (f": {reason}" if reason else ""))
    back = {name: visit.said(name) for name in ("state", "destination") if visit.said(name)}
    return RedirectResponse(f"/letters?{urlencode(back)}" if back else "/letters", status_code=303)


def _visible(visit: Visit, wanted: JobFilter) -> list[Letter]:
    """Deliveries of mails that the reader may see."""
    jobs = visit.room.store.jobs(wanted)
    rows = visit.room.views.rows({job.mail_id for job in jobs}, visit.sight)
    return [Letter(job=job, row=rows[job.mail_id]) for job in jobs if job.mail_id in rows]


def _note(visit: Visit, verb: str, chosen: Sequence[Letter], detail: str) -> None:
    what = "letters-tried-again" if verb == "again" else "letters-dropped"
    mails = dict.fromkeys(one.row.id for one in chosen)
    visit.room.journal.write(
        [Deed(at=visit.now, by=visit.user.name, what=what, to=mail, detail=detail) for mail in mails]
    )


PAGES = (Page(path="/letters", do=letters, role="lead"), Page(path="/letters", do=change, role="lead", method="POST"))
