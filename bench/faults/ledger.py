"""What counts: a ledger outside postroom, of what was accepted and of what arrived, and the sink that arrivals come to.

A line is in the file, and durable, before the program goes on: of an acceptance when the client has read 250, of a
delivery before the sink says 250. So the ledger can only err towards "delivered again" and never hide a loss.
"""

import contextlib
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

from bench.mails import Sample
from tools.running import free_port

NONCE = re.compile(rb"^X-Ledger: *(\S+?)\r?$", re.MULTILINE | re.IGNORECASE)
ARRIVAL = re.compile(rb"^X-Postroom-Id: *(\S+?)\r?$", re.MULTILINE | re.IGNORECASE)
Mood = Literal["take", "slow", "refuse", "reject", "hang-up", "down"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One arrival at the sink; times are those of time.monotonic()."""

    #: when the sink asked for the content: whoever delivered was alive after that
    asked: float
    #: when it was in the ledger
    at: float
    #: the id that postroom stamped on it
    arrival: str


@dataclass(slots=True)
class Ledger:
    """Nonces at the client and at the sink."""

    path: Path
    #: nonce -> (when 250 came, the server's words)
    accepted: dict[str, tuple[float, str]] = field(default_factory=dict)
    delivered: dict[str, list[Delivery]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _file: int = -1

    def __post_init__(self) -> None:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def accept(self, mail: Sample, answer: bytes) -> None:
        """The client has read 250 for it."""
        words = answer.decode(errors="replace").strip()
        self._write(f"accepted {mail.nonce} {words}")
        with self._lock:
            self.accepted.setdefault(mail.nonce, (time.monotonic(), words))

    def deliver(self, raw: bytes, asked: float) -> None:
        """The sink has it whole, which it asked for at this time, and is about to say 250."""
        nonce, arrival = NONCE.search(raw), ARRIVAL.search(raw)
        found = nonce[1].decode(errors="replace") if nonce else "none"
        stamped = arrival[1].decode(errors="replace") if arrival else ""
        self._write(f"delivered {found} {stamped}")
        with self._lock:
            self.delivered.setdefault(found, []).append(Delivery(asked, time.monotonic(), stamped))

    def missing(self) -> set[str]:
        """Accepted and not delivered, so far."""
        with self._lock:
            return self.accepted.keys() - self.delivered.keys()

    def backlog(self) -> int:
        """How many are accepted and not delivered; cheaper than `missing`."""
        return len(self.accepted) - len(self.delivered)

    def count(self) -> int:
        """Deliveries so far, repeats included."""
        with self._lock:
            return sum(map(len, self.delivered.values()))

    def repeats(self) -> list[tuple[str, Delivery, Delivery]]:
        """Each delivery after the first of its nonce, with the one before it."""
        with self._lock:
            return [(nonce, a, b) for nonce, all_ in self.delivered.items() for a, b in pairwise(all_)]

    def arrival_of(self, nonce: str) -> str:
        """The id that postroom named in its 250."""
        return self.accepted[nonce][1].rpartition(" ")[2]

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, line: str) -> None:
        with self._lock:
            if self._file >= 0:
                os.write(self._file, f"{time.time():.6f} {line}\n".encode())
                os.fdatasync(self._file)


class MoodySink:
    """An SMTP server that takes mail into the ledger, or misbehaves as it is told. Moods change at once, also mid-session."""

    def __init__(self, ledger: Ledger) -> None:
        self.port = free_port()
        self.mood: Mood = "take"
        #: seconds that a slow sink takes for a mail
        self.slowness = 0.5
        #: nonces that are rejected for good, 554, whatever the mood
        self.poisoned: set[str] = set()
        #: answers other than 250 that it gave, and hang-ups
        self.trouble = 0
        #: called when a mail is in the ledger and 250 not yet said
        self.before_answer: Callable[[], None] = lambda: None
        self._ledger = ledger
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._door: socket.socket | None = None
        self.up()

    def up(self) -> None:
        """Listen."""
        door = socket.socket()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", self.port))
        door.listen(200)
        self._door = door
        self.mood = "take"
        threading.Thread(target=self._greet, args=(door,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections, and cut the open ones."""
        self.mood = "down"
        door, self._door = self._door, None
        if door is not None:
            # close alone leaves a thread in accept() and the port open
            with contextlib.suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            door.close()
        with self._lock:
            for peer in self._open:
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def _greet(self, door: socket.socket) -> None:
        while True:
            try:
                peer, _ = door.accept()
            except OSError:
                return
            peer.settimeout(60)
            with self._lock:
                self._open.add(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), peer, peer.makefile("rb") as lines:
            peer.sendall(b"220 sink.example.test ESMTP\r\n")
            while line := lines.readline(4096):
                verb = line[:4].upper()
                if verb == b"DATA":
                    asked = time.monotonic()
                    peer.sendall(b"354 go on\r\n")
                    answer = self._data(lines, asked)
                    if answer is None:
                        break
                    peer.sendall(answer)
                elif verb == b"QUIT":
                    peer.sendall(b"221 bye\r\n")
                    break
                elif verb == b"RCPT" and self.mood == "refuse":
                    self.trouble += 1
                    peer.sendall(b"451 4.3.0 not now\r\n")
                else:
                    peer.sendall(
                        b"250-sink.example.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
                        if verb == b"EHLO"
                        else b"250 2.0.0 ok\r\n"
                    )
        with self._lock:
            self._open.discard(peer)

    def _data(self, lines: object, asked: float) -> bytes | None:
        """Read a mail; the answer, None to hang up in the middle."""
        got = []
        for line in lines:  # type: ignore[attr-defined]
            if line in {b".\r\n", b".\n"}:
                break
            got.append(line[1:] if line.startswith(b".") else line)
            if self.mood == "hang-up":
                self.trouble += 1
                return None
        else:
            return None
        raw = b"".join(got)
        nonce = NONCE.search(raw)
        if self.mood == "reject" or (nonce and nonce[1].decode(errors="replace") in self.poisoned):
            self.trouble += 1
            return b"554 5.7.1 no\r\n"
        if self.mood == "slow":
            time.sleep(self.slowness)
        self._ledger.deliver(raw, asked)
        self.before_answer()
        return b"250 2.0.0 taken\r\n"
