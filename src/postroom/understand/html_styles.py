"""What CSS makes of an element: whether its text can be seen. Enough of CSS for mail, and nothing that draws.

Sizes, colours and visibility are inherited as in a browser, so that a child may be seen again. Values that are worked out
(``calc()``, variables) are not, but where nobody writes them to be seen: a variable in ``display``, ``visibility`` or
``opacity`` hides.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

Colour = tuple[int, int, int]

CLEAR: Final[Colour] = (-1, -1, -1)
"""A colour that lets everything through."""

WHITE: Final[Colour] = (255, 255, 255)

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_DIGITS: Final = r"(?:\d++\.?\d*+|\.\d++)(?:e[+-]?\d++)?+"
_LENGTH: Final = re.compile(rf"([+-]?{_DIGITS})\s*+(px|pt|em|rem|ex|ch|vw|vh|cm|mm|in|pc|%)?$")
_SHORTHAND_SIZE: Final = re.compile(rf"(?:^|\s)({_DIGITS}(?:px|pt|em|rem|%)?)(?:/[^\s]+)?\s+\S")
_NUMBER: Final = re.compile(rf"-?{_DIGITS}%?")
_NAMED: Final[dict[str, Colour]] = {
    "white": WHITE, "canvas": WHITE, "snow": (255, 250, 250), "ivory": (255, 255, 240), "ghostwhite": (248, 248, 255), "whitesmoke": (245, 245, 245), "floralwhite": (255, 250, 240), "mintcream": (245, 255, 250), "azure": (240, 255, 255), "aliceblue": (240, 248, 255), "seashell": (255, 245, 238), "honeydew": (240, 255, 240),
    "black": (0, 0, 0), "gray": (128, 128, 128), "grey": (128, 128, 128), "silver": (192, 192, 192), "red": (255, 0, 0), "green": (0, 128, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "navy": (0, 0, 128), "yellow": (255, 255, 0), "orange": (255, 165, 0), "purple": (128, 0, 128), "teal": (0, 128, 128), "maroon": (128, 0, 0), "transparent": CLEAR,
}  # fmt: skip
_NO_COLOURS: Final = frozenset(["none", "initial", "revert", "revert-layer"])
_SIDES: Final = frozenset(["left", "top", "right", "bottom", "text-indent", "margin-left", "margin-top"])
_ROOM: Final = frozenset(["height", "max-height", "width", "max-width"])
_PAINTS: Final = frozenset(["background", "background-color", "background-image"])
_READ: Final = frozenset(
    ["display", "mso-hide", "opacity", "clip", "clip-path", "transform", "overflow", "overflow-y", "height", "max-height", "width", "max-width", "font", "font-size", "visibility", "color", "background", "background-color", "background-image", "filter", "zoom", "scale", "content-visibility", "translate", "rotate", "letter-spacing", "-webkit-text-fill-color", *_SIDES]
)  # fmt: skip
#: values of these that no program understands are as if they were not there
_SENSE: Final = {
    "display": re.compile(r"none|inherit|initial|unset|revert|.*(?:block|inline|flex|grid|table|contents|item|flow|run-in|ruby|box|\().*", re.DOTALL),
    "visibility": re.compile(r"visible|hidden|collapse|inherit|initial|unset|revert|.*\(.*", re.DOTALL),
    "opacity": re.compile(r"[+-]?[\d.][\d.e+-]*%?|inherit|initial|unset|revert|.*\(.*", re.DOTALL),
    "font-size": re.compile(r"[+\d.][\d.e+-]* ?(?:[a-z]+|%)?|(?:x{1,3}-)?(?:small|large)|medium|smaller|larger|inherit|initial|unset|revert|.*\(.*", re.DOTALL),
}  # fmt: skip
#: said of an element that is folded up, whatever styles say
FOLDED: Final = "folded"
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


class Said(NamedTuple):
    """Declarations: properties that matter here, and what they are."""

    plain: dict[str, str]
    #: ``!important``: over all that is plain, wherever that stands
    firm: dict[str, str]


NOTHING: Final = Said({}, {})


def declarations(style: str) -> Said:
    """What a style says; the last of equal properties counts."""
    if "/*" in style:
        style = _COMMENT.sub("", style)
    if "\\" in style:
        style = unescaped(style)
    said = Said({}, {})
    for piece in style.lower().split(";"):
        name, colon, value = piece.partition(":")
        name = name.strip()
        if not colon or name not in _READ:
            continue
        value, important, _ = value.partition("!")
        value = value.strip()
        if name not in _SENSE or _SENSE[name].fullmatch(value):
            (said.firm if important else said.plain)[name] = value
    return said


def unescaped(text: str) -> str:
    """The text with what it escapes (CSS Syntax §4.3.7)."""
    return _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
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
    if said.get("display") == "none" or said.get("mso-hide") == "all" or FOLDED in said:
        return True
    if said.get("content-visibility") == "hidden" or "var(" in said.get("display", ""):
        return True
    if ("opacity" in said or "filter" in said or "zoom" in said) and _is_faint(said):
        return True
    for name, value in said.items():
        if name in _SIDES and _is_far(value):
            return True
        if name in _ROOM and "%" not in value and _number(value, 9.0) < 2 and _cuts(said):
            return True
    if ("transform" in said or "translate" in said or "rotate" in said or "letter-spacing" in said) and _is_moved(said):
        return True
    return ("clip" in said or "clip-path" in said or "transform" in said or "scale" in said) and _is_clipped(said)


def _is_far(value: str) -> bool:
    """Whether a distance leads off any window: 100 to the left or up, in whatever unit, 2,000 or a window's size elsewhere."""
    number = _number(value, 0.0)
    return number <= -100 or number >= (100 if value.endswith(("vw", "vh")) else 2000)


