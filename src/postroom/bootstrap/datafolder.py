"""The data folder, and the key in it."""

import os
import pwd
import secrets
from pathlib import Path

from postroom.adapters.store.connect import give_to_owner_of_folder
from postroom.model.errors import ConfigError

#: names of what it holds: the store
STORE = "postroom.db"
#: tombstones of what was erased from the store
ERASED = "erased"
#: rules and phrases that were last in force
RULES = "rules.last"
#: what `postroom weigh` writes
WEIGHTS = "weights.json"
#: models that were learned
MODELS = "models"


def made(folder: Path, user: str) -> Path:
    """The data folder; made when missing, readable by its owner alone: by root for `user`, whom the server becomes.

    Raises `ConfigError` when it can't be made.
    """
    try:
        missing = not folder.exists()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if missing and os.geteuid() == 0:
            _give_away(folder, user)
    except OSError as error:
        raise ConfigError(
            f"can't make the data folder {folder}: {error.strerror}; set `data` to a folder that postroom may write"
        ) from error
    return folder


def _give_away(folder: Path, user: str) -> None:
    """A folder that root has made belongs to whom the server becomes; else to whom the folder above belongs."""
    above = folder.parent.stat()
    try:
        found = pwd.getpwnam(user) if user else None
    except KeyError:
        raise ConfigError(f"there is no user {user!r} to run as") from None
    os.chown(folder, found.pw_uid if found else above.st_uid, found.pw_gid if found else above.st_gid)


def key(folder: Path) -> bytes:
    """The key of return addresses and loop marks: 32 random bytes, made at the first start."""
    path = folder / "key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        give_to_owner_of_folder(descriptor, path)
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(descriptor)
    return path.read_bytes()
