"""Tickets of other systems as they export them: what the customer wrote, and under which labels.

Shapes are those of the public documentation of Zendesk, Freshdesk, Help Scout, Zammad, Intercom, Gorgias and Chatwoot; what
has the same names elsewhere is read alike. Only the customer's first message and his answers count. Whoever can't be told
to be the customer is not taken for him.

Invariant: any JSON value gives items and reasons, never an exception.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Any, Final

from postroom.adapters.history.compose import compose, identity
from postroom.flow.past import Item, LeftOut, Why, labels_of
from postroom.understand import dates

_Object = Mapping[str, Any]

LISTS: Final = ("tickets", "results", "data", "items", "records", "cases", "issues", "conversations")
"""Under which keys exports list their tickets."""

_COMMENTS: Final = ("comments", "conversations", "threads", "messages", "articles", "conversation_parts")
_BODY: Final = (
    "body_text", "description_text", "text_body", "stripped_text", "content", "text", "html_body", "body_html", "body",
    "description",
)  # fmt: skip
_AT: Final = (
    "created_at",
    "createdAt",
    "created_datetime",
    "created",
    "date",
    "sent_datetime",
    "timestamp",
    "received_at",
)
_SUBJECT: Final = ("subject", "title", "raw_subject", "summary")
_ID: Final = ("id", "ticket_id", "ticketId", "number", "display_id", "key")
_GROUPS: Final = (
    "group", "group_name", "queue", "category", "type", "ticket_type", "mailbox", "mailboxName", "inbox", "team", "department",
    "ticket_form",
)  # fmt: skip
_TAGS: Final = ("tags", "labels", "label", "route", "tag", "keywords")
_CUSTOMER: Final = (
    "requester",
    "customer",
    "primaryCustomer",
    "contact",
    "sender",
    "user",
    "from",
    "source",
    "author",
    "createdBy",
)
_FRESHDESK_OUTBOUND: Final = 10
_WORD: Final = re.compile(r"\w+")
_MOST_COMMENTS: Final = 1000
_MOST_TAGS: Final = 100


@dataclass(frozen=True, slots=True)
class _Said:
    """One message of a ticket."""

    facts: _Object
    at: float | None
    body: str
    #: True for the customer's, False for the team's, None when it can't be told
    customer: bool | None
    private: bool


def tickets_in(value: object) -> Iterator[_Object]:
    """The tickets in one piece of an export: itself, or those that it lists."""
    if not isinstance(value, dict):
        return
    if not any(
        key in value for key in (*_SUBJECT, "description", "comments", "threads", "messages", "articles", "source")
    ):
        inner = value.get("_embedded")
        for around in (value, inner if isinstance(inner, dict) else {}):
            listed = next((around[key] for key in LISTS if isinstance(around.get(key), list)), None)
            if listed is not None:
                yield from (one for one in listed if isinstance(one, dict))
                return
    yield value


def items_of(ticket: _Object, *, source: str, origin: str, folder: str, most: int) -> Iterator[Item | LeftOut]:
    """What the customer wrote in a ticket, in order of time; and why the rest is left out. ``most`` bytes a message."""
    name = _text(ticket, _ID)
    subject = _text(ticket, _SUBJECT) or _text(_inner(ticket, "source"), _SUBJECT)
    labels = labels_of(folder, _tags(ticket), _groups(ticket))
    sender = _address(ticket)
    first = ""
    number = 0
    for said in _messages(ticket):
        why = _why_not(said)
        if why is not None:
            yield LeftOut(source=source, why=why)
            continue
        number += 1
        wrote = sender or _address(said.facts)
        own = _text(said.facts, _ID) or (str(number) if name else "")
        key = identity(ticket=name, message=own, at=said.at, sender=wrote, body=said.body)
        message_id = f"{key}@import.invalid"
        raw = compose(
            sender=wrote,
            subject=subject,
            body=said.body,
            at=said.at,
            message_id=message_id,
            in_reply_to=first,
            most=most,
        )
        first = first or message_id
        yield Item(
            source=source,
            origin=origin,
            raw=raw,
            labels=labels,
            key=key,
            at=said.at,
            thread=name or first,
            follow_up=number > 1,
        )
    if not number:
        yield LeftOut(source=source, why="no-text")


def _why_not(said: _Said) -> Why | None:
    if said.private:
        return "private"
    if not said.customer:
        return "team"
    return None if said.body.strip() else "no-text"


def _messages(ticket: _Object) -> list[_Said]:
    """All there are, oldest first; the ticket's own text is the first, unless its first comment repeats it.

    Who wrote the first is the customer where nobody says otherwise.
    """
    requester = _requester(ticket)
    said = sorted((_one(one, requester) for one in _comments(ticket)), key=lambda one: one.at or 0.0)
    opening = _body(ticket) or _text(_inner(ticket, "source"), ("body",))
    if opening and not (said and _same(said[0].body, opening)):
        said.insert(0, _Said(facts={}, at=_moment(ticket), body=opening, customer=None, private=False))
    if said and said[0].customer is None:
        said[0] = replace(said[0], customer=not _opened_by_team(ticket))
    return said


def _opened_by_team(ticket: _Object) -> bool:
    """Whether the team wrote first: Intercom's and Help Scout's authors, Freshdesk's outbound mail, Zendesk's submitters."""
    roles = (_role(_inner(ticket, "source"), "author"), _role(ticket, "createdBy"))
    submitter, requester = _plain(ticket.get("submitter_id")), _plain(ticket.get("requester_id"))
    on_behalf = bool(submitter and requester) and submitter != requester
    return on_behalf or False in roles or ticket.get("source") == _FRESHDESK_OUTBOUND


def _comments(ticket: _Object) -> Sequence[_Object]:
    inner = _inner(ticket, "_embedded")
    for around in (ticket, inner):
        for key in _COMMENTS:
            found = around.get(key)
            found = found.get(key) if isinstance(found, dict) else found
            if isinstance(found, list):
                return [one for one in found[:_MOST_COMMENTS] if isinstance(one, dict)]
    return ()


def _one(comment: _Object, requester: frozenset[str]) -> _Said:
    teller = (tell(comment, requester) for tell in _TELLERS)
    return _Said(
        facts=comment,
        at=_moment(comment),
        body=_body(comment),
        customer=next((told for told in teller if told is not None), None),
        private=_is_private(comment),
    )


def _is_private(comment: _Object) -> bool:
    kind = comment.get("part_type", comment.get("type"))
    return (
        comment.get("public") is False
        or comment.get("is_public") is False
        or comment.get("private") is True
        or comment.get("internal") is True
        or (isinstance(kind, str) and kind.lower() in {"note", "lineitem", "beaconchat", "activity"})
    )


# -- who wrote it: each says True for the customer, False for the team, None when it can't tell ------------------


def _by_direction(comment: _Object, _: frozenset[str]) -> bool | None:
    for key, customers in (("incoming", True), ("from_agent", False), ("from_customer", True), ("is_agent", False)):
        if isinstance(comment.get(key), bool):
            return bool(comment[key] is customers)
    direction = comment.get("message_type", comment.get("direction"))
    if direction in (0, "0", "incoming", "inbound", "in"):
        return True
    return False if direction in (1, 2, 3, "1", "outgoing", "outbound", "out", "template") else None


def _by_type(comment: _Object, _: frozenset[str]) -> bool | None:
    """Help Scout's threads, Zammad's senders."""
    sender = comment.get("sender")
    if isinstance(sender, str) and sender.lower() in {"customer", "agent", "system"}:
        return sender.lower() == "customer"
    kind = comment.get("type")
    if isinstance(kind, str) and kind.lower() in {"customer", "message", "reply", "forwardparent", "forwardchild"}:
        return kind.lower() == "customer"
    return None


def _by_role(comment: _Object, _: frozenset[str]) -> bool | None:
    roles = [_role(comment, key) for key in ("author", "createdBy", "sender", "user", "from")]
    return next((role for role in roles if role is not None), None)


def _by_requester(comment: _Object, requester: frozenset[str]) -> bool | None:
    who = _names(comment, ("author_id", "user_id", "sender_id", "from_email", "author_email", "email"))
    for key in ("author", "sender", "user", "from"):
        who |= _names(_inner(comment, key), ("id", "email"))
    for are_addresses in (False, True):  # a number says nothing of an address
        ours = {one for one in who if ("@" in one) == are_addresses}
        theirs = {one for one in requester if ("@" in one) == are_addresses}
        if ours and theirs:
            return not ours.isdisjoint(theirs)
    return None


_TELLERS: Final[tuple[Callable[[_Object, frozenset[str]], bool | None], ...]] = (
    _by_direction,
    _by_type,
    _by_role,
    _by_requester,
)


def _role(facts: _Object, key: str) -> bool | None:
    """Whether somebody is a customer, by role or type. Whom Help Scout calls a user is an agent, whom Intercom calls one is not."""
    person = _inner(facts, key)
    role = str(person.get("role") or person.get("type") or "").lower()
    if role in {"end-user", "end_user", "enduser", "customer", "contact", "lead", "visitor"}:
        return True
    if role in {"agent", "admin", "bot", "team", "teammate", "operator", "system", "agent_bot"}:
        return False
    return key != "createdBy" if role == "user" else None


def _requester(ticket: _Object) -> frozenset[str]:
    found = _names(ticket, ("requester_id", "customer_id", "contact_id", "requester_email", "customer_email"))
    for key in ("requester", "customer", "primaryCustomer", "contact"):
        found |= _names(_inner(ticket, key), ("id", "email"))
    return found


# -- fields ------------------------------------------------------------------------------------------------------


def _address(facts: _Object) -> str:
    """The customer's address, as it stands in the first place that has one."""
    for key in ("requester_email", "customer_email", "from_email", "email"):
        if "@" in (found := _plain(facts.get(key))):
            return found
    for key in _CUSTOMER:
        person = facts.get(key)
        if isinstance(person, dict):
            inner = person.get("author") if key == "source" else person
            found = _plain(inner.get("email")) if isinstance(inner, dict) else ""
        else:
            found = _plain(person)
        if "@" in found:
            return found
    via = _inner(_inner(_inner(facts, "via"), "source"), "from")
    return _plain(via.get("address")) or _plain(_inner(_inner(facts, "meta"), "sender").get("email"))


