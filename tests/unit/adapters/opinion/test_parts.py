"""Budget, breaker and cache, each alone, with clocks that move by hand."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.opinion.breaker import Breaker
from postroom.adapters.opinion.budget import Budget
from postroom.adapters.opinion.cache import Cache, key_of
from postroom.model.mail import RouteName
from postroom.ports import Question
from postroom.testing.clock import ManualClock

APPEALS, REFUNDS = RouteName("appeals"), RouteName("refunds")


def test_a_budget_is_shared_by_all_who_have_its_file_and_ends_with_the_day(tmp_path: Path) -> None:
    clock = ManualClock()
    budgets = [Budget(tmp_path / "b", requests=100, tokens=10**9, clock=clock.now) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: budgets[n % 4].take(10), range(150)))
    assert sum(taken) == 100
    assert not budgets[0].take(0)
    clock.advance(86_400)
    assert budgets[1].take(10)


def test_tokens_that_are_more_than_is_left_are_not_taken(tmp_path: Path) -> None:
    budget = Budget(tmp_path / "b", requests=10, tokens=100, clock=lambda: 0.0)
    assert [budget.take(tokens) for tokens in (60, 41, 40, 1)] == [True, False, True, False]


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"day": "x"}', b"{" * 9000])
def test_a_damaged_count_begins_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b").write_bytes(content)
    budget = Budget(tmp_path / "b", requests=1, tokens=9, clock=lambda: 0.0)
    assert [budget.take(1), budget.take(1)] == [True, False]


def test_where_nothing_can_be_counted_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not Budget(tmp_path / "missing" / "b", requests=1, tokens=9, clock=lambda: 0.0).take(1)

    def no_locks(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("postroom.adapters.opinion.budget.fcntl.flock", no_locks)
    assert not Budget(tmp_path / "b", requests=1, tokens=9, clock=lambda: 0.0).take(1)


def test_the_file_of_a_budget_is_its_owners_alone(tmp_path: Path) -> None:
    Budget(tmp_path / "b", requests=1, tokens=9, clock=lambda: 0.0).take(1)
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600


def test_a_breaker_opens_probes_once_and_closes() -> None:
    clock = ManualClock()
    breaker = Breaker(clock.monotonic, failures=2)
    assert breaker.enter()
    assert breaker.failed() == ""
    assert breaker.enter()
    assert breaker.answered() == ""
    assert [breaker.failed(), breaker.failed()] == ["", "opened"]
    assert breaker.failed() == "", "one that was under way"
    assert breaker.open
    assert not breaker.enter()
    clock.advance(30)
    assert not breaker.open
    assert breaker.enter()
    assert not breaker.enter(), "one probe"
    assert breaker.failed() == ""
    clock.advance(59)
    assert not breaker.enter(), "the pause has doubled"
    clock.advance(1)
    assert breaker.enter()
    breaker.neither()
    assert breaker.enter(), "the probe that learnt nothing lets another go"
    assert breaker.answered() == "closed"
    assert breaker.enter()
    assert breaker.enter()


def test_a_pause_that_is_asked_for_opens_at_once_and_is_bounded() -> None:
    clock = ManualClock()
    breaker = Breaker(clock.monotonic)
    assert breaker.failed(10**9) == "opened"
    clock.advance(901)
    assert breaker.enter()


def test_pauses_grow_to_a_quarter_of_an_hour() -> None:
    clock = ManualClock()
    breaker = Breaker(clock.monotonic, failures=1)
    breaker.failed()
    for _ in range(20):
        clock.advance(900)
        assert breaker.enter()
        breaker.failed()
    clock.advance(900)
    assert breaker.enter()


def test_a_cache_forgets_the_old_and_what_is_asked_for_least() -> None:
    clock = ManualClock()
    cache = Cache(clock.monotonic, most=2, age=10.0)
    cache.put(b"a", APPEALS)
    cache.put(b"b", REFUNDS)
    assert cache.get(b"a") == APPEALS
    cache.put(b"c", APPEALS)
    assert (cache.get(b"a"), cache.get(b"b"), cache.get(b"c")) == (APPEALS, None, APPEALS)
    clock.advance(11)
    assert cache.get(b"a") is None
    cache.put(b"a", REFUNDS)
    assert cache.get(b"a") == REFUNDS


def test_a_cache_is_used_by_many_at_once() -> None:
    cache = Cache(lambda: 0.0, most=5)
    errors: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for n in range(500):
                cache.put(bytes([(seed * n) % 20]), APPEALS)
                assert cache.get(bytes([n % 20])) in {APPEALS, None}
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(cache._answers) == 5


@given(st.text(), st.lists(st.sampled_from(["appeals", "refunds", "general"]), unique=True), st.text(max_size=5))
def test_other_questions_and_models_have_other_keys(text: str, routes: list[str], model: str) -> None:
    asked = Question(text=text, routes=tuple(map(RouteName, routes)))
    keys = {
        key_of(asked, model),
        key_of(asked, f"{model}2"),
        key_of(Question(text=f"{text}.", routes=asked.routes), model),
        key_of(Question(text=text, routes=(*asked.routes, RouteName("x"))), model),
    }
    assert len(keys) == 4
    assert key_of(asked, model) in keys
