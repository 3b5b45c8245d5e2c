"""Address lists of header fields (RFC 5322 §3.4, with groups, comments, routes and what senders really write).

Invariant: any string gives at most `ADDRESSES` mailboxes, in linear time, never an exception. Structure is read before
encoded words are decoded, so that a comma or ``<`` hidden in one can't make an address.
"""

import re
from collections.abc import Iterator
from typing import Final

from postroom.model.message import Address
from postroom.understand import headers

ADDRESSES: Final = 500
_NAME_CHARS: Final = 300
_ADDR_CHARS: Final = 320

_TOKEN = re.compile(
    r"""(?P<word>=\?[^?\s]{1,60}\?[bBqQ]\?[^?<>]{0,2000}\?=)
    |"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"?
    |(?P<special>[()<>,;:])
    |(?P<space>\s+)
    |(?P<atom>[^\s"()<>,;:=]+|=)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
#: from the start of a word on: tried at each of its letters it would take the square of the time
_LOOKS = re.compile(r"(?<![^\s@<>])[^\s@<>]++@[^\s@<>]+")
_UNFIT = re.compile(r"[\s<>()\[\],;:\\\"@\x00-\x20\x7f]")


def parse(raw: str) -> tuple[Address, ...]:
    """The mailboxes of an unfolded field value with its encoded words still in place."""
    if not raw:
        return ()
    if len(raw) < 200 and (simple := _simple(raw)):
        return simple
    out: list[Address] = []
    for mailbox in _Reader(raw).mailboxes():
        out.append(mailbox)
        if len(out) >= ADDRESSES:
            break
    return tuple(out)


_SIMPLE = re.compile(
    r'(?:"?([A-Za-z0-9 ._-]*[A-Za-z0-9._-])"? *)?<([A-Za-z0-9._+-]+@[A-Za-z0-9.-]+)>|([A-Za-z0-9._+-]+@[A-Za-z0-9.-]+)'
)


def _simple(raw: str) -> tuple[Address, ...]:
    """What nearly every mail has: one plain mailbox."""
    found = _SIMPLE.fullmatch(raw)
    if found is None:
        return ()
    return (Address(name=(found[1] or "").strip(), addr=normal(found[2] or found[3])),)


_PLAIN = r"""(?!')[^\s"(),:;<>@\[\]\\?]{1,64}@(?!\.)[^\s"'(),:;<>@\[\]\\?=]{1,253}(?<!\.)"""
_COMMENT = r"\((?:[^()\\]++|\\.)*+\)"
_CERTAIN = re.compile(
    rf"""(?:(?:[^"(),:;<>@\\]++|"(?:[^"\\]++|\\.)*+"|{_COMMENT})*+<({_PLAIN})>
    |\s*+({_PLAIN})\s*+<\2>
    |(?:\s++|{_COMMENT})*+({_PLAIN}))
    (?:\s++|{_COMMENT})*+""",
    re.VERBOSE | re.DOTALL,
)


def certain(raw: str) -> str:
    """The address of an unfolded field value that every reader takes for this one mailbox; ``""`` for any other value.

    Lists, groups, routes, quoted local parts, nested comments, what is encoded, misplaced or mended in an address, and
    what stands beside one, be it as a name without quotes: on none of these do readers agree.
    """
    found = _CERTAIN.fullmatch(raw)
    return normal(found[1] or found[2] or found[3]) if found else ""


class _Reader:
    """Walks the tokens once, collecting a phrase, an angle address and comments until a mailbox ends."""

    def __init__(self, raw: str) -> None:
        self._tokens = _TOKEN.finditer(raw)
        self._start()

    def _start(self) -> None:
        self._phrase: list[str] = []
        self._quoted_only = True
        self._has_at = False
        self._angle: list[str] | None = None
        self._in_angle = False
        self._comment: list[str] = []
        self._depth = 0

    def mailboxes(self) -> Iterator[Address]:
        """Every mailbox, in order."""
        for token in self._tokens:
            kind = token.lastgroup or ""
            text = _ESCAPE.sub(r"\1", token[kind]) if kind == "quoted" else token[kind]
            if self._depth or (kind == "special" and text == "("):
                self._in_comment(kind, text)
            elif kind != "special":
                self._take(kind, text)
            elif text in ",;" and not (self._in_angle and text == ","):
                yield from self._finish()
            else:
                self._special(text)
        yield from self._finish()

    def _take(self, kind: str, text: str) -> None:
        if self._in_angle and self._angle is not None:
            if kind != "space":
                self._angle.append(f'"{text}"' if kind == "quoted" and _UNFIT.search(text) else text)
            return
        if kind == "quoted":
            text = headers.decode(text)
        elif kind == "atom":
            self._quoted_only = False
        self._has_at = self._has_at or "@" in text
        self._phrase.append(" " if kind == "space" else text)

    def _special(self, text: str) -> None:
        if text == "<":
            if self._angle is None:
                self._angle = []
                self._in_angle = True
        elif text == ">":
            self._in_angle = False
        elif text == ":" and self._in_angle and self._angle is not None:
            # a source route (RFC 5322 §4.4) ends here; a colon elsewhere in an address is kept
            if self._angle and self._angle[0].startswith("@"):
                self._angle = []
            else:
                self._angle.append(":")
        elif text == ":" and not self._has_at:
            # the name of a group
            self._start()

    def _in_comment(self, kind: str, text: str) -> None:
        if kind == "special" and text in "()":
            self._depth += 1 if text == "(" else -1
            if self._depth == 0 or (self._depth == 1 and text == "("):
                return
        self._comment.append(text)

    def _finish(self) -> Iterator[Address]:
        phrase = "".join(self._phrase).strip()
        comment = "".join(self._comment).strip()
        angle = "".join(self._angle) if self._angle is not None else None
        quoted_only = self._quoted_only
        self._start()
        if angle is not None:
            address, name = angle, phrase or comment
        elif "@" in phrase and not (quoted_only and " " in phrase):
            found = _LOOKS.search(phrase) if " " in phrase else None
            address = found[0] if found else phrase.replace(" ", "")
            name = comment or (phrase.replace(address, "", 1).strip() if found else "")
        else:
            # a phrase alone names somebody and is no address (RFC 5322 §3.4)
            address, name = "", phrase
        one = Address(name=" ".join(headers.decode(name)[:_NAME_CHARS].split()).strip("'"), addr=normal(address))
        if one.name or one.addr:
            yield one


def normal(addr: str) -> str:
    """An address as it is compared: encoded words decoded, domain in lower case and Unicode, no blanks at its ends."""
    addr = headers.one_line(headers.decode(addr) if "=?" in addr else addr)[:_ADDR_CHARS].strip(" '")
    local, at, host = addr.rpartition("@")
    if not at:
        return addr
    return f"{local}@{domain(host)}"


def domain(host: str) -> str:
    """A domain in lower case, without its final dot, A-labels as U-labels (RFC 5891) where they are sound."""
    host = host.lower().strip(". ")
    if "xn--" not in host:
        return host
    return ".".join([_u_label(label) if label.startswith("xn--") else label for label in host.split(".")])


def _u_label(label: str) -> str:
    """The Unicode form of an A-label; the label itself when it is forged or broken."""
    if len(label) > 63 or not label.isascii():
        return label
    try:
        text = label[4:].encode("ascii").decode("punycode")
        if text.isascii() or _UNFIT.search(text) or "." in text or not text.isprintable():
            return label
        sound = text.lower() == text and text.encode("punycode") == label[4:].encode("ascii")
    except (UnicodeError, ValueError, OverflowError):
        return label
    return text if sound else label
