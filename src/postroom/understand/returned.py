"""Message-IDs of what a bounce returns: the whole mail, or its header (RFC 3462 §2, RFC 6522 §4), or what is quoted of it.

Invariant: any bytes give at most `IDS` ids, in linear time, never an exception.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from postroom.understand import headers, mime

IDS: Final = 20
_PIECE: Final = 64 * 1024
_RETURNED: Final = frozenset(
    {
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "message/global-headers",
        "text/plain",
        "message/rfc822-headers",
    }
)
_FIELD: Final = re.compile(
    rb"^[ \t>]{0,4}message-id[ \t]*:[ \t]*(?:\r?\n[ \t]+)?<([!-;=?-~]{1,400})>", re.IGNORECASE | re.MULTILINE
)


def returned_ids(raw: bytes) -> tuple[str, ...]:
    """The Message-IDs, in the order they stand in, the bounce's own not among them."""
    return tuple(islice(dict.fromkeys(_ids(raw)), IDS))


def _ids(raw: bytes) -> Iterator[str]:
    block = headers.parse(raw)
    for part in _parts(mime.parse(raw, block).root):
        if part.type in _RETURNED:
            yield from (found[1].decode("ascii") for found in islice(_FIELD.finditer(part.content[:_PIECE]), IDS))


def _parts(part: mime.Part) -> Iterator[mime.Part]:
    if not part.type.startswith("multipart/"):
        yield part
    for child in part.children:
        yield from _parts(child)
