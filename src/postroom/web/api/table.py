"""All operations of the API, a module a room."""

from postroom.web.api import agreement, cases, hooks, house, letters, mails, people, review
from postroom.web.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *house.OPERATIONS,
    *mails.OPERATIONS,
    *agreement.OPERATIONS,  # before `review`, whose paths take a mail where these say "second"
    *review.OPERATIONS,
    *cases.OPERATIONS,
    *letters.OPERATIONS,
    *people.OPERATIONS,
    *hooks.OPERATIONS,
)
