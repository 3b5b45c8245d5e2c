"""Who somebody is to an identity provider (OpenID Connect): what it vouches for, and whom that leads to here."""

from dataclasses import dataclass

from postroom.model.people import UserName


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An account at a provider that signs a user in. Issuer and subject name it for ever (OpenID Connect Core 1.0 §2)."""

    issuer: str
    subject: str
    user: UserName
    #: address that the provider gave when it was linked, to know it by; ``""`` for none
    email: str = ""
    #: seconds since the epoch
    linked_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What a provider says of whoever signed in there; its signature, and for whom and how long it holds, were checked."""

    issuer: str
    subject: str
    #: ``""`` for none
    email: str = ""
    #: the provider says that the address is theirs
    email_verified: bool = False
    #: full name, as others may see it
    shown: str = ""
    #: groups or roles at the provider
    groups: tuple[str, ...] = ()
