"""A process that answers questions, one at a time: started at the first or before, stopped when an answer takes too long.

Frames of four bytes of length and as many bytes go through its standard input and output: first what it begins with, then
questions; each is answered by one frame. It ends when its input is closed, or nobody has asked for a while.
"""

import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from postroom.model.errors import TryLater

_LENGTH: Final = struct.Struct(">I")
_MOST: Final = 64 * 1024 * 1024
_IDLE: Final = 300.0
"""Seconds without a question after which it ends."""
_AWAKE: Final = 2.0
"""Seconds that it may take to hand over the first frame, where nobody asks yet."""
_CHUNK: Final = 1 << 16


@dataclass(kw_only=True)
class Answering:
    """The asking side. Any thread may ask."""

    #: run as a programme, with `serve`
    module: str
    #: its first frame
    opening: bytes
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def ask(self, question: bytes, patience: float) -> bytes:
        """Its answer. Raises `TryLater` when there is none after so many seconds; the next question begins anew."""
        until = time.monotonic() + patience
        if not self._lock.acquire(timeout=patience):
            raise TryLater("others are checking and trying rules at this moment")
        try:
            for _ in range(2):
                with suppress(BrokenPipeError, EOFError):  # it has ended since, as nobody asked
                    return self._asked(question, until)
                self._stop()
        except TimeoutError:
            self._stop()
            raise TryLater(f"that takes more than {patience:.0f} seconds to work out") from None
        except OSError as error:
            self._stop()
            raise TryLater(f"rules can't be checked now: {error.strerror}") from error
        finally:
            self._lock.release()
        raise TryLater("rules can't be checked now: who does it ended at once; see the log")

    def wake(self) -> None:
        """Start it, where it isn't there: whoever asks soon need not wait until it has begun. Returns at once, and never raises."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if not self._is_there:
                self._start(time.monotonic() + _AWAKE)
        except OSError:  # too slow, or it can't be started: whoever asks is told
            self._stop()
        finally:
            self._lock.release()

    def close(self) -> None:
        """End it, if it is there."""
        with self._lock:
            self._stop()

    def _asked(self, question: bytes, until: float) -> bytes:
        if not self._is_there:
            self._start(until)
        self._send(question, until)
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        (length,) = _LENGTH.unpack(_exactly(descriptor, _LENGTH.size, until))
        return _exactly(descriptor, length, until)

    @property
    def _is_there(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start(self, until: float) -> None:
        self._stop()
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
        self._send(self.opening, until)

    def _send(self, content: bytes, until: float) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        descriptor = self._process.stdin.fileno()
        os.set_blocking(descriptor, False)
        left = memoryview(_LENGTH.pack(len(content)) + content)
        while left:
            _await(descriptor, select.POLLOUT, until)
            left = left[os.write(descriptor, left[:_CHUNK]) :]

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                pipe.close()
        self._process = None


def _exactly(descriptor: int, length: int, until: float) -> bytes:
    """So many bytes. Raises `EOFError` and `TimeoutError`."""
    found = bytearray()
    while len(found) < length:
        _await(descriptor, select.POLLIN, until)
        chunk = os.read(descriptor, min(length - len(found), _CHUNK))
        if not chunk:
            raise EOFError
        found += chunk
    return bytes(found)


def _await(descriptor: int, event: int, until: float) -> None:
    """Raises `TimeoutError` when it is too late."""
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(max(until - time.monotonic(), 0.0) * 1000.0):
        raise TimeoutError


def serve(begin: Callable[[bytes], Callable[[bytes], bytes]]) -> None:
    """The answering side, on standard input and output; whatever else writes there goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.dup(1)
    os.dup2(2, 1)
    with suppress(EOFError, TimeoutError, BrokenPipeError):
        answer = begin(_frame())
        while True:
            said = answer(_frame())
            with open(answers, "wb", closefd=False) as out:
                out.write(_LENGTH.pack(len(said)) + said)


def is_asked() -> bool:
    """Within what answers: whether a question waits, or nobody will ask any more."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    return bool(poll.poll(0))


def _frame() -> bytes:
    until = time.monotonic() + _IDLE
    (length,) = _LENGTH.unpack(_exactly(0, _LENGTH.size, until))
    if length > _MOST:
        raise EOFError
    return _exactly(0, length, until)
