"""All operations of the API, a module a room."""

from postroom.web.api import (
    agreement,
    backtests,
    cases,
    conversation,
    hooks,
    house,
    letters,
    mails,
    notices,
    people,
    privacy,
    replies,
    review,
    rules,
    targets,
    templates,
    urgent,
    verdicts,
    views,
)
from postroom.web.api.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *house.OPERATIONS,
    *mails.OPERATIONS,
    *conversation.OPERATIONS,
    *verdicts.OPERATIONS,
    *agreement.OPERATIONS,  # before `review`, whose paths take a mail where these say "second"
    *views.OPERATIONS,
    *review.OPERATIONS,
    *urgent.OPERATIONS,
    *cases.OPERATIONS,
    *replies.OPERATIONS,
    *notices.OPERATIONS,
    *targets.OPERATIONS,
    *letters.OPERATIONS,
    *backtests.OPERATIONS,
    *people.OPERATIONS,
    *privacy.OPERATIONS,
    *rules.OPERATIONS,
    *templates.OPERATIONS,
    *hooks.OPERATIONS,
)
