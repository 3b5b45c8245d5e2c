"""What is told to people by itself, as the settings say; and the thread that tells it."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from postroom.adapters.store.notices import SqliteNotices
from postroom.bootstrap.answering import answering
from postroom.flow.notices import Noticing, Telling
from postroom.model.errors import TryLater
from postroom.model.mail import RouteName
from postroom.understand.reader import read

if TYPE_CHECKING:
    from postroom.bootstrap.house import House

_LOOK: Final = 2.0
_AFTER_TROUBLE: Final = 10.0


def noticing(house: "House") -> Noticing:
    """All of it. Raises what the store does."""
    routes = house.settings.route.items()
    return Noticing(
        notices=SqliteNotices(house.store.units),
        answering=answering(house),
        store=house.store,
        cases=house.cases,
        read=lambda mail: read(mail, house.trust),
        desks={
            RouteName(name): Telling(
                received=route.acknowledge, outcomes={str(end): name for end, name in route.outcomes.items()}
            )
            for name, route in routes
            if route.acknowledge or any(route.outcomes.values())
        },
        wait=house.settings.review.undo_seconds,
        most_an_hour=house.settings.answers.notices_per_hour,
        clock=time.time,
    )


def start(house: "House", stopping: Callable[[], bool], failed: Callable[[Exception], None]) -> None:
    """Tell in a thread until told to stop."""
    telling = noticing(house)
    threading.Thread(target=tell, args=(telling, stopping, failed), name="notices", daemon=True).start()


def tell(
    telling: Noticing,
    stopping: Callable[[], bool],
    failed: Callable[[Exception], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Watch, then tell what is due; what can't be done now is done later."""
    watched = False
    while not stopping():
        rest = _LOOK
        try:
            if not watched:
                telling.watch()
                watched = True
            if telling.desks and telling.turn():
                continue
        except TryLater:
            pass
        except Exception as error:  # noqa: BLE001 - told where the engineer on call looks; the others are told still
            failed(error)
            rest = _AFTER_TROUBLE
        pause(rest)
