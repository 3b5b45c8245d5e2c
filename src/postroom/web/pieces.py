"""Texts beyond measure, a piece at a time, so that no page weighs more than it may."""

from typing import Final

from markupsafe import escape

#: of the whole of a text beyond which a piece does not go back for a place to end at
_TAIL: Final = 0.1


def piece(text: str, most: int, start: int = 0) -> int:
    """Where the piece of a text ends that begins at ``start`` and takes at most ``most`` bytes in a page (escaped, UTF-8).

    It ends at a line's end, or else a word's, unless the last one is far away; and holds a character at least, while there are any.
    """
    end = min(start + most, len(text))
    while (size := _size(text[start:end])) > most and end > start + 1:
        end = start + max(min((end - start) * most // size, end - start - 1), 1)
    if end == len(text):
        return end
    least = end - int((end - start) * _TAIL)
    for sign in "\n ":
        place = text.rfind(sign, least, end)
        if place > start:
            return place + 1
    return end


def _size(text: str) -> int:
    return len(escape(text).encode("utf-8", "replace"))
