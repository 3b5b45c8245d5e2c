"""What CSS makes of an element: whether its text can be seen. Enough of CSS for mail, and nothing that draws.

Sizes, colours and visibility are inherited as in a browser, so that a child may be seen again; conditional rules
(media queries for narrow screens or dark mode) don't count.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

Colour = tuple[int, int, int]

CLEAR: Final[Colour] = (-1, -1, -1)
"""A colour that lets everything through."""

WHITE: Final[Colour] = (255, 255, 255)

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_DIGITS: Final = r"(?:\d++\.?\d*+|\.\d++)"
_LENGTH: Final = re.compile(rf"([+-]?{_DIGITS})\s*+(px|pt|em|rem|ex|ch|vw|vh|cm|mm|in|pc|%)?$")
_SHORTHAND_SIZE: Final = re.compile(rf"(?:^|\s)({_DIGITS}(?:px|pt|em|rem|%)?)(?:/[^\s]+)?\s+\S")
_NUMBER: Final = re.compile(rf"-?{_DIGITS}%?")
_BRACES: Final = re.compile(r"([{};])")
_ALWAYS: Final = re.compile(r"@(?:media|supports)\s*(?:only\s+)?(?:all|screen)?\s*", re.IGNORECASE)
_COMPOUND: Final = re.compile(r"^(?:\*|[a-z][a-z0-9]*)?((?:[.#][a-z_-][\w-]*)*)$", re.IGNORECASE)
_NAMED: Final[dict[str, Colour]] = {
    "white": WHITE, "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255), "whitesmoke": (245, 245, 245), "floralwhite": (255, 250, 240), "mintcream": (245, 255, 250), "azure": (240, 255, 255), "aliceblue": (240, 248, 255), "seashell": (255, 245, 238), "honeydew": (240, 255, 240),
    "black": (0, 0, 0), "gray": (128, 128, 128), "grey": (128, 128, 128), "silver": (192, 192, 192), "red": (255, 0, 0), "green": (0, 128, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "navy": (0, 0, 128), "yellow": (255, 255, 0), "orange": (255, 165, 0), "purple": (128, 0, 128), "teal": (0, 128, 128), "maroon": (128, 0, 0), "transparent": CLEAR,
}  # fmt: skip
_SIDES: Final = frozenset(["left", "top", "right", "bottom", "text-indent", "margin-left", "margin-top"])
_ROOM: Final = frozenset(["height", "max-height", "width", "max-width"])
_PAINTS: Final = frozenset(["background", "background-color", "background-image"])
_READ: Final = frozenset(
    ["display", "mso-hide", "opacity", "clip", "clip-path", "transform", "overflow", "overflow-y", "height", "max-height", "width", "max-width", "font", "font-size", "visibility", "color", "background", "background-color", "background-image", *_SIDES]
)  # fmt: skip
_COMBINATOR: Final = re.compile(r"[>+~]")
_MAX_RULES: Final = 3000
_MAX_CHECKS: Final = 20_000
_AROUND_COST: Final = 20
#: colours that differ by less in each channel are one to the eye
_ALIKE: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How text inside an element looks."""

    #: not drawn at all, whatever its children say
    gone: bool = False
    #: too small to read
    tiny: bool = False
    #: ``visibility`` says no
    invisible: bool = False
    #: colour of the text; None when nothing sets it
    colour: Colour | None = None
    #: colour behind it; None when it can't be known, as of an image
    ground: Colour | None = WHITE
    #: the element stands inside what mail programs put quotes into
    quoting: bool = False

    @property
    def hidden(self) -> bool:
        """Whether nobody can read the text."""
        return self.gone or self.tiny or self.invisible or _blends(self.colour, self.ground)


def _blends(colour: Colour | None, ground: Colour | None) -> bool:
    if colour is None or colour == CLEAR:
        return colour is not None
    if ground is None:
        return False
    return max(abs(colour[0] - ground[0]), abs(colour[1] - ground[1]), abs(colour[2] - ground[2])) < _ALIKE


def declarations(style: str) -> dict[str, str]:
    """The properties of a style that matter here; the last of equal ones counts, but for ``!important``."""
    if "/*" in style:
        style = _COMMENT.sub("", style)
    if "\\" in style:
        style = _ESCAPE.sub(_unescaped, style)
    found: dict[str, str] = {}
    firm: set[str] = set()
    for piece in style.lower().split(";"):
        name, colon, value = piece.partition(":")
        name = name.strip()
        if not colon or name not in _READ:
            continue
        value, important, _ = value.partition("!")
        if important:
            firm.add(name)
        elif name in firm:
            continue
        found[name] = value.strip()
    return found


