"""The header block: where it ends, its fields in order, their values as text (RFC 5322 §2.2, RFC 2047, RFC 6532).

Invariant: any bytes give fields and a body, in time linear in the block; never an exception. The block is read up to
`HEADER_BYTES`, a field up to `FIELD_BYTES`, and `FIELDS` of them: what is beyond is left out and noted.
"""

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from postroom.understand import charset

HEADER_BYTES: Final = 256 * 1024
FIELD_BYTES: Final = 32 * 1024
FIELDS: Final = 1000
#: encoded words that are decoded in one value; the rest stays as written
WORDS: Final = 1000
#: defects with which the fields are not all of the header, or not what another reader takes for it
AMBIGUOUS: Final = frozenset(
    {
        "bad-header-line", "bare-cr", "header-field-too-long", "header-too-long", "mixed-line-ends", "no-blank-line",
        "nul-in-header", "too-many-header-fields",
    }
)  # fmt: skip

_NAME_CHARS: Final = 200
#: what a block without surprises is made of
_SOUND: Final = bytes([*b"\t\n\r", *range(32, 127)])
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)\n?")
_LINE = re.compile(rb"[^\n]*\n?")
_FOLD = re.compile(r"\n +")
_UNFOLD = re.compile(r"\n[ \t]*")
_BARE_CR = re.compile(rb"\r(?!\n)")
_FROM_LINE = re.compile(rb"\A>?From [^\n]*\n")
_KNOWN_FIRST = re.compile(
    rb"\A(?:received|return-path|delivered-to|from|to|subject|date|message-id|mime-version|content-type|reply-to|x-[a-z-]+):",
    re.IGNORECASE,
)
_CONTROLS: Final = dict.fromkeys([*range(32), 127], " ") | {0: None}
_WORD_HEAD = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?")
_Q_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))


