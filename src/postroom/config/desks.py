"""The public faces of a team, and its desks."""

from typing import Annotated, Literal

from msgspec import Meta, field

from postroom.config.table import Name, Share, Table, Words


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
