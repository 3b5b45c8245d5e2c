"""Dead letters, as the settings let them go elsewhere."""

import time

from postroom.bootstrap.house import House
from postroom.flow.redirecting import Redirecting


def redirecting(house: House) -> Redirecting:
    """What sends deliveries elsewhere."""
    return Redirecting(
        store=house.store, desks=house.desks, destinations=tuple(house.destination_settings), clock=time.time
    )
