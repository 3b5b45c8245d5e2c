"""`postroom user`: who may sign in to the pages, and as what."""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    examples,
    fail,
    note,
    open_house,
    open_store_house,
    print_all,
    print_json,
    say,
    when,
    with_config,
)
from postroom.cli.review import By, login_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postroom.bootstrap import House
    from postroom.model.people import ApiKey, Role, Session, User

#: as `postroom.model.people` has them; written out, so that help need not import it
ROLES = "viewer, agent, reviewer, lead, admin"

_PASSWORD_BYTES = 8192

app = typer.Typer(
    no_args_is_help=True,
    help="People who may sign in: add, list, show, change, disable, enable, password, code, link, unlink, sessions.",
)

Name = Annotated[str, typer.Argument(help="Name that they sign in with, in whatever case.", metavar="NAME")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        help="File whose first line is the password, - for standard input; else it is asked for.",
        allow_dash=True,
        metavar="FILE",
    ),
]
Shown = Annotated[str | None, typer.Option("--shown", help="Name as others see it.")]
Brands = Annotated[list[str] | None, typer.Option("--brand", help="Brand that they work for; may be repeated.")]
Routes = Annotated[list[str] | None, typer.Option("--route", help="Desk that they work at; may be repeated.")]


@app.command(
    epilog=examples(
        "postroom user add root --role admin",
        "postroom user add ada --role agent --route appeals --brand shop --shown 'Ada L.'",
        "pass show postroom/ada | postroom user add ada --password-file -",
    )
)
def add(
    name: Annotated[
        str, typer.Argument(help="Name to sign in with: letters a to z, digits and . _ @ + -.", metavar="NAME")
    ],
    role: Annotated[str, typer.Option("--role", help=f"{ROLES}: each may do what those before it may.")] = "agent",
    shown: Shown = None,
    brand: Brands = None,
    route: Routes = None,
    urgent: Annotated[
        bool | None,
        typer.Option(
            "--urgent/--not-urgent", help="Sees and acknowledges urgent mail. Of the first of all it is so, else not."
        ),
    ] = None,
    password_file: PasswordFile = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Signs in elsewhere, not with a password.")
    ] = False,
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody in; the first has to be an admin. Without --brand and --route they work for all. Makes the store where there is none."""
    from postroom.flow.facts import user_facts
    from postroom.model.mail import BrandName, RouteName
    from postroom.model.people import User, UserName

    if no_password and password_file:
        fail("--no-password and --password-file contradict each other: give one of them", 2)
    house = open_house(config)
    first = not house.people.accounts.users()
    user = User(
        name=UserName(name),
        role=cast("Role", role),
        shown=shown or "",
        brands=tuple(map(BrandName, brand or ())),
        routes=tuple(map(RouteName, route or ())),
        urgent=first if urgent is None else urgent,
    )
    house.people.team.check_new(user)
    added = house.people.team.add(user, None if no_password else _password(name, password_file), by or login_name())
    house.close()
    if as_json:
        print_json(user_facts(added))
    else:
        say(f"{added.name} may sign in: {_may(added)}.")
        if first and urgent is None:
            note(
                "As the first: urgent mail must reach somebody. Give it to others with postroom user change NAME --urgent"
            )


@app.command("list", epilog=examples("postroom user list", "postroom user list --json"))
def list_(config: Config = None, as_json: AsJson = False) -> None:
    """All who may sign in, or might before."""
    from postroom.flow.facts import user_facts

    house = open_store_house(config)
    users = house.people.accounts.users()
    house.close()
    columns = ("name", "shown", "role", "brands", "routes", "urgent", "state", "since (UTC)")
    nobody = "Nobody yet; add the first with: postroom user add NAME --role admin"
    print_all(users, as_json=as_json, facts=user_facts, columns=columns, row=_row, empty=nobody)


@app.command(epilog=examples("postroom user show ada", "postroom user show ada --json"))
def show(name: Name, config: Config = None, as_json: AsJson = False) -> None:
    """One user, with open sessions, keys that work, and accounts elsewhere that sign them in."""
    from postroom.flow.facts import identity_facts, key_facts, session_facts, user_facts

    house = open_store_house(config)
    user = house.people.team.find(name)
    sessions = house.people.signing_in.sessions(user)
    keys = _working_keys(house, user)
    identities = house.people.identities.of(user.name)
    house.close()
    if as_json:
        print_json(
            {
                **user_facts(user),
                "sessions": [session_facts(one) for one in sessions],
                "keys": [key_facts(one) for one in keys],
                "identities": [identity_facts(one) for one in identities],
            }
        )
        return
    say(f"{user.name}{f' ({user.shown})' if user.shown else ''}: {_may(user)}. {_state(user).capitalize()}.")
    say(f"Open sessions: {len(sessions)}. Keys: {', '.join(key.name for key in keys) or 'none'}.")
    for one in identities:
        email = f" ({one.email})" if one.email else ""
        say(f"Signs in as {one.subject}{email} at {one.issuer}, linked {when(one.linked_at)} UTC.")


@app.command(
    epilog=examples(
        "postroom user change ada --role reviewer",
        "postroom user change ada --route appeals --route refunds --all-brands",
    )
)
def change(
    name: Name,
    role: Annotated[str | None, typer.Option("--role", help=f"{ROLES}.")] = None,
    shown: Shown = None,
    brand: Brands = None,
    all_brands: Annotated[bool, typer.Option("--all-brands", help="They work for all brands.")] = False,
    route: Routes = None,
    all_routes: Annotated[bool, typer.Option("--all-routes", help="They work at all desks.")] = False,
    urgent: Annotated[
        bool | None, typer.Option("--urgent/--not-urgent", help="Whether they see and acknowledge urgent mail.")
    ] = None,
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Change what somebody may; --brand and --route take the place of those before. It counts at once, for open sessions and keys too."""
    if (brand and all_brands) or (route and all_routes):
        fail("--brand and --all-brands, or --route and --all-routes, contradict each other: give one of them", 2)
    given: dict[str, Any] = {
        "role": role,
        "shown": shown,
        "brands": () if all_brands else tuple(brand) if brand else None,
        "routes": () if all_routes else tuple(route) if route else None,
        "urgent": urgent,
    }
    changes = {key: value for key, value in given.items() if value is not None}
    if not changes:
        fail(
            "say what to change: --role, --shown, --brand, --all-brands, --route, --all-routes, --urgent, --not-urgent",
            2,
        )
    _change(name, by, config, as_json=as_json, **changes)


