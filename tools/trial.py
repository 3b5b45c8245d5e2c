"""A postroom installation of its own for a trial: settings, free ports, started and stopped as its users would.

It is driven from outside only: SMTP in, the command line, signals. What a trial changes inside the processes (planted
faults, poison) is a `sitecustomize` module on PYTHONPATH, so that the product needs no hook for it.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.running import Child, NotStarted, free_port, wait_until

REPOSITORY = Path(__file__).resolve().parent.parent
MARK = "POSTROOM_TRIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the installation is set up."""

    #: the destination of all routes, as lines of TOML
    destination: str
    #: lines of TOML for [delivery]
    delivery: str = ""
    #: lines of TOML for [intake], beside ``listen`` and ``lmtp``
    intake: str = ""
    #: lines of TOML for [workers]
    workers: str = ""
    #: lines of TOML for the top of the file
    top: str = ""
    #: file name -> text, below rules/ and phrases/
    files: Mapping[str, str] = field(default_factory=dict)
    address: str = "support@example.com"


def smtp_destination(port: int, *, concurrency: int = 8, timeout: float = 20.0) -> str:
    """Forward to a port of loopback."""
    return (
        f'kind = "smtp"\nhost = "127.0.0.1"\nport = {port}\nrecipients = ["desk@example.test"]\ntls = "none"\n'
        f"concurrency = {concurrency}\ntimeout = {timeout}\n"
    )


class Trial:
    """One installation. ``start`` and ``stop`` may be called again and again; its data stays."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.smtp_port, self.lmtp_port, self.web_port = free_port(), free_port(), free_port()
        self.config = folder / "postroom.toml"
        self.log = folder / "postroom.log"
        self.child: Child | None = None
        self._mark = uuid.uuid4().hex
        folder.mkdir(parents=True, exist_ok=True)
        self.configure(plan)

    @property
    def database(self) -> Path:
        """The store's file."""
        return self.folder / "data" / "postroom.db"

    def configure(self, plan: Plan) -> None:
        """Write the settings; they count from the next start."""
        routes = "".join(
            f'[route.{name}]\ndestinations = ["desk"]\nthreshold = 0.0\n'
            for name in ("appeals", "refunds", "copyright", "general")
        )
        self.config.write_text(
            f'hostname = "postroom.test"\n{plan.top}\n'
            f'[intake]\nlisten = ["127.0.0.1:{self.smtp_port}"]\nlmtp = ["127.0.0.1:{self.lmtp_port}"]\n{plan.intake}\n'
            f'[web]\nlisten = "127.0.0.1:{self.web_port}"\n[pages]\nlisten = ""\n'
            f'[brand.main]\naddresses = ["{plan.address}"]\n'
            f'{routes}[review]\ndestinations = ["desk"]\n[destination.desk]\n{plan.destination}\n'
            f"[delivery]\n{plan.delivery}\n[workers]\n{plan.workers}\n"
        )
        for name, text in plan.files.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def start(
        self, *, env: Mapping[str, str] | None = None, around: tuple[str, ...] = (), seconds: float = 30
    ) -> Child:
        """Start `postroom serve` and wait until it greets. ``around`` comes before the command. Raises `NotStarted`."""
        command = [*around, sys.executable, "-m", "postroom", "serve", "--config", self.config, "--allow-root"]
        marked = dict(os.environ) | {MARK: self._mark} | dict(env or {})
        self.child = Child(command, log=self.log, env=marked, cwd=self.folder)
        try:
            self.child.wait_ready(lambda: greets(self.smtp_port), seconds, "postroom serve")
        except NotStarted:
            self.child.stop()
            raise
        return self.child

    def kill(self) -> None:
        """SIGKILL to the server process alone: its workers notice by themselves."""
        if self.child is not None:
            self.child.kill()

    def workers(self) -> list[tuple[str, int]]:
        """(role, pid) of the worker processes that live now."""
        found = []
        for pid, words in self._processes():
            if "work" in words and "--role" in words:
                found.append((words[words.index("--role") + 1], pid))
        return sorted(found)

    def stop(self, seconds: float = 40) -> None:
        """Drain, then see to it that nothing of it is left."""
        if self.child is not None:
            self.child.stop(seconds)
        for pid, _ in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait_gone(self, seconds: float = 15) -> bool:
        """Whether workers of a killed server have ended by themselves within this time."""
        return wait_until(lambda: not list(self._processes()), seconds)

    def command(self, *words: str, stdin: bytes = b"", seconds: float = 60) -> "subprocess.CompletedProcess[bytes]":
        """Run a postroom command on this installation."""
        command = [sys.executable, "-m", "postroom", *words, "--config", str(self.config)]
        return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=seconds, cwd=self.folder)

    def jobs(self, *words: str) -> list[dict[str, Any]]:
        """What `postroom queue list --json` tells."""
        done = self.command("queue", "list", "--json", "--limit", "100000", *words)
        if done.returncode:
            raise NotStarted(
                f"postroom queue list: exit {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}"
            )
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def _processes(self) -> Iterator[tuple[int, list[str]]]:
        sign = f"{MARK}={self._mark}".encode()
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError):
                    if sign in Path("/proc", name, "environ").read_bytes():
                        words = Path("/proc", name, "cmdline").read_bytes().decode(errors="replace").split("\0")
                        if words != [""]:  # a zombie has none
                            yield int(name), words


def greets(port: int) -> bool:
    """Whether an SMTP server says 220 there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as door:
            return door.recv(512).startswith(b"220")
    except OSError:
        return False
