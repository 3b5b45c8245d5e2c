"""Those who ask and do not go on: their connections end, and nobody else waits for them."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import Mock

import uvicorn
from uvicorn.server import ServerState

from postroom.bootstrap.patience import PatientProtocol

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b"x" * 20_000_000
PATIENCE = 20.0


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Says what the body was; all of `LARGE` where the path says so."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    told = LARGE if scope["path"] == "/large" else b"got " + body
    size = str(len(told)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", size)]})
    await send({"type": "http.response.body", "body": told[:1000], "more_body": True})
    await send({"type": "http.response.body", "body": told[1000:]})


@contextmanager
def served(**limits: Any) -> Iterator[tuple[str, int]]:
    """An address where connections are held to these limits."""
    protocol = type("Limited", (PatientProtocol,), limits)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, http=protocol, ws="none", log_config=None, lifespan="off", timeout_keep_alive=60)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join()


def called(address: tuple[str, int], said: bytes = b"") -> socket.socket:
    made = socket.create_connection(address, timeout=PATIENCE)
    made.sendall(said)
    return made


def answered(peer: socket.socket, said: bytes = b"got ") -> bool:
    """Whether this comes before the connection ends."""
    got = b""
    while said not in got:
        some = peer.recv(65_536)
        if not some:
            return False
        got += some
    return True


def ended(peer: socket.socket) -> bool:
    """Whether the connection ends before patience does, without a word."""
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def test_who_says_nothing_or_half_a_request_is_not_waited_for() -> None:
    with served(head=0.3) as address, called(address) as silent, called(address, WHOLE[:20]) as half:
        assert ended(silent)
        assert ended(half)


def test_a_second_request_on_a_connection_has_its_time_too() -> None:
    with served(head=0.3) as address, called(address, WHOLE) as peer:
        assert answered(peer)
        peer.sendall(WHOLE[:20])
        assert ended(peer)


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
    with served(body=0.3) as address, called(address, head + b"abc") as half, called(address, head) as whole:
        whole.sendall(b"hello")
        assert answered(whole, b"got hello")
        assert ended(half)


def test_who_does_not_take_an_answer_is_not_waited_for() -> None:
    lost = threading.Event()

    def connection_lost(self: PatientProtocol, exc: Exception | None) -> None:
        PatientProtocol.connection_lost(self, exc)
        lost.set()

    large = WHOLE.replace(b"GET /", b"GET /large")
    with served(body=0.3, connection_lost=connection_lost) as address, called(address, large):
        assert lost.wait(PATIENCE)


def test_all_of_a_large_answer_is_given_to_who_takes_it() -> None:
    with served(body=5.0) as address, called(address, WHOLE.replace(b"GET /", b"GET /large")) as peer:
        got = 0
        while got < len(LARGE):
            got += len(peer.recv(1_000_000))
        peer.sendall(WHOLE)
        assert answered(peer)


def test_who_keeps_us_waiting_longest_makes_room() -> None:
    with ExitStack() as stack, _full(stack) as (address, waiting):
        newest = stack.enter_context(called(address, WHOLE))
        assert answered(newest)
        assert ended(waiting[0])
        waiting[-1].sendall(WHOLE)
        assert answered(waiting[-1])


def test_one_leaves_for_each_that_comes_however_many_come_at_once() -> None:
    protocol = type("Limited", (PatientProtocol,), {"most": 2})
    config = uvicorn.Config(app, http=protocol, ws="none", log_config=None, lifespan="off")
    loop, state, there = asyncio.new_event_loop(), ServerState(), []
    for _ in range(5):
        one = protocol(config, state, {}, loop)
        one.connection_made(Mock(spec=asyncio.Transport))
        there.append(one)
    assert [one.transport.abort.called for one in there] == [True, True, True, False, False]
    loop.close()


@contextmanager
def _full(stack: ExitStack) -> Iterator[tuple[tuple[str, int], list[socket.socket]]]:
    with served(most=3) as address:
        waiting = []
        for _ in range(3):
            waiting.append(stack.enter_context(called(address, WHOLE)))
            assert answered(waiting[-1])
        yield address, waiting
