"""First answers in time: when each mail of a desk with a target is due, and what people say of it by hand.

A mail is noted by the store as it comes to the desk; `FirstAnswers.turn` works out when it is due. An answer that is sent
ends it in the transaction that keeps that answer; who answered elsewhere says so here.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from postroom.decide.clocks import ClockRule, later, near_end
from postroom.model.errors import Refused
from postroom.model.mail import MailId, RouteName
from postroom.model.people import Deed, User
from postroom.model.targets import How, Reckoned, Unreckoned
from postroom.ports.desktop import Views
from postroom.ports.mail import Judgements
from postroom.ports.targets import Targets

_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswers:
    """Keeps due times, and what people say of answers."""

    targets: Targets
    views: Views
    store: Judgements
    #: the clock of each desk with a target
    rules: Mapping[RouteName, ClockRule]
    #: changes when any of them does
    version: str
    #: seconds since the epoch
    clock: Callable[[], float]

    def watch(self) -> None:
        """From now on mail of the desks with a target is noted. Raises `TryLater`."""
        self.targets.watch(tuple(self.rules))

    def turn(self) -> bool:
        """Work out when some mails are due. Whether there may be more. Raises `TryLater`."""
        found = self.targets.unreckoned(self.version, _AT_ONCE)
        if found:
            self.targets.reckon([self._reckoned(one) for one in found], self.version)
        return len(found) == _AT_ONCE

    def say(self, by: User, ids: Collection[MailId], how: How) -> int:
        """A person says that these mails need no answer any more. How many had none. Raises `Refused` and `TryLater`."""
        now = self.clock()
        deeds = self._deeds(by, ids, now, f"mail-{how}")
        return self.targets.stop(ids, now, how, by.name, deeds, routes=by.sight.routes)

    def take_back(self, by: User, ids: Collection[MailId]) -> int:
        """What a person said of these mails counts no more: they are to be answered. Raises `Refused` and `TryLater`."""
        deeds = self._deeds(by, ids, self.clock(), "mail-unanswered")
        return self.targets.resume(ids, deeds, routes=by.sight.routes)

    def _deeds(self, by: User, ids: Collection[MailId], now: float, what: str) -> list[Deed]:
        if not by.is_at_least("agent"):
            raise Refused(f"this takes the role agent; {by.name} has {by.role}")
        if len(self.views.rows(ids, by.sight)) < len(set(ids)):
            raise Refused("a mail of these is not there, or not for you: load the page again")
        return [Deed(at=now, by=by.name, what=what, to=one) for one in ids]

    def _reckoned(self, one: Unreckoned) -> Reckoned:
        rule, decisions = self.rules.get(one.route), self.store.decisions(one.mail_id)
        # What is in shadow is decided and recorded, no more: somebody else answers it.
        if rule is None or not decisions or decisions[-1].stage == "shadow":
            return Reckoned(mail_id=one.mail_id, route=one.route, near=None, due=None)
        due = later(rule.calendar, one.received_at, rule.within)
        return Reckoned(mail_id=one.mail_id, route=one.route, near=near_end(rule, one.received_at, due), due=due)
