"""What the API tells of users, keys and what they did. See `shapes`."""

from typing import Annotated

from msgspec import Meta

from postroom.model.people import Role, Scope
from postroom.web.api.operation import Output
from postroom.web.api.shapes import Seconds


class PersonFacts(Output, frozen=True):
    """Somebody who may sign in. Empty lists mean all."""

    name: str
    shown: str
    role: Role
    brands: tuple[str, ...]
    routes: tuple[str, ...]
    urgent: bool
    password: Annotated[bool, Meta(description="Whether there is one.")]
    disabled: bool
    created_at: Seconds


class IdentityFacts(Output, frozen=True):
    """An account at an identity provider that signs somebody in."""

    issuer: str
    subject: Annotated[str, Meta(description="Its name there, for ever.")]
    user: str
    email: Annotated[str, Meta(description="Address that the provider gave when it was linked.")]
    linked_at: Seconds


class KeyFacts(Output, frozen=True):
    """A key of a programme, without its secret."""

    name: str
    user: str
    scope: Scope
    note: str
    created_at: Seconds
    expires_at: float | None
    seen_at: float | None
    revoked: bool


class DeedFacts(Output, frozen=True):
    """One line of the audit log."""

    number: int
    at: Seconds
    by: str
    what: str
    to: str
    detail: str
    chain: str
