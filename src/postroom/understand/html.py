"""HTML to the text a person sees, and the text nobody sees.

Invariant: any string is read in bounded time and memory, never an exception.
"""

from dataclasses import dataclass

from resiliparse.extract.html2text import extract_plain_text


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlText:
    """What an HTML part says."""

    #: the visible text; quoted HTML as ``> `` lines below the line that introduces it
    text: str
    #: text that no reader of the mail sees; must not steer a decision
    hidden: str = ""
    #: stable codes of what was wrong: ``html-truncated``, ``html-too-deep``, ``html-unreadable``
    defects: tuple[str, ...] = ()


def to_text(html: str) -> HtmlText:
    """Render HTML as plain text. Pure, total, bounded."""
    return HtmlText(text=str(extract_plain_text(html[:500_000], links=False)))
