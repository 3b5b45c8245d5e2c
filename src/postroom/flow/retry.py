"""When to try again, and when to stop trying."""

from collections.abc import Callable
from dataclasses import dataclass

from postroom.model.work import Job, Lane

_JITTER = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to keep trying. Times in seconds."""

    #: pause before the second try
    first: float = 30.0
    #: longest pause
    longest: float = 3600.0
    #: age at which a mail is parked (RFC 5321 §4.5.4.1: four to five days)
    max_age: float = 5 * 86400.0
    #: tries without which age parks nothing: a clock that jumps must not empty the queue into the parking lot
    min_tries: int = 5
    #: first pause of a lane that is down
    probe: float = 10.0
    #: mails parked by bugs in an hour at which parking stops
    ceiling: int = 100


def next_attempt(
    tries: int, now: float, patience: Patience, random: Callable[[], float], *, asked: float | None = None
) -> float:
    """Time of the next try after ``tries`` failed ones: doubling pauses, spread by ±20 % so that retries don't march in step.

    Never before the pause of ``asked`` seconds that the destination named has passed.
    """
    pause = _spread(min(patience.first * 2.0 ** min(tries - 1, 30), patience.longest), random)
    return now + (pause if asked is None else max(pause, _later(asked, patience, random)))


def next_probe(
    failures: int, now: float, patience: Patience, random: Callable[[], float], *, asked: float | None = None
) -> float:
    """Time of the next probe of a lane after ``failures`` in a row; when the destination named a pause, then.

    The second failure is another mail's, which was asked at once: pauses grow from the third on.
    """
    if asked is not None:
        return now + max(_later(asked, patience, random), patience.probe)
    return now + _spread(min(patience.probe * 2.0 ** min(max(failures - 2, 0), 30), patience.longest), random)


def too_old(job: Job, now: float, patience: Patience) -> bool:
    """Whether a delivery that has just failed again is to be parked."""
    return job.tries + 1 >= patience.min_tries and now - job.created_at > patience.max_age


def may_go(lane: Lane | None, now: float, *, one_failed: bool = False) -> int | None:
    """How many deliveries a lane may start: None for any number, 1 for a probe, 0 while it rests.

    While it is one mail alone that failed, another is asked at once.
    """
    if lane is None or not lane.down:
        return None
    return 1 if one_failed or now >= lane.probe_at else 0


def _spread(pause: float, random: Callable[[], float]) -> float:
    return pause * (1.0 - _JITTER + 2.0 * _JITTER * random())


def _later(asked: float, patience: Patience, random: Callable[[], float]) -> float:
    """A pause that was asked for: spread to the later side alone, and no longer than our longest."""
    return min(max(asked, 0.0) * (1.0 + _JITTER * random()), patience.longest)
