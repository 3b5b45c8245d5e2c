"""Signing in elsewhere: the provider that vouches for people, and whom that leads to here."""

from collections.abc import Mapping
from typing import Protocol

from postroom.model.identity import Identity, Vouched
from postroom.model.people import Deed, User, UserName


class Provider(Protocol):
    """An identity provider that speaks OpenID Connect. Calls are bounded in time and size; any thread may make them."""

    @property
    def issuer(self) -> str:
        """Its name for ever, a URL."""
        ...

    def way(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where a browser goes to sign in there. ``verifier`` is PKCE's (RFC 7636). Raises `TryLater` when it is down."""
        ...

    def vouched(self, answer: Mapping[str, str], *, nonce: str, verifier: str) -> Vouched:
        """Who came back, by the parameters that the browser brought.

        Raises `Refused` when the provider refused, or what it says does not hold; `TryLater` when it can't be asked.
        """
        ...

    def way_out(self) -> str:
        """Where a browser goes to sign out there too; ``""`` when the provider has no such place or is down."""
        ...

    def check(self) -> str:
        """What it says of itself, in a sentence. Raises `TryLater` or `Refused` with what is wrong."""
        ...


class Identities(Protocol):
    """Which accounts elsewhere sign whom in. Every change is durable on return, with its deed; every call raises `TryLater`."""

    def whose(self, issuer: str, subject: str) -> Identity | None:
        """The identity that was linked."""
        ...

    def of(self, name: UserName) -> tuple[Identity, ...]:
        """All of a user, oldest first."""
        ...

    def link(self, identity: Identity, deed: Deed, *, new: tuple[User, Deed] | None = None) -> None:
        """From now on it signs its user in, who is made first where ``new`` says so, in the same transaction.

        Raises `Refused` when it signs in somebody already, when the user has another of this issuer, is disabled or not
        there, and when there is somebody of the name of a new one.
        """
        ...

    def unlink(self, name: UserName, deed: Deed, *, issuer: str = "", subject: str = "") -> int:
        """Those of a user sign nobody in any more, all or as many as match; his sessions end. How many; the deed is written when there were any."""
        ...