@app.command(epilog=examples("postroom user disable ada"))
def disable(name: Name, by: By = "", config: Config = None, as_json: AsJson = False) -> None:
    """Keep somebody out: sessions end at once, keys don't work, and what they did stays."""
    _change(name, by, config, as_json=as_json, disabled=True)


@app.command(epilog=examples("postroom user enable ada"))
def enable(name: Name, by: By = "", config: Config = None, as_json: AsJson = False) -> None:
    """Let somebody in again who was disabled; keys that are not revoked work again."""
    _change(name, by, config, as_json=as_json, disabled=False)


@app.command(
    epilog=examples("postroom user password ada", "pass show ada | postroom user password ada --password-file -")
)
def password(name: Name, password_file: PasswordFile = None, by: By = "", config: Config = None) -> None:
    """Give somebody a new password; all their sessions end."""
    house = open_store_house(config)
    user = house.people.team.find(name)
    house.people.team.set_password(user.name, _password(user.name, password_file), by or login_name())
    house.close()
    say(f"{user.name} has a new password and is signed out everywhere.")


@app.command(epilog=examples("postroom user code root"))
def code(name: Name, by: By = "", config: Config = None, as_json: AsJson = False) -> None:
    """A code that signs somebody in once, within ten minutes: for when the identity provider is down, or a password was forgotten."""
    house = open_store_house(config)
    user = house.people.team.find(name)
    made = house.people.signing_in.code(user, by or login_name())
    house.close()
    if as_json:
        print_json({"user": user.name, "code": made})
        return
    print(made)  # noqa: T201 - for pipes, without colours or line breaks
    note(f"It signs {user.name} in once, within ten minutes, at /sign-in/code of the pages.")


