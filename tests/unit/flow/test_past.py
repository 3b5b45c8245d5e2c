"""A team's past: what can be learnt from, and why the rest can't."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.inventory import Inventory
from postroom.flow.labels import LabelMap
from postroom.flow.past import WORDS, Item, LeftOut, Lesson, Sieve, labels_of, team_domains
from postroom.model.mail import BrandName, RouteName
from postroom.model.privacy import Tombs, Tombstone, key_name, tomb
from postroom.model.trust import Trust
from tests.unit.flow.house import a_message

NOW = 1_800_000_000.0
TRUST = Trust(
    authserv_ids=frozenset({"mx.shop.test"}),
    team_domains=frozenset({"shop.test"}),
    own_addresses=frozenset({"support@shop.test", "help@gmail.com"}),
    form_senders=frozenset({"forms@shop.test"}),
)
LABELS = LabelMap([("Appeals/*", RouteName("appeals")), ("label:refund", RouteName("refunds"))])
PASS = {"Authentication_Results": "mx.shop.test; dkim=pass header.d=example.com"}
TEXT = "Please give me my account back, it was suspended for no reason."


def sieve(**changes: Any) -> Sieve:
    return Sieve(
        **{
            "labels": LABELS,
            "trust": TRUST,
            "team_domains": team_domains(TRUST),
            "brand": BrandName("shop"),
            "believe": False,
            "now": NOW,
        }
        | changes
    )


def item(raw: bytes, *labels: str, **changes: Any) -> Item:
    return Item(**{"source": "a.mbox#1", "origin": "a.mbox", "raw": raw, "labels": labels or ("Appeals",)} | changes)


def lesson(found: Item, **changes: Any) -> Lesson:
    made = sieve(**changes).sift(found)
    assert isinstance(made, Lesson), made
    return made


def why(found: Item) -> str:
    made = sieve().sift(found)
    assert isinstance(made, LeftOut), made
    return made.why


def test_a_customers_mail_is_learnt_from_as_it_was_when_it_arrived() -> None:
    raw = a_message(
        f"{TEXT}\r\n\r\nOn Monday Support wrote:\r\n> your account is closed", Subject="Re: [#12] My account", **PASS
    )
    made = lesson(item(raw, "Inbox", "Appeals/2024"))
    example = made.example
    assert (example.subject, example.new_text.strip(), example.language) == ("My account", TEXT, "en")
    assert (example.route, example.sender, example.authenticated) == ("appeals", "ada@example.com", True)
    assert (example.origin, example.weight, example.at) == ("import: a.mbox", 1.0, 1_795_165_200.0)
    assert made.mail.raw == b""
    assert made.mail.received_at == example.at
    assert made.message.subject == "My account"


def test_what_was_erased_is_not_learnt_again() -> None:
    raw = a_message(TEXT, Message_ID="<gone@example.com>", **PASS)
    key, at = b"k" * 32, 1_795_165_200.0
    for kind, name, until, expected in (
        ("message", "gone@example.com", at - 9.0, "erased"),
        ("address", "ada@example.com", at + 1.0, "erased"),
        ("address", "ada@example.com", at - 1.0, None),
        ("address", "eve@example.com", at + 1.0, None),
    ):
        stone = Tombstone(kind=kind, hash=tomb(key, kind, name), at=until, by="ada", key=key_name(key))
        made = sieve(tombs=Tombs([key], [stone])).sift(item(raw))
        assert (made.why if isinstance(made, LeftOut) else None) == expected, (kind, name, until)
        assert isinstance(made, Lesson) or made.source == ""


def test_a_forged_sender_is_told_and_not_believed() -> None:
    example = lesson(item(a_message(TEXT))).example
    assert (example.sender, example.authenticated) == ("ada@example.com", False)


def test_an_answer_counts_less_and_is_of_its_conversation() -> None:
    first = lesson(item(a_message(TEXT, Message_ID="<1@example.com>"))).example
    answer = lesson(
        item(a_message(TEXT, Message_ID="<2@example.com>", References="<1@example.com>", In_Reply_To="<1@example.com>"))
    )
    assert answer.follow_up
    assert (answer.example.weight, answer.example.thread) == (0.5, first.thread)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (a_message(TEXT, From="bob@shop.test"), "team"),
        (a_message(TEXT, From="Help <HELP@gmail.com>"), "team"),
        (a_message(TEXT, Auto_Submitted="auto-replied"), "automatic"),
        (a_message(TEXT, List_Id="<news.example.com>"), "automatic"),
        (a_message("", Subject="Re: My account", In_Reply_To="<1@example.com>"), "no-text"),
        (a_message("> quoted", Subject="[SOLVED]"), "no-text"),
        (a_message('Request #12 "Help" was closed and merged into this request. Hello'), "merged"),
        (b"", "no-text"),
    ],
)
def test_what_is_left_out(raw: bytes, reason: str) -> None:
    assert why(item(raw)) == reason


def test_a_mail_without_a_label_that_is_mapped_is_left_out() -> None:
    assert why(item(a_message(TEXT), "Inbox", "label:vip")) == "unmapped"


def test_a_mail_of_a_subject_alone_is_one() -> None:
    assert lesson(item(a_message("", Subject="Give me my account back"))).example.new_text == ""


def test_a_customers_mail_that_a_colleague_passed_on_is_the_customers() -> None:
    body = "FYI\r\n\r\n---------- Forwarded message ---------\r\nFrom: Ada <ada@example.com>\r\nDate: Mon, Nov 16, 2026 at 9:00 AM\r\nSubject: My account\r\nTo: <bob@shop.test>\r\n\r\n" + TEXT  # fmt: skip
    example = lesson(item(a_message(body, From="bob@shop.test", Subject="Fwd: My account"))).example
    assert (example.sender, example.authenticated) == ("ada@example.com", False)
    assert TEXT in example.new_text


def test_a_mail_without_from_is_a_customers() -> None:
    assert lesson(item(b"Subject: hello\n\n" + TEXT.encode())).example.sender == ""


def test_senders_of_exports_are_believed_only_if_a_person_says_so() -> None:
    exported = item(a_message(TEXT), key="export 1", at=5.0, thread="t", follow_up=True)
    assert not lesson(exported).example.authenticated
    made = lesson(exported, believe=True)
    assert made.example.authenticated
    assert made.message.trusted_sender == "ada@example.com"
    assert not lesson(item(a_message(TEXT)), believe=True).example.authenticated, "a mail has headers of its own"
    assert not lesson(item(b"Subject: x\n\nhello there", key="k"), believe=True).example.authenticated


def test_who_exports_knows_time_and_conversation() -> None:
    exported = item(a_message(TEXT), key="export 1", at=5.0, thread="t", follow_up=True)
    example = lesson(exported).example
    assert (example.at, example.weight) == (5.0, 0.5)
    other = lesson(item(a_message("Another one, please help."), key="export 2", thread="t")).example
    assert other.thread == example.thread
    assert other.id != example.id


@pytest.mark.parametrize("at", [0.0, -1.0, NOW + 90_000.0])
def test_a_time_that_can_be_none_is_not_known(at: float) -> None:
    assert lesson(item(a_message(TEXT), at=at)).example.at == 0.0


def test_the_same_mail_from_two_archives_is_one() -> None:
    one = lesson(item(a_message(TEXT)))
    other = lesson(item(b"X-Gmail-Labels: x\r\n" + a_message(TEXT), source="b.mbox#7", origin="b.mbox"))
    assert one.example.id == other.example.id
    assert one.mail.id != other.mail.id
    bare = TEXT.encode()
    assert lesson(item(b"Subject: a\n\n" + bare)).example.id != lesson(item(b"Subject: b\n\n" + bare)).example.id


def test_only_domains_that_are_the_teams_own_are_the_teams() -> None:
    assert team_domains(TRUST) == {"shop.test"}


@given(st.binary(max_size=300))
def test_any_bytes_are_a_lesson_or_left_out(raw: bytes) -> None:
    made = sieve().sift(item(raw))
    assert made.why in WORDS if isinstance(made, LeftOut) else made.example.route == "appeals"


def test_how_labels_are_written() -> None:
    assert labels_of("Appeals/2024", ["vip", "vip", " "], ["Tier 2", ""]) == (
        "Appeals/2024",
        "label:vip",
        "group:Tier 2",
    )
    assert labels_of("") == ()


def test_all_is_counted() -> None:
    inventory = Inventory(LABELS)
    nothing = inventory.facts()
    assert (nothing["examples"], nothing["first"], nothing["routes"], nothing["left_out"]) == (0, None, {}, {})
    for number in range(5):
        inventory.labelled(["Inbox", "Appeals/2024"])
        inventory.learnt(lesson(item(a_message(TEXT, Subject=f"Number {number}", **PASS))))
    inventory.labelled(["label:refund"])
    inventory.learnt(lesson(item(a_message("Hi", Subject="A refund", In_Reply_To="<x@y>"), "label:refund", at=0.0)))
    for _ in range(30):
        inventory.left_out(LeftOut(source="a#1", why="unreadable", detail="broken"))
    inventory.left_out(LeftOut(source="a#2", why="team"))
    facts = inventory.facts()
    assert facts["read"] == 6
    assert facts["labels"] == [
        {"label": "Inbox", "mails": 5, "route": None},
        {"label": "Appeals/2024", "mails": 5, "route": "appeals"},
        {"label": "label:refund", "mails": 1, "route": "refunds"},
    ]
    assert facts["routes"] == {
        "appeals": {"examples": 5, "subjects": ["Number 0", "Number 1", "Number 2"]},
        "refunds": {"examples": 1, "subjects": []},
    }
    assert facts["left_out"] == {"team": 1, "unreadable": 30}
    assert len(facts["troubles"]) == 20
    assert (facts["examples"], facts["authenticated"], facts["undated"]) == (6, 5, 1)
    assert facts["first"] == facts["last"] == "2026-11-20"


def test_labels_beyond_measure_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.flow.inventory._MOST_LABELS", 2)
    inventory = Inventory(LABELS)
    inventory.labelled(["a", "b", "c", "d"])
    inventory.labelled(["a", "c"])
    facts = inventory.facts()
    assert [one["label"] for one in facts["labels"]] == ["a", "b"]
    assert facts["other_labels"] == 3
