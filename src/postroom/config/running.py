"""The processes, and what is seen of them; how long mail is kept."""

from typing import Annotated, Literal

from msgspec import Meta, field

from postroom.config.table import Name, Table


class Workers(Table, frozen=True):
    """The processes that judge and deliver."""

    judge: Annotated[int, Meta(ge=1, le=64, description="Processes that judge.")] = 1
    batch: Annotated[int, Meta(ge=2, le=1000, description="Mails claimed at once.")] = 64
    hang_seconds: Annotated[
        float, Meta(gt=0, description="A worker that is silent for so long with a mail in hand is stopped.")
    ] = 30.0


class Web(Table, frozen=True):
    """Health and metrics."""

    listen: Annotated[str, Meta(description="host:port of /healthz, /readyz and /metrics; empty for none.")] = (
        "127.0.0.1:8025"
    )


class Log(Table, frozen=True):
    """Structured logs on standard error."""

    format: Annotated[
        Literal["auto", "console", "json"], Meta(description="auto: console on a terminal, else JSON.")
    ] = "auto"
    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least important level that is written.")
    ] = "info"
    addresses: Annotated[bool, Meta(description="Also write envelope senders and recipients of what is accepted.")] = (
        False
    )


class Retention(Table, frozen=True):
    """How long mail, and what is known of people, is kept, in days; 0 for ever (docs/how-to/privacy.md).

    What is older is erased once a day, unless it is held, asked about, to be delivered or parked, or its thread goes on.
    """

    mail_days: Annotated[float, Meta(ge=0.0, description="Mail at every desk that `routes` does not name.")] = 0.0
    routes: Annotated[
        dict[Name, Annotated[float, Meta(ge=0.0)]],
        Meta(description="Desk, or junk, automatic or review -> days."),
    ] = field(default_factory=dict)
    senders_days: Annotated[
        float, Meta(ge=0.0, description="What is remembered of a sender, since their last mail.")
    ] = 730.0
    cases_days: Annotated[
        float,
        Meta(
            ge=0.0,
            description="Person, subject, reasons and notes of a case, since it was decided; the rest is counted.",
        ),
    ] = 0.0
