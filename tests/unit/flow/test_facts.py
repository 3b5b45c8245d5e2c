"""Facts are plain JSON in the shapes that outsiders rely on."""

import json
from dataclasses import replace

from postroom.flow.agreement import agreement
from postroom.flow.facts import (
    agreement_facts,
    arrival_facts,
    decision_facts,
    deed_facts,
    erasure_facts,
    finding_facts,
    hold_facts,
    identity_facts,
    key_facts,
    mail_facts,
    message_facts,
    reliability_facts,
    session_facts,
    user_facts,
    verdict_facts,
    waiting_facts,
)
from postroom.flow.reliability import Reliability
from postroom.model.identity import Identity
from postroom.model.judgement import Clue, Finding
from postroom.model.listing import Waiting
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ApiKey, Deed, Session, User, UserName
from postroom.model.privacy import Erasure, Hold
from postroom.testing.values import a_decision, a_mail, a_ruling
from postroom.understand.reader import read_bytes

FORWARD = b"""From: Bob <bob@team.test>
To: support@shop.test
Subject: Fwd: my account

---------- Forwarded message ---------
From: Ada <ada@example.com>
Subject: my account
To: bob@team.test

Please restore it.
"""


def test_a_message_with_everything_is_json() -> None:
    facts = json.loads(json.dumps(message_facts("x.eml", read_bytes(FORWARD))))
    assert (facts["path"], facts["subject"]) == ("x.eml", "Fwd: my account")
    assert facts["from"] == {"name": "Bob", "address": "bob@team.test"}
    assert set(facts["auth"]) == {"state", "method", "domain", "reason"}
    assert facts["forward"] is None or set(facts["forward"]) == {"how", "customer", "subject"}


def test_an_empty_message_has_all_names() -> None:
    full, empty = message_facts("x", read_bytes(FORWARD)), message_facts("y", read_bytes(b""))
    assert list(full) == list(empty)
    assert empty["from"] is None
    assert empty["forward"] is None


def test_attachments_and_defects_are_told() -> None:
    raw = (
        b'Date: nonsense\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nhello\n--b\n'
        b'Content-Type: image/png\nContent-Disposition: attachment; filename="a.png"\n\nxyz\n--b--\n'
    )
    facts = json.loads(json.dumps(message_facts("x", read_bytes(raw))))
    (one,) = facts["attachments"]
    assert (one["name"], one["type"]) == ("a.png", "image/png")
    assert {"code", "detail"} == set(facts["defects"][0])


def test_a_decision_is_rounded_and_its_findings_are_told() -> None:
    finding = Finding(
        source="rule", route=RouteName("appeals"), score=0.123456, reason="so", name="r", veto=True, spans=((1, 2),),
        clues=(Clue(word="x", weight=0.12345, span=(1, 2)),),
    )  # fmt: skip
    decision = a_decision(MailId("01mark"), findings=(finding,), confidence=0.123456, urgent=("threat",), tags=("vip",))
    facts = json.loads(json.dumps(decision_facts("p", decision)))
    assert list(facts)[:7] == ["path", "id", "route", "decided", "confidence", "urgent", "stage"]
    assert (facts["confidence"], facts["urgent"], facts["tags"]) == (0.1235, ["threat"], ["vip"])
    assert facts["findings"] == [json.loads(json.dumps(finding_facts(finding)))]
    assert facts["findings"][0] == {
        "source": "rule", "route": "appeals", "score": 0.1235, "reason": "so", "name": "r", "veto": True, "spans": [[1, 2]],
        "clues": [{"word": "x", "weight": 0.123, "span": [1, 2]}],
    }  # fmt: skip


def test_what_people_are_asked_and_said_is_json() -> None:
    one = Waiting(
        mail_id=MailId("m"),
        received_at=1.0,
        brand=BrandName("shop"),
        generation=1,
        asked="review",
        since=2.0,
        due_at=3.0,
        route=RouteName("review"),
        decided=RouteName("appeals"),
        confidence=0.123456,
        urgent=False,
        subject="Hello",
        from_addr="ada@example.com",
    )
    facts = json.loads(json.dumps(waiting_facts(one)))
    assert (facts["id"], facts["confidence"], facts["due_at"], facts["from"]) == ("m", 0.1235, 3.0, "ada@example.com")
    verdict = a_ruling(MailId("m")).verdict
    told = json.loads(json.dumps(verdict_facts(verdict)))
    assert (told["said"], told["decided"], told["right"], told["probability"]) == ("refunds", "appeals", False, None)
    asked = replace(verdict, asked="audit", probability=0.5)
    figures = agreement_facts(agreement([asked]))
    assert figures["corrections"] == 0
    assert figures["figures"][0] == {
        "route": None,
        "group": "audit",
        "verdicts": 1,
        "right": 0,
        "share": None,
        "low": None,
        "high": None,
    }


