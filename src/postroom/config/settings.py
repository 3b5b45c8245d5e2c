"""Every setting there is, with its type, default and meaning: the tables of all rooms, put together.

Tables are imported from here. The reference in the docs is generated from `Settings`.
"""

from typing import Annotated

from msgspec import Meta, field

from postroom.config.answers import Answers
from postroom.config.desks import Brand, Route
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
from postroom.config.table import Name, Table
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
