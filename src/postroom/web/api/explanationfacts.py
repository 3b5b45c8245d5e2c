"""What the API tells of why a mail was decided so. See `shapes`."""

from typing import Annotated

from msgspec import Meta

from postroom.web.api.mailfacts import VerdictFacts
from postroom.web.api.operation import Output
from postroom.web.api.shapes import Brand, Share


class TellingFacts(Output, frozen=True):
    """Words that carried a decision."""

    start: int
    end: int
    text: str
    word: str
    weight: float | None
    route: str
    source: str
    name: str


class WeighedFinding(Output, frozen=True):
    """A finding, and what it counts."""

    source: str
    name: str
    reason: str
    log_odds: float


class Entry(Output, frozen=True):
    """One family of evidence for a route."""

    family: str
    said: float
    log_odds: float
    cap: float | None
    capped: bool
    scale: float
    findings: tuple[WeighedFinding, ...]


class BalanceFacts(Output, frozen=True):
    """What speaks for a route; log-odds add up to its logit."""

    route: str
    probability: float
    prior: float
    temperature: float
    logit: float
    vetoes: tuple[str, ...]
    evidence: tuple[Entry, ...]


class ChangeFacts(Output, frozen=True):
    """What would have changed the decision."""

    kind: str
    what: str
    route: str
    decided: str
    confidence: float
    size: float


class NearFacts(VerdictFacts, frozen=True):
    """A verdict on a mail like it."""

    brand: Brand
    subject: str
    likeness: Share
    common: tuple[str, ...]


class ExplanationFacts(Output, frozen=True):
    """What carried a decision."""

    words: Annotated[tuple[str, ...], Meta(description="In paragraphs.")]
    text: Annotated[str, Meta(description="What offsets count characters of.")]
    telling: tuple[TellingFacts, ...]
    balance: Annotated[
        tuple[BalanceFacts, ...], Meta(description="Empty where something counted that is not yours to see.")
    ]
    changes: tuple[ChangeFacts, ...]
    nearest: tuple[NearFacts, ...]
