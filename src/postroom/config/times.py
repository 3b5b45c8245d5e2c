"""When a team works, and the times that cases are under."""

from typing import Annotated, Literal

from msgspec import Meta

from postroom.config.table import Table
from postroom.model.cases import Start

_WORKING_DAY = ("09:00-17:00",)


class Calendar(Table, frozen=True):
    """When a team works. `default`, Monday to Friday from 09:00 to 17:00 UTC, is shipped and may be set anew."""

    zone: Annotated[str, Meta(description="Time zone, e.g. Europe/Berlin (IANA).")] = "UTC"
    monday: Annotated[tuple[str, ...], Meta(description='Open hours, e.g. ["09:00-12:30", "13:30-18:00"].')] = (
        _WORKING_DAY
    )
    tuesday: Annotated[tuple[str, ...], Meta(description="Likewise.")] = _WORKING_DAY
    wednesday: Annotated[tuple[str, ...], Meta(description="Likewise.")] = _WORKING_DAY
    thursday: Annotated[tuple[str, ...], Meta(description="Likewise.")] = _WORKING_DAY
    friday: Annotated[tuple[str, ...], Meta(description="Likewise.")] = _WORKING_DAY
    saturday: Annotated[tuple[str, ...], Meta(description="Likewise; empty: closed.")] = ()
    sunday: Annotated[tuple[str, ...], Meta(description="Likewise; hours go up to 24:00.")] = ()
    holidays: Annotated[tuple[str, ...], Meta(description='Days off, e.g. ["2026-12-25", "2027-01-01"].')] = ()


class Clock(Table, frozen=True):
    """A time that cases are under. Lengths are written as `14 days`, `6 months`, `48 hours`, `10 business days`, `8 business hours`."""

    within: Annotated[str, Meta(description="How long it runs.")]
    starts: Annotated[
        Start,
        Meta(
            description="received: the case's first mail; informed, notice, counter-notice: a day that somebody names in the case, unknown until then."
        ),
    ] = "received"
    stops: Annotated[Literal["decided", "first answer"], Meta(description="What the team must have done by then.")] = (
        "decided"
    )
    whose: Annotated[
        Literal["team", "person"],
        Meta(description="person: it is their own window; a mail that comes later is told to be late, never refused."),
    ] = "team"
    not_before: Annotated[str, Meta(description="Nor may the team act before so much has passed; empty: it may.")] = ""
    warn: Annotated[
        str,
        Meta(
            description="It is near its end, and warned of, when no more than this is left or, like `75 %`, so much has passed; empty: not before it has run out."
        ),
    ] = "75 %"
    calendar: Annotated[str, Meta(description="Calendar that it is counted by; empty: that of the desk.")] = ""
    label: Annotated[str, Meta(description="What people read; empty: its name.")] = ""


#: clocks that are there without being named in the settings; one of the same name takes the place of each
SHIPPED_CLOCKS: dict[str, Clock] = {
    "dsa": Clock(
        label="Complaint within six months (EU DSA art. 20)", starts="informed", within="6 months", whose="person"
    ),
    "card-dispute": Clock(label="Card dispute", starts="notice", within="7 days", warn="2 days"),
    "dmca": Clock(
        label="DMCA counter-notice (17 USC 512(g)(2)(C))",
        starts="counter-notice",
        not_before="10 business days",
        within="14 business days",
        warn="2 business days",
    ),
}
