"""All sheets as one ZIP file, and such a file from anybody read into sheets, in bounded time and memory.

The same texts always give the same bytes. Any bytes give sheets or `Refused`.
"""

import io
import zipfile
import zlib
from collections.abc import Sequence
from typing import Final

from postroom.model.errors import Refused
from postroom.model.rulebooks import (
    KINDS,
    MAX_SHEETS,
    MAX_TEXT,
    MAX_TOTAL,
    SheetKind,
    SheetName,
    Texts,
    normal_text,
    sheet_name,
)

_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
"""The first that a ZIP file can tell."""
_PLAIN: Final = 0o644 << 16
_LINK: Final = 0o120000
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def pack(texts: Texts) -> bytes:
    """A ZIP file of them, by name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for sheet in sorted(texts):
            entry = zipfile.ZipInfo(sheet, _MOMENT)
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, _PLAIN, 3
            packed.writestr(entry, texts[sheet].encode("utf-8", "replace"), compresslevel=9)
    return made.getvalue()


def unpack(content: bytes, kinds: Sequence[SheetKind] = KINDS) -> Texts:
    """The sheets of a ZIP file, all of these kinds. Raises `Refused`, nothing else, for what is none, and for one that holds anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return _read(packed, kinds)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise Refused(f"this is no ZIP file that can be read: {str(error)[:100] or type(error).__name__}") from error


def _read(packed: zipfile.ZipFile, kinds: Sequence[SheetKind]) -> Texts:
    entries = [one for one in packed.infolist() if not one.is_dir()]
    if not entries:
        raise Refused("there is nothing in this archive")
    if len(entries) > MAX_SHEETS:
        raise Refused(f"an archive holds at most {MAX_SHEETS} files")
    found: dict[SheetName, str] = {}
    left = MAX_TOTAL
    for entry in entries:
        name = sheet_name(entry.filename, kinds)
        if name is None or name in found:
            raise Refused(
                f"«{entry.filename[:80]}» can't be in it: once each, {', '.join(f'{kind}/….toml' for kind in kinds)}"
            )
        if (entry.external_attr >> 16) & 0o170000 == _LINK or entry.compress_type not in _METHODS:
            raise Refused(f"«{name}» is a link, or packed in an unusual way")
        found[name] = _text(packed, entry, min(left, MAX_TEXT))
        left -= len(found[name])
    return found


def _text(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> str:
    """Its text; what the archive says of its size is not believed."""
    with packed.open(entry) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Refused(f"«{entry.filename}» is too large, or all of them together are")
    try:
        return normal_text(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise Refused(f"«{entry.filename}» is no text in UTF-8") from None
