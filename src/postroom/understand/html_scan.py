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
from postroom.understand.html_quotes import CLOSE, OPEN, RULE, Role
from postroom.understand.html_styles import Look, Sheet

MAX_TAGS: Final = 20_000
"""Tags that are read, one with attributes not seen before counting for five and a quote for two; what comes after them is left out."""

MAX_LISTS: Final = 20
"""Lists in lists; deeper ones add no indent, so that the text of a line can't grow with what is around it."""


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_VOID: Final = _names(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr"
)
#: elements that begin a line or a cell: all that the text's shape needs
_BLOCKS: Final = _names(
    "address article aside blockquote caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup legend li listing main menu nav ol p pre section summary table tbody td tfoot th thead tr ul"
)
_LISTS: Final = _names("ul ol menu dir")
#: the extraction never ends the indent of a list with nothing in it
_OPENING: Final = {name: f"<{name}>" + "<!---->" * (name in _LISTS) for name in _BLOCKS}
_CLOSING: Final = {name: f"</{name}>" for name in _BLOCKS}
_ENDS_P: Final = _BLOCKS - frozenset(["tbody", "td", "tfoot", "th", "thead", "tr", "caption", "legend"]) | {"hr"}
_INLINE: Final = _names(
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd mark nobr q s samp small span strike strong sub sup tt u var"
)
#: elements that the parser opens again after a block that ended before them
_FORMATTING: Final = _names("a b big code em font i nobr s small strike strong tt u")
#: an end tag does not reach beyond these, unless it ends a part of a table
_WALLS: Final = _names("table td th caption button object applet marquee template")
_TABLE: Final = _names("table tbody thead tfoot tr td th caption")
#: start tag -> elements that it ends, up to one of those that hold them
_IMPLIED: Final[dict[str, tuple[frozenset[str], frozenset[str]]]] = {
    "li": (frozenset(["li"]), _names("ul ol menu dir table td th")),
    "dd": (frozenset(["dd", "dt"]), _names("dl table td th")),
    "dt": (frozenset(["dd", "dt"]), _names("dl table td th")),
    "td": (frozenset(["td", "th"]), _names("table tr")),
    "th": (frozenset(["td", "th"]), _names("table tr")),
    "tr": (_names("td th tr"), _names("table tbody thead tfoot")),
    "tbody": (_names("td th tr tbody thead tfoot"), frozenset(["table"])),
    "option": (frozenset(["option"]), frozenset(["select"])),
}
#: attributes that may have to do with quotes
_QUOTING: Final = re.compile(
    r"quote|cite|divRply|border|OLK_SRC|_extra|moz-forward|cloudmagic|mail-editor", re.IGNORECASE
)
#: elements whose looks are not all said by styles
_SPECIAL: Final = frozenset(["a", "template", "noscript", "select", "datalist"])
#: elements that go on to the end of the mail, whatever their end tags say
_LASTING: Final = frozenset(["html", "body"])
#: elements whose content is shown as it stands, tags and all
_VERBATIM: Final = frozenset(["xmp"])
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
    keys: tuple[str, ...]


class _Element(NamedTuple):
    """An open element."""

    name: str
    look: Look
    #: nobody sees its text
    unseen: bool
    meaning: _Meaning
    #: a mark must stand before its end
    closes: bool


_PLAIN: Final = _Meaning({}, html_quotes.NONE, ())
_ROOT: Final = _Element("html", Look(), unseen=False, meaning=_PLAIN, closes=False)


def scan(html: str, *, hides: bool = True) -> Scanned:
    """Go through HTML once. Pure, total, linear. ``hides``: its source mentions a way of hiding; else no style is read."""
    return _Scan(html, hides=hides).run()


