"""`postroom queue`: what is under way, what waits, what was parked; and what to do about it."""

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, cast

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    destinations_of,
    examples,
    fail,
    find_mail,
    note,
    open_store_house,
    print_json,
    print_table,
    say,
    when,
    with_config,
)
from postroom.cli.review import By, login_name
from postroom.model.errors import unknown

if TYPE_CHECKING:
    from pathlib import Path

    from postroom.bootstrap import House
    from postroom.model.people import Deed
    from postroom.model.work import JobId, JobInfo, JobKind, JobState
    from postroom.ports import JobFilter

#: as `postroom.model.work` has them; written out, so that help need not import it
STATES = ("ready", "claimed", "held", "done", "parked", "dropped")
KINDS = ("judge", "deliver", "clock")
WHYS = ("gave-up", "too-old", "bug", "poison", "bounced", "loop", "unreadable")

#: what becomes of a job in a state that a verb leaves alone
_AS_IT_IS = {
    "ready": "waits already; make it due now with: postroom queue retry {}",
    "held": "is held since a restore; let it go with: postroom queue retry {}",
    "claimed": "is in a worker's hands now",
    "done": "is done",
    "parked": "is parked; try it again with: postroom queue unpark {}",
    "dropped": "was dropped; take it up again with: postroom queue unpark {}",
}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800}

app = typer.Typer(no_args_is_help=True, help="Jobs: list, show, retry, unpark, redirect, drop.")


def seconds_of(age: str) -> float:
    """A length of time as people write it, ``90m`` or ``3d``, in seconds."""
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhdw])", age.strip())
    if found is None:
        raise typer.BadParameter(f"{age!r} is no age: write 90m, 2h or 3d")
    return float(found[1]) * _UNITS[found[2]]


