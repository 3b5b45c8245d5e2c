"""Whether HTML mentions any way of hiding text: one cheap look before its tags are gone through."""

from typing import Final

from postroom.understand.patterns import pattern

_HINTS: Final = pattern(
    r"(?i)display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font(?:-size)?\s*:\s*(?:[^;\"']*[\s])?(?:0|1(?:\.\d+)?(?:px|pt)|\.)|opacity\s*:\s*0?\.?0|mso-hide|\bhidden\b|(?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*-\d{3,}"
    r"|(?:max-)?(?:height|width)\s*:\s*[01](?:px|pt|\s*[;\"'!])|clip|scale|color\s*[:=]\s*['\"]?\s*(?:#?[ef][0-9a-f][ef]|#?[ef]{3}\b|white|transparent|rgb|hsl|snow|ivory|ghostwhite|floralwhite|mintcream|azure|aliceblue|seashell|honeydew)"
    r"|bgcolor|background|<(?:template|noscript)|\\[0-9a-f]|style\s*=\s*[^>]*?(?:/\*|&(?:#|colon|lpar|num|semi|tab|newline))"
)


def mentions(html: str) -> bool:
    """Whether the source mentions any way of hiding."""
    return _HINTS.search(html) is not None
