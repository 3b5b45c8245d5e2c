"""Leaves an endpoint alone that fails again and again.

closed --so many failures in a row--> open --pause over--> half open: one probe
  ^                                     ^                        |
  |                                     `-------fails------------|   the pause doubles
  `-------------------------------------------answers------------'
"""

import threading
from collections.abc import Callable
from typing import Literal

_FAILURES = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 900.0

Change = Literal["opened", "closed", ""]


class Breaker:
    """May be used from several threads. ``clock`` gives seconds that never jump."""

    def __init__(self, clock: Callable[[], float], *, failures: int = _FAILURES) -> None:
        self._clock = clock
        self._most = failures
        self._failures = 0
        self._pause = _FIRST_PAUSE
        #: None while closed
        self._open_until: float | None = None
        self._probing = False
        self._lock = threading.Lock()

    @property
    def open(self) -> bool:
        """Whether nobody may go now, so that nobody needs to try."""
        with self._lock:
            return not self._free()

    def enter(self) -> bool:
        """Whether one request may go now. Who may tells how it ended, by `answered`, `failed` or `neither`."""
        with self._lock:
            if not self._free():
                return False
            self._probing = self._open_until is not None
            return True

    def answered(self) -> Change:
        """The endpoint is well."""
        with self._lock:
            was_open = self._open_until is not None
            self._failures, self._pause, self._open_until, self._probing = 0, _FIRST_PAUSE, None, False
            return "closed" if was_open else ""

    def neither(self) -> None:
        """Nothing was learnt of the endpoint."""
        with self._lock:
            self._probing = False

    def failed(self, pause: float | None = None) -> Change:
        """The endpoint is not well; it may have asked for a pause in seconds, which opens at once."""
        with self._lock:
            self._failures += 1
            was_open, was_probe = self._open_until is not None, self._probing
            self._probing = False
            if (was_open and not was_probe) or (not was_open and self._failures < self._most and pause is None):
                return ""  # one that was under way when it opened, or not enough yet
            self._open_until = self._clock() + min(max(self._pause, pause or 0.0), _LONGEST_PAUSE)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
            return "" if was_open else "opened"

    def _free(self) -> bool:
        if self._open_until is None:
            return True
        return not self._probing and self._clock() >= self._open_until
