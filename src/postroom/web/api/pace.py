"""How often each key may call: a bucket of tokens that fills up again evenly (in memory, so a process counts for itself)."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

_MOST = 10_000
"""Buckets that are remembered; then the one used longest ago is forgotten, which fills it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a bucket holds after a call."""

    #: whether the call may go on
    allowed: bool
    #: whole calls that are left
    remaining: int
    #: seconds until there is one, or until the bucket is full
    reset: float


class Pace:
    """Counts calls. Any thread may ask."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        """``clock`` is monotonic."""
        self.per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, who: Hashable) -> Left:
        """One call of somebody's."""
        rate = self.per_minute / 60.0
        with self._lock:
            now = self._clock()
            tokens, at = self._buckets.pop(who, (float(self.per_minute), now))
            tokens = min(tokens + max(now - at, 0.0) * rate, float(self.per_minute))
            allowed = tokens >= 1.0
            tokens -= allowed
            self._buckets[who] = (tokens, now)
            if len(self._buckets) > _MOST:
                self._buckets.popitem(last=False)
        missing = self.per_minute - tokens if allowed else 1.0 - tokens
        return Left(allowed=allowed, remaining=int(tokens), reset=missing / rate)
