"""What other rules would have done: read once, judged twice, counted, and listed newest first."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store.lists import SqliteViews
from postroom.decide.rulebook import Rulebook
from postroom.decide.rulebook import compile as compile_rulebook
from postroom.flow import backtest
from postroom.flow.backtest import DAY, Backtesting, change_facts, in_words, remarks, report_facts, written_otherwise
from postroom.flow.moves import Mover
from postroom.flow.verdicts import Reviewing
from postroom.model.backtest import Asked, Change, Report
from postroom.model.mail import BrandName, Mail, RouteName
from postroom.model.people import Sight
from tests.unit.flow.house import PHRASES, ROUTES, SIGNALS, House, a_message

MONEY = """
[[rule]]
name = "money"
when = 'new_text.contains("money")'
route = "refunds"
stop = true
tags = ["money"]
"""
APPEAL, REFUND, OTHER = "My account was suspended.", "I want my money back.", "How are you?"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


def book(rules: str = "", phrases: str = PHRASES) -> Rulebook:
    made, problems = compile_rulebook(
        {"r.toml": rules} if rules else {}, {"p.toml": phrases, "s.toml": SIGNALS}, [RouteName(r) for r in ROUTES]
    )
    assert not [p for p in problems if p.severity == "error"]
    return made


def come(house: House, *bodies: str, to: str = "support@shop.test") -> list[Mail]:
    """Mails that come in an hour apart, and are judged."""
    mails = []
    for body in bodies:
        house.clock.advance(3600.0)
        number = int(house.clock.now())
        mails += house.accept(a_message(body, Message_ID=f"<{number}@example.com>", Subject=f"Hello {number}"), to)
        house.judge()
    return mails


def say(house: House, mail: Mail, route: str | None) -> None:
    """A person says where it belongs."""
    reviewing = Reviewing(
        store=house.store,
        trust=house.judging.trust,
        policy=house.policy,
        mover=Mover(desks=house.desks, can_withdraw={}, undo_seconds=0.0),
        routes=tuple(map(RouteName, ROUTES)),
        clock=house.clock.now,
        pause=lambda _seconds: None,
    )
    reviewing.give(mail, RouteName(route) if route else None, "lea")


def tried(house: House, rules: Rulebook, **facts: Any) -> tuple[Report, tuple[Change, ...]]:
    """What these rules would have done to the mail of two weeks."""
    found = a_run(house, rules, **facts).run(Asked(days=14), house.clock.now() + 1)
    assert found is not None
    return found


def a_run(house: House, rules: Rulebook, **facts: Any) -> Backtesting:
    usual = Backtesting(
        store=house.store,
        views=SqliteViews(house.store.units),
        trust=house.judging.trust,
        policy=house.policy,
        in_force=house.book,
        tried=rules,
        gone=lambda _asked, _since, _until: 0,
        tell=lambda _done, _total: True,
    )
    return replace(usual, **facts)


def test_mails_that_would_move_are_counted_and_listed_newest_first(house: House) -> None:
    first, _, second, _ = come(house, REFUND, APPEAL, REFUND, OTHER)
    report, changes = tried(house, book(MONEY))
    assert (report.mails, report.moved, report.tags, report.listed, report.otherwise) == (4, 2, 2, 2, 0)
    assert [one.mail_id for one in changes] == [second.id, first.id]
    (flow,) = report.flows
    assert (flow.source, flow.target, flow.mails) == (changes[0].before.route, "refunds", 2)
    assert changes[0].after.tags == ("money",)
    (shift,) = [one for one in changes[0].shifts if one.source == "rule"]
    assert (shift.name, shift.route, shift.before) == ("money", "refunds", None)
    loads = {one.route: (one.before, one.after, one.peak_before, one.peak_after) for one in report.loads}
    assert loads["refunds"] == (0, 2, 0, 1)
    assert sum(one.before for one in report.loads) == sum(one.after for one in report.loads) == 4
    (firing,) = [one for one in report.firings if one.source == "rule"]
    assert (firing.name, firing.before, firing.after) == ("money", 0, 2)
    assert in_words(report) == "2 of 4 mails would go elsewhere. The new rule «money» was found in 2 of 4 mails."


def test_nothing_moves_by_what_is_in_force(house: House) -> None:
    come(house, REFUND, APPEAL)
    for rules in (house.book, book()):
        report, changes = tried(house, rules)
        assert (report.mails, report.moved, changes, report.same) == (2, 0, (), True)
    assert in_words(report) == "The rules that were tried are those in force: nothing would change."


def test_peoples_words_are_held_against_it(house: House) -> None:
    wanted, left, stays = come(house, REFUND, f"{REFUND} Now.", f"{REFUND} Please.")
    say(house, wanted, "refunds")
    say(house, left, "appeals")
    say(house, left, house.store.decisions(left.id)[0].decided)
    say(house, stays, "junk")
    report, changes = tried(house, book(MONEY))
    words = {one.mail_id: (one.said, one.corrected, one.word) for one in changes}
    assert words[wanted.id] == ("refunds", True, "fixed")
    assert words[stays.id] == ("junk", True, "neither")
    assert words[left.id][0] == house.store.decisions(left.id)[0].decided
    assert (report.moved, report.corrected, report.corrected_fixed, report.fixed) == (3, 2, 1, 1)


def test_whoever_goes_where_people_put_it_and_leaves_is_broken(house: House) -> None:
    (mail,) = come(house, f"{APPEAL} Give me my account back, and my money.")
    assert house.store.decisions(mail.id)[0].route == "appeals"
    say(house, mail, None)
    report, (change,) = tried(house, book(MONEY))
    assert (change.word, change.corrected, report.broken, report.corrected) == ("broken", False, 1, 0)
    assert in_words(report) == (
        "1 of 1 mail would go elsewhere. 1 would leave the place where people said that they belong."
        " The new rule «money» was found in 1 of 1 mail."
    )


def test_rules_in_force_may_have_changed_since(house: House) -> None:
    come(house, REFUND)
    house.book = book(MONEY)
    report, changes = tried(house, book(MONEY))
    assert (report.otherwise, report.moved, changes) == (1, 0, ())


def test_an_alarm_that_is_lost_is_told(house: House) -> None:
    (mail,) = come(house, "i want to end my life")
    quiet, _ = compile_rulebook({}, {"p.toml": PHRASES}, [RouteName(r) for r in ROUTES])
    report, changes = tried(house, quiet)
    assert (report.urgent_lost, report.urgent_gained, report.moved) == (1, 0, 0)
    assert [(one.mail_id, one.alarm) for one in changes] == [(mail.id, True)]
    assert in_words(report) == (
        "None of 1 mail would go elsewhere. 1 would lose an urgent signal. The former signal «self-harm» was found in 1 of 1 mail."
    )
    house.book = quiet
    report, _ = tried(house, book())
    assert (report.urgent_lost, report.urgent_gained) == (0, 1)


def test_settings_may_have_changed_since(house: House) -> None:
    come(house, APPEAL)
    report, changes = tried(house, book(), policy=replace(house.policy, default_threshold=0.999))
    assert (report.otherwise, changes) == (1, ()), "by the settings of now it would wait in review"


def test_to_review_and_from_there(house: House) -> None:
    come(house, f"{APPEAL} And money.", REFUND)
    weak = PHRASES.replace("weight = 4.0", "weight = 0.9")
    report, changes = tried(house, book(phrases=weak))
    assert (report.moved, report.to_review, report.from_review) == (1, 1, 0)
    house.book = book(phrases=weak)
    report, changes = tried(house, book())
    assert (report.moved, report.to_review, report.from_review) == (1, 0, 1)
    assert [one.after.route for one in changes] == ["appeals"]


def test_only_mail_of_these_days_and_this_brand_that_the_asker_may_see(house: House) -> None:
    come(house, REFUND)
    house.clock.advance(15 * DAY)
    come(house, REFUND, APPEAL)
    come(house, REFUND, to="help@play.test")
    assert tried(house, book(MONEY))[0].mails == 3
    run = a_run(house, book(MONEY))
    now = house.clock.now() + 1

    def seen(**facts: Any) -> int:
        found = run.run(Asked(days=14, **facts), now)
        assert found is not None
        return found[0].mails

    assert seen(brand=BrandName("play")) == 1
    assert seen(sight=Sight(routes=frozenset({RouteName("appeals")}))) == 1
    assert seen(sight=Sight(brands=frozenset({BrandName("play")}))) == 1
    found = run.run(Asked(days=90), now)
    assert found is not None
    assert found[0].mails == 4


def test_what_is_too_much_is_cut_at_its_newest_and_said(house: House) -> None:
    mails = come(house, REFUND, APPEAL, REFUND)
    report, changes = tried(house, book(MONEY), most=2)
    assert (report.mails, report.cut, report.since) == (2, True, mails[1].received_at)
    assert [one.mail_id for one in changes] == [mails[2].id]
    assert not tried(house, book(MONEY), most=3)[0].cut


def test_all_pages_of_the_list_are_looked_at(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest, "_PAGE", 2)
    come(house, *[REFUND] * 5)
    assert tried(house, book(MONEY))[0].moved == 5


def test_it_tells_how_far_it_is_and_stops_when_told(house: House) -> None:
    come(house, *[REFUND] * 3)
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> bool:
        told.append((done, total))
        return False

    assert a_run(house, book(MONEY), tell=stop).run(Asked(days=14), house.clock.now() + 1) is None
    assert told == [(0, 3)]


def test_what_is_gone_is_counted_and_not_judged(house: House) -> None:
    come(house, REFUND, REFUND)
    store = house.store

    class Erased:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def read(self, ids: Any) -> tuple[Mail, ...]:
            first, *rest = store.read(ids)
            return (replace(first, raw=b""), *rest)

    asked: list[tuple[float, float]] = []

    def gone(_asked: Asked, since: float, until: float) -> int:
        asked.append((since, until))
        return 5

    report, _ = tried(house, book(MONEY), store=Erased(), gone=gone)
    assert (report.mails, report.gone) == (1, 5)
    now = house.clock.now() + 1
    assert asked == [(now - 14 * DAY, now)]


def test_without_mail_it_says_so(house: House) -> None:
    report, changes = tried(house, book(MONEY))
    assert (report.mails, changes) == (0, ())
    assert in_words(report) == "There is no mail of these days to try them on."
    come(house, OTHER)
    assert in_words(tried(house, book(MONEY))[0]) == (
        "Nothing would change: 1 mail judged again. The new rule «money» was found in 0 of 1 mail."
    )


def test_what_is_written_otherwise_is_told_though_nothing_comes_of_it(house: House) -> None:
    come(house, REFUND, OTHER)
    before = book(MONEY)

    def words(rules: str = "") -> str:
        return in_words(tried(house, book(rules), in_force=before)[0])

    assert (
        words(f"{MONEY}priority = 1\n")
        == "Nothing would change: 2 mails judged again. The changed rule «money» was found in 1 of 2 mails, as before."
    )
    assert "The former rule «money» was found in 1 of 2 mails." in words()
    more = "".join(f'[[rule]]\nname = "n{n}"\nwhen = \'subject == "no {n}"\'\ntags = ["n"]\n' for n in range(5))
    assert words(f"{MONEY}{more}").endswith("2 more are written otherwise; 2 of them were found in no mail.")


def test_signals_and_phrases_are_compared_by_what_they_say() -> None:
    phrases = 'route = "refunds"\n[[group]]\nlanguage = "en"\nphrases = ["{}"]\n'
    signal = 'signal = "fire"\n[[group]]\nlanguage = "en"\nphrases = ["it burns"]\n'
    concept = 'concept = "money"\n[[group]]\nlanguage = "en"\nphrases = ["cash"]\n'

    def made(**files: str) -> Rulebook:
        return compile_rulebook({}, files, [RouteName("refunds")])[0]

    one, other = made(a=phrases.format("one"), c=concept), made(b=phrases.format("two"), s=signal)
    assert written_otherwise(one, other) == {("phrases", "refunds"): "changed", ("urgent", "fire"): "new"}
    assert written_otherwise(one, made(z=phrases.format("one"), c=concept.replace("cash", "coins"))) == {}


def test_all_that_matters_is_said_in_words(house: House) -> None:
    report = Report(since=0.0, until=DAY, in_force=("a", "b"), tried=("c", "b"), mails=12_300, moved=41, corrected=3)
    report = replace(report, corrected_fixed=2, fixed=2, broken=1, urgent_gained=4)
    assert in_words(report) == (
        "41 of 12,300 mails would go elsewhere; people had moved 3 of them, and 2 of these would now go where people put them."
        " 1 would leave the place where people said that they belong. 4 would gain an urgent signal."
    )
    assert report.days == 1.0


def test_what_was_left_out_is_remarked() -> None:
    report = Report(since=0.0, until=DAY, in_force=("a", "b"), tried=("c", "b"), mails=50_000)
    assert remarks(report) == ()
    cut, gone, otherwise = remarks(replace(report, cut=True, gone=1, otherwise=3))
    assert "only the newest 50,000" in cut
    assert gone.startswith("1 mail could not be judged again")
    assert otherwise.startswith("3 mails went elsewhere when they came")


def test_facts_are_json(house: House) -> None:
    come(house, REFUND)
    report, (change,) = tried(house, book(MONEY))
    facts = json.loads(json.dumps(report_facts(report)))
    assert (facts["words"], facts["moved"], facts["in_force"]["rules"], facts["same"]) == (
        in_words(report),
        1,
        "",
        False,
    )
    assert facts["flows"][0]["target"] == "refunds"
    facts = json.loads(json.dumps(change_facts(change)))
    assert (facts["mail_id"], facts["moved"], facts["word"], facts["after"]["tags"]) == (
        change.mail_id,
        True,
        "",
        ["money"],
    )
