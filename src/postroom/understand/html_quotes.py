"""Quotes in HTML, as mail programs write them, rendered as ``> `` lines.

Elements that quote for certain, and blockquotes that may be the writer's own, are marked in the tree with private-use
characters; the extracted text tells the two apart by what stands above them. The writer's own stay, indented.
"""

from typing import Any, Final

from resiliparse.parse.html import HTMLTree

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
    r"(?i)<blockquote|yahoo_quoted|divRplyFwdMsg|border-top:\s*solid|border-left:|name=['\"]?quote|appendonsend|OLK_SRC_BODY|zwchr|_quote|replysplit|QuotedText|wordsection|mail-editor-reference"
)
_CERTAIN: Final = (
    'blockquote[type="cite"], blockquote[cite], div[name="quote"], .yahoo_quoted, #OLK_SRC_BODY_SECTION, .protonmail_quote blockquote, .tutanota_quote, .zmail_extra blockquote, .gmail_quote blockquote, .gmail_extra blockquote, '
    ".moz-cite-prefix + blockquote, .moz-forward-container blockquote, .cloudmagic-smart-beak blockquote, .front-blockquote, .sh-quoted-content, .QuotedText"
)
_DIVIDERS: Final = (
    '#divRplyFwdMsg, #x_divRplyFwdMsg, [id$="divRplyFwdMsg"], [id="mail-editor-reference-message-container"]'
)
_BORDER: Final = pattern(r"(?i)border-top:\s*solid\s+#?[0-9a-z]+\s+[\d.]+pt|border:\s*none;\s*border-top:")
_INDENT: Final = "    "
_MAX_MARKED: Final = 100


def mentions(html: str) -> bool:
    """Whether the source mentions any way of quoting: one cheap look."""
    return _HINTS.search(html) is not None


def mark(tree: HTMLTree) -> None:
    """Put marks around what quotes, or may, and above header blocks that a program wrote."""
    body: Any = tree.body
    if body is None:
        return
    certain = body.query_selector_all(_CERTAIN)[:_MAX_MARKED]
    for node in certain:
        _enclose(tree, node, OPEN)
    for node in body.query_selector_all("blockquote")[:_MAX_MARKED]:
        if not any(node == other for other in certain):
            # outside of Gmail's container this class comes from its "quote" button: the writer's own
            _enclose(tree, node, OWN if "gmail_quote" in node.class_list else MAYBE)
    for node in body.query_selector_all(_DIVIDERS)[:_MAX_MARKED]:
        _put(tree, node, RULE)
    for node in body.query_selector_all('[style*="border-top"]')[:_MAX_MARKED]:
        if _BORDER.search(node.getattr("style") or "") is not None and node.parent is not None:
            _put(tree, node, RULE)


def _mark_of(tree: Any, sign: str) -> Any:
    mark = tree.create_element("p")
    mark.append_child(tree.create_text_node(sign))
    return mark


def _put(tree: HTMLTree, node: Any, sign: str) -> None:
    if node.parent is not None:
        node.parent.insert_before(_mark_of(tree, sign), node)


def _enclose(tree: HTMLTree, node: Any, sign: str) -> None:
    if node.parent is None:
        return
    first = node.first_child
    if first is None:
        return
    node.insert_before(_mark_of(tree, sign), first)
    node.append_child(_mark_of(tree, CLOSE))


def prefixed(text: str) -> str:
    """The text with its marks read: quotes as ``> `` lines, the writer's own blockquotes indented."""
    if not any(sign in text for sign in _SIGNS):
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        lines += _pieces(line)
    return _render(lines, _verdicts(lines))


def _pieces(line: str) -> list[str]:
    """A line, with marks in lines of their own."""
    if not any(sign in line for sign in _SIGNS):
        return [line]
    pieces = [""]
    for char in line:
        if char in _SIGNS:
            pieces += [char, ""]
        else:
            pieces[-1] += char
    return [piece for piece in pieces if piece.strip()]


def _verdicts(lines: list[str]) -> dict[int, bool]:
    """For each top-level blockquote that may be the writer's own: whether it is a quote after all."""
    verdicts: dict[int, bool] = {}
    depth = 0
    above = ""
    certain = False
    doubtful: list[int] = []
    written = False
    for n, line in enumerate(lines):
        if line in _OPENS:
            if depth == 0 and line != OPEN:
                verdicts[n] = _introduced(above) or _cited(lines, n + 1)
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
    for n, line in enumerate(lines):
        if line in _OPENS:
            stack.append(line == OPEN or verdicts.get(n, True))
        elif line == CLOSE:
            if stack:
                stack.pop()
        elif line == RULE:
            if not any(stack):
                shown.append("_" * 32)
        elif any(stack):
            shown.append(("> " * min(sum(stack), 8) + line.lstrip()).rstrip())
        elif stack and line.strip():
            shown.append(_INDENT * min(len(stack), 8) + line)
        else:
            shown.append(line)
    return "\n".join(shown)
