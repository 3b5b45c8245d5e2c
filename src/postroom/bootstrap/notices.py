"""What is told to people by itself, as the settings say; and the thread that tells it."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from postroom.adapters.store.notices import SqliteNotices
from postroom.bootstrap.answering import answering
from postroom.bootstrap.turns import take_turns
from postroom.config import Settings
from postroom.flow.notices import Noticing, Telling
from postroom.model.mail import RouteName
from postroom.understand.reader import read

if TYPE_CHECKING:
    from postroom.bootstrap.house import House

_LOOK: Final = 2.0


def noticing(house: "House") -> Noticing:
    """All of it. Raises what the store does."""
    return Noticing(
        notices=SqliteNotices(house.store.units),
        answering=answering(house),
        store=house.store,
        cases=house.cases,
        read=lambda mail: read(mail, house.trust),
        desks=tellings(house.settings),
        wait=house.settings.review.undo_seconds,
        most_an_hour=house.settings.answers.notices_per_hour,
        clock=time.time,
    )


def tellings(settings: Settings) -> dict[RouteName, Telling]:
    """What each desk tells, of those that tell anything."""
    return {
        RouteName(name): Telling(
            received=route.acknowledge, outcomes={str(end): name for end, name in route.outcomes.items()}
        )
        for name, route in settings.route.items()
        if route.acknowledge or any(route.outcomes.values())
    }


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

    def turn() -> bool:
        nonlocal watched
        if not watched:
            telling.watch()
            watched = True
        return bool(telling.desks) and telling.turn()

    take_turns(turn, stopping, failed, rest=_LOOK, pause=pause)
