"""How much may be asked in a day (UTC): counted in one small file, by all processes of an installation together.

The file survives restarts and is locked while it is counted. It isn't forced to disk: when the machine dies, the count of
the last seconds may be lost, and so much more may be asked that day.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

_DAY = 86_400.0
_MOST = 4096


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken on one day."""

    #: days since the epoch
    day: int = 0
    requests: int = 0
    tokens: int = 0


class Budget:
    """Requests and tokens a day. May be used from several threads and processes at once."""

    def __init__(self, path: Path, *, requests: int, tokens: int, clock: Callable[[], float]) -> None:
        """``clock`` gives seconds since the epoch. The file is made when something is first taken."""
        self._path = path
        self._requests = requests
        self._tokens = tokens
        self._clock = clock

    def take(self, tokens: int) -> bool:
        """Take one request and so many tokens; False when that is more than is left, or nothing can be counted.

        Waits for others that count: call it where waiting holds up nobody.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            return self._counted(descriptor, tokens)
        except OSError:
            return False
        finally:
            os.close(descriptor)

    def _counted(self, descriptor: int, tokens: int) -> bool:
        today = int(self._clock() // _DAY)
        count = _read(os.pread(descriptor, _MOST, 0))
        if count.day != today:
            count = Count(day=today)
        if count.requests >= self._requests or count.tokens + tokens > self._tokens:
            return False
        count = Count(day=today, requests=count.requests + 1, tokens=count.tokens + tokens)
        content = msgspec.json.encode(count)
        os.pwrite(descriptor, content, 0)
        os.ftruncate(descriptor, len(content))
        return True


def _read(content: bytes) -> Count:
    """The count in the file; nothing for one that is new or damaged."""
    try:
        return msgspec.json.decode(content, type=Count)
    except msgspec.MsgspecError:
        return Count()
