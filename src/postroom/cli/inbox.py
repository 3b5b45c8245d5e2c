"""`postroom inbox`: list and read the built-in inboxes."""

import sys
from typing import Annotated

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    examples,
    fail,
    open_store_house,
    print_json,
    print_table,
    printable,
    say,
    when,
)

app = typer.Typer(no_args_is_help=True, help="List and read the built-in inboxes.")


@app.command("list", epilog=examples("postroom inbox list", "postroom inbox list appeals --unread --json"))
def list_(
    destination: Annotated[str, typer.Argument(help="Inbox; all when left out.")] = "",
    unread: Annotated[bool, typer.Option("--unread", help="Unread mail alone.")] = False,
    limit: Annotated[int, typer.Option(help="How many.", min=1)] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Newest mail first."""
    house = open_store_house(config)
    entries = house.store.entries(destination, unread_only=unread, limit=limit)
    if as_json:
        for e in entries:
            print_json(
                {
                    "id": e.mail_id,
                    "inbox": e.destination,
                    "route": e.route,
                    "delivered_at": e.delivered_at,
                    "from": e.from_addr,
                    "subject": e.subject,
                    "confidence": e.confidence,
                    "urgent": e.urgent,
                    "unconfirmed": e.unconfirmed,
                    "read": e.read,
                }
            )
    else:
        rows = [
            (
                e.mail_id,
                e.destination,
                when(e.delivered_at),
                e.from_addr,
                ("! " if e.urgent else "") + e.subject,
                f"{e.confidence:.2f}",
            )
            for e in entries
        ]
        print_table("", ("id", "inbox", "since (UTC)", "from", "subject", "sure"), rows, empty="No mail here.")
    house.close()


@app.command(epilog=examples("postroom inbox read 01j9…  # the first letters of an id are enough"))
def read(
    mail: Annotated[str, typer.Argument(help="Id of the mail, or its beginning.")],
    raw: Annotated[bool, typer.Option("--raw", help="Print the bytes as they came.")] = False,
    config: Config = None,
) -> None:
    """Show one mail and mark it read."""
    from postroom.understand.reader import read as understand

    house = open_store_house(config)
    found = house.mail(mail)
    if found is None:
        fail(f"no mail with the id {mail}")
    house.store.mark_read(found.id)
    if raw:
        sys.stdout.buffer.write(found.raw)
    else:
        message = understand(found, house.trust)
        sender = f"{message.from_.name} <{message.from_.addr}>" if message.from_ else "(nobody)"
        say(
            printable(
                f"From: {sender}\nTo: {', '.join(found.envelope.rcpt_to)}\nSubject: {message.subject}\nId: {found.id}"
            )
        )
        for a in message.attachments:
            say(printable(f"Attachment: {a.name or '(no name)'} ({a.type}, {a.size} bytes)"))
        say("\n" + printable(message.text))
    house.close()
