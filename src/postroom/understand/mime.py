"""The parts of a message (RFC 2045, 2046): a tree of decoded leaves.

Invariant: any bytes give a tree of at most `PARTS` parts, `NESTING` deep, in bounded time, never an exception.
``fast-mail-parser`` reads what is sound. What it refuses, or what its measured weaknesses make expensive (thousands of
encoded words in a part's header cost it quadratic time), a plain splitter reads, which forgives and bounds everything.
The message's own header is never shown to the library beyond its Content fields, so no header can slow it down.
"""

import quopri
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import fast_mail_parser

from postroom.understand import headers, params

PARTS: Final = 400
NESTING: Final = 24
#: media types of HTML
MARKUP: Final = frozenset({"text/html", "application/xhtml+xml"})
_ENCODED_WORDS: Final = 2000
_BOUNDARIES: Final = 20_000
_CONTENT_FIELDS: Final = ("content-type", "content-transfer-encoding", "content-disposition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One node of the tree."""

    #: media type, lower case
    type: str
    #: parameters of Content-Type
    params: dict[str, str]
    #: ``attachment``, ``inline``, anything, or ``""``
    disposition: str
    #: decoded file name without a path, ``""`` when there is none
    name: str
    #: after transfer decoding; for message/rfc822 the message; empty for a multipart
    content: bytes
    children: tuple["Part", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All parts of a message."""

    root: Part
    #: codes of what was wrong
    defects: tuple[str, ...]


def parse(raw: bytes, block: headers.Block) -> Tree:
    """The parts of a message whose header block was read before."""
    body = raw[block.body_at :]
    fields = {name: block.first(name)[: params.VALUE_CHARS] for name in _CONTENT_FIELDS}
    limits = _Limits()
    if _at_most(_ENCODED_WORDS, b"=?", body) and _at_most(_BOUNDARIES, b"\n--", body):
        top = "".join([f"{name}: {value}\r\n" for name, value in fields.items() if value])
        try:
            node = fast_mail_parser.parse_email_tree(top.encode("utf-8", "replace") + b"\r\n" + body, mode="lazy")
            root = _from_node(node, limits, 0, fields, body)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001 - a Rust panic is no Exception
            limits = _Limits()
        else:
            return Tree(root=root, defects=tuple(limits.defects))
    limits.note("mime-irregular")
    return Tree(root=_split(fields, body, limits, 0), defects=tuple(limits.defects))


def _at_most(limit: int, mark: bytes, body: bytes) -> bool:
    """Whether a mark occurs so many times at most; a body too short for more need not be searched."""
    return len(body) <= limit * len(mark) or body.count(mark) <= limit


class _Limits:
    """Counts parts over a whole tree."""

    def __init__(self) -> None:
        self.defects: dict[str, None] = {}
        self._parts = 1

    def note(self, code: str) -> None:
        """Remember a defect once."""
        self.defects[code] = None

    def allow(self, depth: int) -> bool:
        """Whether one more part at this depth is within the limits; notes it when not."""
        self._parts += 1
        if depth > NESTING:
            self.note("nested-too-deep")
        elif self._parts > PARTS:
            self.note("too-many-parts")
        else:
            return True
        return False


def _part(fields: dict[str, str], content: bytes, children: tuple[Part, ...], limits: _Limits) -> Part:
    """A node from its three Content fields."""
    kind = params.parse(fields["content-type"])
    disposition = params.parse(fields["content-disposition"])
    name = disposition.params.get("filename") or kind.params.get("name") or ""
    media_type = _media_type(kind.head)
    if media_type.startswith("multipart/") and not children:
        # without parts (no boundary, or it never occurs) the body is all there is: let people and rules see it
        limits.note("no-boundary")
        media_type = "text/plain"
    return Part(
        type=media_type,
        params=kind.params,
        disposition=disposition.head,
        name=params.file_name(name) if name else "",
        content=content,
        children=children,
    )


def _media_type(written: str) -> str:
    """A media type that can be worked with: RFC 2045 §5.2 makes what is missing or malformed plain text."""
    if "/" in written and " " not in written:
        return written[:100]
    return "text/plain"


def _from_node(node: Any, limits: _Limits, depth: int, fields: dict[str, str], body: bytes = b"") -> Part:
    """Copy a node of the library's tree as far as the limits allow."""
    children = []
    for child in node.children:
        if not limits.allow(depth + 1):
            break
        children.append(_from_node(child, limits, depth + 1, _node_fields(child)))
    content = node.content
    return _part(fields, body if content is None and not children else content or b"", tuple(children), limits)


def _node_fields(node: Any) -> dict[str, str]:
    """The Content fields of a part; what the library knows by context (parts of a digest) where there are none."""
    fields = dict.fromkeys(_CONTENT_FIELDS, "")
    for name, values in node.headers.items():
        key = name.lower()
        if key in fields and not fields[key]:
            fields[key] = headers.one_line(values[0][: params.VALUE_CHARS])
    fields["content-type"] = fields["content-type"] or node.content_type
    return fields


def _split(fields: dict[str, str], body: bytes, limits: _Limits, depth: int) -> Part:
    """Read a part from its Content fields and its encoded body, forgiving everything."""
    kind = params.parse(fields["content-type"])
    children: list[Part] = []
    content = b""
    if kind.head.startswith("multipart/"):
        default = "message/rfc822" if kind.head == "multipart/digest" else ""
        for piece in _pieces(body, kind.params.get("boundary", "").encode("utf-8", "replace")):
            if not limits.allow(depth + 1):
                break
            children.append(_split_piece(piece, default, limits, depth + 1))
        content = b"" if children else body
    else:
        content = _transfer_decode(body, fields["content-transfer-encoding"])
        if kind.head in {"message/rfc822", "message/global"} and limits.allow(depth + 1):
            children.append(_split_piece(content, "", limits, depth + 1))
    return _part(fields, content, tuple(children), limits)


def _split_piece(piece: bytes, default: str, limits: _Limits, depth: int) -> Part:
    # a part that starts with a blank line has no header (RFC 2046 §5.1), whatever its text looks like
    block = (
        headers.Block(fields=(), body_at=piece.find(b"\n") + 1, defects=())
        if piece[:1] in b"\r\n"
        else headers.parse(piece)
    )
    fields = {name: block.first(name)[: params.VALUE_CHARS] for name in _CONTENT_FIELDS}
    fields["content-type"] = fields["content-type"] or default
    return _split(fields, piece[block.body_at :], limits, depth)


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """The parts between boundary lines (RFC 2046 §5.1.1), up to a closing line or the end; a part may lack its end."""
    if not boundary.strip():
        return
    marker = b"\n--" + boundary.rstrip()
    start = -1
    at = 0 if body.startswith(marker[1:]) else body.find(marker) + 1
    if at == 0 and not body.startswith(marker[1:]):
        return
    for _ in range(_BOUNDARIES):
        line_end = body.find(b"\n", at)
        line_end = len(body) if line_end < 0 else line_end
        rest = body[at + len(marker) - 1 : min(line_end, at + len(marker) + 100)]
        closing = rest.startswith(b"--")
        if closing or not rest.strip():
            if start >= 0:
                yield body[start : max(start, at - 1)].removesuffix(b"\r")
            start = -1 if closing else line_end + 1
        following = -1 if closing else body.find(marker, line_end)
        if following < 0:
            break
        at = following + 1
    if start >= 0:
        yield body[start:]


def _transfer_decode(body: bytes, encoding: str) -> bytes:
    """Undo Content-Transfer-Encoding (RFC 2045 §6), whatever is wrong with it."""
    mechanism = encoding.partition(";")[0].strip().lower()
    if mechanism == "base64":
        return headers.base64_lenient(body)
    if mechanism == "quoted-printable":
        return quopri.decodestring(body)
    return body


def leaves(part: Part) -> Iterator[Part]:
    """Leaves outside of messages that are attached whole, and these messages."""
    if not part.type.startswith("multipart/"):
        yield part
        return
    for child in part.children:
        yield from leaves(child)


def layout(root: Part) -> Part | None:
    """The HTML that is meant to be read, not kept as a file; None for none."""
    for part in leaves(root):
        if part.type in MARKUP and part.disposition != "attachment" and not part.name:
            return part
    return None
