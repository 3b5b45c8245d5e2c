"""`init` writes a commented postroom.toml; `check` finds every mistake and tries the connections."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.console import AsJson, Config, examples, fail, find_config, print_json, say
from postroom.model.errors import GiveUp, PostroomError, TryLater

if TYPE_CHECKING:
    from postroom.bootstrap import House


#: labels of letters, in any script, digits, hyphens and underscores
_DOMAIN = re.compile(r"(?=.{1,255}$)[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)*")
#: dot-atom (RFC 5322 §3.2.3, RFC 6532 §3.2); nobody is written to at a quoted one
_LOCAL = re.compile(r"(?=.{1,64}$)[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog=examples("postroom init --address support@example.com"))(init)
    app.command(epilog=examples("postroom check", "postroom check --offline --json"))(check)


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to write into.", metavar="FOLDER")] = Path(),
    address: Annotated[
        str, typer.Option(help="Address that mail comes to; @example.com takes a whole domain.")
    ] = "support@example.com",
    hostname: Annotated[str, typer.Option(help="Our name in mail.")] = "localhost",
    force: Annotated[bool, typer.Option("--force", help="Overwrite a postroom.toml that is there.")] = False,
) -> None:
    """Write a commented postroom.toml, and folders for your own rules and phrases."""
    from importlib import resources

    local, _, domain = address.rpartition("@")
    if not (_DOMAIN.fullmatch(domain) and (address.startswith("@") or _LOCAL.fullmatch(local))):
        fail(f"--address {address!r} is no address: write support@example.com, or @example.com for a whole domain", 2)
    if not _DOMAIN.fullmatch(hostname):
        fail(f"--hostname {hostname!r} is no name of a host: write mail.example.com", 2)
    target = folder / "postroom.toml"
    if target.exists() and not force:
        fail(f"{target} is there already; --force overwrites it")
    folder.mkdir(parents=True, exist_ok=True)
    template = resources.files("postroom.starter").joinpath("postroom.toml").read_text(encoding="utf-8")
    target.write_text(
        template.replace("support@example.com", address).replace("mail.example.com", hostname), encoding="utf-8"
    )
    for name in ("rules", "phrases"):
        (folder / name).mkdir(exist_ok=True)
    say(f"Wrote {target}. Next: edit it, then run: postroom check -c {target}")


def check(
    config: Config = None,
    as_json: AsJson = False,
    offline: Annotated[bool, typer.Option("--offline", help="Don't try the connections.")] = False,
    notes: Annotated[
        bool, typer.Option("--notes", help="Also what is merely worth knowing of rules and phrases.")
    ] = False,
) -> None:
    """Find every mistake in the settings, rules and phrases, each with its line and remedy; try every destination."""
    from postroom.config import load, locate

    path = find_config(config)
    text = path.read_text(encoding="utf-8", errors="replace")
    settings, problems = load(text)
    found = [
        {"file": str(path), "line": p.line, "what": f"{p.path}: {p.message}", "remedy": p.remedy, "fatal": p.fatal}
        for p in problems
    ]
    tried: list[dict[str, object]] = []
    if settings is not None:
        from postroom.bootstrap import House

        house = House(settings, path.resolve().parent)
        found += [
            {"file": p.file, "line": p.line, "what": p.message, "remedy": p.remedy, "fatal": p.severity == "error"}
            for p in house.rule_problems()
            if p.severity != "note" or notes
        ]
        mistakes = house.destination_mistakes()
        found += [
            {
                "file": str(path),
                "line": locate(text, f"destination.{name}"),
                "what": f"destination.{name}: {what}",
                "remedy": "Correct it, then check again",
                "fatal": True,
            }
            for name, what in mistakes.items()
        ]
        if not offline and not mistakes:
            tried = _try_everything(house)
        house.close()
    wrong = sum(1 for f in found if f["fatal"]) + sum(1 for t in tried if not t["ok"])
    if as_json:
        print_json({"ok": not wrong, "problems": found, "tried": tried})
    else:
        _tell(found, tried, wrong)
    raise typer.Exit(1 if wrong else 0)


def _tell(found: list[dict[str, object]], tried: list[dict[str, object]], wrong: int) -> None:
    for f in found:
        mark, colour = ("error", "red") if f["fatal"] else ("note ", "yellow")
        say(f"{f['file']}:{f['line']}: {f['what']}. {f['remedy']}", mark=mark, colour=colour)
    for t in tried:
        mark, colour = ("ok   ", "green") if t["ok"] else ("error", "red")
        say(f"{t['what']}: {t['said']}", mark=mark, colour=colour)
    say("All is well. Next: postroom serve" if not wrong else f"{wrong} to mend.")


def _try_everything(house: "House") -> list[dict[str, object]]:
    """Open the store, and try each destination without delivering anything."""
    tried: list[dict[str, object]] = []
    try:
        house.store.census()
        tried.append({"what": "store", "ok": True, "said": f"opened in {house.data}"})
    except PostroomError as error:
        return [{"what": "store", "ok": False, "said": str(error)}]
    for name, destination in house.destinations.items():
        try:
            tried.append({"what": f"destination {name}", "ok": True, "said": destination.check()})
        except (TryLater, GiveUp) as error:
            tried.append({"what": f"destination {name}", "ok": False, "said": str(error)})
    return tried
