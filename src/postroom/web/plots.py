"""Numbers as pictures: SVG that stands in a page, takes its colours from the page, and tells itself to a screen reader.

Series differ by dashes and marks as well as by colour. Every plot has its numbers in a table beside it: see `web.report`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10

from postroom.web.markup import Html, joined, tag

_WIDTH, _HEIGHT = 560.0, 340.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 66.0, 18.0, 14.0, 46.0
_ROW = 26.0
_TICKS = 5

_Place = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One direction of a plot."""

    label: str
    low: float = 0.0
    high: float = 1.0
    #: in per cent
    percent: bool = True

    def ticks(self) -> list[float]:
        """Round numbers from low to high, about five of them."""
        step = _round_step((self.high - self.low) / _TICKS)
        first = -(-self.low // step)
        found = [(first + number) * step for number in range(2 * _TICKS + 2)]
        return [one for one in found if one <= self.high + step * 1e-6]

    def text(self, value: float) -> str:
        """A number as the axis says it."""
        return rounded(value) if self.percent else f"{value:,.10g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Points of one colour: a line, or marks with the intervals around them."""

    name: str
    points: Sequence[tuple[float, float]]
    #: (low, high) of each point; none for no intervals
    intervals: Sequence[tuple[float, float]] = ()
    line: bool = True
    marks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """One row of a plot of shares: a name, and a value with its interval for each series."""

    name: str
    values: Sequence[tuple[float, tuple[float, float]]]


def percent(share: float) -> str:
    """A share for people, to a tenth of a per cent."""
    return f"{share * 100:.1f} %"


def rounded(share: float) -> str:
    """A round share, with the digits that it has."""
    return f"{round(share * 100, 6):.4g} %"


def lines(
    title: str,
    across: Axis,
    up: Axis,
    series: Sequence[Series],
    *,
    diagonal: bool = False,
    uprights: Sequence[tuple[float, str]] = (),
) -> Html:
    """Series over two axes. ``diagonal`` draws where both are equal, ``uprights`` named lines at values of the axis across."""
    x = _scale(across, _LEFT, _WIDTH - _RIGHT)
    y = _scale(up, _HEIGHT - _BOTTOM, _TOP)
    inside = [*_grid(across, up, x, y)]
    if diagonal:
        inside.append(tag("line", x1=x(0), y1=y(0), x2=x(1), y2=y(1), class_="diagonal"))
    inside += [
        joined(
            (
                tag("line", x1=x(at), x2=x(at), y1=_TOP, y2=_HEIGHT - _BOTTOM, class_="upright"),
                _beside(name, x(at), _TOP + 11 + 15 * number),
            )
        )
        for number, (at, name) in enumerate(uprights)
    ]
    inside += [joined(_series(one, number, x, y)) for number, one in enumerate(series)]
    return _figure(title, inside, _WIDTH, _HEIGHT, [(one.name, one.line, one.marks) for one in series])


def dots(title: str, across: Axis, names: Sequence[str], rows: Sequence[Dots]) -> Html:
    """Values of things, one thing a row, with their intervals; ``names`` are those of the series."""
    left = min(8.0 * max((len(row.name) for row in rows), default=0) + 16.0, 220.0)
    height = _ROW * len(rows) + _BOTTOM + 4
    x = _scale(across, left, _WIDTH - _RIGHT)
    inside = [*_uprights(across, x, 4.0, height - _BOTTOM)]
    for place, row in enumerate(rows):
        middle = 4.0 + _ROW * (place + 0.5)
        inside.append(tag("text", _short(row.name), x=left - 10, y=middle + 4, text_anchor="end", class_="name"))
        for number, (value, (low, high)) in enumerate(row.values):
            at = middle + (number - (len(row.values) - 1) / 2) * 8
            inside.append(
                tag(
                    "g",
                    tag("line", x1=x(low), x2=x(high), y1=at, y2=at, class_="whisker"),
                    _mark(number, x(value), at),
                    class_=_colour(number),
                )
            )
    return _figure(title, inside, _WIDTH, height, [(name, False, True) for name in names])


def _beside(name: str, x: float, y: float) -> Html:
    """A name at an upright: to its right, or to its left where there is no room."""
    if x > _WIDTH * 0.8:
        return tag("text", name, x=x - 5, y=y, text_anchor="end", class_="note")
    return tag("text", name, x=x + 5, y=y, class_="note")


def _grid(across: Axis, up: Axis, x: _Place, y: _Place) -> Iterator[Html]:
    yield from _uprights(across, x, _TOP, _HEIGHT - _BOTTOM)
    for tick in up.ticks():
        yield tag("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y(tick), y2=y(tick), class_="grid")
        yield tag("text", up.text(tick), x=_LEFT - 8, y=y(tick) + 4, text_anchor="end", class_="tick")
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    yield tag(
        "text", up.label, text_anchor="middle", class_="label", transform=f"translate(12 {middle:.0f}) rotate(-90)"
    )


def _uprights(across: Axis, x: _Place, top: float, bottom: float) -> Iterator[Html]:
    for tick in across.ticks():
        yield tag("line", x1=x(tick), x2=x(tick), y1=top, y2=bottom, class_="grid")
        yield tag("text", across.text(tick), x=x(tick), y=bottom + 18, text_anchor="middle", class_="tick")
    middle = (x(across.low) + x(across.high)) / 2
    yield tag("text", across.label, x=middle, y=bottom + 38, text_anchor="middle", class_="label")


def _series(one: Series, number: int, x: _Place, y: _Place) -> Iterator[Html]:
    pieces: list[Html] = []
    if one.line and one.points:
        way = " ".join(f"{x(across):.1f},{y(up):.1f}" for across, up in one.points)
        pieces.append(tag("polyline", points=way, class_="line"))
    for (across, _), (low, high) in zip(one.points, one.intervals, strict=bool(one.intervals)):
        pieces.append(tag("line", x1=x(across), x2=x(across), y1=y(low), y2=y(high), class_="whisker"))
    if one.marks:
        pieces += [_mark(number, x(across), y(up)) for across, up in one.points]
    yield tag("g", pieces, class_=_colour(number))


def _mark(number: int, x: float, y: float) -> Html:
    """A circle for the first series, a diamond for the second, a square for the third."""
    match number % 3:
        case 0:
            return tag("circle", cx=x, cy=y, r=4.5, class_="mark")
        case 1:
            return tag("path", d=f"M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z", class_="mark")
        case _:
            return tag("rect", x=x - 4, y=y - 4, width=8, height=8, class_="mark")


def _figure(
    title: str, inside: Sequence[Html], width: float, height: float, keys: Sequence[tuple[str, bool, bool]]
) -> Html:
    """The drawing, and below it what each of several series looks like: (name, has a line, has marks)."""
    drawing = tag(
        "svg", tag("title", title), inside, viewBox=f"0 0 {width:.0f} {height:.0f}", role="img", aria_label=title
    )
    if len(keys) < 2:
        return drawing
    legend = [tag("li", _key(number, line, marks), name) for number, (name, line, marks) in enumerate(keys)]
    return joined((drawing, tag("ul", legend, class_="legend")))


def _key(number: int, line: bool, marks: bool) -> Html:
    stroke = [tag("line", x1=0, x2=28, y1=8, y2=8, class_="line")] if line else []
    mark = [_mark(number, 14, 8)] if marks else []
    return tag("svg", tag("g", stroke, mark, class_=_colour(number)), viewBox="0 0 28 16", aria_hidden="true")


def _scale(axis: Axis, begin: float, end: float) -> _Place:
    """Where a value stands; values beyond the axis stand at its end."""
    span = axis.high - axis.low or 1.0
    return lambda value: begin + (min(max(value, axis.low), axis.high) - axis.low) / span * (end - begin)


def _round_step(rough: float) -> float:
    """The next larger of 1, 2, 2.5 and 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough)) if rough > 0 else 1.0
    return next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= rough * 0.999)


def _colour(number: int) -> str:
    return f"series-{number % 3 + 1}"


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"
