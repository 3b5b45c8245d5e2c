"""`postroom review`: what people are asked, what they say, and how often decisions agree with them."""

import getpass
import os
import time
from typing import TYPE_CHECKING, Annotated, Literal, assert_never, cast

import typer

from postroom.cli import agreement
from postroom.cli.console import (
    AsJson,
    Config,
    examples,
    fail,
    find_mail,
    note,
    open_store_house,
    print_json,
    print_list,
    print_table,
    printable,
    say,
    shortened,
    when,
    with_config,
)
from postroom.cli.explain import explanation_of, show_explanation, undecided
from postroom.cli.inbox import warnings
from postroom.model.shares import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postroom.bootstrap import House
    from postroom.flow.agreement import Agreement, Agreements
    from postroom.flow.moves import Consequence
    from postroom.model.judgement import Verdict
    from postroom.model.listing import Waiting

_DAY = 86_400.0
_PAGE = 1000
_GROUPS = {"review": "asked in review", "audit": "went to a desk unseen", "all": "all decisions"}

app = typer.Typer(
    no_args_is_help=True,
    help="Verdicts: list what waits for a person, show it, confirm or move it, see how often it was right.",
)

MailId = Annotated[str, typer.Argument(help="Id of a mail, or its beginning or end.", metavar="ID")]
By = Annotated[
    str, typer.Option("--as", help="Name of who says so; else the login name.", metavar="NAME", show_default=False)
]
Note = Annotated[str, typer.Option("--note", help="Why; kept with the verdict.")]
Generation = Annotated[
    int,
    typer.Option(
        "--generation",
        min=0,
        help="The decision that you looked at, as `review list` and `show` say: refused when there is a newer one.",
        metavar="N",
        show_default=False,
    ),
]