@app.command(epilog=examples("postroom user link ada 248289761001"))
def link(
    name: Name,
    subject: Annotated[
        str,
        typer.Argument(help="Id of the account at the identity provider: its `sub`.", metavar="SUBJECT"),
    ],
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Let an account at the identity provider of [pages.oidc] sign somebody in."""
    from postroom.flow.facts import identity_facts
    from postroom.flow.linking import link_identity

    house = open_store_house(config)
    issuer = house.settings.pages.oidc.issuer
    linked = link_identity(
        house.people.identities, house.people.team, name, by or login_name(), issuer=issuer, subject=subject
    )
    house.close()
    if as_json:
        print_json(identity_facts(linked))
    else:
        say(f"{linked.subject} at {linked.issuer} signs {linked.user} in.")


@app.command(epilog=examples("postroom user unlink ada", "postroom user unlink ada --subject 248289761001"))
def unlink(
    name: Name,
    subject: Annotated[str, typer.Option("--subject", help="Only the account with this id.", metavar="SUBJECT")] = "",
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Let no account elsewhere sign somebody in any more; all their sessions end."""
    from postroom.flow.linking import unlink_identities

    house = open_store_house(config)
    gone = unlink_identities(house.people.identities, house.people.team, name, by or login_name(), subject=subject)
    house.close()
    if as_json:
        print_json({"unlinked": gone})
    else:
        say(f"{gone} unlinked. {name} is signed out everywhere.")


@app.command(
    epilog=examples(
        "postroom user sessions ada", "postroom user sessions ada --end 3fa81c", "postroom user sessions ada --end all"
    )
)
def sessions(
    name: Name,
    end: Annotated[
        str, typer.Option("--end", help="Id of a session to end, or its beginning; all for all.", metavar="ID")
    ] = "",
    by: By = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Where somebody is signed in; --end signs them out there."""
    from postroom.flow.facts import session_facts

    house = open_store_house(config)
    user = house.people.team.find(name)
    found = house.people.signing_in.sessions(user)
    if end:
        key = None if end == "all" else _one_of(found, end, user.name)
        ended = house.people.team.end_sessions(user.name, by or login_name(), key=key)
        house.close()
        if as_json:
            print_json({"ended": ended})
        else:
            say(f"{ended} ended.")
        return
    house.close()
    columns = ("id", "since (UTC)", "last used", "ends", "from", "browser")
    nowhere = f"{user.name} is signed in nowhere."
    print_all(found, as_json=as_json, facts=session_facts, columns=columns, row=_session_row, empty=nowhere)


def _change(name: str, by: str, config: Config, *, as_json: bool, **changes: Any) -> None:
    from postroom.flow.facts import user_facts

    house = open_store_house(config)
    user = house.people.team.change(name, by or login_name(), **changes)
    works = [key.name for key in _working_keys(house, user)]
    house.close()
    if as_json:
        print_json(user_facts(user))
        return
    say(f"{user.name}: {_may(user)}. {_state(user).capitalize()}.")
    if "disabled" in changes and works:
        keys = ", ".join(works)
        note(f"Keys of {user.name}: {keys}. End one for good: postroom key revoke {works[0]}{with_config(config)}")


def _row(user: "User") -> tuple[str, ...]:
    brands, routes, urgent = _all(user.brands), _all(user.routes), "yes" if user.urgent else ""
    return (user.name, user.shown, user.role, brands, routes, urgent, _state(user), when(user.created_at))


def _session_row(session: "Session") -> tuple[str, ...]:
    from postroom.flow.facts import session_facts

    facts = session_facts(session)
    since, seen, ends = (when(facts[name]) for name in ("created_at", "seen_at", "expires_at"))
    return (facts["id"], since, seen, ends, facts["ip"], facts["agent"])


def _working_keys(house: "House", user: "User") -> "list[ApiKey]":
    """Those that are neither revoked nor expired."""
    now, keys = house.people.team.clock(), house.people.accounts.keys()
    mine = (key for key in keys if key.user == user.name and not key.revoked)
    return [key for key in mine if key.expires_at is None or key.expires_at > now]


def _one_of(found: "Sequence[Session]", beginning: str, name: str) -> bytes:
    """The key of the session that is meant; ends the command unless it is one."""
    keys = [one.key for one in found if one.key.hex().startswith(beginning.lower())]
    if len(keys) != 1:
        fail(
            f"{'several sessions begin' if keys else 'no open session begins'} with {beginning!r}; see: postroom user sessions {name}"
        )
    return keys[0]


def _password(name: str, file: Path | None) -> str:
    """From the first line of a file or of standard input; else from the keyboard, twice."""
    from postroom.flow.passwords import check_password

    if file is not None:
        if str(file) == "-":
            return _text(sys.stdin.buffer.readline(_PASSWORD_BYTES))
        with file.open("rb") as opened:
            return _text(opened.readline(_PASSWORD_BYTES))
    if not sys.stdin.isatty():
        fail("nobody is there to be asked for the password: use --password-file FILE, or - for standard input", 2)
    first = getpass.getpass(f"Password for {name}: ")
    check_password(first, name)
    if getpass.getpass("The same again: ") != first:
        fail("these were two different passwords: nothing was changed")
    return first


def _text(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode("utf-8", "replace")


def _may(user: "User") -> str:
    """What somebody may, in words."""
    urgent = ", urgent mail too" if user.urgent else ""
    return f"{user.role}, brands: {_all(user.brands)}, desks: {_all(user.routes)}{urgent}"


def _all(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "all"


def _state(user: "User") -> str:
    return "disabled" if user.disabled else "may sign in" if user.password else "has no password here"
