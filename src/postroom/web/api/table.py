"""All operations of the API, a module a room."""

from postroom.web.api import backtests, cases, hooks, house, letters, mails, people, review
from postroom.web.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *house.OPERATIONS,
    *mails.OPERATIONS,
    *review.OPERATIONS,
    *cases.OPERATIONS,
    *letters.OPERATIONS,
    *backtests.OPERATIONS,
    *people.OPERATIONS,
    *hooks.OPERATIONS,
)
