"""HTML gone through once: hidden text taken out, quotes marked, everything but blocks left out.

Invariant: any string is read in linear time. Elements are kept on a stack as a browser keeps them, so that each run of text is
judged by everything around it, however deep; where tags are nested wrongly, an element rather stays open, and what it
hides stays hidden. A tree would tell the same, but going through one from Python costs 4 µs a node, and through a
selector's matches quadratic time.
"""

import re
from dataclasses import dataclass
from html import unescape
from typing import Final, NamedTuple

from postroom.understand import html_quotes, html_styles, html_tags
from postroom.understand.html_elements import (
    ENDS_P,
    FALLBACK,
    FORMATTING,
    IMPLIED,
    INLINE,
    LASTING,
    LISTS,
    SPECIAL,
    TABLE,
    TAGS,
    TELLING,
    VERBATIM,
    VOID,
    WALLS,
)
from postroom.understand.html_quotes import CLOSE, OPEN, RULE, Role
from postroom.understand.html_sheets import Sheet
from postroom.understand.html_styles import FOLDED, NOTHING, Look

MAX_TAGS: Final = 20_000
"""Tags that are read, one with attributes not seen before counting for five and a quote for two; what comes after them is left out."""
MAX_LISTS: Final = 20
"""Lists in lists; deeper ones add no indent, so that the text of a line can't grow with what is around it."""


