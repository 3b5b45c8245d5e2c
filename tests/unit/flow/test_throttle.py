"""A guesser is slowed down, a person is never shut out by one."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from postroom.flow.throttle import Throttle, TooOften, network

NOW = 1_800_000_000.0
HERE = "192.0.2.1"


def fail(throttle: Throttle, name: str = "ada", ip: str = HERE, now: float = NOW, *, known: bool = False) -> float:
    """Try and fail: 0, or the pause that it was told."""
    try:
        throttle.take(name, ip, now, known=known)
    except TooOften as told:
        return told.pause
    return 0.0


def stranger(number: int) -> str:
    return f"203.0.{number // 250}.{number % 250}"


def test_after_five_failures_pauses_double_up_to_an_hour() -> None:
    throttle, now = Throttle(), NOW
    assert [fail(throttle) for _ in range(5)] == [0.0] * 5
    pauses = []
    for _ in range(12):
        pauses.append(pause := fail(throttle, now=now))
        now += pause
        assert fail(throttle, now=now) == 0, "the pause is over"
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]


def test_asking_during_a_pause_makes_it_no_longer() -> None:
    throttle = Throttle()
    for _ in range(5):
        fail(throttle)
    assert [fail(throttle, now=NOW + second) for second in (0, 4, 9.5)] == [10, 6, 0.5]
    assert fail(throttle, now=NOW + 10) == 0


def test_no_number_of_tries_at_once_gets_past() -> None:
    throttle = Throttle()
    with ThreadPoolExecutor(8) as pool:
        pauses = list(pool.map(lambda _: fail(throttle), range(80)))
    assert pauses.count(0.0) == 5


def test_the_pause_is_told_in_words() -> None:
    told = [str(TooOften(pause)) for pause in (0.2, 1.0, 1.01, 90, 91, 3600)]
    said = [text.removeprefix("too many failed tries: wait ").removesuffix(", then try again") for text in told]
    assert said == ["1 second", "1 second", "2 seconds", "90 seconds", "2 minutes", "60 minutes"]


def test_a_name_is_one_in_whatever_case_and_others_are_not_touched() -> None:
    throttle = Throttle()
    for name in ("ada", "ADA", "Ada", "aDa", "adA"):
        fail(throttle, name)
    assert fail(throttle, "ada") == 10
    assert fail(throttle, "eva") == 0


def test_strangers_lock_nobody_out() -> None:
    """Ada's name is tried from thousands of addresses; she signs in from a new one of hers, and from where she is known."""
    throttle = Throttle()
    for number in range(3000):
        fail(throttle, ip=stranger(number))
    assert fail(throttle, ip=stranger(2999)) > 0, "each of them gets one try now"
    assert fail(throttle, ip="198.51.100.7") == 0
    assert fail(throttle, ip="198.51.100.7") == 10
    assert [fail(throttle, ip="198.51.100.8", known=True) for _ in range(6)] == [0] * 5 + [10]


def test_a_siege_is_forgotten_an_hour_after_the_last_failure() -> None:
    throttle = Throttle()
    for number in range(30):
        fail(throttle, ip=stranger(number))
    assert fail(throttle, ip=stranger(99), now=NOW) == 0
    assert fail(throttle, ip=stranger(99), now=NOW) == 10
    assert [fail(throttle, ip=stranger(100), now=NOW + 3601) for _ in range(5)] == [0] * 5


def test_one_password_on_many_names_stops_an_address() -> None:
    throttle = Throttle()
    assert [fail(throttle, f"user{number}") for number in range(50)] == [0] * 50
    assert fail(throttle, "user99") == 10
    assert fail(throttle, "user99", known=True) == 0, "a colleague who is signed in there"
    assert fail(throttle, "user99", ip="192.0.2.2") == 0
    now, longest = NOW, 0.0
    for _ in range(30):
        now += (pause := fail(throttle, f"user{now}", now=now))
        longest = max(longest, pause)
        fail(throttle, f"user{now}", now=now)
    assert longest == 600
    assert fail(throttle, "user1", now=now + 3600) == 0


def test_a_right_password_forgives_what_was_mistyped_there_and_nothing_else() -> None:
    throttle = Throttle()
    for _ in range(4):
        fail(throttle)
    fail(throttle)
    throttle.give_back("ADA", HERE, right=True)
    assert [fail(throttle) for _ in range(6)] == [0] * 5 + [10]


def test_a_guesser_does_not_wipe_out_his_failures_with_an_account_of_his_own() -> None:
    throttle = Throttle()
    pauses = []
    for number in range(60):
        pauses.append(fail(throttle, f"user{number}"))
        try:
            throttle.take("mallory", HERE, NOW, known=False)
        except TooOften:
            continue
        throttle.give_back("mallory", HERE, right=True)
    assert pauses.count(0.0) <= 50
    assert pauses[-1] > 0


def test_a_try_that_was_not_made_does_not_count() -> None:
    throttle = Throttle()
    for _ in range(4):
        fail(throttle)
    for _ in range(9):
        fail(throttle)
        throttle.give_back("ada", HERE, right=False)
    assert [fail(throttle), fail(throttle)] == [0, 10]
    throttle.give_back("nobody", "198.51.100.9", right=False)


def test_failures_are_forgotten_after_a_day() -> None:
    throttle = Throttle()
    for _ in range(5):
        fail(throttle)
    assert [fail(throttle, now=NOW + 86_400) for _ in range(6)] == [0] * 5 + [10]


def test_a_clock_that_is_set_back_makes_no_pause_longer() -> None:
    throttle = Throttle()
    for _ in range(5):
        fail(throttle)
    assert fail(throttle, now=NOW - 1e6) == 10


def test_no_number_of_failures_overflows() -> None:
    throttle, now = Throttle(), NOW
    for _ in range(2000):
        now += fail(throttle, now=now)
        fail(throttle, now=now)
    assert fail(throttle, now=now) == 3600


def test_memory_is_bounded() -> None:
    throttle = Throttle(most=10)
    for _ in range(5):
        fail(throttle, "ada")
    for number in range(8):
        fail(throttle, f"user{number}" * 1000, stranger(number))
    assert fail(throttle, "ada") == 10
    for number in range(100, 120):
        fail(throttle, f"user{number}", stranger(number))
    assert fail(throttle, "ada") == 0, "the one that failed longest ago is forgotten"
    assert [len(one._found) for one in (throttle._pairs, throttle._addresses, throttle._names)] == [10] * 3


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2345:6:7:8:9", "2001:db8:1:2300::/56"),
        ("2001:db8:1:23ff::1", "2001:db8:1:2300::/56"),
        ("2001:db8:1:2400::1", "2001:db8:1:2400::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", ""),
        ("unix:" + "x" * 99, "unix:" + "x" * 59),
    ],
)
def test_what_counts_as_one_address(ip: str, expected: str) -> None:
    assert network(ip) == expected
