"""The tags of HTML, one after another, as a browser's tokenizer sees them (WHATWG HTML §13.2.5).

Invariant: any string is read in linear time. What a browser never shows (comments, scripts, a tag cut off by the end)
yields no token.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

#: attributes as the tokenizer's states read them: quotes only count after ``=``, everything else belongs to a name
_ATTRIBUTES: Final = (
    r"""(?:[\s/]++|(?:=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+)?+)*+"""
)
#: elements whose content is text, tags and all
_RAW: Final = "script|style|title|textarea|xmp|iframe|noembed|noframes"
_TOKEN: Final = re.compile(
    rf"""<(?:(?P<name>(?!(?:{_RAW})[\s/>])[a-z][^\s/>]*+)(?P<attributes>{_ATTRIBUTES})>
    |/(?P<close>[a-z][^\s/>]*+){_ATTRIBUTES}>
    |!--(?:-?>|[\s\S]*?(?:--!?>|\Z))
    |(?P<raw>(?:{_RAW})(?=[\s/>]))(?P<said>{_ATTRIBUTES})>(?P<inner>[\s\S]*?)(?:</(?P=raw)(?=[\s/>])[^>]*(?:>|\Z)|\Z)
    |[!?/](?![a-z])[^>]*(?:>|\Z)
    |[!?][^>]*(?:>|\Z)
    |/?[a-z][\s\S]*\Z)""",
    re.IGNORECASE | re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(
    r"""(=[^\s/>=]*+|[^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+))?+)?+"""
)
_STYLE: Final = re.compile(r"<style(?=[\s/>])", re.IGNORECASE)
_MAX_ATTRIBUTES: Final = 200


def tokens(html: str) -> Iterator[re.Match[str]]:
    """Tags in their order; a match has one of the groups ``name`` (with ``attributes``), ``close``, ``raw`` (with ``said``, ``inner``) or none."""
    return _TOKEN.finditer(html)


def attributes(source: str) -> dict[str, str]:
    """Names in lower case and decoded values; of equal names the first counts."""
    found: dict[str, str] = {}
    for at, match in enumerate(_ATTRIBUTE.finditer(source)):
        if at >= _MAX_ATTRIBUTES:
            break
        value = match[2] or match[3] or match[4] or ""
        found.setdefault(match[1].lower(), unescape(value) if "&" in value else value)
    return found


def style_sheets(html: str) -> list[tuple[str, str]]:
    """The media query and the content of each ``<style>`` element."""
    starts = list(_STYLE.finditer(html))
    if not starts:
        return []
    # what stands below the end of the last one is not gone through
    end = html.lower().find("</style", starts[-1].end())
    upto = html if end < 0 else html[: end + 9]
    sheets = [match for match in tokens(upto) if (match["raw"] or "").lower() == "style"]
    return [(attributes(match["said"]).get("media", ""), match["inner"]) for match in sheets]