#: attributes that may have to do with quotes
_QUOTING: Final = re.compile(
    r"quote|cite|divRply|border|OLK_SRC|_extra|moz-forward|cloudmagic|mail-editor", re.IGNORECASE
)
#: how far up an end tag looks; beyond that it ends nothing
_REACH: Final = 60
_SIGNIFICANT: Final = re.compile(
    r"style|class|hidden|color|background|\bid\b|type|\bcite|name|\btext\b|size|href", re.IGNORECASE
)
_FONT_SIZES: Final = frozenset("0123456789+-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """HTML made ready for the extraction of its text."""

    #: blocks and text alone, with quote marks
    html: str
    #: text that nobody sees
    hidden: str
    #: ``html-truncated``, ``html-styles``
    defects: tuple[str, ...]


class _Meaning(NamedTuple):
    """What a start tag says by itself."""

    said: dict[str, str]
    role: Role
    #: ``.class`` and ``#id`` that style sheets mention
    keys: frozenset[str]


class _Element(NamedTuple):
    """An open element."""

    name: str
    look: Look
    #: nobody sees its text
    unseen: bool
    meaning: _Meaning
    #: what is written where it ends
    end: str


_NO_KEYS: Final[frozenset[str]] = frozenset()
_PLAIN: Final = _Meaning({}, html_quotes.NONE, _NO_KEYS)
_ROOT: Final = _Element("html", Look(), unseen=False, meaning=_PLAIN, end="")


def scan(html: str, *, hides: bool = True) -> Scanned:
    """Go through HTML once. Pure, total, linear. ``hides``: its source mentions a way of hiding; else no style is read."""
    return _Scan(html, hides=hides).run()


class _Scan:
    """The stack of open elements, and what was read so far."""

    __slots__ = (
        "_around",
        "_cache",
        "_hides",
        "_html",
        "_left",
        "_looks",
        "_open",
        "_out",
        "_prefix",
        "_ruled",
        "_sheet",
        "_stack",
        "_unseen",
    )

    def __init__(self, html: str, *, hides: bool) -> None:
        self._html = html
        self._hides = hides
        self._sheet = Sheet(html_tags.style_sheets(html) if hides else [])
        #: any rule may say something of any element
        self._ruled = bool(self._sheet)
        self._left = MAX_TAGS
        self._cache: dict[tuple[str, str], _Meaning] = {}
        #: looks that were worked out, by what they are inside of, and what was said of them; whether they hide
        self._looks: dict[tuple[Look, str, str], tuple[Look, bool]] = {}
        self._stack: list[_Element] = [_ROOT]
        #: how many elements of a name are open
        self._open: dict[str, int] = {}
        self._out: list[str] = []
        self._unseen: list[str] = []
        #: an open element, and what it and those around it are known by
        self._around: tuple[_Element, frozenset[str]] = (_ROOT, frozenset())
        #: the last element was one that introduces a quote
        self._prefix = False

    def run(self) -> Scanned:
        """Read all tags and what stands between them."""
        html, at = self._html, 0
        for match in html_tags.tokens(html):
            start, end = match.span()
            if start > at:
                self._text(html[at:start])
            at = end
            self._left -= 1
            if self._left < 0:
                break
            kind = match.lastgroup
            if kind == "attributes":
                self._start(match[1].lower(), match[2])
            elif kind == "close":
                self._end(match[3].lower())
            elif kind == "inner":
                self._raw(match["raw"].lower(), match["inner"])
        if at < len(html) and self._left >= 0:
            self._text(html[at:])
        defects = ("html-truncated",) * (self._left < 0) + ("html-styles",) * self._sheet.exhausted
        return Scanned(html="".join(self._out), hidden=_joined(self._unseen), defects=defects)

    def _text(self, text: str) -> None:
        if not self._stack[-1].unseen:
            self._out.append(text)
        elif not text.isspace() and not self._open.get("select"):
            # what a form lets choose from is seen, but nobody's words
            self._unseen.append(text)

    def _raw(self, name: str, text: str) -> None:
        if name in VERBATIM:
            self._text(text.replace("<", "&lt;"))
        elif name in FALLBACK:
            self._unseen.append(text)

    def _start(self, name: str, attributes: str) -> None:
        if name == "br":
            self._out.append("<br>")
            return
        if name in VOID:
            if name == "hr":
                self._end("p")
                self._out.append("<hr>")
            return
        if name in ENDS_P and self._open.get("p"):
            self._end("p")
        if name in IMPLIED:
            self._imply(*IMPLIED[name])
        inside = self._stack[-1]
        meaning, look, unseen = _PLAIN, inside.look, inside.unseen
        if name == "summary" and inside.name == "details":
            look = self._unfolded()
            unseen = look.hidden
        if not look.gone:
            if attributes or self._ruled or name in TELLING:
                meaning = self._meaning(name, attributes)
            if meaning.said or name in SPECIAL:
                look, unseen = self._look(name, attributes, look, meaning)
        self._push(name, look, meaning, unseen=unseen)

    def _unfolded(self) -> Look:
        """The look of a summary: the first one of a closed ``details`` is seen as if that were open."""
        details = self._stack[-1]
        if not details.look.gone:
            return details.look
        said = details.meaning.said
        self._stack[-1] = details._replace(meaning=details.meaning._replace(said=said | {"display": "none"}))
        open_ = {name: value for name, value in said.items() if name != FOLDED}
        return html_styles.styled(self._stack[-2].look, open_)

    def _look(self, name: str, attributes: str, inside: Look, meaning: _Meaning) -> tuple[Look, bool]:
        key = (inside, name, attributes)
        known = self._looks.get(key)
        if known is None:
            look = html_styles.styled(inside, meaning.said)
            if name in SPECIAL:
                look = _special(name, attributes, look, meaning)
            known = (look, look.hidden)
            if not self._sheet.nested:
                self._looks[key] = known
        return known

    def _push(self, name: str, look: Look, meaning: _Meaning, *, unseen: bool) -> None:
        sign, role = "", meaning.role
        if role is not html_quotes.NONE:
            sign = self._sign(role, look)
            if role.divider:
                self._out.append(f"<p>{RULE}</p>")
            if role.container and not look.quoting:
                look = html_styles.quoting(look)
        self._prefix = False
        self._open[name] = self._open.get(name, 0) + 1
        end = ""
        if name in TAGS and not self._deep(name):
            start, end = TAGS[name]
            self._out.append(start)
        if sign:
            self._out.append(f"<p>{sign}</p>")
            end = f"<p>{CLOSE}</p>{end}"
            self._left -= 1
        self._stack.append(_Element(name, look, unseen, meaning, end))

    def _sign(self, role: Role, look: Look) -> str:
        if role.blockquote and (look.quoting or self._prefix):
            return OPEN
        return role.sign

    def _meaning(self, name: str, attributes: str) -> _Meaning:
        key = (name, attributes)
        known = self._cache.get(key)
        if known is None:
            self._left -= 4
            self._sheet.asked = False
            known = self._read(name, attributes)
            if not self._sheet.asked:
                self._cache[key] = known
        return known

    def _read(self, name: str, attributes: str) -> _Meaning:
        if not self._hides:
            if name != "blockquote" and _QUOTING.search(attributes) is None:
                return _PLAIN
            return _Meaning({}, html_quotes.role(name, html_tags.attributes(attributes)), _NO_KEYS)
        telling = name in TELLING or _SIGNIFICANT.search(attributes) is not None
        found = html_tags.attributes(attributes) if telling else {}
        said, keys, sheet = _presented(name, found), _NO_KEYS, NOTHING
        if self._ruled:
            keys = self._sheet.keys(found)
            sheet = self._sheet.said_of(name, keys, self._surroundings)
        if "style" in found or sheet is not NOTHING:
            own = html_styles.declarations(found.get("style", ""))
            said |= sheet.plain | own.plain | sheet.firm | own.firm
        if "hidden" in found and said.get("display", "none") == "none":
            said["display"] = "none"
        return _Meaning(said, html_quotes.role(name, found), keys)

    def _surroundings(self) -> frozenset[str]:
        """Names, classes and ids of the open elements nearest by."""
        inmost = self._stack[-1]
        if self._around[0] is not inmost:
            near = self._stack[-_REACH:]
            found = frozenset([element.name for element in near])
            self._around = (inmost, found.union(*[element.meaning.keys for element in near]))
        return self._around[1]

    def _end(self, name: str) -> None:
        if name == "br":
            self._out.append("<br>")
        if not self._open.get(name) or name in LASTING:
            return
        stack = self._stack
        if stack[-1].name == name:
            # nested as it should be: what nearly all end tags are
            element = stack.pop()
            self._prefix = element.meaning.role.prefix
            self._open[name] -= 1
            if element.end:
                self._out.append(element.end)
            return
        at = len(stack) - 1
        lowest = max(0, at - _REACH)
        walls = WALLS if name not in TABLE else frozenset(["table"])
        while at > lowest and stack[at].name != name:
            if stack[at].name in walls:
                return
            at -= 1
        if at > lowest:
            if name in FORMATTING or name in INLINE:
                self._forget(at)
            else:
                self._close(at)

    def _deep(self, name: str) -> bool:
        """Whether the innermost open list, which has this name, adds no indent."""
        return name in LISTS and sum([self._open.get(one, 0) for one in LISTS]) > MAX_LISTS

    def _forget(self, at: int) -> None:
        """End an inline element; blocks that were opened in it stay open."""
        element = self._stack.pop(at)
        self._open[element.name] -= 1
        self._out.append(element.end)

    def _close(self, at: int) -> None:
        """End a block and all above it; formatting goes on after it."""
        stack = self._stack
        above = stack[at:]
        del stack[at:]
        for element in reversed(above):
            self._out.append(element.end)
            self._open[element.name] -= 1
        self._prefix = above[0].meaning.role.prefix
        if len(above) > 1 and above[0].name not in WALLS:
            for element in above[1:]:
                if element.name in FORMATTING and element.meaning.said:
                    look = html_styles.styled(stack[-1].look, element.meaning.said)
                    stack.append(element._replace(look=look, unseen=look.hidden, end=""))
                    self._open[element.name] += 1

    def _imply(self, ended: frozenset[str], holders: frozenset[str]) -> None:
        stack = self._stack
        lowest: int | None = None
        for at in range(len(stack) - 1, max(0, len(stack) - _REACH), -1):
            name = stack[at].name
            if name in holders:
                break
            if name in ended:
                lowest = at
        if lowest is not None:
            self._close(lowest)


def _special(name: str, attributes: str, look: Look, meaning: _Meaning) -> Look:
    """What some elements do to their text without any style."""
    if name != "a":
        return html_styles.styled(look, {"display": "none"})
    if look.colour is not None and "color" not in meaning.said and "href" in attributes.lower():
        return html_styles.uncoloured(look)
    return look


def _presented(name: str, attributes: dict[str, str]) -> dict[str, str]:
    """Attributes from before style sheets, as declarations."""
    said: dict[str, str] = {}
    if name == "font":
        if "color" in attributes:
            said["color"] = attributes["color"]
        if attributes.get("size", "")[:1] in _FONT_SIZES and attributes.get("size"):
            said["font-size"] = "13px"
    elif name == "body" and "text" in attributes:
        said["color"] = attributes["text"]
    elif name == "details" and "open" not in attributes:
        said[FOLDED] = ""
    elif name == "dialog" and "open" not in attributes:
        said["display"] = "none"
    elif name == "marquee":
        said["overflow"] = "hidden"
    if "bgcolor" in attributes:
        said["background-color"] = attributes["bgcolor"].strip().lower()
    if attributes.get("background"):
        said["background-image"] = "url()"
    return said


def _joined(pieces: list[str]) -> str:
    return "\n".join([" ".join(unescape(piece).split()) for piece in pieces])
