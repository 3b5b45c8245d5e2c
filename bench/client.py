"""A load client: distinct mails over many connections at once, each a thread with a socket; waits for every answer.

A mail is sent again while it gets no 250, as a mail server would, unless told to stop. ``python -m bench.client`` sends the
bench's mails from a process of its own, so that its cost is nobody else's, and prints what happened as JSON.
"""

import argparse
import contextlib
import json
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.mails import Sample, mail_set


class NoAnswer(Exception):
    """The server hung up, or said nothing in time."""


class Session:
    """One SMTP connection."""

    def __init__(self, port: int, *, timeout: float = 60.0, hello: bytes = b"EHLO client.example.test\r\n") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        try:
            self._expect(self._answer(), b"220")
            self._expect(self._ask(hello), b"250")
        except BaseException:
            self._socket.close()
            raise

    def send(self, mail: Sample, recipient: str) -> bytes:
        """The server's last word on a mail: its answer to the final dot, or the first refusal. Raises `NoAnswer`, OSError."""
        for line, wanted in (
            (f"MAIL FROM:<{mail.sender}>\r\n", b"250"),
            (f"RCPT TO:<{recipient}>\r\n", b"250"),
            ("DATA\r\n", b"354"),
        ):
            answer = self._ask(line.encode())
            if not answer.startswith(wanted):
                if line != "DATA\r\n":
                    self._ask(b"RSET\r\n")
                return answer
        body = mail.raw.replace(b"\r\n.", b"\r\n..")
        return self._ask(
            (b"." if body.startswith(b".") else b"") + body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
        )

    def close(self) -> None:
        """QUIT, and hang up."""
        with contextlib.suppress(OSError, NoAnswer):
            self._ask(b"QUIT\r\n")
        self._socket.close()

    def abort(self) -> None:
        """Hang up."""
        self._socket.close()

    def _ask(self, line: bytes) -> bytes:
        self._socket.sendall(line)
        return self._answer()

    def _answer(self) -> bytes:
        while True:
            while b"\n" not in self._rest:
                got = self._socket.recv(4096)
                if not got:
                    raise NoAnswer
                self._rest += got
            line, _, self._rest = self._rest.partition(b"\n")
            if line[3:4] != b"-":
                return line

    @staticmethod
    def _expect(answer: bytes, wanted: bytes) -> None:
        if not answer.startswith(wanted):
            raise NoAnswer(answer.decode(errors="replace"))


@dataclass(slots=True, kw_only=True)
class Load:
    """Mails being sent. Safe to look at while it runs."""

    port: int
    recipient: str = "support@example.com"
    connections: int = 20
    #: mails a connection; then a new one
    per_connection: int = 1
    #: called in the sender's thread when 250 came, before the next mail
    accepted: Callable[[Sample, bytes], None] = lambda _mail, _answer: None
    #: pause after a failure, seconds
    pause: float = 0.05
    timeout: float = 60.0
    #: answers that were not 250, by their first three characters; ``hung-up`` for none
    refused: Counter[str] = field(default_factory=Counter)
    done: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    _todo: deque[Sample] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, mails: Sequence[Sample]) -> None:
        """Begin to send; 5xx answers are final, everything else is tried again."""
        self._todo.extend(mails)
        self._threads = [
            threading.Thread(target=self._work, daemon=True) for _ in range(min(self.connections, len(mails)))
        ]
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> bool:
        """Whether all mails got a final answer within this time; stops sending when not."""
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            self.stopped.set()
            return False
        return True

    def _work(self) -> None:
        while not self.stopped.is_set():
            try:
                session = Session(self.port, timeout=self.timeout)
            except (OSError, NoAnswer):
                if not self._todo:
                    return
                self.stopped.wait(self.pause)
                continue
            try:
                if not self._talk(session):
                    return
            finally:
                session.abort()

    def _talk(self, session: Session) -> bool:
        """Send on one connection; False when nothing is left to send."""
        for _ in range(self.per_connection):
            try:
                mail = self._todo.popleft()
            except IndexError:
                session.close()
                return False
            try:
                answer = session.send(mail, self.recipient)
            except (OSError, NoAnswer):
                self._again(mail, "hung-up")
                return True
            if answer.startswith(b"250"):
                self.accepted(mail, answer)
                with self._lock:
                    self.done += 1
            elif answer.startswith(b"5"):
                with self._lock:
                    self.refused[answer[:3].decode(errors="replace")] += 1
            else:
                self._again(mail, answer[:3].decode(errors="replace"))
                if answer.startswith(b"421"):
                    return True
            if self.stopped.is_set():
                return False
        session.close()
        return True

    def _again(self, mail: Sample, why: str) -> None:
        with self._lock:
            self.refused[why] += 1
        self._todo.append(mail)
        self.stopped.wait(self.pause)


def main(words: list[str] | None = None) -> int:
    """Send the bench's mails; 1 when not all were accepted."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.client", description="Send the bench's mails to an SMTP port of loopback."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, default=240, help="mails (default 240)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", default="support@example.com", metavar="ADDRESS")
    parser.add_argument("--connections", type=int, default=20, help="at once (default 20)")
    parser.add_argument("--per-connection", type=int, default=1, help="mails a connection (default 1)")
    parser.add_argument("--seconds", type=float, default=300, help="give up after (default 300)")
    parser.add_argument(
        "--wait", action="store_true", help="begin when a line comes on standard input: making the mails takes a while"
    )
    told = parser.parse_args(words)
    mails = mail_set(told.count, seed=told.seed, recipient=told.to)
    load = Load(port=told.port, recipient=told.to, connections=told.connections, per_connection=told.per_connection)
    if told.wait:
        print("ready", flush=True)
        sys.stdin.readline()
    begin = time.monotonic()
    load.start(mails)
    whole = load.join(told.seconds)
    facts = {
        "sent": told.count,
        "accepted": load.done,
        "seconds": round(time.monotonic() - begin, 3),
        "not_250": dict(load.refused),
    }
    print(json.dumps(facts))
    return 0 if whole and load.done == told.count else 1


if __name__ == "__main__":
    sys.exit(main())
