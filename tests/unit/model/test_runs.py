"""Normalising what was cut here takes time in proportion to the text, and no word of any script loses a letter."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.model.runs import LONGEST_RUN, with_short_runs


@pytest.mark.parametrize(
    "run", ["\u0301\u0323", "\u0e38\u0e48\u0e3a", "\u0344\u0f73\u0f81", "\u0301\uff9e", "\u05b0\u0591\u0307"]
)
def test_a_run_of_marks_is_cut_after_its_thirtieth(run: str) -> None:
    text = f"a{run * 1000}b"
    assert with_short_runs(text) == f"a{(run * LONGEST_RUN)[:LONGEST_RUN]}b"


@pytest.mark.parametrize(
    "text", ["Việt Nam", "สวัสดีครับ น้ำใจ", "שָׁלוֹם", "हिन्दी में", "Ich bin müde", "😀😀😀 ok", "ｶﾞｷﾞｸﾞ", "plain"]
)
def test_what_people_write_stays(text: str) -> None:
    for form in ("NFC", "NFD", "NFKD"):
        assert with_short_runs(unicodedata.normalize(form, text)) == unicodedata.normalize(form, text)  # type: ignore[arg-type]


@given(st.text(st.sampled_from("ab \u0301\u0323\u0e38\u0e48\u0344\uff9e\uff9f\u3099é。😀"), max_size=400))
def test_no_text_is_left_with_a_long_run_after_normalisation(text: str) -> None:
    short = with_short_runs(text)
    assert with_short_runs(short) == short
    longest = run = 0
    for char in unicodedata.normalize("NFKD", short):
        run = run + 1 if unicodedata.combining(char) else 0
        longest = max(longest, run)
    assert longest <= 3 * LONGEST_RUN, "one character becomes at most three marks"
