"""HTML to the text a person sees, and the text nobody sees.

Invariant: any string is read in bounded time and memory, never an exception. The tree is walked only where the source
mentions a way of hiding or of quoting; what most mails pay for is one extraction.
"""

from dataclasses import dataclass
from typing import Final

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from postroom.understand import html_hidden, html_quotes
from postroom.understand.patterns import pattern, readable

MAX_CHARS: Final = 400_000
"""HTML beyond this is not read."""

MAX_DEPTH: Final = 400
"""Deeper HTML is read without its structure: no hiding or quoting is recognised in it, all its text counts as seen."""

_MANY_TAGS: Final = 300
_SILENT: Final = pattern(
    r"(?is)<!--.*?(?:-->|$)|<(?:script|style|head|title)\b.*?(?:</(?:script|style|head|title)\s*>|$)"
)
_ANY_TAG: Final = pattern(r"(?s)<[^>]*>?")
_BLOCK_TAG: Final = pattern(r"(?i)</?(?:p|div|br|tr|table|li|h[1-6]|blockquote|hr)\b[^>]*>")
_MARKS: Final = pattern(r"[\x{E000}-\x{E00F}\x00]")
_VOID: Final = frozenset(
    [
        "br",
        "img",
        "hr",
        "meta",
        "link",
        "input",
        "col",
        "area",
        "base",
        "embed",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "tr",
        "th",
        "option",
        "dt",
        "dd",
    ]
)
_BLANKS: Final = pattern(r"[ \t\xa0]+\n")
_GAPS: Final = pattern(r"\n{4,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlText:
    """What an HTML part says."""

    #: the visible text; quoted HTML as ``> `` lines, below the line that introduces it
    text: str
    #: text that no reader of the mail sees; must not steer a decision
    hidden: str = ""
    #: stable codes of what was wrong: ``html-truncated``, ``html-too-deep``, ``html-unreadable``
    defects: tuple[str, ...] = ()


def to_text(html: str) -> HtmlText:
    """Render HTML as plain text. Pure, total, bounded: at most `MAX_CHARS` are read."""
    defects: list[str] = []
    if len(html) > MAX_CHARS:
        html = html[:MAX_CHARS]
        defects.append("html-truncated")
    html = _MARKS.sub("", readable(html))
    if _is_deep(html):
        return HtmlText(text=_without_structure(html), defects=(*defects, "html-too-deep"))
    try:
        text, hidden = _rendered(html)
    except (TypeError, ValueError, RuntimeError, AttributeError):
        return HtmlText(text=_without_structure(html), defects=(*defects, "html-unreadable"))
    return HtmlText(text=text, hidden=hidden, defects=tuple(defects))


def _rendered(html: str) -> tuple[str, str]:
    hides, quotes = html_hidden.mentions(html), html_quotes.mentions(html)
    if not hides and not quotes:
        return _tidy(str(extract_plain_text(html, links=False, alt_texts=False))), ""
    tree = HTMLTree.parse(html)
    hidden = html_hidden.take_out(tree) if hides else ""
    if quotes:
        html_quotes.mark(tree)
    text = _tidy(str(extract_plain_text(tree, links=False, alt_texts=False)))
    return html_quotes.prefixed(text) if quotes else text, hidden


def _tidy(text: str) -> str:
    return str(_GAPS.sub("\n\n\n", _BLANKS.sub("\n", text)).strip("\n"))


def _is_deep(html: str) -> bool:
    """Whether tags nest deeper than any mail program writes them; void and self-closing ones are not counted."""
    if html.count("<") < _MANY_TAGS:
        return False
    opened = html.count("<") - 2 * html.count("</")
    if opened <= MAX_DEPTH and html.count("</") <= MAX_DEPTH:
        return False
    return _depth(html) > MAX_DEPTH


def _depth(html: str) -> int:
    depth = deepest = 0
    for piece in html.split("<")[1:]:
        if piece[:1] == "/":
            depth -= 1 if depth else 0
        elif piece[:1].isalpha():
            end = 1
            while end < 12 and piece[end : end + 1].isalnum():
                end += 1
            if piece[:end].lower() not in _VOID and "/>" not in piece:
                depth += 1
                deepest = max(deepest, depth)
                if deepest > MAX_DEPTH:
                    break
    return deepest


def _without_structure(html: str) -> str:
    """The text between the tags, for what no parser should be asked to read."""
    text = _SILENT.sub(" ", html)
    text = _ANY_TAG.sub(" ", _BLOCK_TAG.sub("\n", text))
    for entity, sign in (
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", '"'),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ):
        text = text.replace(entity, sign)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
