"""Columns of characters: a plot for a terminal."""

from collections.abc import Sequence

_BELOW, _ABOVE = "█", "░"


def stacked(below: Sequence[float], above: Sequence[float], height: int) -> list[str]:
    """Columns of two parts each, one on the other, as lines of text from top to bottom; the highest column is full."""
    most = max((low + high for low, high in zip(below, above, strict=True)), default=0.0) or 1.0
    columns = [
        (round(low / most * height), round((low + high) / most * height))
        for low, high in zip(below, above, strict=True)
    ]
    return [
        "".join(_BELOW if row < low else _ABOVE if row < top else " " for low, top in columns)
        for row in reversed(range(height))
    ]


def arrow(share: float, width: int, text: str) -> str:
    """A mark under the place in a plot of this width, with a word to it."""
    at = min(max(round(share * (width - 1)), 0), width - 1)
    return " " * at + f"▲ {text}"
