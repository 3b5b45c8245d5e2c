"""Marks that only we can make: return addresses, loop marks and webhook signatures, all by HMAC-SHA256.

Pure: keys and times are arguments. Each kind of mark is made for its own purpose string, so that one can never pass
for another although the key is shared. Readers take any text, never raise, and compare in constant time.
"""

import hmac
import re
from collections.abc import Iterable

from postroom.model.mail import BounceOf, DestinationName, MailId

RETURN_PREFIX = "bounce"
"""How the local part of every return address of ours begins."""

SIGNATURE_HEADER = "Postroom-Signature"
"""Header of a webhook call that carries `sign_webhook`."""

_MAIL_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
# Case is folded by some servers on the way (RFC 5321 §2.4 forbids it, in vain): nothing here depends on it.
_RETURN = re.compile(r"bounce-([0-9a-hjkmnp-tv-z]{26})-([a-z2-7]{4})([1-9][0-9]{0,8})-([a-z2-7]{16})")
_REPLY = re.compile(r"([0-9a-hjkmnp-tv-z]{26})\.([a-z2-7]{16})")
_LONGEST_ADDRESS = 320
# Two characters of base 32 (RFC 4648 §6) at a time, in lower case.
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)


def bounce_address(bounce: BounceOf, domain: str, key: bytes) -> str:
    """The signed return address of one delivery, at ``domain``: ``bounce-<mail id>-<tag><generation>-<signature>@…``.

    The local part has at most 64 octets (RFC 5321 §4.5.3.1.1), in lower case. The destination is a tag of 20 bits that
    `read_bounce_address` looks up; the signature, of 80 bits, covers its whole name. Raises ValueError for a mail id
    or generation of another form.
    """
    if not _MAIL_ID.fullmatch(bounce.mail_id) or not 1 <= bounce.generation <= 999_999_999:
        raise ValueError(f"no return address for generation {bounce.generation} of {bounce.mail_id!r}")
    tag = _tag(bounce.destination, key)
    local = f"{RETURN_PREFIX}-{bounce.mail_id}-{tag}{bounce.generation}-{_return_signature(bounce, key)}"
    return f"{local}@{domain}"


def read_bounce_address(
    addr: str, key: bytes, destinations: Iterable[DestinationName], *, domain: str = ""
) -> BounceOf | None:
    """The delivery that a return address of ours speaks of; None for any other text.

    ``destinations`` are all that are configured, with those that were: what is not among them is not recognised.
    Given a ``domain``, the address must be at it.
    """
    if len(addr) > _LONGEST_ADDRESS:
        return None
    local, _, at = addr.rpartition("@")
    found = _RETURN.fullmatch(_lower(local))
    if found is None or (domain and _lower(at) != _lower(domain)):
        return None
    mail_id, tag, generation, signature = found.groups()
    match: BounceOf | None = None
    for destination in destinations:
        if _tag(destination, key) != tag:
            continue
        bounce = BounceOf(mail_id=MailId(mail_id), destination=destination, generation=int(generation))
        if hmac.compare_digest(_return_signature(bounce, key), signature):
            match = bounce
    return match


def loop_mark(mail_id: MailId, key: bytes) -> str:
    """The value of ``X-Postroom-Mark``: by it a mail that we sent on is known when it comes back."""
    return f"{mail_id} {_sign(key, 'loop mark', mail_id)[:26]}"


def is_our_mark(value: str, key: bytes) -> bool:
    """Whether a header value is a mark made with this key, folded or padded as it may be."""
    if len(value) > 200:
        return False
    words = value.split()
    if len(words) != 2:
        return False
    return hmac.compare_digest(_bytes(loop_mark(MailId(words[0]), key)), _bytes(" ".join(words)))


def reply_message_id(reply_id: str, domain: str, key: bytes) -> str:
    """The Message-ID of an answer of ours, without brackets: ``<id>.<signature>@<domain>``, which nobody can guess."""
    return f"{reply_id}.{_sign(key, 'answer', reply_id)[:16]}@{domain}"


def read_reply_message_id(message_id: str, key: bytes) -> str:
    """The id of the answer of ours that has this Message-ID; ``""`` for any other text."""
    found = _REPLY.fullmatch(_lower(message_id[:_LONGEST_ADDRESS].partition("@")[0]))
    if found is None or not hmac.compare_digest(_sign(key, "answer", found[1])[:16], found[2]):
        return ""
    return found[1]


def sign_webhook(secret: bytes, timestamp: int, body: bytes) -> str:
    """The value of ``Postroom-Signature``: ``t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``."""
    return f"t={timestamp},v1={_webhook_digest(secret, str(timestamp), body)}"


def is_webhook_signed(secret: bytes, header: str, body: bytes, *, now: float, tolerance: float = 300.0) -> bool:
    """Whether a ``Postroom-Signature`` was made with this secret for this body, at most ``tolerance`` seconds from ``now``.

    Several ``v1`` may be given while a secret is being changed: one that fits is enough.
    """
    pairs = [item.partition("=")[::2] for item in header[:4096].split(",")]
    times = [value for name, value in pairs if name.strip() == "t"]
    if len(times) != 1 or not re.fullmatch(r"[0-9]{1,12}", times[0]) or abs(now - int(times[0])) > tolerance:
        return False
    wanted = _bytes(_webhook_digest(secret, times[0], body))
    fits = [hmac.compare_digest(wanted, _bytes(value)) for name, value in pairs if name.strip() == "v1"]
    return any(fits)


def _tag(destination: DestinationName, key: bytes) -> str:
    return _sign(key, "destination", destination)[:4]


def _return_signature(bounce: BounceOf, key: bytes) -> str:
    # The name comes last: the parts before it have fixed alphabets, so no two deliveries sign the same text.
    return _sign(key, "return address", f"{bounce.mail_id} {bounce.generation} {bounce.destination}")[:16]


def _sign(key: bytes, purpose: str, text: str) -> str:
    digest = hmac.digest(key, f"postroom {purpose}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
    number = int.from_bytes(digest[:20], "big")
    return "".join([_PAIRS[number >> shift & 0x3FF] for shift in range(150, -1, -10)])


def _webhook_digest(secret: bytes, timestamp: str, body: bytes) -> str:
    return hmac.digest(secret, timestamp.encode("ascii") + b"." + body, "sha256").hex()


def _bytes(text: str) -> bytes:
    # compare_digest takes text only when it is ASCII; hostile text need not be
    return text.encode("utf-8", "surrogatepass")


def _lower(text: str) -> str:
    # Only ASCII: str.lower would fold a Kelvin sign into our alphabet
    return text.translate(_ASCII_LOWER)


_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
