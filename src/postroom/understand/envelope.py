"""A first look at a mail while its sender waits for an answer: the few facts that accepting it needs.

Invariant: any bytes give a `Peek`, looking at the header block alone (at most `headers.HEADER_BYTES`) besides hashing
the whole, never an exception.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from postroom.understand import headers

_VALUE: Final = 8192
_ID_CHARS: Final = 500
_BRACKETED = re.compile(rb"<([^<>\s]{1,998})>")
_WORD = re.compile(rb"[^\s<>,;:()\"]+")
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Peek:
    """What acceptance needs to know of a message."""

    #: without brackets, ``""`` when there is none
    message_id: str
    #: the oldest id that the mail refers to (else its own), hashed; ``""`` when it has none
    thread_key: str
    #: From as written, lower case, hashed; ``""`` when there is none
    sender_key: str
    #: number of Received lines (RFC 5321 §6.3)
    received_count: int
    #: the header block is longer than the reader reads
    oversized_header: bool
    #: SHA-256 of the message with CRLF line ends
    digest: bytes


def peek(raw: bytes) -> Peek:
    """Look at a message's header block and hash the message. Pure, total; some 20 µs for 5 KB."""
    start, end, _ = headers.bounds(raw)
    oversized = end < 0 and len(raw) - start > headers.HEADER_BYTES
    block = b"\n" + raw[start : end if end >= 0 else start + headers.HEADER_BYTES]
    lower = block.lower()
    own = _message_id(_value(block, lower, b"\nmessage-id"))
    oldest = _oldest(_value(block, lower, b"\nreferences")) or _oldest(_value(block, lower, b"\nin-reply-to")) or own
    return Peek(
        message_id=own,
        thread_key=_short(oldest.encode("utf-8", "replace")) if oldest else "",
        sender_key=_sender_key(_value(block, lower, b"\nfrom").lower()),
        received_count=lower.count(b"\nreceived:"),
        oversized_header=oversized,
        digest=digest(raw),
    )


def digest(raw: bytes) -> bytes:
    """SHA-256 of the message as it is with CRLF line ends: the same whichever way it came in (RFC 5321 §2.3.8)."""
    if raw.count(b"\n") == (pairs := raw.count(b"\r\n")) and raw.count(b"\r") == pairs:
        return hashlib.sha256(raw).digest()
    whole = hashlib.sha256()
    at = 0
    while at < len(raw):
        upto = at + _CHUNK
        if raw[upto - 1 : upto] == b"\r":
            upto += 1  # never between CR and LF
        lines = raw[at:upto].replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
        whole.update(lines)
        at = upto
    return whole.digest()


def _value(block: bytes, lower: bytes, name: bytes) -> bytes:
    """Value of the first field of that name, at most `_VALUE` bytes, folds included; ``b""`` when absent."""
    at = -1
    while (at := lower.find(name, at + 1)) >= 0:
        after = at + len(name)
        colon = lower.find(b":", after, after + 20)
        if colon >= 0 and not lower[after:colon].strip(b" \t"):
            break
    else:
        return b""
    end = colon
    limit = min(len(block), colon + _VALUE)
    while (end := block.find(b"\n", end + 1, limit)) >= 0:
        if block[end + 1 : end + 2] not in (b" ", b"\t"):
            return block[colon + 1 : end]
    return block[colon + 1 : limit]


def _message_id(value: bytes) -> str:
    found = _BRACKETED.search(value)
    if found:
        return found[1].decode("utf-8", "replace")[:_ID_CHARS]
    words = value.strip(b"<> \t\r\n").split()
    return words[0].decode("utf-8", "replace")[:_ID_CHARS] if words else ""


def _oldest(value: bytes) -> str:
    return _message_id(value) if value else ""


def _sender_key(value: bytes) -> str:
    # Words first: a pattern that looks for "@" behind any letters takes the square of the time where there is none
    found = _BRACKETED.findall(value) or [word for word in _WORD.findall(value) if b"@" in word[1:-1]]
    return _short(found[-1]) if found else ""


def _short(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=10).hexdigest()
