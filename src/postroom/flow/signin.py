"""Signing in and being known again. Start at `SigningIn.sign_in`; checking a password takes a core for a third of a second.

What a browser or a programme holds is a secret of 32 random bytes; only its SHA-256 is kept, which for such a secret is
enough. What is refused is refused in the same words and after the same time, whether the name, the password or neither is
known.
"""

from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from postroom.flow.passwords import MOST, prepared
from postroom.flow.throttle import Throttle, network
from postroom.model.errors import Refused, TryLater
from postroom.model.people import ROLES, SCOPES, ApiKey, Deed, Session, User, UserName
from postroom.ports.accounts import Accounts, Journal, Passwords

WRONG: Final = "the name or the password is wrong"
NO_PASSWORDS: Final = "nobody signs in with a password here"
WRONG_CODE: Final = "this code is wrong, or too old, or was used already: make another (postroom user code NAME)"

CODE_LIFETIME: Final = 600.0
ON_COMMAND: Final = "(command line)"
"""In the place of an address, of a code that was made with `postroom user code`."""

_SECRET_LENGTH: Final = 43
_MOST_OF_AGENT: Final = 200
_LETTERS_OF_STRANGERS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIn:
    """All that it takes to know who somebody is. Any thread may call."""

    accounts: Accounts
    journal: Journal
    passwords: Passwords
    #: seconds since the epoch
    clock: Callable[[], float]
    #: so many random bytes
    entropy: Callable[[int], bytes]
    #: a session ends when it was not used for so long, seconds; at least two minutes, as use is noted once a minute
    idle: float
    #: and so long after its start, whatever happens, seconds
    lifetime: float
    throttle: Throttle = field(default_factory=Throttle)
    #: whether a password signs anybody in
    by_password: bool = True

    def sign_in(self, name: str, password: str, ip: str, agent: str) -> tuple[str, User]:
        """Open a session: the secret for the browser's cookie, and whose it is.

        Raises `Refused` when name and password don't go together, `TooOften` after too many failures, and `TryLater`.
        """
        user = self.check(name, password, ip)
        return self.open(user, ip, agent), user

    def open(self, user: User, ip: str, agent: str, *, how: str = "", lifetime: float = 0.0) -> str:
        """A session for somebody whose identity was checked: the secret for the browser's cookie.

        ``how`` goes before the address in the audit log; ``lifetime`` is in seconds, 0 for the usual. Raises `Refused` when he was changed meanwhile, and `TryLater`.
        """
        now = self.clock()
        secret = urlsafe_b64encode(self.entropy(32)).rstrip(b"=").decode("ascii")
        session = Session(
            key=hash_of(secret),
            user=user.name,
            created_at=now,
            seen_at=now,
            expires_at=now + (lifetime or self.lifetime),
            agent=_printable(agent[:_MOST_OF_AGENT]),
            ip=ip,
        )
        what = "sign-in-code" if ip == ON_COMMAND else "sign-in"
        self.accounts.open_session(
            session, user, Deed(at=now, by=user.name, what=what, to=user.name, detail=_printable(how) + _from(ip))
        )
        return secret

    def check(self, name: str, password: str, ip: str) -> User:
        """Whose name and password these are, e.g. before he sets a new one. Raises as `sign_in` does."""
        if not self.by_password:
            raise Refused(NO_PASSWORDS)
        name = name.strip()
        user = self.accounts.user(UserName(name))
        self.throttle.take(name, ip, self.clock(), known=self._is_known(user, ip))
        kept = user.password if user is not None and len(password) <= MOST else ""
        try:
            right = self.passwords.matches(prepared(password[:MOST]), kept)
        except TryLater:
            self.throttle.give_back(name, ip, right=False)
            raise
        if user is None or user.disabled or not right:
            self._note_failure(name, user, ip)
            raise Refused(WRONG)
        self.throttle.give_back(name, ip, right=True)
        return self._with_strong_hash(user, password)

    def who(self, secret: str) -> tuple[Session, User] | None:
        """Whose session the secret in a cookie is of; None when it is of none, or has ended. Raises `TryLater`."""
        if len(secret) != _SECRET_LENGTH:
            return None
        found = self.accounts.session(hash_of(secret), self.clock(), self.idle)
        return None if found is not None and found[0].ip == ON_COMMAND else found

    def sessions(self, user: User) -> tuple[Session, ...]:
        """Those of a user that still open something, newest first. Raises `TryLater`."""
        now = self.clock()
        known = self.accounts.sessions(user.name)
        return tuple(one for one in known if one.expires_at > now and one.seen_at >= now - self.idle)

    def code(self, user: User, by: str) -> str:
        """A code that signs a user in once, within ten minutes, whatever provider is down: for whoever has a shell.

        Raises `Refused` for who is disabled, and `TryLater`.
        """
        return self.open(user, ON_COMMAND, "", how=f"asked for by {by}, ", lifetime=CODE_LIFETIME)

    def redeem(self, code: str, ip: str, agent: str) -> tuple[str, User]:
        """Open a session by a code, which works no more: its secret, and whose it is. Raises `Refused` and `TryLater`."""
        code = code.strip()
        found = self.accounts.session(hash_of(code), self.clock(), self.idle) if len(code) == _SECRET_LENGTH else None
        if found is None or found[0].ip != ON_COMMAND or found[0].expires_at - found[0].created_at > CODE_LIFETIME:
            raise Refused(WRONG_CODE)
        session, user = found
        spent = Deed(at=self.clock(), by=user.name, what="sign-in-code-used", to=user.name, detail=_from(ip))
        if not self.accounts.close_sessions(user.name, spent, key=session.key):
            raise Refused(WRONG_CODE)
        return self.open(user, ip, agent, how="by a code, "), user

    def sign_out(self, secret: str) -> None:
        """End the session, if there is one. Raises `TryLater`."""
        found = self.who(secret)
        if found is not None:
            session, user = found
            deed = Deed(at=self.clock(), by=user.name, what="sign-out", to=user.name)
            self.accounts.close_sessions(user.name, deed, key=session.key)

    def by_key(self, token: str) -> tuple[ApiKey, User] | None:
        """The key whose token a programme shows, and its user, with no more of a role than the key's scope has.

        None when there is no such key or it has ended. Raises `TryLater`.
        """
        if not token.startswith("pr_") or len(token) > 100:
            return None
        found = self.accounts.key(hash_of(token), self.clock())
        if found is None:
            return None
        key, user = found
        return key, replace(user, role=min(user.role, SCOPES[key.scope], key=ROLES.index))

    def _is_known(self, user: User | None, ip: str) -> bool:
        """Whether he is signed in from there already."""
        if user is None:
            return False
        address = network(ip)
        return any(network(session.ip) == address for session in self.accounts.sessions(user.name))

    def _note_failure(self, name: str, user: User | None, ip: str) -> None:
        """Leave a line; of a name that nobody has only the beginning, as it may be a password in the wrong field."""
        whom = user.name if user is not None else f"{name[:_LETTERS_OF_STRANGERS]}…"
        self.note_refusal(whom, "", ip)

    def note_refusal(self, whom: str, why: str, ip: str) -> None:
        """A line for a sign-in that failed."""
        detail = _printable(why) + _from(ip)
        self.journal.write([Deed(at=self.clock(), by="", what="sign-in-failed", to=_printable(whom), detail=detail)])

    def _with_strong_hash(self, user: User, password: str) -> User:
        if not self.passwords.is_weak(user.password):
            return user
        hashed = self.passwords.hash(prepared(password))
        self.accounts.rehash(user, hashed)
        return replace(user, password=hashed)


def hash_of(secret: str) -> bytes:
    """What is kept of a session's or a key's secret."""
    return sha256(secret.encode("utf-8", "replace")).digest()


def new_token(entropy: Callable[[int], bytes]) -> tuple[str, str]:
    """The name of a new key, by which it is known, and its token, which is all that opens."""
    name = _base32(entropy(5))
    return name, f"pr_{name}_{_base32(entropy(32))}"


def _base32(data: bytes) -> str:
    return b32encode(data).rstrip(b"=").decode("ascii").lower()


def _from(ip: str) -> str:
    return f"from {_printable(ip[:64])}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
