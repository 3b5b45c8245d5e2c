"""`postroom inbox`: list and read the built-in inboxes."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

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
    print_list,
    printable,
    say,
    shortened,
    when,
)
from postroom.model.errors import unknown
from postroom.model.shares import percent

if TYPE_CHECKING:
    from postroom.bootstrap import House
    from postroom.model.judgement import Decision
    from postroom.model.mail import Mail, MailId, RouteName
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
    """Newest mail first; ! marks urgent mail."""
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
                    "second": _second(house, e.mail_id),
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
                "" if e.read else "new",
                e.from_addr,
                ("! " if e.urgent else "") + _also(_second(house, e.mail_id)) + shortened(e.subject, 80),
                percent(e.confidence),
            )
            for e in entries
        ]
        columns = ("id", "inbox", "since (UTC)", "read", "from", "subject", "sure")
        print_list(columns, rows, empty="No mail here.", spare=("sure",))
    house.close()


@app.command(epilog=examples("postroom inbox read 01j9…  # the first or last letters of an id are enough"))
def read(
    mail: Annotated[str, typer.Argument(help="Id of a mail, or its beginning or end.", metavar="ID")],
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
    decision = next(reversed(house.store.decisions(found.id)), None)
    house.store.mark_read(found.id)
    if raw:
        sys.stdout.buffer.write(found.raw)
    elif as_json:
        said = {"urgent": list(decision.urgent) if decision else [], "second": decision.second if decision else ""}
        print_json({**mail_facts(found), **message_facts(found.id, understand(found, house.trust)), **said})
    else:
        _show(found, understand(found, house.trust), decision)
    house.close()


def _second(house: "House", mail_id: "MailId") -> "RouteName | Literal['']":
    """The other desk that a mail is about."""
    decisions = house.store.decisions(mail_id)
    return decisions[-1].second if decisions else ""


def _also(second: str) -> str:
    return f"(also {second}) " if second else ""


def warnings(decision: "Decision | None") -> list[str]:
    """What must not be overlooked of a mail, for its head."""
    if decision is None:
        return []
    urgent = [f"Urgent: {', '.join(decision.urgent)}"] if decision.urgent else []
    second = [] if decision.second in {"", decision.route} else [f"Also about: {decision.second}"]
    return [*urgent, *second]


def _show(mail: "Mail", message: "Message", decision: "Decision | None") -> None:
    sender = f"{message.from_.name} <{message.from_.addr}>" if message.from_ else "(nobody)"
    dated = [] if message.date is None else [f"Date: {when(message.date)} UTC"]
    head = [
        *warnings(decision),
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
