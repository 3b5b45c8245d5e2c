"""All operations of the API, a module a room."""

from postroom.web.api import cases, hooks, house, letters, mails, people, review, views
from postroom.web.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *house.OPERATIONS,
    *mails.OPERATIONS,
    *views.OPERATIONS,
    *review.OPERATIONS,
    *cases.OPERATIONS,
    *letters.OPERATIONS,
    *people.OPERATIONS,
    *hooks.OPERATIONS,
)
