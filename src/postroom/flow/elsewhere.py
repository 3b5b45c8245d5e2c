"""Moves that people make by themselves, where a destination can tell: a mail of one desk lies in the folder of another.

That is a person's word as any other: history, learning and cases follow, it counts as a correction, and it is a line of the
audit log. Believed only when nothing else explains it: the mail lies at that one place alone, it is the very delivery that
the decision in force made (or that people moved before), and where it was delivered it lies no more.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from postroom.flow.stamp import header_text
from postroom.flow.verdicts import Reviewing
from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.mail import DestinationName, MailId, RouteName
from postroom.model.people import ALL
from postroom.model.work import Lying
from postroom.ports import JobFilter, Store, Teller
from postroom.ports.desktop import Views

NOTE = "moved there by hand, not in postroom"
_SIGN = "moved:"
_AT_ONCE = 500


def teller(destination: DestinationName) -> str:
    """By what name a verdict says that people moved a mail there: no user can have it."""
    return f"{_SIGN}{destination}"


@dataclass(slots=True, kw_only=True)
class Elsewhere:
    """Looks where mails lie, and takes it as a verdict where people moved one to another desk."""

    tellers: Collection[Teller]
    #: desk whose mail, and no other's, goes to each of them
    desks: Mapping[DestinationName, RouteName]
    store: Store
    views: Views
    reviewing: Reviewing
    #: where each mail lay when it was last looked at; what lies there still is no news
    _seen: dict[MailId, tuple[DestinationName, Lying]] = field(default_factory=dict, init=False)

    def turn(self) -> int:
        """Look once. How many moves were taken. Raises `TryLater`: then what was not looked at is, the next time."""
        places = self._places()
        if places is None:
            return 0
        alone = {mail_id: found[0] for mail_id, found in places.items() if len(found) == 1}
        self._seen = {mail_id: was for mail_id, was in self._seen.items() if alone.get(mail_id) == was}
        fresh = [mail_id for mail_id in alone if mail_id not in self._seen]
        taken = 0
        for some in _some(fresh):
            rows = self.views.rows(some, ALL)
            for mail_id in some:
                place, lying = alone[mail_id]
                if mail_id in rows and self.desks[place] not in (rows[mail_id].route, rows[mail_id].also):
                    taken += self._take(place, lying)
                self._seen[mail_id] = (place, lying)
        return taken

    def _places(self) -> dict[MailId, list[tuple[DestinationName, Lying]]] | None:
        """Where each mail lies; None while somebody can't tell yet."""
        found: dict[MailId, list[tuple[DestinationName, Lying]]] = {}
        for one in self.tellers:
            lying = one.lying()
            if lying is None:
                return None
            for delivery in lying:
                found.setdefault(delivery.mail_id, []).append((one.name, delivery))
        return found

    def _take(self, place: DestinationName, lying: Lying) -> bool:
        mails, decisions = self.store.read([lying.mail_id]), self.store.decisions(lying.mail_id)
        if not mails or not decisions or not self._moved(lying, decisions):
            return False
        try:
            given = self.reviewing.moved_elsewhere(
                mails[0], self.desks[place], teller(place), there=(place,), note=NOTE
            )
        except Refused:  # its brand has no such desk, it was erased, or somebody was faster
            return False
        return given is not None

    def _moved(self, lying: Lying, decisions: Sequence[Decision]) -> bool:
        """Whether people have moved it from where it was known to lie."""
        latest = decisions[-1]
        if latest.by.startswith(_SIGN):
            return True
        own = next((name for name, route in self.desks.items() if route == latest.route), None)
        if own is None or lying.route != header_text(latest.route):
            return False
        jobs = self.store.jobs(JobFilter(mail_id=latest.mail_id, kinds=("deliver",), destination=own))
        return bool(jobs) and jobs[-1].task == "deliver" and jobs[-1].state == "done"


def _some(ids: Sequence[MailId]) -> Iterator[Sequence[MailId]]:
    for at in range(0, len(ids), _AT_ONCE):
        yield ids[at : at + _AT_ONCE]