Ids = Annotated[list[int] | None, typer.Argument(help="Ids of jobs; else all that the filters match.", metavar="JOB")]
State = Annotated[list[str] | None, typer.Option("--state", help=f"One of {', '.join(STATES)}; may be repeated.")]
Kind = Annotated[list[str] | None, typer.Option("--kind", help=f"One of {', '.join(KINDS)}; may be repeated.")]
To = Annotated[str, typer.Option("--to", help="Destination.")]
MailOf = Annotated[str, typer.Option("--mail", help="Id of a mail, or its beginning.", metavar="ID")]
Why = Annotated[str, typer.Option("--why", help=f"Reason of parking: {', '.join(WHYS)}.")]
OlderThan = Annotated[
    float | None,
    typer.Option("--older-than", help="Made longer ago than this, e.g. 90m, 2h, 3d.", metavar="AGE", parser=seconds_of),
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many.")]


@app.command("list", epilog=examples("postroom queue list --state parked", "postroom queue list --to appeals --json"))
def list_(
    state: State = None,
    kind: Kind = None,
    to: To = "",
    mail: MailOf = "",
    why: Why = "",
    older_than: OlderThan = None,
    limit: Limit = 100,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Jobs, oldest first; without --state those that are not finished."""
    house = open_store_house(config)
    wanted = _filter(house, state or ["ready", "claimed", "held", "parked"], kind, to, mail, why, older_than, limit)
    jobs = house.store.jobs(wanted)
    if as_json:
        for job in jobs:
            print_json(_facts(job))
    else:
        rows = [
            (j.id, j.does, j.state, j.mail_id, j.destination, j.tries, when(j.created_at), j.why, j.error[:120])
            for j in jobs
        ]
        print_table(
            "",
            ("job", "kind", "state", "mail", "to", "tries", "since (UTC)", "why", "error"),
            rows,
            empty="Nothing waits, nothing is parked.",
        )
        for lane in house.store.lanes():
            if lane.down:
                say(f"{lane.destination} is down, next probe {when(lane.probe_at)} UTC: {lane.error[:200]}")
    house.close()


@app.command(epilog=examples("postroom queue show 42", "postroom queue show 42 --json"))
def show(
    job: Annotated[int, typer.Argument(help="Id of the job.", metavar="JOB")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Everything about one job."""
    house = open_store_house(config)
    (found,) = _jobs(house, [job])
    if as_json:
        print_json(_facts(found))
    else:
        rows = [(name, _readable(value)) for name, value in _facts(found).items() if value not in ("", None)]
        print_table("", ("field", "value"), rows)
    house.close()


@app.command(
    epilog=examples("postroom queue retry 42", "postroom queue retry --to appeals", "postroom queue retry --state held")
)
def retry(
    ids: Ids = None,
    state: State = None,
    kind: Kind = None,
    to: To = "",
    mail: MailOf = "",
    older_than: OlderThan = None,
    limit: Limit = 100_000,
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make waiting jobs due now; also those held after a restore."""
    house = open_store_house(config)
    wanted = _filter(house, state or ["ready", "held"], kind, to, mail, "", older_than, limit, ids)
    _say_what_stays(house, wanted, config)
    deed = _deed("letters-tried-again", by)
    _say_changed(house.store.retry(wanted, deed=deed), "made due now.", as_json=as_json)
    _say_what_rests(house, wanted)
    house.close()


@app.command(epilog=examples("postroom queue unpark 42", "postroom queue unpark --why gave-up --to appeals"))
def unpark(
    ids: Ids = None,
    state: State = None,
    kind: Kind = None,
    to: To = "",
    mail: MailOf = "",
    why: Why = "",
    older_than: OlderThan = None,
    limit: Limit = 100_000,
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Try parked jobs again, with a fresh age; dropped ones too, when their ids or --state dropped say so."""
    house = open_store_house(config)
    states = state or (["parked", "dropped"] if ids else ["parked"])
    wanted = _filter(house, states, kind, to, mail, why, older_than, limit, ids)
    _say_what_stays(house, wanted, config)
    deed = _deed("letters-tried-again", by)
    _say_changed(house.store.unpark(wanted, deed=deed), "will be tried again.", as_json=as_json)
    house.close()


@app.command(epilog=examples('postroom queue redirect rescue 42 --reason "the old helpdesk is switched off"'))
def redirect(
    destination: Annotated[str, typer.Argument(help="Where they go instead: of the same desk, or of none.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the job.")],
    ids: Ids = None,
    state: State = None,
    to: To = "",
    mail: MailOf = "",
    why: Why = "",
    older_than: OlderThan = None,
    limit: Limit = 1000,
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make deliveries at another destination. Another desk's is a matter of `postroom review`. Needs ids or a filter."""
    from postroom.bootstrap.letters import redirecting

    if not (ids or to or mail or why or older_than):
        fail("say which: ids, --to, --mail, --why or --older-than")
    house = open_store_house(config)
    kinds = None if ids else ["deliver"]
    wanted = _filter(house, state or ["parked", "held", "ready"], kinds, to, mail, why, older_than, limit, ids)
    _say_what_stays(house, wanted, config)
    jobs = house.store.jobs(wanted)
    done = redirecting(house).send(jobs, destination, reason, by or login_name())
    _say_changed(done, f"go to {destination}.", as_json=as_json)
    house.close()


@app.command(epilog=examples('postroom queue drop 42 --reason "answered by telephone"'))
def drop(
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the job.")],
    ids: Ids = None,
    state: State = None,
    kind: Kind = None,
    to: To = "",
    mail: MailOf = "",
    why: Why = "",
    older_than: OlderThan = None,
    limit: Limit = 1000,
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Never do these jobs; `unpark` takes them up again. The mails stay in the store. Needs ids or a filter."""
    if not reason.strip():
        fail("--reason is empty: say why, for whoever asks later", 2)
    if not (ids or to or mail or why or kind or older_than):
        fail("say which: ids, --to, --mail, --why, --kind or --older-than")
    house = open_store_house(config)
    wanted = _filter(house, state or ["parked", "held", "ready"], kind, to, mail, why, older_than, limit, ids)
    _say_what_stays(house, wanted, config)
    deed = _deed("letters-dropped", by, reason)
    _say_changed(
        house.store.drop(wanted, f"{deed.by}: {reason}"[:500], deed=deed),
        "dropped; their mails are kept.",
        as_json=as_json,
    )
    house.close()


def _deed(what: str, by: str, reason: str = "") -> "Deed":
    """The line of the audit log."""
    from postroom.model.deeds import unnamed
    from postroom.model.people import Deed

    return Deed(at=time.time(), by=by or login_name(), what=what, detail=unnamed(" ".join(reason.split())))


def _filter(
    house: "House",
    state: list[str],
    kind: list[str] | None,
    to: str,
    mail: str,
    why: str,
    older_than: float | None,
    limit: int,
    ids: list[int] | None = None,
) -> "JobFilter":
    """Which jobs are meant. Ends the command where a name is known to nobody: "nothing found" would be taken for the truth."""
    from postroom.ports import JobFilter

    for value, known, name in ((state, STATES, "--state"), (kind or [], KINDS, "--kind")):
        if strange := [v for v in value if v not in known]:
            fail(f"{name} {strange[0]!r} is unknown; use one of {', '.join(known)}", 2)
    if why and why not in (*WHYS, "dropped"):
        fail(f"--why {why!r} is unknown; use one of {', '.join(WHYS)}")
    # Jobs may be left of a destination that the settings no longer name.
    if to and to not in (places := destinations_of(house)) and not house.store.jobs(JobFilter(destination=to, limit=1)):
        fail(unknown("destination", to, places))
    return JobFilter(
        states=cast("tuple[JobState, ...]", tuple(state)),
        kinds=cast("tuple[JobKind, ...]", tuple(kind or ())),
        destination=to,
        mail_id=find_mail(house, mail).id if mail else "",
        ids=tuple(job.id for job in _jobs(house, ids)) if ids else (),
        why=why,
        before=None if older_than is None else time.time() - older_than,
        limit=limit,
    )


def _jobs(house: "House", ids: list[int]) -> "tuple[JobInfo, ...]":
    """The jobs with these ids; ends the command when one isn't there."""
    from postroom.ports import JobFilter

    wanted = set(ids)
    # What is no number of a job would not fit the store's integers either.
    possible = cast("tuple[JobId, ...]", tuple(sorted(one for one in wanted if 0 < one < 2**63)))
    found = house.store.jobs(JobFilter(ids=possible, limit=len(possible))) if possible else ()
    if missing := sorted(wanted - {job.id for job in found}):
        fail(f"there is no job {', '.join(map(str, missing))}")
    return found


def _say_what_stays(house: "House", wanted: "JobFilter", config: "Path | None") -> None:
    """Of jobs that were named: which are in a state that the verb leaves alone, and which verb would not."""
    for job in _jobs(house, list(wanted.ids)) if wanted.ids else ():
        if job.state not in wanted.states:
            note(f"Job {job.id} {_AS_IT_IS[job.state].format(f'{job.id}{with_config(config)}')}")


def _say_changed(count: int, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"changed": count})
    else:
        say(f"{count} {text}")


def _say_what_rests(house: "House", wanted: "JobFilter") -> None:
    """What is due now still waits where its destination is down."""
    for lane in house.store.lanes():
        here = replace(wanted, destination=lane.destination, limit=1)
        if lane.down and wanted.destination in ("", lane.destination) and house.store.jobs(here):
            note(
                f"{lane.destination} is down and rests until its next probe, {when(lane.probe_at)} UTC: {lane.error[:200]}"
            )


def _readable(value: object) -> object:
    """A time for people; jobs have no other fractions."""
    return value if not isinstance(value, float) else f"{when(value)} UTC" if value else "at once"


def _facts(job: "JobInfo") -> dict[str, object]:
    return {name: getattr(job, name) for name in type(job).__slots__}
