"""The promises of docs/promises.md that need no server to show; each test is named after its promise."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.flow.replay import replay
from postroom.model.errors import GiveUp, Refused, TryLater
from postroom.model.mail import MailId
from postroom.ports import JobFilter
from tests.unit.flow.house import House, a_message, staged

PASSED = "mx.shop.test; dkim=pass header.d=example.com"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def raising(error: Exception):
    def says(_parcel):
        raise error

    return says


def test_promise_2_delivered_at_least_once_with_one_key(house: House) -> None:
    """A worker dies between the effect and its settling: the repeat carries the same key, and each destination is alone."""
    house.accept(a_message("I want to end my life. Give me my account back."))
    house.judge()
    lane = house.lane("appeals")
    (job,) = house.store.claim("deliver", 1, "doomed", destination=house.places["appeals"].name)
    (mail,) = house.store.read([job.mail_id])
    lane.dispatch.deliver(job, mail, house.store.decided([job])[job.id], house.places["appeals"])
    assert house.store.release("doomed") == 1
    house.deliver()
    first, again = house.places["appeals"].got
    assert first.key == again.key == f"{mail.id}.appeals.1"
    assert [p.key for p in house.places["people"].got] == [f"{mail.id}.people.1"]


@pytest.mark.parametrize("error", [GiveUp("550 no"), KeyError("bug")])
def test_promise_3_nothing_is_ever_dropped(house: House, error: Exception) -> None:
    """What a destination won't take is parked, visible, replayable; the next mail goes through."""
    (bad,) = house.accept(a_message(Message_ID="<bad@example.com>"))
    (good,) = house.accept(a_message())
    house.judge()
    house.places["appeals"].says = lambda p: raising(error)(p) if p.mail.id == bad.id else None
    house.deliver()
    assert [p.mail.id for p in house.places["appeals"].got] == [good.id]
    (parked,) = house.jobs(states=("parked",))
    assert parked.mail_id == bad.id
    assert parked.error
    house.places["appeals"].says = lambda _p: None
    assert house.store.unpark(JobFilter(ids=(parked.id,))) == 1
    house.deliver()
    assert [p.mail.id for p in house.places["appeals"].got] == [good.id, bad.id]


def test_promise_3_dropping_takes_a_person_and_keeps_the_mail(house: House) -> None:
    (mail,) = house.accept(a_message())
    house.judge()
    assert house.store.drop(JobFilter(mail_id=mail.id), "answered by telephone") == 1
    assert house.store.read([mail.id]) == (mail,)
    assert [j.state for j in house.jobs(kinds=("deliver",))] == ["dropped"]


def test_promise_4_never_a_relay_never_a_bounce(house: House) -> None:
    """Strangers' recipients are refused; a mail that can't be delivered makes no mail to anybody."""
    with pytest.raises(Refused):
        house.accept(a_message(), "victim@elsewhere.test")
    house.accept(a_message(), mail_from="victim@elsewhere.test")
    house.judge()
    house.places["appeals"].says = raising(GiveUp("550 no"))
    house.deliver()
    assert not any(place.got for place in house.places.values())
    assert not house.jobs(states=("ready", "claimed"))


def test_promise_4_automatic_mail_takes_its_own_way(house: House) -> None:
    house.accept(a_message("I am away. Give me my account back.", Auto_Submitted="auto-replied"))
    house.judge()
    house.deliver()
    assert [name for name, place in house.places.items() if place.got] == ["automatic"]


def test_promise_5_unsure_means_ask_and_asking_has_a_clock(tmp_path: Path) -> None:
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    (mail,) = house.accept(a_message())
    house.judge()
    house.deliver()
    assert [p.mail.id for p in house.places["review"].got] == [mail.id]
    house.clock.advance(3601)
    house.judge()
    house.deliver()
    (sent_on,) = house.places["appeals"].got
    assert sent_on.decision.unconfirmed
    assert house.places["lead"].got, "the lead is told"
    house.store.close()


@pytest.mark.parametrize(("text", "desk"), [("My account was suspended.", "appeals"), ("Hello", "junk")])
def test_promise_5_what_may_be_an_appeal_does_not_end_in_junk_when_its_time_is_up(
    tmp_path: Path, text: str, desk: str
) -> None:
    house = House(tmp_path, junk_threshold=0.9999, junk_prior=0.2)
    house.accept(a_message(text, X_Spam_Status="Yes, score=25.0 required=5.0"))
    house.judge()
    house.deliver()
    assert house.places["review"].got[0].decision.decided == "junk"
    house.clock.advance(3601)
    house.judge()
    house.deliver()
    assert [parcel.decision.route for parcel in house.places[desk].got] == [desk]
    house.store.close()