def _is_moved(said: dict[str, str]) -> bool:
    """Whether it is moved off the window, turned on edge, or its letters are pushed together."""
    transform = said.get("transform", "")
    way = said.get("translate") or transform.partition("translate")[2].partition(")")[0].lstrip("xy3d(")
    turn = said.get("rotate") or transform.partition("rotate")[2].partition(")")[0]
    apart = said.get("letter-spacing", "")
    close = -0.4 if apart.endswith("em") else -4
    return (
        any("%" not in one and abs(_number(one, 0.0)) >= 1000 for one in way.replace(",", " ").split())
        or (turn.startswith(("x", "y")) and abs(_number(turn.lstrip("xy( "), 0.0)) in {90.0, 270.0})
        or _number(apart, 0.0) <= close
    )


def _is_faint(said: dict[str, str]) -> bool:
    """Whether next to nothing is left of it; a zoom of nothing is none (CSS Viewport §4)."""
    opacity = said.get("opacity", "")
    through = said.get("filter", "").partition("opacity(")[2]
    if _number(said.get("filter", "").partition("blur(")[2], 0.0) >= 6:
        return True
    return "var(" in opacity or min(_share(opacity), _share(through)) < 0.1 or 0 < _share(said.get("zoom", "")) < 0.1


def _share(value: str) -> float:
    """A number or percentage; 1 for what is neither."""
    found = _NUMBER.match(value.strip())
    return 1.0 if found is None else float(found[0].rstrip("%")) / (100 if found[0].endswith("%") else 1)


def _cuts(said: dict[str, str]) -> bool:
    return said.get("overflow", said.get("overflow-y", "")).startswith(("hidden", "clip"))


def _is_clipped(said: dict[str, str]) -> bool:
    clip = said.get("clip", "")
    if clip.startswith("rect") and all(abs(_number(n, 9.0)) < 2 for n in _NUMBER.findall(clip)):
        return True
    path = said.get("clip-path", "")
    if path.startswith("inset") and any(_number(n, 0.0) >= 50 for n in _NUMBER.findall(path)):
        return True
    if path.startswith(("circle", "ellipse", "polygon")) and not any(
        _number(n, 0.0) for n in _NUMBER.findall(path.partition(" at ")[0])
    ):
        return True
    scaled = said.get("scale") or said.get("transform", "").partition("scale")[2]
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
    return value in {"hidden", "collapse"} or "var(" in value


def _text_colour(said: dict[str, str], inherited: Colour | None) -> Colour | None:
    value = said.get("-webkit-text-fill-color", said.get("color"))
    if value is None or value in {"inherit", "unset", "currentcolor"}:
        return inherited
    colour = colour_of(value)
    if colour is None and value not in _NO_COLOURS and value in {said.get("background-color"), said.get("background")}:
        return CLEAR  # whichever colour that is, it is that of the ground
    return colour


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
    if value.startswith(("hwb", "lab", "lch", "oklab", "oklch")):
        return _by_lightness(value)
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
    red, green, blue = [round(max(0.0, min(255.0, n * 2.55 if share else n))) for n, share in numbers[:3]]
    return (red, green, blue)


def _by_lightness(value: str) -> Colour | None:
    """White for what is as light as that (CSS Color 4 §8, §9); of other colours these functions tell too little here."""
    numbers = _NUMBER.findall(value[:100])
    if len(numbers) < 3:
        return None
    if value.startswith("hwb"):
        return WHITE if _number(numbers[1], 0.0) >= 95 else None
    most = 1.0 if value.startswith("ok") and not numbers[0].endswith("%") else 100.0
    return WHITE if _number(numbers[0], 0.0) >= 0.97 * most else None


def quoting(look: Look) -> Look:
    """The look inside what mail programs put quotes into."""
    return replace(look, quoting=True)


def uncoloured(look: Look) -> Look:
    """The look of a link, which has a colour of its own."""
    return replace(look, colour=None)
