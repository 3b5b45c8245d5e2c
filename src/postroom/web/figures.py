"""What moves from where to where, and what each desk gets, as SVG that takes its colours from the page it stands in.

Every picture has its numbers in a table beside it, and tells itself to a screen reader.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from postroom.model.backtest import Flow, Load
from postroom.web.markup import Html, tag
from postroom.web.words import many

_WIDTH: Final = 400.0
_NODE: Final = 8.0
_LABEL: Final = 104.0
_GAP: Final = 12.0
_LEAST: Final = 16.0
"""Of a node: as high as its name."""
_HEIGHT: Final = 220.0
"""Of all bands together."""
_ROW: Final = 38.0


@dataclass(slots=True)
class _Node:
    """A place, on one side of the picture."""

    name: str
    mails: int
    top: float
    height: float
    #: where its next band begins
    at: float


def flows(rows: Sequence[Flow]) -> Html:
    """From the left, where mail goes by the rules in force, to the right, where it would go; as thick as it is much."""
    total = sum(row.mails for row in rows)
    scale = _HEIGHT / max(total, 1)
    left = _nodes([(row.source, row.mails) for row in rows], scale)
    right = _nodes([(row.target, row.mails) for row in rows], scale)
    height = max(node.top + node.height for side in (left, right) for node in side.values())
    begin, end = _LABEL + _NODE, _WIDTH - _LABEL - _NODE
    bands = [_band(row, left[row.source], right[row.target], row.mails * scale, begin, end) for row in rows]
    nodes = [*_named(left.values(), _LABEL, _LABEL - 6, "end"), *_named(right.values(), end, end + _NODE + 6, "start")]
    return _drawing(f"Where {many(total, 'mail')} would go instead", [*bands, *nodes], height)


def loads(rows: Sequence[Load], days: float) -> Html:
    """Two bars a desk: mails a day by the rules in force, and by those that were tried."""
    most = max((max(row.before, row.after) for row in rows), default=0) or 1
    begin, end = _LABEL, _WIDTH - 92
    inside: list[Html] = []
    for place, row in enumerate(rows):
        top = place * _ROW
        inside.append(tag("text", _short(row.route), x=begin - 8, y=top + 21, text_anchor="end"))
        for number, (mails, name) in enumerate(((row.before, "was"), (row.after, "is"))):
            width = (end - begin) * mails / most
            inside.append(tag("rect", x=begin, y=top + 4 + 13 * number, width=max(width, 1.0), height=11, class_=name))
        said = f"{row.before / days:,.1f} → {row.after / days:,.1f}"
        inside.append(tag("text", said, x=_WIDTH - 2, y=top + 21, text_anchor="end", class_="n"))
    return _drawing(
        "Mails a day of each desk, by the rules in force and by those tried", inside, _ROW * max(len(rows), 1)
    )


def _nodes(ends: Sequence[tuple[str, int]], scale: float) -> dict[str, _Node]:
    """The places of one side from top to bottom, the fullest first."""
    sums: dict[str, int] = {}
    for name, mails in ends:
        sums[name] = sums.get(name, 0) + mails
    nodes: dict[str, _Node] = {}
    top = 0.0
    for name, mails in sorted(sums.items(), key=lambda one: (-one[1], one[0])):
        height = max(mails * scale, _LEAST)
        nodes[name] = _Node(name, mails, top, height, top + (height - mails * scale) / 2)
        top += height + _GAP
    return nodes


def _band(row: Flow, source: _Node, target: _Node, thick: float, begin: float, end: float) -> Html:
    """A band between two nodes; what goes where people said, and what leaves there, is hatched by its edge as well as coloured."""
    one, other, middle = source.at, target.at, (begin + end) / 2
    source.at += thick
    target.at += thick
    way = (
        f"M{begin:.1f} {one:.1f}C{middle:.1f} {one:.1f} {middle:.1f} {other:.1f} {end:.1f} {other:.1f}"
        f"v{thick:.1f}C{middle:.1f} {other + thick:.1f} {middle:.1f} {one + thick:.1f} {begin:.1f} {one + thick:.1f}z"
    )
    people = " good" if row.fixed > row.broken else " bad" if row.broken else ""
    said = f"{row.source} to {row.target}: {row.mails:,}"
    return tag("path", tag("title", said), d=way, class_=f"band{people}")


def _named(nodes: Iterable[_Node], x: float, text_x: float, anchor: str) -> Iterator[Html]:
    for node in nodes:
        yield tag("rect", x=x, y=node.top, width=_NODE, height=node.height, class_="node")
        said = f"{_short(node.name)} {node.mails:,}"
        yield tag("text", said, x=text_x, y=node.top + node.height / 2 + 4.5, text_anchor=anchor)


def _drawing(title: str, inside: Sequence[Html], height: float) -> Html:
    box = f"0 0 {_WIDTH:.0f} {height + 2:.0f}"
    return tag("svg", tag("title", title), inside, viewBox=box, role="img", aria_label=title)


def _short(name: str) -> str:
    return name if len(name) <= 13 else f"{name[:12]}…"