def test_a_mail_is_told_without_its_bytes() -> None:
    facts = json.loads(json.dumps(mail_facts(a_mail(1))))
    assert "raw" not in facts
    assert (facts["size"], facts["door"], facts["duplicate_of"]) == (len(a_mail(1).raw), "smtp", None)


def test_what_was_handed_in_has_all_names_of_a_decision() -> None:
    """The workers judge it later: null until then."""
    taken = arrival_facts("in.mbox#1", mail_id="01abc")
    refused = arrival_facts("in.mbox#2", error="5.4.6 Too many hops")
    assert list(taken) == list(refused)
    assert (taken["id"], taken["accepted"], taken["error"]) == ("01abc", True, None)
    assert (refused["id"], refused["accepted"], refused["error"]) == (None, False, "5.4.6 Too many hops")
    assert {taken[name] for name in ("route", "decided", "confidence", "urgent", "stage", "findings")} == {None}


def test_facts_of_people_hold_no_secret() -> None:
    ada = UserName("ada")
    user = user_facts(User(name=ada, role="agent", routes=(RouteName("appeals"),), password="$argon2id$hash"))
    assert (user["name"], user["role"], user["routes"], user["password"]) == ("ada", "agent", ["appeals"], True)
    session = session_facts(Session(key=b"s" * 32, user=ada, created_at=1.0, seen_at=2.0, expires_at=3.0, ip="::1"))
    assert (session["id"], session["ip"], session["expires_at"]) == ("737373737373", "::1", 3.0)
    key = key_facts(ApiKey(name="k1", key=b"k" * 32, user=ada, scope="read", note="board"))
    assert (key["name"], key["scope"], key["expires_at"], key["revoked"]) == ("k1", "read", None, False)
    told = json.dumps([user, session, key])
    assert "argon2" not in told
    assert (b"s" * 32).hex() not in told
    assert (b"k" * 32).hex() not in told


def test_facts_of_deeds_holds_and_erasures_are_json() -> None:
    deed = Deed(at=1.0, by="ada", what="hold", to="x", detail="d", number=7, chain="ab")
    assert json.loads(json.dumps(deed_facts(deed))) == {
        "number": 7, "at": 1.0, "by": "ada", "what": "hold", "to": "x", "detail": "d", "chain": "ab",
    }  # fmt: skip
    hold = hold_facts(Hold(what="ada@example.com", reason="court", by="lea", at=1.0))
    assert hold == {"what": "ada@example.com", "reason": "court", "by": "lea", "at": 1.0}
    erasure = erasure_facts(Erasure(at=1.0, by="lea", address="ada@example.com", number=3, mails=2))
    assert erasure == {"number": 3, "at": 1.0, "by": "lea", "done_at": None, "mails": 2, "examples": 0}


def test_how_well_reviewers_agree_is_json() -> None:
    few = Reliability(mails=0, agreed=0, interval=(0.0, 1.0))
    assert reliability_facts(few) == {
        "mails": 0, "agreed": 0, "share": 0.0, "interval": None, "alpha": None, "alpha_interval": None,
    }  # fmt: skip
    many = Reliability(mails=40, agreed=30, interval=(0.6, 0.86), alpha=0.5, alpha_interval=(0.3, 0.7))
    told = json.loads(json.dumps(reliability_facts(many)))
    assert (told["share"], told["interval"], told["alpha_interval"]) == (0.75, [0.6, 0.86], [0.3, 0.7])


def test_an_account_elsewhere_is_told_with_whom_it_signs_in() -> None:
    said = {
        "issuer": "https://id.example.com",
        "subject": "7",
        "user": "ada",
        "email": "a@example.com",
        "linked_at": 1.0,
    }
    assert identity_facts(Identity(**said)) == said  # type: ignore[arg-type]
