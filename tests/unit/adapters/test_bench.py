"""A process that answers: started when needed, stopped when it takes too long, started again when it has ended."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.adapters.bench import Answering
from postroom.model.errors import TryLater

MODULE = """
import os, sys, time
from postroom.adapters.bench import serve

def begin(opening):
    print("not an answer")  # whatever a library prints goes elsewhere
    def answer(question):
        if question == b"sleep":
            time.sleep(60)
        if question == b"die":
            os._exit(3)
        if question == b"once" and not os.path.exists(opening):
            open(opening, "w").close()
            os._exit(3)
        return opening + b":" + str(os.getpid()).encode() + b":" + question
    return answer

serve(begin)
"""


@pytest.fixture
def answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    (tmp_path / "answering_for_tests.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", ":".join([str(tmp_path), *sys.path]))
    one = Answering(module="answering_for_tests", opening=str(tmp_path / "was").encode())
    yield one
    one.close()


def asked(one: Answering, question: bytes = b"x") -> tuple[bytes, bytes]:
    """Who answered, and what."""
    _, pid, said = one.ask(question, 30.0).split(b":", 2)
    return pid, said


def test_one_process_answers_all_questions(answering: Answering) -> None:
    pid, said = asked(answering, b"a:b")
    assert said == b"a:b"
    large = b"z" * 3_000_000
    assert asked(answering, large) == (pid, large)


def test_after_it_was_closed_another_one_answers(answering: Answering) -> None:
    first, _ = asked(answering)
    answering.close()
    answering.close()
    second, _ = asked(answering)
    assert second != first


def test_one_that_ended_since_is_replaced(answering: Answering) -> None:
    assert asked(answering, b"once")[1] == b"once"


def test_a_question_that_ends_it_is_refused_and_the_next_answered(answering: Answering) -> None:
    with pytest.raises(TryLater, match="ended at once"):
        answering.ask(b"die", 30.0)
    assert asked(answering)[1] == b"x"


def test_what_takes_too_long_is_stopped(answering: Answering) -> None:
    first, _ = asked(answering)
    begun = time.monotonic()
    with pytest.raises(TryLater, match="more than"):
        answering.ask(b"sleep", 0.3)
    assert time.monotonic() - begun < 20
    assert asked(answering)[0] != first


def test_nobody_waits_for_ever_behind_another(answering: Answering) -> None:
    with answering._lock, pytest.raises(TryLater, match="others"):
        answering.ask(b"x", 0.05)


def test_woken_it_is_there_before_it_is_asked(answering: Answering) -> None:
    answering.wake()
    assert answering._process is not None
    pid = str(answering._process.pid).encode()
    answering.wake()
    assert asked(answering)[0] == pid


def test_waking_never_waits_nor_fails(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering._lock:
        answering.wake()
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    answering.wake()
    assert answering._process is None


def test_where_nothing_can_be_started_it_says_so(answering: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    with pytest.raises(TryLater, match="can't be checked now"):
        answering.ask(b"x", 5.0)
