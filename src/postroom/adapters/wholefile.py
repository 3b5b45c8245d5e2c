"""Writing a file whole or not at all."""

import os
from collections.abc import Callable
from pathlib import Path

from postroom.adapters.destination.disk import sync_folder


def write_whole(
    path: Path, content: bytes, *, mode: int = 0o600, own: Callable[[int], None] = lambda _file: None
) -> None:
    """Put content into a file: on return it is there for certain; after a crash or an error the file is as it was, or new.

    ``mode`` is less the umask. ``own`` is given the descriptor before anything is in the file, to say whose it is. Raises
    `OSError`.
    """
    made = path.with_name(f"{path.name}.{os.getpid()}.part")
    made.unlink(missing_ok=True)
    try:
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            own(descriptor)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        made.replace(path)
        sync_folder(path.parent)
    finally:
        made.unlink(missing_ok=True)
