"""Cases, as the settings describe them, and the thread that lets them open by themselves."""

import time
from collections.abc import Callable
from hashlib import sha256

import msgspec

from postroom.config import Settings
from postroom.config.cases import all_calendars, all_clocks, calendar_of, clock_of, first_answer_of
from postroom.config.settings import Route
from postroom.decide.calendars import Calendar
from postroom.decide.clocks import ClockRule
from postroom.flow.casedesks import CaseDesk, CaseDesks
from postroom.flow.filing import Filing
from postroom.model.errors import PostroomError
from postroom.model.mail import RouteName
from postroom.ports import Observer

#: changes when what is reckoned does, though the settings don't
_RECKONING = 2
#: seconds between two looks for mail that concerns cases
_LOOK = 1.0
_DAY = 86_400.0


def case_desks(settings: Settings) -> CaseDesks:
    """The desks with cases."""
    calendars = {name: calendar_of(calendar) for name, calendar in all_calendars(settings).items()}
    content = msgspec.json.encode([_RECKONING, settings.route, all_clocks(settings), all_calendars(settings)])
    return CaseDesks(
        desks={
            RouteName(name): CaseDesk(
                clocks=tuple(_clocks(route, settings, calendars)),
                second_person=route.second_person == "rejection",
                again=route.again_days * _DAY,
                calendar=calendars[route.calendar],
            )
            for name, route in settings.route.items()
            if route.cases
        },
        version=sha256(content).hexdigest()[:12],
    )


def _clocks(route: Route, settings: Settings, calendars: dict[str, Calendar]) -> list[ClockRule]:
    known = all_clocks(settings)
    rules = [clock_of(name, known[name], calendars[known[name].calendar or route.calendar]) for name in route.clocks]
    first = first_answer_of(route, calendars[route.calendar])
    return rules if first is None else [first, *rules]


def keep_up(
    filing: Filing, observer: Observer, stopping: Callable[[], bool], pause: Callable[[float], None] = time.sleep
) -> None:
    """Follow the mails that concern cases until told to stop; what can't be done now is tried again."""
    watching = False
    while not stopping():
        try:
            if not watching:
                filing.watch()
                watching = True
            busy = filing.catch_up() > 0
        except PostroomError as error:
            observer.note("store-trouble", error=str(error)[:200])
            busy = False
        except Exception as error:  # noqa: BLE001 - told where the engineer on call looks; cases must go on opening
            filing.failed(error)
            busy = False
        if not busy:
            pause(_LOOK)
