"""Mail that was passed on: a colleague's forward, or a contact form. Finds the customer who really asks.

Invariant: any text is read, in linear time; the customer is never the forwarder, one of our own addresses nor a no-reply
address. What is found is as the forwarder or the form says, so the customer is unauthenticated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from postroom.model.message import Address, Forward
from postroom.model.trust import Trust
from postroom.understand import newtext, quotes
from postroom.understand.form_tables import FORM_FIELDS, FORM_FOOTERS, FormField
from postroom.understand.patterns import pattern, readable

_ADDRESS: Final = pattern(r"[\pL\pN.!#$%&'*+/=?^_{|}~-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+")
_NO_REPLY: Final = pattern(
    r"(?i)^(?:[^@]*[._+-])?(?:no|not|donot|do-not|do_not|nicht|ne-pas|no-|nao-)[._-]?(?:reply|respond|responder|repondre|antworten|rispondere)(?:[._+-][^@]*)?@|^(?:mailer-daemon|postmaster|bounces?(?:[._+-][^@]*)?)@"
)
_MAX_DEPTH: Final = 5
_MAX_LINES: Final = 4000
_MAX_VALUE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A message/rfc822 part that the mail carries."""

    #: its From
    from_: Address | None
    #: its decoded subject
    subject: str = ""
    #: its visible text
    text: str = ""
    #: its Reply-To
    reply_to: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mail that was passed on, and the customer's words in it."""

    forward: Forward
    #: what the customer wrote, without older quotes, signatures and disclaimers
    new_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passed:
    """A forwarded mail inside a text."""

    sender: str
    reply_to: str
    subject: str
    body: str


def find(
    text: str,
    subject: str,
    from_: Address | None,
    reply_to: tuple[Address, ...],
    trust: Trust,
    attached: Attached | None = None,
) -> Found | None:
    """Recognise a colleague's forward or a contact form; None for everything else. Pure, total, linear.

    Only who is trusted to pass mail on is believed: a form sender, or From in a team domain or among our own addresses.
    The caller makes sure that From is authenticated where that matters.
    """
    if from_ is None:
        return None
    text, sender = readable(text), from_.addr.casefold()
    if sender in trust.form_senders:
        return _form(text, from_, reply_to, trust, known=True)
    if not _is_team(from_, trust):
        return None
    if attached is not None:
        return _attached(attached, from_, trust)
    passed = _passed_on(text, subject)
    if passed is not None:
        return _colleague(passed, from_, trust)
    return _form(text, from_, reply_to, trust, known=False)


def _is_team(address: Address, trust: Trust) -> bool:
    return address.domain.casefold() in trust.team_domains or address.addr.casefold() in trust.own_addresses


def _may_be_customer(address: Address | None, forwarder: Address, trust: Trust) -> bool:
    if address is None or "@" not in address.addr or address.addr.casefold() == forwarder.addr.casefold():
        return False
    if address.addr.casefold() in trust.form_senders or _is_team(address, trust):
        return False
    return _NO_REPLY.search(readable(address.addr)) is None


def _first(addresses: Sequence[Address | None], forwarder: Address, trust: Trust) -> Address | None:
    return next((one for one in addresses if _may_be_customer(one, forwarder, trust)), None)


def _attached(attached: Attached, forwarder: Address, trust: Trust) -> Found:
    attached = replace(attached, text=readable(attached.text))
    customer = _first((attached.from_, *attached.reply_to), forwarder, trust)
    words = newtext.split(attached.text, subject=attached.subject).new
    if customer is None:
        deeper = _deeper(attached.text, attached.subject, forwarder, trust)
        if deeper is not None:
            return deeper
    return Found(forward=Forward(how="colleague", customer=customer, subject=attached.subject), new_text=words)


def _colleague(passed: _Passed, forwarder: Address, trust: Trust, depth: int = 0) -> Found:
    customer = _first((address_in(passed.sender), address_in(passed.reply_to)), forwarder, trust)
    if customer is None and depth < _MAX_DEPTH:
        deeper = _deeper(passed.body, passed.subject, forwarder, trust, depth + 1)
        if deeper is not None:
            return deeper
    words = newtext.split(passed.body, subject=passed.subject).new
    return Found(forward=Forward(how="colleague", customer=customer, subject=passed.subject), new_text=words)


def _deeper(text: str, subject: str, forwarder: Address, trust: Trust, depth: int = 1) -> Found | None:
    """A forward or a form's mail inside a forwarded mail, when it leads to a customer."""
    passed = _passed_on(text, subject)
    if passed is not None:
        found = _colleague(passed, forwarder, trust, depth)
        if found.forward.customer is not None:
            return found
    form = _form(text, forwarder, (), trust, known=False)
    if form is None or form.forward.customer is None:
        return None
    inner = Forward(how="colleague", customer=form.forward.customer, subject=form.forward.subject or subject)
    return Found(forward=inner, new_text=form.new_text)


def _passed_on(text: str, subject: str) -> _Passed | None:
    """The first forwarded mail in a text."""
    lines = text.replace("\r\n", "\n").split("\n", _MAX_LINES)
    by_subject = newtext.is_forwarding(subject)
    tries = 0
    for at, line in enumerate(lines[:_MAX_LINES]):
        if not line.strip():
            continue
        titled = quotes.title(line) if len(line) <= 200 else None
        if titled == "forwarded" or (titled == "original" and by_subject):
            return _below(lines, at + 1, subject)
        if by_subject and tries < 100 and (":" in line[:32] or "：" in line[:16]) and quotes.label(line) is not None:
            tries += 1
            if quotes.header_block(lines, at, announced=True) is not None:
                return _below(lines, at, subject)
    return None


