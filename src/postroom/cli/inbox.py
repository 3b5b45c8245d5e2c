"""`postroom inbox`: list and read the built-in inboxes."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    destinations_of,
    examples,
    fail,
    find_mail,
    open_store_house,
    print_json,
    print_table,
    printable,
    say,
    when,
)
from postroom.model.errors import unknown

if TYPE_CHECKING:
    from postroom.bootstrap import House
    from postroom.model.mail import Mail
    from postroom.model.message import Message

app = typer.Typer(no_args_is_help=True, help="List and read the built-in inboxes.")


@app.command("list", epilog=examples("postroom inbox list", "postroom inbox list appeals --unread --json"))
def list_(
    destination: Annotated[str, typer.Argument(help="Inbox; all when left out.", metavar="INBOX")] = "",
    unread: Annotated[bool, typer.Option("--unread", help="Unread mail alone.")] = False,
    limit: Annotated[int, typer.Option(help="How many.", min=1)] = 50,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Newest mail first."""
    house = open_store_house(config)
    entries = house.store.entries(destination, unread_only=unread, limit=limit)
    if destination and not entries:
        _require_inbox(house, destination)
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
    mail: Annotated[str, typer.Argument(help="Id of a mail, or its beginning.", metavar="ID")],
    raw: Annotated[bool, typer.Option("--raw", help="Print the bytes as they came.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show one mail and mark it read."""
    from postroom.flow.facts import mail_facts, message_facts
    from postroom.understand.reader import read as understand

    if raw and as_json:
        fail("--raw prints bytes, --json facts: use one of them", 2)
    house = open_store_house(config)
    found = find_mail(house, mail)
    house.store.mark_read(found.id)
    if raw:
        sys.stdout.buffer.write(found.raw)
    elif as_json:
        print_json({**mail_facts(found), **message_facts(found.id, understand(found, house.trust))})
    else:
        _show(found, understand(found, house.trust))
    house.close()


def _show(mail: "Mail", message: "Message") -> None:
    sender = f"{message.from_.name} <{message.from_.addr}>" if message.from_ else "(nobody)"
    dated = [] if message.date is None else [f"Date: {when(message.date)} UTC"]
    head = [
        f"From: {sender}",
        f"To: {', '.join(mail.envelope.rcpt_to)}",
        *dated,
        f"Received: {when(mail.received_at)} UTC",
        f"Subject: {message.subject}",
        f"Id: {mail.id}",
        *(f"Attachment: {a.name or '(no name)'} ({a.type}, {a.size} bytes)" for a in message.attachments),
    ]
    for line in (*head, "", message.text):
        say(printable(line))


def _require_inbox(house: "House", name: str) -> None:
    kinds = destinations_of(house)
    if name not in kinds:
        fail(unknown("inbox", name, [one for one, kind in kinds.items() if kind == "inbox"]))
    if kinds[name] != "inbox":
        fail(f"destination {name} is no inbox: its mail goes to a {kinds[name]}")
