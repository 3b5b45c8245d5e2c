"""Every dialogue in tests/dialogues, whole and octet by octet: the same replies however the bytes were cut."""

from pathlib import Path

import pytest

from postroom.testing.smtp_dialogue import play

DIALOGUES = sorted((Path(__file__).parents[3] / "dialogues").glob("*.txt"))


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
@pytest.mark.parametrize("whole", [True, False], ids=["groups", "octets"])
def test_the_dialogue_goes_as_written(path: Path, whole: bool) -> None:
    play(path.read_text(encoding="utf-8"), whole=whole)


def test_a_script_that_lies_is_caught() -> None:
    with pytest.raises(AssertionError, match="line 2"):
        play("S: 220\nS: 250 nothing said this\n")
    with pytest.raises(AssertionError, match="unexpected replies"):
        play("S: 220\nC: NOOP\n")
    with pytest.raises(AssertionError, match="no mail was handed over"):
        play("S: 220\nM: a -> b | c\n")
