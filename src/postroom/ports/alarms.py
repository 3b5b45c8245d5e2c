"""Urgent mail that waits for somebody to have it, as the store keeps it."""

from typing import Protocol

from postroom.model.alarms import Alarm, AlarmEvent, AlarmPage, Unheard
from postroom.model.mail import MailId
from postroom.model.people import Deed, Sight


class Alarms(Protocol):
    """Alarms, as a reader may see their mails. They are raised by themselves, with the decision that a mail is urgent.

    Every call raises `TryLater`.
    """

    def page(self, sight: Sight, *, held: bool, after: str = "", limit: int = 50) -> AlarmPage:
        """Those that nobody has, which wait longest first; or those that are ``held``, taken last first."""
        ...

    def alarm(self, mail_id: MailId, sight: Sight) -> Alarm | None:
        """Of one mail; None when there is none, or it may not be seen: nobody can tell which."""
        ...

    def offered(self, to: str, sight: Sight, limit: int = 50) -> AlarmPage:
        """Those that somebody is asked to take over."""
        ...

    def waiting(self, sight: Sight, by: str = "") -> int:
        """How many nobody has, and how many ``by`` is asked to take over."""
        ...

    def put(self, alarm: Alarm, event: AlarmEvent, deed: Deed | None) -> Alarm:
        """Keep an alarm as it is from now on, with what happened, durably; with its new version.

        Raises `Refused` when it was changed since the version that it was made of, or is gone: nothing has changed.
        """
        ...

    def neglected(self, before: float, limit: int) -> tuple[Alarm, ...]:
        """Those that nobody has and that were told last no later than ``before``."""
        ...

    def unheard(self, before: float) -> Unheard:
        """How many nobody has, for instruments; a thousand at most are counted."""
        ...
