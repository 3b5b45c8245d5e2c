"""`postroom serve` as it is run: real processes, a real socket, signals."""

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

POSTROOM = [sys.executable, "-m", "postroom"]
SETTINGS = """
data = "data"
hostname = "mx.shop.test"
[intake]
listen = ["127.0.0.1:{smtp}"]
lmtp = ["127.0.0.1:{lmtp}"]
[brand.shop]
addresses = ["support@shop.test"]
[route.appeals]
destinations = ["appeals", "copy"]
[route.general]
destinations = ["general"]
[destination.appeals]
kind = "inbox"
[destination.copy]
kind = "maildir"
path = "copy"
[destination.general]
kind = "mbox"
path = "general.mbox"
[judging]
starter = false
[web]
listen = "127.0.0.1:{web}"
[log]
format = "json"
"""
PHRASES = """
route = "appeals"
[[group]]
language = "en"
weight = 5.0
phrases = ["give me my account back"]
"""
#: seconds that anything here may take on a busy machine
PATIENCE = 60.0


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def until(true: Callable[[], bool], what: str) -> None:
    """Ask again and again until it is true: processes tell no test when they are done."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"still not: {what}"
        time.sleep(0.02)


@dataclass
class Running:
    """A server with its folder and ports."""

    folder: Path
    process: "subprocess.Popen[bytes]"
    smtp: int
    lmtp: int
    web: int

    def send(self, *bodies: str, lmtp: bool = False) -> None:
        kind, port = (smtplib.LMTP, self.lmtp) if lmtp else (smtplib.SMTP, self.smtp)
        with kind("127.0.0.1", port, timeout=PATIENCE) as client:  # type: ignore[operator]
            for number, body in enumerate(bodies):
                client.send_message(a_mail(body, number), "ada@example.com", ["support@shop.test"])

    def command(self, *arguments: str, code: int = 0, **more) -> str:
        run = subprocess.run(
            [*POSTROOM, *arguments, "-c", str(self.folder / "postroom.toml")],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            **more,
        )
        assert run.returncode == code, run.stderr
        return run.stdout

    def lines(self, *arguments: str) -> list[dict]:
        return [json.loads(line) for line in self.command(*arguments, "--json").splitlines()]

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def events(self, name: str) -> list[dict]:
        lines = (self.folder / "log").read_text().splitlines()
        return [e for e in map(json.loads, lines) if e["event"] == name]

    def workers(self) -> dict[str, int]:
        return {e["role"]: e["pid"] for e in self.events("worker-started")}


def a_mail(body: str, number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ada@example.com", "support@shop.test", "Hello"
    message["Message-ID"] = f"<{number}.{hash(body)}@example.com>"
    message.set_content(body)
    return message


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    smtp, lmtp, web = free_ports(3)
    (tmp_path / "postroom.toml").write_text(SETTINGS.format(smtp=smtp, lmtp=lmtp, web=web))
    (tmp_path / "phrases").mkdir()
    (tmp_path / "phrases" / "appeals.toml").write_text(PHRASES)
    server = start(tmp_path)
    running = Running(folder=tmp_path, process=server, smtp=smtp, lmtp=lmtp, web=web)
    try:
        until(lambda: server.poll() is not None or bool(running.events("started")[1:]), "started")
        assert server.poll() is None, (tmp_path / "log").read_text()
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def start(folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("ab") as log:
        root = ["--allow-root"] if os.geteuid() == 0 else []
        return subprocess.Popen(
            [*POSTROOM, "serve", "-c", str(folder / "postroom.toml"), *root], stdout=log, stderr=log
        )


def test_mail_by_smtp_and_lmtp_reaches_every_destination_of_its_route(running: Running) -> None:
    running.send("Please give me my account back.")
    running.send("Please give me my account back, I say.", lmtp=True)
    until(lambda: len(running.lines("inbox", "list", "appeals")) == 2, "two in the inbox")
    until(lambda: len(list((running.folder / "copy" / "new").iterdir())) == 2, "two in the Maildir")
    first = running.lines("inbox", "list", "appeals")[-1]
    assert "give me my account back" in running.command("inbox", "read", first["id"])
    assert "appeals" in running.command("explain", first["id"][:16])
    assert running.page("/healthz") == (200, '{"status":"ok"}')
    assert running.page("/readyz")[0] == 200
    metrics = running.page("/metrics")[1]
    assert 'postroom_mails_accepted_total{door="lmtp"} 1.0' in metrics
    assert 'postroom_deliveries_total{destination="copy"} 2.0' in metrics
    for event in ("accepted", "judged", "delivered"):
        assert all(len(e["mail"]) == 26 for e in running.events(event)), "every line names its mail"
    log = (running.folder / "log").read_text()
    assert "ada@" not in log
    assert "account back" not in log


def test_sigterm_drains_and_a_restart_goes_on(running: Running) -> None:
    running.send(*[f"Please give me my account back, number {n}." for n in range(30)])
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(PATIENCE) == 0
    running.process = start(running.folder)
    until(lambda: len(running.lines("inbox", "list", "appeals")) == 30, "thirty in the inbox")
    until(lambda: not running.lines("queue", "list"), "nothing waits")
    assert len(list((running.folder / "copy" / "new").iterdir())) == 30


def test_a_killed_worker_is_started_again_and_nothing_is_lost(running: Running) -> None:
    until(lambda: set(running.workers()) == {"judge", "deliver"}, "both workers")
    for role, pid in running.workers().items():
        os.kill(pid, signal.SIGKILL)
        running.send(f"Please give me my account back, {role}.")
    until(lambda: len(running.lines("inbox", "list", "appeals")) == 2, "both delivered")
    assert len(running.events("worker-died")) == 2


def test_sighup_reads_the_rules_again_and_keeps_the_old_ones_when_they_are_wrong(running: Running) -> None:
    rules = running.folder / "phrases" / "appeals.toml"
    until(lambda: bool(running.events("rules-loaded")), "loaded at the start")
    rules.write_text(PHRASES.replace("give me my account back", "return my profile"))
    running.process.send_signal(signal.SIGHUP)
    until(lambda: len(running.events("rules-loaded")) == 2, "loaded again")
    running.send("Please return my profile.")
    until(lambda: len(running.lines("inbox", "list", "appeals")) == 1, "judged by the new phrases")
    rules.write_text("route = ")
    running.process.send_signal(signal.SIGHUP)
    until(lambda: bool(running.events("rules-refused")), "refused")
    running.send("Return my profile at once.")
    until(lambda: len(running.lines("inbox", "list", "appeals")) == 2, "judged by the phrases before")


def test_receive_takes_a_mail_from_standard_input(running: Running) -> None:
    mail = a_mail("Please give me my account back.", 7).as_string()
    running.command("receive", "support@shop.test", "--sender", "ada@example.com", input=mail)
    until(lambda: len(running.lines("inbox", "list", "appeals")) == 1, "delivered by the workers")
    running.command("receive", "nobody@elsewhere.test", code=75, input=mail)


def test_backup_and_restore_with_deliveries_held(running: Running, tmp_path: Path) -> None:
    running.send("Please give me my account back.")
    until(lambda: not running.lines("queue", "list") and bool(running.lines("inbox", "list")), "delivered")
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(PATIENCE)
    mail = a_mail("Give me my account back, again.", 8).as_string()
    running.command("receive", "support@shop.test", input=mail)
    running.command("backup", str(tmp_path / "copy.db"))
    (running.folder / "data").rename(running.folder / "lost")
    assert "1 jobs held" in running.command("restore", str(tmp_path / "copy.db"))
    assert [j["state"] for j in running.lines("queue", "list")] == ["held"]
    assert "1 made due" in running.command("queue", "retry")
    assert (running.folder / "data" / "key").read_bytes() == (running.folder / "lost" / "key").read_bytes()


def test_root_is_refused_without_a_user_to_become(running: Running) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can try to run as root")
    running.process.kill()
    running.process.wait()
    assert (
        "does not run as root"
        in subprocess.run(
            [*POSTROOM, "serve", "-c", str(running.folder / "postroom.toml")],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        ).stderr
    )
