"""What each text counts when a model is trained: why it was asked about, how old the word is, and how much one voice may say.

A verdict that was asked for stands for one over its probability of its like (Horvitz, Thompson 1952), at most `MOST_LIKE`:
the rare draw of a small audit must not outweigh everything else. A correction is one text. Words lose half their weight in
every half-life. Then no reviewer says more than `REVIEWER` of what a route weighs, no sender and no text that is repeated
more than `SENDER`, or where fewer have a say, not more than an equal part (and in any case `FLOOR`): whoever floods is no
louder for it.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Final

from postroom.flow.taught import Taught
from postroom.model.mail import RouteName

REVIEWER: Final = 1 / 3
SENDER: Final = 1 / 20
FLOOR: Final = {REVIEWER: 10.0, SENDER: 3.0}
"""What a voice may weigh in any case, in texts: where others said next to nothing, it is not silenced by that."""

MOST_LIKE: Final = 5.0
_ROUNDS: Final = 100
_TIMES: Final = 3
_DAY: Final = 86_400.0


def weights(
    taught: Sequence[Taught],
    families: Sequence[int],
    *,
    now: float,
    half_life: float,
    others: Mapping[RouteName, float],
) -> list[float]:
    """The weight of each. ``families`` are the groups of `holdout.families`; ``others`` is what each route weighs besides.

    ``half_life`` is in days, ``now`` in seconds since the epoch.
    """
    found = [worth(one) * decay(one.at, now, half_life) for one in taught]
    routes = [one.route for one in taught]
    voices: tuple[tuple[float, Callable[[int], Hashable]], ...] = (
        (SENDER, lambda number: families[number]),
        (SENDER, lambda number: taught[number].sender or None),
        (REVIEWER, lambda number: taught[number].by or None),
    )
    # What one cap takes away makes the others' parts larger. Where the caps can't all be kept, the last one is.
    for _ in range(_TIMES):
        for share, voice in voices:
            found = capped(found, routes, [voice(number) for number in range(len(taught))], share, others)
    return found


def worth(one: Taught) -> float:
    """What a text counts before its age and before caps."""
    if one.why == "import":
        return one.worth
    return min(1.0 / one.probability, MOST_LIKE) if one.probability else 1.0


def decay(at: float, now: float, half_life: float) -> float:
    """What is left of a word of that moment; a half when nobody knows the moment."""
    return 0.5 ** (max(now - at, 0.0) / (half_life * _DAY)) if at else 0.5


def capped(
    weights: Sequence[float],
    routes: Sequence[RouteName],
    voices: Sequence[Hashable | None],
    share: float,
    others: Mapping[RouteName, float],
) -> list[float]:
    """The weights with each voice's part in each route scaled down to ``share`` of what the route then weighs in all.

    None is nobody's voice, and never capped. Where fewer than one over ``share`` have a say, they have equal parts; `FLOOR`
    is left to each. ``share`` is `REVIEWER` or `SENDER`.
    """
    loud: dict[RouteName, dict[Hashable, float]] = defaultdict(lambda: defaultdict(float))
    free: dict[RouteName, float] = defaultdict(float, others)
    for weight, route, voice in zip(weights, routes, voices, strict=True):
        if voice is None:
            free[route] += weight
        else:
            loud[route][voice] += weight
    floor = FLOOR[share]
    most = {route: max(_most(list(said.values()), free[route], share), floor) for route, said in loud.items()}
    return [
        weight if voice is None else weight * min(1.0, most[route] / loud[route][voice])
        for weight, route, voice in zip(weights, routes, voices, strict=True)
    ]


def _most(said: Sequence[float], free: float, share: float) -> float:
    """The most that one voice may weigh: ``share`` of the sum of all as they are then."""
    voices = len(said) + (1 if free > 0.0 else 0)
    share = max(share, 1.0 / voices)
    most = max(said)
    for _ in range(_ROUNDS):
        most = min(most, share * (free + sum(min(one, most) for one in said)))
    return most
