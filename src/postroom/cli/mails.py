"""`mails`: what came in, and where it went."""

from typing import Annotated

import typer

from postroom.cli.console import AsJson, Config, examples, open_store_house, print_json, print_table, when


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command(epilog=examples("postroom mails", "postroom mails --route review --json"))(mails)


def mails(
    route: Annotated[str, typer.Option("--route", help="Those of one route alone; junk and automatic too.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many.")] = 50,
    before: Annotated[str, typer.Option("--before", help="Older than the mail with this id: the next page.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Mails, newest first, each with where it went and why."""
    house = open_store_house(config)
    rows = house.store.mails(limit, route=route, before=before)
    if as_json:
        for row in rows:
            decisions = house.store.decisions(row.id)
            last = decisions[-1] if decisions else None
            print_json(
                {
                    "id": row.id,
                    "received_at": row.received_at,
                    "brand": row.brand,
                    "from": row.from_addr,
                    "subject": row.subject,
                    "language": row.language,
                    "kind": row.kind,
                    "route": row.route,
                    "decided": row.decided,
                    "confidence": row.confidence,
                    "unconfirmed": row.unconfirmed,
                    "urgent": list(last.urgent) if last else [],
                    "because": last.because if last else "",
                    "duplicate_of": row.duplicate_of,
                }
            )
    else:
        table = [
            (
                r.id,
                when(r.received_at),
                r.from_addr,
                r.subject[:80],
                r.route or ("(again)" if r.duplicate_of else ""),
                r.decided,
            )
            for r in rows
        ]
        print_table(
            "", ("id", "received (UTC)", "from", "subject", "went to", "best guess"), table, empty="No mail yet."
        )
    house.close()