class Field(NamedTuple):
    """One header field."""

    #: lower case
    name: str
    #: unfolded, charset decoded, encoded words left as they are: structure is read from this
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A header block and what follows it."""

    #: top first
    fields: tuple[Field, ...]
    #: where the body starts
    body_at: int
    #: codes of what was wrong
    defects: tuple[str, ...]
    #: raw values by name, top first: a mail is asked for some twenty names
    _by_name: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, raw in self.fields:
            self._by_name.setdefault(name, []).append(raw)

    def first(self, name: str) -> str:
        """Raw value of the first field of that name, ``""`` when absent."""
        found = self._by_name.get(name)
        return found[0] if found else ""

    def all(self, name: str) -> Sequence[str]:
        """Raw values of all fields of that name, top first."""
        return self._by_name.get(name, ())


def bounds(raw: bytes) -> tuple[int, int, int]:
    """(start of the fields, end of the fields, start of the body), looking at `HEADER_BYTES` at most.

    A leading mbox ``From `` line is stepped over, as are blank lines if a well-known field follows them. The end is -1
    when no blank line was found within the limit.
    """
    start = 0
    if not raw:
        return 0, 0, 0
    if raw[:1] in b">F" and (line := _FROM_LINE.match(raw[:1000])):
        start = line.end()
    elif raw[:1] in b"\r\n":
        lead = len(raw[:100]) - len(raw[:100].lstrip(b"\r\n"))
        if not _KNOWN_FIRST.match(raw[lead : lead + 60]):
            return 0, 0, 2 if raw[:2] == b"\r\n" else 1
        start = lead
    end, body_at = _blank_line(raw, start, start + HEADER_BYTES)
    return (start, end, body_at) if end >= 0 else (start, -1, len(raw))


def parse(raw: bytes) -> Block:
    """Read the header block of a message or a part."""
    start, end, body_at = bounds(raw)
    defects: list[str] = []
    if start and raw[:1] in b">F":
        defects.append("mbox-from-line")
    if end < 0:
        end = min(len(raw), start + HEADER_BYTES)
        if len(raw) > end:
            defects.append("header-too-long")
            body_at = _after_long_header(raw, end)
    elif end > start and raw[end - 1 : body_at] != b"\r\n\r\n" and b"\r\n" in raw[start:body_at]:
        # who ends lines by CRLF alone reads on where we see the body
        defects.append("mixed-line-ends")
    block = raw[start:end].removesuffix(b"\r")
    if (plain := _plain_fields(block)) is not None:
        return Block(fields=plain, body_at=body_at, defects=tuple(defects))
    if b"\0" in block:
        defects.append("nul-in-header")
    if block.count(b"\r") != block.count(b"\r\n"):
        defects.append("bare-cr")
        block = _BARE_CR.sub(b" ", block)
    fields, stopped_at = _fields(block, defects)
    if stopped_at is not None:
        body_at = start + stopped_at
    return Block(fields=tuple(fields), body_at=body_at, defects=tuple(dict.fromkeys(defects)))


def decode(raw: str) -> str:
    """Decode the encoded words of an unfolded value (RFC 2047); tolerant, total, linear.

    Adjacent words of one charset are joined before decoding, since senders split inside multi-byte characters.
    """
    if "=?" not in raw:
        return raw
    out: list[str] = []
    pending, pending_charset = b"", ""
    at = 0
    for _ in range(WORDS):
        word = _next_word(raw, at)
        if word is None:
            break
        gap = raw[at : word.start]
        adjoins = bool(pending_charset) and not gap.strip(" ")
        if pending_charset and not (adjoins and word.charset == pending_charset):
            out.append(_word_text(pending, pending_charset))
            pending = b""
        if not adjoins:
            out.append(gap)
        pending += word.data
        pending_charset, at = word.charset, word.end
    if pending_charset:
        out.append(_word_text(pending, pending_charset))
    out.append(raw[at:])
    return one_line("".join(out))


def _word_text(data: bytes, label: str) -> str:
    """The text of encoded words.

    UTF-7, refused everywhere else, is read here: in an encoded word it is announced, short, and never reaches anything
    that interprets it; a body that is searched for phrases must not hide behind it.
    """
    if label in {"utf-7", "unicode-1-1-utf-7"}:
        return charset.scrub(data.decode("utf-7", "replace"))
    return charset.decode(data, label).text


def one_line(text: str) -> str:
    """Unfold: lines joined by one space, controls made spaces, ends trimmed. Linear."""
    if not text.isprintable():
        if "\n" in text:
            text = _UNFOLD.sub(" ", text.replace("\r\n", "\n"))
        text = text.translate(_CONTROLS)
    return text.strip(" ")


class _Word(NamedTuple):
    start: int
    end: int
    charset: str
    data: bytes


def _next_word(raw: str, at: int) -> _Word | None:
    """The next encoded word at or after a position."""
    head = _WORD_HEAD.search(raw, at)
    if head is None:
        return None
    close = raw.find("?=", head.end())
    if close < 0:
        return None
    text = raw[head.end() : close]
    data = text.encode("utf-8", "replace")
    decoded = base64_lenient(data) if head[2] in "bB" else _q_decode(data)
    return _Word(head.start(), close + 2, head[1].lower(), decoded)


def _q_decode(data: bytes) -> bytes:
    return _Q_ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), data.replace(b"_", b" "))


def base64_lenient(data: bytes) -> bytes:
    """Decode base64 whatever is wrong with it: foreign bytes, missing or early padding, a cut end."""
    try:
        return binascii.a2b_base64(data, strict_mode=True)
    except ValueError:
        pass
    useful = data.translate(None, _NOT_BASE64)
    useful = useful[: len(useful) - (len(useful) % 4 == 1)]
    return binascii.a2b_base64(useful + b"=" * (-len(useful) % 4))


def _plain_fields(block: bytes) -> tuple[Field, ...] | None:
    """What `_fields` would say of a sound ASCII block, several times faster; None for any other."""
    if len(block) > FIELD_BYTES or block.translate(None, _SOUND):
        return None
    text = block.decode("ascii").replace("\r\n", "\n").replace("\t", " ")
    text = _FOLD.sub(" ", text) if "\n  " in text else text.replace("\n ", " ")
    if "\r" in text or text.count("\n") >= FIELDS:
        return None
    fields: list[Field] = []
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if not colon or not name or " " in name or len(name) > _NAME_CHARS:
            return None
        fields.append(Field(name.lower(), value.strip(" ")))
    return tuple(fields)


def _fields(block: bytes, defects: list[str]) -> tuple[list[Field], int | None]:
    """The fields of a block, and where the body starts inside it when the blank line is missing."""
    fields: list[Field] = []
    at, size = 0, len(block)
    while at < size:
        found = _FIELD.match(block, at)
        if found is None:
            line = _LINE.match(block, at)
            after = line.end() if line else size
            if not fields and not _FIELD.match(block, after):
                return fields, at
            if fields and after < size and not _FIELD.match(block, after):
                defects.append("no-blank-line")
                return fields, at
            defects.append("bad-header-line")
            at = max(after, at + 1)
            continue
        if len(fields) >= FIELDS:
            defects.append("too-many-header-fields")
            break
        fields.append(Field(found[1].decode("ascii").lower(), _value(found[2].strip(), defects)))
        at = found.end()
    return fields, None


def _value(data: bytes, defects: list[str]) -> str:
    """One field's value, unfolded."""
    if len(data) > FIELD_BYTES:
        defects.append("header-field-too-long")
        data = data[:FIELD_BYTES]
    if data.isascii():
        text = data.decode("ascii")
    else:
        try:
            text = charset.scrub(data.decode("utf-8"))
        except UnicodeDecodeError:
            text = charset.decode(data).text
            defects.append("8bit-header")
    return one_line(text)


def _after_long_header(raw: bytes, end: int) -> int:
    """Where the body of a message starts whose header block is over the limit."""
    return _blank_line(raw, end, len(raw))[1]


def _blank_line(raw: bytes, start: int, limit: int) -> tuple[int, int]:
    """(end of the last line before the first blank one, start of what follows); (-1, the end) when there is none.

    Two plain searches: a regular expression with an optional CR is thirty times slower.
    """
    crlf = raw.find(b"\n\r\n", start, limit)
    bare = raw.find(b"\n\n", start, crlf if crlf >= 0 else limit)
    if bare >= 0:
        return bare, bare + 2
    return (crlf, crlf + 3) if crlf >= 0 else (-1, len(raw))
