"""What goes on in a thread until it is told to stop: one turn after another, with rests."""

import time
from collections.abc import Callable
from typing import Final

from postroom.model.errors import TryLater

_AFTER_TROUBLE: Final = 10.0
"""Seconds of rest after a bug."""


def take_turns(
    turn: Callable[[], bool],
    stopping: Callable[[], bool],
    failed: Callable[[Exception], None],
    *,
    rest: float,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Take turns until told to stop.

    A turn says whether there was work: after one without, or when the store can't be used now (`TryLater`), the thread
    rests for ``rest`` seconds. ``failed`` is told of bugs, which don't end what others wait for.
    """
    while not stopping():
        seconds = rest
        try:
            if turn():
                continue
        except TryLater:
            pass
        except Exception as error:  # noqa: BLE001 - told where the engineer on call looks; the next turn may go well
            failed(error)
            seconds = _AFTER_TROUBLE
        pause(seconds)
