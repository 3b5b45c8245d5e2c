"""How pages put things: times, shares, sizes, states."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from postroom.decide.changes import Change
from postroom.flow.recall import TOLD, WITHDRAWN
from postroom.model import shares
from postroom.model.judgement import REVIEW, Decision, Finding
from postroom.model.listing import Event

PROBLEMS = {
    400: "That can't be read",
    403: "Not for you",
    404: "Not here",
    409: "That was not done",
    413: "Too much",
    503: "Not now",
}
_BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "an iPhone"), ("iPad", "an iPad"),
    ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
"""In what a browser calls itself -> what people call it; the first that is found (each claims to be several)."""
_QUOTED = re.compile("(«[^»]*»)")
#: change how letters join, not where they stand
_JOINERS = "\u200c\u200d"
#: of a finding's score
_NEXT_TO_NOTHING = 0.05
#: as far as hits are counted
_MANY = 1000
_KEYS = "123456789abcdefghijklmnopqrstuvwxyz"
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0
_UNITS = {"d": "day", "h": "hour"}


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


def in_words(seconds: float) -> str:
    """A length of time in its largest units, as people say it."""
    said = re.sub(
        r"\b(\d+) (d|h)\b", lambda one: f"{one[1]} {_UNITS[one[2]]}{'' if one[1] == '1' else 's'}", lasting(seconds)
    )
    return said.replace("< 1 min", "less than a minute")


def clock_time(when: float, now: float, zone: str) -> str:
    """A moment as clocks of a zone show it: with its day where that is not today."""
    shown, today = (datetime.fromtimestamp(at, ZoneInfo(zone)) for at in (when, now))
    return shown.strftime("%H:%M" if shown.date() == today.date() else "%A %H:%M")


def browser(agent: str) -> str:
    """What people call a browser that calls itself so (RFC 9110 §10.1.5): it may be anything."""
    name = next((known for sign, known in _BROWSERS if sign in agent), "a browser")
    system = next((known for sign, known in _SYSTEMS if sign in agent), "")
    return f"{name} on {system}" if system else name


def stamp(when: float) -> str:
    """A moment in UTC, for people."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(when))


def machine(when: float) -> str:
    """A moment for machines (RFC 3339)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))


def percent(share: float) -> str:
    """A share in whole per cent; never 100 for less than all of it."""
    return shares.percent(share).replace("%", " %")


def fine(share: float) -> str:
    """A share to a tenth of a per cent."""
    return f"{share * 100:.1f} %"


def size(count: int) -> str:
    """A number of bytes."""
    for unit, limit in (("B", 1000), ("kB", 1_000_000), ("MB", 1_000_000_000)):
        if count < limit:
            return f"{count / (limit / 1000):.3g} {unit}"
    return f"{count / 1e9:.3g} GB"


def many(count: int, one: str) -> str:
    """So many things, by the name of one of them: regular nouns alone."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def thousands(count: int) -> str:
    """A whole number, its digits in threes."""
    return f"{count:,}"


_ANSWERING = {"open": "to be answered", "soon": "answer due soon", "overdue": "answer late"}


def wanted(field: str, value: str) -> str:
    """One field of a search."""
    match field:
        case "urgent":
            return field
        case "unconfirmed":
            return "nobody has looked"
        case "reading":
            return value
        case "answering":
            return _ANSWERING.get(value, value)
        case "days":
            return "last day" if value == "1" else f"last {value} days"
        case "since" | "until":
            return f"{'from' if field == 'since' else 'to'} {value}"
        case "route":
            return f"at {value}"
        case "words":
            return f"“{visible(value)}”"
        case _:
            return f"{field} {visible(value)}"


def hits(number: int, *, more: bool) -> str:
    """How many mails were found."""
    if more:
        return f"more than {number:,} mails" if number >= _MANY else f"{number:,} mails or more"
    return many(number, "mail")


_HAPPENED = {
    "verdict": "a person’s word:",
    "decided": "decided",
    "deliver ready": "to be delivered to",
    "deliver claimed": "on its way to",
    "deliver held": "held for",
    "deliver done": "delivered to",
    "deliver parked": "not delivered to",
    "deliver dropped": "not to be delivered to",
    "redirect": "redirected:",
    "clock ready": "the clock of review runs",
    "clock done": "the clock of review has ended",
    "clock dropped": "the clock of review was stopped",
}


