"""Long texts, a piece at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from postroom.web.pieces import piece

#: the most bytes that a character takes in a page: & as an entity
WIDEST = 5


def weight(text: str) -> int:
    return len(escape(text).encode("utf-8", "replace"))


def pieces(text: str, most: int) -> list[str]:
    found, at = [], 0
    while at < len(text):
        end = piece(text, most, at)
        found.append(text[at:end])
        at = end
    return found


@given(
    text=st.text(alphabet=st.one_of(st.sampled_from('&<" \nab'), st.characters()), max_size=300),
    most=st.integers(WIDEST, 80),
)
def test_all_of_a_text_comes_and_no_piece_is_too_heavy(text: str, most: int) -> None:
    found = pieces(text, most)
    assert "".join(found) == text
    assert all(0 < weight(one) <= most for one in found)


def test_a_piece_ends_at_a_line_or_a_word() -> None:
    word = "a" * 19
    assert pieces(f"{word} bbbb", 21) == [f"{word} ", "bbbb"]
    assert pieces(f"{word}\nb bb", 21) == [f"{word}\n", "b bb"]
    assert pieces(f"a {word} bb", 20) == [f"a {word[:18]}", "a bb"]


@pytest.mark.parametrize(
    ("text", "most", "start", "end"), [("", 10, 0, 0), ("abc", 10, 0, 3), ("abc", 10, 3, 3), ("&&", 1, 0, 1)]
)
def test_its_ends(text: str, most: int, start: int, end: int) -> None:
    assert piece(text, most, start) == end


def test_what_weighs_much_is_cut_soon() -> None:
    text = "&" * 1_000_000
    assert 7_000 < piece(text, 40_000) <= 8_000
