"""What presses: urgent mail that nobody has, clocks of cases, first answers; and the thread that looks after them."""

import time
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from postroom.adapters.store.alarms import SqliteAlarms
from postroom.adapters.store.deadlines import SqliteDeadlines
from postroom.adapters.store.targets import SqliteTargets
from postroom.config import Settings
from postroom.config.cases import all_calendars, calendar_of, first_answer_of
from postroom.decide.clocks import ClockRule
from postroom.flow.deadlines import Warner
from postroom.flow.targets import FirstAnswers
from postroom.flow.urgency import Escalation, Urgency
from postroom.model.errors import PostroomError, TryLater
from postroom.model.mail import RouteName
from postroom.model.people import ALL

if TYPE_CHECKING:
    from postroom.bootstrap.house import House

#: changes when what is reckoned does, though the settings don't
_RECKONING = 1
_WEEK = 7 * 86_400.0
#: seconds between two looks; between two steps of much work, so that pages are answered meanwhile; after trouble
_LOOK, _BREATH, _AFTER_TROUBLE = 2.0, 0.05, 10.0


class Pressing:
    """All of it, of a house. Raises what `House.store` does."""

    def __init__(self, house: "House") -> None:
        self._house = house

    @cached_property
    def alarms(self) -> SqliteAlarms:
        """Urgent mail."""
        return SqliteAlarms(self._house.store.units)

    @cached_property
    def deadlines(self) -> SqliteDeadlines:
        """Clocks of cases that run out."""
        return SqliteDeadlines(self._house.store.units)

    @cached_property
    def targets(self) -> SqliteTargets:
        """First answers."""
        return SqliteTargets(self._house.store.units)

    @cached_property
    def urgency(self) -> Urgency:
        """What people do with urgent mail."""
        return Urgency(alarms=self.alarms, accounts=self._house.people.accounts, clock=time.time)

    @cached_property
    def escalation(self) -> Escalation:
        """What tells of it again."""
        return Escalation(
            alarms=self.alarms, observer=self._house.observer, every=self.neglected_after, clock=time.time
        )

    @cached_property
    def warner(self) -> Warner:
        """What warns of clocks."""
        return Warner(
            deadlines=self.deadlines, desks=self._house.case_desks, observer=self._house.observer, clock=time.time
        )

    @cached_property
    def first_answers(self) -> FirstAnswers:
        """What keeps first answers in time."""
        rules = answer_rules(self._house.settings)
        return FirstAnswers(
            targets=self.targets,
            views=self._house.views,
            store=self._house.store,
            rules=rules,
            version=version(self._house.settings),
            clock=time.time,
        )

    @property
    def neglected_after(self) -> float:
        """Seconds."""
        return self._house.settings.urgent.repeat_minutes * 60.0

    def census(self, now: float) -> dict[str, Any]:
        """Counts for instruments: what presses, by kind. Raises `TryLater`."""
        unheard, cases = self.alarms.unheard(now - self.neglected_after), self.deadlines.pressing(now, ALL)
        answers: dict[str, dict[str, int]] = {}
        for one in self.targets.kept(now - _WEEK, now) if self.first_answers.rules else ():
            found = answers.setdefault(one.route, {"in-time": 0, "late": 0, "open": 0})
            found["in-time"] += one.in_time
            found["late"] += one.late
            found["open"] += one.open
        return {
            "urgent": {"no": unheard.waiting - unheard.neglected, "yes": unheard.neglected},
            "cases": {"near": cases.near, "late": cases.late},
            "answers": answers,
        }

    def warnings(self, now: float) -> dict[str, str]:
        """What the engineer on call should know."""
        try:
            neglected = self.alarms.unheard(now - self.neglected_after).neglected
        except TryLater:
            return {}
        if not neglected:
            return {}
        mails = "mail" if neglected == 1 else "mails"
        minutes = self._house.settings.urgent.repeat_minutes
        return {"urgent": f"nobody has taken {neglected} urgent {mails} for {minutes:g} minutes: see the page Urgent"}


def answer_rules(settings: Settings) -> dict[RouteName, ClockRule]:
    """The clock of each desk with a first-answer target."""
    calendars = {name: calendar_of(calendar) for name, calendar in all_calendars(settings).items()}
    found = {
        RouteName(name): first_answer_of(route, calendars[route.calendar]) for name, route in settings.route.items()
    }
    return {name: rule for name, rule in found.items() if rule is not None}


def version(settings: Settings) -> str:
    """Changes with anything that due times are reckoned by."""
    routes = {name: (route.first_answer, route.calendar) for name, route in settings.route.items()}
    return sha256(msgspec.json.encode([_RECKONING, routes, all_calendars(settings)])).hexdigest()[:12]


def look_after(
    pressing: Pressing,
    stopping: Callable[[], bool],
    failed: Callable[[Exception], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Tell again, warn and reckon until told to stop. What fails is told of and done again; the others go on."""
    turns = [pressing.escalation.turn, pressing.warner.turn, pressing.first_answers.turn]
    watching = False
    while not stopping():
        busy, trouble = False, False
        for turn in turns:
            try:
                if not watching:
                    pressing.first_answers.watch()
                    watching = True
                busy = turn() or busy
            except PostroomError:  # the store is not to be used now
                trouble = True
            except Exception as error:  # noqa: BLE001 - a bug in one must not end what looks after people's lives
                failed(error)
                trouble = True
        pause(_AFTER_TROUBLE if trouble else _BREATH if busy else _LOOK)
