"""HTML to the text a person sees, and the text nobody sees.

Invariant: any string is read in bounded time and memory, never an exception. Tags are gone through only where the source
mentions a way of hiding or of quoting, or is large; what most mails pay for is one extraction.
"""

from dataclasses import dataclass
from html import unescape
from typing import Final

from resiliparse.extract.html2text import extract_plain_text

from postroom.understand import html_hidden, html_quotes, html_scan
from postroom.understand.patterns import pattern, readable

MAX_CHARS: Final = 400_000
"""HTML beyond this is not read."""

#: HTML below both is given to the extraction as it is: nothing in it can grow into much
_FEW_TAGS: Final = 400
_FEW_CHARS: Final = 16_000
_MARKED: Final = pattern(r"[\x{E000}-\x{E00F}\x00]")
_MARKS: Final = dict.fromkeys([0, *range(0xE000, 0xE010)])


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlText:
    """What an HTML part says."""

    #: the visible text; quoted HTML as ``> `` lines, below the line that introduces it
    text: str
    #: text that no reader of the mail sees; must not steer a decision
    hidden: str = ""
    #: stable codes of what was wrong: ``html-truncated``, ``html-styles`` (style sheets beyond measure: what they may
    #: hide counts as hidden), ``html-unreadable``
    defects: tuple[str, ...] = ()


def to_text(html: str, *, among_many: bool = False) -> HtmlText:
    """Render HTML as plain text. Pure, total, bounded: at most `MAX_CHARS` and `html_scan.MAX_TAGS` are read.

    ``among_many``: it is one of many in a mail, so that a little in each is much, and none is extracted as it is.
    """
    defects: list[str] = []
    if len(html) > MAX_CHARS:
        html = html[:MAX_CHARS]
        defects.append("html-truncated")
    html = readable(html)
    if (not html.isascii() or "\0" in html) and _MARKED.search(html) is not None:
        html = html.translate(_MARKS)
    quotes, hides = html_quotes.mentions(html), html_hidden.mentions(html)
    hidden = ""
    if quotes or hides or among_many or len(html) > _FEW_CHARS or html.count("<") > _FEW_TAGS:
        scanned = html_scan.scan(html, hides=hides)
        html, hidden = scanned.html, scanned.hidden
        defects += scanned.defects
    try:
        text = _tidy(str(extract_plain_text(html, links=False, alt_texts=False)))
    except (TypeError, ValueError, RuntimeError):
        text = _tidy(unescape(html))
        defects.append("html-unreadable")
    return HtmlText(
        text=html_quotes.prefixed(text) if quotes else text, hidden=hidden, defects=tuple(dict.fromkeys(defects))
    )


def _tidy(text: str) -> str:
    text = "\n".join([line.rstrip(" \t\xa0") for line in text.split("\n")]).strip("\n")
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text
