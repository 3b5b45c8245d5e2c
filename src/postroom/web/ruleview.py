"""What pages about rules show: sheets with what they hold, problems at their lines, a mail that was tried."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast, get_args
from urllib.parse import quote

from postroom.decide.outline import Entry, outline
from postroom.decide.problems import Problem, Severity
from postroom.flow.explanation import Explanation
from postroom.flow.rulework import may_work, unchanged_since
from postroom.flow.sheetwork import Looked
from postroom.model.errors import Refused
from postroom.model.judgement import AccountState, Decision
from postroom.model.mail import BrandName
from postroom.model.message import Message
from postroom.model.people import ALL, User
from postroom.model.rulebooks import SheetName, Texts, Version, digest_of, kind_of, sheet_name
from postroom.ports.rulebooks import Checked, Pasted, Tried
from postroom.web.marks import marked
from postroom.web.render import Missing
from postroom.web.room import Room

MAX_PASTED: Final = 200_000
"""Characters of a mail that is pasted."""

_MOST_SHOWN: Final = 32_000
"""Characters of its text in the page."""

_HEADER: Final = re.compile(r"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\n")
_KNOWN: Final = re.compile(r"^(?:from|subject|received|return-path|delivered-to):", re.IGNORECASE | re.MULTILINE)
_SHOWN: Final = 20
"""Versions that are looked through for when a rule was last changed."""
_WORST: Final[tuple[Severity, ...]] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One file in the list."""

    name: SheetName
    #: each with the version from which on it stands so, None where it is not known
    entries: tuple[tuple[Entry, Version | None], ...]
    #: the last; None for what is shipped
    version: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A mail judged by one set of rules, as it is shown."""

    decision: Decision
    explanation: Explanation
    subject: Any
    text: Any


def require(user: User) -> None:
    """Raises `Missing` for whoever may not work with rules."""
    if not may_work(user):
        raise Missing("Rules decide about all mail: they are for leads and admins of all desks and brands.")


def sheet_of(room: Room, kind: str, name: str) -> SheetName:
    """The sheet of an address, that is there or may be made. Raises `Missing`."""
    found = SheetName(f"{kind}/{name}")
    if sheet_name(found) is None and found not in room.rulework.sheets.texts():
        raise Missing("There is no such file, and none can be called so: letters, digits, - and _, then .toml.")
    return found


def sheets(room: Room, looked: Looked) -> tuple[Sheet, ...]:
    """The team's files with what they hold."""
    versions = room.rulework.versions.each(_SHOWN)
    return tuple(
        Sheet(name=name, entries=_since(text, versions.get(name, ())), version=looked.newest.get(name))
        for name, text in sorted(looked.texts.items())
    )


def entries(room: Room, name: SheetName, text: str) -> tuple[tuple[Entry, Version | None], ...]:
    """What a sheet holds, each with the version from which on it stands so."""
    return _since(text, room.rulework.versions.of(name, limit=_SHOWN))


def _since(text: str, versions: Sequence[Version]) -> tuple[tuple[Entry, Version | None], ...]:
    found = outline(text)
    since = unchanged_since(found, versions)
    return tuple((entry, since.get(entry.name)) for entry in found)


def shipped(texts: Texts) -> tuple[Sheet, ...]:
    """What postroom brings along."""
    return _shipped(tuple(sorted(texts.items())))


@cache
def _shipped(texts: tuple[tuple[SheetName, str], ...]) -> tuple[Sheet, ...]:
    return tuple(Sheet(name=name, entries=tuple((entry, None) for entry in outline(text))) for name, text in texts)


def address(sheet: str) -> str:
    """Where a file is shown, if it is one of the team's or shipped."""
    if sheet.startswith("starter/"):
        return f"/rules/shipped?file={quote(sheet, safe='/')}"
    return f"/rules/{quote(sheet, safe='/')}"


def lines(text: str, problems: Iterable[Problem]) -> list[tuple[int, str]]:
    """Number of each line, and the worst problem that it has (``""`` for none)."""
    worst: dict[int, Severity] = {}
    for one in problems:
        now = worst.setdefault(one.line, one.severity)
        if _WORST.index(one.severity) < _WORST.index(now):
            worst[one.line] = one.severity
    return [(number, worst.get(number, "")) for number in range(1, text.count("\n") + 2)]


