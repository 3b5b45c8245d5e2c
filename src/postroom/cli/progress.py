"""A bar on standard error while a person waits."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")


def watched(things: Iterable[_T], total: int, what: str, /) -> Iterator[_T]:
    """The same things, with a bar for whoever looks at standard error; a total of 0 is not known."""
    if not sys.stderr.isatty():
        yield from things
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # What is printed on standard output must go by itself: it may be a file or a pipe.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty()) as progress:
        yield from progress.track(things, total=total or None, description=what)
