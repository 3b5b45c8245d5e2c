"""A service that knows the accounts: whatever it answers, and whenever."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.destination.guard import Answer, Guard, Unreachable
from postroom.adapters.status.background import at_once, in_background
from postroom.adapters.status.endpoint import EndpointStatus
from postroom.adapters.status.words import StateWords
from postroom.model.errors import ConfigError, TryLater
from postroom.model.judgement import AccountStatus
from postroom.testing.clock import ManualClock
from tests.unit.flow.house import Told

UNKNOWN = AccountStatus()


class Service:
    """Stands where the guard does; answers as it is told to."""

    def __init__(self) -> None:
        self.answer: Callable[[list[str]], Any] = lambda asked: {a: {"state": "suspended"} for a in asked}
        self.status = 200
        self.whole = True
        self.asked: list[list[str]] = []
        self.headers: list[Mapping[str, str]] = []

    def request(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, **limits: Any) -> Answer:
        assert (method, url) == ("POST", "https://accounts.example.com/status")
        assert limits["timeout"] > 0
        asked = json.loads(body)["addresses"]
        self.asked.append(asked)
        self.headers.append(headers)
        said = self.answer(asked)
        return Answer(
            status=self.status,
            headers={},
            body=said if isinstance(said, bytes) else json.dumps(said).encode(),
            whole=self.whole,
        )


class Rig:
    def __init__(self, start: Any = at_once, **options: Any) -> None:
        self.service = Service()
        self.observer = Told()
        self.clock = ManualClock()
        self.status = EndpointStatus(
            "https://accounts.example.com/status",
            guard=self.service,  # type: ignore[arg-type]
            words=StateWords({"Compliant": "active"}),
            observer=self.observer,
            start=start,
            clock=self.clock.monotonic,
            **{"token": "s3cret", **options},
        )

    def ask(self, *addresses: str) -> list[AccountStatus]:
        return list(self.status.statuses(addresses or ["a@example.com"], 2.0))

    @property
    def outcomes(self) -> list[object]:
        return [facts["outcome"] for facts in self.observer.of("status-asked")]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_one_question_for_a_batch_each_address_once(rig: Rig) -> None:
    rig.service.answer = lambda asked: {
        "A@Example.com": {"state": "Compliant", "since": "2026-01-01"},
        "b@example.com": {"state": "banned", "since": 5, "note": "more is left aside"},
        "stranger@example.com": {"state": "active"},
    }
    said = rig.ask("a@example.com", "B@example.com", "c@example.com", "A@EXAMPLE.COM")
    assert said[0] == said[3] == AccountStatus(state="active", since=1_767_225_600.0)
    assert said[1:3] == [AccountStatus(state="banned", since=5.0), UNKNOWN]
    assert rig.service.asked == [["a@example.com", "b@example.com", "c@example.com"]]
    assert rig.service.headers[0]["Authorization"] == "Bearer s3cret"
    assert rig.outcomes == ["answered"]


def test_without_a_token_none_is_sent() -> None:
    rig = Rig(token="")
    rig.ask()
    assert "Authorization" not in rig.service.headers[0]


def test_a_large_batch_is_asked_in_parts(rig: Rig) -> None:
    assert rig.ask(*(f"{n}@example.com" for n in range(1100))) == [AccountStatus(state="suspended")] * 1100
    assert [len(asked) for asked in rig.service.asked] == [500, 500, 100]


def test_answers_are_good_for_a_while_also_that_nobody_is_known(rig: Rig) -> None:
    rig.service.answer = lambda asked: {"a@example.com": {"state": "active"}} if "a@example.com" in asked else {}
    first = rig.ask("a@example.com", "b@example.com")
    rig.clock.advance(59.0)
    assert rig.ask("a@example.com", "b@example.com") == first == [AccountStatus(state="active"), UNKNOWN]
    assert len(rig.service.asked) == 1
    rig.clock.advance(1.0)
    rig.ask("a@example.com")
    assert rig.service.asked[1:] == [["a@example.com"]]


def test_no_more_answers_are_remembered_than_wanted() -> None:
    rig = Rig(keep_most=2)
    for address in ("a@example.com", "b@example.com", "c@example.com"):
        rig.ask(address)
    rig.ask("b@example.com", "c@example.com")
    assert len(rig.service.asked) == 3
    rig.ask("a@example.com")
    assert len(rig.service.asked) == 4


@pytest.mark.parametrize(
    "entry",
    [None, 1, "suspended", [], {}, {"state": None}, {"state": 3}, {"state": "no such"}, {"state": "a", "since": {}}],
)
def test_an_entry_that_says_nothing_known_spoils_no_other(rig: Rig, entry: object) -> None:
    rig.service.answer = lambda asked: {"a@example.com": entry, "b@example.com": {"state": "closed", "since": "?"}}
    assert rig.ask("a@example.com", "b@example.com") == [UNKNOWN, AccountStatus(state="closed")]
    assert rig.outcomes == ["answered"]


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"x"', b"{", b"<html>", b'{"a@example.com": {"state": "active"}', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000],
)  # fmt: skip
def test_an_answer_that_is_none_is_a_failure(rig: Rig, body: bytes) -> None:
    rig.service.answer = lambda asked: body
    assert rig.ask() == [UNKNOWN]
    assert rig.outcomes == ["failed"]
    assert "no JSON object" in str(rig.observer.of("status-failed")[0]["error"])


@given(st.binary() | st.recursive(st.none() | st.text() | st.floats(), lambda x: st.dictionaries(st.text(), x)))
def test_any_answer_gives_a_status(said: object) -> None:
    rig = Rig()
    rig.service.answer = lambda asked: said if isinstance(said, bytes) else {"a@example.com": said}
    assert len(rig.ask()) == 1


@pytest.mark.parametrize("status", [201, 204, 301, 307, 400, 401, 404, 429, 500, 503])
def test_any_other_status_is_a_failure(rig: Rig, status: int) -> None:
    rig.service.status = status
    assert rig.ask() == [UNKNOWN]
    told = str(rig.observer.of("status-failed")[0]["error"])
    assert f"HTTP {status}, not 200" in told
    assert ("redirects are not followed" in told) == (300 <= status < 400)


def test_an_answer_that_is_too_large_is_a_failure(rig: Rig) -> None:
    rig.service.whole = False
    assert rig.ask() == [UNKNOWN]
    assert "more than" in str(rig.observer.of("status-failed")[0]["error"])


def test_after_failures_it_is_left_alone_for_longer_and_longer(rig: Rig) -> None:
    working = rig.service.answer
    rig.ask("known@example.com")

    def fail(asked: list[str]) -> object:
        raise Unreachable("accounts.example.com: timed out")

    rig.service.answer = fail
    assert rig.ask() == [UNKNOWN]
    asked = len(rig.service.asked)
    assert rig.ask() == [UNKNOWN]
    assert rig.ask("known@example.com") == [AccountStatus(state="suspended")], "what is remembered is said meanwhile"
    assert len(rig.service.asked) == asked
    assert rig.outcomes == ["answered", "failed", "paused"]
    pauses = []
    for _ in range(9):
        pause = 0
        while len(rig.service.asked) == asked:
            rig.clock.advance(1.0)
            pause += 1
            rig.ask()
        pauses.append(pause)
        asked = len(rig.service.asked)
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    rig.service.answer = working
    rig.clock.advance(300.0)
    assert rig.ask() == [AccountStatus(state="suspended")]
    rig.service.answer = fail
    rig.ask("b@example.com")
    rig.clock.advance(5.0)
    rig.service.answer = working
    assert rig.ask("b@example.com") == [AccountStatus(state="suspended")], "the pause is short again"


def test_any_error_is_a_failure(rig: Rig) -> None:
    rig.service.answer = lambda asked: 1 / 0
    assert rig.ask() == [UNKNOWN]
    assert rig.outcomes == ["failed"]


def test_who_comes_while_a_question_is_under_way_does_not_wait() -> None:
    waiting: list[Callable[[], None]] = []

    def never(work: Callable[[], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        waiting.append(lambda: future.set_result(work()))
        return future

    rig = Rig(start=never)
    assert list(rig.status.statuses(["a@example.com"], 0.0)) == [UNKNOWN]
    assert "timed out" in str(rig.observer.of("status-failed")[0]["error"])
    rig.clock.advance(5.0)
    assert rig.ask("b@example.com") == [UNKNOWN]
    assert rig.outcomes == ["failed", "paused"], "the pause is over, the question is not"
    waiting.pop()()
    assert rig.ask("a@example.com") == [AccountStatus(state="suspended")], "a late answer is remembered"


def test_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    rig = Rig(start=in_background)
    assert rig.ask() == [UNKNOWN]
    assert rig.outcomes == ["failed"]


def test_its_check_asks_for_nobody(rig: Rig) -> None:
    assert rig.status.check() == "accounts.example.com answers"
    assert rig.service.asked == [["postroom-check@nobody.invalid"]]
    rig.service.status = 401
    with pytest.raises(TryLater, match="401"):
        rig.status.check()


@pytest.mark.parametrize("token", ["two words", "line\nend", "schlüssel"])
def test_a_token_that_can_be_none(token: str) -> None:
    with pytest.raises(ConfigError, match="token"):
        Rig(token=token)


@pytest.fixture
def slow_server() -> Iterator[Callable[[bytes], int]]:
    """Sends the same byte for ever, one every few milliseconds, after a beginning."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve(start: bytes) -> int:
        def run() -> None:
            sock, _ = listener.accept()
            with sock:
                try:
                    sock.sendall(start)
                    while not over.wait(0.01):
                        sock.sendall(b"x")
                except OSError:
                    return

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return int(listener.getsockname()[1])

    yield serve
    over.set()
    for thread in threads:
        thread.join()
    listener.close()


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"]
)
def test_a_server_that_drips_is_left_at_the_deadline(slow_server: Callable[[bytes], int], start: bytes) -> None:
    port = slow_server(start)
    rig = Rig()
    status = EndpointStatus(
        f"http://127.0.0.1:{port}/", guard=Guard(allow=["127.0.0.1"]), token="", words=StateWords(), observer=rig.observer
    )  # fmt: skip
    assert list(status.statuses(["a@example.com"], 0.2)) == [UNKNOWN]
    assert rig.outcomes == ["failed"]