class _Scan:
    """The stack of open elements, and what was read so far."""

    __slots__ = (
        "_cache",
        "_hides",
        "_html",
        "_left",
        "_looks",
        "_open",
        "_out",
        "_prefix",
        "_sheet",
        "_stack",
        "_unseen",
    )

    def __init__(self, html: str, *, hides: bool) -> None:
        self._html = html
        self._hides = hides
        self._sheet = Sheet(html_tags.style_sheets(html) if hides else "")
        self._left = MAX_TAGS
        self._cache: dict[tuple[str, str], _Meaning] = {}
        #: looks that were worked out, by what they are inside of, and what was said of them; whether they hide
        self._looks: dict[tuple[Look, str, str], tuple[Look, bool]] = {}
        self._stack: list[_Element] = [_ROOT]
        #: how many elements of a name are open
        self._open: dict[str, int] = {}
        self._out: list[str] = []
        self._unseen: list[str] = []
        #: the last element was one that introduces a quote
        self._prefix = False

    def run(self) -> Scanned:
        """Read all tags and what stands between them."""
        html, at = self._html, 0
        for match in html_tags.tokens(html):
            start = match.start()
            if start > at:
                self._text(html[at:start])
            at = match.end()
            self._left -= 1
            if self._left < 0:
                break
            kind = match.lastgroup
            if kind == "attributes":
                self._start(match[1].lower(), match[2])
            elif kind == "close":
                self._end(match[3].lower())
            elif kind == "inner" and match["raw"].lower() in _VERBATIM:
                self._text(match["inner"].replace("<", "&lt;"))
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

    def _start(self, name: str, attributes: str) -> None:
        if name == "br":
            self._out.append("<br>")
            return
        if name in _VOID:
            if name == "hr":
                self._end("p")
                self._out.append("<hr>")
            return
        if name in _ENDS_P and self._open.get("p"):
            self._end("p")
        if name in _IMPLIED:
            self._imply(*_IMPLIED[name])
        inside = self._stack[-1]
        meaning, look, unseen = _PLAIN, inside.look, inside.unseen
        if not look.gone:
            if attributes or self._sheet or name == "blockquote":
                meaning = self._meaning(name, attributes)
            if meaning.said or name in _SPECIAL:
                look, unseen = self._look(name, attributes, look, meaning)
        self._push(name, look, meaning, unseen=unseen)

    def _look(self, name: str, attributes: str, inside: Look, meaning: _Meaning) -> tuple[Look, bool]:
        key = (inside, name, attributes)
        known = self._looks.get(key)
        if known is None:
            look = html_styles.styled(inside, meaning.said)
            if name in _SPECIAL:
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
        self._stack.append(_Element(name, look, unseen, meaning, bool(sign)))
        self._open[name] = self._open.get(name, 0) + 1
        if name in _OPENING and not self._deep(name):
            self._out.append(_OPENING[name])
        if sign:
            self._out.append(f"<p>{sign}</p>")
            self._left -= 1

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
            return _Meaning({}, html_quotes.role(name, html_tags.attributes(attributes)), ())
        found = html_tags.attributes(attributes) if _SIGNIFICANT.search(attributes) is not None else {}
        keys = [f".{one}" for one in found.get("class", "").split()[:20]]
        if "id" in found:
            keys.append(f"#{found['id']}")
        said = _presented(name, found)
        if self._sheet:
            said |= self._sheet.said_of(name, keys, self._around)
        if "style" in found:
            said |= html_styles.declarations(found["style"])
        if "hidden" in found and said.get("display", "none") == "none":
            said["display"] = "none"
        return _Meaning(said, html_quotes.role(name, found), tuple(keys))

    def _around(self) -> set[str]:
        """Names, classes and ids of the open elements nearest by."""
        found: set[str] = set()
        for element in self._stack[-_REACH:]:
            found.add(element.name)
            found.update(element.meaning.keys)
        return found

    def _end(self, name: str) -> None:
        if name == "br":
            self._out.append("<br>")
        if not self._open.get(name) or name in _LASTING:
            return
        stack = self._stack
        if stack[-1].name == name and not stack[-1].closes:
            # nested as it should be: what nearly all end tags are
            self._prefix = stack.pop().meaning.role.prefix
            if name in _CLOSING and not self._deep(name):
                self._out.append(_CLOSING[name])
            self._open[name] -= 1
            return
        at = len(stack) - 1
        lowest = max(0, at - _REACH)
        walls = _WALLS if name not in _TABLE else frozenset(["table"])
        while at > lowest and stack[at].name != name:
            if stack[at].name in walls:
                return
            at -= 1
        if at > lowest:
            if name in _FORMATTING or name in _INLINE:
                self._forget(at)
            else:
                self._close(at)

    def _deep(self, name: str) -> bool:
        """Whether the innermost open list, which has this name, adds no indent."""
        return name in _LISTS and sum([self._open.get(one, 0) for one in _LISTS]) > MAX_LISTS

    def _forget(self, at: int) -> None:
        """End an inline element; blocks that were opened in it stay open."""
        element = self._stack.pop(at)
        self._open[element.name] -= 1
        if element.closes:
            self._out.append(f"<p>{CLOSE}</p>")

    def _close(self, at: int) -> None:
        """End a block and all above it; formatting goes on after it."""
        stack = self._stack
        above = stack[at:]
        del stack[at:]
        for element in reversed(above):
            if element.closes:
                self._out.append(f"<p>{CLOSE}</p>")
            if element.name in _BLOCKS and not self._deep(element.name):
                self._out.append(_CLOSING[element.name])
            self._open[element.name] -= 1
        self._prefix = above[0].meaning.role.prefix
        if len(above) > 1 and above[0].name not in _WALLS:
            for element in above[1:]:
                if element.name in _FORMATTING and element.meaning.said:
                    look = html_styles.styled(stack[-1].look, element.meaning.said)
                    stack.append(element._replace(look=look, unseen=look.hidden, closes=False))
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
    if "bgcolor" in attributes:
        said["background-color"] = attributes["bgcolor"].strip().lower()
    if attributes.get("background"):
        said["background-image"] = "url()"
    return said


def _joined(pieces: list[str]) -> str:
    return "\n".join([" ".join(unescape(piece).split()) for piece in pieces])