@pytest.mark.parametrize(("stage", "percent"), [("shadow", 100), ("canary", 0)])
def test_promise_8_the_review_clock_brings_nothing_to_a_desk_in_shadow(
    tmp_path: Path, stage: str, percent: int
) -> None:
    """The mail was taken for junk, which is live; what nobody decided on may be meant for a desk that is not."""
    house = House(tmp_path, junk_threshold=0.9999, junk_prior=0.2, **staged(stage, percent))
    house.accept(a_message("My account was suspended.", X_Spam_Status="Yes, score=25.0 required=5.0"))
    house.judge()
    house.clock.advance(3601)
    house.judge()
    house.deliver("appeals", "old")
    assert not house.places["appeals"].got
    (parcel,) = house.places["old"].got
    decision = parcel.decision
    assert (decision.route, decision.stage, decision.unconfirmed) == ("appeals", "shadow", True)
    assert decision.confidence == dict(decision.probabilities)["appeals"]
    house.store.close()


def test_promise_5_an_urgent_mail_is_not_held_back_by_review(tmp_path: Path) -> None:
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    house.accept(a_message("I want to end my life."))
    house.judge()
    house.deliver("people")
    assert house.places["people"].got
    house.store.close()


def test_promise_6_every_decision_explains_itself_and_can_be_made_again(house: House) -> None:
    house.accept(a_message(Authentication_Results=PASSED))
    house.accept(
        a_message(
            "Any news?", Authentication_Results=PASSED, Message_ID="<2@example.com>", In_Reply_To="<1@example.com>"
        )
    )
    house.accept(
        a_message("Any news?", From="eve@example.org", Message_ID="<3@example.org>", In_Reply_To="<1@example.com>")
    )
    house.judge()
    house.clock.advance(40 * 86400)
    for mail_id in house.store.newest(10):
        (mail,) = house.store.read([mail_id])
        (decision,) = house.store.decisions(mail_id)
        assert decision.because
        assert decision.versions.phrases
        assert replay(mail, decision, house.judging.trust, house.book, house.policy) == decision


def test_promise_7_trust_is_earned_by_authentication(house: House) -> None:
    """The same words, once authenticated and once not: only the first has thread and history."""
    house.accept(a_message(Authentication_Results=PASSED))
    for number, said in ((2, PASSED), (3, "mx.evil.test; dkim=pass header.d=example.com")):
        house.accept(
            a_message(
                "Any news?",
                Authentication_Results=said,
                Message_ID=f"<{number}@example.com>",
                In_Reply_To="<1@example.com>",
            )
        )
    house.judge()
    forged, honest = (house.store.decisions(i)[0] for i in house.store.newest(2))
    assert (honest.thread is None, honest.history.mails) == (False, 1)
    assert (forged.thread, forged.history.mails) == (None, 0)


def test_promise_7_an_untrusted_hop_is_not_believed(house: House) -> None:
    house.accept(a_message(Authentication_Results=PASSED), trusted=False)
    house.judge()
    assert not house.store.recall((), (), ("a:ada@example.com",)).senders


def test_promise_8_shadow_delivers_as_before_and_calls_nobody(tmp_path: Path) -> None:
    house = House(tmp_path, **staged("shadow"))
    house.accept(a_message())
    house.judge()
    house.deliver()
    assert [name for name, place in house.places.items() if place.got] == ["old"]
    (decision,) = house.store.decisions(house.store.newest(1)[0])
    assert (decision.decided, decision.stage) == ("appeals", "shadow")
    house.store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=3000) | st.binary(max_size=1000).map(lambda tail: a_message() + tail))
def test_promise_9_any_bytes_are_judged(house: House, raw: bytes) -> None:
    """Whatever the bytes: it is accepted or refused, and what is accepted is judged and delivered, never parked as a bug."""
    try:
        mails = house.accept(raw)
    except Refused:
        return
    while house.judge():
        pass
    assert all(house.store.decisions(m.id) or m.duplicate_of for m in mails)
    assert not house.jobs(states=("parked",), why="bug")


def test_promise_10_an_appeal_that_nobody_can_take_still_waits_for_a_person(house: House) -> None:
    """There is no way in which postroom itself ends an appeal."""
    (mail,) = house.accept(a_message())
    house.judge()
    house.places["appeals"].says = raising(TryLater("no"))
    for _ in range(10):
        house.clock.advance(2 * 86400)
        house.deliver("appeals")
    (job,) = house.jobs(mail_id=MailId(mail.id), kinds=("deliver",))
    assert job.state == "parked"
    assert house.store.read([mail.id]) == (mail,)
