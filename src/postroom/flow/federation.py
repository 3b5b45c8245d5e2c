"""Signing in elsewhere, by OpenID Connect: `Federation.begin` sends a browser off, `Federation.finish` takes it back.

Nothing is kept between the two but a slip in the browser's cookie: when it went, where to, and 32 random bytes, under
our MAC. State, nonce and PKCE's verifier are made of these bytes with a key that only this process has, so that an answer
is of use to nobody but the browser that asked (RFC 9700 §2.1, §4.5, §4.7), and strangers fill no memory. Whom a subject
of the issuer signs in is kept; a name or an address decides only the first time, and only where the settings say so.
"""

import hmac
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from postroom.flow.signin import SigningIn
from postroom.flow.team import Team
from postroom.model.errors import Refused, TryLater
from postroom.model.identity import Identity, Vouched
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import ROLES, Deed, Role, User, UserName
from postroom.ports.identity import Identities, Provider

STALE: Final = "this sign-in was not begun in this browser, or too long ago, or is done already: begin again"

LONGEST: Final = 600.0
"""Seconds between going and coming back."""
MOST_AT_ONCE: Final = 4
"""Answers that are looked at together: each may wait for the provider."""

_MOST_SPENT: Final = 10_000
_COUNTED_AS: Final = "(signing in elsewhere)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """Who is let in that was never here before."""

    #: the user whose name is the verified address
    by_email: bool = False
    #: of addresses of this domain, the part before the @ is enough
    domain: str = ""
    #: whoever has a group of `roles` becomes a user
    make: bool = False
    #: role by group; the highest counts
    roles: Mapping[str, Role] = field(default_factory=dict)
    #: of new users; empty for all
    brands: tuple[BrandName, ...] = ()
    routes: tuple[RouteName, ...] = ()


@dataclass(frozen=True, slots=True)
class _Slip:
    """What the cookie holds."""

    at: int
    seed: bytes
    to: str


class Federation:
    """All that it takes to let people in whom a provider vouches for. Any thread may call."""

    def __init__(
        self,
        *,
        name: str,
        provider: Provider,
        identities: Identities,
        signing_in: SigningIn,
        team: Team,
        welcome: Welcome,
        entropy: Callable[[int], bytes],
    ) -> None:
        """``name`` is what people call the provider."""
        self.name = name
        self.provider = provider
        self._identities = identities
        self._signing_in = signing_in
        self._team = team
        self._welcome = welcome
        self._entropy = entropy
        self._key = entropy(32)
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._lock = threading.Lock()
        self._spent: OrderedDict[bytes, float] = OrderedDict()

    def begin(self, to: str) -> tuple[str, str]:
        """Where the browser goes, and the cookie that it takes along; ``to`` is where to go at the end. Raises `TryLater`."""
        slip = _Slip(int(self._signing_in.clock()), self._entropy(32), to)
        with self._place():
            way = self.provider.way(
                state=self._made("state", slip), nonce=self._made("nonce", slip), verifier=self._made("verifier", slip)
            )
        return way, self._sealed(slip)

    def finish(self, cookie: str, answer: Mapping[str, str], ip: str, agent: str) -> tuple[str, User, str]:
        """Open a session for whoever came back: its secret, whose it is, and where to go.

        Raises `Refused` with what a person can do about it, `TooOften`, and `TryLater`.
        """
        slip = self._opened(cookie)
        if slip is None or not _same(answer.get("state", ""), self._made("state", slip)):
            raise Refused(STALE)
        throttle, now = self._signing_in.throttle, self._signing_in.clock()
        throttle.take(_COUNTED_AS, ip, now, known=False)
        whom = "…"
        try:
            with self._place():
                self._spend(slip, now)
                vouched = self.provider.vouched(
                    answer, nonce=self._made("nonce", slip), verifier=self._made("verifier", slip)
                )
            whom = vouched.subject
            user = self._known(vouched)
            secret = self._signing_in.open(user, ip, agent, how=f"by {self.name}, ")
        except TryLater:
            throttle.give_back(_COUNTED_AS, ip, right=False)
            raise
        except Refused as error:
            self._signing_in.note_refusal(whom, f"at {self.name}: {error}, "[:400], ip)
            raise
        throttle.give_back(_COUNTED_AS, ip, right=True)
        return secret, user, slip.to

    def way_out(self) -> str:
        """Where to sign out at the provider too; ``""`` for nowhere."""
        try:
            with self._place():
                return self.provider.way_out()
        except TryLater:
            return ""

    # -- who it is ------------------------------------------------------------------------------------------------

    def _known(self, vouched: Vouched) -> User:
        """The user that the provider vouches for. Raises `Refused`."""
        linked = self._identities.whose(vouched.issuer, vouched.subject)
        user = self._team.find(linked.user) if linked is not None else self._first(vouched)
        if user.disabled:
            raise Refused(f"{user.name} may not sign in any more: ask an admin")
        return user

    def _first(self, vouched: Vouched) -> User:
        """Whoever was never here before."""
        there = self._namesake(vouched)
        if there is not None and self._welcome.by_email:
            if there.disabled:
                return there
            self._identities.link(
                self._identity(vouched, there.name), self._deed("identity-linked", there.name, vouched)
            )
            return there
        if there is None and self._welcome.make:
            return self._made_user(vouched)
        raise Refused(
            f"nobody here is linked to your account at {self.name}: ask an admin for it (postroom user link NAME {vouched.subject})"
        )

    def _namesake(self, vouched: Vouched) -> User | None:
        """The user whose name is the address, if the provider says that it is theirs."""
        email = vouched.email
        if not _may_be_a_name(vouched):
            return None
        before, _, domain = email.rpartition("@")
        wanted = self._welcome.domain.lower()
        names = (email, before) if wanted and domain.lower() == wanted else (email,)
        return next((user for name in names if (user := self._team.accounts.user(UserName(name))) is not None), None)

    def _made_user(self, vouched: Vouched) -> User:
        roles = [self._welcome.roles[group] for group in vouched.groups if group in self._welcome.roles]
        if not roles:
            raise Refused(f"none of your groups at {self.name} may work here: ask an admin")
        if not _may_be_a_name(vouched):
            raise Refused(f"{self.name} tells no address of yours that it has verified: ask who runs it")
        user = User(
            name=UserName(vouched.email.lower()),
            role=max(roles, key=ROLES.index),
            shown=vouched.shown,
            brands=self._welcome.brands,
            routes=self._welcome.routes,
            created_at=self._signing_in.clock(),
        )
        self._team.check_new(user)
        made = self._deed("user-added", user.name, vouched, f"role {user.role}, by {self.name}")
        self._identities.link(
            self._identity(vouched, user.name), self._deed("identity-linked", user.name, vouched), new=(user, made)
        )
        return user

    def _deed(self, what: str, to: str, vouched: Vouched, detail: str = "") -> Deed:
        return Deed(at=self._signing_in.clock(), by="", what=what, to=to, detail=detail or told(vouched))

    def _identity(self, vouched: Vouched, user: UserName) -> Identity:
        return Identity(
            issuer=vouched.issuer,
            subject=vouched.subject,
            user=user,
            email=vouched.email,
            linked_at=self._signing_in.clock(),
        )

    # -- the slip -------------------------------------------------------------------------------------------------

    def _made(self, what: str, slip: _Slip) -> str:
        """A value of this sign-in that nobody can guess: 43 letters, as PKCE's verifier needs (RFC 7636 §4.1)."""
        return _text(hmac.new(self._key, f"{what}:".encode() + slip.seed, sha256).digest())

    def _sealed(self, slip: _Slip) -> str:
        body = f"{slip.at}.{_text(slip.seed)}.{_text(slip.to.encode('utf-8', 'replace'))}"
        return f"{body}.{self._mac(body)}"

    def _mac(self, body: str) -> str:
        return _text(hmac.new(self._key, b"slip:" + body.encode("utf-8", "replace"), sha256).digest())

    def _opened(self, cookie: str) -> _Slip | None:
        """What we wrote into a cookie, if it is ours and not too old."""
        body, _, mac = cookie.rpartition(".")
        if not _same(mac, self._mac(body)):
            return None
        at, seed, to = body.split(".")
        slip = _Slip(int(at), _bytes(seed), _bytes(to).decode())
        return slip if self._signing_in.clock() - slip.at <= LONGEST else None

    def _spend(self, slip: _Slip, now: float) -> None:
        """A sign-in ends once. Raises `Refused` the second time."""
        with self._lock:
            while self._spent and (len(self._spent) >= _MOST_SPENT or now - next(iter(self._spent.values())) > LONGEST):
                self._spent.popitem(last=False)
            if slip.seed in self._spent:
                raise Refused(STALE)
            self._spent[slip.seed] = now

    def _place(self) -> "_Place":
        return _Place(self._places, self.name)


class _Place:
    """One of the few places for those who wait for the provider."""

    def __init__(self, places: threading.Semaphore, name: str) -> None:
        self._places = places
        self._name = name

    def __enter__(self) -> None:
        if not self._places.acquire(blocking=False):
            raise TryLater(f"too many are on their way to {self._name} at once", after=2.0)

    def __exit__(self, *_: object) -> None:
        self._places.release()


def told(vouched: Vouched) -> str:
    """Which account elsewhere, for the audit log."""
    return f"{vouched.subject[:200]} at {vouched.issuer}" + (f", {vouched.email[:200]}" if vouched.email else "")


def _may_be_a_name(vouched: Vouched) -> bool:
    """Whether the address is theirs and plain: names are compared after folding, in which foreign letters may become others."""
    return vouched.email_verified and "@" in vouched.email and vouched.email.isascii()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
