"""A clock that moves when a test says so."""


class ManualClock:
    """Wall time and monotonic time, both in seconds."""

    def __init__(self, now: float = 1_800_000_000.0, ticks: float = 1000.0) -> None:
        self._now = now
        self._ticks = ticks

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return self._ticks

    def advance(self, seconds: float) -> None:
        """Time goes by."""
        self._now += seconds
        self._ticks += seconds

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self._now += seconds
