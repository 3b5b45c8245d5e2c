"""`init` writes a commented postroom.toml; `check` finds every mistake and tries the connections."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.console import AsJson, Config, examples, fail, find_config, print_json, say, with_config

if TYPE_CHECKING:
    from postroom.bootstrap import House
    from postroom.config import Problem as SettingsProblem
    from postroom.config.mistakes import Mistake


#: labels of letters, in any script, digits, hyphens and underscores
_DOMAIN = re.compile(r"(?=.{1,255}$)[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)*")
#: dot-atom (RFC 5322 §3.2.3, RFC 6532 §3.2); nobody is written to at a quoted one
_LOCAL = re.compile(r"(?=.{1,64}$)[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        short_help="Write a commented postroom.toml to start from.",
        epilog=examples("postroom init --address support@example.com"),
    )(init)
    app.command(
        short_help="Find every mistake in settings, rules and phrases.",
        epilog=examples("postroom check", "postroom check --offline --json"),
    )(check)


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
    """Find every mistake in the settings, rules, phrases and models, each with its line and remedy; try every destination."""
    from postroom.bootstrap import House, checks
    from postroom.config import located, read

    path = find_config(config)
    text = path.read_text(encoding="utf-8", errors="replace")
    settings, problems = read(text)
    tried: list[dict[str, object]] = []
    running = ""
    found = list(_settings_problems(path, problems))
    if settings is not None:
        house = House(settings, path.resolve().parent)
        more = located(text, _machine_mistakes(house, problems, offline=offline))
        found += [*_settings_problems(path, more), *_rule_problems(house, notes=notes)]
        if not any(problem.fatal for problem in problems):
            found += _settings_problems(path, located(text, checks.unreached(house)))
        # A trial makes the folder of the store: not before it is certain where.
        if not offline and not any(problem.fatal for problem in problems):
            wrong_ones = {problem.path.split(".")[1] for problem in more if problem.path.startswith("destination.")}
            found += _settings_problems(path, located(text, checks.overdue(house)))
            tried = [asdict(trial) for trial in checks.trials(house, leave_out=wrong_ones)]
        running = checks.running(house)
        house.close()
    wrong = sum(1 for f in found if f["fatal"]) + sum(1 for t in tried if not t["ok"])
    if as_json:
        print_json({"ok": not wrong, "problems": found, "tried": tried})
    else:
        _tell(found, tried)
        well = f"All is well; the server is running, pid {running}." if running else "All is well. Next: postroom serve"
        say(f"{wrong} to mend." if wrong else well + ("" if running else with_config(config)))
    raise typer.Exit(1 if wrong else 0)


def _settings_problems(path: Path, problems: Iterable["SettingsProblem"]) -> Iterator[dict[str, object]]:
    for p in problems:
        what = f"{p.path}: {p.message}"
        yield {"file": str(path), "line": p.line, "what": what, "remedy": p.remedy, "fatal": p.fatal}


def _rule_problems(house: "House", *, notes: bool) -> Iterator[dict[str, object]]:
    for p in house.rules.problems():
        if p.severity != "note" or notes:
            fatal = p.severity == "error"
            yield {"file": p.file, "line": p.line, "what": p.message, "remedy": p.remedy, "fatal": fatal}


def _machine_mistakes(house: "House", told: Sequence["SettingsProblem"], *, offline: bool) -> Iterator["Mistake"]:
    """What this machine tells of the settings, but for settings, and tables of what is called, that were told of already."""
    from postroom.bootstrap import checks

    known = {problem.path for problem in told if problem.fatal}
    tables = {
        path.rpartition(".")[0] for path in known if path.startswith(("destination.", "second_opinion.", "status."))
    }
    found = [checks.mistakes(house), checks.model_mistakes(house)]
    found += [] if offline else [checks.address_mistakes(house)]
    for mistake in chain.from_iterable(found):
        if mistake.path not in known | tables and mistake.path.rpartition(".")[0] not in tables:
            yield mistake


def _tell(found: list[dict[str, object]], tried: list[dict[str, object]]) -> None:
    for f in found:
        mark, colour = ("error", "red") if f["fatal"] else ("note ", "yellow")
        remedy = str(f["remedy"])
        said = f"{f['file']}:{f['line']}: {f['what']}. {remedy[:1].upper()}{remedy[1:]}"
        say(said, mark=mark, colour=colour)
    for t in tried:
        mark, colour = ("ok   ", "green") if t["ok"] else ("error", "red")
        say(f"{t['what']}: {t['said']}", mark=mark, colour=colour)
