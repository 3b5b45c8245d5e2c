"""Pages and API for people."""

from typing import Annotated

from msgspec import Meta, field

from postroom.config.oidc import Oidc
from postroom.config.table import Table


class Pages(Table, frozen=True):
    """Pages and API for people (docs/how-to/pages.md)."""

    listen: Annotated[
        str, Meta(description="host:port of the pages and of /api/v1; empty for none. By TLS only through a proxy.")
    ] = "127.0.0.1:8026"
    url: Annotated[
        str,
        Meta(
            description="Address that people use, e.g. https://postroom.example.com, when a proxy stands before the pages: others are refused."
        ),
    ] = ""
    idle_hours: Annotated[float, Meta(gt=0, description="Whoever did nothing for so long signs in again.")] = 12.0
    session_days: Annotated[float, Meta(gt=0, le=90, description="Whoever signed in so long ago signs in again.")] = (
        14.0
    )
    lease_minutes: Annotated[
        float, Meta(gt=0, le=120, description="So long a mail in review is in one person's hands.")
    ] = 10.0
    api_per_minute: Annotated[int, Meta(ge=1, description="Calls of the API that each key may make a minute.")] = 600
    customer_info_secret_file: Annotated[
        str,
        Meta(
            description="File of the secret that a helpdesk signs with when it asks about a customer; empty: it is told nothing."
        ),
    ] = ""
    customer_info_brands: Annotated[
        tuple[str, ...], Meta(description="Brands whose mail it is told of; empty: all.")
    ] = ()
    customer_info_routes: Annotated[
        tuple[str, ...], Meta(description="Desks whose mail it is told of; empty: all.")
    ] = ()
    oidc: Oidc = field(default_factory=Oidc)
