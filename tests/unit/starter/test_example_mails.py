"""The mails of `examples/`: as `expected.toml` says, read and judged with the shipped rules, each on its own (no threads, no history)."""

import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from postroom.decide import rulebook
from postroom.decide.case import Case
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer, RouteName
from postroom.model.trust import Trust
from postroom.understand.reader import read

FOLDER = Path(__file__).parents[3] / "examples"
EXPECTED = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))["mail"]
KEYS = {"file", "to", "route", "acceptable", "urgent", "kind", "duplicate_of", "auth", "language", "note"}
ROUTES = [RouteName(name) for name in ("appeals", "refunds", "copyright", "general")]
BRANDS = {"support@shop.example.com", "help@play.example.com"}
TRUST = Trust(
    authserv_ids=frozenset({"mx.example.com"}),
    team_domains=frozenset({"example.com"}),
    form_senders=frozenset({"form@shop.example.com"}),
    own_addresses=frozenset(BRANDS),
)


@pytest.fixture(scope="module")
def book():
    starter = resources.files("postroom.starter")
    files = [
        {
            entry.name: entry.read_text("utf-8")
            for entry in starter.joinpath(kind).iterdir()
            if entry.name.endswith(".toml")
        }
        for kind in ("rules", "phrases")
    ]
    return rulebook.compile(*files, ROUTES)[0]


def arrival(expected: dict) -> Mail:
    raw = (FOLDER / expected["file"]).read_bytes()
    sender = "" if expected.get("kind") == "bounce" else "someone@example.org"
    envelope = Envelope(mail_from=sender, rcpt_to=(expected["to"],))
    return Mail(
        id=MailId("m"),
        received_at=0.0,
        brand=BrandName(""),
        envelope=envelope,
        peer=Peer(door="smtp", trusted=True),
        raw=raw,
    )


def names(entries) -> list[str]:
    return [entry["file"] for entry in entries]


def test_every_mail_is_expected_and_numbered_in_order_of_sending():
    files = sorted(path.name for path in FOLDER.glob("*.eml"))
    assert names(EXPECTED) == files
    assert [int(name[:3]) for name in files] == list(range(1, len(files) + 1))
    assert len(files) >= 90


def test_expectations_say_only_what_the_readme_explains():
    for entry in EXPECTED:
        assert entry.keys() <= KEYS
        assert entry["to"] in BRANDS
        assert entry.get("duplicate_of", entry["file"]) in names(EXPECTED)


def test_appeals_come_in_many_languages_and_mail_in_more():
    assert len({entry["language"] for entry in EXPECTED if entry["route"] == "appeals"}) >= 14
    assert len({entry["language"] for entry in EXPECTED if "language" in entry}) >= 18


def test_duplicates_are_the_same_bytes():
    again = [entry for entry in EXPECTED if "duplicate_of" in entry]
    assert len(again) == 2
    for entry in again:
        assert (FOLDER / entry["file"]).read_bytes() == (FOLDER / entry["duplicate_of"]).read_bytes()


@pytest.mark.parametrize("expected", EXPECTED, ids=names(EXPECTED))
def test_it_is_read_and_judged_as_expected(book, expected):
    mail = arrival(expected)
    message = read(mail, TRUST)
    assert message.kind == (expected.get("kind") or "person"), message.kind_reason
    assert message.auth.state == expected.get("auth", "pass"), message.auth.reason
    decision = judge(Case(mail=mail, message=message, now=0.0), book, Policy())
    assert decision.route in {expected["route"], *expected.get("acceptable", ())}, decision.because
    assert list(decision.urgent) == expected.get("urgent", [])


def test_hidden_text_steers_nothing(book):
    entry = next(entry for entry in EXPECTED if "hidden" in entry["file"])
    mail = arrival(entry)
    message = read(mail, TRUST)
    assert "unban" in message.hidden_text
    shown = judge(Case(mail=mail, message=message, now=0.0), book, Policy())
    without = judge(Case(mail=mail, message=replace(message, hidden_text=""), now=0.0), book, Policy())
    assert shown.probabilities == without.probabilities


def test_the_customer_of_a_forward_and_of_a_form_is_found():
    customers = {}
    for entry in EXPECTED:
        message = read(arrival(entry), TRUST)
        if message.forward is not None and message.customer is not None:
            customers[message.forward.how] = message.customer.addr
            assert message.trusted_sender == ""
    assert customers == {"colleague": "wanjiru@kamau-beads.test", "form": "daniela.popescu@posta.test"}
