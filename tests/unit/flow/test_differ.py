"""What differs between two texts."""

import time

from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.differ import Line, differences

LINES = st.lists(st.sampled_from(["", "a", "b", "c", "[[rule]]"]), max_size=12)


def test_equal_texts_do_not_differ() -> None:
    assert differences("a\nb\n", "a\nb\n") == ()


def test_lines_are_told_with_their_numbers_and_some_around() -> None:
    before = "\n".join("0123456789")
    found = differences(before, before.replace("5", "five"), around=1)
    assert found == (
        Line(mark="gap", text="4"),
        Line(mark="same", before=5, after=5, text="4"),
        Line(mark="removed", before=6, text="5"),
        Line(mark="added", after=6, text="five"),
        Line(mark="same", before=7, after=7, text="6"),
        Line(mark="gap", text="3"),
    )


def test_equal_lines_within_what_differs_stay() -> None:
    marks = [one.mark for one in differences("a\nx\nb\ny\nc", "a\nX\nb\nY\nc")]
    assert marks == ["same", "removed", "added", "same", "removed", "added", "same"]


@given(old=LINES, new=LINES)
def test_both_texts_can_be_told_from_it(old: list[str], new: list[str]) -> None:
    found = differences("\n".join(old), "\n".join(new), around=100)
    if found:
        assert [one.text for one in found if one.mark in ("same", "removed")] == "\n".join(old).splitlines()
        assert [one.text for one in found if one.mark in ("same", "added")] == "\n".join(new).splitlines()
        assert [one.before for one in found if one.before] == list(range(1, len("\n".join(old).splitlines()) + 1))
        assert [one.after for one in found if one.after] == list(range(1, len("\n".join(new).splitlines()) + 1))


def test_texts_of_many_lines_take_no_time() -> None:
    begun = time.process_time()
    found = differences("same\n" + "a\nb\n" * 50_000 + "end", "same\n" + "b\na\n" * 50_000 + "end")
    assert time.process_time() - begun < 5
    assert [one.mark for one in found[:2]] == ["same", "removed"]
    assert found[-1].text == "end"
