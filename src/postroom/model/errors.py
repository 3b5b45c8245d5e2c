"""Errors whose type says what the caller does."""

import difflib
from collections.abc import Collection


class PostroomError(Exception):
    """Any error that postroom raises on purpose; its text is meant for people."""


class Refused(PostroomError):
    """It is not taken, and trying again won't help: answer 5xx."""


class TryLater(PostroomError):
    """It did not work now and may later: answer 4xx, or try again after a while.

    ``lane_down`` says that the destination itself is unwell, so that the lane pauses and no mail's tries are used up.
    ``after`` is the pause in seconds that the destination asked for, None when it named none.
    """

    def __init__(self, message: str, *, lane_down: bool = False, after: float | None = None) -> None:
        super().__init__(message)
        self.lane_down = lane_down
        self.after = after


class GiveUp(PostroomError):
    """It will never work for this mail: park it for a person."""


class ConfigError(PostroomError):
    """The settings, rules or phrases are wrong; the text says where and what to do."""


def unknown(what: str, given: str, known: Collection[str]) -> str:
    """A sentence about a name that nothing has: what was likely meant, and what there is."""
    near = difflib.get_close_matches(given, known, 1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    return f"there is no {what} {given!r}.{meant} Known: {', '.join(known) or 'none yet'}"
