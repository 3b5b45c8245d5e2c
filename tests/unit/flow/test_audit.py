"""Which sure decisions are put before a person: a share of all, drawn so that nobody can guess and anybody can check."""

from dataclasses import replace
from pathlib import Path

import pytest

from postroom.flow.audit import Audit
from postroom.flow.replay import replay
from postroom.model.mail import MailId
from tests.unit.flow.house import House, a_message, staged

IDS = [MailId(f"01mark{number:020d}") for number in range(20_000)]
ALL = Audit(share=1.0, key=b"k" * 32)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 1.0])
def test_the_share_is_drawn(share: float) -> None:
    audit = Audit(share=share, key=b"secret")
    drawn = sum(audit.draws(one) for one in IDS) / len(IDS)
    assert drawn == pytest.approx(share, abs=0.006)


def test_it_is_always_the_same_and_hangs_on_the_key() -> None:
    one, other = Audit(share=0.1, key=b"one"), Audit(share=0.1, key=b"other")
    drawn = {mail_id for mail_id in IDS if one.draws(mail_id)}
    assert drawn == {mail_id for mail_id in IDS if Audit(share=0.1, key=b"one").draws(mail_id)}
    assert len(drawn & {mail_id for mail_id in IDS if other.draws(mail_id)}) < len(drawn) / 5


def test_more_are_drawn_with_a_larger_share_and_none_is_left_out() -> None:
    few, many = Audit(share=0.01, key=b"k"), Audit(share=0.05, key=b"k")
    assert all(many.draws(one) for one in IDS if few.draws(one))


@pytest.mark.parametrize(
    ("mail", "desk"),
    [
        (a_message(), "appeals"),
        (a_message("Hello", X_Spam_Status="Yes, score=25.0 required=5.0"), "junk"),
        (a_message("I am away.", Auto_Submitted="auto-replied"), "automatic"),
    ],
)
def test_the_audit_asks_of_every_place_and_delays_nothing(tmp_path: Path, mail: bytes, desk: str) -> None:
    house = House(tmp_path)
    house.judging = replace(house.judging, audit=ALL)
    house.accept(mail)
    house.judge()
    (one,) = house.store.waiting()
    assert (one.asked, one.route, one.due_at) == ("audit", desk, None)
    (decision,) = house.store.decisions(one.mail_id)
    assert (decision.asked, decision.asked_with) == ("audit", 1.0)
    assert not house.jobs(kinds=("clock",))
    house.deliver()
    assert [name for name, place in house.places.items() if place.got] == [desk]
    house.store.close()


def test_what_is_in_review_is_asked_about_once_and_for_certain(tmp_path: Path) -> None:
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    house.judging = replace(house.judging, audit=ALL)
    (mail,) = house.accept(a_message())
    house.judge()
    (one,) = house.store.waiting()
    assert (one.asked, one.due_at) == ("review", house.clock.now() + 3600.0)
    (decision,) = house.store.decisions(mail.id)
    assert (decision.asked, decision.asked_with) == ("review", 1.0)
    house.clock.advance(3601)
    house.judge()
    assert house.store.waiting() == ()
    assert house.store.decisions(mail.id)[1].asked == "", "its time is up: who corrects it now was not asked"
    house.store.close()


def test_in_shadow_a_share_is_asked_about_whatever_was_decided(tmp_path: Path) -> None:
    house = House(tmp_path, **staged("shadow"), default_threshold=0.999, fallback_threshold=0.999)
    house.accept(a_message())
    house.judge()
    assert house.store.waiting() == ()
    house.judging = replace(house.judging, audit=ALL)
    house.accept(a_message(Message_ID="<2@example.com>"))
    house.judge()
    assert [one.asked for one in house.store.waiting()] == ["audit"]
    house.store.close()


def test_what_was_not_drawn_says_with_which_share_it_was_not(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.judging = replace(house.judging, audit=Audit(share=1e-9, key=b"k"))
    (mail,) = house.accept(a_message())
    house.judge()
    (decision,) = house.store.decisions(mail.id)
    assert (decision.asked, decision.asked_with) == ("", 1e-9)
    assert replay(mail, decision, house.judging.trust, house.book, house.policy) == decision
    house.store.close()
