"""What is learnt from: a customer's mail beside the route that a person put it on."""

from dataclasses import dataclass
from typing import NewType

from postroom.model.mail import RouteName

ExampleId = NewType("ExampleId", str)
"""Identity of one example: made of the mail itself, so that the same mail from two archives is one example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One mail as it was when it arrived: nothing in it that came later, no quotes, no labels."""

    id: ExampleId
    #: when it was written, seconds since the epoch; 0.0 when nobody knows
    at: float
    #: where it comes from: ``import: `` and the file, without number
    origin: str
    #: without reply marks and ticket marks
    subject: str
    #: what was written, without quotes and signature
    new_text: str
    #: ISO 639-1 code, ``""`` when there is too little text
    language: str
    route: RouteName
    #: address of the customer, ``""`` when unknown
    sender: str
    #: the address is authenticated, or the system that exported it is believed
    authenticated: bool
    #: mails of one conversation share it: keep them on one side of a split
    thread: str
    #: how much it counts: 1.0, less for an answer within a conversation
    weight: float = 1.0
