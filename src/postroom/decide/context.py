"""What a rule can read: one typed table, from which the compiler's types and the reference page are made."""

import datetime
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from cel_expr_python import cel

from postroom.decide.case import Case
from postroom.decide.folding import MAX_CHARACTERS, Folded
from postroom.model.judgement import AccountState
from postroom.model.message import AuthState, Kind

DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One mail as the rules see it."""

    case: Case
    folded: Folded
    #: list name -> number of distinct phrases found
    phrases: Mapping[str, int]
    urgent: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that a rule can read."""

    #: as rules write it
    name: str
    #: CEL type, as people write it
    type: str
    #: what it holds
    meaning: str
    #: a rule's condition that uses it
    example: str
    read: Callable[[Facts], Any]


def _days(then: float | None, now: float) -> float:
    return -1.0 if then is None else max(now - then, 0.0) / DAY


def _headers(facts: Facts) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in facts.case.message.headers:
        if name not in found:
            found.setdefault(clean(name), clean(value))
    return found


def _headers_named(facts: Facts, names: Collection[str]) -> dict[str, str]:
    """The same, of these headers alone."""
    found: dict[str, str] = {}
    for name, value in facts.case.message.headers:
        if name in names and name not in found:
            found[name] = clean(value)
    return found


def _counts(facts: Facts) -> dict[str, float]:
    return {str(route): float(count) for route, count in facts.case.history.counts}


def clean(text: str) -> str:
    """A text as CEL can hold it: capped, no NUL (the runtime would cut the text there) and no lone surrogate."""
    text = text[:MAX_CHARACTERS]
    if text.isascii() and "\0" not in text:
        return text
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text


def _all(texts: Collection[str]) -> list[str]:
    return [clean(text) for text in texts]


def _now(facts: Facts) -> datetime.datetime:
    seconds = min(max(facts.case.now, 0.0), 253_000_000_000.0)
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


