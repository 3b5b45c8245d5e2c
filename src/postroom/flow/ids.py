"""Ids of arrivals: 48 bits of milliseconds and 80 random bits in Crockford base 32, so that they sort by time (the ULID layout)."""

from collections.abc import Callable

from postroom.model.mail import MailId

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)


def new_id(now: float, entropy: Callable[[int], bytes]) -> MailId:
    """An id for a mail accepted at ``now`` (seconds since the epoch), with ten bytes from ``entropy``."""
    number = (int(now * 1000) & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(entropy(10), "big")
    return MailId("".join([_PAIRS[number >> shift & 0x3FF] for shift in range(120, -1, -10)]))
