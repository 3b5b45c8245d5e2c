"""A postroom as it is run, to be attacked: real processes, real sockets, a folder of its own."""

import json
import os
import re
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.commands import command
from tools.running import free_ports

POSTROOM = [sys.executable, "-m", "postroom"]
#: seconds that anything here may take on a busy machine
PATIENCE = 90.0
PHRASES = """
route = "appeals"
[[group]]
language = "en"
weight = 5.0
phrases = ["give me my account back"]
"""
COMMON = """
data = "data"
hostname = "{hostname}"
[intake]
listen = ["127.0.0.1:{smtp}"]
{intake}
[route.general]
destinations = ["general"]
[destination.general]
kind = "inbox"
[judging]
starter = false
[web]
listen = "127.0.0.1:{web}"
[pages]
listen = ""
[log]
format = "json"
level = "debug"
"""


def until(true: Callable[[], bool], what: str) -> None:
    """Ask again and again until it is true: processes tell no test when they are done."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"still not: {what}"
        time.sleep(0.02)


class Served:
    """One running installation."""

    def __init__(
        self,
        folder: Path,
        settings: str,
        *,
        hostname: str = "mx.shop.test",
        intake: str = "",
        ports: Sequence[int] | None = None,
    ) -> None:
        self.folder = folder
        self.smtp, self.web = ports or free_ports(2)
        folder.mkdir(exist_ok=True)
        self.config = folder / "postroom.toml"
        common = COMMON.format(smtp=self.smtp, web=self.web, hostname=hostname, intake=intake)
        self.config.write_text(common + settings)
        (folder / "phrases").mkdir(exist_ok=True)
        (folder / "phrases" / "appeals.toml").write_text(PHRASES)
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        with (self.folder / "log").open("ab") as log:
            root = ["--allow-root"] if os.geteuid() == 0 else []
            serve = [*POSTROOM, "serve", "-c", str(self.config), *root]
            return subprocess.Popen(serve, stdout=log, stderr=log)

    def wait_until_up(self) -> None:
        """The door and the workers are there."""
        until(lambda: self.process.poll() is not None or bool(self.events("started")), "started")
        assert self.process.poll() is None, self.log()

    def stop(self) -> None:
        """At once; what was accepted is in the store."""
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        """All that was logged."""
        return (self.folder / "log").read_text()

    def events(self, name: str) -> list[dict]:
        """The log's lines of an event; a line that is still being written is left out."""
        lines = [line for line in self.log().splitlines() if f'"{name}"' in line and line.endswith("}")]
        return [e for e in map(json.loads, lines) if e["event"] == name]

    def client(self) -> smtplib.SMTP:
        """A connection that has said EHLO."""
        client = smtplib.SMTP("127.0.0.1", self.smtp, timeout=PATIENCE)
        client.ehlo("client.example.com")
        return client

    def send(self, raw: bytes, to: str = "support@shop.test", sender: str = "ada@example.com") -> str:
        """Send one mail; its id."""
        with self.client() as client:
            return hand_over(client, raw, to, sender)

    def command(self, *arguments: str, code: int = 0) -> str:
        """The output of a command."""
        ran = command(*arguments, "-c", str(self.config))
        assert ran.code == code, ran.err
        return ran.out

    def lines(self, *arguments: str) -> list[dict]:
        """What a command prints as JSON."""
        return [json.loads(line) for line in self.command(*arguments, "--json").splitlines()]

    def page(self, path: str) -> tuple[int, str]:
        """A page of the health port."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def settled(self) -> bool:
        """Nothing is left to judge or to deliver."""
        _, text = self.page("/readyz")
        jobs = json.loads(text)["jobs"]
        return not any(jobs[kind][state] for kind in ("judge", "deliver") for state in ("ready", "claimed"))


@contextmanager
def serving(folder: Path, settings: str, *, hostname: str = "mx.shop.test", intake: str = "") -> Iterator[Served]:
    """An installation while it runs."""
    served = Served(folder, settings, hostname=hostname, intake=intake)
    try:
        served.wait_until_up()
        yield served
    finally:
        served.stop()


def hand_over(client: smtplib.SMTP, raw: bytes, to: str = "support@shop.test", sender: str = "ada@example.com") -> str:
    """Send one mail over a connection; the id that 250 named."""
    for reply in (client.mail(sender), client.rcpt(to)):
        assert reply[0] == 250, reply
    code, said = client.data(raw)
    assert code == 250, said
    found = re.search(rb"[0-9a-hjkmnp-tv-z]{26}", said)
    assert found, said
    return found.group().decode()


def a_mail(number: int, body: str = "Please give me my account back.", **headers: str) -> bytes:
    """A mail of Ada's; header names are given with underscores, and left out when empty."""
    fields = {
        "From": "Ada <ada@example.com>",
        "To": "support@shop.test",
        "Subject": "Hello",
        "Message-ID": f"<{number}@example.com>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in fields.items() if value]
    return ("\r\n".join(lines) + "\r\n\r\n" + body + "\r\n").encode()
