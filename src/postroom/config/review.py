"""What waits for people: the uncertain, and the urgent."""

from typing import Annotated

from msgspec import Meta

from postroom.config.table import Name, Table


class Review(Table, frozen=True):
    """Where the uncertain wait, and for how long."""

    destinations: Annotated[
        tuple[Name, ...], Meta(min_length=1, description="Where mail is put that a person must look at.")
    ] = ("review",)
    hours: Annotated[
        float, Meta(gt=0, description="Unseen for so long, it goes to the best guess, marked unconfirmed.")
    ] = 24.0
    tell: Annotated[
        tuple[Name, ...], Meta(description="Destinations (a lead's mailbox, a webhook) told when that happens.")
    ] = ()
    undo_seconds: Annotated[
        float,
        Meta(
            ge=0.0,
            le=3600.0,
            description="What a verdict sends to where it can't be taken back (smtp, lmtp, webhook, mbox) waits so long, unless the mail is urgent; `postroom review undo` stops it. 0: it goes at once.",
        ),
    ] = 60.0
    calendar: Annotated[
        str,
        Meta(
            description="Calendar (`[calendar.NAME]`, or default) of the hours in which reviewers are there: `hours` are counted in these alone. Empty: always."
        ),
    ] = ""
    second_look_share: Annotated[
        float,
        Meta(
            ge=0.0,
            le=1.0,
            description="Share of what people are asked that a second reviewer is shown too, without the first one's answer: how well they agree is known from these. Delays nothing.",
        ),
    ] = 0.05
    audit_share: Annotated[
        float,
        Meta(
            ge=0.0,
            le=0.2,
            description="Share of the decisions that go anywhere else which `postroom review` asks about too, drawn at random: how often they are right is known from these alone. Delays nothing.",
        ),
    ] = 0.01


class Urgent(Table, frozen=True):
    """Threats, self-harm, child safety, police, security reports, data-subject requests."""

    destinations: Annotated[
        tuple[Name, ...],
        Meta(description="Named people's mailboxes or webhooks that get such mail at once, beside its desk."),
    ] = ()
    repeat_minutes: Annotated[
        float,
        Meta(
            ge=1.0,
            le=1440.0,
            description="Nobody has taken it for so long: the hooks of `urgent` are told again, and again after as long.",
        ),
    ] = 15.0