@app.command("list", epilog=examples("postroom review list", "postroom review list --asked audit --json"))
def list_(
    asked: Annotated[str, typer.Option("--asked", help="review or audit alone.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What waits for a verdict: first what is in review, then what was drawn for the audit; each oldest first."""
    from postroom.flow.facts import waiting_facts

    if asked not in ("", "review", "audit"):
        fail(f"--asked {asked!r} is unknown; use review or audit", 2)
    house = open_store_house(config)
    shown = house.store.waiting(limit, cast('Literal["", "review", "audit"]', asked))
    waiting = house.store.census()["waiting"]
    house.close()
    if as_json:
        for one in shown:
            print_json(waiting_facts(one))
        return
    now = time.time()
    columns = ("id", "gen.", "age", "clock", "from", "subject", "best guess", "sure", "asked")
    rows = [_row(one, now) for one in shown]
    print_list(columns, rows, empty="Nothing waits for a person.", spare=("gen.", "age", "sure"))
    total = sum(count for why, count in waiting.items() if asked in ("", why))
    if total > len(shown):
        say(f"{total - len(shown)} more; see them with --limit {total}.")


@app.command(epilog=examples("postroom review show 01j9…  # the first or last letters of an id are enough"))
def show(mail: MailId, config: Config = None, as_json: AsJson = False) -> None:
    """One mail as a person needs it for a verdict: its text, why it is where it is, and what was said of it before."""
    from postroom.flow.facts import decision_facts, explanation_facts, mail_facts, message_facts, verdict_facts
    from postroom.understand.reader import read

    house = open_store_house(config)
    found = find_mail(house, mail)
    message, decisions = read(found, house.trust), house.store.decisions(found.id)
    said = house.store.verdicts_on(found.id)
    explanation = explanation_of(house, decisions[-1], message) if decisions else None
    house.close()
    if as_json:
        explained = explanation_facts(explanation) if explanation else {"words": [undecided(found)]}
        explained.pop(
            "text", None
        )  # `text` is the whole visible text here; offsets count in subject, line end, new_text
        facts = {
            **mail_facts(found),
            **message_facts(found.id, message),
            "decision": decision_facts(found.id, decisions[-1]) if decisions else None,
            **explained,
            "verdicts": [verdict_facts(one) for one in said],
        }
        print_json(facts)
        return
    latest = decisions[-1] if decisions else None
    sender = message.customer.addr if message.customer else "(nobody)"
    generation = f", generation {latest.generation}" if latest else ""
    head = [f"Mail {found.id}{generation}", *warnings(latest), f"From: {sender}", f"Subject: {message.subject}"]
    say(printable("\n".join([*head, "", message.text, ""])))
    if explanation is None:
        say(undecided(found))
    else:
        show_explanation(explanation)
    if said:
        say("")
    for one in said:
        noted = f" ({one.note})" if one.note else ""
        noted += f"; {one.taken_back.by} took that back" if one.taken_back else ""
        say(printable(f"{when(one.at)} UTC  {one.by} said {one.where}; the decision was {one.decided}{noted}"))


@app.command(
    epilog=examples("postroom review confirm 01j9…", 'postroom review confirm 01j9… --as ada --note "clear case"')
)
def confirm(
    mail: MailId,
    by: By = "",
    note_: Note = "",
    generation: Generation = 0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """The best guess is right: the mail goes to that desk, if it is not there yet."""
    _give(mail, None, by, note_, generation, config, as_json=as_json)


@app.command(epilog=examples("postroom review move 01j9… appeals", "postroom review move 01j9… junk --as ada"))
def move(
    mail: MailId,
    route: Annotated[str, typer.Argument(help="Where it belongs: a route, junk or automatic.", metavar="ROUTE")],
    by: By = "",
    note_: Note = "",
    generation: Generation = 0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """The mail belongs elsewhere: it goes there, and so does what continues it. Any mail, in review or not. `undo` takes it back."""
    _give(mail, route, by, note_, generation, config, as_json=as_json)


@app.command(epilog=examples("postroom review split 01j9… appeals refunds"))
def split(
    mail: MailId,
    route: Annotated[str, typer.Argument(help="Where it belongs.", metavar="ROUTE")],
    also: Annotated[str, typer.Argument(help="Where it belongs too.", metavar="ROUTE")],
    by: By = "",
    note_: Note = "",
    generation: Generation = 0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """The mail is about two things: both desks get it, and each knows of the other. `undo` takes both back."""
    _give(mail, route, by, note_, generation, config, as_json=as_json, also=also)


app.command("agreement", epilog=agreement.EXAMPLES)(agreement.agreement)


@app.command(epilog=examples("postroom review figures", "postroom review figures --days 30 --json"))
def figures(
    days: Annotated[float, typer.Option("--days", min=0.0, help="Of verdicts given in so many days.")] = 90.0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """How often decisions agree with people, by route: of what was asked, weighed by how likely it was to be asked."""
    from postroom.flow.agreement import agreement
    from postroom.flow.facts import agreement_facts

    house = open_store_house(config)
    found = agreement(_verdicts(house, time.time() - days * _DAY))
    waiting = house.store.census()["waiting"]
    house.close()
    if as_json:
        print_json({**agreement_facts(found), "unanswered": waiting})
    else:
        _show_figures(found, waiting, days)


@app.command(epilog=examples("postroom review undo 01j9…", 'postroom review undo 01j9… --as ada --note "wrong mail"'))
def undo(
    mail: MailId,
    yes: Annotated[
        bool, typer.Option("--yes", help="Also where somebody has it already from whom it can't be taken back.")
    ] = False,
    by: By = "",
    note_: Note = "",
    generation: Generation = 0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take the newest verdict on a mail back: what was decided before stands again, and the verdict teaches nothing."""
    from postroom.flow.facts import verdict_facts

    house = open_store_house(config)
    found = find_mail(house, mail)
    reviewing = house.reviewing()
    late = [one for one in reviewing.consequences(found) if one.what == "too late"]
    if late and not yes:
        house.close()
        where = "; ".join(_became(one, "") for one in late)
        fail(f"it can't be undone whole: {where}. Take it back all the same with --yes")
    given = reviewing.take_back(found, by or login_name(), generation=generation, note=note_)
    house.close()
    if as_json:
        print_json(
            {
                **verdict_facts(given.verdict),
                "route": given.decision.route,
                "deliveries": list(given.deliveries),
                "waiting": list(given.waiting),
                "consequences": [_consequence_facts(one) for one in given.consequences],
            }
        )
        return
    verdict, decision = given.verdict, given.decision
    say(f"{found.id}: that {verdict.by} said {verdict.where} is taken back; it is in {decision.route} again.")
    for one in given.consequences:
        say(_became(one, "it "))


def _give(
    prefix: str,
    route: str | None,
    by: str,
    noted: str,
    generation: int,
    config: Config,
    *,
    as_json: bool,
    also: str = "",
) -> None:
    from postroom.flow.facts import verdict_facts
    from postroom.model.mail import RouteName

    house = open_store_house(config)
    mail = find_mail(house, prefix)
    given = house.reviewing().give(
        mail,
        None if route is None else RouteName(route),
        by or login_name(),
        also=RouteName(also),
        generation=generation,
        note=noted,
    )
    house.close()
    verdict = given.verdict
    if as_json:
        told = [_consequence_facts(one) for one in given.consequences]
        facts = {"deliveries": list(given.deliveries), "waiting": list(given.waiting), "consequences": told}
        print_json({**verdict_facts(verdict), **facts})
        return
    said = (
        f"{verdict.by} splits it between {verdict.where}"
        if verdict.also
        else f"{verdict.by} confirms {verdict.said}"
        if verdict.right
        else f"{verdict.by} moves it from {verdict.decided} to {verdict.said}"
    )
    goes = f"it is being delivered to {', '.join(given.deliveries)}" if given.deliveries else "it lies there already"
    say(f"{mail.id}: {said}; {goes}.")
    if given.decision.stage == "shadow":
        note(f"{verdict.said} is in shadow for this mail: it stays where it went before.")
    if given.waiting:
        seconds = house.settings.review.undo_seconds
        note(f"{', '.join(given.waiting)} can't take it back: it goes there in {seconds:.0f} seconds.")
    note(f"Undo: postroom review undo {mail.id}{with_config(config)}")


def _consequence_facts(one: "Consequence") -> dict[str, object]:
    return {"destination": one.destination, "what": one.what, "told": one.told}


def _became(one: "Consequence", subject: str) -> str:
    """What becomes of a delivery where the mail does not belong any more."""
    match one.what:
        case "waiting":
            return f"{subject}has not gone to {one.destination}, and does not go"
        case "withdrawn":
            return f"{subject}leaves {one.destination}, unless somebody there has touched it"
        case "too late":
            then = "is told that it belongs elsewhere" if one.told else "is not told"
            return f"{one.destination} has it, and {then}"
        case _:
            assert_never(one.what)


def login_name() -> str:
    """Who is at the keyboard, also behind sudo: verdicts of one account of the system would all be one person's."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        fail("nobody knows your login name: say who you are with --as NAME")


def _verdicts(house: "House", since: float) -> "Iterator[Verdict]":
    last = 0
    while page := house.store.verdicts(since, after=last, limit=_PAGE):
        yield from page
        last = page[-1].number


def _row(one: "Waiting", now: float) -> tuple[object, ...]:
    clock = "" if one.due_at is None else f"{_span(one.due_at - now)} left" if one.due_at > now else "is up"
    asked = one.asked if one.asked == "review" else f"audit, in {one.route}"
    return (
        one.mail_id,
        one.generation,
        _span(now - one.since),
        clock,
        one.from_addr,
        ("! " if one.urgent else "") + shortened(one.subject, 80),
        one.decided,
        percent(one.confidence),
        asked,
    )


def _span(seconds: float) -> str:
    """A length of time in its largest unit."""
    for size, unit in ((_DAY, "d"), (3600.0, "h"), (60.0, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "<1m"


def _show_figures(found: "Agreements", waiting: "dict[str, int]", days: float) -> None:
    rows = [(row.route or "(all)", _GROUPS[row.group], row.verdicts, row.right, _share(row)) for row in found.rows]
    columns = ("best guess", "decisions", "judged", "right", "right of all such (95 %)")
    print_table("", columns, rows, empty=f"Nobody has answered a question in the last {days:g} days.")
    say(f"Corrected without being asked, and in no share: {found.corrections}.")
    say(
        f"Asked and not answered: {waiting['review']} in review, {waiting['audit']} of the audit. No answer counts as neither."
    )


def _share(row: "Agreement") -> str:
    if row.share is None or row.low is None or row.high is None:
        return "not enough"
    return f"{row.share:.1%} ({row.low:.1%} to {row.high:.1%})"