def here(checked: Checked | None, sheet: SheetName) -> tuple[Problem, ...]:
    """Problems of this sheet, the worst first."""
    found = [one for one in checked.problems if one.file == sheet] if checked else []
    return tuple(sorted(found, key=lambda one: (_WORST.index(one.severity), one.line, one.column)))


def elsewhere(checked: Checked | None, sheet: SheetName) -> tuple[Problem, ...]:
    """Problems of others: errors keep the rules from being taken into force, whosever they are."""
    found = [one for one in checked.problems if one.file != sheet] if checked else []
    return tuple(sorted(found, key=lambda one: (_WORST.index(one.severity), one.file, one.line)))


def pasted(
    text: str,
    *,
    brand: str,
    brands: Sequence[str],
    sender: str = "",
    subject: str = "",
    authenticated: bool = False,
    account: str = "unknown",
) -> Pasted:
    """A mail as it was pasted: a whole message with its headers, or only its text. Raises `Refused`."""
    if not text.strip():
        raise Refused("paste a mail first")
    if len(text) > MAX_PASTED:
        raise Refused(f"a pasted mail has at most {MAX_PASTED} characters")
    if brand and brand not in brands:
        raise Refused(f"there is no brand {brand[:100]!r}")
    if account not in get_args(AccountState):
        raise Refused(f"an account is one of: {', '.join(get_args(AccountState))}")
    plain = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")
    raw = plain if is_message(plain) else _made(plain, sender, subject)
    return Pasted(
        raw=raw.replace("\n", "\r\n").encode("utf-8"),
        brand=BrandName(brand or (brands[0] if brands else "")),
        authenticated=authenticated,
        account=cast("AccountState", account),
    )


def is_message(text: str) -> bool:
    """Whether a text, with LF, begins with headers as mail has them."""
    head = _HEADER.match(text[:MAX_PASTED])
    return head is not None and _KNOWN.search(head[0]) is not None


def _made(text: str, sender: str, subject: str) -> str:
    lines = {
        "From": _line(sender) or "someone@example.com",
        "Subject": _line(subject),
        "Message-ID": "<pasted@postroom.test>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items()) + f"\n{text}"


def _line(said: str) -> str:
    """One line of a header: nothing in it begins another."""
    return " ".join("".join(char if char.isprintable() else " " for char in said[:400]).split())


def outcomes(room: Room, message: Message, tried: Tried) -> tuple[Outcome | None, Outcome | None]:
    """By the rules in force, and by the texts."""
    now, then = (None if one is None else _outcome(room, message, one) for one in (tried.now, tried.then))
    return now, then


def _outcome(room: Room, message: Message, decision: Decision) -> Outcome:
    explanation = room.explain(decision, message, ALL)
    subject, text = marked(message.subject, message.new_text, explanation, _MOST_SHOWN)
    return Outcome(decision=decision, explanation=explanation, subject=subject, text=text)


def seen(looked: Looked, sheet: SheetName) -> str:
    """Digest of a sheet as it was looked at; ``""`` for one that is not there."""
    return digest_of(looked.texts[sheet]) if sheet in looked.texts else ""


def beginning(sheet: SheetName) -> str:
    """What a new file begins with."""
    return _BEGINNINGS[kind_of(sheet)]


_BEGINNINGS: Final[Mapping[str, str]] = {
    "rules": """\
[[rule]]
name = "password"
comment = "Who can't get in for a forgotten password has not been banned."
all = ['phrases["general"] > 0', 'new_text.contains("password")']
route = "general"
weight = 3.0
""",
    "phrases": """\
route = "general"

[[group]]
language = "en"
weight = 2.0
phrases = ["forgot my password", "reset link*"]
""",
    "examples": """\
[[mail]]
name = "a forgotten password"
subject = "Can't log in"
text = "I forgot my password and the reset link does not arrive."
[mail.expect]
route = "general"
""",
}
