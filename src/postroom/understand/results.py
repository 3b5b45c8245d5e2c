"""Authentication-Results header fields (RFC 8601 §2.2).

Invariant: any string is parsed in linear time, never an exception. What is inside a comment or a quoted string is never
taken for a result; what follows an unclosed one is dropped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

RESULTS: Final = 100
_TOKEN = re.compile(
    r'(?P<space>\s+)|(?P<atom>[^\s"();=\\]+)|(?P<mark>[;=])|(?P<bracket>[()])|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<escaped>\\.)',
    re.DOTALL,
)
_TRICKY = re.compile(r'["()\\]')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one method said."""

    #: lower case, e.g. ``dkim``
    method: str
    #: lower case, e.g. ``pass``
    result: str
    #: (``header.d``, ``example.com``) …, names in lower case
    properties: tuple[tuple[str, str], ...]
    #: free text of ``reason=``
    reason: str = ""

    def value(self, name: str) -> str:
        """First value of a property, ``""`` when absent."""
        return next((value for key, value in self.properties if key == name), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One Authentication-Results field."""

    #: who says so, lower case; ``""`` when the field is not readable
    authserv_id: str
    results: tuple[Result, ...]


def parse(raw: str) -> Results:
    """Read an unfolded Authentication-Results value. A version other than 1 makes it unreadable (RFC 8601 §2.3)."""
    sections = _sections(raw)
    name = _name(next(sections, []))
    if not name:
        return Results(authserv_id="", results=())
    found: list[Result] = []
    for tokens in sections:
        result = _result(_pairs(tokens))
        if result is not None:
            found.append(result)
        if len(found) >= RESULTS:
            break
    return Results(authserv_id=name, results=tuple(found))


def authserv_id(raw: str) -> str:
    """Who an Authentication-Results value says it is of, as `parse` would say, without reading the rest."""
    return _name(next(_sections(raw), []))


def _name(head: list[str]) -> str:
    words = [text for text in head if text != "="]
    if not words or "=" in head or (len(words) > 1 and words[1] != "1") or len(words) > 2:
        return ""
    return words[0].lower()


def _sections(raw: str) -> Iterator[list[str]]:
    """Token lists between semicolons, comments left out, quoted strings unquoted."""
    if _TRICKY.search(raw) is None:
        for section in raw.split(";"):
            yield section.replace("=", " = ").split()
        return
    tokens: list[str] = []
    depth = at = 0
    for token in _TOKEN.finditer(raw):
        if token.start() != at:
            break  # an unclosed quoted string or a lone backslash: nothing after it can be trusted
        at = token.end()
        kind = token.lastgroup
        if kind == "bracket":
            depth = max(0, depth + (1 if token[0] == "(" else -1))
        elif depth or kind == "space":
            continue
        elif token[0] == ";":
            yield tokens
            tokens = []
        elif kind == "quoted":
            tokens.append(_ESCAPE.sub(r"\1", token["quoted"]) or " ")
        else:
            tokens.append("" if kind == "escaped" else token[0])
    yield tokens


def _pairs(tokens: list[str]) -> list[tuple[str, str]]:
    """What is said to be equal, names in lower case."""
    if tokens[1::3] == ["="] * (len(tokens) // 3) and tokens.count("=") * 3 == len(tokens):
        return list(zip([name.lower() for name in tokens[::3]], tokens[2::3], strict=True))
    pairs: list[tuple[str, str]] = []
    at = 0
    while at + 2 < len(tokens) and tokens[at + 1] == "=":
        value = tokens[at + 2]
        following = at + 3
        # values with "=" in them (batv tags, base64) come as several tokens: up to the next "name ="
        while following < len(tokens) and tokens[following] == "=":
            value += "=" + (tokens[following + 1] if following + 1 < len(tokens) else "")
            following += 2
        pairs.append((tokens[at].lower(), value))
        at = following
        while at < len(tokens) and not (at + 1 < len(tokens) and tokens[at + 1] == "="):
            at += 1  # words that belong to nothing
    return pairs


def _result(pairs: list[tuple[str, str]]) -> Result | None:
    """``method[/version] = result [reason = text] *(ptype.property = value)``."""
    if not pairs:
        return None
    (method, outcome), rest = pairs[0], pairs[1:]
    name, _, version = method.partition("/")
    if version not in {"", "1"} or "." in name:
        return None
    reason = next((value for key, value in rest if key == "reason"), "")
    properties = tuple([(key, value.strip()) for key, value in rest if "." in key])
    return Result(method=name.strip(), result=outcome.lower(), properties=properties, reason=reason)
