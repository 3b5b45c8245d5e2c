"""Passwords as argon2id hashes, with so little work that tests don't wait."""

import threading
import time

import pytest
from argon2 import extract_parameters
from argon2.exceptions import HashingError, VerificationError
from argon2.low_level import error_to_str

from postroom.adapters.passwords import Argon2Passwords
from postroom.model.errors import TryLater


def quick(**changes: int | float) -> Argon2Passwords:
    return Argon2Passwords(**({"time_cost": 1, "memory_kib": 64, "parallelism": 1} | changes))  # type: ignore[arg-type]


def test_a_hash_is_of_one_password_and_no_two_are_alike() -> None:
    passwords = quick()
    kept = passwords.hash("pässword \x00 one")
    assert kept.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert passwords.hash("pässword \x00 one") != kept
    assert passwords.matches("pässword \x00 one", kept)
    assert not passwords.matches("pässword \x00 two", kept)
    assert not passwords.matches("pässword ", kept)
    assert not passwords.matches("", kept)
    assert not passwords.matches(kept, kept)


def test_a_hash_of_other_parameters_is_still_known() -> None:
    kept = quick(memory_kib=128, time_cost=2).hash("one")
    assert quick().matches("one", kept)


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "one",
        "$argon2id$",
        "$argon2id$é",
        "$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA",
        "$argon2id$v=19$m=64,t=1,p=1$!!!!$!!!!",
        "$argon2id$v=19$m=a,t=1,p=1$AAAA$AAAA",
        "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAA",
        "$2b$12$abcdefghijklmnopqrstuv",
    ],
)
def test_what_is_no_hash_matches_nothing_and_is_not_weak(kept: str) -> None:
    passwords = quick()
    assert not passwords.matches("one", kept)
    assert not passwords.matches("", kept)
    assert not passwords.is_weak(kept)


def test_a_name_that_nobody_has_takes_as_long_as_one_that_somebody_has() -> None:
    passwords = Argon2Passwords(time_cost=2, memory_kib=8192, parallelism=1)
    kept = passwords.hash("one")

    def took(hashed: str) -> float:
        """CPU seconds of the quickest of some: what else the machine does is no part of it."""
        times = []
        for _ in range(7):
            begun = time.thread_time()
            passwords.matches("two", hashed)
            times.append(time.thread_time() - begun)
        return min(times)

    known, unknown = took(kept), took("")
    assert 0.7 < known / unknown < 1.4


def test_by_default_hashes_are_the_second_choice_of_rfc_9106() -> None:
    kept = Argon2Passwords().hash("one")
    found = extract_parameters(kept)
    assert (found.memory_cost, found.time_cost, found.parallelism, found.salt_len, found.hash_len) == (
        65_536,
        3,
        4,
        16,
        32,
    )
    assert not Argon2Passwords().is_weak(kept)


def test_a_hash_is_weak_when_it_took_less_work() -> None:
    kept = quick(memory_kib=128, time_cost=2).hash("one")
    assert quick(memory_kib=128, time_cost=3).is_weak(kept)
    assert quick(memory_kib=512, time_cost=1).is_weak(kept)
    assert not quick(memory_kib=256, time_cost=1).is_weak(kept)
    assert not quick().is_weak(kept), "going back keeps what is stronger"


def test_more_at_once_than_there_is_room_for_are_told_to_come_again() -> None:
    passwords = quick(at_once=1, patience=0.0)
    inside, leave = threading.Event(), threading.Event()

    class Slow:
        def verify(self, kept: str, password: str) -> bool:
            inside.set()
            assert leave.wait(30)
            return True

    passwords._hasher = Slow()  # type: ignore[assignment]
    answers: list[bool] = []
    other = threading.Thread(target=lambda: answers.append(passwords.matches("one", "")))
    other.start()
    assert inside.wait(30)
    with pytest.raises(TryLater, match="at once"):
        passwords.matches("one", "")
    with pytest.raises(TryLater, match="at once"):
        passwords.hash("one")
    leave.set()
    other.join()
    assert answers == [False]
    assert not passwords.matches("one", ""), "there is room again"


def test_without_memory_it_is_not_the_passwords_fault() -> None:
    passwords = quick()
    kept = passwords.hash("one")

    class Full:
        memory_cost = time_cost = 1

        def verify(self, kept: str, password: str) -> bool:
            raise VerificationError(error_to_str(-22))

        def hash(self, password: str) -> str:
            raise HashingError(error_to_str(-33))

    working, passwords._hasher = passwords._hasher, Full()  # type: ignore[assignment]
    for _ in range(3):
        with pytest.raises(TryLater):
            passwords.matches("one", kept)
        with pytest.raises(TryLater):
            passwords.hash("one")
    passwords._hasher = working
    assert passwords.matches("one", kept), "room was given back"
