"""`postroom urgent`: what nobody has yet, and taking it by name."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    examples,
    fail,
    find_mail,
    open_store_house,
    print_json,
    print_list,
    say,
    shortened,
    when,
)
from postroom.cli.review import login_name
from postroom.model.errors import Refused

if TYPE_CHECKING:
    from typing import Any

    from postroom.model.alarms import Alarm
    from postroom.model.listing import MailRow

app = typer.Typer(no_args_is_help=True, help="Urgent mail: list what nobody has, take it by name.")


@app.command("list", epilog=examples("postroom urgent list", "postroom urgent list --held --json"))
def list_(
    held: Annotated[bool, typer.Option("--held", help="What somebody has, taken last first.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Urgent mail that nobody has, what waits longest first."""
    from postroom.model.people import ALL

    house = open_store_house(config)
    found = house.pressing.alarms.page(ALL, held=held, limit=limit).alarms
    signals = {mail: one.urgent for mail, one in house.store.in_force([row.id for _, row in found]).items()}
    house.close()
    if as_json:
        for alarm, row in found:
            print_json(_facts(alarm, row, signals[row.id]))
        return
    now = time.time()
    rows = [
        (
            row.id,
            _span(now - alarm.since) if not held else when(alarm.taken_at or 0.0),
            alarm.holder,
            ", ".join(signals[row.id]),
            row.route,
            row.from_addr,
            shortened(row.subject, 60),
        )
        for alarm, row in found
    ]
    columns = ("id", "since (UTC)" if held else "waits", "who", "why", "route", "from", "subject")
    print_list(columns, rows, empty="Nobody has any." if held else "No urgent mail waits.", spare=("route",))


@app.command(epilog=examples("postroom urgent ack 01j9…", 'postroom urgent ack 01j9… --as ada --note "called them"'))
def ack(
    mail: Annotated[str, typer.Argument(help="Id of a mail, or its beginning or end.", metavar="ID")],
    by: Annotated[
        str, typer.Option("--as", help="Name of who has it; else the login name.", metavar="NAME", show_default=False)
    ] = "",
    note: Annotated[str, typer.Option("--note", help="For colleagues.")] = "",
    over: Annotated[bool, typer.Option("--over", help="Also from whoever has it.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Somebody has it from now on: it is not told again."""
    from postroom.flow.urgency import Doer
    from postroom.model.people import ALL, UserName

    house = open_store_house(config)
    found = find_mail(house, mail)
    alarm = house.pressing.alarms.alarm(found.id, ALL)
    if alarm is None:
        house.close()
        fail(f"{found.id} is not urgent")
    doer = Doer(name=UserName(by or login_name()), sight=ALL)
    try:
        taken = house.pressing.urgency.acknowledge(doer, found.id, seen_with=alarm.holder if over else "", note=note)
    except Refused as error:
        fail(str(error) if over else f"{error} (--over)")
    finally:
        house.close()
    if as_json:
        print_json({"id": taken.mail_id, "holder": taken.holder, "taken_at": taken.taken_at, "note": taken.note})
    else:
        say(f"{taken.holder} has {taken.mail_id}.")


def _facts(alarm: "Alarm", row: "MailRow", signals: tuple[str, ...]) -> "dict[str, Any]":
    return {
        "id": row.id,
        "since": alarm.since,
        "holder": alarm.holder,
        "taken_at": alarm.taken_at,
        "offered": alarm.offered,
        "note": alarm.note,
        "repeats": alarm.repeats,
        "signals": list(signals),
        "route": row.route,
        "brand": row.brand,
        "from": row.from_addr,
        "subject": row.subject,
    }


def _span(seconds: float) -> str:
    minutes = int(max(seconds, 0.0) // 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
