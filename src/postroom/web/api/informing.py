"""What it takes to tell a helpdesk of customers."""

from collections.abc import Callable
from dataclasses import dataclass

from postroom.model.judgement import AccountStatus
from postroom.model.people import Sight
from postroom.ports.desktop import Views


@dataclass(frozen=True, slots=True, kw_only=True)
class Informing:
    """What it takes to tell of customers."""

    #: shared with the helpdesk
    secret: bytes
    views: Views
    #: of which brands and desks it is told
    sight: Sight
    #: the state of an address's account
    account: Callable[[str], AccountStatus]
    #: of the pages, without a slash at the end; ``""`` when it is not known
    url: str
