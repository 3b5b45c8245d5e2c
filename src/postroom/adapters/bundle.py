"""Several files in one, with a checksum each.

A line that names the format; for each file a line of JSON with its name, its size and the SHA-256 of both name and bytes, then its
bytes; at the end a line of JSON that says how many there were. Reading is total: any bytes give files or `PostroomError`, and one file at a time is
in memory.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from postroom.adapters.store.connect import sync_directory
from postroom.model.errors import ConfigError, PostroomError, TryLater

MAGIC: Final = b"postroom files 1\n"
MAX_FILES: Final = 10_000
#: of one file
MAX_BYTES: Final = 200_000_000
_MAX_LINE: Final = 1000


def pack(target: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files by their names, whole or not at all, for the owner alone. Raises `TryLater`, and what ``files`` does."""
    target = target.absolute()
    made = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        made.unlink(missing_ok=True)
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _fill(file, files)
            file.flush()
            os.fsync(descriptor)
        made.replace(target)
        sync_directory(target.parent)
    except OSError as error:
        raise TryLater(f"{target} cannot be written: {error.strerror}") from error
    finally:
        made.unlink(missing_ok=True)


def unpack(source: Path) -> Iterator[tuple[str, bytes]]:
    """The files by their names, each checked before it is given.

    Raises `ConfigError` for what is none of ours or can't be read, `PostroomError` for what is damaged: only at the end is it
    certain that nothing is missing.
    """
    try:
        with source.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ConfigError(f"{source} is none of the files that `postroom backup` writes")
            yield from _files(file)
    except OSError as error:
        raise ConfigError(f"can't read {source}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise PostroomError(f"{source} is damaged: {error}") from error


def _fill(file: IO[bytes], files: Iterable[tuple[str, bytes]]) -> None:
    count = 0
    file.write(MAGIC)
    for name, content in files:
        file.write(_line({"name": name, "bytes": len(content), "sha256": _digest(name, content)}))
        file.write(content)
        count += 1
    file.write(_line({"files": count}))


def _files(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    for count in range(MAX_FILES + 1):
        said = json.loads(file.readline(_MAX_LINE))
        if "files" in said:
            if said["files"] != count or file.read(1):
                raise ValueError("it has more or fewer files than it says")
            return
        name, size = str(said["name"]), int(said["bytes"])
        if not 0 <= size <= MAX_BYTES:
            raise ValueError(f"{name} is larger than {MAX_BYTES} bytes")
        content = file.read(size)
        if _digest(name, content) != said["sha256"]:
            raise ValueError(f"the checksum of {name} is wrong")
        yield name, content
    raise ValueError(f"it has more than {MAX_FILES} files")


def _digest(name: str, content: bytes) -> str:
    return hashlib.sha256(json.dumps(name).encode() + content).hexdigest()


def _line(facts: dict[str, str | int]) -> bytes:
    return json.dumps(facts).encode() + b"\n"
