"""The data folder, and the key in it."""

import os
import pwd
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from postroom.adapters.destination.disk import sync_folder
from postroom.adapters.store.connect import give_to_owner_of_folder
from postroom.adapters.wholefile import write_whole
from postroom.model.errors import ConfigError

#: names of what it holds: the store
STORE = "postroom.db"
#: tombstones of what was erased from the store
ERASED = "erased"
#: rules and phrases that were last in force
RULES = "rules.last"
#: what `postroom weigh` writes
WEIGHTS = "weights.json"
#: with it a server is alone with the store
LOCK = "server.lock"
#: models that were learned
MODELS = "models"
_KEY: Final = 32
"""Bytes."""


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


def refusal(folder: Path) -> str:
    """Why a data folder that is not there yet can't be made, as far as a trial beside it shows, which leaves nothing; ``""`` when it can."""
    above = next((one for one in folder.absolute().parents if one.exists()), Path("/"))
    try:
        if not folder.exists():
            Path(tempfile.mkdtemp(prefix=".postroom-", dir=above)).rmdir()
        elif not folder.is_dir():
            return f"{folder} is no folder"
    except OSError as error:
        return f"can't make the data folder {folder}: {error.strerror}"
    return ""


def _give_away(folder: Path, user: str) -> None:
    """A folder that root has made belongs to whom the server becomes; else to whom the folder above belongs."""
    above = folder.parent.stat()
    try:
        found = pwd.getpwnam(user) if user else None
    except KeyError:
        raise ConfigError(f"there is no user {user!r} to run as") from None
    os.chown(folder, found.pw_uid if found else above.st_uid, found.pw_gid if found else above.st_gid)


def key(folder: Path) -> bytes:
    """The key of return addresses and loop marks: 32 random bytes, made at the first start. Raises `ConfigError` for one that is cut.

    Several processes may start at once: the key of the first is everybody's, and none sees half of it.
    """
    path = folder / "key"
    if not path.exists():
        made = path.with_name(f"key.{secrets.token_hex(4)}")
        write_whole(made, secrets.token_bytes(_KEY), own=lambda file: give_to_owner_of_folder(file, made))
        with suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
        sync_folder(folder)
    found = path.read_bytes()
    if len(found) < _KEY:
        raise ConfigError(
            f"{path} is cut: copy the one of a backup over it, or delete it and a new one is made; bounces of mail that was"
            " sent on before are not recognised then"
        )
    return found
