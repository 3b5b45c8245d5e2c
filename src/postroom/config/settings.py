"""Every setting there is, with its type, default and meaning: the tables of all rooms, put together.

Tables are imported from here. The reference in the docs is generated from `Settings`.
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from postroom.config.answers import Answers
from postroom.config.destinations import (
    DESTINATION_KINDS,
    Delivery,
    Destination,
    Hook,
    Inbox,
    Lmtp,
    Maildir,
    Mbox,
    Relay,
    Smtp,
    Webhook,
)
from postroom.config.intake import Intake, Trusting
from postroom.config.judging import Judging, Learning, SecondOpinion, Status
from postroom.config.pages import Pages
from postroom.config.review import Review, Urgent
from postroom.config.running import Log, Retention, Web, Workers
from postroom.config.table import Name, Share, Table, Words
from postroom.config.times import SHIPPED_CLOCKS, Calendar, Clock

__all__ = [
    "DESTINATION_KINDS",
    "SHIPPED_CLOCKS",
    "Answers",
    "Brand",
    "Calendar",
    "Clock",
    "Delivery",
    "Destination",
    "Hook",
    "Inbox",
    "Intake",
    "Judging",
    "Learning",
    "Lmtp",
    "Log",
    "Maildir",
    "Mbox",
    "Pages",
    "Relay",
    "Retention",
    "Review",
    "Route",
    "SecondOpinion",
    "Settings",
    "Smtp",
    "Status",
    "Trusting",
    "Urgent",
    "Web",
    "Webhook",
    "Workers",
]


class Brand(Table, frozen=True):
    """One public face of the team: its addresses."""

    addresses: Annotated[
        tuple[Words, ...],
        Meta(min_length=1, description="Addresses that mail is accepted for; @example.com takes a whole domain."),
    ]
    routes: Annotated[
        tuple[Name, ...], Meta(description="Desks of this brand, beside the fallback; all when empty.")
    ] = ()
    answer_from: Annotated[
        str, Meta(description="Address that people are answered from; empty: the first of `addresses` that is whole.")
    ] = ""
    answer_name: Annotated[str, Meta(max_length=100, description="Display name of that address.")] = ""
    thresholds: Annotated[dict[Name, Share], Meta(description="Thresholds of this brand, by route.")] = field(
        default_factory=dict
    )


class Route(Table, frozen=True):
    """A desk."""

    destinations: Annotated[
        tuple[Name, ...], Meta(min_length=1, description="Where its mail is delivered; each is its own job.")
    ]
    threshold: Annotated[
        Annotated[float, Meta(ge=0.0, le=1.0)] | None,
        Meta(description="Least confidence; below it a person is asked. Unset: 0.6, and 0.54 for the fallback route."),
    ] = None
    prior: Annotated[
        Annotated[float, Meta(gt=0.0, lt=1.0)] | None,
        Meta(
            description="Share of all mail that is expected for this desk. Unset: most for the fallback, the rest evenly."
        ),
    ] = None
    stage: Annotated[
        Literal["shadow", "canary", "live"],
        Meta(description="shadow: decide and record, deliver to `before`; canary: a share of threads; live: all."),
    ] = "live"
    canary_percent: Annotated[
        int, Meta(ge=0, le=100, description="Share of threads that take the new way in stage canary.")
    ] = 10
    before: Annotated[
        tuple[Name, ...], Meta(description="Destinations that its mail went to before postroom, for shadow and canary.")
    ] = ()

    acknowledge: Annotated[
        str,
        Meta(
            description="Template that tells people by itself that their mail has come to this desk; empty: nobody is told (docs/how-to/answer.md)."
        ),
    ] = ""
    outcomes: Annotated[
        dict[Literal["granted", "rejected", "withdrawn"], str],
        Meta(description="Template that tells them how their case ended, by outcome; those left out are not told."),
    ] = field(default_factory=dict)
    cases: Annotated[
        bool, Meta(description="A case a person and incident opens by itself for its mail (docs/how-to/cases.md).")
    ] = False
    first_answer: Annotated[
        str,
        Meta(
            description="Time in which whoever writes is to get a first answer, e.g. `8 business hours`; empty: no target (docs/how-to/urgent.md)."
        ),
    ] = ""
    calendar: Annotated[
        str, Meta(description="Calendar that its business hours and days are counted by; `default` is shipped.")
    ] = "default"
    clocks: Annotated[
        tuple[str, ...],
        Meta(
            description="Clocks that its cases are under: `dsa`, `card-dispute` and `dmca` are shipped, others yours."
        ),
    ] = ()
    second_person: Annotated[
        Literal["never", "rejection"],
        Meta(description="rejection: one proposes to reject, another confirms; never: one person decides."),
    ] = "never"
    again_days: Annotated[
        float,
        Meta(ge=0, le=3650, description="Whoever writes again so soon after a decision joins its case, marked again."),
    ] = 30.0


class Settings(Table, frozen=True):
    """The whole of postroom.toml."""

    data: Annotated[
        str, Meta(min_length=1, description="Folder of the store, on a local disk; relative to this file.")
    ] = "data"
    hostname: Annotated[
        str, Meta(min_length=1, max_length=253, description="Our name in the SMTP greeting and Received lines.")
    ] = "localhost"
    return_domain: Annotated[
        str, Meta(description="Domain of signed return addresses, accepted by us; empty: the hostname.")
    ] = ""
    intake: Intake = field(default_factory=Intake)
    trust: Trusting = field(default_factory=Trusting)
    brand: Annotated[dict[Name, Brand], Meta(description="The team's public faces.")] = field(default_factory=dict)
    route: Annotated[dict[Name, Route], Meta(description="The desks.")] = field(default_factory=dict)
    destination: Annotated[dict[Name, Destination], Meta(description="Where mail is delivered.")] = field(
        default_factory=dict
    )
    calendar: Annotated[dict[Name, Calendar], Meta(description="When the team works.")] = field(default_factory=dict)
    clock: Annotated[dict[Name, Clock], Meta(description="Times that cases are under.")] = field(default_factory=dict)
    hook: Annotated[dict[Name, Hook], Meta(description="Other systems that are told what happens.")] = field(
        default_factory=dict
    )
    answers: Answers = field(default_factory=Answers)
    review: Review = field(default_factory=Review)
    urgent: Urgent = field(default_factory=Urgent)
    judging: Judging = field(default_factory=Judging)
    learning: Learning = field(default_factory=Learning)
    retention: Retention = field(default_factory=Retention)
    status: Status = field(default_factory=Status)
    second_opinion: SecondOpinion = field(default_factory=SecondOpinion)
    workers: Workers = field(default_factory=Workers)
    delivery: Delivery = field(default_factory=Delivery)
    web: Web = field(default_factory=Web)
    pages: Pages = field(default_factory=Pages)
    log: Log = field(default_factory=Log)
