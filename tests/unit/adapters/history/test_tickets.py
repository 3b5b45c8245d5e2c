"""Tickets as other systems export them: the customer's words and no others. Shapes as documented, contents written for this."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.history.tickets import items_of, tickets_in
from postroom.flow.past import Item, LeftOut
from postroom.understand.reader import read_bytes

ZENDESK = {
    "id": 35436,
    "created_at": "2026-03-01T09:00:00Z",
    "subject": "My account was suspended",
    "description": "Hello,\nwhy was my account suspended?",
    "tags": ["appeal", "vip"],
    "group_id": 98738,
    "group": {"id": 98738, "name": "Trust"},
    "requester_id": 20978392,
    "submitter_id": 20978392,
    "requester": {"id": 20978392, "name": "Ann", "email": "ann@example.com"},
    "via": {"channel": "email", "source": {"from": {"address": "ann@example.com", "name": "Ann"}}},
    "comments": [
        {"id": 1, "author_id": 20978392, "public": True, "plain_body": "Hello,\nwhy was my account&nbsp;suspended?", "created_at": "2026-03-01T09:00:00Z"},
        {"id": 2, "author_id": 5, "public": True, "plain_body": "We look into it.", "created_at": "2026-03-01T10:00:00Z"},
        {"id": 3, "author_id": 5, "public": False, "plain_body": "A clear appeal.", "created_at": "2026-03-01T10:01:00Z"},
        {"id": 4, "author_id": 20978392, "public": True, "plain_body": "Any news?", "created_at": "2026-03-03T09:00:00Z"},
    ],
}  # fmt: skip
FRESHDESK = {
    "id": 20,
    "subject": "Refund",
    "description": "<div>Please refund <b>my order</b></div>",
    "description_text": "Please refund my order",
    "created_at": "2026-03-01T09:00:00Z",
    "tags": ["refund"],
    "type": "Question",
    "source": 1,
    "requester_id": 7,
    "requester": {"id": 7, "email": "bob@example.com"},
    "conversations": [
        {"id": 3, "body_text": "On its way", "incoming": False, "private": False, "user_id": 1, "created_at": "2026-03-02T09:00:00Z"},
        {"id": 4, "body_text": "Thanks!", "incoming": True, "private": False, "user_id": 7, "created_at": "2026-03-03T09:00:00Z"},
        {"id": 5, "body_text": "internal", "incoming": True, "private": True, "user_id": 1, "created_at": "2026-03-04T09:00:00Z"},
    ],
}  # fmt: skip
HELP_SCOUT = {
    "id": 9,
    "number": 349,
    "type": "email",
    "subject": "Stolen video",
    "preview": "My video was",
    "createdAt": "2026-03-01T09:00:00Z",
    "createdBy": {"id": 12, "type": "customer", "email": "eve@example.com"},
    "primaryCustomer": {"id": 12, "type": "customer", "first": "Eve", "email": "eve@example.com"},
    "tags": [{"id": 1, "color": "none", "tag": "copyright"}],
    "_embedded": {
        "threads": [
            {"id": 3, "type": "note", "body": "call legal", "createdBy": {"type": "user"}, "createdAt": "2026-03-01T11:00:00Z"},
            {"id": 2, "type": "message", "body": "We will see", "createdBy": {"type": "user"}, "createdAt": "2026-03-01T10:00:00Z"},
            {"id": 1, "type": "customer", "body": "<p>My video was stolen</p>", "createdBy": {"type": "customer"}, "createdAt": "2026-03-01T09:00:00Z"},
            {"id": 4, "type": "lineitem", "createdAt": "2026-03-01T12:00:00Z"},
        ]
    },
}  # fmt: skip
ZAMMAD = {
    "id": 4,
    "title": "Lost password",
    "group": "Users",
    "tags": "login,password",
    "customer": "joe@example.com",
    "created_at": "2026-03-01T09:00:00.000Z",
    "articles": [
        {"id": 1, "from": "Joe <joe@example.com>", "sender": "Customer", "internal": False, "body": "I lost it", "created_at": "2026-03-01T09:00:00.000Z"},
        {"id": 2, "from": "Agent", "sender": "Agent", "internal": False, "body": "Reset it", "created_at": "2026-03-01T09:10:00.000Z"},
        {"id": 3, "sender": "System", "internal": False, "body": "Closed"},
    ],
}  # fmt: skip
INTERCOM = {
    "id": "512",
    "type": "conversation",
    "created_at": 1772355600,
    "source": {"type": "email", "subject": "Charged twice", "body": "<p>I was charged twice</p>", "author": {"type": "user", "email": "kim@example.com"}},
    "tags": {"type": "tag.list", "tags": [{"type": "tag", "name": "billing"}]},
    "conversation_parts": {
        "conversation_parts": [
            {"id": "1", "part_type": "comment", "body": "<p>Sorry!</p>", "author": {"type": "admin"}, "created_at": 1772355700},
            {"id": "2", "part_type": "note", "body": "hm", "author": {"type": "admin"}, "created_at": 1772355701},
            {"id": "3", "part_type": "comment", "body": "<p>And now?</p>", "author": {"type": "user"}, "created_at": 1772355800},
            {"id": "4", "part_type": "close", "body": None, "author": {"type": "bot"}, "created_at": 1772355900},
        ]
    },
}  # fmt: skip
CHATWOOT = {
    "id": 8,
    "labels": ["appeal"],
    "meta": {"sender": {"email": "lee@example.com"}},
    "messages": [
        {"id": 1, "content": "Unban me", "message_type": 0, "private": False, "created_at": 1772355600, "sender": {"type": "contact"}},
        {"id": 2, "content": "No", "message_type": 1, "private": False, "created_at": 1772355700, "sender": {"type": "user"}},
        {"id": 3, "content": "assigned", "message_type": 2, "private": False, "created_at": 1772355800},
    ],
}  # fmt: skip
GORGIAS = {
    "id": 77,
    "subject": "Where is it",
    "customer": {"id": 3, "email": "zoe@example.com"},
    "tags": [{"name": "shipping"}],
    "messages": [
        {"id": 1, "from_agent": False, "body_text": "Where is my parcel?", "created_datetime": "2026-03-01T09:00:00"},
        {"id": 2, "from_agent": True, "body_text": "On its way", "created_datetime": "2026-03-01T09:30:00"},
    ],
}


def read(ticket: Any, **changes: Any) -> list[Item | LeftOut]:
    given = {"source": "t.json#1", "origin": "t.json", "folder": "t", "most": 100_000}
    return list(items_of(ticket, **(given | changes)))


def items(ticket: Any) -> list[Item]:
    return [one for one in read(ticket) if isinstance(one, Item)]


@pytest.mark.parametrize(
    ("ticket", "sender", "subject", "texts", "labels", "left"),
    [
        (ZENDESK, "ann@example.com", "My account was suspended", ["Hello,\nwhy was my account\N{NO-BREAK SPACE}suspended?", "Any news?"], ("t", "label:appeal", "label:vip", "group:Trust"), ["team", "private"]),
        (FRESHDESK, "bob@example.com", "Refund", ["Please refund my order", "Thanks!"], ("t", "label:refund", "group:Question"), ["team", "private"]),
        (HELP_SCOUT, "eve@example.com", "Stolen video", ["My video was stolen"], ("t", "label:copyright", "group:email"), ["team", "private", "private"]),
        (ZAMMAD, "joe@example.com", "Lost password", ["I lost it"], ("t", "label:login", "label:password", "group:Users"), ["team", "team"]),
        (INTERCOM, "kim@example.com", "Charged twice", ["I was charged twice", "And now?"], ("t", "label:billing", "group:conversation"), ["team", "private", "team"]),
        (CHATWOOT, "lee@example.com", "", ["Unban me"], ("t", "label:appeal"), ["team", "team"]),
        (GORGIAS, "zoe@example.com", "Where is it", ["Where is my parcel?"], ("t", "label:shipping"), ["team"]),
        ({"route": "refunds", "subject": "Money", "body": "Give it back", "from": "a@example.com"}, "a@example.com", "Money", ["Give it back"], ("t", "label:refunds"), []),
    ],
    ids=["zendesk", "freshdesk", "help scout", "zammad", "intercom", "chatwoot", "gorgias", "labelled"],
)  # fmt: skip
def test_only_what_the_customer_wrote(
    ticket: Any, sender: str, subject: str, texts: list[str], labels: tuple[str, ...], left: list[str]
) -> None:
    found = items(ticket)
    messages = [read_bytes(item.raw) for item in found]
    assert [message.text.strip() for message in messages] == texts
    assert {message.from_.addr for message in messages if message.from_} == {sender}
    assert {message.subject for message in messages} == {subject}
    assert {item.labels for item in found} == {labels}
    assert sorted(one.why for one in read(ticket) if isinstance(one, LeftOut)) == sorted(left)
    assert [item.follow_up for item in found] == [False] + [True] * (len(found) - 1)
    assert len({item.key for item in found}) == len(found)
    assert len({item.thread for item in found}) == 1
    assert [message.in_reply_to for message in messages[1:]] == [messages[0].message_id] * (len(found) - 1)


NAMELESS = {"subject": "Money", "body": "Give it back", "from": "a@example.com", "date": "2026-03-01"}


@pytest.mark.parametrize(
    "ticket", [ZENDESK, FRESHDESK, HELP_SCOUT, INTERCOM, CHATWOOT, NAMELESS, {"id": 7, "body": "x"}]
)
def test_a_ticket_is_the_same_one_in_whichever_export(ticket: Any) -> None:
    """A later export has another name, another place for it, and what became of it since."""
    later = ticket | {"tags": ["solved"], "status": "closed"}
    found = [one for one in read(later, source="nov.json#9", origin="nov.json") if isinstance(one, Item)]
    assert [(item.key, item.thread) for item in found] == [(item.key, item.thread) for item in items(ticket)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NAMELESS, NAMELESS | {"body": "Keep it"}),
        (NAMELESS, NAMELESS | {"from": "b@example.com"}),
        (
            {"id": 7, "body": "x", "date": "2026-03-01T09:00:00Z"},
            {"id": 7, "body": "y", "date": "2026-03-01T09:00:01Z"},
        ),
        ({"id": 7, "body": "x"}, {"id": 7, "body": "y"}),
    ],
)
def test_tickets_that_differ_are_told_apart(one: Any, other: Any) -> None:
    assert items(one)[0].key != items(other)[0].key


def test_times_are_those_of_the_export() -> None:
    assert [item.at for item in items(ZENDESK)] == [1_772_355_600.0, 1_772_528_400.0]
    assert [item.at for item in items(INTERCOM)] == [1_772_355_600.0, 1_772_355_800.0]
    assert items({"subject": "x", "body": "y", "date": "Sun, 01 Mar 2026 09:00:00 +0000"})[0].at == 1_772_355_600.0
    assert items({"subject": "x", "body": "y", "created": "soon", "date": True})[0].at is None


def test_a_ticket_that_the_team_opened_is_the_teams() -> None:
    outbound = FRESHDESK | {"source": 10}
    assert [read_bytes(item.raw).text.strip() for item in items(outbound)] == ["Thanks!"]
    by_agent = ZENDESK | {
        "description": "Hello from us",
        "comments": [{"id": 1, "author_id": 5, "public": True, "plain_body": "Hello from us"}],
    }
    assert items(by_agent) == []
    assert [one.why for one in read(by_agent) if isinstance(one, LeftOut)] == ["team", "no-text"]
    on_behalf = {"subject": "x", "description": "We call them", "requester_id": 1, "submitter_id": 2}
    assert items(on_behalf) == []
    help_scout = {"subject": "x", "createdBy": {"type": "user"}, "threads": [{"body": "We write first"}]}
    assert items(help_scout) == []
    intercom = {"source": {"author": {"type": "admin"}, "body": "Hi there"}, "conversation_parts": {}}
    assert items(intercom) == []


def test_a_first_comment_of_nobody_is_the_customers_and_later_ones_are_not() -> None:
    ticket = {"id": 1, "subject": "x", "comments": [{"body": "one"}, {"body": "two"}]}
    assert [read_bytes(item.raw).text.strip() for item in items(ticket)] == ["one"]


def test_a_number_says_nothing_of_an_address() -> None:
    ticket = {
        "requester": {"email": "ann@example.com"},
        "comments": [{"body": "one", "author_id": 5}, {"body": "two", "author_id": 5}],
    }
    assert [read_bytes(item.raw).text.strip() for item in items(ticket)] == ["one"]


def test_who_wrote_is_told_by_address_too() -> None:
    ticket = {
        "id": 1,
        "requester_email": "Ann@example.com",
        "description": "zero",
        "comments": [
            {"body": "one", "author": {"email": "ann@example.com"}},
            {"body": "two", "from_email": "agent@shop.test"},
            {"body": "three", "direction": "inbound"},
            {"body": "four", "direction": "outbound"},
            {"body": "five", "author": {"role": "end-user"}},
            {"body": "six", "author": {"role": "agent"}},
        ],
    }
    assert [read_bytes(item.raw).text.strip() for item in items(ticket)] == ["zero", "one", "three", "five"]


@pytest.mark.parametrize("sign", [{"public": False}, {"is_public": False}, {"private": True}, {"internal": True}, {"type": "note"}])  # fmt: skip
def test_notes_are_private(sign: dict[str, Any]) -> None:
    ticket = {"subject": "x", "comments": [{"body": "hello", "incoming": True, **sign}]}
    assert [one.why for one in read(ticket) if isinstance(one, LeftOut)] == ["private", "no-text"]


def test_a_header_can_not_be_forged() -> None:
    ticket = {"subject": "x\nX-Gmail-Labels: y\r\n\r\nbody", "requester_email": "a@example.com\nBcc: b@c", "body": "z"}
    (item,) = items(ticket)
    message = read_bytes(item.raw)
    assert {name for name, _ in message.headers}.isdisjoint({"bcc", "x-gmail-labels"})
    assert message.text.strip() == "z"


def test_a_long_message_is_cut() -> None:
    (item,) = [one for one in read({"subject": "x", "body": "y" * 1000}, most=300) if isinstance(one, Item)]
    assert len(item.raw) == 300


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ({"tickets": [ZENDESK, ZENDESK, 1]}, 2),
        ({"_embedded": {"conversations": [HELP_SCOUT]}, "page": {}}, 1),
        ({"type": "conversation.list", "conversations": [INTERCOM]}, 1),
        (ZENDESK, 1),
        (FRESHDESK, 1),
        ({"id": 1}, 1),
        ([ZENDESK], 0),
        (None, 0),
    ],
)
def test_the_tickets_of_a_page(value: object, count: int) -> None:
    assert len(list(tickets_in(value))) == count


names = st.sampled_from(
    [
        "id",
        "subject",
        "description",
        "body",
        "comments",
        "conversations",
        "threads",
        "messages",
        "articles",
        "source",
        "author",
        "createdBy",
        "requester",
        "type",
        "tags",
        "labels",
        "group",
        "created_at",
        "public",
        "private",
        "incoming",
        "message_type",
        "sender",
        "email",
        "role",
        "meta",
        "via",
        "conversation_parts",
        "_embedded",
    ]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["user", "customer", "note"]),
    lambda inner: st.dictionaries(names, inner, max_size=6) | st.lists(inner, max_size=4),
    max_leaves=30,
)


@given(st.dictionaries(names, anything))
def test_any_object_is_read(ticket: dict[str, Any]) -> None:
    for one in read(ticket):
        assert isinstance(one, LeftOut) or read_bytes(one.raw)
    for one in tickets_in(ticket):
        read(one)
