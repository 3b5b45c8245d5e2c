"""Who may sign in, and what was done: all that postroom keeps of the people who work with it."""

from collections.abc import Sequence
from typing import Protocol

from postroom.model.people import ApiKey, Deed, Session, User, UserName


class Accounts(Protocol):
    """Users, their sessions and their keys. Every change is durable on return, with its deed; every call raises `TryLater`."""

    def users(self) -> tuple[User, ...]:
        """All, by name."""
        ...

    def user(self, name: UserName) -> User | None:
        """The one who signs in by that name, in whatever case."""
        ...

    def put_user(self, user: User, deed: Deed, *, was: User | None = None) -> None:
        """Add a user, or put one in the place of ``was``, an earlier one of that name.

        Whoever is disabled, or has a new password, has no session any more. Raises `Refused` when ``was`` is not what is
        there (somebody else changed it meanwhile; None: nobody of that name may be there) and when no admin that is not
        disabled would be left.
        """
        ...

    def open_session(self, session: Session, user: User, deed: Deed) -> None:
        """A browser has signed in as ``user``, as he was when his password was checked.

        Raises `Refused` when he was disabled or has another password by now. Of one user's sessions the newest hundred stay.
        """
        ...

    def rehash(self, user: User, password: str) -> None:
        """The same password in a new hash, unless he has another by now. His sessions stay; it is no deed."""
        ...

    def session(self, key: bytes, now: float, idle: float) -> tuple[Session, User] | None:
        """Whose it is, if it has not ended, was used in the last ``idle`` seconds and its user is not disabled.

        Notes that it was used, at most once a minute, and does without where that can't be written.
        """
        ...

    def sessions(self, name: UserName) -> tuple[Session, ...]:
        """A user's, newest first; also those that were not used for long."""
        ...

    def close_sessions(self, name: UserName, deed: Deed, *, key: bytes | None = None) -> int:
        """End one session of a user, or all. How many. The deed is written when there was one."""
        ...

    def add_key(self, key: ApiKey, deed: Deed) -> None:
        """A key for a programme. Raises `Refused` when there is one of that name, or its user is not there or disabled."""
        ...

    def key(self, key: bytes, now: float) -> tuple[ApiKey, User] | None:
        """The key with this hash, if it is neither revoked nor expired and its user not disabled. Notes its use as `session` does."""
        ...

    def keys(self) -> tuple[ApiKey, ...]:
        """All, newest first, with those that ended."""
        ...

    def revoke_key(self, name: str, deed: Deed) -> bool:
        """It works no more. Whether there was one that did when the deed was done; the deed is written then."""
        ...


class Journal(Protocol):
    """The audit log: lines are added, never changed or taken away. Every call raises `TryLater`."""

    def write(self, deeds: Sequence[Deed]) -> None:
        """Add lines, durably. What a use case changes in the store brings its line along in the same transaction instead."""
        ...

    def deeds(
        self,
        *,
        before: int = 0,
        limit: int = 100,
        by: str = "",
        what: str = "",
        to: str = "",
        since: float | None = None,
        until: float | None = None,
    ) -> tuple[Deed, ...]:
        """Newest first, of numbers below ``before`` (0: from the newest on). Empty fields mean any.

        ``since`` and ``until`` are seconds since the epoch, ``until`` exclusive. A line that stands more than a day out of the
        order of time, because a clock was wrong, may be missing where they are given.
        """
        ...

    def verify(self) -> int:
        """How many lines follow one another unbroken from the first. All of them, unless the file was tampered with."""
        ...


class Passwords(Protocol):
    """How passwords are kept: as a hash that takes a core a third of a second to make, so call it off an event loop.

    `hash` and `matches` raise `TryLater` when too many ask at once.
    """

    def hash(self, password: str) -> str:
        """Of a password, with a salt of its own and all that `matches` needs (PHC string format)."""
        ...

    def matches(self, password: str, kept: str) -> bool:
        """Whether the hash is of this password. False, in no less time, for ``""`` and for what is no hash."""
        ...

    def is_weak(self, kept: str) -> bool:
        """Whether the hash took less work than one made now would."""
        ...
