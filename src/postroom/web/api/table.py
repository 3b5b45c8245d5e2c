"""All operations of the API, a module a room."""

from postroom.web.api import cases, hooks, house, letters, mails, people, replies, review, rules
from postroom.web.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *house.OPERATIONS,
    *mails.OPERATIONS,
    *review.OPERATIONS,
    *cases.OPERATIONS,
    *replies.OPERATIONS,
    *letters.OPERATIONS,
    *people.OPERATIONS,
    *rules.OPERATIONS,
    *hooks.OPERATIONS,
)
