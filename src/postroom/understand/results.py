"""Authentication-Results header fields (RFC 8601 §2.2).

Invariant: any string is parsed in linear time, never an exception. What is inside a comment or a quoted string is never
taken for a result; what follows an unclosed one is dropped.

Hops write into their reports what strangers gave them: a sender's address, a signature's identity. Where that broke the
syntax nobody can tell any more who said what, so a field with anything beyond results has results and no properties.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

RESULTS: Final = 100
_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<word>[^\s"();=\\]++(?!["\\])|(?:[^\s"();=\\]++|"(?:[^"\\]++|\\.)*+"|\\.)++)
    |(?P<mark>[;=])|(?P<comment>\([^()"\\]*+\))|(?P<bracket>[()])""",
    re.VERBOSE | re.DOTALL,
)
_TRICKY = re.compile(r'["()\\]')
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
#: quotes or escapes in a word that is not wholly one quoted string
_TORN = re.compile(rf'(?!{_QUOTED.pattern}\Z)[^"\\]*+["\\]', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one method said."""

    #: lower case, e.g. ``dkim``
    method: str
    #: lower case, e.g. ``pass``
    result: str
    #: (``header.d``, ``example.com``) …, names in lower case; values as written, with their quotes and with ``(`` for
    #: a comment that adjoins them
    properties: tuple[tuple[str, str], ...]
    #: free text of ``reason=``
    reason: str = ""


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
    sound = True
    for tokens in sections:
        pairs, rest = _pairs(tokens)
        if rest and (pairs or [word.lower() for word in rest] != ["none"]):
            sound = False
        result = _result(pairs)
        if len(found) == RESULTS:
            sound = False
            break
        if result is not None:
            found.append(result)
    if not sound:
        found = [replace(one, properties=()) for one in found]
    return Results(authserv_id=name, results=tuple(found))


def authserv_id(raw: str) -> str:
    """Who an Authentication-Results value says it is of, as `parse` would say, without reading the rest."""
    return _name(next(_sections(raw), []))


def _name(head: list[str]) -> str:
    words = [_bare(text) for text in head if text != "="]
    if not words or "=" in head or (len(words) > 1 and words[1] != "1") or len(words) > 2:
        return ""
    return words[0].lower()


def _bare(word: str) -> str:
    """What a word says: without its quotes, and without the trace of a comment."""
    if word[:1] == '"' and (quoted := _QUOTED.fullmatch(word)):
        return _ESCAPE.sub(r"\1", quoted[1])
    return word.rstrip("(")


def _sections(raw: str) -> Iterator[list[str]]:
    """Words between semicolons, quotes left on, comments left out but for the ``(`` of one that adjoins a word.

    What is amiss, wherever it stands, adds a last section that is no result.
    """
    if _TRICKY.search(raw) is None:
        for section in raw.split(";"):
            yield section.replace("=", " = ").split()
        return
    tokens: list[str] = []
    depth = at = 0
    kind: str | None = None
    amiss = False
    odd = '"' in raw or "\\" in raw
    for token in _TOKEN.finditer(raw):
        if token.start() != at:
            break  # an unclosed quoted string or a lone backslash: nothing after it can be trusted
        before, kind, text, at = kind, token.lastgroup, token[0], token.end()
        if before == "word" and text[0] == "(" and not depth:
            tokens[-1] += "("
        if kind == "bracket":
            amiss |= text == ")" and not depth
            depth = max(0, depth + (1 if text == "(" else -1))
        elif depth or kind in {"space", "comment"}:
            continue
        elif text == ";":
            yield tokens
            tokens = []
        else:
            amiss |= odd and _TORN.match(text) is not None
            tokens.append(text)
    yield tokens
    if amiss or depth or at != len(raw):
        yield ['"']


def _pairs(tokens: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """What is said to be equal, names in lower case; and words that belong to nothing."""
    if tokens[1::3] == ["="] * (len(tokens) // 3) and tokens.count("=") * 3 == len(tokens):
        return list(zip([name.lower() for name in tokens[::3]], tokens[2::3], strict=True)), []
    pairs: list[tuple[str, str]] = []
    rest: list[str] = []
    at = 0
    while at < len(tokens):
        if tokens[at] == "=" or tokens[at + 1 : at + 2] != ["="]:
            rest.append(tokens[at])
            at += 1
            continue
        value = tokens[at + 2] if at + 2 < len(tokens) else ""
        following = at + 3
        # values with "=" in them (batv tags, base64) come as several tokens: up to the next "name ="
        while following < len(tokens) and tokens[following] == "=":
            value += "=" + (tokens[following + 1] if following + 1 < len(tokens) else "")
            following += 2
        pairs.append((tokens[at].lower(), value))
        at = following
    return pairs, rest


def _result(pairs: list[tuple[str, str]]) -> Result | None:
    """``method[/version] = result [reason = text] *(ptype.property = value)``."""
    if not pairs:
        return None
    (method, outcome), rest = pairs[0], pairs[1:]
    name, _, version = method.partition("/")
    if version not in {"", "1"} or "." in name:
        return None
    reason = next((value for key, value in rest if key == "reason"), "")
    properties = tuple([(key, value) for key, value in rest if "." in key])
    return Result(method=_bare(name), result=_bare(outcome).lower(), properties=properties, reason=_bare(reason))