def _unescaped(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[2]
    code = int(match[1], 16)
    return chr(code) if 0 < code < 0xD800 else "\ufffd"


def styled(look: Look, said: dict[str, str]) -> Look:
    """The look inside an element with these declarations, within an element of a look."""
    if not said:
        return look
    return Look(
        gone=look.gone or _is_gone(said),
        tiny=_is_tiny(said, inherited=look.tiny) if "font-size" in said or "font" in said else look.tiny,
        invisible=_is_invisible(said, inherited=look.invisible),
        colour=_text_colour(said, look.colour),
        ground=_ground(said, look.ground) if not _PAINTS.isdisjoint(said) else look.ground,
        quoting=look.quoting,
    )


def _is_gone(said: dict[str, str]) -> bool:
    if said.get("display") == "none" or said.get("mso-hide") == "all":
        return True
    opacity = said.get("opacity")
    if opacity is not None and _number(opacity, 1.0) < 0.1:
        return True
    for name, value in said.items():
        if name in _SIDES and value.startswith("-") and _number(value, 0.0) <= -100:
            return True
        if name in _ROOM and "%" not in value and _number(value, 9.0) < 2 and _cuts(said):
            return True
    return ("clip" in said or "clip-path" in said or "transform" in said) and _is_clipped(said)


def _cuts(said: dict[str, str]) -> bool:
    return said.get("overflow", said.get("overflow-y", "")).startswith(("hidden", "clip"))


def _is_clipped(said: dict[str, str]) -> bool:
    clip = said.get("clip", "")
    if clip.startswith("rect") and all(abs(_number(n, 9.0)) < 2 for n in _NUMBER.findall(clip)):
        return True
    path = said.get("clip-path", "")
    if path.startswith("inset") and any(_number(n, 0.0) >= 50 for n in _NUMBER.findall(path)):
        return True
    scaled = said.get("transform", "").partition("scale")[2]
    return bool(scaled) and any(abs(_number(n, 1.0)) < 0.05 for n in _NUMBER.findall(scaled))


def _number(value: str, otherwise: float) -> float:
    found = _NUMBER.match(value.strip())
    return otherwise if found is None else float(found[0].rstrip("%"))


def _is_tiny(said: dict[str, str], *, inherited: bool) -> bool:
    size = said.get("font-size")
    if size is None and "font" in said:
        short = _SHORTHAND_SIZE.search(said["font"])
        size = None if short is None else short[1]
    if size is None:
        return inherited
    found = _LENGTH.match(size)
    if found is None:
        return inherited and size in {"inherit", "smaller", "larger", "unset"}
    number, unit = float(found[1]), found[2] or "px"
    if unit in {"em", "%", "ex", "ch"}:
        return inherited or number < (10 if unit == "%" else 0.1)
    return number < (0.1 if unit in {"rem", "cm", "in", "pc", "vw", "vh"} else 2)


def _is_invisible(said: dict[str, str], *, inherited: bool) -> bool:
    value = said.get("visibility")
    if value is None or value in {"inherit", "unset"}:
        return inherited
    return value in {"hidden", "collapse"}


def _text_colour(said: dict[str, str], inherited: Colour | None) -> Colour | None:
    value = said.get("color")
    if value is None or value in {"inherit", "unset", "currentcolor"}:
        return inherited
    return colour_of(value)


def _ground(said: dict[str, str], behind: Colour | None) -> Colour | None:
    for name in ("background-color", "background"):
        value = said.get(name, "")
        if value in {"", "none", "inherit", "initial", "unset", "transparent"}:
            continue
        if "(" in value and not value.startswith(("rgb", "hsl")):
            return None
        colour = colour_of(value) or colour_of(value.split(" ", 1)[0])
        if colour != CLEAR:
            behind = colour
    return None if "(" in said.get("background-image", "") else behind


def colour_of(value: str) -> Colour | None:
    """A colour as CSS or an attribute writes it; None for what is not known."""
    value = value.strip().lower()
    named = _NAMED.get(value)
    if named is not None:
        return named
    if value.startswith(("rgb", "hsl")):
        return _by_function(value)
    digits = value.removeprefix("#")
    try:
        code = int(digits, 16)
    except ValueError:
        return None
    if not digits.isalnum():
        return None
    if len(digits) in {4, 8}:
        if code & (0xF if len(digits) == 4 else 0xFF) < (2 if len(digits) == 4 else 26):
            return CLEAR
        code >>= 4 if len(digits) == 4 else 8
        digits = digits[: 3 if len(digits) == 4 else 6]
    if len(digits) == 3:
        return ((code >> 8) * 17, (code >> 4 & 15) * 17, (code & 15) * 17)
    return (code >> 16, code >> 8 & 255, code & 255) if len(digits) == 6 else None


def _by_function(value: str) -> Colour | None:
    numbers = [(float(n.rstrip("%")), n.endswith("%")) for n in _NUMBER.findall(value[:100])]
    if len(numbers) < 3:
        return None
    if len(numbers) > 3 and numbers[3][0] / (100 if numbers[3][1] else 1) < 0.1:
        return CLEAR
    if value.startswith("hsl"):
        light = numbers[2][0]
        return WHITE if light >= 95 else (0, 0, 0) if light <= 5 else None
    red, green, blue = [min(255, round(n * 2.55 if share else n)) for n, share in numbers[:3]]
    return (red, green, blue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a style sheet that matters here."""

    #: element name; ``""`` for any
    name: str
    #: ``.class`` and ``#id`` that the element must have
    keys: frozenset[str]
    #: ``.class`` and ``#id`` that stand somewhere around it
    around: frozenset[str]
    said: dict[str, str]


class Sheet:
    """The rules of a mail's style sheets, found by the last of their keys.

    Where there are more rules than can be looked at, what they may hide counts as hidden, and `exhausted` says so.
    """

    __slots__ = ("_blind", "_left", "_rules", "asked", "exhausted", "nested")

    def __init__(self, css: str) -> None:
        self._rules: dict[str, list[Rule]] = {}
        self._left = _MAX_CHECKS
        self._blind = False
        #: whether more was there than could be looked at
        self.exhausted = False
        #: whether any rule depends on what stands around an element
        self.nested = False
        #: whether such a rule was asked since this was last set to False
        self.asked = False
        if "{" in css:
            self._read(css)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def _read(self, css: str) -> None:
        seen: set[tuple[str, str]] = set()
        for selectors, style in _rules(_COMMENT.sub(" ", css).replace("<!--", " ").replace("-->", " ")):
            if (selectors, style) in seen:
                continue
            seen.add((selectors, style))
            if len(seen) > _MAX_RULES:
                self._blind = True
                break
            said = declarations(style)
            if said:
                for selector in set(selectors.split(",")):
                    self._add(selector.strip(), said)

    def _add(self, selector: str, said: dict[str, str]) -> None:
        compounds = _COMBINATOR.sub(" ", selector).split()
        if not compounds or len(compounds) > 6 or not all(_COMPOUND.match(part) for part in compounds):
            return
        keys, name = _keys(compounds[-1]), _element(compounds[-1])
        around = frozenset([key for part in compounds[:-1] for key in (_keys(part) or [_element(part)])])
        around -= {"", "html", "body"}
        self.nested = self.nested or bool(around)
        rule = Rule(name=name, keys=frozenset(keys), around=around, said=said)
        self._rules.setdefault(keys[-1] if keys else name, []).append(rule)

    def said_of(self, name: str, keys: list[str], around: Callable[[], set[str]]) -> dict[str, str]:
        """What the rules say of an element; ``around`` gives the keys and names of the elements it stands in."""
        said: dict[str, str] = {}
        outer: set[str] | None = None
        has = frozenset(keys)
        for key in ("", name, *keys):
            rules = self._rules.get(key, ())
            self._left -= len(rules)
            if (rules and self._left < 0) or (self._blind and keys):
                self.exhausted = True
                return {"display": "none"}
            for rule in rules:
                if (rule.name and rule.name != name) or not rule.keys <= has:
                    continue
                if rule.around and outer is None:
                    outer = around()
                    self.asked = True
                    self._left -= _AROUND_COST
                if outer is None or rule.around <= outer:
                    said |= rule.said
        return said


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations of each rule that applies always, braces matched."""
    applies = [True]
    selectors: str | None = None
    style: list[str] = []
    before = ""
    for piece in _BRACES.split(css):
        if piece == "{":
            if selectors is None and before.lstrip().startswith("@"):
                applies.append(applies[-1] and _ALWAYS.fullmatch(before.strip()) is not None)
            elif selectors is None:
                selectors, style = before.strip(), []
            before = ""
        elif piece == "}":
            if selectors is not None and applies[-1]:
                yield selectors, ";".join(style)
            elif selectors is None and len(applies) > 1:
                applies.pop()
            selectors, before = None, ""
        elif piece != ";":
            before = piece
            if selectors is not None:
                style.append(piece)


def _keys(compound: str) -> list[str]:
    return re.findall(r"[.#][\w-]+", compound)


def _element(compound: str) -> str:
    name = re.split(r"[.#]", compound, maxsplit=1)[0].lower()
    return "" if name == "*" else name


def quoting(look: Look) -> Look:
    """The look inside what mail programs put quotes into."""
    return replace(look, quoting=True)


def uncoloured(look: Look) -> Look:
    """The look of a link, which has a colour of its own."""
    return replace(look, colour=None)
