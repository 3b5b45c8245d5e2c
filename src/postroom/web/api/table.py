"""All operations of the API, a module a room."""

from postroom.web.api import agreement, backtests, cases, hooks, house, letters, mails, people, replies, review, rules
from postroom.web.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *house.OPERATIONS,
    *mails.OPERATIONS,
    *agreement.OPERATIONS,  # before `review`, whose paths take a mail where these say "second"
    *review.OPERATIONS,
    *cases.OPERATIONS,
    *replies.OPERATIONS,
    *letters.OPERATIONS,
    *backtests.OPERATIONS,
    *people.OPERATIONS,
    *rules.OPERATIONS,
    *hooks.OPERATIONS,
)
