"""The one split of the labelled development texts: one half to tune on, the other opened once.

By platform, so that the held-out half has companies, products and turns of phrase that nobody looked at while writing
phrases and rules. Platforms with the same set of routes form a stratum; within a stratum they are put in order of a
hash of their name and go to the halves in turn, so each route occurs in both halves. Two platforms can't be split this
way: every copyright text is ``github-dmca``, and more than half of the appeals are ``whatsapp``. Their texts go to the
halves one by one, by a hash of their id: for these two the held-out half has unseen texts but no unseen platform.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

#: platforms too large for one half, split text by text
BY_TEXT = frozenset({"github-dmca", "whatsapp"})


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def platform_halves(rows: Iterable[Row]) -> dict[str, int]:
    """For each platform split as a whole, 0 (tune) or 1 (held out)."""
    routes: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        routes[row["platform"]].add(row["route"])
    strata: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for platform, found in routes.items():
        if platform not in BY_TEXT:
            strata[tuple(sorted(found))].append(platform)
    return {
        platform: index % 2
        for platforms in strata.values()
        for index, platform in enumerate(sorted(platforms, key=_hash))
    }


def split(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """(tune, held out), each in the order given; every row is in exactly one."""
    halves = platform_halves(rows)
    parts: tuple[list[Row], list[Row]] = ([], [])
    for row in rows:
        half = halves.get(row["platform"])
        parts[_hash(row["id"]) % 2 if half is None else half].append(row)
    return parts
