"""How pages put things: times, shares, sizes, states."""

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

PROBLEMS = {
    400: "That can't be read",
    403: "Not for you",
    404: "Not here",
    409: "That was not done",
    413: "Too much",
    503: "Not now",
}
_QUOTED = re.compile("(«[^»]*»)")
#: change how letters join, not where they stand
_JOINERS = "\u200c\u200d"
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0


def ago(when: float, now: float) -> str:
    """How long it is since then, in its largest unit."""
    return f"{span(now - when)} ago" if now - when >= _MINUTE else "now"


def span(seconds: float) -> str:
    """A length of time in its largest unit."""
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "< 1 min"


def lasting(seconds: float) -> str:
    """A length of time in its two largest units."""
    if seconds < _HOUR:
        return span(seconds)
    large, small, names = (_DAY, _HOUR, ("d", "h")) if seconds >= _DAY else (_HOUR, _MINUTE, ("h", "min"))
    whole, rest = divmod(seconds, large)
    more = f" {int(rest // small)} {names[1]}" if rest >= small else ""
    return f"{int(whole)} {names[0]}{more}"


def clock_time(when: float, now: float, zone: str) -> str:
    """A moment as clocks of a zone show it: with its day where that is not today."""
    shown, today = (datetime.fromtimestamp(at, ZoneInfo(zone)) for at in (when, now))
    return shown.strftime("%H:%M" if shown.date() == today.date() else "%A %H:%M")


def stamp(when: float) -> str:
    """A moment in UTC, for people."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(when))


def machine(when: float) -> str:
    """A moment for machines (RFC 3339)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))


def percent(share: float) -> str:
    """A share in whole per cent; never 100 for less than all of it."""
    return f"{min(round(share * 100), 99 if share < 1 else 100)} %"


def fine(share: float) -> str:
    """A share to a tenth of a per cent."""
    return f"{share * 100:.1f} %"


def size(count: int) -> str:
    """A number of bytes."""
    for unit, limit in (("B", 1000), ("kB", 1_000_000), ("MB", 1_000_000_000)):
        if count < limit:
            return f"{count / (limit / 1000):.3g} {unit}"
    return f"{count / 1e9:.3g} GB"


def thousands(count: int) -> str:
    """A whole number, its digits in threes."""
    return f"{count:,}"


def visible(text: str) -> str:
    """A stranger's line with its controls and direction marks (UAX #9) taken out: it can't turn what stands beside it around."""
    return "".join(char for char in text if char.isprintable() or char in _JOINERS)


def quoted(text: str) -> Markup:
    """A sentence of ours in which «words» of a mail stand: each keeps its own direction (UAX #9), and the sentence its order."""
    found = Markup()
    for number, piece in enumerate(_QUOTED.split(visible(text))):
        found += Markup("<bdi>{}</bdi>").format(piece) if number % 2 else escape(piece)
    return found


FILTERS: Mapping[str, Callable[..., Any]] = {
    "ago": ago,
    "span": span,
    "lasting": lasting,
    "clock_time": clock_time,
    "stamp": stamp,
    "machine": machine,
    "percent": percent,
    "fine": fine,
    "bytes": size,
    "thousands": thousands,
    "visible": visible,
    "quoted": quoted,
}
