"""`backup` copies the store while it works; `restore` brings a copy back with all work held."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.console import (
    AsJson,
    Config,
    counted,
    examples,
    find_config,
    note,
    open_store_house,
    print_json,
    read_settings,
    say,
    with_config,
)
from postroom.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from postroom.bootstrap.learned_copy import Learned


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(
        short_help="Copy the store while it is in use.",
        epilog=examples("postroom backup /backup/postroom-$(date +%F).db"),
    )(backup)
    app.command(
        epilog=examples("postroom restore /backup/postroom-2026-11-22.db", "postroom queue retry --state held")
    )(restore)


def backup(
    target: Annotated[
        Path,
        typer.Argument(
            help="File to write; an older one of that name is replaced once the new one is complete.", metavar="FILE"
        ),
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Copy the store as it is at this moment, while it is in use.

    Beside it are put the signing key, as FILE.key, what was learned (models, weights of evidence), as FILE.learned, and
    keyed hashes of what was erased, as FILE.erased.
    """
    from postroom.bootstrap.backup import back_up

    if not target.absolute().parent.is_dir():
        raise ConfigError(f"there is no folder {target.absolute().parent}: is the disk for backups mounted?")
    house = open_store_house(config)
    saved = back_up(house, target, _progress())
    for remark in saved.holds.remarks:
        note(remark)
    if as_json:
        files = {"store": target, "key": saved.key, "learned": saved.learned, "erased": saved.erased}
        print_json({name: str(path) for name, path in files.items()} | _facts(saved.holds))
    else:
        say(f"Wrote {target}, {saved.key}, {saved.erased} and {saved.learned} ({_in_words(saved.holds)}).")
        say("They hold secrets and people's mail: keep them so, and keep them together.")
    house.close()


def restore(
    source: Annotated[Path, typer.Argument(help="File that `backup` wrote.", metavar="FILE")],
    erased: Annotated[
        list[Path] | None,
        typer.Option(
            "--erased",
            help="A later copy of the file `erased`, of what was erased since; may be repeated. That in the data folder and FILE.erased are read anyway.",
            metavar="FILE",
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make the store from a backup, and bring back what was learned. Nothing is judged or delivered until a person says so.

    Who was erased since the backup is erased from it again, before anything can be read.
    """
    from postroom.bootstrap import House
    from postroom.bootstrap.backup import restore as bring_back

    path = find_config(config).resolve()
    house = House(read_settings(path), path.parent)
    data = path.parent / house.settings.data
    done = bring_back(data, source, _progress(), trust=house.trust, erased=erased or ())
    for remark in done.remarks:
        note(remark)
    if as_json:
        print_json({"store": str(done.store), "held": done.held, "erased": done.erased} | _facts(done.learned))
        return
    same = with_config(config)
    held = f"{counted(done.held, 'job')} held: what was delivered since the backup is not known here"
    say(f"Restored, with {held}." if done.held else "Restored; nothing was left to do.")
    if done.erased:
        say(f"{counted(done.erased, 'mail')} erased since the backup: erased again.")
    say(f"What was learned: {_in_words(done.learned)}.")
    if not done.held:
        return
    say(f"Look: postroom queue list --state held{same}")
    say(f"Let them go: postroom queue retry --state held{same}")


def _facts(learned: "Learned") -> dict[str, object]:
    return {"models": learned.models, "model": learned.current, "weights": learned.weights}


def _in_words(learned: "Learned") -> str:
    """What a copy holds of what was learned."""
    models = f"{learned.models} models, {learned.current} in force" if learned.models else "no models"
    return f"{models}, {'weights' if learned.weights else 'no weights'} of evidence"


def _progress() -> "Callable[[int, int], None]":
    """Shows pages done of all on standard error, when a person looks."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{done / max(total, 1):.0%} of {total} pages" + ("\n" if done >= total else ""))

    return show
