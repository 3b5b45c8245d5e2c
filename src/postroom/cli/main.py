"""`postroom`: the command with all its groups."""

import sys
from typing import Annotated

import typer

from postroom import __version__
from postroom.cli import (
    audit,
    backup,
    evaluate,
    explain,
    files,
    inbox,
    key,
    learn,
    mails,
    past,
    person,
    queue,
    review,
    rules,
    serve,
    setup,
    thresholds,
    train,
    urgent,
    user,
    weigh,
)
from postroom.cli.console import fail
from postroom.model.errors import PostroomError

app = typer.Typer(
    name="postroom",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,  # importing what draws boxes would take longer than all the rest of --help
    epilog="Start here: postroom init, edit postroom.toml, postroom check, postroom serve.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"postroom {__version__}")
        raise typer.Exit


@app.callback()
def postroom(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Reads every mail that reaches support@, finds the desk it belongs to and delivers it there for certain."""


setup.register(app)
serve.register(app)
files.register(app)
explain.register(app)
evaluate.register(app)
thresholds.register(app)
train.register(app)
learn.register(app)
weigh.register(app)
past.register(app)
mails.register(app)
backup.register(app)
person.register(app)
app.add_typer(inbox.app, name="inbox")
app.add_typer(queue.app, name="queue")
app.add_typer(review.app, name="review", short_help="List what waits for a person; confirm it, move it.")
app.add_typer(urgent.app, name="urgent", short_help="Urgent mail: list what nobody has, take it.")
app.add_typer(rules.app, name="rules", short_help="Test your rules; list what they may ask of a mail.")
app.add_typer(person.app, name="person", short_help="What is held of somebody: show, export, hold, erase it.")
app.add_typer(user.app, name="user", short_help="People who may sign in: add, list, change, disable.")
app.add_typer(key.app, name="key")
app.add_typer(audit.app, name="audit", short_help="The log of what people did: list it, verify it.")


def run() -> None:
    """Run a command; what postroom raises on purpose, or the system refuses, is a sentence on standard error, not a traceback."""
    try:
        app(prog_name="postroom")
    except SystemExit as ended:
        # A mail server that calls `receive` wrongly must keep the mail until that is mended, not bounce it.
        sys.exit(serve.EX_TEMPFAIL if ended.code == 2 and sys.argv[1:2] == ["receive"] else ended.code)
    except PostroomError as error:
        fail(str(error))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
