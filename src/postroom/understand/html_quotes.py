"""Quotes in HTML, as mail programs write them, rendered as ``> `` lines.

Elements that quote for certain, and blockquotes that may be the writer's own, are marked with private-use characters
before the text is extracted; the text tells the two apart by what stands above them. The writer's own stay, indented.
"""

import re
from dataclasses import dataclass
from typing import Final

from postroom.understand import quotes
from postroom.understand.patterns import pattern

OPEN: Final = "\ue000"
MAYBE: Final = "\ue001"
CLOSE: Final = "\ue002"
RULE: Final = "\ue003"
OWN: Final = "\ue004"
_OPENS: Final = frozenset({OPEN, MAYBE, OWN})
_SIGNS: Final = _OPENS | {CLOSE, RULE}

_HINTS: Final = pattern(
    r"(?i)<blockquote|yahoo_quoted|divRplyFwdMsg|border-top:\s*solid|border-left:|name=['\"]?quote|OLK_SRC_BODY|_quote|QuotedText|sh-quoted-content|mail-editor-reference"
)
#: classes of elements that quote
_QUOTES: Final = frozenset(["yahoo_quoted", "tutanota_quote", "front-blockquote", "sh-quoted-content", "QuotedText"])
#: classes of elements whose blockquotes are quotes
_CONTAINERS: Final = frozenset(
    ["protonmail_quote", "zmail_extra", "gmail_quote", "gmail_extra", "moz-forward-container", "cloudmagic-smart-beak"]
)
_TELLING: Final = frozenset(["class", "id", "name", "style"])
_PREFIX: Final = "moz-cite-prefix"
_DIVIDERS: Final = ("divRplyFwdMsg", "mail-editor-reference-message-container")
_BORDER: Final = pattern(r"(?i)border-top:\s*solid\s+#?[0-9a-z]+\s+[\d.]+pt|border:\s*none;\s*border-top:")
_MARK: Final = re.compile(f"([{''.join(sorted(_SIGNS))}])")
_INDENT: Final = "    "
_MAX_DOUBTS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What an element has to do with quotes."""

    #: mark of a quote that begins with it, when nothing around it says more
    sign: str = ""
    #: a blockquote: what stands around it decides
    blockquote: bool = False
    #: blockquotes inside it are quotes
    container: bool = False
    #: introduces the blockquote beside it
    prefix: bool = False
    #: a program drew a line above it
    divider: bool = False


NONE: Final = Role()


def mentions(html: str) -> bool:
    """Whether the source mentions any way of quoting: one cheap look."""
    return _HINTS.search(html) is not None


def role(name: str, attributes: dict[str, str]) -> Role:
    """What an element with these attributes has to do with quotes."""
    if name != "blockquote" and _TELLING.isdisjoint(attributes):
        return NONE
    classes = attributes.get("class", "").split()
    style = attributes.get("style", "")
    mark, ident = "", attributes.get("id", "")
    if name == "blockquote":
        # outside of Gmail's container this class comes from its "quote" button: the writer's own
        mark = OPEN if "cite" in attributes or attributes.get("type") == "cite" else MAYBE
        if mark == MAYBE and "gmail_quote" in classes:
            mark = OWN
    if not _QUOTES.isdisjoint(classes) or ident == "OLK_SRC_BODY_SECTION" or _is_named_quote(name, attributes):
        mark = OPEN
    container, prefix = not _CONTAINERS.isdisjoint(classes), _PREFIX in classes
    divider = ident.endswith(_DIVIDERS) or ("border" in style and _BORDER.search(style) is not None)
    if not (mark or container or prefix or divider):
        return NONE
    return Role(sign=mark, blockquote=name == "blockquote", container=container, prefix=prefix, divider=divider)


def _is_named_quote(name: str, attributes: dict[str, str]) -> bool:
    return name == "div" and attributes.get("name") == "quote"


def prefixed(text: str) -> str:
    """The text with its marks read: quotes as ``> `` lines, the writer's own blockquotes indented."""
    if _MARK.search(text) is None:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        if _MARK.search(line) is None:
            lines.append(line)
        else:
            # marks in lines of their own
            lines += [piece for piece in _MARK.split(line) if piece.strip()]
    return _render(lines, _verdicts(lines))


def _verdicts(lines: list[str]) -> dict[int, bool]:
    """For each top-level blockquote that may be the writer's own: whether it is a quote after all."""
    verdicts: dict[int, bool] = {}
    depth = 0
    above = ""
    certain = False
    doubtful: list[int] = []
    written = False
    doubts = 0
    for n, line in enumerate(lines):
        if line in _OPENS:
            if depth == 0 and line != OPEN:
                doubts += 1
                verdicts[n] = doubts <= _MAX_DOUBTS and (_introduced(above) or _cited(lines, n + 1))
                if not verdicts[n] and written and line == MAYBE:
                    doubtful.append(n)
            certain = certain or (depth == 0 and (line == OPEN or verdicts.get(n, False)))
            depth += 1
        elif line == CLOSE:
            depth = max(0, depth - 1)
        elif line.strip() and line != RULE:
            above = line
            written = written or depth == 0
    if not certain and len(doubtful) == 1:
        verdicts[doubtful[0]] = True
    return verdicts


def _introduced(above: str) -> bool:
    shown = quotes.bare(above)
    return shown.endswith((":", "：")) and quotes.attribution([above], 0, quote_follows=True) is not None


def _cited(lines: list[str], start: int) -> bool:
    """Whether the first words of a blockquote are an attribution."""
    for at in range(start, min(start + 4, len(lines))):
        line = lines[at]
        if line.strip() and line not in _OPENS and line != RULE:
            return line != CLOSE and quotes.attribution([line], 0, quote_follows=False) is not None
    return False


def _render(lines: list[str], verdicts: dict[int, bool]) -> str:
    shown: list[str] = []
    stack: list[bool] = []
    depth = 0
    for n, line in enumerate(lines):
        if line in _OPENS:
            stack.append(line == OPEN or verdicts.get(n, True))
            depth += stack[-1]
        elif line == CLOSE:
            if stack:
                depth -= stack.pop()
        elif line == RULE:
            if not depth:
                shown.append("_" * 32)
        elif depth:
            shown.append(("> " * min(depth, 8) + line.lstrip()).rstrip())
        elif stack and line.strip():
            shown.append(_INDENT * min(len(stack), 8) + line)
        else:
            shown.append(line)
    return "\n".join(shown)
