"""`postroom queue`: what is under way, what waits, what was parked; and what to do about it."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from postroom.cli.console import AsJson, Config, examples, fail, open_store_house, print_json, print_table, say, when

if TYPE_CHECKING:
    from postroom.model.work import JobId, JobInfo, JobKind, JobState
    from postroom.ports import JobFilter

#: as `postroom.model.work` has them; written out, so that help need not import it
STATES = ("ready", "claimed", "held", "done", "parked", "dropped")
KINDS = ("judge", "deliver", "clock")

app = typer.Typer(no_args_is_help=True, help="Jobs: list, show, retry, unpark, drop.")

Ids = Annotated[list[int] | None, typer.Argument(help="Ids of jobs; else all that the filters match.")]
State = Annotated[list[str] | None, typer.Option("--state", help=f"One of {', '.join(STATES)}; may be repeated.")]
Kind = Annotated[list[str] | None, typer.Option("--kind", help=f"One of {', '.join(KINDS)}; may be repeated.")]
To = Annotated[str, typer.Option("--to", help="Destination.")]
MailOf = Annotated[str, typer.Option("--mail", help="Id of a mail.")]
Why = Annotated[
    str, typer.Option("--why", help="Reason of parking: gave-up, too-old, bug, poison, bounced, loop, unreadable.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many.")]


@app.command("list", epilog=examples("postroom queue list --state parked", "postroom queue list --to appeals --json"))
def list_(
    state: State = None,
    kind: Kind = None,
    to: To = "",
    mail: MailOf = "",
    why: Why = "",
    limit: Limit = 100,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Jobs, oldest first; without --state those that are not finished."""
    house = open_store_house(config)
    wanted = _filter(None, state or ["ready", "claimed", "held", "parked"], kind, to, mail, why, limit)
    jobs = house.store.jobs(wanted)
    if as_json:
        for job in jobs:
            print_json(_facts(job))
    else:
        rows = [
            (j.id, j.kind, j.state, j.mail_id, j.destination, j.tries, when(j.created_at), j.why, j.error[:120])
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


@app.command(epilog=examples("postroom queue show 42"))
def show(job: Annotated[int, typer.Argument(help="Id of the job.")], config: Config = None) -> None:
    """Everything about one job, as JSON."""
    house = open_store_house(config)
    found = house.store.jobs(_filter([job], None, None, "", "", "", 1))
    if not found:
        fail(f"there is no job {job}")
    print_json(_facts(found[0]))
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
    limit: Limit = 100_000,
    config: Config = None,
) -> None:
    """Make waiting jobs due now; also those held after a restore."""
    house = open_store_house(config)
    wanted = _filter(ids, state or ["ready", "held"], kind, to, mail, "", limit)
    count = house.store.retry(wanted)
    say(f"{count} made due now.")
    house.close()


@app.command(epilog=examples("postroom queue unpark 42", "postroom queue unpark --why gave-up --to appeals"))
def unpark(
    ids: Ids = None,
    kind: Kind = None,
    to: To = "",
    mail: MailOf = "",
    why: Why = "",
    limit: Limit = 100_000,
    config: Config = None,
) -> None:
    """Try parked jobs again, with a fresh age."""
    house = open_store_house(config)
    count = house.store.unpark(_filter(ids, ["parked"], kind, to, mail, why, limit))
    say(f"{count} will be tried again.")
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
    limit: Limit = 1000,
    config: Config = None,
) -> None:
    """Never do these jobs. The mails stay in the store. Needs ids or a filter."""
    if not (ids or to or mail or why or kind):
        fail("say which: ids, --to, --mail, --why or --kind")
    house = open_store_house(config)
    count = house.store.drop(_filter(ids, state or ["parked", "held", "ready"], kind, to, mail, why, limit), reason)
    say(f"{count} dropped; their mails are kept.")
    house.close()


def _filter(
    ids: list[int] | None, state: list[str] | None, kind: list[str] | None, to: str, mail: str, why: str, limit: int
) -> "JobFilter":
    from postroom.ports import JobFilter

    for value, known, name in ((state or [], STATES, "--state"), (kind or [], KINDS, "--kind")):
        if unknown := [v for v in value if v not in known]:
            fail(f"{name} {unknown[0]!r} is unknown; use one of {', '.join(known)}", 2)
    return JobFilter(
        states=cast("tuple[JobState, ...]", tuple(state or ())),
        kinds=cast("tuple[JobKind, ...]", tuple(kind or ())),
        destination=to,
        mail_id=mail,
        ids=cast("tuple[JobId, ...]", tuple(ids or ())),
        why=why,
        limit=limit,
    )


def _facts(job: "JobInfo") -> dict[str, object]:
    return {name: getattr(job, name) for name in type(job).__slots__}
