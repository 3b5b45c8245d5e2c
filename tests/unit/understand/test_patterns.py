"""Several patterns in one pass say what each alone would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.understand import patterns
from postroom.understand.patterns import Signs

SOURCES = {"year": r"(?:19|20)\d\d", "end": r"end$", "any": "", "greeting": r"(?i)^hello|^hallo", "mark": r"[<(]@"}


@given(st.text(alphabet="hHelo20199<(@endEND \n", max_size=30))
def test_signs_are_found_as_each_pattern_alone_finds_them(text: str) -> None:
    alone = {name for name, source in SOURCES.items() if patterns.pattern(source).search(text) is not None}
    assert Signs(SOURCES).of(text) == alone


def test_an_automaton_that_ran_out_of_memory_is_noticed() -> None:
    class Exhausted:
        def Match(self, text: str) -> list[int]:
            return []

    signs = Signs(SOURCES)
    signs._together = Exhausted()
    assert signs.of("Hello (@ 2026") == {"greeting", "mark", "year", "any"}


def test_a_pattern_is_compiled_once_and_not_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    real = patterns.re2.compile
    monkeypatch.setattr(
        patterns.re2, "compile", lambda source, options: compiled.append(source) or real(source, options)
    )
    digits = patterns.pattern(r"\d+")
    assert compiled == []
    assert digits.search("room 12")[0] == digits.sub("", "12") + "12"
    assert compiled == [r"\d+"]