def _tags(ticket: _Object) -> list[str]:
    found: list[str] = []
    for key in _TAGS:
        value = ticket.get(key)
        inner = value.get("tags") if isinstance(value, dict) else value
        if isinstance(inner, str):
            found += [part.strip() for part in inner.split(",")]
        elif isinstance(inner, list):
            found += [_named(one) for one in inner[:_MOST_TAGS]]
    return [tag for tag in found if tag][:_MOST_TAGS]


def _groups(ticket: _Object) -> list[str]:
    return [name for key in _GROUPS if (name := _named(ticket.get(key)))]


def _named(value: object) -> str:
    """A tag or group, which may be an object with a name."""
    if isinstance(value, dict):
        return _text(value, ("name", "tag", "label", "title"))
    return _plain(value)


def _body(facts: _Object) -> str:
    """The text; Zendesk leaves entities of HTML in what it calls plain."""
    plain = _text(facts, ("plain_body",))
    return unescape(plain) if plain else _text(facts, _BODY)


def _names(facts: _Object, keys: Sequence[str]) -> frozenset[str]:
    return frozenset(found.lower() for key in keys if (found := _plain(facts.get(key))))


def _inner(facts: _Object, key: str) -> _Object:
    value = facts.get(key)
    return value if isinstance(value, dict) else {}


def _text(facts: _Object, keys: Sequence[str]) -> str:
    return next((found for key in keys if (found := _plain(facts.get(key)))), "")


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    return ""


def _moment(facts: _Object) -> float | None:
    for key in _AT:
        value = facts.get(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            found = dates.moment(value)
            if found is None and isinstance(value, str):
                found = dates.parse(value)
            if found is not None:
                return found
    return None


def _same(one: str, other: str) -> bool:
    return _WORD.findall(one[:2000])[:30] == _WORD.findall(other[:2000])[:30]
