"""Forms with files (multipart/form-data, RFC 7578), read strictly: what browsers send gives fields, all else nothing."""

import re
from typing import Final

_BOUNDARY: Final = re.compile(r'multipart/form-data; *boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?', re.IGNORECASE)
_NAME: Final = re.compile(rb'form-data; name="([^"\r\n]{1,100})"(; filename="[^"\r\n]*")?', re.IGNORECASE)
_MOST: Final = 50
"""Fields of a form."""

Fields = dict[str, tuple[str, ...]]
Files = dict[str, bytes]


def read(content_type: str, body: bytes) -> tuple[Fields, Files] | None:
    """Fields and files by name; None for what is no such form. Of files of one name the last counts."""
    found = _BOUNDARY.fullmatch(content_type.strip())
    if found is None:
        return None
    parts = (b"\r\n" + body).split(b"\r\n--" + found[1].encode("ascii"))
    if len(parts) > _MOST + 2 or len(parts) < 2 or parts[0].strip() or parts[-1].strip() != b"--":
        return None
    fields: Fields = {}
    files: Files = {}
    for part in parts[1:-1]:
        head, sign, content = part.partition(b"\r\n\r\n")
        named = _disposition(head)
        if not sign or named is None:
            return None
        name, is_file = named
        if is_file:
            files[name] = content
        else:
            fields[name] = (*fields.get(name, ()), content.decode("utf-8", "replace"))
    return fields, files


def _disposition(head: bytes) -> tuple[str, bool] | None:
    """Name of a part, and whether it is a file."""
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"content-disposition":
            found = _NAME.fullmatch(value.strip())
            return (found[1].decode("utf-8", "replace"), found[2] is not None) if found else None
    return None
