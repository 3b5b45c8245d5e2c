"""People who work with postroom, and what each may see and do.

A role holds all that the roles before it hold, in the order of `ROLES`. Brands and routes narrow what is seen, for every
role but the admin; empty means all.
"""

from dataclasses import dataclass
from typing import Literal, NewType

from postroom.model.judgement import REVIEW
from postroom.model.mail import BrandName, RouteName

UserName = NewType("UserName", str)
"""Name that a person signs in with."""

Role = Literal["viewer", "agent", "reviewer", "lead", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "agent", "reviewer", "lead", "admin")
"""What they may do: read; work in inboxes and cases; answer in review; steer a team; settings and people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Which mails a reader may see."""

    #: brands; None for all
    brands: frozenset[BrandName] | None = None
    #: desks; None for all, with junk and automatic
    routes: frozenset[RouteName] | None = None
    #: what waits in review, whose best guess is one of the desks
    review: bool = True

    def sees(self, brand: BrandName, route: RouteName, decided: RouteName, also: RouteName = RouteName("")) -> bool:
        """Whether a mail of this brand may be seen that lies at ``route``, and at ``also``, and whose best guess is ``decided``."""
        if self.brands is not None and brand not in self.brands:
            return False
        if route == REVIEW:
            return self.review and (self.routes is None or decided in self.routes)
        return self.routes is None or route in self.routes or also in self.routes

    def covers(self, other: "Sight") -> bool:
        """Whether whoever has this sees all that the other sees."""
        brands = self.brands is None or (other.brands is not None and other.brands <= self.brands)
        routes = self.routes is None or (other.routes is not None and other.routes <= self.routes)
        return brands and routes and (self.review or not other.review)


ALL = Sight()
"""Of whoever has a shell where the store lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in."""

    name: UserName
    role: Role
    #: as others see it
    shown: str = ""
    #: that they work for; empty for all
    brands: tuple[BrandName, ...] = ()
    #: desks that they work at; empty for all
    routes: tuple[RouteName, ...] = ()
    #: sees and acknowledges urgent mail, also while it waits in review
    urgent: bool = False
    #: hash of the password (argon2id, PHC string); ``""`` for none: signs in elsewhere
    password: str = ""
    #: may not sign in any more
    disabled: bool = False
    #: seconds since the epoch
    created_at: float = 0.0

    def is_at_least(self, role: Role) -> bool:
        """Whether they hold this role."""
        return ROLES.index(self.role) >= ROLES.index(role)

    @property
    def sight(self) -> Sight:
        """What they may see."""
        if self.role == "admin":
            return Sight()
        return Sight(
            brands=frozenset(self.brands) or None,
            routes=frozenset(self.routes) or None,
            review=self.is_at_least("reviewer") or self.urgent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that signed in."""

    #: hash of the secret in its cookie (SHA-256, 32 bytes)
    key: bytes
    user: UserName
    #: seconds since the epoch
    created_at: float
    #: last used, to the minute
    seen_at: float
    #: ends then, whatever happens
    expires_at: float
    #: what it calls itself (User-Agent), cut
    agent: str = ""
    #: where it signed in from
    ip: str = ""


Scope = Literal["read", "work", "answer", "review", "lead", "admin"]
SCOPES: dict[Scope, Role] = {
    "read": "viewer",
    "work": "agent",
    "answer": "agent",
    "review": "reviewer",
    "lead": "lead",
    "admin": "admin",
}
"""What a key may do, as the role that may. Each holds those before it; what leaves the house takes ``answer``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A programme that may call the API in somebody's name, with no more than both may."""

    #: first letters of its secret, to know it by
    name: str
    #: hash of its secret (SHA-256, 32 bytes)
    key: bytes
    user: UserName
    scope: Scope
    #: what it is for
    note: str = ""
    created_at: float = 0.0
    #: None for never
    expires_at: float | None = None
    #: last used, to the minute; None for never
    seen_at: float | None = None
    revoked: bool = False

    def covers(self, scope: Scope) -> bool:
        """Whether it may do what takes this scope."""
        order = list(SCOPES)
        return order.index(self.scope) >= order.index(scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One line of the audit log: who did what to what."""

    #: seconds since the epoch
    at: float
    #: who; ``""`` for postroom itself
    by: str
    #: a verb, e.g. ``verdict``, ``sign-in``, ``user-changed``
    what: str
    #: id or name of what it was done to
    to: str = ""
    #: what else to know, never a secret, never a mail's words
    detail: str = ""
    #: in the order they were written; 0 before that
    number: int = 0
    #: SHA-256 over the line before and this one, hex; ``""`` before it is written
    chain: str = ""
