"""Patterns that mail comes by are linear: no repetition of what they look for takes the square of its length.

Each is tried as it is used, searched for or matched at a place. Patterns of RE2 (`patterns.pattern`) are linear by themselves.
"""

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from postroom.decide.folding import fold_words
from postroom.understand.html import to_text
from tests.unit.understand import pace

#: only ever matched at a place
MATCHED = frozenset(
    ["addresses._CERTAIN", "addresses._SIMPLE", "authenticity._PATH", "body._HTML_START", "headers._FIELD", "html_sheets._COMPOUND", "html_styles._LENGTH", "html_styles._SENSE", "results._TORN", "kind._DMARC_SUBJECT", "spam._NUMBER", "spam._RSPAMD", "spam._STATUS", "trace._FROM"]
)  # fmt: skip
#: how many characters it is given at most, and seconds from which on they are suspect
GIVEN = {"references._BARE": (1000, 0.01)}
#: for the files of those who run the house
TRUSTED = frozenset(["problems._TOKENS"])
LENGTH = 4000
SUSPECT = 0.004
PUMPS = ("a", "0", " ", "\n", "<a", "a ", "0.", "a@", 'a"', "\\a", " \n")


def patterns() -> Iterator[tuple[str, tuple[re.Pattern, ...]]]:
    for package in ("understand", "decide", "model", "adapters.intake"):
        for found in pkgutil.iter_modules(importlib.import_module(f"postroom.{package}").__path__):
            for name, value in vars(importlib.import_module(f"postroom.{package}.{found.name}")).items():
                held = value.values() if isinstance(value, dict) else [value]
                if all_of := tuple([one for one in held if isinstance(one, re.Pattern)]):
                    yield f"{found.name}.{name}", all_of


PATTERNS = {name: held for name, held in patterns() if name not in TRUSTED}


def trials(pattern: re.Pattern) -> Iterator[tuple[str, str, str]]:
    """What to repeat, and what stands before and after it."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode()
    signs = sorted({char for char in source if char.isprintable() and not char.isalnum()})
    # of hundreds beyond ASCII, which are members of one class, some stand for all
    plain = [char for char in signs if char.isascii()]
    others = signs[len(plain) :]
    return product([*plain, *others[:: len(others) // 20 + 1], *PUMPS], ["", "<"], ["", "!", " x", "\n"])


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


@pytest.mark.parametrize("name", PATTERNS)
def test_no_repetition_makes_a_pattern_slow(name: str) -> None:
    length, suspect = GIVEN.get(name, (LENGTH, SUSPECT))

    def reading(pattern: re.Pattern, pump: str, begin: str, end: str, length: int) -> float:
        text = begin + pump * (length // len(pump)) + end
        given = text if isinstance(pattern.pattern, str) else text.encode()
        return seconds(lambda: pattern.match(given) if name in MATCHED else list(pattern.finditer(given)))

    for pattern in PATTERNS[name]:
        for trial in trials(pattern):
            if reading(pattern, *trial, length) > suspect:
                # four times as much takes four times as long, not sixteen times
                short, long = (min(reading(pattern, *trial, n) for _ in range(3)) for n in (length // 4, length))
                assert long < suspect or long < 8 * short, trial


@pytest.mark.parametrize("pump", ["0", "3", "a0", "0a", "5 ", "0\u0301", "4а"])
def test_no_repetition_makes_folding_slow(pump: str) -> None:
    text = pump * (40_000 // len(pump))
    assert pace.within(4, lambda: to_text(pace.HTML), lambda: fold_words(text))
