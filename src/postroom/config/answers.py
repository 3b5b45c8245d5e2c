"""How people are answered: the settings, and what is wrong with them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from postroom.config.mistakes import Mistake
from postroom.config.table import Table
from postroom.understand.addresses import domain, normal

if TYPE_CHECKING:
    from postroom.config.settings import Brand, Settings


class Answers(Table, frozen=True):
    """Answering people by mail (docs/how-to/answer.md). Off while `host` is empty."""

    host: Annotated[
        str, Meta(description="Server that answers are handed to by SMTP; empty: nobody is answered from here.")
    ] = ""
    port: Annotated[int, Meta(ge=1, le=65535, description="Port.")] = 25
    tls: Annotated[
        Literal["none", "opportunistic", "required", "implicit"],
        Meta(
            description="STARTTLS: never, when offered, or verified and always; implicit: verified TLS from the start (RFC 8314)."
        ),
    ] = "opportunistic"
    user: Annotated[str, Meta(description="User name for AUTH.")] = ""
    password_file: Annotated[
        str, Meta(description="File that holds the password for AUTH; readable by postroom alone.")
    ] = ""
    timeout: Annotated[float, Meta(gt=0, le=600, description="Seconds for one answer.")] = 60.0
    undo_seconds: Annotated[
        float, Meta(ge=0, le=600, description="So long an answer waits, and can be taken back.")
    ] = 10.0
    notices_per_hour: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="So many acknowledgements and outcomes are sent an hour at most; the rest waits.",
        ),
    ] = 200
    templates: Annotated[
        str, Meta(description="Folder with your templates (*.toml), beside this file; missing: none.")
    ] = "answers"
    shipped: Annotated[
        bool, Meta(description="Offer the shipped templates too; yours of the same name come first.")
    ] = True


def answer_address(brand: "Brand") -> str:
    """Where a brand answers from; ``""`` where it has but whole domains and names none of their addresses."""
    return brand.answer_from or next((one for one in brand.addresses if not one.startswith("@")), "")


def check_answers(settings: "Settings") -> Iterator[Mistake]:
    """Every mistake of how people are answered."""
    for name, brand in settings.brand.items():
        if brand.answer_from and not _is_ours(brand.answer_from, brand):
            yield Mistake(
                path=f"brand.{name}.answer_from",
                message=f"{brand.answer_from} is none of this brand's addresses: what people reply would not come here",
                remedy="Name one of them, or add it to addresses",
            )
        elif settings.answers.host and not answer_address(brand):
            yield Mistake(
                path=f"brand.{name}.answer_from",
                message="is missing: this brand has whole domains alone, and nobody knows which address answers",
                remedy=f'Write answer_from = "support{brand.addresses[0]}"',
                fatal=False,
            )
    yield from _check_notices(settings)
    answers = settings.answers
    if answers.user and answers.tls == "none":
        yield Mistake(
            path="answers.tls",
            message=f"the password is sent in the clear to {answers.host}",
            remedy='Write tls = "required", or "implicit" for port 465',
            fatal=False,
        )


def _check_notices(settings: "Settings") -> Iterator[Mistake]:
    for name, route in settings.route.items():
        told = [f"route.{name}.acknowledge"] * bool(route.acknowledge) + [f"route.{name}.outcomes"] * bool(
            route.outcomes
        )
        for path in told:
            if not settings.answers.host:
                yield Mistake(path=path, message="nobody can be told: nothing sends mail", remedy="Set [answers] host")
        if route.outcomes and not route.cases:
            yield Mistake(
                path=f"route.{name}.outcomes",
                message="this desk has no cases that could end",
                remedy="Write cases = true, or take it away",
            )


def _is_ours(addr: str, brand: "Brand") -> bool:
    local, at, host = normal(addr.lower()).rpartition("@")
    known = {normal(one.lower()) for one in brand.addresses}
    return bool(local and at) and bool({f"{local}@{domain(host)}", f"@{domain(host)}"} & known)
