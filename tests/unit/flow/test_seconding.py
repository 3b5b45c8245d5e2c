"""A second opinion in the way of a mail: who is asked about what, who waits, and what comes of the answers."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow import seconding as seconding_module
from postroom.flow import sitting
from postroom.flow.recollection import connected
from postroom.flow.replay import replay
from postroom.model.judgement import UNSURE
from postroom.model.mail import BrandName, RouteName
from tests.unit.flow.house import Moody, staged
from tests.unit.flow.open_house import CERTAIN, PASS, UNCERTAIN, URGENT, Open, Other


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., Open]]:
    made: list[Open] = []

    def make(other: Other | None = None, wanted: dict[str, Any] | None = None, **policy: Any) -> Open:
        made.append(Open(tmp_path, other or Other(), wanted, **policy))
        return made[-1]

    yield make
    for house in made:
        house.store.close()


@pytest.mark.parametrize(
    ("said", "route", "heard"),
    [
        ("appeals", "appeals", ["agrees"]),
        ("refunds", "review", ["disagrees"]),
        (UNSURE, "review", ["unsure"]),
        (None, "review", []),
    ],
)
def test_what_comes_of_an_answer_and_that_it_can_be_judged_again(
    build: Callable[..., Open], said: str | None, route: str, heard: list[str]
) -> None:
    house = build(Other(says=lambda _question: said))
    mail = house.mail(1, UNCERTAIN)
    assert house.judge() == 1
    decision = house.decision(mail)
    assert decision is not None
    assert (decision.route, decision.decided) == (route, "appeals")
    assert [facts["said"] for facts in house.told.of("opinion-heard")] == heard
    assert replay(mail, decision, house.judging.trust, house.book, house.policy) == decision
    house.deliver()
    assert len(house.places[route].got) == 1
    house.clock.advance(3601)
    house.judge()
    house.deliver()
    assert len(house.places["appeals"].got) == 1, "also when nobody looks, it goes to the best guess of our own"


def test_the_question_is_redacted_and_names_the_closed_set(build: Callable[..., Open]) -> None:
    house = build(wanted={"timeout": 1.5})
    house.mail(1, f"I am Ada, {UNCERTAIN}, write to ada@example.com\r\n\r\n> quoted", "Ada Byron <ada@example.com>")
    house.judge()
    (question,) = house.other.asked
    assert question.text == f"Hello 1\nI am [NAME], {UNCERTAIN}, write to [EMAIL]"
    assert question.routes == ("appeals", "general", "junk", "refunds")
    assert house.other.deadlines == [1.5]


def test_only_uncertain_mail_is_asked_about_and_all_other_is_kept_before(build: Callable[..., Open]) -> None:
    house = build()
    first = house.mail(1, UNCERTAIN, "ada@one.test")
    others = [
        house.mail(2, CERTAIN, "bob@two.test"),
        house.mail(3, "hello", "cy@three.test"),
        house.mail(4, f"{UNCERTAIN} or {URGENT}", "di@four.test"),
        house.mail(5, UNCERTAIN, "ed@five.test", Auto_Submitted="auto-replied"),
    ]
    seen: list[bool] = []
    rung: list[str] = []
    house.other.meanwhile = lambda: seen.extend(house.decision(mail) is not None for mail in [first, *others])
    jobs = house.store.claim("judge", 64, "judge")
    house.judging.judge(jobs, lambda: rung.append("kept"))
    assert seen == [False, True, True, True, True]
    assert rung == ["kept"]
    assert len(house.other.asked) == 1
    assert house.decision(first).route == "appeals"  # type: ignore[union-attr]
    assert not house.jobs(kinds=("judge",), states=("ready", "claimed"))


def test_nobody_is_asked_nor_rung_for_a_batch_without_uncertain_mail(build: Callable[..., Open]) -> None:
    house = build()
    house.mail(1, CERTAIN)
    rung: list[str] = []
    house.judging.judge(house.store.claim("judge", 64, "judge"), lambda: rung.append("kept"))
    assert (house.other.deadlines, rung) == ([], [])


def test_a_later_mail_of_the_sender_waits_and_sees_what_was_decided(build: Callable[..., Open]) -> None:
    house = build()
    first = house.mail(1, UNCERTAIN, **PASS)
    stranger = house.mail(2, CERTAIN, "bob@elsewhere.test")
    reply = house.mail(3, "any news?", In_Reply_To="<1@example.com>", **PASS)
    waiting: list[Any] = []

    def meanwhile() -> None:
        waiting.extend(house.decision(mail) for mail in (first, reply))
        assert house.decision(stranger) is not None
        later = house.mail(4, "hello again", **PASS)
        assert house.store.claim("judge", 64, "another judge") == (), "nobody else gets a mail of this sender meanwhile"
        assert later.sender_key == first.sender_key

    house.other.meanwhile = meanwhile
    house.judge()
    assert waiting == [None, None]
    decided = house.decision(reply)
    assert decided is not None
    assert decided.thread is not None
    assert decided.thread.route == "appeals"
    assert decided.history.mails == 1
    assert decided.history.last_route == "appeals"


def test_what_was_kept_meanwhile_is_known_to_what_waited(build: Callable[..., Open]) -> None:
    """The domain's record is shared with mail of others: neither part of the batch may undo the other's."""
    house = build()
    house.mail(1, UNCERTAIN, "ada@firm.test", Authentication_Results="mx.shop.test; dkim=pass header.d=firm.test")
    house.mail(2, CERTAIN, "bob@firm.test", Authentication_Results="mx.shop.test; dkim=pass header.d=firm.test")
    house.mail(3, CERTAIN, "cy@elsewhere.test")
    house.judge()
    memory = house.store.recall([], [], ["d:firm.test", "a:ada@firm.test", "a:bob@firm.test"])
    assert {key: record.mails for key, record in memory.senders.items()} == {
        "d:firm.test": 2,
        "a:ada@firm.test": 1,
        "a:bob@firm.test": 1,
    }


def test_urgent_mail_waits_for_nothing_that_is_said_of_its_family(build: Callable[..., Open]) -> None:
    house = build()
    first = house.mail(1, UNCERTAIN, **PASS)
    urgent = house.mail(2, URGENT, **PASS)
    elsewhere = house.mail(3, UNCERTAIN, "bob@elsewhere.test")
    seen: list[bool] = []
    house.other.meanwhile = lambda: seen.extend(house.decision(mail) is not None for mail in (first, urgent, elsewhere))
    house.judge()
    assert seen == [True, True, False]
    assert len(house.other.asked) == 1
    assert house.decision(first).route == "review"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("wanted", "policy"),
    [
        ({"brands": frozenset({BrandName("play")})}, {}),
        ({"routes": frozenset({RouteName("refunds")})}, {}),
        ({}, staged("shadow")),
        ({}, {"second_opinion_floor": 0.984}),
        ({}, {"default_threshold": 0.9999}),
    ],
    ids=["brand", "route", "shadow", "floor", "beyond help"],
)
def test_nobody_is_asked_where_the_settings_or_the_stage_forbid_it_or_no_answer_could_help(
    build: Callable[..., Open], wanted: dict[str, Any], policy: dict[str, Any]
) -> None:
    house = build(wanted=wanted, **policy)
    mail = house.mail(1, UNCERTAIN)
    house.judge()
    assert house.other.deadlines == []
    assert house.decision(mail).route == "review"  # type: ignore[union-attr]


def test_brands_and_routes_that_are_named_are_asked_about(build: Callable[..., Open]) -> None:
    house = build(wanted={"brands": frozenset({BrandName("shop")}), "routes": frozenset({RouteName("appeals")})})
    house.mail(1, UNCERTAIN)
    house.judge()
    assert len(house.other.asked) == 1


def test_a_bug_in_asking_costs_the_opinion_and_no_mail(
    build: Callable[..., Open], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = build()
    mail = house.mail(1, UNCERTAIN)

    def broken(*_: Any) -> str:
        raise RuntimeError

    monkeypatch.setattr(seconding_module, "redacted", broken)
    house.judge()
    assert house.decision(mail).route == "review"  # type: ignore[union-attr]
    assert house.other.asked == []


def test_a_bug_that_an_answer_brings_out_parks_that_mail(
    build: Callable[..., Open], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = build()
    first, second = house.mail(1, UNCERTAIN, "ada@one.test"), house.mail(2, UNCERTAIN, "bob@two.test")
    real = sitting.judge

    def judge(case, book, policy):
        if case.advice and case.advice.model and case.mail.id == first.id:
            raise RuntimeError
        return real(case, book, policy)

    monkeypatch.setattr(sitting, "judge", judge)
    house.judge()
    assert [job.mail_id for job in house.jobs(states=("parked",))] == [first.id]
    assert house.decision(second).route == "appeals"  # type: ignore[union-attr]


def test_a_store_in_trouble_between_the_two_parts_loses_and_doubles_nothing(build: Callable[..., Open]) -> None:
    house = build()
    first, second = house.mail(1, CERTAIN, "ada@one.test"), house.mail(2, UNCERTAIN, "bob@two.test")
    store = Moody(house.store)
    house.judging = replace(house.judging, store=store)
    house.other.meanwhile = lambda: store.trouble.update(record=1 if len(house.other.deadlines) == 1 else 0)
    with pytest.raises(Exception, match="locked"):
        house.judging.judge(jobs := house.store.claim("judge", 64, "judge"))
    house.judging.judge(jobs)
    assert [len(house.store.decisions(mail.id)) for mail in (first, second)] == [1, 1]
    assert len(house.told.of("judged")) == 2
    house.deliver()
    assert len(house.places["appeals"].got) == 2


@given(st.lists(st.lists(st.integers(0, 6), max_size=3), max_size=8))
def test_families_are_those_who_are_tied_by_any_way_round(ties: list[list[int]]) -> None:
    together = [{number} for number in range(len(ties))]
    for _ in ties:  # the slow way: grow each until nothing changes
        for one, own in enumerate(ties):
            for other, theirs in enumerate(ties):
                if set(own) & set(theirs):
                    together[one] |= together[other]
                    together[other] |= together[one]
    assert connected(ties) == [min(family) for family in together]
