"""A second reviewer is asked what a first one has answered, and a lead where they disagree.

The first answer stands, and its mail is delivered, all the while: nothing waits for the second, and no clock runs. Only where
the two disagree, and a lead gives the mail elsewhere, does it move again; from then on the lead's word is what is learned.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from postroom.flow.verdicts import Given, Reviewing
from postroom.model.desktop import Taken
from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.people import Deed, Sight, User
from postroom.model.secondlooks import SecondLook, said, shown
from postroom.ports.desktop import Turns
from postroom.ports.reviewing import SecondLooks

STALE = 14 * 86_400.0
"""Seconds after which nobody is asked a second time any more."""

PRESSING = 3600.0
"""With less time than this left on the clock of the next question, in seconds, no second look comes before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLooking:
    """What people do about second looks."""

    looks: SecondLooks
    turns: Turns
    reviewing: Reviewing
    #: seconds that one is in somebody's hands
    lease: float
    clock: Callable[[], float]

    def instead(self, taken: Taken | None, user: User, *, skip: Collection[MailId] = ()) -> SecondLook | None:
        """A second look that comes before the question that they have taken, which is then given back; None for none.

        Never before urgent mail, or before a question whose time is nearly up. Raises `TryLater`.
        """
        now = self.clock()
        if taken is not None and (taken.waiting.urgent or (taken.waiting.due_at or now + STALE) < now + PRESSING):
            return None
        found = self.looks.take(user.name, user.sight, lease=self.lease, since=now - STALE, skip=skip)
        if found is not None and taken is not None:
            self.turns.give_back(taken.waiting.mail_id, user.name)
        return found

    def still_waits(self, ids: Collection[MailId], user: User) -> bool:
        """Whether any of these, which they have skipped, is a second look that they may take now. Raises `TryLater`."""
        now = self.clock()
        looks = (self.looks.of_mail(one, user.sight) for one in ids)
        return any(
            not one.second and one.until <= now and one.opened_at >= now - STALE and one.first != user.name
            for one in looks
            if one is not None
        )

    def asked(self, look: SecondLook) -> Decision:
        """The decision that both are asked about. Raises `Refused` when it is gone."""
        for decision in self.reviewing.store.decisions(look.mail_id):
            if decision.generation == look.generation:
                return decision
        raise Refused("the decision that was asked about is not there any more")

    def answer(self, mail: Mail, route: RouteName | None, user: User, *, also: RouteName = RouteName("")) -> SecondLook:
        """What the second says; None confirms the best guess. Moves nothing. Raises `Refused` and `TryLater`."""
        taken = self.looks.take_one(mail.id, user.name, user.sight, lease=self.lease)
        if taken is None:
            raise Refused("somebody else has this mail in hand, or it has been answered: go on with the next")
        wanted = said((self.reviewing.checked(mail, route or taken.decided, also), also))
        deed = Deed(at=self.clock(), by=user.name, what="second-look", to=mail.id, detail=shown(wanted))
        return self.looks.answer(mail.id, wanted, user.name, deed)

    def settle(
        self,
        mail: Mail,
        route: RouteName,
        user: User,
        *,
        also: RouteName = RouteName(""),
        generation: int = 0,
        note: str = "",
    ) -> Given:
        """A lead decides where two disagree. Raises `Refused`, also when one of the two answers is theirs, and `TryLater`."""
        look = self.looks.of_mail(mail.id, user.sight)
        if look is None or not look.is_open:
            raise Refused("there is nothing to settle about this mail")
        if user.name.casefold() in (look.first.casefold(), look.second.casefold()):
            raise Refused("one of the two answers is yours: somebody else decides")
        return self.reviewing.give(mail, route, user.name, also=also, generation=generation, note=note, settles=True)

    def figures_of(self, sight: Sight, days: float) -> tuple[SecondLook, ...]:
        """Second looks answered in so many days, newest first. Raises `TryLater`."""
        return self.looks.answered(sight, self.clock() - days * 86_400.0)
