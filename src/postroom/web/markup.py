"""HTML and SVG as text: whatever is put into a tag is escaped, unless it is markup already."""

import html
import re
from collections.abc import Iterable

#: what a browser may obey or no encoding can carry: controls, direction marks, halves of characters
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_ALONE = frozenset({"meta", "line", "circle", "rect", "path", "polyline"})


class Html(str):
    """Markup. Only made of text that was escaped."""

    __slots__ = ()


Inside = str | Iterable[Html]


def escaped(text: str) -> Html:
    """Text as it may stand in a page, in an attribute too."""
    return text if isinstance(text, Html) else Html(html.escape(_UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)))


def tag(name: str, /, *inside: Inside, **attributes: str | float) -> Html:
    """An element. ``class_`` is written ``class``, ``stroke_width`` ``stroke-width``; an empty text is an attribute too."""
    said = "".join(f' {_name(key)}="{escaped(_value(value))}"' for key, value in attributes.items())
    if name in _ALONE and not inside:
        return Html(f"<{name}{said}/>")
    held = "".join(escaped(one) if isinstance(one, str) else joined(one) for one in inside)
    return Html(f"<{name}{said}>{held}</{name}>")


def joined(pieces: Iterable[Html]) -> Html:
    """Markup after markup."""
    return Html("".join(pieces))


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
