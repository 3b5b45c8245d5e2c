"""Which parts of a message are its text, and which are attachments.

Invariant: any tree gives text of at most `TEXT_CHARS` characters, in bounded time, never an exception. Nothing is ever
lost silently: a part is text, hidden text, or listed as an attachment.
"""

import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from postroom.model.message import Attachment
from postroom.understand import addresses, charset, headers, html
from postroom.understand.forwards import Attached
from postroom.understand.mime import MARKUP, Part

TEXT_CHARS: Final = 200_000
_TEXT_BYTES: Final = 600_000
_HTML_CHARS: Final = 500_000
_FEW_PAGES: Final = 5
_STUB_WORDS: Final = 60

_STUB = re.compile(
    r"""(?:does\s?n[o']t|do\s?n[o']t|cannot|can't|unable\sto|not\sable\sto|nicht)\s.{0,60}html
    |html.{0,60}(?:not\ssupport|unsupported|nicht|n'est\spas|no\s(?:es\s)?compatible|non\s(?:è\s)?support|não\ssuport|не\sподдерж|不支持|対応していま)
    |(?:view|read|see|open).{0,60}(?:in|with|using)\s(?:a|an|your)\s?.{0,20}(?:browser|html)
    |html[\s-](?:capable|enabled|compatible|version|format|e?-?mail|message)
    |this\sis\san?\shtml|(?:im|dans\svotre|en\ssu|nel|no\sseu)\s(?:browser|navigateur|navegador)""",
    re.IGNORECASE | re.VERBOSE,
)
#: one of these is in whatever the pattern matches, and they are found much faster
_STUB_NEEDS: Final = ("html", "browser", "navigateur", "navegador")
_UU = re.compile(
    r"^begin 0?[0-7]{3,4} ([^\n]{1,255})\n((?:[ -`]{1,62}[ \t]*\n){0,20000}?)(?:`[ \t]*\n|[ \t]*\n)?end[ \t]*$",
    re.MULTILINE,
)
_WORD: Final = re.compile(r"[a-z]{4,20}")
_FEW_WORDS: Final = 5
_SAMPLE: Final = 24
_COMPARED: Final = 20_000
_CONTROLS: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127])
_HTML_START = re.compile(r"\s*(?:<!doctype html|<html[\s>])", re.IGNORECASE)
_PLAIN: Final = frozenset({"text/plain", "text/markdown", "text/x-markdown"})
_RICH: Final = frozenset({"text/enriched", "text/richtext"})
_TEXTUAL: Final = MARKUP | _PLAIN | _RICH
_MESSAGES: Final = frozenset({"message/rfc822", "message/global"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What the parts of a message say."""

    #: visible text, LF line ends
    text: str
    #: text of HTML that nobody sees
    hidden: str
    attachments: tuple[Attachment, ...]
    #: (media type, content) of the machine-readable parts of reports (RFC 6522), in order
    reports: tuple[tuple[str, bytes], ...]
    #: the first message that is attached whole
    attached: Attached | None
    #: codes of what was wrong
    defects: tuple[str, ...]


def compose(root: Part) -> Body:
    """Choose the text of a message and list everything else."""
    reader = _Composer()
    is_text = root.type in _TEXTUAL and root.disposition != "attachment"
    text = reader.leaf(root) if is_text else reader.render(root)
    if len(text) > TEXT_CHARS:
        text = text[:TEXT_CHARS]
        reader.note("text-truncated")
    return Body(
        text=text,
        hidden="\n".join(reader.hidden)[:TEXT_CHARS],
        attachments=tuple(reader.attachments),
        reports=tuple(reader.reports),
        attached=reader.attached,
        defects=tuple(reader.defects),
    )


class _Composer:
    """Walks the tree once and keeps what it finds beside the text."""

    def __init__(self, *, inside: bool = False) -> None:
        self.attachments: list[Attachment] = []
        self.reports: list[tuple[str, bytes]] = []
        self.hidden: list[str] = []
        self.defects: dict[str, None] = {}
        self.attached: Attached | None = None
        self._inside = inside
        #: bytes of text still to be read, and characters of HTML's text still to be made of them
        self._left = _TEXT_BYTES
        self._room = TEXT_CHARS
        self._pages = 0

    def note(self, code: str) -> None:
        """Remember a defect once."""
        if code:
            self.defects[code] = None

    def render(self, part: Part) -> str:
        """The text that a part stands for."""
        if part.type.startswith("multipart/"):
            return self._branch(part)
        if part.type in _TEXTUAL and part.disposition != "attachment" and not part.name:
            return self.leaf(part)
        self._attach(part)
        return ""

    def _branch(self, part: Part) -> str:
        subtype = part.type.partition("/")[2]
        if subtype == "alternative":
            return self._alternative(part)
        if subtype == "encrypted":
            self.note("encrypted")
        if subtype in {"related", "signed", "report"} and part.children:
            # the first part is what people read; the rest serves it (RFC 2387, 1847, 6522)
            text = self.render(part.children[0])
            for child in part.children[1:]:
                self._attach(child)
            return text
        pieces = [self.render(child) for child in part.children]
        return "\n\n".join([piece.strip("\n") for piece in pieces if piece.strip()])

    def _alternative(self, part: Part) -> str:
        """Plain text where it says something, else the richest form; files inside any form are kept."""
        chosen = next(
            (child for child in part.children if child.type in _PLAIN and child.disposition != "attachment"), None
        )
        rich = [child for child in part.children if child is not chosen and _holds_markup(child)]
        text = self.leaf(chosen) if chosen is not None else ""
        if rich and _is_stub(text):
            other = self.render(rich[-1])
            chosen = rich[-1]
            if len(other.strip()) < 3:
                other = text
            text = other
        elif rich and chosen is not None and not _is_said_in(text, rich[-1]):
            self.note("forms-differ")
        elif chosen is None:
            chosen = next(iter(part.children), None)
            text = self.render(chosen) if chosen is not None else ""
        for child in part.children:
            if child is not chosen and child.type not in _TEXTUAL:
                self._files(child)
        return text

    def _files(self, part: Part) -> None:
        """List the files of a form of the text that was not chosen, such as the images of its HTML."""
        if part.children and part.type.startswith("multipart/"):
            for child in part.children:
                if child.type not in _TEXTUAL or child.name or child.disposition == "attachment":
                    self._files(child)
        else:
            self._attach(part)

    def leaf(self, part: Part) -> str:
        """The text of one textual part."""
        if self._left <= 0:
            self.note("text-truncated")
            return ""
        data = part.content[: self._left]
        if len(data) < len(part.content):
            self.note("text-truncated")
        self._left -= len(data)
        text, defect = charset.decode(data, part.params.get("charset", ""))
        self.note(defect)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if part.type in MARKUP or (part.type in _PLAIN and _HTML_START.match(text)):
            return self._html(text)
        if part.type in _RICH:
            text = _without_commands(text)
        elif part.params.get("format", "").lower() == "flowed":
            text = unflow(text, delete_space=part.params.get("delsp", "").lower() == "yes")
        if "begin " in text:
            text = self._uuencoded(text)
        return text.translate(_CONTROLS) if _has_controls(text) else text

    def _html(self, text: str) -> str:
        if self._room <= 0:
            # lists and quotes are indented: there may be more text than there was HTML
            self.note("text-truncated")
            return ""
        self._pages += 1
        read = html.to_text(text[:_HTML_CHARS], among_many=self._pages > _FEW_PAGES)
        for code in read.defects:
            self.note(code)
        self._room -= len(read.text)
        if read.hidden:
            self.hidden.append(charset.scrub(read.hidden))
        return charset.scrub(read.text)

    def _uuencoded(self, text: str) -> str:
        """Take files written into the text (``begin 644 name``) out of it."""

        def take(found: re.Match[str]) -> str:
            content = b"".join([_uu_line(line) for line in found[2].split("\n")])
            self._add(found[1].strip(), "application/octet-stream", content)
            return ""

        return _UU.sub(take, text)

    def _attach(self, part: Part) -> None:
        if part.type.startswith("multipart/"):
            for child in part.children:
                self._attach(child)
            return
        if part.type in _MESSAGES:
            self._message(part)
            return
        if part.type.startswith("message/") or part.type == "text/rfc822-headers":
            self.reports.append((part.type, part.content))
        elif part.type in {"application/pkcs7-mime", "application/x-pkcs7-mime"}:
            self.note("encrypted")
        elif part.type == "application/ms-tnef" or part.name.lower() == "winmail.dat":
            self.note("tnef")
        self._add(part.name, part.type, part.content)

    def _message(self, part: Part) -> None:
        block = headers.parse(part.content)
        subject = headers.decode(block.first("subject"))
        if self.attached is None and not self._inside:
            inner = _Composer(inside=True)
            text = inner.render(part.children[0]) if part.children else ""
            from_ = addresses.parse(block.first("from"))
            self.attached = Attached(
                from_=from_[0] if from_ else None,
                subject=subject,
                text=text[:TEXT_CHARS],
                reply_to=addresses.parse(block.first("reply-to")),
            )
        self._add(part.name or (f"{subject[:100]}.eml" if subject else ""), part.type, part.content)

    def _add(self, name: str, media_type: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest() if not self._inside else ""
        self.attachments.append(Attachment(name=name, type=media_type, size=len(content), sha256=digest))


def unflow(text: str, *, delete_space: bool) -> str:
    """Join the soft-broken lines of ``format=flowed`` text (RFC 3676 §4); quotes keep their depth, as ``> `` marks."""
    out: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        if flows and delete_space:
            content = content[:-1]
        if open_depth == depth and content != "-- ":
            out.append(content)
        else:
            out.append("\n" if out else "")
            out.append("> " * min(depth, 50) + content if depth else content)
        open_depth = depth if flows else -1
    return "".join(out)


def _holds_markup(part: Part) -> bool:
    return part.type in _TEXTUAL - _PLAIN or any(_holds_markup(child) for child in part.children)


def _is_said_in(text: str, form: Part) -> bool:
    """Whether most words of plain text stand in the source of another form, so that both may say the same.

    Words of ASCII letters alone, drawn from all over the text: how others are written in a source can differ.
    """
    said = list(dict.fromkeys(_WORD.findall(text[:_COMPARED].lower())))
    if len(said) < _FEW_WORDS:
        return True
    source = _markup(form)[:_HTML_CHARS].lower()
    drawn = said[:: -(-len(said) // _SAMPLE)]
    return 2 * sum(word.encode() in source for word in drawn) >= len(drawn)


def _markup(part: Part) -> bytes:
    """The source of the first HTML that a part holds."""
    if part.type in _TEXTUAL:
        return part.content
    return next((_markup(child) for child in part.children if _holds_markup(child)), b"")


def _is_stub(text: str) -> bool:
    """Whether plain text says nothing but that the HTML form should be read."""
    words = text[:4000].split()
    if len(words) < 2 or len(words) >= _STUB_WORDS:
        return len(words) < 2
    said = " ".join(words)[:1000]
    # the letters that a pattern without case takes for i and s
    plain = said.replace("İ", "i").lower().replace("ı", "i").replace("ſ", "s")
    return any(word in plain for word in _STUB_NEEDS) and _STUB.search(said) is not None


def _has_controls(text: str) -> bool:
    return any(code in text for code in "\0\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x1b\x7f")


_COMMAND = re.compile(r"<(/?)([a-z-]{1,40})>", re.IGNORECASE)


def _without_commands(text: str) -> str:
    """Enriched text (RFC 1896) as plain text: commands go, single line ends are spaces, ``<<`` is ``<``."""
    text = re.sub(r"<param>[^<]{0,200}</param>", "", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    return _COMMAND.sub("", text.replace("<<", "\0")).replace("\0", "<")


def _uu_line(line: str) -> bytes:
    if not line.strip():
        return b""
    try:
        return binascii.a2b_uu(line)
    except (binascii.Error, ValueError):
        return b""
