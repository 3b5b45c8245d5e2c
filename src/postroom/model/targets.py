"""First answers: until when a mail is to be answered, and when it was."""

from dataclasses import dataclass
from typing import Literal

from postroom.model.mail import BrandName, MailId, RouteName

How = Literal["answered", "elsewhere", "needless"]
"""By an answer that postroom knows of; somewhere else, as a person says; it needs no answer, as a person says."""

Answering = Literal["", "open", "soon", "overdue"]
"""Of which mails: any; with an answer due; with little time left; too late already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreckoned:
    """A mail at a desk with a target whose due time is not known, or was reckoned by other settings."""

    mail_id: MailId
    route: RouteName
    #: seconds since the epoch
    received_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoned:
    """Until when it is to be answered. Both are None where it need not be."""

    mail_id: MailId
    #: where it lay when this was worked out
    route: RouteName
    #: from then on it is due soon, seconds since the epoch
    near: float | None
    due: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How one desk of one brand keeps its target."""

    route: RouteName
    brand: BrandName
    #: were due in the time asked about, and answered by then; answered later; not answered yet
    in_time: int
    late: int
    open: int

    @property
    def share(self) -> float | None:
        """Of those that were due: answered in time. None where none was."""
        all_of_it = self.in_time + self.late + self.open
        return self.in_time / all_of_it if all_of_it else None
