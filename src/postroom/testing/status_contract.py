"""What every provider of account status must do, as tests that run on any adapter.

    class TestMyProvider(StatusContract):
        @pytest.fixture
        def rig(self, tmp_path: Path) -> Iterator[StatusRig]:
            ...

A rig is the provider together with what it must know, and a way to break what it asks.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from postroom.model.errors import TryLater
from postroom.model.judgement import AccountStatus
from postroom.ports import StatusProvider

HOSTILE_ADDRESSES = (
    "",
    "@",
    "no address at all",
    "a@b@c@example.com",
    '"quoted, with \\" and @"@example.com',
    "line\r\nend: x@example.com",
    "nul\0@example.com",
    "lone\udcffsurrogate@example.com",
    "ünïcode@exämple.com",
    "x@xn--exmple-cua.com",
    "=?utf-8?q?x=40example.com?=",
    "long" * 1000 + "@example.com",
    "{}[],\"':;=@example.com",
)
"""Addresses that mail has had, and a provider must not stumble over."""


@dataclass(frozen=True, kw_only=True)
class StatusRig:
    """A provider to put to the test."""

    provider: StatusProvider
    #: what it knows, by address in lower case; it knows no other
    knows: Mapping[str, AccountStatus]
    #: take away, or make useless, what it asks; None where nothing can fail
    break_: Callable[[], None] | None = None


class StatusContract:
    """Subclass it and give it a fixture ``rig``."""

    @pytest.fixture
    def rig(self) -> StatusRig:
        """The provider; each test has its own."""
        raise NotImplementedError

    def test_it_says_what_it_knows_one_answer_for_each_address_in_their_order(self, rig: StatusRig) -> None:
        """Also where an address is asked for twice, or has another case."""
        known = list(rig.knows)
        asked = [*known, "stranger@nowhere.example", *reversed(known), *(address.upper() for address in known)]
        said = rig.provider.statuses(asked, 10.0)
        states = [rig.knows[address] for address in known]
        assert list(said) == [*states, AccountStatus(), *reversed(states), *states]
        assert list(rig.provider.statuses(asked, 10.0)) == list(said), "asked again, it says the same"

    def test_nobody_is_asked_for_nothing(self, rig: StatusRig) -> None:
        """An empty batch."""
        assert list(rig.provider.statuses([], 10.0)) == []

    def test_any_text_may_be_asked_for(self, rig: StatusRig) -> None:
        """And spoils no other answer of its batch."""
        known = list(rig.knows)
        said = rig.provider.statuses([*HOSTILE_ADDRESSES, *known], 10.0)
        assert list(said) == [AccountStatus()] * len(HOSTILE_ADDRESSES) + [rig.knows[address] for address in known]

    def test_a_large_batch(self, rig: StatusRig) -> None:
        """As many as any worker claims at once, and more."""
        known = list(rig.knows)
        said = rig.provider.statuses([*(f"stranger{n}@nowhere.example" for n in range(3000)), *known], 30.0)
        assert list(said) == [AccountStatus()] * 3000 + [rig.knows[address] for address in known]

    def test_no_time_is_no_reason_to_raise(self, rig: StatusRig) -> None:
        """A deadline that is over."""
        for deadline in (0.0, -1.0):
            began = time.monotonic()
            assert len(rig.provider.statuses(["a@example.com", *rig.knows], deadline)) == 1 + len(rig.knows)
            assert time.monotonic() - began < 5.0

    def test_several_threads_ask_at_once(self, rig: StatusRig) -> None:
        """Each gets what is known, or unknown; never another's."""
        known = list(rig.knows)
        with ThreadPoolExecutor(4) as threads:
            for address, said in threads.map(lambda a: (a, rig.provider.statuses([a], 10.0)), known * 20):
                assert list(said) in ([rig.knows[address]], [AccountStatus()])

    def test_its_check_is_a_sentence(self, rig: StatusRig) -> None:
        """While all is well."""
        assert rig.provider.check()

    def test_when_it_can_not_be_asked_the_state_is_unknown_or_as_before(self, rig: StatusRig) -> None:
        """Never an exception; and a check says so."""
        if rig.break_ is None:
            pytest.skip("nothing can fail")
        rig.break_()
        began = time.monotonic()
        said = rig.provider.statuses(list(rig.knows), 1.0)
        assert time.monotonic() - began < 5.0
        for status, known in zip(said, rig.knows.values(), strict=True):
            assert status in (AccountStatus(), known)
        with pytest.raises(TryLater):
            rig.provider.check()
