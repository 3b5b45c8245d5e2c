"""Who has which urgent mail. Nobody loses one silently: it waits, or one person has it, by name.

Whoever takes one says whom they saw it with, so that of two who press at the same moment one is told. What was handed on is
still its holder's until the other has taken it. What nobody takes is told again, as often as the settings say.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from postroom.flow.hooks import OfMail, wants
from postroom.model.alarms import Alarm, AlarmEvent, AlarmEventName, AlarmPage
from postroom.model.errors import Refused
from postroom.model.hooks import Hook, HookName
from postroom.model.judgement import Decision
from postroom.model.listing import MailRow
from postroom.model.mail import MailId
from postroom.model.people import Deed, Sight, User, UserName
from postroom.ports import Observer, Store
from postroom.ports.accounts import Accounts
from postroom.ports.alarms import Alarms

MOST_WORDS = 1000
"""Characters of a note."""

_AT_ONCE = 100
_RANKED = 1000
_FIRST, _LAST = ("self-harm", "child-safety", "threat"), ("authority", "data-request")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doer:
    """Who does something, and what they may see."""

    name: UserName
    sight: Sight


def doer(user: User) -> Doer:
    """Somebody with the right to it. Raises `Refused` for all others."""
    if not user.urgent:
        raise Refused(not_for(user.name))
    return Doer(name=user.name, sight=user.sight)


def not_for(name: str) -> str:
    """What somebody without the right is told."""
    return f"urgent mail is for those who may see it; an admin lets {name} in (People, or `postroom user change {name} --urgent`)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgency:
    """What people do with urgent mail. Every verb raises `Refused`, with what to do, and `TryLater`."""

    alarms: Alarms
    accounts: Accounts
    #: seconds since the epoch
    clock: Callable[[], float]

    def acknowledge(self, by: Doer, mail_id: MailId, *, seen_with: str = "", note: str = "") -> Alarm:
        """``by`` has it from now on, who saw it with ``seen_with`` (``""``: with nobody). Done again, it changes nothing."""
        alarm = self._alarm(by, mail_id)
        words = _line(note)
        if alarm.holder == by.name and not words:
            return alarm
        if alarm.holder and alarm.holder not in (by.name, seen_with):
            raise Refused(f"{alarm.holder} has it already: take it over if you mean to")
        over = alarm.holder and alarm.holder != by.name
        taken_at = alarm.taken_at if alarm.holder == by.name else self.clock()
        taken = replace(alarm, holder=by.name, taken_at=taken_at, offered=UserName(""), note=words)
        said = f"from {alarm.holder}" if over else ""
        return self._put(
            taken, by, "taken over" if over else "acknowledged", "; ".join(filter(None, (said, words))), said
        )

    def hand_on(self, by: Doer, mail_id: MailId, to: str, *, note: str = "") -> Alarm:
        """Ask somebody else to take it over; ``by`` has it until they do."""
        alarm = self._held(by, mail_id)
        other = self.accounts.user(UserName(to))
        if other is None or not _may(other, by) or self.alarms.alarm(mail_id, other.sight) is None:
            raise Refused(f"{to or 'nobody'} can't take it: choose somebody who may see urgent mail of its desk")
        words = _line(note)
        asked = replace(alarm, offered=other.name, note=words or alarm.note)
        said = f"to {other.name}"
        return self._put(asked, by, "handed on", "; ".join(filter(None, (said, words))), said)

    def give_back(self, by: Doer, mail_id: MailId, *, note: str = "") -> Alarm:
        """Nobody has it again: it waits, and is told again, as if it had just come."""
        alarm, now, words = self._held(by, mail_id), self.clock(), _line(note)
        back = replace(
            alarm, since=now, told_at=now, holder=UserName(""), taken_at=None, offered=UserName(""), note=words
        )
        return self._put(back, by, "given back", words, "")

    def _alarm(self, by: Doer, mail_id: MailId) -> Alarm:
        found = self.alarms.alarm(mail_id, by.sight)
        if found is None:
            raise Refused("there is no such urgent mail, or it is not for you")
        return found

    def _held(self, by: Doer, mail_id: MailId) -> Alarm:
        alarm = self._alarm(by, mail_id)
        if alarm.holder != by.name:
            raise Refused(f"{alarm.holder or 'nobody'} has it: only who has it can do that")
        return alarm

    def _put(self, alarm: Alarm, by: Doer, what: AlarmEventName, detail: str, told: str) -> Alarm:
        """``told`` goes into the audit log: nothing of what somebody wrote, as it may be a mail's words."""
        now = self.clock()
        deed = Deed(at=now, by=by.name, what=f"urgent-{what.replace(' ', '-')}", to=alarm.mail_id, detail=told)
        return self.alarms.put(alarm, AlarmEvent(at=now, by=by.name, what=what, detail=detail), deed)


