"""Which route a team's labels and folders stand for, as a person wrote it down: ``Appeals/*=appeals``, ``label:refund=refunds``."""

import re
from collections.abc import Collection, Mapping, Sequence
from fnmatch import translate

from postroom.model.errors import Refused, unknown
from postroom.model.judgement import REVIEW
from postroom.model.mail import RouteName


class LabelMap:
    """Patterns in their order: the first that one of a mail's labels matches says where it belongs.

    ``*`` stands for anything, ``?`` for a letter, case does not matter; ``Appeals/*`` is also the folder Appeals itself.
    """

    def __init__(self, patterns: Sequence[tuple[str, RouteName]]) -> None:
        self._patterns = [(_compiled(pattern), route) for pattern, route in patterns]
        self._written = [pattern for pattern, _ in patterns]

    def route(self, labels: Sequence[str]) -> RouteName | None:
        """Where a mail with these labels belongs; None when nothing was written down for any of them."""
        folded = [label.casefold() for label in labels]
        for pattern, route in self._patterns:
            if any(pattern.fullmatch(label) for label in folded):
                return route
        return None

    def idle(self, labels: Collection[str]) -> list[str]:
        """The patterns that none of these labels matches, as they were written."""
        folded = [label.casefold() for label in labels]
        return [
            written
            for written, (pattern, _) in zip(self._written, self._patterns, strict=True)
            if not any(pattern.fullmatch(label) for label in folded)
        ]


def read_map(lines: Sequence[str], table: Mapping[str, object], routes: Sequence[RouteName]) -> LabelMap:
    """Of ``PATTERN=ROUTE`` lines, then of a table pattern -> route. Raises `Refused` saying which is wrong."""
    patterns: list[tuple[str, RouteName]] = []
    for line in lines:
        pattern, equals, route = (part.strip() for part in line.rpartition("="))
        if not (pattern and equals and route):
            raise Refused(
                f"{line!r} is no mapping: write LABEL=ROUTE, e.g. 'Appeals/*=appeals' or 'label:refund=refunds'"
            )
        patterns.append((pattern, RouteName(route)))
    patterns += [(pattern.strip(), RouteName(str(route))) for pattern, route in table.items()]
    for pattern, route in patterns:
        if route == REVIEW:
            raise Refused(f"{pattern}={route}: review is no desk; name the one it belongs to, or leave it out")
        if route not in routes:
            raise Refused(f"{pattern}={route}: {unknown('route', route, routes)}")
    return LabelMap(patterns)


def _compiled(pattern: str) -> re.Pattern[str]:
    folded = pattern.casefold()
    whole = translate(folded)
    if folded.endswith("/*"):
        whole = f"(?:{whole}|{translate(folded[:-2])})"
    return re.compile(whole)
