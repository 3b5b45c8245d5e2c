"""A delivery that can't be made where it was meant to be is made somewhere else: at the same desk, in the same generation.

To send it to another desk is a verdict (`flow.verdicts`): history and learning must follow that.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from postroom.flow.desks import Desks
from postroom.model.deeds import unnamed
from postroom.model.errors import Refused, unknown
from postroom.model.mail import DestinationName, MailId
from postroom.model.people import ALL, Deed, Sight
from postroom.model.work import JobId, JobInfo
from postroom.ports import JobFilter, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirecting:
    """Sends deliveries elsewhere."""

    store: Store
    desks: Desks
    #: all that the settings name
    destinations: Collection[DestinationName]
    #: seconds since the epoch
    clock: Callable[[], float]

    def places(self, mail_id: MailId) -> tuple[DestinationName, ...]:
        """Where mail of the desk at which this one lies may go: its own destinations, and those that are nobody's."""
        decisions = self.store.decisions(mail_id)
        own = self.desks.places(decisions[-1]) if decisions else ()
        free = (name for name in self.destinations if name not in self.desks.taken)
        return tuple(dict.fromkeys((*own, *free)))

    def send(self, jobs: Sequence[JobInfo], to: str, reason: str, by: str, sight: Sight = ALL) -> int:
        """Make all of these deliveries there instead. How many; none where one can't be.

        Destinations of desks alone that are beyond their ``sight`` are none that there are.

        Raises `Refused`, with what to do, and `TryLater`.
        """
        place, why = DestinationName(to), " ".join(reason.split())
        hidden = self.desks.hidden_from(sight)
        known = [one for one in self.destinations if one not in hidden]
        if place not in known:
            raise Refused(unknown("destination", to, known))
        if not why:
            raise Refused("say why it goes elsewhere: whoever asks for it later reads it")
        for job in jobs:
            if job.does != "deliver":
                raise Refused(f"letter {job.id} is no delivery ({job.does}): it can only be tried again or dropped")
            if job.state not in ("parked", "held", "ready"):
                raise Refused(f"letter {job.id} is {job.state}: only what is parked, held or waits goes elsewhere")
            if place not in self.places(job.mail_id):
                raise Refused(
                    f"{place} is where another desk's mail goes: move the mail of letter {job.id} to that desk"
                )
        numbers: tuple[JobId, ...] = tuple(job.id for job in jobs)
        told = f"to {place}: {why}"
        deed = Deed(at=self.clock(), by=by, what="letters-redirected", detail=unnamed(told)[:500])
        wanted = JobFilter(ids=numbers, limit=max(len(numbers), 1))
        return self.store.redirect(wanted, place, f"{by}: {told}"[:500], deed=deed)
