"""What we write on a mail before it goes out: a Received line, why it goes there, and the mark that stops loops.

The promise: below our own lines, what leaves is what came, with line ends as CRLF and without the ``X-Postroom-*``
fields that strangers wrote. The body is never looked at; any bytes are stamped; nothing that a stranger or a rule says
can begin a header line of its own.
"""

import itertools
import re
import time
from base64 import b64encode
from collections.abc import Iterable
from unicodedata import category

from postroom.model.judgement import Decision
from postroom.model.lines import canonical
from postroom.model.mail import Mail
from postroom.model.marks import loop_mark

_BLANK_LINE = b"\r\n\r\n"
# A field and the lines folded into it, in canonical line ends; to the end of the section if no line end follows.
_OURS = re.compile(rb"^x-postroom-[^\n]*(?:\n(?=[ \t])[^\n]*)*\n?", re.IGNORECASE | re.MULTILINE)
# A mark that another postroom may have made: kept, so that it knows the mail when it comes back by way of us.
_MARK = re.compile(rb"x-postroom-mark: [0-9a-hjkmnp-tv-z]{26} [a-z2-7]{26}\r\n", re.IGNORECASE)
_MOST_MARKS = 20
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HELO = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253})|\[[A-Za-z0-9.:]{2,60}\]")
_IP = re.compile(r"[0-9A-Fa-f.:]{2,45}")
_FOR = re.compile(r"[^\x00-\x20\x7f-\x9f()<>\\,;\"\u2028\u2029\ud800-\udfff]{1,254}")
_LONGEST_NAME = 200
_MOST_NAMES = 50


def stamp(mail: Mail, decision: Decision, *, hostname: str, key: bytes) -> bytes:
    """The bytes to deliver, in canonical line ends. The same for every try of one delivery.

    On top: ``Received`` (RFC 5321 §4.4) with the time of acceptance, ``X-Postroom-Id``, ``-Route``, ``-Confidence``,
    ``-Mark``, and where there is something to say ``-Decided``, ``-Unconfirmed``, ``-Urgent``, ``-Also`` and ``-Tags``.
    ``hostname`` is trusted: it comes from the settings. No ``Return-Path``: that is for whoever delivers finally.
    """
    lines = [
        _received(mail, hostname),
        f"X-Postroom-Id: {mail.id}",
        f"X-Postroom-Route: {header_text(decision.route)}",
        f"X-Postroom-Confidence: {decision.confidence:.3f}",
        f"X-Postroom-Mark: {loop_mark(mail.id, key)}",
    ]
    if decision.decided != decision.route:
        lines.append(f"X-Postroom-Decided: {header_text(decision.decided)}")
    if decision.unconfirmed:
        lines.append("X-Postroom-Unconfirmed: yes")
    if decision.urgent:
        lines.append(f"X-Postroom-Urgent: {_listed(decision.urgent)}")
    if decision.second:
        lines.append(f"X-Postroom-Also: {header_text(decision.second)}")
    if decision.tags:
        lines.append(f"X-Postroom-Tags: {_listed(decision.tags)}")
    kept = without_our_fields(canonical(mail.raw))
    if kept[:1] in (b" ", b"\t"):
        # The mail begins with a folded line: without a field of its own to hang on it would prolong one of ours.
        lines.append("X-Postroom-Orphan: the mail begins with a folded line:")
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n" + kept


def without_our_fields(mail: bytes) -> bytes:
    """A mail in canonical line ends less the ``X-Postroom-*`` fields of its header section, folded ones whole.

    Only what looks like a loop mark stays, the topmost 20: installations that forward to each other would never know
    their own mail again if each took out the other's mark. The section ends at the first empty line, or with the
    mail; lines in it that are no fields end nothing. Linear in the section, whatever it holds.
    """
    section = mail[: header_end(mail)]
    if b"x-postroom-" not in section.lower():
        return mail
    marks = itertools.count(1)
    kept = _OURS.sub(lambda m: m[0] if _MARK.fullmatch(m[0]) and next(marks) <= _MOST_MARKS else b"", section)
    return kept + mail[len(section) :]


def header_end(mail: bytes) -> int:
    """Where the header section of a mail in canonical line ends stops: after its last line end, before the empty line."""
    if mail.startswith(b"\r\n"):
        return 0
    blank = mail.find(_BLANK_LINE)
    return len(mail) if blank < 0 else blank + 2


def header_text(text: str) -> str:
    """Any text as a header value: controls and line breaks become spaces, what is not ASCII encoded words (RFC 2047)."""
    if text.isascii() and text.isprintable() and "=?" not in text:
        return text[:_LONGEST_NAME]
    clean = "".join(" " if category(char) in _NOT_WRITTEN else char for char in text[:_LONGEST_NAME]).strip()
    if clean.isascii() and "=?" not in clean:
        return clean
    # 10 characters are at most 40 bytes: an encoded word of at most 68 characters (RFC 2047 §2 allows 75)
    words = (clean[at : at + 10].encode("utf-8") for at in range(0, len(clean), 10))
    return "\r\n\t".join(f"=?utf-8?b?{b64encode(word).decode('ascii')}?=" for word in words)


_NOT_WRITTEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


def _listed(names: Iterable[str]) -> str:
    # A comma inside a name would look like two names
    return ",\r\n\t".join(header_text(name.replace(",", " ")) for name in list(names)[:_MOST_NAMES])


def _received(mail: Mail, hostname: str) -> str:
    peer, envelope = mail.peer, mail.envelope
    first = f"by {hostname}"
    if peer.door in ("smtp", "lmtp"):
        ip = _literal(peer.ip)
        name = peer.helo if _HELO.fullmatch(peer.helo) else (ip or "unknown")
        first = f"from {name}{f' ({ip})' if ip else ''}\r\n\t{first} with {_protocol(mail)}"
    else:
        first += f" ({peer.door})"
    lines = f"Received: {first} id {mail.id}"
    # Only for a single recipient: the others' addresses are nobody's business (RFC 5321 §7.6)
    rcpt = envelope.rcpt_to[0] if len(envelope.rcpt_to) == 1 else ""
    if _FOR.fullmatch(rcpt) and (rcpt.isascii() or envelope.smtputf8):
        lines += f"\r\n\tfor <{rcpt}>"
    return f"{lines};\r\n\t{header_date(mail.received_at)}"


def _protocol(mail: Mail) -> str:
    # RFC 3848 §2; RFC 6531 §4.3 for the UTF8 ones
    name = mail.peer.door.upper() if mail.peer.door == "lmtp" else "SMTP"
    if mail.envelope.smtputf8:
        name = f"UTF8{name}"
    elif name == "SMTP":
        name = "ESMTP"
    return f"{name}S" if mail.peer.tls else name


def _literal(ip: str) -> str:
    if not _IP.fullmatch(ip):
        return ""
    return f"[IPv6:{ip}]" if ":" in ip else f"[{ip}]"


def header_date(when: float) -> str:
    """Seconds since the epoch as a date of RFC 5322 §3.3, in UTC."""
    at = time.gmtime(when)
    day = f"{_DAYS[at.tm_wday]}, {at.tm_mday} {_MONTHS[at.tm_mon - 1]} {at.tm_year:04}"
    return f"{day} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} +0000"