FIELDS: tuple[Field, ...] = tuple(
    Field(name=name, type=type_, meaning=meaning, example=example, read=read)
    for name, type_, meaning, example, read in (
        ("brand", "string", "which of our addresses it came to, by the brand's name", 'brand == "shop"', lambda f: clean(f.case.mail.brand)),
        ("envelope.mail_from", "string", "the reverse-path; empty for `<>`", 'envelope.mail_from == ""', lambda f: clean(f.case.mail.envelope.mail_from)),
        ("envelope.rcpt_to", "list(string)", "the recipients it was accepted for", '"legal@example.com" in envelope.rcpt_to', lambda f: _all(f.case.mail.envelope.rcpt_to)),
        ("peer.trusted", "bool", "it was handed in by one of our own hops", "!peer.trusted", lambda f: f.case.mail.peer.trusted),
        ("headers", "map(string, string)", "first value of each header, names in lower case; one that is absent reads as empty", 'headers["x-form"] == "refund"', _headers),
        ("subject", "string", "the subject, decoded", 'subject.startsWith("DMCA")', lambda f: clean(f.case.message.subject)),
        ("new_text", "string", "what was written now: no quotes, no signature", 'new_text.contains("chargeback")', lambda f: clean(f.case.message.new_text)),
        ("text", "string", "the whole visible text, with what is quoted", 'text.matches("(?i)order #[0-9]+")', lambda f: clean(f.case.message.text)),
        ("words", "string", "subject and new text folded as for phrases: lower case, no accents, straight quotes, single spaces", 'words.contains("my account")', lambda f: clean(f.folded.text)),
        ("attachments.names", "list(string)", "file names", 'attachments.names.exists(n, n.endsWith(".pdf"))', lambda f: _all([a.name for a in f.case.message.attachments])),
        ("attachments.types", "list(string)", "media types", '"application/pdf" in attachments.types', lambda f: _all([a.type for a in f.case.message.attachments])),
        ("attachments.count", "int", "how many", "attachments.count > 0", lambda f: len(f.case.message.attachments)),
        ("auth.state", "string", "`pass`, `fail` or `none`: whether From can be believed", 'auth.state == "pass"', lambda f: f.case.message.auth.state),
        ("auth.domain", "string", "the domain that passed or failed", 'auth.domain == "example.com"', lambda f: clean(f.case.message.auth.domain)),
        ("sender.address", "string", "address of who asks: the customer of a forward, else From", 'sender.address == "ada@example.com"', lambda f: clean(f.case.message.customer.addr) if f.case.message.customer else ""),
        ("sender.name", "string", "display name of who asks", 'sender.name.contains("Legal")', lambda f: clean(f.case.message.customer.name) if f.case.message.customer else ""),
        ("sender.domain", "string", "domain of who asks", 'sender.domain == "example.com"', lambda f: clean(f.case.message.customer.domain) if f.case.message.customer else ""),
        ("sender.trusted", "bool", "From is authenticated and nobody passed the mail on", "sender.trusted", lambda f: f.case.message.trusted_sender != ""),
        ("to", "list(string)", "addresses in To", '"copyright@example.com" in to', lambda f: _all([a.addr for a in f.case.message.to])),
        ("cc", "list(string)", "addresses in Cc", "size(cc) > 3", lambda f: _all([a.addr for a in f.case.message.cc])),
        ("history.mails", "int", "mails of this authenticated sender before; 0 when not authenticated", "history.mails > 2", lambda f: f.case.history.mails),
        ("history.counts", "map(string, double)", "route -> mails of theirs that went there, halved every 90 days", 'history.counts.exists(r, r == "appeals")', _counts),
        ("history.last_route", "string", "route of their newest mail", 'history.last_route == "refunds"', lambda f: str(f.case.history.last_route)),
        ("history.open_thread", "string", "route of a thread of theirs of the last 14 days", 'history.open_thread == "appeals"', lambda f: str(f.case.history.open_thread)),
        ("history.days", "double", "days since their first mail; -1 for the first", "history.days > 365.0", lambda f: _days(f.case.history.first_seen, f.case.now)),
        ("history.burst", "int", "their mails in the last hour", "history.burst > 20", lambda f: f.case.history.burst),
        ("account.state", "string", "`active`, `limited`, `suspended`, `banned`, `closed` or `unknown`", 'account.state == "suspended"', lambda f: f.case.account.state),
        ("account.days", "double", "days in that state; -1 when not known", "account.days >= 0.0 && account.days < 7.0", lambda f: _days(f.case.account.since, f.case.now)),
        ("thread.known", "bool", "it continues a thread that its sender is in", "thread.known", lambda f: f.case.thread is not None),
        ("thread.route", "string", "where that thread is; empty when there is none", 'thread.route == "copyright"', lambda f: str(f.case.thread.route) if f.case.thread else ""),
        ("thread.confirmed", "bool", "a person said that it belongs there", "thread.confirmed", lambda f: f.case.thread is not None and f.case.thread.confirmed),
        ("thread.mails", "int", "mails in it so far", "thread.mails > 5", lambda f: f.case.thread.mails if f.case.thread else 0),
        ("thread.days", "double", "days since its newest mail; -1 when there is none", "thread.days > 30.0", lambda f: _days(f.case.thread.last_at if f.case.thread else None, f.case.now)),
        ("kind", "string", "`person`, `auto-reply`, `bounce`, `list` or `none`; only a rule that reads it is asked about automatic mail", 'kind == "list"', lambda f: f.case.message.kind),
        ("language", "string", "ISO 639-1 code, empty when unsure", 'language == "de"', lambda f: clean(f.case.message.language)),
        ("phrases", "map(string, int)", "phrase list -> how many different phrases of it were found", 'phrases["account"] > 0', lambda f: dict(f.phrases)),
        ("urgent", "list(string)", "urgent signals that were found", '"self-harm" in urgent', lambda f: _all(f.urgent)),
        ("forward.how", "string", "`colleague` or `form` when somebody passed the mail on, else empty", 'forward.how == "form"', lambda f: f.case.message.forward.how if f.case.message.forward else ""),
        ("spam.verdict", "bool", "a trusted hop called it spam", "spam.verdict", lambda f: f.case.message.spam is not None and f.case.message.spam.spam),
        ("spam.score", "double", "that hop's score; 0 when there is none", "spam.score > 12.0", lambda f: float((f.case.message.spam.score if f.case.message.spam else None) or 0.0)),
        ("ticket", "string", "another system's ticket mark in the subject", 'ticket != ""', lambda f: clean(f.case.message.ticket)),
        ("defects", "list(string)", "codes of what is wrong with the mail's bytes", '"bad-date" in defects', lambda f: _all([d.code for d in f.case.message.defects])),
        ("received", "int", "number of Received lines", "received > 20", lambda f: f.case.message.received_count),
        ("now", "timestamp", "when it is judged, UTC", 'now < timestamp("2027-01-01T00:00:00Z")', _now),
    )
)  # fmt: skip

BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}

TYPES: Mapping[str, str] = {field.name: field.type for field in FIELDS}

CLOSED: Mapping[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "auth.state": get_args(AuthState),
    "account.state": get_args(AccountState),
    "forward.how": ("colleague", "form", ""),
}
"""All values that these fields can have."""

_TYPES: Mapping[str, cel.Type] = {
    "string": cel.Type.STRING,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "bool": cel.Type.BOOL,
    "timestamp": cel.Type.TIMESTAMP,
    "list(string)": cel.Type.List(cel.Type.STRING),
    "map(string, string)": cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
    "map(string, int)": cel.Type.Map(cel.Type.STRING, cel.Type.INT),
    "map(string, double)": cel.Type.Map(cel.Type.STRING, cel.Type.DOUBLE),
}


def environment() -> cel.Env:
    """The types that rules are checked against."""
    return cel.NewEnv(variables={field.name: _TYPES[field.type] for field in FIELDS})


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadersRead:
    """Which headers rules read."""

    #: those that read as empty when absent
    optional: frozenset[str] = frozenset()
    #: all that are named; None where a rule walks through all there are
    named: frozenset[str] | None = None


def values(facts: Facts, names: Collection[str], headers: HeadersRead) -> dict[str, Any]:
    """The values of the fields that are read, headers that may be absent filled with ``""``."""
    found = {name: BY_NAME[name].read(facts) for name in names if name != "headers"}
    if "headers" in names:
        there = _headers(facts) if headers.named is None else _headers_named(facts, headers.named)
        found["headers"] = dict.fromkeys(headers.optional, "") | there
    return found
