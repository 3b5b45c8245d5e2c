"""A test looks at what its asker may see, and is read by those who see as much."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.store.backtests import SqliteBacktests
from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.lists import SqliteViews
from postroom.adapters.store.sqlite import SqliteStore
from postroom.flow.trials import Trials
from postroom.model.backtest import Backtest, TestNumber, Which
from postroom.model.errors import Refused
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import ALL, Sight, User, UserName
from postroom.testing.backtests_contract import a_change, a_report, mails

SHOP, GAMES = BrandName("shop"), BrandName("games")
ROOT = User(name=UserName("root"), role="admin")
LEA = User(name=UserName("lea"), role="lead", brands=(SHOP,))
NOW = 1_800_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(tmp_path / "postroom.db")
    yield opened
    opened.close()


@pytest.fixture
def trials(store: SqliteStore) -> Trials:
    return Trials(backtests=SqliteBacktests(store.units), views=SqliteViews(store.units), brands=(SHOP, GAMES))


def done(store: SqliteStore, trials: Trials, count: int) -> Backtest:
    """One of root's that came to changes of so many mails."""
    ids = [mail.id for mail in mails(store, count)]
    number = trials.ask(ROOT, 14, "", 0, NOW)
    runs = SqliteBacktests(store.units)
    runs.begin(NOW)
    runs.finish(number, a_report(), [a_change(one) for one in ids], NOW)
    found = trials.one(number, ALL)
    assert found is not None
    return found


def test_it_is_asked_for_with_the_askers_eyes(store: SqliteStore, trials: Trials) -> None:
    number = trials.ask(LEA, 30, "shop", 7, NOW)
    found = trials.one(number, ALL)
    assert found is not None
    asked = found.asked
    assert (asked.days, asked.brand, asked.draft, asked.by, asked.sight, asked.at) == (
        30,
        SHOP,
        7,
        "lea",
        LEA.sight,
        NOW,
    )
    (deed,) = SqliteJournal(store.units).deeds()
    assert (deed.by, deed.what, deed.to, deed.detail) == (
        "lea",
        "backtest-asked",
        str(number),
        "draft 7, 30 days of shop",
    )


@pytest.mark.parametrize(
    ("days", "brand", "said"),
    [(0, "", "1 to 90"), (91, "", "1 to 90"), (14, "games", "there is no brand 'games'"), (14, "x", "Known: shop$")],
)
def test_what_can_not_be_asked_for(trials: Trials, days: int, brand: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        trials.ask(LEA, days, brand, 0, NOW)
    assert trials.all(ALL) == ()


def test_whoever_sees_less_finds_no_such_test(trials: Trials) -> None:
    number = trials.ask(ROOT, 14, "games", 0, NOW)
    assert [one.number for one in trials.all(ALL)] == [number]
    assert trials.all(LEA.sight) == ()
    assert trials.one(number, LEA.sight) is None
    assert trials.one(TestNumber(number + 1), ALL) is None
    assert not trials.cancel(LEA, number, NOW)
    assert trials.cancel(ROOT, number, NOW)
    assert not trials.cancel(ROOT, number, NOW)


def test_a_colleague_with_the_same_eyes_reads_and_cancels(store: SqliteStore, trials: Trials) -> None:
    number = trials.ask(LEA, 14, "", 0, NOW)
    other = replace(LEA, name=UserName("leo"))
    assert trials.one(number, other.sight) is not None
    assert trials.cancel(other, number, NOW)
    newest, _ = SqliteJournal(store.units).deeds()
    assert (newest.by, newest.what, newest.to) == ("leo", "backtest-cancelled", str(number))


def test_changes_are_paged_with_their_mails(store: SqliteStore, trials: Trials) -> None:
    test = done(store, trials, 5)
    first, after = trials.page(test, ALL, Which(), limit=3)
    second, end = trials.page(test, ALL, Which(), after=after, limit=3)
    assert [one.place for one in (*first, *second)] == [1, 2, 3, 4, 5]
    assert (after, end) == (3, 0)
    assert all(one.row.id == one.change.mail_id for one in first)
    assert [one.place for one in trials.every(test, ALL, Which())] == [1, 2, 3, 4, 5]


def test_a_mail_that_lies_elsewhere_by_now_is_not_shown(store: SqliteStore, trials: Trials) -> None:
    test = done(store, trials, 2)
    refunds = Sight(routes=frozenset({RouteName("refunds")}))
    assert trials.page(test, refunds, Which()) == ((), 0)
    assert list(trials.every(test, refunds, Which())) == []


def test_all_are_found_however_many(store: SqliteStore, trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    test = done(store, trials, 500)
    assert len(list(trials.every(test, ALL, Which(kind="moved")))) == 500
