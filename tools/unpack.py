"""Debian packages unpacked below a folder of ours, without installing: no service starts, no file of the system changes.

`apt-get` is run with private lists and a private cache, so that it needs no root and works where the system's lists are
missing. It is asked (`--simulate`) which packages an installation would bring, shared libraries and Perl modules among
them; those are downloaded (apt checks their signatures) and unpacked with `dpkg -x`. What is there already is kept.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

INST = re.compile(r"^Inst (\S+)(?: \[[^\]]*\])? \((\S+) ")
LISTING = "packages.json"


class UnpackError(Exception):
    """It could not be fetched or unpacked; the text says which command failed and what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package as unpacked."""

    name: str
    version: str
    #: SHA-256 of the archive, hex
    sha256: str
    #: the ones asked for that brought it in
    wanted_by: tuple[str, ...]


class Unpacked:
    """A folder with packages in it: ``root`` looks like ``/``.

    Calling `fetch` again with the same names does nothing; processes wait for each other.
    """

    def __init__(self, home: Path, say: Callable[[str], None]) -> None:
        self.home = home
        self.root = home / "root"
        self._say = say

    def listing(self) -> dict[str, Package]:
        """What is unpacked, by package name."""
        path = self.home / LISTING
        if not path.exists():
            return {}
        rows = json.loads(path.read_text())
        return {row["name"]: Package(**row | {"wanted_by": tuple(row["wanted_by"])}) for row in rows}

    def has(self, names: Iterable[str]) -> bool:
        """Whether all of these were asked for before and are unpacked."""
        wanted = {name for package in self.listing().values() for name in package.wanted_by}
        return set(names) <= wanted

    def fetch(self, names: tuple[str, ...]) -> None:
        """Unpack these packages and what they need beyond the system. Raises `UnpackError`."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as lock:
            # tests run in several processes, and each may be the first to need a peer
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.has(names):
                self._fetch(names)

    def _fetch(self, names: tuple[str, ...]) -> None:
        for tool in ("apt-get", "dpkg"):
            if shutil.which(tool) is None:
                raise UnpackError(f"{tool} is not here: real peers are unpacked from Debian's packages")
        self._prepare()
        wanted = self._closure(names)
        self._download(wanted)
        known = self.listing()
        for name, version in wanted.items():
            before = known.get(name)
            archive = self._archive(name, version)
            if before is None or before.version != version:
                self._run("dpkg", "-x", str(archive), str(self.root))
            users = set(names) | set(before.wanted_by if before else ())
            digest = sha256(archive.read_bytes()).hexdigest()
            known[name] = Package(name=name, version=version, sha256=digest, wanted_by=tuple(sorted(users)))
        # a name that the system has installed brings nothing: the listing must still say it was asked for
        for name in set(names) - set(wanted):
            known[name] = Package(name=name, version="(the system's)", sha256="", wanted_by=(name,))
        self._write(known)

    def _prepare(self) -> None:
        for folder in ("apt/lists/partial", "apt/cache/archives/partial", "archives", "root"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        self._say("reading the package lists")
        try:
            self._run("apt-get", *self._apt(), "-qq", "update")
        except UnpackError as error:
            # one unreachable source among several is no reason to stop: the download will tell
            self._say(f"  some lists could not be read: {error}")

    def _closure(self, names: tuple[str, ...]) -> dict[str, str]:
        command = ("apt-get", *self._apt(), "--simulate", "--no-install-recommends", "install", *names)
        found = (INST.match(line) for line in self._run(*command).splitlines())
        return {match[1]: match[2] for match in found if match}

    def _download(self, wanted: dict[str, str]) -> None:
        missing = [f"{n}={v}" for n, v in wanted.items() if self._archive(n, v, must=False) is None]
        if missing:
            self._say(f"downloading {len(missing)} packages: {' '.join(m.partition('=')[0] for m in missing)}")
            self._run("apt-get", *self._apt(), "-qq", "download", *missing, cwd=self.home / "archives")

    def _archive(self, name: str, version: str, *, must: bool = True) -> Path:
        # apt writes "1:2.3" as "1%3a2.3"
        found = sorted((self.home / "archives").glob(f"{name}_{version.replace(':', '%3a')}_*.deb"))
        if not found and must:
            raise UnpackError(f"{name} {version} was downloaded but its archive is not there")
        return found[0] if found else None  # type: ignore[return-value]

    def _apt(self) -> list[str]:
        options = {
            "Dir::State::lists": self.home / "apt/lists",
            "Dir::Cache": self.home / "apt/cache",
            "Debug::NoLocking": "true",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        if os.geteuid() == 0:
            options["APT::Sandbox::User"] = "root"
        return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]

    def _run(self, *command: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
            raise UnpackError(f"{command[0]} … {' '.join(command[-2:])}: exit {done.returncode}: {' / '.join(last)}")
        return done.stdout

    def _write(self, packages: dict[str, Package]) -> None:
        rows = [
            {"name": p.name, "version": p.version, "sha256": p.sha256, "wanted_by": list(p.wanted_by)}
            for p in sorted(packages.values(), key=lambda p: p.name)
        ]
        part = self.home / (LISTING + ".part")
        part.write_text(json.dumps(rows, indent=1) + "\n")
        part.replace(self.home / LISTING)
