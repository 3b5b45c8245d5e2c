"""Maildirs that tell what people moved between them, looked through by a thread of the pages' process."""

import threading
import time
from collections import Counter
from collections.abc import Callable

from postroom.adapters.destination.maildir_teller import MaildirTeller
from postroom.bootstrap.house import House
from postroom.config.settings import Maildir
from postroom.flow.elsewhere import Elsewhere
from postroom.model.errors import TryLater

_LOOK = 30.0
"""Seconds between two looks."""
_STEP = 0.5


def elsewhere(house: House) -> Elsewhere | None:
    """What looks; None where there are no two desks with a Maildir of their own to move mail between."""
    routes = house.desks.routes
    users = Counter(place for desk in routes.values() for place in dict.fromkeys((*desk.destinations, *desk.before)))
    desks = {
        name: route
        for route, desk in routes.items()
        for name in desk.destinations
        if users[name] == 1 and isinstance(house.destination_settings[name], Maildir)
    }
    if len(set(desks.values())) < 2:
        return None
    tellers = []
    for name in desks:
        wanted = house.destination_settings[name]
        assert isinstance(wanted, Maildir)
        tellers.append(MaildirTeller(name, house.base / wanted.path, house.key))
    return Elsewhere(
        tellers=tuple(tellers), desks=desks, store=house.store, views=house.views, reviewing=house.reviewing()
    )


def start(house: House, stopping: Callable[[], bool], failed: Callable[[Exception], None]) -> None:
    """Look now and then in a thread until told to stop."""
    looking = elsewhere(house)
    if looking is not None:
        threading.Thread(target=look, args=(looking.turn, stopping, failed), name="elsewhere", daemon=True).start()


def look(
    turn: Callable[[], int],
    stopping: Callable[[], bool],
    failed: Callable[[Exception], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Look, wait, look again; what can't be done now is done the next time."""
    while not stopping():
        try:
            turn()
        except TryLater:
            pass
        except Exception as error:  # noqa: BLE001 - told where the engineer on call looks; the looking goes on
            failed(error)
        waited = 0.0
        while waited < _LOOK and not stopping():
            pause(_STEP)
            waited += _STEP
