"""How far a measured share may be from the true one."""

from math import sqrt

Interval = tuple[float, float]
"""(low, high) of a share, in 0..1."""

_Z = 1.959964
"""Standard deviations of a normal distribution that hold 95 % of it."""


def wilson(part: float, whole: float) -> Interval:
    """The 95 % interval of a share (Wilson 1927): honest for few, and for shares near 0 and 1; 0..1 for nothing measured."""
    if whole <= 0:
        return 0.0, 1.0
    share = part / whole
    spread = _Z**2 / whole
    middle = (share + spread / 2) / (1 + spread)
    reach = _Z * sqrt(share * (1 - share) / whole + spread / (4 * whole)) / (1 + spread)
    return max(min(middle - reach, share), 0.0), min(max(middle + reach, share), 1.0)


def divided(part: float, whole: float) -> float:
    """A share; 0 of nothing."""
    return part / whole if whole else 0.0
