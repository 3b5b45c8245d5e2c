"""Parameters of MIME header fields: ``type; name=value`` (RFC 2045 §5.1), continued and encoded ones (RFC 2231).

Invariant: any string gives a value and parameters, in linear time, never an exception.
"""

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from postroom.understand import charset, headers

VALUE_CHARS: Final = 8192
_PARAMS: Final = 100
_SECTIONS: Final = 50
_NAME_CHARS: Final = 255

_PARAM = re.compile(r""";\s*([^\s=;"]{1,100})\s*=\s*(?:"([^"\\]*(?:\\.[^"\\]*)*)"|"?([^;]*))""", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\\"])")


class Value(NamedTuple):
    """A structured field value."""

    #: the part before the first ``;``, lower case
    head: str
    #: parameters by lower-case name, decoded; the first of each name
    params: dict[str, str]


def parse(raw: str) -> Value:
    """Read an unfolded Content-Type or Content-Disposition value."""
    if not raw:
        return Value("", {})
    raw = raw[:VALUE_CHARS]
    head = raw.partition(";")[0].strip().strip("\"'").lower()
    if ";" not in raw:
        return Value(head, {})
    simple = _simple(raw)
    if simple is not None:
        return Value(head, simple)
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for count, found in enumerate(_PARAM.finditer(raw)):
        if count >= _PARAMS:
            break
        name = found[1].lower()
        value = _ESCAPE.sub(r"\1", found[2]) if found[2] is not None else found[3].strip().rstrip('"')
        base, star, rest = name.partition("*")
        if not star:
            plain.setdefault(name, value)
            continue
        number = rest.rstrip("*")
        index = int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else 0
        if index < _SECTIONS and (not number or number == str(index)):
            sections.setdefault(base, {}).setdefault(index, (value, name.endswith("*")))
    for base, pieces in sections.items():
        plain[base] = _join(pieces)
    return Value(head, plain)


def _simple(raw: str) -> dict[str, str] | None:
    """Parameters of a value without escapes, continuations or a ``;`` in quotes: nearly every one. None for others."""
    if "\\" in raw or "*" in raw:
        return None
    found: dict[str, str] = {}
    for piece in raw.split(";")[1 : _PARAMS + 1]:
        name, equals, value = piece.partition("=")
        name, value = name.strip().lower(), value.strip()
        if '"' in value:
            if value.count('"') != 2 or value[0] != '"' or value[-1] != '"':
                return None
            value = value[1:-1]
        if equals and name and " " not in name and '"' not in name:
            found.setdefault(name, value)
    return found


def file_name(raw: str) -> str:
    """A file name as people should see it: encoded words decoded, no path, no controls, at most 255 characters."""
    name = headers.decode(headers.one_line(raw))
    name = name.replace("\\", "/").rpartition("/")[2]
    return charset.scrub(name).strip(" .\"'")[:_NAME_CHARS]


def _join(pieces: dict[int, tuple[str, bool]]) -> str:
    """Continued pieces in order (RFC 2231 §3), percent-decoded where marked, in the charset that the first one names (§4)."""
    label = ""
    out: list[bytes] = []
    for index in sorted(pieces):
        value, encoded = pieces[index]
        if encoded and index == min(pieces) and value.count("'") >= 2:
            label, _, value = value.split("'", 2)
        data = value.encode("utf-8", "replace")
        out.append(unquote_to_bytes(data) if encoded else data)
    return charset.decode(b"".join(out), label or "utf-8").text
