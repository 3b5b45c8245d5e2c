"""`postroom serve` as it is run: real processes, a real socket, signals."""

import json
import os
import signal
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from postroom.adapters.store.sqlite import SqliteStore
from postroom.model.work import InboxEntry, JobInfo
from postroom.ports import JobFilter
from tools.running import free_ports

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
[pages]
listen = ""
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
    _store: SqliteStore | None = None

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

    @property
    def store(self) -> SqliteStore:
        """The server's store, read beside it: asking by command would take a process each time."""
        if self._store is None:
            self._store = SqliteStore.open(self.folder / "data" / "postroom.db")
        return self._store

    def inbox(self, name: str = "appeals") -> list[InboxEntry]:
        return list(self.store.entries(name))

    def waiting(self) -> tuple[JobInfo, ...]:
        return self.store.jobs(JobFilter(states=("ready", "claimed", "held", "parked")))

    def end(self) -> None:
        """Stop what is left of it."""
        if self._store is not None:
            self._store.close()
        self.process.kill()
        self.process.wait()

    def page(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def events(self, name: str) -> list[dict]:
        whole_lines = (self.folder / "log").read_text().rpartition("\n")[0].splitlines()
        return [e for e in map(json.loads, whole_lines) if e["event"] == name]

    def until_started(self) -> None:
        """Until it takes mail by both doors. What it takes before its workers are up, they judge then."""
        until(lambda: self.process.poll() is not None or len(self.events("started")) == 2, "started")
        assert self.process.poll() is None, (self.folder / "log").read_text()

    def until_page_is(self, status: int) -> None:
        """Until the health page is there and says so."""

        def says() -> bool:
            with suppress(urllib.error.URLError):
                return self.page("/healthz")[0] == status
            return False

        until(says, f"/healthz is {status}")

    def workers(self) -> dict[str, int]:
        return {e["role"]: e["pid"] for e in self.events("worker-started")}


def a_mail(body: str, number: int) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ada@example.com", "support@shop.test", "Hello"
    message["Message-ID"] = f"<{number}.{hash(body)}@example.com>"
    message.set_content(body)
    return message


def settings(folder: Path, smtp: int = 0, lmtp: int = 0, web: int = 0) -> None:
    """Write postroom.toml and the phrases."""
    (folder / "postroom.toml").write_text(SETTINGS.format(smtp=smtp, lmtp=lmtp, web=web))
    (folder / "phrases").mkdir()
    (folder / "phrases" / "appeals.toml").write_text(PHRASES)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    smtp, lmtp, web = free_ports(3)
    settings(tmp_path, smtp, lmtp, web)
    running = Running(folder=tmp_path, process=start(tmp_path), smtp=smtp, lmtp=lmtp, web=web)
    try:
        running.until_started()
        yield running
    finally:
        running.end()


def start(folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("ab") as log:
        root = ["--allow-root"] if os.geteuid() == 0 else []
        return subprocess.Popen(
            [*POSTROOM, "serve", "-c", str(folder / "postroom.toml"), *root], stdout=log, stderr=log
        )


def test_mail_reaches_every_destination_of_its_route_by_every_door(running: Running) -> None:
    running.send("Please give me my account back.")
    running.send("Please give me my account back, I say.", lmtp=True)
    mail = a_mail("Please give me my account back, by the pipe.", 7).as_string()
    running.command("receive", "support@shop.test", "--sender", "ada@example.com", input=mail)
    until(lambda: len(running.inbox()) == 3, "three in the inbox")
    until(lambda: len(list((running.folder / "copy" / "new").iterdir())) == 3, "three in the Maildir")
    until(lambda: not running.waiting(), "nothing waits")
    running.command("receive", "nobody@elsewhere.test", code=67, input=mail)

    assert {(e.from_addr, e.subject, e.read) for e in running.inbox()} == {("ada@example.com", "Hello", False)}
    assert "give me my account back" in running.command("inbox", "read", running.inbox()[-1].mail_id.upper())
    assert running.page("/healthz") == (200, '{"status":"ok"}')
    assert running.page("/readyz")[0] == 200
    metrics = running.page("/metrics")[1]
    assert 'postroom_mails_accepted_total{door="lmtp"} 1.0' in metrics
    assert 'postroom_deliveries_total{destination="copy"} 3.0' in metrics
    for event in ("accepted", "judged", "delivered"):
        told = running.events(event)
        assert told
        assert all(len(e["mail"]) == 26 for e in told), "every line names its mail"
    log = (running.folder / "log").read_text()
    assert "ada@" not in log
    assert "account back" not in log


def test_each_door_says_where_it_listens(running: Running) -> None:
    assert {e["door"]: e["listening"] for e in running.events("started")} == {
        "smtp": f"127.0.0.1:{running.smtp}",
        "lmtp": f"127.0.0.1:{running.lmtp}",
    }


def test_it_warns_where_nobody_is_named_for_urgent_mail(running: Running) -> None:
    (told,) = running.events("urgent-unheard")
    assert told["level"] == "warning"
    assert "urgent.destinations" in told["remedy"]


def test_sigterm_drains_and_a_restart_goes_on(running: Running) -> None:
    running.send(*[f"Please give me my account back, number {n}." for n in range(30)])
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(PATIENCE) == 0
    running.process = start(running.folder)
    until(lambda: len(running.inbox()) == 30, "thirty in the inbox")
    until(lambda: not running.waiting(), "nothing waits")
    assert len(list((running.folder / "copy" / "new").iterdir())) == 30


def test_a_killed_worker_is_started_again_and_nothing_is_lost(running: Running) -> None:
    until(lambda: set(running.workers()) == {"judge", "deliver"}, "both workers")
    for role, pid in running.workers().items():
        os.kill(pid, signal.SIGKILL)
        running.send(f"Please give me my account back, {role}.")
    until(lambda: len(running.inbox()) == 2, "both delivered")
    assert [e["reason"] for e in running.events("worker-died")] == ["SIGKILL", "SIGKILL"]


def test_sighup_reads_the_rules_again_and_keeps_the_old_ones_when_they_are_wrong(running: Running) -> None:
    rules = running.folder / "phrases" / "appeals.toml"
    rules.write_text(PHRASES.replace("give me my account back", "return my profile"))
    running.process.send_signal(signal.SIGHUP)
    until(lambda: bool(running.events("rules-loaded")), "loaded")
    running.send("Please return my profile.")
    until(lambda: len(running.inbox()) == 1, "judged by the new phrases")
    rules.write_text("route = ")
    running.process.send_signal(signal.SIGHUP)
    until(lambda: bool(running.events("rules-refused")), "refused")
    running.send("Return my profile at once.")
    until(lambda: len(running.inbox()) == 2, "judged by the phrases before")


def test_a_judge_that_starts_while_the_rules_are_wrong_goes_on_with_those_accepted_last(running: Running) -> None:
    until(lambda: running.page("/readyz")[0] == 200, "ready")
    assert (running.folder / "data" / "rules.last").stat().st_mode & 0o777 == 0o600
    phrases = running.folder / "phrases" / "appeals.toml"
    phrases.write_text("route = ")
    os.kill(running.workers()["judge"], signal.SIGKILL)
    running.send("Please give me my account back.")
    until(lambda: len(running.inbox()) == 1, "judged all the same")

    assert running.events("rules-refused")
    for path in ("/healthz", "/readyz"):
        status, body = running.page(path)
        assert status == 200
        assert "appeals.toml:1:" in json.loads(body)["warnings"]["judge-2"]
    assert "postroom_worker_warnings 1.0" in running.page("/metrics")[1]
    assert "postroom_rules_refused_total 1.0" in running.page("/metrics")[1]
    phrases.write_text(PHRASES)
    running.process.send_signal(signal.SIGHUP)
    until(lambda: "warnings" not in running.page("/readyz")[1], "no warning any more")
    assert "postroom_worker_warnings 0.0" in running.page("/metrics")[1]

    phrases.write_text("route = ")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(PATIENCE) == 0
    running.process = start(running.folder)
    assert running.process.wait(PATIENCE) == 1, "a server doesn't begin with rules that have mistakes"


def test_a_worker_tells_of_its_failure_in_a_line_like_all_others(running: Running) -> None:
    until(lambda: running.page("/readyz")[0] == 200, "ready")
    (running.folder / "postroom.toml").write_text("hostname = 7")
    os.kill(running.workers()["judge"], signal.SIGKILL)
    until(lambda: bool(running.events("worker-failed")), "told")
    failed = running.events("worker-failed")[0]
    assert (failed["process"], failed["level"]) == ("judge", "error")
    assert "hostname" in failed["error"]
    until(lambda: running.page("/readyz")[0] == 503, "not ready without a judge")
    assert json.loads(running.page("/readyz")[1])["workers"] == {"deliver-1": True, "judge-2": False}


def test_a_store_that_is_moved_is_no_health_until_it_is_back(running: Running) -> None:
    store = running.folder / "data" / "postroom.db"
    store.rename(store.with_name("elsewhere.db"))
    for path in ("/healthz", "/readyz"):
        status, body = running.page(path)
        assert status == 503
        assert "moved or deleted" in json.loads(body)["store"]
    mail = a_mail("Please give me my account back.", 1).as_string()
    running.command("receive", "support@shop.test", "--sender", "ada@example.com", input=mail, code=75)
    assert not store.exists(), "nobody makes another one in its place"
    store.with_name("elsewhere.db").rename(store)
    assert running.page("/healthz")[0] == 200
    running.send("Please give me my account back.")
    until(lambda: len(running.inbox()) == 1, "it takes mail as before")


def test_a_server_whose_store_was_replaced_ends_to_be_started_again(running: Running) -> None:
    running.send("Please give me my account back.")
    until(lambda: len(running.inbox()) == 1, "delivered")
    running.store.close()
    running._store = None
    store = running.folder / "data" / "postroom.db"
    assert store.with_name("postroom.db-wal").stat().st_size, "a log that would ruin another file"
    SqliteStore.open(running.folder / "restored.db").close()
    (running.folder / "restored.db").replace(store)
    assert running.process.wait(PATIENCE) == 1
    assert "another file has taken the place" in (running.folder / "log").read_text()
    assert store.with_name("postroom.db-wal.left").exists()
    running.process = start(running.folder)
    running.until_page_is(200)
    running.send("Please give me my account back.")
    until(lambda: len(running.inbox()) == 1, "it works with the new one")


def test_a_second_server_on_the_same_store_is_refused_and_changes_nothing(running: Running) -> None:
    running.send("Please give me my account back.")
    until(lambda: len(running.inbox()) == 1, "delivered")
    smtp, lmtp, web = free_ports(3)
    other = running.folder / "other.toml"
    other.write_text(SETTINGS.format(smtp=smtp, lmtp=lmtp, web=web))
    root = ["--allow-root"] if os.geteuid() == 0 else []
    command = [*POSTROOM, "serve", "-c", str(other), *root]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 1
    assert f"another server has this store, pid {running.process.pid}" in run.stderr
    assert 'postroom_mails_accepted_total{door="smtp"} 1.0' in running.page("/metrics")[1]


def test_sighup_waits_for_a_server_that_starts(tmp_path: Path) -> None:
    """A file of phrases that can't be read to its end yet holds it where it has just begun."""
    smtp, lmtp, web = free_ports(3)
    settings(tmp_path, smtp, lmtp, web)
    slow = tmp_path / "phrases" / "slow.toml"
    os.mkfifo(slow)
    running = Running(folder=tmp_path, process=start(tmp_path), smtp=smtp, lmtp=lmtp, web=web)
    try:
        with slow.open("w") as written:  # opened once it is being read
            running.process.send_signal(signal.SIGHUP)
            slow.unlink()
            written.write(PHRASES.replace("account", "profile"))
        running.until_started()
        until(lambda: len(running.events("rules-loaded")) == 2, "read at the start, and again as it was asked")
    finally:
        running.end()


def test_root_is_refused_without_a_user_to_become(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can try to run as root")
    settings(tmp_path, *free_ports(3))
    command = [*POSTROOM, "serve", "-c", str(tmp_path / "postroom.toml")]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 1
    assert "does not run as root" in run.stderr
    assert "Traceback" not in run.stderr
