"""Text in HTML that nobody sees: taken out of the tree, so that it can't steer a decision."""

from itertools import islice
from typing import Any, Final

from resiliparse.parse.html import HTMLTree

from postroom.understand.patterns import pattern

_HINTS: Final = pattern(
    r"(?i)display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*(?:0|1(?:\.\d+)?(?:px|pt)|\.)|opacity\s*:\s*0|mso-hide|\bhidden\b|(?:left|top|right|text-indent|margin-left|margin-top)\s*:\s*-\d{3,}"
    r"|max-height\s*:\s*0|(?:height|width)\s*:\s*0|clip|color\s*[:=]\s*['\"]?\s*(?:#f{3}\b|#f{6}|white|transparent|rgba?\(\s*255|rgba\([^)]*,\s*0(?:\.0+)?\s*\))|scale\(0"
)
_GONE: Final = pattern(
    r"(?i)(?:^|[;\s])(?:display\s*:\s*none|mso-hide\s*:\s*all|opacity\s*:\s*(?:0?\.0\d*|0)\s*(?:!|;|$)|(?:left|top|right|text-indent|margin-left|margin-top)\s*:\s*-\d{3,}(?:px|pt|em|rem|%)?"
    r"|clip\s*:\s*rect\(\s*[01](?:px)?[,\s]+[01](?:px)?[,\s]+[01](?:px)?|clip-path\s*:\s*inset\(\s*(?:50|100)%|transform\s*:\s*scale\(0\))"
)
_NO_ROOM: Final = pattern(r"(?i)(?:^|[;\s])(?:max-)?(?:height|width)\s*:\s*0(?:px|pt|em|%)?\s*(?:!|;|$)")
_OVERFLOW: Final = pattern(r"(?i)overflow\s*:\s*hidden")
_TINY: Final = pattern(
    r"(?i)(?:^|[;\s])font-size\s*:\s*(?:0(?:\.\d+)?|1(?:\.\d+)?(?:px|pt)|\.\d+)(?:px|pt|em|rem|%)?\s*(?:!|;|$)|(?:^|[;\s])font\s*:[^;]*\b[01]px\b"
)
_SIZED: Final = pattern(r"(?i)(?:^|[;\s])font(?:-size)?\s*:")
_INVISIBLE: Final = pattern(r"(?i)(?:^|[;\s])visibility\s*:\s*(?:hidden|collapse)")
_VISIBILITY: Final = pattern(r"(?i)(?:^|[;\s])visibility\s*:")
_PALE: Final = pattern(
    r"(?i)(?:^|[;\s])color\s*:\s*(?:#f{3}\b|#f{6}\b|white\b|transparent\b|rgba?\(\s*255\s*,\s*255\s*,\s*255\s*[,)]|rgba\([^)]*,\s*0(?:\.0+)?\s*\))"
)
_COLOURED: Final = pattern(r"(?i)(?:^|[;\s])color\s*:")
_BACKGROUND: Final = pattern(r"(?i)(?:^|[;\s])background(?:-color|-image)?\s*:")
_WHITE_GROUND: Final = pattern(
    r"(?i)(?:^|[;\s])background(?:-color)?\s*:\s*(?:#f{3}\b|#f{6}\b|white\b|none\b|transparent\b|rgba?\(\s*255\s*,\s*255\s*,\s*255\s*\))"
)
_RULES: Final = pattern(r"(?s)([^{}]+)\{([^{}]*)\}")
_COMMENT: Final = pattern(r"(?s)/\*.*?\*/")
_CONDITIONAL: Final = pattern(r"(?s)@[a-z-]+[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_SIMPLE: Final = pattern(r"^[a-zA-Z0-9]{0,12}(?:[.#][a-zA-Z_][\w-]{0,80}){1,3}$")

_MAX_NODES: Final = 20_000
_MAX_SELECTORS: Final = 10
#: taking nodes out one by one is slow: no mail program hides so many
_MAX_REMOVED: Final = 100


def mentions(html: str) -> bool:
    """Whether the source mentions any way of hiding: one cheap look."""
    return _HINTS.search(html) is not None


def take_out(tree: HTMLTree) -> str:
    """Remove what is hidden from the tree, and return its text."""
    body = tree.body
    if body is None:
        return ""
    found: list[str] = []
    # the tree is walked once: collections that a selector returns take quadratic time to go through
    nodes = [node for node in islice(body, _MAX_NODES) if node.tag != "#text"]
    styled = [node for node in nodes if node.hasattr("style") or (node.tag == "font" and node.hasattr("color"))]
    for node in [*(node for node in nodes if node.hasattr("hidden")), *_by_class(tree, nodes)][:_MAX_REMOVED]:
        _remove(node, found)
    for node in styled:
        if len(found) >= _MAX_REMOVED:
            break
        if node.parent is not None:
            _judge(node, found)
    return "\n".join(found)


def _judge(node: Any, found: list[str]) -> None:
    style = node.getattr("style") or ""
    if node.tag == "font" and node.hasattr("color"):
        style = f"color:{node.getattr('color')};{style}"
    if _GONE.search(style) is not None or (_OVERFLOW.search(style) is not None and _NO_ROOM.search(style) is not None):
        _remove(node, found)
    elif _INVISIBLE.search(style) is not None:
        _remove_inherited(node, _VISIBILITY, found)
    elif _TINY.search(style) is not None:
        _remove_inherited(node, _SIZED, found)
    elif _PALE.search(style) is not None and _on_white(node):
        _remove_inherited(node, _COLOURED, found)


def _remove(node: Any, found: list[str]) -> None:
    text = " ".join((node.text or "").split())
    if node.tag in {"body", "html"}:
        return
    if text:
        found.append(text)
    if node.parent is not None:
        node.parent.remove_child(node)


def _remove_inherited(node: Any, overrides: Any, found: list[str]) -> None:
    """Remove the text below a node, but for children that set the property anew and are seen again."""
    stack = [node]
    texts: list[Any] = []
    looked = 0
    while stack and looked < _MAX_NODES:
        looked += 1
        child = stack.pop().first_child
        while child is not None and len(texts) < _MAX_NODES:
            if child.tag == "#text":
                texts.append(child)
            elif overrides.search(child.getattr("style") or "") is None:
                stack.append(child)
            child = child.next
    words: list[str] = []
    for text in texts:
        words.extend((text.text or "").split())
        text.parent.remove_child(text)
    if words:
        found.append(" ".join(words))


def _on_white(node: Any) -> bool:
    """Whether nothing around a node paints another ground than white."""
    at, steps = node, 0
    while at is not None and at.tag not in {"#document", "html"} and steps < 30:
        style = at.getattr("style") or ""
        if _BACKGROUND.search(style) is not None and _WHITE_GROUND.search(style) is None:
            return False
        ground = (at.getattr("bgcolor") or "").strip().lower()
        if (
            (ground and ground not in {"#fff", "#ffffff", "white", "ffffff"})
            or at.hasattr("background")
            or at.hasattr("class")
        ):
            return False
        at, steps = at.parent, steps + 1
    return True


def _by_class(tree: Any, nodes: list[Any]) -> list[Any]:
    """Nodes that a simple rule of a style sheet hides, outside of media queries."""
    document: Any = tree.document
    hidden: list[Any] = []
    selectors: list[str] = []
    for sheet in islice((n for n in islice(document, _MAX_NODES) if n.tag == "style"), 20):
        rules = _CONDITIONAL.sub(
            " ", _COMMENT.sub(" ", (sheet.text or "")[:60_000]).replace("<!--", " ").replace("-->", " ")
        )
        for rule in _RULES.finditer(rules):
            if (
                _GONE.search(rule.group(2)) is not None
                or _INVISIBLE.search(rule.group(2)) is not None
                or _TINY.search(rule.group(2)) is not None
            ):
                selectors += [
                    one.strip() for one in rule.group(1).split(",") if _SIMPLE.search(one.strip()) is not None
                ]
    for selector in selectors[:_MAX_SELECTORS]:
        hidden += [
            node
            for node in nodes
            if not node.tag.startswith("#") and node.matches(selector) and not _shown_inline(node)
        ]
    return hidden


def _shown_inline(node: Any) -> bool:
    style = (node.getattr("style") or "").replace(" ", "").lower()
    return "display:" in style and "display:none" not in style
