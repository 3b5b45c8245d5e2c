"""Signing in elsewhere (OpenID Connect): what the settings say of it, and what is wrong with it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from msgspec import Meta, field

from postroom.config.mistakes import Mistake, near
from postroom.config.table import Table, Words
from postroom.model.people import Role

if TYPE_CHECKING:
    from postroom.config.settings import Settings


class Oidc(Table, frozen=True):
    """Signing in at an identity provider, by OpenID Connect (docs/how-to/sign-in.md)."""

    issuer: Annotated[
        str, Meta(description="The provider's issuer, e.g. https://id.example.com; empty: people sign in here alone.")
    ] = ""
    name: Annotated[
        str, Meta(min_length=1, max_length=60, description="What people call it: stands on the button.")
    ] = "single sign-on"
    client_id: Annotated[str, Meta(description="The name that the provider knows postroom by.")] = ""
    client_secret_file: Annotated[
        str, Meta(description="File of the secret that goes with it; empty where the provider gave none.")
    ] = ""
    scopes: Annotated[
        tuple[Words, ...], Meta(description="What the provider is asked for; openid is always among it.")
    ] = ("openid", "email", "profile")
    allow: Annotated[
        tuple[str, ...], Meta(description="Private networks and hosts that may be called all the same.")
    ] = ()
    passwords: Annotated[
        bool,
        Meta(
            description="Passwords still sign people in, too. Without them, `postroom user code` lets somebody in when the provider is down."
        ),
    ] = True
    link_by_email: Annotated[
        bool,
        Meta(
            description="Whoever comes the first time is the user whose name is their verified address. Else link them: `postroom user link`."
        ),
    ] = False
    email_domain: Annotated[
        str,
        Meta(description="With addresses of this domain, the part before the @ is enough of a name, e.g. example.com."),
    ] = ""
    make_users: Annotated[
        bool, Meta(description="Whoever is no user yet becomes one, if `roles` has one of their groups.")
    ] = False
    group_claim: Annotated[Words, Meta(description="Claim that lists their groups or roles; dots lead inwards.")] = (
        "groups"
    )
    roles: Annotated[
        dict[str, Role], Meta(description="Role of new users, by group at the provider; the highest counts.")
    ] = field(default_factory=dict)
    brands: Annotated[tuple[str, ...], Meta(description="Brands that new users work for; empty for all.")] = ()
    routes: Annotated[tuple[str, ...], Meta(description="Desks that new users work at; empty for all.")] = ()


def check_oidc(settings: "Settings") -> Iterator[Mistake]:
    """Every mistake of signing in elsewhere."""
    wanted = settings.pages.oidc
    if not wanted.issuer:
        if wanted != Oidc():
            yield Mistake(
                path="pages.oidc",
                message="counts for nothing without an issuer",
                remedy='Write issuer = "https://id.example.com", as the provider tells it',
                fatal=not wanted.passwords,
            )
        return
    parts = urlsplit(wanted.issuer)
    if parts.scheme not in ("https", "http") or not parts.netloc or parts.query or parts.fragment:
        yield Mistake(
            path="pages.oidc.issuer",
            message=f"{wanted.issuer!r} is no issuer",
            remedy="Write it as the provider tells it, with https:// and without ? and #",
        )
    if not wanted.client_id:
        yield Mistake(
            path="pages.oidc.client_id",
            message="the provider would not know who asks",
            remedy="Register postroom there and write the client id that it gives",
        )
    if wanted.make_users and not wanted.roles:
        yield Mistake(
            path="pages.oidc.make_users",
            message="nobody would be made, as no group has a role",
            remedy='Write roles = { support = "agent" }',
        )
    yield from _check_names(settings)


def _check_names(settings: "Settings") -> Iterator[Mistake]:
    for kind, given, known in (
        ("brand", settings.pages.oidc.brands, settings.brand),
        ("route", settings.pages.oidc.routes, settings.route),
    ):
        for name in given:
            if name not in known:
                yield Mistake(
                    path=f"pages.oidc.{kind}s", message=f"no {kind} is called {name!r}", remedy=near(name, known)
                )
