"""The way of a mail: what each step keeps, and what it does with what goes wrong."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.store.lists import SqliteViews
from postroom.flow import sitting
from postroom.model.desktop import Wanted
from postroom.model.errors import GiveUp, Refused, TryLater
from postroom.model.mail import BounceOf, DestinationName
from postroom.model.marks import bounce_address, loop_mark
from postroom.model.people import ALL
from postroom.model.work import Parcel
from postroom.ports import JobFilter
from tests.unit.flow.house import KEY, House, Moody, a_message, staged


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def test_a_mail_ends_on_its_desk_with_its_reasons(house: House) -> None:
    (mail,) = house.accept(a_message())
    assert house.judge() == 1
    house.deliver()
    (parcel,) = house.places["appeals"].got
    assert parcel.mail == mail
    assert parcel.stamped.endswith(mail.raw)
    assert parcel.decision.route == "appeals"
    assert any("give me my account back" in f.reason for f in parcel.decision.findings)
    assert not house.jobs(states=("ready", "claimed", "parked"))


def test_lists_and_destinations_show_who_writes_of_what_also_after_the_clock(tmp_path: Path) -> None:
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    house.accept(a_message(Subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?="))
    house.judge()
    house.deliver()
    house.clock.advance(3601)
    house.judge()
    house.deliver()
    for name in ("review", "appeals", "lead"):
        (parcel,) = house.places[name].got
        assert (parcel.subject, parcel.from_addr) == ("Grüße", "ada@example.com")
    (row,) = house.store.mails()
    assert (row.subject, row.from_addr, row.kind, row.unconfirmed) == ("Grüße", "ada@example.com", "person", True)
    house.store.close()


def test_a_mail_is_found_by_its_sender_its_subject_and_what_was_written_now(house: House) -> None:
    quoted = "\r\n\r\nOn Fri, 20 Nov 2026 at 09:00, Support wrote:\r\n> Your wallet is empty.\r\n"
    (mail,) = house.accept(
        a_message(f"Please look into it. {'x ' * 2500} Goodbye.{quoted}", From="Ada L <ada@example.com>")
    )
    house.accept(a_message(From=""))
    house.judge()
    views = SqliteViews(house.store.units)
    words = ("please", "hello", '"ada l"', "ada@example.com", "wallet", "goodbye")
    found = {one: [row.id for row in views.mails(Wanted(words=f"{one} look"), ALL).rows] for one in words}
    assert found == {one: [mail.id] for one in words[:4]} | {one: [] for one in words[4:]}


def test_one_arrival_for_each_brand_with_its_own_recipients(house: House) -> None:
    mails = house.accept(a_message(), "support@shop.test", "help@play.test", "support+x@shop.test")
    assert {(m.brand, m.envelope.rcpt_to) for m in mails} == {
        ("shop", ("support@shop.test", "support+x@shop.test")),
        ("play", ("help@play.test",)),
    }


def test_a_mail_for_nobody_of_ours_is_refused(house: House) -> None:
    with pytest.raises(Refused):
        house.accept(a_message(), "someone@elsewhere.test")
    assert not house.store.newest(10)


def test_too_many_hops_are_refused_and_told(house: House) -> None:
    raw = b"Received: from a by b; Fri, 20 Nov 2026 09:00:00 +0000\r\n" * 51 + a_message()
    with pytest.raises(Refused, match="circles"):
        house.accept(raw)
    assert house.told.of("loop-stopped") == [{"hops": 51}]


def test_the_same_mail_again_is_kept_but_not_delivered_twice(house: House) -> None:
    (first,) = house.accept(a_message())
    (again,) = house.accept(a_message())
    assert again.duplicate_of == first.id
    house.judge()
    house.deliver()
    assert len(house.places["appeals"].got) == 1


def test_a_mail_with_our_mark_is_a_loop_and_waits_for_a_person(house: House) -> None:
    (first,) = house.accept(a_message())
    house.accept(a_message(Message_ID="<2@example.com>", X_Postroom_Mark=loop_mark(first.id, KEY)))
    house.judge()
    (parked,) = house.jobs(states=("parked",))
    assert parked.why == "loop"
    assert parked.mail_id != first.id


def test_a_strangers_mark_is_no_loop(house: House) -> None:
    house.accept(a_message(X_Postroom_Mark=loop_mark("01forged", b"another key of theirs")))
    house.judge()
    house.deliver()
    (parcel,) = house.places["appeals"].got
    assert parcel.stamped.lower().count(b"x-postroom-mark:") == 1


def test_a_bounce_of_a_forwarded_mail_parks_that_delivery(house: House) -> None:
    (mail,) = house.accept(a_message())
    house.judge()
    house.deliver()
    back = bounce_address(
        BounceOf(mail_id=mail.id, destination=DestinationName("appeals"), generation=1), "mx.shop.test", KEY
    )
    house.accept(_dsn(back), back, mail_from="")
    house.judge()
    (parked,) = house.jobs(states=("parked",))
    assert (parked.why, parked.destination, parked.mail_id) == ("bounced", "appeals", mail.id)
    assert "desk@example.com" in parked.error


def test_a_bug_that_one_mail_brings_out_parks_it_and_stops_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sitting.judge

    def judge(case, book, policy):
        if "poison" in case.message.subject:
            raise ZeroDivisionError("a bug")
        return real(case, book, policy)

    monkeypatch.setattr(sitting, "judge", judge)
    house.accept(a_message(Subject="poison", Message_ID="<2@example.com>"))
    house.accept(a_message())
    house.judge()
    house.deliver()
    assert len(house.places["appeals"].got) == 1
    (parked,) = house.jobs(states=("parked",))
    assert (parked.why, parked.error) == ("bug", "ZeroDivisionError: a bug")


def test_when_everything_is_a_bug_parking_stops(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*_):
        raise ZeroDivisionError("a bad deployment")

    monkeypatch.setattr(sitting, "judge", judge)
    for number in range(6):
        house.accept(a_message(Message_ID=f"<{number}@example.com>", From=f"x{number}@example.com"))
        house.judge()
    assert len(house.jobs(states=("parked",))) == 3
    assert len(house.jobs(states=("ready",))) == 3
    assert len(house.told.of("parking-halted")) == 3


def test_urgent_mail_reaches_people_first_and_its_desk_too(house: House) -> None:
    house.accept(a_message("I want to end my life. Please give me my account back, my account was suspended."))
    house.judge()
    assert [j.destination for j in house.jobs(kinds=("deliver",))] == ["people", "appeals"]


def test_the_unsure_go_to_review_and_from_there_on_when_nobody_looks(tmp_path: Path) -> None:
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    house.accept(a_message())
    house.judge()
    house.deliver()
    assert house.store.decisions(house.store.newest(1)[0])[-1].route == "review"
    assert len(house.places["review"].got) == 1
    assert house.judge() == 0
    house.clock.advance(3601)
    assert house.judge() == 1
    house.deliver()
    sent_on = house.store.decisions(house.store.newest(1)[0])[-1]
    assert (sent_on.generation, sent_on.unconfirmed, sent_on.route) == (2, True, sent_on.decided)
    assert len(house.places[sent_on.decided].got) == 1
    assert len(house.places["lead"].got) == 1
    house.store.close()


@pytest.mark.parametrize(
    ("stage", "percent", "place"), [("shadow", 100, "old"), ("canary", 0, "old"), ("canary", 100, "appeals")]
)
def test_a_route_in_shadow_takes_its_old_way(tmp_path: Path, stage: str, percent: int, place: str) -> None:
    house = House(tmp_path, **staged(stage, percent))
    house.accept(a_message())
    house.judge()
    house.deliver()
    assert [name for name, p in house.places.items() if p.got] == [place]
    house.store.close()


def test_what_one_mail_decides_is_known_to_the_next_of_the_batch(house: House) -> None:
    said = "mx.shop.test; dkim=pass header.d=example.com"
    house.accept(a_message(Authentication_Results=said))
    house.accept(
        a_message("Any news?", Authentication_Results=said, Message_ID="<2@example.com>", In_Reply_To="<1@example.com>")
    )
    assert house.judge() == 2
    second = house.store.decisions(house.store.newest(1)[0])[-1]
    assert second.thread is not None
    assert (second.thread.route, second.thread.mails) == ("appeals", 1)
    assert second.history.mails == 1
    assert second.decided == "appeals"


def test_a_forged_reference_gets_no_thread(house: House) -> None:
    house.accept(a_message(Authentication_Results="mx.shop.test; dkim=pass header.d=example.com"))
    house.accept(
        a_message("Any news?", From="mallory@example.org", Message_ID="<2@example.org>", In_Reply_To="<1@example.com>")
    )
    house.judge()
    assert house.store.decisions(house.store.newest(1)[0])[-1].thread is None


def test_a_clock_that_a_person_was_faster_than_changes_nothing(tmp_path: Path) -> None:
    """A verdict has opened the next generation; the clock of the first then runs out in a worker's hand."""
    house = House(tmp_path, default_threshold=0.999, fallback_threshold=0.999)
    (mail,) = house.accept(a_message())
    house.judge()
    house.clock.advance(3601)
    (clock,) = house.store.claim("clock", 1, "judge")
    (first,) = house.store.decisions(mail.id)
    real = house.store.decisions
    house.judging = replace(house.judging, store=Moody(house.store))
    house.judging.store.decisions = lambda mail_id: (*real(mail_id), replace(first, generation=2, route=first.decided))
    house.judging.expire(clock)
    assert house.store.decisions(mail.id) == (first,)
    assert [j.state for j in house.jobs(kinds=("clock",))] == ["done"]
    assert not house.told.of("review-expired")
    house.store.close()


