"""Pauses, probes and age."""

from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.retry import Patience, may_go, next_attempt, next_probe, too_old
from postroom.model.mail import DestinationName, MailId
from postroom.model.work import Job, JobId, Lane

PATIENCE = Patience(first=30.0, longest=3600.0, max_age=432_000.0, min_tries=5, probe=10.0)


def a_job(tries: int, created_at: float = 0.0) -> Job:
    return Job(
        id=JobId(1),
        kind="deliver",
        mail_id=MailId("m"),
        generation=1,
        destination=DestinationName("desk"),
        attempt=1,
        created_at=created_at,
        tries=tries,
    )


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_double_up_to_the_longest_and_are_spread(tries: int, chance: float) -> None:
    pause = next_attempt(tries, 1000.0, PATIENCE, lambda: chance) - 1000.0
    wanted = min(30.0 * 2.0 ** min(tries - 1, 30), 3600.0)
    assert 0.8 * wanted - 1e-6 <= pause <= 1.2 * wanted + 1e-6


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_probes_never_stop_and_never_storm(failures: int, chance: float) -> None:
    pause = next_probe(failures, 1000.0, PATIENCE, lambda: chance) - 1000.0
    assert 8.0 <= pause <= 1.2 * 3600.0


def test_age_alone_parks_nothing() -> None:
    assert not too_old(a_job(tries=0), 1e9, PATIENCE)
    assert not too_old(a_job(tries=3), 1e9, PATIENCE)
    assert too_old(a_job(tries=4), 432_001.0, PATIENCE)
    assert not too_old(a_job(tries=40), 431_999.0, PATIENCE)


def test_a_lane_rests_until_its_probe() -> None:
    lane = Lane(destination=DestinationName("desk"), down=True, probe_at=100.0, failures=1, error="")
    assert may_go(None, 0.0) is None
    assert may_go(lane, 99.0) == 0
    assert may_go(lane, 100.0) == 1
