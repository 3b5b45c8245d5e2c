"""`postroom key`: keys with which programmes call the API."""

import time
from typing import TYPE_CHECKING, Annotated, cast

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    examples,
    note,
    open_store_house,
    print_all,
    print_json,
    say,
    when,
    with_config,
)
from postroom.cli.review import By, login_name

if TYPE_CHECKING:
    from postroom.model.people import ApiKey, Scope

_DAY = 86_400.0

app = typer.Typer(no_args_is_help=True, help="Keys for programmes that call the API: add, list, revoke.")


@app.command(
    epilog=examples(
        'postroom key add ada --note "dashboard"', 'postroom key add ada --scope work --days 90 --note "contact form"'
    )
)
def add(
    user: Annotated[str, typer.Argument(help="In whose name the programme works.", metavar="USER")],
    scope: Annotated[
        str, typer.Option("--scope", help="read, work, answer, review, lead or admin: never more than the user's role.")
    ] = "read",
    note_: Annotated[str, typer.Option("--note", help="What it is for.")] = "",
    days: Annotated[
        float, typer.Option("--days", min=0.0, max=36_500.0, help="It expires after so many days; 0 for never.")
    ] = 365.0,
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. Its token is printed once: only a hash of it is kept."""
    from postroom.flow.facts import key_facts

    house = open_store_house(config)
    ends = house.people.team.clock() + days * _DAY if days else None
    token, key = house.people.team.make_key(user, cast("Scope", scope), note_, ends, by or login_name())
    house.close()
    if as_json:
        print_json({"token": token, **key_facts(key)})
        return
    say(token)
    note(f"Nobody can show it again. Revoke it: postroom key revoke {key.name}{with_config(config)}")


@app.command("list", epilog=examples("postroom key list", "postroom key list --json"))
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """All keys, newest first, with those that ended."""
    from postroom.flow.facts import key_facts

    house = open_store_house(config)
    found = house.people.accounts.keys()
    house.close()
    columns = ("key", "user", "scope", "note", "made (UTC)", "expires", "last used", "state")
    print_all(found, as_json=as_json, facts=key_facts, columns=columns, row=_row, empty="There are no keys.")


@app.command(epilog=examples("postroom key revoke k3vq7d2a"))
def revoke(
    key: Annotated[str, typer.Argument(help="Name of the key, as `postroom key list` shows it.", metavar="KEY")],
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """A key works no more, from now on and for good."""
    house = open_store_house(config)
    house.people.team.revoke_key(key, by or login_name())
    house.close()
    if as_json:
        print_json({"revoked": key})
    else:
        say(f"{key} works no more.")


def _row(key: "ApiKey") -> tuple[str, ...]:
    made, ends, seen = when(key.created_at), _or_never(key.expires_at), _or_never(key.seen_at)
    return (key.name, key.user, key.scope, key.note, made, ends, seen, _state(key))


def _or_never(at: float | None) -> str:
    return "never" if at is None else when(at)


def _state(key: "ApiKey") -> str:
    if key.revoked:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= time.time() else "works"
