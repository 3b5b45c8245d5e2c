"""Signing in elsewhere, of a house: the provider of the settings, if there is one. joserfc is loaded only then."""

import importlib.util
import os
from typing import TYPE_CHECKING

from postroom.adapters.classifier.extras import install
from postroom.adapters.destination.guard import Guard
from postroom.bootstrap.destinations import secret
from postroom.flow.federation import Federation, Welcome
from postroom.model.errors import ConfigError
from postroom.model.mail import BrandName, RouteName

if TYPE_CHECKING:
    from postroom.adapters.identity.oidc import OidcProvider
    from postroom.bootstrap.house import House

BACK = "/sign-in/back"
"""Where browsers come back to."""


def federation(house: "House") -> Federation | None:
    """What lets people in whom the provider vouches for; None where there is none. Raises `ConfigError`."""
    wanted = house.settings.pages.oidc
    if not wanted.issuer:
        return None
    return Federation(
        name=wanted.name,
        provider=provider(house),
        identities=house.people.identities,
        signing_in=house.people.signing_in,
        team=house.people.team,
        welcome=Welcome(
            by_email=wanted.link_by_email,
            domain=wanted.email_domain,
            make=wanted.make_users,
            roles=wanted.roles,
            brands=tuple(map(BrandName, wanted.brands)),
            routes=tuple(map(RouteName, wanted.routes)),
        ),
        entropy=os.urandom,
    )


def provider(house: "House") -> "OidcProvider":
    """The provider of the settings; it is not called yet. Raises `ConfigError`."""
    if importlib.util.find_spec("joserfc") is None:
        raise ConfigError(f"signing in elsewhere needs joserfc. Run: {install('oidc')}")
    from postroom.adapters.identity.oidc import Client, OidcProvider  # noqa: PLC0415 - an extra

    wanted = house.settings.pages.oidc
    place = address(house)
    return OidcProvider(
        Client(
            issuer=wanted.issuer,
            client_id=wanted.client_id,
            secret=_secret(house),
            scopes=wanted.scopes,
            redirect=place + BACK,
            left=f"{place}/sign-in",
            groups=wanted.group_claim if wanted.make_users else "",
        ),
        Guard(allow=wanted.allow),
    )


def mistake(house: "House") -> str:
    """What only building it shows to be wrong; ``""`` for nothing."""
    try:
        if house.settings.pages.oidc.issuer:
            provider(house)
    except ConfigError as error:
        return str(error)
    return ""


def address(house: "House") -> str:
    """Where browsers find the pages."""
    pages = house.settings.pages
    return pages.url.rstrip("/") or f"http://{pages.listen}"


def _secret(house: "House") -> str:
    file = house.settings.pages.oidc.client_secret_file
    try:
        return secret(file, house.base).decode("utf-8") if file else ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"the secret file {house.base / file} is no text") from error
