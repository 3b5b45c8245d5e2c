"""A message made of what an export says of one, and its name: the reader then treats it as any other."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import blake2b
from typing import Final

from postroom.model.codec import sound

_HTML = re.compile(
    r"<(?:p|div|br|html|body|span|a|ul|ol|table|blockquote|b|strong|img)\b[^<>]{0,300}/?>", re.IGNORECASE
)
_FIELD_CHARS: Final = 2000


def compose(
    *, sender: str, subject: str, body: str, at: float | None, message_id: str, in_reply_to: str = "", most: int
) -> bytes:
    """A message in UTF-8 (RFC 6532), of at most about ``most`` bytes; HTML where the body looks like it."""
    html = _HTML.search(body[:10_000]) is not None
    fields = {
        "From": sender,
        "Subject": subject,
        "Date": _date(at),
        "Message-ID": f"<{message_id}>",
        "In-Reply-To": f"<{in_reply_to}>" if in_reply_to else "",
        "MIME-Version": "1.0",
        "Content-Type": f"text/{'html' if html else 'plain'}; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    head = "".join(f"{name}: {' '.join(value.split())[:_FIELD_CHARS]}\n" for name, value in fields.items() if value)
    return sound(f"{head}\n{body[:most]}\n").encode("utf-8")[:most]


def identity(*, ticket: str, message: str, at: float | None, sender: str, body: str) -> str:
    """Names a message within the system that exported it, the same in every export; without blanks.

    By its ids and its time, which tells systems apart that count alike. Without an id of its own (``message`` is empty)
    or a time, by what it says too.
    """
    parts = [ticket, message, "" if at is None else str(at)]
    if not message or at is None:
        said = sound(f"{sender}\0{body}").encode("utf-8")
        parts.append(blake2b(said, digest_size=12).hexdigest())
    return ".".join(" ".join(parts).split())


def _date(at: float | None) -> str:
    try:
        return format_datetime(datetime.fromtimestamp(at, UTC)) if at is not None else ""
    except (ValueError, OverflowError, OSError):
        return ""