def danger(signals: Collection[str]) -> int:
    """What comes first, the least number: lives, then what the team has named, then letters that have days. Pure."""
    places = [_FIRST.index(name) if name in _FIRST else len(_FIRST) + (name in _LAST) for name in signals]
    return min(places, default=len(_FIRST))


def by_danger(alarms: Alarms, store: Store, sight: Sight, *, after: str = "", limit: int = 50) -> AlarmPage:
    """What nobody has, the most dangerous first, of the same danger what waits longest; of the thousand that wait longest.

    ``after`` is the place of the last that was told, so that the next page neither leaves out nor repeats what waits still.
    Raises `TryLater`.
    """
    found = alarms.page(sight, held=False, limit=_RANKED).alarms
    decisions = store.in_force([row.id for _, row in found])

    def place(alarm: Alarm) -> str:
        decision = decisions.get(alarm.mail_id)
        return f"{danger(decision.urgent if decision else ())}-{alarm.since:018.6f}-{alarm.mail_id}"

    ranked = sorted((place(alarm), number) for number, (alarm, _) in enumerate(found))
    rest = [one for one in ranked if one[0] > after]
    return AlarmPage(
        alarms=tuple(found[number] for _, number in rest[:limit]), after=rest[limit - 1][0] if len(rest) > limit else ""
    )


def hooks_told(known: Sequence[Hook], decision: Decision) -> tuple[HookName, ...]:
    """Webhooks that are told of an urgent mail again while nobody has it. Pure."""
    again = OfMail(decision=decision, again=True)
    return tuple(one.name for one in known for event in again.events if wants(one, event, again))


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Tells again of urgent mail that nobody has."""

    alarms: Alarms
    observer: Observer
    #: seconds after which it is told again
    every: float
    clock: Callable[[], float]

    def turn(self) -> bool:
        """Tell of some. Whether there may be more. Raises `TryLater`."""
        now = self.clock()
        found = self.alarms.neglected(now - self.every, _AT_ONCE)
        for alarm in found:
            again = replace(alarm, repeats=alarm.repeats + 1, told_at=now)
            with suppress(Refused):  # somebody has it by now
                self.alarms.put(again, AlarmEvent(at=now, by="", what="told again"), None)
                self.observer.note("urgent-waits", alarm.mail_id, repeat=again.repeats, seconds=now - alarm.since)
        return len(found) == _AT_ONCE


def _line(text: str) -> str:
    """A note as one line. Raises `Refused` for too much."""
    words = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if len(words) > MOST_WORDS:
        raise Refused(f"the note has more than {MOST_WORDS} characters: shorten it")
    return words


def takers(users: Iterable[User], row: MailRow, by: Doer) -> tuple[User, ...]:
    """Who of them could have a mail instead. Pure."""
    return tuple(
        user for user in users if _may(user, by) and user.sight.sees(row.brand, row.route, row.decided, row.also)
    )


def _may(user: User, by: Doer) -> bool:
    return user.urgent and not user.disabled and user.name != by.name
