"""What a server's refusal means for the mail and for the lane, and how it is told to people."""

import re

from postroom.adapters.destination.smtp_session import Reply
from postroom.model.errors import GiveUp, TryLater

_LONGEST = 400
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_AUTHENTICATION = re.compile(
    r"\b[45]\.7\.(2[0-9]|30)\b|\bdmarc\b|\bspf\b|\bdkim\b|unauthenticated (e-?mail|sender)|sender authentication",
    re.IGNORECASE,
)

DMARC_REMEDY = (
    "The receiving side distrusts forwarded mail (DMARC, SPF or DKIM): have it trust our address or our ARC seals, "
    "or deliver by webhook, LMTP or the built-in inbox instead, then unpark."
)


def shown(reply: Reply) -> str:
    """A reply for people and logs: one line, no controls, at most 400 characters."""
    text = _NOT_SHOWN.sub(" ", reply.text.decode("utf-8", "replace")).strip()
    return (f"{reply.code} {text}" if reply.code >= 0 else text)[:_LONGEST]


def is_authentication_refusal(reply: Reply) -> bool:
    """Whether it refuses because From can't be authenticated after forwarding (DMARC; RFC 7372, RFC 7489 §10.3)."""
    return _AUTHENTICATION.search(reply.text.decode("utf-8", "replace")) is not None


def refusal(reply: Reply, what: str) -> TryLater | GiveUp:
    """The error for a reply that concerns this mail: ``what`` says what was refused."""
    words = f"{what}: {shown(reply)}"
    if reply.code >= 400 and is_authentication_refusal(reply):
        words = f"DMARC refusal: {words}. {DMARC_REMEDY}"
    return GiveUp(words) if 500 <= reply.code <= 599 else TryLater(words, lane_down=reply.code == 421)


def lane_trouble(reply: Reply, what: str) -> TryLater:
    """The error for a reply that concerns every mail to this destination, permanent as it may sound."""
    return TryLater(f"{what}: {shown(reply)}", lane_down=True)
