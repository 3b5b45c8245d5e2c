"""A mail's HTML and attachments, for a browser that must come to no harm.

Three walls, each of which would do: what could run, be fetched or lead away is taken out (nh3, an allow-list); the page of
it is served with a policy that forbids the same, in a sandbox of its own origin; and it is shown in a frame that may do
nothing. HTML beyond measure is not shown at all: its plain text is.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Final
from urllib.parse import quote

import nh3
from starlette.responses import Response

from postroom.understand import charset, headers
from postroom.understand.mime import layout, leaves, parse

MAX_CHARS: Final = 400_000
MAX_TAGS: Final = 20_000
MAX_DEPTH: Final = 250
MAX_ALONE: Final = 40_000

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'",
}

_TAGS: Final = {
    "a", "abbr", "address", "article", "b", "bdi", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup",
    "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "ol", "p", "pre", "q", "s", "samp", "section", "small",
    "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr",
}  # fmt: skip
_ATTRIBUTES: Final = {
    "*": {"dir", "lang", "align", "valign", "style"},
    "a": {"href"},
    "img": {"alt"},
    "font": {"color", "size"},
    "td": {"colspan", "rowspan", "width", "bgcolor"},
    "th": {"colspan", "rowspan", "width", "bgcolor"},
    "table": {"width", "border", "cellpadding", "cellspacing", "bgcolor"},
    "ol": {"start", "type"},
}
_FORMATTING: Final = "a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u"
"""What parsers open again in every block after one in which it was left open (HTML §13.2.4.3)."""
_STAND_INS: Final = {f"x-{name}": _ATTRIBUTES.get(name, set()) for name in _TAGS & set(_FORMATTING.split("|"))}
_STYLES: Final = {
    "color", "background-color", "font-weight", "font-style", "font-size", "font-family", "text-align", "text-decoration",
    "line-height", "margin", "margin-left", "margin-right", "margin-top", "margin-bottom", "padding", "padding-left",
    "padding-right", "padding-top", "padding-bottom", "border", "border-left", "border-right", "border-top", "border-bottom",
    "border-collapse", "display", "vertical-align", "white-space", "width", "max-width",
}  # fmt: skip
_NEED_NO_END: Final = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "dd",
        "dt",
        "hr",
        "img",
        "input",
        "li",
        "link",
        "meta",
        "option",
        "p",
        "source",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "wbr",
    ]
)
_NAME: Final = re.compile(r"[a-zA-Z0-9]*")
_FORMATS: Final = re.compile(rf"(</?)({_FORMATTING})(?=[\s/>])", re.IGNORECASE)
_STOOD_IN: Final = re.compile(rf"(</?)x-({_FORMATTING})(?=[\s/>])")
#: Each of these costs its parser as much as all the text before it.
_ALONE: Final = re.compile("[&\x7f-\xa0]")
_STYLE: Final = """
:root{color-scheme:light}
body{margin:0;padding:.75rem;background:#fff;color:#1b1f24;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
img{border:1px dashed #9aa4af;border-radius:.25rem;padding:0 .3rem;color:#5b6470;font-size:.85em}
a{color:#2f5fd0;text-decoration:underline dotted;cursor:help}
table{max-width:100%}
blockquote{margin:0 0 0 .5rem;padding-left:.75rem;border-left:3px solid #e3e6ea;color:#5b6470}
"""


def document(raw: bytes) -> str:
    """A page of its own of the mail's HTML, harmless; or of why it is not shown. Total, in bounded time and memory."""
    html = _html(raw)
    if html is None:
        return _document("<p>This mail has no HTML.</p>")
    if len(html) > MAX_CHARS or html.count("<") > MAX_TAGS or len(_ALONE.findall(html)) > MAX_ALONE or _deep(html):
        return _document("<p>This HTML is larger or more tangled than mail is: read the plain text.</p>")
    return _document(harmless(html))


def harmless(html: str) -> str:
    """What is left of HTML when nothing in it can run, fetch, lead away or cover anything. Images stay as their words.

    Formatting that was left open ends with its block: opened again in every one that follows, a hundred kilobytes of
    HTML become gigabytes. So other names stand in for it while it is parsed.
    """
    cleaned: str = nh3.clean(
        _FORMATS.sub(r"\1x-\2", html),
        tags=_TAGS | _STAND_INS.keys(),
        clean_content_tags={"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math"},
        attributes=_ATTRIBUTES | _STAND_INS,
        filter_style_properties=_STYLES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
        strip_comments=True,
    )
    # A link says where it leads, and leads nowhere: in attributes quotes are escaped, so this is one of `a` or plain text.
    return _STOOD_IN.sub(r"\1\2", cleaned).replace(' href="', ' title="')


def content(raw: bytes, digest: str) -> bytes | None:
    """The bytes of the attachment with this SHA-256 (hex); None when the mail has none such."""
    block = headers.parse(raw)
    for part in leaves(parse(raw, block).root):
        if sha256(part.content).hexdigest() == digest:
            return part.content
    return None


def download(name: str, content: bytes) -> Response:
    """Bytes that a browser keeps and never shows (RFC 6266, RFC 8187)."""
    name = "".join(char if char.isprintable() else "_" for char in name)
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-") else "_" for char in name)[:100]
    disposition = f"attachment; filename=\"{plain.strip() or 'file'}\"; filename*=UTF-8''{quote(name[:100], safe='')}"
    return Response(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": disposition, "Content-Security-Policy": "sandbox; default-src 'none'"},
    )


def _document(inside: str) -> str:
    return (
        f'<!doctype html><html lang="und"><head><meta charset="utf-8"><title>{escape("Mail")}</title><style>{_STYLE}</style></head>'
        f"<body>{inside}</body></html>"
    )


def _html(raw: bytes) -> str | None:
    part = layout(parse(raw, headers.parse(raw)).root)
    return None if part is None else charset.decode(part.content[: MAX_CHARS * 4], part.params.get("charset", "")).text


def _deep(html: str) -> bool:
    """Whether tags may be nested deeper than any reader of mail goes: more are open at some place than closed before it."""
    depth = 0
    for piece in html.split("<")[1:]:
        if piece[:1] == "/":
            depth = max(depth - 1, 0)
        elif piece[:1].isalpha() and _name(piece) not in _NEED_NO_END:
            depth += 1
            if depth > MAX_DEPTH:
                return True
    return False


def _name(piece: str) -> str:
    found = _NAME.match(piece)
    return found[0].lower() if found else ""
