"""What is done with several things that were ticked."""

from collections.abc import Callable, Collection
from typing import TypeVar

from postroom.model.errors import Refused
from postroom.web.render import Missing

One = TypeVar("One")


def each(some: Collection[One], do: Callable[[One], object], what: str) -> None:
    """Do it with each, one after the other. Raises `Refused` when some were refused: how many were done, ``what`` and why the first was not."""
    refused = []
    for one in some:
        try:
            do(one)
        except (Refused, Missing) as error:
            refused.append(str(error))
    if refused and len(some) == 1:
        raise Refused(refused[0])
    if refused:
        raise Refused(f"{len(some) - len(refused)} of {len(some)} {what}, the others not: {refused[0]}")
