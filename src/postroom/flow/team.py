"""Who may sign in: adding people, changing what they may, their passwords and keys. Each change leaves its line in the audit log.

Who may do this is for the caller to ask: whoever has a shell where the store lies, and admins.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from postroom.flow.passwords import check_password, prepared
from postroom.flow.signin import hash_of, new_token
from postroom.model.errors import Refused, unknown
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import ROLES, SCOPES, ApiKey, Deed, Scope, User, UserName
from postroom.ports.accounts import Accounts, Passwords

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_OURS: Final = "postroom"
"""As who stands where nobody did it."""
_MOST_SHOWN: Final = 100
_MOST_NOTE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """All that it takes to change who may sign in. ``by`` is always the name of who does it."""

    accounts: Accounts
    passwords: Passwords
    #: that a user may be of
    brands: Collection[BrandName]
    #: that a user may work at
    routes: Collection[RouteName]
    #: seconds since the epoch
    clock: Callable[[], float]
    #: so many random bytes
    entropy: Callable[[int], bytes]

    def add(self, user: User, password: str | None, by: str) -> User:
        """Add a user, with a password unless he signs in elsewhere. Raises `Refused` and `TryLater`, as do all below."""
        self.check_new(user)
        added = replace(user, password=self._hashed(password, user.name), created_at=self.clock())
        self.accounts.put_user(added, self._deed(by, "user-added", added.name, _told(added)))
        return added

    def check_new(self, user: User) -> None:
        """Raise `Refused` unless somebody can be added as this: before a password is asked for. The store asks again."""
        if not _NAME.fullmatch(user.name):
            raise Refused(
                f"{user.name!r} can't be a name: use 1 to 64 letters (a to z), digits and . _ @ + -, a letter or digit first"
            )
        if user.name.lower() == _OURS:
            raise Refused(f"{user.name!r} can't be a name: what {_OURS} does by itself is told under it")
        self._check(user)
        there = self.accounts.user(user.name)
        if there is not None:
            raise Refused(f"there is a user {there.name} already; see: postroom user show {there.name}")
        if user.role != "admin" and not self.accounts.users():
            raise Refused(f"the first user has to be an admin: postroom user add {user.name} --role admin")

    def change(self, name: str, by: str, **changes: Any) -> User:
        """Give a user other values of role, shown, brands, routes, urgent or disabled. What is as it was is not written."""
        was = self.find(name)
        user = replace(was, **changes)
        if user == was:
            return was
        self._check(user, was)
        what = "user-changed" if user.disabled == was.disabled else "user-disabled" if user.disabled else "user-enabled"
        self.accounts.put_user(user, self._deed(by, what, user.name, _differences(was, user)), was=was)
        return user

    def set_password(self, name: str, password: str, by: str) -> None:
        """Give a user another password; all his sessions end."""
        was = self.find(name)
        user = replace(was, password=self._hashed(password, was.name))
        self.accounts.put_user(user, self._deed(by, "password-changed", was.name), was=was)

    def end_sessions(self, name: str, by: str, *, key: bytes | None = None) -> int:
        """Sign a user out everywhere, or end one session of his. How many ended."""
        user = self.find(name)
        return self.accounts.close_sessions(user.name, self._deed(by, "sessions-ended", user.name), key=key)

    def make_key(self, name: str, scope: Scope, note: str, expires_at: float | None, by: str) -> tuple[str, ApiKey]:
        """A key for a programme in a user's name: its token, which nobody can show again, and what is kept.

        Raises `Refused` also for a scope above the user's role and for an end that has passed.
        """
        user, now = self.find(name), self.clock()
        if scope not in SCOPES:
            raise Refused(unknown("scope", scope, SCOPES))
        if not user.is_at_least(SCOPES[scope]):
            raise Refused(
                f"the scope {scope} takes {_article(SCOPES[scope])}, and {user.name} is {_article(user.role)}: use a lesser scope"
            )
        if expires_at is not None and expires_at <= now:
            raise Refused("the key would have expired already: choose a later end")
        _check_line(note, "note", _MOST_NOTE)
        known_as, token = new_token(self.entropy)
        key = ApiKey(
            name=known_as,
            key=hash_of(token),
            user=user.name,
            scope=scope,
            note=note,
            created_at=now,
            expires_at=expires_at,
        )
        self.accounts.add_key(key, self._deed(by, "key-made", known_as, f"for {user.name}, scope {scope}"))
        return token, key

    def revoke_key(self, name: str, by: str) -> None:
        """A key works no more. Raises `Refused` when none that works has this name."""
        if not self.accounts.revoke_key(name, self._deed(by, "key-revoked", name)):
            raise Refused(f"there is no key {name!r} that still works; see: postroom key list")

    def find(self, name: str) -> User:
        """The user of this name. Raises `Refused` when there is none."""
        user = self.accounts.user(UserName(name))
        if user is None:
            raise Refused(unknown("user", name, [one.name for one in self.accounts.users()]))
        return user

    def _check(self, user: User, was: User | None = None) -> None:
        """Raises `Refused`. Brands and desks that somebody has already need not be there any more."""
        if user.role not in ROLES:
            raise Refused(unknown("role", user.role, ROLES))
        _check_line(user.shown, "name that others see", _MOST_SHOWN)
        _check_known("brand", user.brands, {*self.brands, *(was.brands if was else ())})
        _check_known("route", user.routes, {*self.routes, *(was.routes if was else ())})

    def _hashed(self, password: str | None, name: str) -> str:
        if password is None:
            return ""
        check_password(password, name)
        return self.passwords.hash(prepared(password))

    def _deed(self, by: str, what: str, to: str, detail: str = "") -> Deed:
        return Deed(at=self.clock(), by=by, what=what, to=to, detail=detail)


def _check_line(text: str, what: str, most: int) -> None:
    if len(text) > most or not text.isprintable():
        raise Refused(
            f"the {what} is no single line of at most {most} characters: shorten it, without control characters"
        )


def _check_known(what: str, given: Sequence[str], known: Collection[str]) -> None:
    for one in given:
        if one not in known:
            raise Refused(unknown(what, one, known))


def _told(user: User) -> str:
    """What there is to know of a user, for the log."""
    return ", ".join(f"{name} {_shown(getattr(user, name))}" for name in ("role", "brands", "routes", "urgent"))


def _differences(was: User, user: User) -> str:
    """What has changed, in words; the password is not told."""
    pairs = [(one.name, getattr(was, one.name), getattr(user, one.name)) for one in fields(User)]
    return ", ".join(f"{name}: {_shown(a)} to {_shown(b)}" for name, a, b in pairs if a != b and name != "password")


def _shown(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return "+".join(value) or "all"
        case _:
            return str(value) or "nothing"


def _article(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"
