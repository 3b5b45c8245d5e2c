"""All operations of the API, a module a room."""

from postroom.web.api import cases, hooks, house, letters, mails, people, review, targets, urgent
from postroom.web.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *house.OPERATIONS,
    *mails.OPERATIONS,
    *review.OPERATIONS,
    *urgent.OPERATIONS,
    *cases.OPERATIONS,
    *targets.OPERATIONS,
    *letters.OPERATIONS,
    *people.OPERATIONS,
    *hooks.OPERATIONS,
)
