"""What the pages need to work with rules, put together."""

import time

from postroom.adapters.store.rulebooks import SqliteDrafts, SqliteVersions
from postroom.bootstrap.datafolder import LOCK
from postroom.bootstrap.house import House
from postroom.bootstrap.rulebench import BenchProcess
from postroom.bootstrap.sheets import TeamSheets, tell_server
from postroom.flow.rulework import Rulework


def rulework(house: House) -> Rulework:
    """Of this house, for the pages' process."""
    return Rulework(
        sheets=TeamSheets(house.rules, tell_server(house.data / LOCK)),
        versions=SqliteVersions(house.store.units),
        drafts=SqliteDrafts(house.store.units),
        bench=BenchProcess(house=house),
        clock=time.time,
    )
