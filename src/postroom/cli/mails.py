"""`mails`: what came in, what was decided, and how far it has come."""

from typing import TYPE_CHECKING, Annotated, Any

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
    shortened,
    when,
)
from postroom.model.errors import unknown

if TYPE_CHECKING:
    from postroom.bootstrap import House
    from postroom.model.listing import MailRow


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(
        short_help="List mails: where they went, why, and how far they are.",
        epilog=examples("postroom mails", "postroom mails --route review --json"),
    )(mails)


def mails(
    route: Annotated[str, typer.Option("--route", help="Those of one route alone; junk and automatic too.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 50,
    before: Annotated[
        str, typer.Option("--before", metavar="ID", help="Older than the mail with this id: the next page.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Mails, newest first: the route decided on and why, its stage, and whether it was delivered, waits, is parked or was dropped; ! marks urgent ones."""
    house = open_store_house(config)
    rows = house.store.mails(limit, route=route, before=find_mail(house, before).id if before else "")
    if route and not rows:
        _require_route(house, route)
    facts = _facts(house, rows)
    if as_json:
        for one in facts:
            print_json(one)
    else:
        table = [
            (
                one["id"],
                when(one["received_at"]),
                one["from"],
                ("! " if one["urgent"] else "") + shortened(one["subject"], 80),
                one["route"] or ("(again)" if one["duplicate_of"] else ""),
                one["stage"],
                one["state"],
                f"came before as {one['duplicate_of']}" if one["duplicate_of"] else one["because"],
            )
            for one in facts
        ]
        columns = ("id", "received (UTC)", "from", "subject", "route", "stage", "state", "why")
        empty = "No mail yet." if not (route or before) else "No such mail."
        print_list(columns, table, empty=empty, spare=("stage", "why"))
    house.close()


def _require_route(house: "House", route: str) -> None:
    from postroom.bootstrap.meaning import BUILT_IN

    known = dict.fromkeys((*house.settings.route, *BUILT_IN))
    if route not in known:
        fail(unknown("route", route, known))


def _facts(house: "House", rows: "tuple[MailRow, ...]") -> list[dict[str, Any]]:
    """One object a mail; one that came again is listed with the sender and subject of the first."""
    firsts = house.store.summaries([row.duplicate_of for row in rows if row.duplicate_of is not None])
    decisions = house.store.in_force([row.id for row in rows])
    facts = []
    for row in rows:
        last = decisions.get(row.id)
        first = firsts.get(row.duplicate_of) if row.duplicate_of is not None else None
        facts.append(
            {
                "id": row.id,
                "received_at": row.received_at,
                "brand": row.brand,
                "from": first.from_addr if first else row.from_addr,
                "subject": first.subject if first else row.subject,
                "language": row.language,
                "kind": row.kind,
                "route": row.route,
                "decided": row.decided,
                "second": last.second if last else "",
                "confidence": row.confidence,
                "stage": last.stage if last else "",
                "state": row.state,
                "unconfirmed": row.unconfirmed,
                "urgent": list(last.urgent) if last else [],
                "because": last.because if last else "",
                "duplicate_of": row.duplicate_of,
            }
        )
    return facts