def happened(event: Event) -> tuple[str, str]:
    """What befell a mail, in words; and the rest of it, the place first. Nothing for what another line says already."""
    what, detail = _HAPPENED.get(event.what, event.what), event.detail
    if event.what == "judge done" or (event.what == "decided" and detail == "generation 1"):
        return ("", "") if event.what == "judge done" else (what, "")
    place, _, said = detail.partition(" ")
    if event.what in ("withdraw done", "correct done"):
        return _taken_back(place, said)
    return what, place if said == f"inbox {place}" else detail


def _taken_back(place: str, said: str) -> tuple[str, str]:
    """What came of taking a mail back from a place, by its receipt (`flow.recall`)."""
    if said == WITHDRAWN:
        return "taken back from", place
    if said.startswith(TOLD):
        return "told that it belongs elsewhere:", f"{place} {said.removeprefix(TOLD)}"
    return "not taken back from", f"{place}: {said}"


def counted(findings: Sequence[Finding], decided: str) -> tuple[list[Finding], list[Finding]]:
    """Findings that say something, and all others: those that give another desk next to nothing."""
    said = [one for one in findings if one.reason]
    some = [one for one in said if one.veto or one.route in ("", decided) or one.score >= _NEXT_TO_NOTHING]
    return some, [one for one in said if one not in some]


def otherwise(changes: Sequence[Change], decision: Decision) -> list[tuple[str, str]]:
    """What would have been otherwise, and where the mail would have gone then; of those that change anything that is told."""
    was = _outcome(decision.route, decision.decided)
    told = ((one.what, _outcome(one.route, one.decided), one.confidence) for one in changes)
    return [(what, f"{to} ({percent(share)})") for what, to, share in told if to != was]


def _outcome(route: str, decided: str) -> str:
    return f"review, as perhaps {decided}" if route == REVIEW and decided != REVIEW else route


_SOURCES: Mapping[str, str] = {
    "account": "the account",
    "classifier": "the model",
    "guard": "a check",
    "history": "who wrote",
    "kind": "its kind",
    "phrases": "telling phrases",
    "second-opinion": "a second opinion",
    "spam": "the spam filter",
    "thread": "its conversation",
    "urgent": "an alarm",
    "verdict": "a person",
}
_WEIGHED = re.compile("(?<=») [+-][0-9.]+")
_COUNTED = re.compile(r"\(([0-9]+\.[0-9]) of ([0-9]+\.[0-9]) mails, older ones counted less\)")
_LEARNED = re.compile(r"the classifier gives (\S+) (\S+?)%( by)?")


def source(name: str) -> str:
    """What a finding stands on, for people who answer mail."""
    return _SOURCES.get(name, name)


def plainly(reason: str) -> str:
    """The reason of a finding without what only those need who tune it: weights, and parts of a mail."""
    said = _WEIGHED.sub("", reason)
    said = _COUNTED.sub(lambda one: f"({float(one[1]):.0f} of {many(round(float(one[2])), 'mail')})", said)
    said = said.replace("the sender's domain wrote", "others of their domain wrote")
    said = _LEARNED.sub(lambda one: f"{one[2]} % {one[1]}{', by the words' if one[3] else ''}", said)
    return _QUOTED.sub(lambda one: one[0].replace(" near ", " … "), said)


def visible(text: str) -> str:
    """A stranger's line with its controls and direction marks (UAX #9) taken out: it can't turn what stands beside it around."""
    return "".join(char for char in text if char.isprintable() or char in _JOINERS)


def quoted(text: str) -> Markup:
    """A sentence of ours in which «words» of a mail stand: each keeps its own direction (UAX #9), and the sentence its order."""
    found = Markup()
    for number, piece in enumerate(_QUOTED.split(visible(text))):
        found += Markup("<bdi>{}</bdi>").format(piece) if number % 2 else escape(piece)
    return found


def key(place: int) -> str:
    """The key of a desk in review, by its place from 1 on: digits, then letters; none beyond those."""
    return _KEYS[place - 1 : place]


FILTERS: Mapping[str, Callable[..., Any]] = {
    "ago": ago,
    "span": span,
    "lasting": lasting,
    "in_words": in_words,
    "clock_time": clock_time,
    "stamp": stamp,
    "machine": machine,
    "percent": percent,
    "fine": fine,
    "bytes": size,
    "thousands": thousands,
    "many": many,
    "wanted": wanted,
    "counted": counted,
    "otherwise": otherwise,
    "source": source,
    "plainly": plainly,
    "happened": happened,
    "visible": visible,
    "browser": browser,
    "quoted": quoted,
    "key": key,
}
