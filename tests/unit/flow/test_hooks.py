"""Telling other systems: who is told of what, in which words, and what happens when they do not answer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store.alarms import SqliteAlarms
from postroom.adapters.store.cases import SqliteCases
from postroom.adapters.store.deadlines import SqliteDeadlines
from postroom.adapters.store.hooks import SqliteHooks
from postroom.adapters.store.lists import SqliteViews
from postroom.adapters.store.sqlite import SqliteStore
from postroom.flow.hooks import Calling, OfCase, OfMail, Records, Spreading, said, wants
from postroom.model.alarms import AlarmEvent
from postroom.model.cases import NEVER, Case, CaseChange, CaseEvent, CaseNumber
from postroom.model.errors import GiveUp, PostroomError, TryLater
from postroom.model.hooks import CallId, Happening, Hook, HookCall, HookEvent, HookName
from postroom.model.judgement import Finding, Verdict
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ALL
from postroom.testing.cases_contract import a_change
from postroom.testing.deadlines_contract import a_warning
from postroom.testing.store_contract import accept
from postroom.testing.values import a_decision, a_judgement, a_mail, a_ruling

CASES = Hook(name=HookName("cases"), where="cases.example.com")
DAY = 86_400.0


@dataclass(slots=True)
class Other:
    """The other side: answers as it is told and keeps what it heard."""

    answers: list[PostroomError | str] = field(default_factory=list)
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def call(self, key: str, body: bytes) -> str:
        self.heard.append((key, json.loads(body)))
        answer = self.answers.pop(0) if self.answers else "HTTP 200"
        if isinstance(answer, PostroomError):
            raise answer
        return answer


class NoViews:
    """Lists without any mail."""

    def row(self, *_: object) -> None:
        """Nothing."""


@dataclass(slots=True)
class Notes:
    """Keeps what it is told."""

    events: list[str] = field(default_factory=list)

    def note(self, event: str, mail_id: str = "", **facts: object) -> None:
        self.events.append(event)


@dataclass(slots=True)
class House:
    """A store with hooks, and a clock."""

    store: SqliteStore
    hooks: SqliteHooks
    now: float = 1_800_000_200.0
    other: Other = field(default_factory=Other)
    notes: Notes = field(default_factory=Notes)
    failures: list[Exception] = field(default_factory=list)
    records: Records = field(init=False)
    calling: Calling = field(init=False)

    def __post_init__(self) -> None:
        units = self.store.units
        self.records = Records(
            store=self.store, views=SqliteViews(units), cases=SqliteCases(units), deadlines=SqliteDeadlines(units)
        )
        self.calling = Calling(
            hook=CASES,
            caller=self.other,
            hooks=self.hooks,
            records=self.records,
            observer=self.notes,  # type: ignore[arg-type]
            lease=60.0,
            url="https://desk.example.com",
            clock=lambda: self.now,
            random=lambda: 0.5,
        )

    def judged(self, number: int, **decision: Any) -> MailId:
        mail = a_mail(number)
        accept(self.store, mail)
        self.store.record([a_judgement(job, **decision) for job in self.store.claim("judge", 10, "setup")])
        return mail.id

    def spread(self, *hooks: Hook) -> bool:
        known = hooks or (CASES,)
        return self.spreading(*known).turn()

    def spreading(self, *known: Hook) -> Spreading:
        return Spreading(
            hooks=self.hooks,
            records=self.records,
            known=known,
            clock=lambda: self.now,
            failed=self.failures.append,
        )

    def log(self) -> list[tuple[str, str, int]]:
        return [(one.event, one.state, len(one.attempts)) for one in reversed(self.hooks.calls())]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = SqliteStore.open(tmp_path / "postroom.db")
    hooks = SqliteHooks(store.units)
    hooks.set_up([CASES.name])
    yield House(store, hooks)
    store.close()


def told(**decision: Any) -> OfMail:
    return OfMail(decision=a_decision(MailId("m"), **decision))


VERDICT = Verdict(
    mail_id=MailId("m"), generation=1, said=RouteName("refunds"), decided=RouteName("appeals"), confidence=0.9,
    by="ada", at=1.0, asked="review", probability=1.0,
)  # fmt: skip


# -- who is told


@pytest.mark.parametrize(
    ("hook", "event", "wanted"),
    [
        ({}, "routed", True),
        ({"events": ("routed",)}, "routed", True),
        ({"events": ("verdict",)}, "routed", False),
        ({"brands": ("example",)}, "routed", True),
        ({"brands": ("other",)}, "routed", False),
        ({"routes": ("appeals",)}, "routed", True),
        ({"routes": ("refunds",)}, "routed", False),
    ],
)
def test_a_hook_is_told_of_what_it_wants(hook: dict[str, Any], event: HookEvent, wanted: bool) -> None:
    assert wants(replace(CASES, **hook), event, told()) == wanted


def test_the_desk_that_a_linked_copy_leaves_is_told_of_the_verdict_too() -> None:
    before = a_decision(MailId("m"), second=RouteName("refunds"), copied=True)
    after = replace(before, generation=2, second=RouteName(""), copied=False)
    ended = OfMail(decision=after, before=before, verdict=replace(VERDICT, said=RouteName("appeals")))
    assert ended.routes == {"appeals", "refunds"}


@pytest.mark.parametrize(("routes", "wanted"), [("refunds", True), ("appeals", True), ("copyright", False)])
def test_the_desk_that_a_mail_leaves_is_told_of_the_verdict_too(routes: str, wanted: bool) -> None:
    before = a_decision(MailId("m"))
    moved = replace(told(route=RouteName("refunds"), generation=2), before=before, verdict=VERDICT)
    assert wants(replace(CASES, routes=(RouteName(routes),)), "verdict", moved) == wanted


def test_that_a_mail_is_urgent_is_told_once() -> None:
    assert told().events == ("routed",)
    assert told(urgent=("threat",)).events == ("routed", "urgent")
    assert told(urgent=("threat",), generation=2).events == ("routed",)
    assert replace(told(urgent=("threat",), generation=2), verdict=VERDICT).events == ("verdict",)


# -- from what happened to calls


def test_what_happened_is_spread_to_the_hooks_that_want_it(house: House) -> None:
    mail_id = house.judged(1, urgent=("threat",))
    verdict = house.store.rule(a_ruling(mail_id))
    other = Hook(name=HookName("other"), where="x", events=("verdict",))
    assert house.spread(CASES, other)
    assert not house.spread(CASES, other)
    found = sorted((one.hook, one.event, one.about) for one in house.hooks.calls())
    assert found == [
        ("cases", "routed", 1),
        ("cases", "routed", 2),
        ("cases", "urgent", 1),
        ("cases", "verdict", verdict.number),
        ("other", "verdict", verdict.number),
    ]


def test_what_is_not_there_any_more_is_told_to_nobody(house: House) -> None:
    mail_id = house.judged(1)
    for what, about in (("verdict", 7), ("routed", 7)):
        assert house.records.look(Happening(number=1, at=1.0, what=what, mail_id=mail_id, about=about)) is None
    nobody = Happening(number=1, at=1.0, what="case-decided", mail_id=MailId(""), case=CaseNumber(7), about=1)
    assert house.records.look(nobody) is None
    gone = [
        Happening(number=one.number, at=one.at, what="verdict", mail_id=one.mail_id, about=7)
        for one in house.hooks.happened(10)
    ]
    assert [house.spreading(CASES)._calls(one) for one in gone] == [[]]


def test_a_bug_that_one_brings_out_stops_none_of_the_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    odd, plain = house.judged(1), house.judged(2)
    really = Records.look

    def look(records: Records, happening: Happening) -> object:
        if happening.mail_id == odd:
            raise ValueError("a bug")
        return really(records, happening)

    monkeypatch.setattr(Records, "look", look)
    assert house.spread()
    assert not house.spread()
    assert [str(one) for one in house.failures] == ["a bug"]
    assert [one.mail_id for one in house.hooks.calls()] == [plain]


def test_while_the_store_is_not_to_be_used_nothing_is_left_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.judged(1)
    with monkeypatch.context() as patched:
        patched.setattr(Records, "look", lambda *_: (_ for _ in ()).throw(TryLater("busy")))
        with pytest.raises(TryLater):
            house.spread()
    assert house.spread()
    assert house.failures == []


# -- what is said


def test_a_call_says_what_happened(house: House) -> None:
    mail_id = house.judged(1, because="odd \udcff", tags=("vip",))
    house.store.rule(a_ruling(mail_id))
    house.spread()
    while house.calling.turn():
        pass
    heard = dict(house.other.heard)
    routed = heard[f"routed.{mail_id}.1.cases"]
    assert routed["id"] == f"routed.{mail_id}.1"
    assert routed["event"] == "routed"
    assert routed["mail"]["route"] == "appeals"
    assert routed["mail"]["because"] == "odd \N{REPLACEMENT CHARACTER}"
    assert routed["mail"]["from"] == "ada@example.com"
    assert routed["verdict"] is None
    assert routed["links"] == {"mail": f"https://desk.example.com/mail/{mail_id}"}
    (key,) = [key for key in heard if key.startswith("verdict.")]
    assert heard[key]["verdict"]["said"] == "refunds"
    assert heard[key]["mail"]["route"] == "refunds"
    assert house.log() == [("routed", "done", 1), ("routed", "done", 1), ("verdict", "done", 1)]


def test_where_no_pages_are_known_there_is_no_link(house: House) -> None:
    house.judged(1)
    house.spread()
    (call,) = house.hooks.calls()
    body = said(house.records, call, "")
    assert body is not None
    assert json.loads(body)["links"] == {}


def test_a_hook_of_some_brands_or_desks_is_not_told_what_counted_elsewhere(house: House) -> None:
    reason = "this sender wrote to refunds before (7.0 of 7.0 mails, older ones counted less)"
    counted = Finding(source="history", route=RouteName("appeals"), score=0.9, reason=reason)
    house.judged(1, because=f"appeals at 90%: {reason}", findings=(counted,))
    house.spread()
    while house.calling.turn():
        pass
    house.calling.hook = replace(CASES, routes=(RouteName("appeals"),))
    house.calling._make(house.hooks.calls()[0])
    whole, confined = (body["mail"]["because"] for _, body in house.other.heard)
    assert reason in whole
    assert confined == "appeals at 90%: what the sender wrote before counts here, also what is not yours to see"


@pytest.mark.parametrize(
    ("confined", "told", "note"),
    [({}, "refunds", "as she said"), ({"routes": ("refunds",)}, "refunds", "as she said"), ({"routes": ("appeals",)}, "", "")],
)  # fmt: skip
def test_the_desk_that_a_mail_leaves_is_not_told_what_was_noted_for_the_other(
    house: House, confined: dict[str, Any], told: str, note: str
) -> None:
    ruling = a_ruling(house.judged(1))
    house.store.rule(replace(ruling, verdict=replace(ruling.verdict, note="as she said")))
    house.calling.hook = replace(CASES, events=("verdict",), **confined)
    house.spread(house.calling.hook)
    assert house.calling.turn()
    ((_, heard),) = house.other.heard
    assert (heard["verdict"]["said"], heard["verdict"]["note"], heard["verdict"]["right"]) == (told, note, False)
    assert heard["mail"]["route"] == "refunds"


def test_a_call_that_the_store_has_no_words_for_now_is_made_later_and_counts_no_try(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.judged(1)
    house.spread()
    with monkeypatch.context() as patched:
        patched.setattr(Records, "look", lambda *_: (_ for _ in ()).throw(TryLater("busy")))
        with pytest.raises(TryLater):
            house.calling.turn()
    assert house.log() == [("routed", "waiting", 0)]
    house.now += 61.0
    assert house.calling.turn()
    assert house.log() == [("routed", "done", 1)]


def test_a_call_that_brings_out_a_bug_is_given_up_after_a_day_as_others_are(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.judged(1)
    house.spread()
    monkeypatch.setattr(Other, "call", lambda *_: 1 // 0)
    for _ in range(60):
        (call,) = house.hooks.calls()
        if call.state != "waiting":
            break
        house.now = max(call.due_at, house.now + 1.0)
        with pytest.raises(ZeroDivisionError):
            house.calling.turn()
    assert call.state == "given-up"
    assert house.now < call.at + 2 * DAY
    assert {one.said for one in call.attempts} == {"a bug in postroom: its log says where"}


def test_of_a_mail_that_is_gone_nothing_is_told(house: House) -> None:
    mail_id = house.judged(1)
    house.spread()
    (call,) = house.hooks.calls()
    house.calling._make(replace(call, about=9))
    assert house.other.heard == []
    assert house.log() == [("routed", "given-up", 1)]
    assert said(house.records, replace(call, mail_id=MailId("no")), "") is None
    assert mail_id == call.mail_id
    without = replace(house.records, views=NoViews())  # type: ignore[arg-type]
    assert said(without, call, "") is None


def a_case(**facts: Any) -> Case:
    return Case(
        brand=BrandName("example"), route=RouteName("appeals"), person="ada@example.com", identity="claimed",
        subject="odd \udcff", **facts,
    )  # fmt: skip


def test_a_call_about_a_case_says_how_it_is_without_the_teams_words(house: House) -> None:
    opened = CaseEvent(at=1.0, by="", what="opened")
    house.records.cases.put(CaseChange(case=a_case(reason="ours alone"), rank=0.0, clocks="", events=(opened,)))
    house.spread()
    house.calling.turn()
    ((key, heard),) = house.other.heard
    assert key == "case-opened.1.1.cases"
    assert (heard["case"]["number"], heard["case"]["person"]) == (1, "ada@example.com")
    assert heard["case"]["subject"] == "odd \N{REPLACEMENT CHARACTER}"
    assert "ours alone" not in str(heard)
    assert heard["links"] == {"case": "https://desk.example.com/case/1"}
    (call,) = house.hooks.calls()
    without = said(house.records, call, "")
    assert without is not None
    assert json.loads(without)["links"] == {}


@pytest.mark.parametrize(
    ("hook", "wanted"), [({}, True), ({"routes": ("refunds",)}, False), ({"brands": ("x",)}, False)]
)
def test_a_case_concerns_its_desk(hook: dict[str, Any], wanted: bool) -> None:
    about = OfCase(case=a_case(), event="case-opened")
    assert about.events == ("case-opened",)
    assert wants(replace(CASES, **hook), "case-opened", about) == wanted


# -- when they do not answer


def test_a_call_is_tried_with_growing_pauses_for_a_day_then_given_up(house: House) -> None:
    house.judged(1)
    house.spread()
    house.other.answers = [TryLater("HTTP 500")] * 100
    tried = []
    while house.log() != [("routed", "given-up", len(tried))] and len(tried) < 100:
        house.calling.turn()
        tried.append(house.now)
        (call,) = house.hooks.calls()
        house.now = max(call.due_at, house.now)
    pauses = [later - earlier for earlier, later in pairwise(tried)]
    assert pauses == sorted(pauses)
    assert pauses[0] == pytest.approx(10.0)
    assert DAY <= tried[-1] - tried[0] < DAY + 3601
    assert len(tried) < 40
    assert house.notes.events == ["hook-given-up"]


def test_a_refusal_is_tried_again_too_as_whoever_runs_the_other_side_may_mend_it(house: House) -> None:
    house.judged(1)
    house.spread()
    house.other.answers = [GiveUp("HTTP 400")]
    house.calling.turn()
    assert house.log() == [("routed", "waiting", 1)]
    house.now += 60
    house.calling.turn()
    assert house.log() == [("routed", "done", 2)]


def test_while_the_other_side_is_unwell_one_call_at_a_time_asks_whether_it_is_well_again(house: House) -> None:
    for number in range(4):
        house.judged(number)
    house.spread()
    house.other.answers = [TryLater("gone", lane_down=True), TryLater("gone", lane_down=True, after=60.0)]
    house.calling.turn()
    assert len(house.other.heard) == 1
    assert house.calling.turn() is False
    house.now += 10
    house.calling.turn()
    assert len(house.other.heard) == 2
    house.now += 59
    house.calling.turn()
    assert len(house.other.heard) == 2
    house.now += 10
    while house.calling.turn():
        pass
    assert len(house.other.heard) == 6
    assert sorted(state for _, state, _ in house.log()) == ["done"] * 4


def test_a_pause_that_is_asked_for_is_kept_within_reason(house: House) -> None:
    house.judged(1)
    house.spread()
    house.other.answers = [TryLater("busy", lane_down=True, after=1e9)]
    house.calling.turn()
    house.now += 900
    house.calling.turn()
    assert len(house.other.heard) == 1
    house.now += 3600
    house.calling.turn()
    assert len(house.other.heard) == 2


def test_every_try_of_a_call_has_the_same_key() -> None:
    call = HookCall(
        id=CallId(1), hook=HookName("cases"), event="routed", mail_id=MailId("m"), about=1, at=1.0, state="waiting",
        due_at=0.0, tries=0, since=1.0,
    )  # fmt: skip
    assert call.key == replace(call, tries=3, due_at=5.0, since=9.0).key


# -- what presses


def test_an_urgent_mail_is_told_again_as_it_is_decided_now(house: House) -> None:
    mail = house.judged(1, urgent=("threat",))
    house.spread()
    alarms = SqliteAlarms(house.store.units)
    found = alarms.alarm(mail, ALL)
    assert found is not None
    event = AlarmEvent(at=house.now, by="", what="told again")
    alarms.put(replace(found, repeats=1, told_at=house.now), event, None)
    house.store.rule(a_ruling(mail))
    house.spread()
    while house.calling.turn():
        pass
    told = dict(house.other.heard)
    first, again = told[f"urgent.{mail}.1.cases"], told[f"urgent.{mail}.2.cases"]
    assert (first["repeat"], again["repeat"]) == (0, 1)
    assert (again["event"], again["mail"]["route"], first["mail"]["route"]) == ("urgent", "refunds", "refunds")
    assert "repeat" not in told[f"routed.{mail}.1.cases"]


def test_a_clock_near_its_end_is_told_with_its_case(house: House) -> None:
    cases, deadlines = SqliteCases(house.store.units), SqliteDeadlines(house.store.units)
    case = cases.put(a_change(a_case()))
    deadlines.warn(case, [a_warning(case)], NEVER)
    house.spread()
    while house.calling.turn():
        pass
    ((_, body),) = house.other.heard
    assert (body["event"], body["case"]["number"]) == ("deadline-near", case.number)
    assert body["clock"] == {"name": "dsa", "stage": "near", "due": a_warning(case)[0].due}
    gone = Happening(number=1, at=1.0, what="deadline-near", mail_id=MailId(""), case=case.number, about=99)
    assert house.records.look(gone) is None
    assert house.records.look(replace(gone, case=CaseNumber(99), about=1)) is None
    assert house.records.look(replace(gone, what="urgent", mail_id=MailId("none"))) is None
