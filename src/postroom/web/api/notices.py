"""What is told to people by itself: what it would look like, and what was told or why not."""

from typing import Annotated

from msgspec import Meta

from postroom.model.notices import NoticeKind, NoticeState
from postroom.web.api.mails import Limit, Number
from postroom.web.api.operation import Call, Input, Nothing, Operation, Output
from postroom.web.api.shapes import Brand, Id, Route, Seconds
from postroom.web.pages.notices import rehearsed
from postroom.web.seen import open_to


class WhichNotices(Input, frozen=True):
    """Which page of them."""

    after: Annotated[Number, Meta(description="The after of the page before.")] = 0
    limit: Limit = 50


class NoticeFacts(Output, frozen=True):
    """One thing to tell one person."""

    number: int
    kind: Annotated[NoticeKind, Meta(description="received: their mail came; outcome: their case was decided.")]
    mail: Id
    brand: Brand
    route: Route
    case: Annotated[int, Meta(description="0 for none.")]
    at: Seconds
    state: NoticeState
    said: Annotated[str, Meta(description="Why it was not sent.")]


class NoticesFacts(Output, frozen=True):
    """Some of them, newest first."""

    notices: tuple[NoticeFacts, ...]
    after: Annotated[int, Meta(description="Ask with it for those that follow; 0 when there are none.")]


class PlanFacts(Output, frozen=True):
    """What a desk tells of one thing, tried on its newest mails."""

    route: Route
    kind: NoticeKind
    outcome: Annotated[str, Meta(description="How the case ended; empty for an acknowledgement.")]
    template: str
    looked: Annotated[int, Meta(description="How many mails were looked at.")]
    would: Annotated[int, Meta(description="How many of them would be answered so.")]
    why_not: Annotated[dict[str, int], Meta(description="Why the others would not -> how many.")]
    subject: Annotated[str, Meta(description="Of the newest one, as it would be sent; empty where there is none.")]
    body: str


class PlansFacts(Output, frozen=True):
    """What every desk tells."""

    plans: tuple[PlanFacts, ...]


def list_notices(call: Call[WhichNotices, Nothing]) -> NoticesFacts:
    """List what people were told by itself, or why they were not, newest first."""
    asked = call.asked
    found = call.room.noticing.notices.log(call.sight, before=asked.after, limit=asked.limit)
    unasked = open_to(call.room, call.user, [one.mail_id for one in found])
    return NoticesFacts(
        notices=tuple(
            NoticeFacts(
                number=one.number,
                kind=one.kind,
                mail=one.mail_id,
                brand=one.brand,
                route=one.route,
                case=one.case,
                at=one.at,
                state=one.state,
                said=one.said,
            )
            for one in found
            if one.mail_id in unasked
        ),
        after=found[-1].number if len(found) == asked.limit else 0,
    )


def list_notice_plans(call: Call[Nothing, Nothing]) -> PlansFacts:
    """See what each desk would tell whom by itself, tried on its newest mails. Nothing is sent."""
    return PlansFacts(
        plans=tuple(
            PlanFacts(
                route=one.route,
                kind=one.kind,
                outcome=one.outcome,
                template=one.template,
                looked=one.looked,
                would=one.would,
                why_not=dict(one.why_not.most_common()),
                subject=one.sent.subject if one.sent else "",
                body=one.sent.body if one.sent else "",
            )
            for one in rehearsed(call.room, call.sight)
        )
    )


OPERATIONS = (
    Operation(do=list_notices, path="/notices", scope="lead"),
    Operation(do=list_notice_plans, path="/notices/preview", scope="lead"),
)
