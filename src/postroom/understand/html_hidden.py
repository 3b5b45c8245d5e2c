"""Whether HTML mentions any way of hiding text: one cheap look before its tags are gone through."""

from typing import Final

from postroom.understand.patterns import pattern

_HINTS: Final = pattern(
    r"(?i)display\s*:\s*(?:none|var)|visibility\s*:\s*(?:hidden|collapse|var)|font(?:-size)?\s*:\s*(?:[^;\"']*[\s])?(?:0|1(?:\.\d+)?(?:px|pt)|\.|\d(?:\.\d*)?e-)|opacity\s*[:(]\s*(?:0?\.?0|-|var|\d(?:\.\d+)?%)|zoom\s*:\s*(?:0|\.|\d(?:\.\d+)?%)|mso-hide|\bhidden\b"
    r"|(?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*-\d{3,}|(?:max-)?(?:height|width)\s*:\s*[01](?:px|pt|\s*[;\"'!])|clip|scale|translate|rotate|blur|letter-spacing\s*:\s*-|fill-color|(?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*(?:\d{4}|\d{3}v)|color\s*[:=]\s*['\"]?\s*(?:#?[ef][0-9a-f][ef]|#?[ef]{3}\b|#?(?:[0-9a-f]{6}[01][0-9a-f]|[0-9a-f]{3}[01])\b|white|transparent|rgb|hsl|hwb|lab|lch|oklab|oklch|canvas|snow|ivory|ghostwhite|floralwhite|mintcream|azure|aliceblue|seashell|honeydew)"
    r"|bgcolor|background|<(?:template|noscript|details|dialog|canvas|meter|progress|rp\b|annotation|marquee|noembed|noframes)|\\[^\s]|/\*|style\s*=\s*[^>]*?&(?:#|colon|lpar|num|semi|tab|newline)"
)


def mentions(html: str) -> bool:
    """Whether the source mentions any way of hiding."""
    return _HINTS.search(html) is not None