def _below(lines: Sequence[str], start: int, subject: str) -> _Passed:
    """Reads the header block, or the attribution, and the body of a forwarded mail."""
    rest = list(lines[start:])
    if next((line for line in rest if line.strip()), "").lstrip().startswith(">"):
        rest = [
            line.lstrip().removeprefix(">").removeprefix(" ") if line.lstrip().startswith(">") else line
            for line in rest
        ]
    first = next((n for n, line in enumerate(rest) if line.strip()), 0)
    block = quotes.header_block(rest, first, announced=True)
    if block is not None:
        return _Passed(
            sender=block.fields.get("from", ""),
            reply_to=block.fields.get("reply-to", ""),
            subject=block.fields.get("subject", "")[:_MAX_VALUE],
            body="\n".join(rest[block.end :]),
        )
    for at in range(first, min(first + 4, len(rest))):
        shown = quotes.bare(rest[at])
        if shown.endswith((":", "：")) and quotes.attribution(rest, at, quote_follows=True) is not None:
            body = [line.lstrip().removeprefix(">").removeprefix(" ") for line in rest[at + 1 :]]
            return _Passed(
                sender=" ".join(rest[first : at + 1]), reply_to="", subject=_without_mark(subject), body="\n".join(body)
            )
    return _Passed(sender="", reply_to="", subject=_without_mark(subject), body="\n".join(rest))


def _without_mark(subject: str) -> str:
    while newtext.is_forwarding(subject):
        subject = subject.replace("：", ":", 1).partition(":")[2].strip()
    return subject


def address_in(value: str) -> Address | None:
    """The first mailbox in a line as mail programs show it, with the name before it."""
    value = readable(value[:_MAX_VALUE])
    found = _ADDRESS.search(value)
    if found is None:
        return None
    local, _, domain = found.group(0).strip("'.").rpartition("@")
    name = value[: found.start()].rsplit(":", 1)[-1] if "mailto:" not in value else value.split("mailto:", 1)[0]
    if name.count('"') >= 2:
        name = name.split('"')[-2]
    name = quotes.bare(name).strip(" \t<>[]()\"'*,:;").removesuffix("<").strip()
    if "@" in name:
        name = ""
    return Address(name=name, addr=f"{local}@{domain.lower()}")


def _form(text: str, forwarder: Address, reply_to: tuple[Address, ...], trust: Trust, *, known: bool) -> Found | None:
    """A contact form's mail. ``known``: From says that it is one; else its layout must be clear."""
    fields = _fields(text)
    written = address_in(fields.get("email", ""))
    if not known and ("message" not in fields or (written is None and ("name" not in fields or not reply_to))):
        return None
    customer = _first((written, *reply_to), forwarder, trust)
    if customer is not None and not customer.name:
        named = fields.get("name", "")
        within = address_in(named)
        customer = Address(name=named if within is None else within.name, addr=customer.addr)
    message = fields.get("message", "").strip() or _unlabelled(text)
    words = newtext.split(message).new or message
    return Found(forward=Forward(how="form", customer=customer, subject=fields.get("subject", "")), new_text=words)


def _field(line: str) -> tuple[FormField, str] | None:
    """The field that a line begins, with its value: ``Name: Ada``, ``*Name* <tab> Ada``, or ``Name`` alone."""
    shown = quotes.bare(line[:_MAX_VALUE])
    for sign in (":", "：", "\t"):
        head, found, value = shown.partition(sign)
        if found and len(head) <= 60:
            field = FORM_FIELDS.get(head.strip(" \t*_•-?(）)").casefold())
            if field is not None:
                return field, value.strip(" \t*_")
    alone = FORM_FIELDS.get(shown.strip(" *_?").casefold()) if len(shown) <= 40 else None
    return None if alone is None else (alone, "")


def _fields(text: str) -> dict[FormField, str]:
    """First value of each field; a message goes on until the next field that has a colon, or the form's footer."""
    values: dict[FormField, list[str]] = {}
    current: FormField | None = None
    for line in text.replace("\r\n", "\n").split("\n", _MAX_LINES)[:_MAX_LINES]:
        shown = line.strip()
        if shown == "--" or line.strip("-_=* ").casefold().startswith(FORM_FOOTERS):
            current = None if current == "message" else current
            continue
        found = _field(line) if shown and (":" in shown or "：" in shown or "\t" in shown or len(shown) <= 40) else None
        if found is not None and current == "message" and (found[1] == "" or found[0] in values) and values["message"]:
            found = None
        if found is not None and (found[0] == "other" or found[0] not in values):
            current = found[0]
            values.setdefault(current, []).append(found[1])
        elif current == "message":
            values["message"].append(line)
        elif current is not None and shown and not values[current][-1]:
            values[current].append(shown)
            current = None
    return {
        field: "\n".join(found).strip()[: None if field == "message" else _MAX_VALUE] for field, found in values.items()
    }


def _unlabelled(text: str) -> str:
    """The lines of a form's mail that are not one of its fields."""
    return "\n".join(line for line in text.split("\n") if _field(line) is None or "\n" not in text).strip()
