"""Passwords as argon2id hashes (RFC 9106), in the PHC string format."""

import threading
from base64 import b64encode

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError

from postroom.model.errors import TryLater

#: what libargon2 says when it gets no memory or no thread
_NO_ROOM = ("Memory allocation error", "Threading failure")


class Argon2Passwords:
    """Everything of `postroom.ports.accounts.Passwords`.

    Each hash takes ``memory_kib`` while it is made, so at most ``at_once`` are made at the same time: who comes later waits,
    and is told to try again after ``patience`` seconds.
    """

    def __init__(
        self,
        *,
        time_cost: int = 3,
        memory_kib: int = 65_536,
        parallelism: int = 4,
        at_once: int = 2,
        patience: float = 10.0,
    ) -> None:
        """The defaults are the second choice of RFC 9106, section 4: 64 MiB, three passes, four lanes."""
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism)
        salt, tag = (b64encode(bytes(size)).rstrip(b"=").decode() for size in (16, 32))
        #: hash of no password: takes the time of one that is
        self._nobody = f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}${salt}${tag}"
        self._room = threading.BoundedSemaphore(at_once)
        self._patience = patience

    def hash(self, password: str) -> str:
        """See `postroom.ports.accounts.Passwords.hash`."""
        self._enter()
        try:
            return self._hasher.hash(password)
        except HashingError as error:
            raise _later() from error
        finally:
            self._room.release()

    def matches(self, password: str, kept: str) -> bool:
        """See `postroom.ports.accounts.Passwords.matches`."""
        known = _work(kept) > 0
        self._enter()
        try:
            return self._hasher.verify(kept if known else self._nobody, password) and known
        except VerifyMismatchError:
            return False
        except VerificationError as error:
            if str(error) in _NO_ROOM:
                raise _later() from error
            return False
        finally:
            self._room.release()

    def is_weak(self, kept: str) -> bool:
        """See `postroom.ports.accounts.Passwords.is_weak`."""
        return 0 < _work(kept) < self._hasher.memory_cost * self._hasher.time_cost

    def _enter(self) -> None:
        if not self._room.acquire(timeout=self._patience):
            raise _later()


def _work(kept: str) -> int:
    """KiB times passes that a hash took; 0 for what is none of ours."""
    if not (kept.startswith("$argon2id$") and kept.isascii()):
        return 0
    try:
        found = extract_parameters(kept)
    except InvalidHashError:
        return 0
    return found.memory_cost * found.time_cost


def _later() -> TryLater:
    return TryLater("too much is being done at once to check a password now: try again in a few seconds")
