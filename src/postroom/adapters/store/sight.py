"""What a reader may see, in SQL; and values under names, for statements that are put together."""

from collections.abc import Iterator
from typing import Any

from postroom.model.codec import sound
from postroom.model.judgement import REVIEW
from postroom.model.people import Sight


class Values(dict[str, Any]):
    """Values of a statement by the names that it has for them."""

    def name(self, *values: Any) -> str:
        """Names for values, as SQL has them."""
        names = []
        for value in values:
            name = f"v{len(self)}"
            self[name] = sound(value) if isinstance(value, str) else value
            names.append(f":{name}")
        return ", ".join(names)


def seen(sight: Sight, values: Values, *, of: str = "s", brand: str = "", copies: bool = True) -> Iterator[str]:
    """What must be true of summaries s, as `Sight.sees` has it; of mails that were not judged, all columns of s are null.

    ``of`` is another table with their brand, route and best guess, and where linked ``copies`` lie; ``brand`` is where else the
    brand stands.
    """
    if sight.brands is not None:
        yield f"{brand or f'{of}.brand'} IN ({values.name(*sorted(sight.brands))})"
    if sight.routes is None:
        if not sight.review:
            yield f"{of}.route IS NOT '{REVIEW}'"
        return
    desks = values.name(*sorted(sight.routes - {REVIEW}))
    at_desk = f"{of}.route IN ({desks})" + (f" OR {of}.copy IN ({desks})" if copies else "")
    guessed = f"{of}.route = '{REVIEW}' AND {of}.decided IN ({values.name(*sorted(sight.routes))})"
    yield f"({at_desk} OR {guessed})" if sight.review else f"({at_desk})"