def test_a_mail_that_the_store_has_lost_waits_for_a_person(house: House) -> None:
    house.accept(a_message())
    (job,) = house.store.claim("judge", 1, "judge")
    moody = Moody(house.store)
    moody.read = lambda _ids: ()
    replace(house.judging, store=moody).judge([job])
    assert [(j.state, j.why) for j in house.jobs()] == [("parked", "unreadable")]
    assert house.told.of("parked") == [{"why": "unreadable"}]


class TestDispatch:
    """What becomes of a delivery that fails."""

    def test_later_is_tried_again_with_growing_pauses_and_parked_when_old(self, house: House) -> None:
        house.accept(a_message())
        house.judge()
        house.places["appeals"].says = _raising(TryLater("greylisted"))
        house.deliver("appeals")
        (job,) = house.jobs(kinds=("deliver",))
        assert (job.state, job.tries, job.due_at) == ("ready", 1, house.clock.now() + 30.0)
        house.clock.advance(31)
        house.deliver("appeals")
        (job,) = house.jobs(kinds=("deliver",))
        assert (job.tries, job.due_at) == (2, house.clock.now() + 60.0)
        house.clock.advance(6 * 86400)
        house.deliver("appeals")
        (job,) = house.jobs(kinds=("deliver",))
        assert (job.state, job.why) == ("parked", "too-old")
        house.places["appeals"].says = lambda _p: None
        assert house.store.unpark(JobFilter(states=("parked",))) == 1
        house.deliver("appeals")
        assert len(house.places["appeals"].got) == 1

    def test_a_clock_that_jumps_does_not_park_everything(self, house: House) -> None:
        house.accept(a_message())
        house.judge()
        house.clock.jump(30 * 86400)
        house.places["appeals"].says = _raising(TryLater("greylisted"))
        house.deliver("appeals")
        (job,) = house.jobs(kinds=("deliver",))
        assert (job.state, job.tries) == ("ready", 1)

    def test_a_destination_that_is_down_costs_no_mail_a_try(self, house: House) -> None:
        for number in range(5):
            house.accept(a_message(Message_ID=f"<{number}@example.com>"))
        house.judge()
        asked = []

        def down(parcel: Parcel) -> None:
            asked.append(parcel.key)
            raise TryLater("connection refused", lane_down=True)

        house.places["appeals"].says = down
        house.deliver("appeals")
        assert len(house.told.of("lane-down")) == 1
        before = len(asked)
        for _ in range(20):
            house.clock.advance(4000)
            house.deliver("appeals")
        assert len(asked) == before + 20, "one probe each time"
        assert {j.tries for j in house.jobs(kinds=("deliver",))} == {0}
        house.places["appeals"].says = lambda _p: None
        house.clock.advance(4000)
        house.deliver("appeals")
        house.deliver("appeals")
        assert len(house.places["appeals"].got) == 5
        assert len(house.told.of("lane-up")) == 1

    def test_a_refusal_for_good_is_parked_with_its_words(self, house: House) -> None:
        house.accept(a_message())
        house.judge()
        house.places["appeals"].says = _raising(GiveUp("550 no such desk"))
        house.deliver("appeals")
        (job,) = house.jobs(states=("parked",))
        assert (job.why, job.error) == ("gave-up", "550 no such desk")

    def test_a_bug_of_an_adapter_parks_the_mail(self, house: House) -> None:
        house.accept(a_message())
        house.judge()
        house.places["appeals"].says = _raising(KeyError("bug"))
        house.deliver("appeals")
        (job,) = house.jobs(states=("parked",))
        assert job.why == "bug"


def _raising(error: Exception):
    def says(_parcel: Parcel) -> None:
        raise error

    return says


def _dsn(to: str) -> bytes:
    return (
        f"From: MAILER-DAEMON@example.com\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        "Final-Recipient: rfc822; desk@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        "--b--\r\n"
    ).encode()


def test_a_batch_is_judged_by_one_policy_the_next_by_what_is_in_force_then(house: House) -> None:
    """Asked for once a batch, however many mails it has."""
    versions = iter(["first", "second"])
    house.judging = replace(house.judging, policy=lambda: replace(house.policy, version=next(versions)))
    for expected in ("first", "second"):
        mails = [house.accept(a_message(Message_ID=f"<{expected}-{n}@example.com>"))[0] for n in range(3)]
        house.judging.judge(house.store.claim("judge", 9, "w"))
        found = [house.store.decisions(mail.id)[-1].versions.policy for mail in mails]
        assert found == [expected] * 3
