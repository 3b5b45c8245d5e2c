"""Writing to disk for certain: what the system says went wrong, as what the caller does about it."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postroom.model.errors import TryLater

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Any error of the system becomes `TryLater` with ``lane_down``: it is the disk's trouble and no mail's fault."""
    try:
        yield
    except OSError as error:
        what = "the disk is full" if error.errno in _FULL else (error.strerror or type(error).__name__)
        raise TryLater(f"{path}: {what}", lane_down=True) from error


def write_all(descriptor: int, data: bytes) -> None:
    """Every byte is handed to the system, or an OSError says why not."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def sync_folder(path: Path) -> None:
    """Return once the names in a folder are durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
