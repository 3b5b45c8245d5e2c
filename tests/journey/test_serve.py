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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest

from postroom.adapters.store.sqlite import SqliteStore
from postroom.model.work import InboxEntry, JobInfo
from postroom.ports import JobFilter
from tests.commands import command
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
PATIENCE = 90.0


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

    def command(self, *arguments: str) -> str:
        """The output of a command."""
        ran = command(*arguments, "-c", str(self.folder / "postroom.toml"))
        assert ran.code == 0, ran.err
        return ran.out

    def receive(self, recipient: str, mail: str) -> int:
        """How `postroom receive` ends that is given a mail, as a mail server's pipe runs it."""
        arguments = ["receive", recipient, "--sender", "ada@example.com", "-c", str(self.folder / "postroom.toml")]
        return subprocess.run([*POSTROOM, *arguments], check=False, input=mail.encode(), timeout=PATIENCE).returncode

    @property
    def store(self) -> SqliteStore:
        """The server's store, read beside it: asking by command would take a process each time."""
        if self._store is None:
            self._store = SqliteStore.open(self.folder / "data" / "postroom.db")
        return self._store

    def inbox(self, name: str = "appeals") -> list[InboxEntry]:
        return list(self.store.entries(name))

    def metric(self, name: str) -> float:
        """The value of a metric; 0 for one that was never counted."""
        lines = (line.rpartition(" ") for line in self.page("/metrics")[1].splitlines())
        return sum(float(value) for told, _, value in lines if told == name)

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


@contextmanager
def served(folder: Path, *changes: tuple[str, str]) -> Iterator[Running]:
    """A server in a folder, with changes to the settings."""
    smtp, lmtp, web = free_ports(3)
    settings(folder, smtp, lmtp, web)
    file = folder / "postroom.toml"
    for old, new in changes:
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
    running = Running(folder=folder, process=start(folder), smtp=smtp, lmtp=lmtp, web=web)
    try:
        running.until_started()
        yield running
    finally:
        running.end()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A server of a test's own, to be broken."""
    with served(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server for all tests that leave it as it was; each counts its own mails."""
    with served(tmp_path_factory.mktemp("sound")) as running:
        yield running


def start(folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("ab") as log:
        root = ["--allow-root"] if os.geteuid() == 0 else []
        return subprocess.Popen(
            [*POSTROOM, "serve", "-c", str(folder / "postroom.toml"), *root], stdout=log, stderr=log
        )


def test_mail_reaches_every_destination_of_its_route_by_every_door(sound: Running) -> None:
    running, copies = sound, sound.folder / "copy" / "new"
    entries, files = len(running.inbox()), len(list(copies.glob("*")))
    by_lmtp, copied = 'postroom_mails_accepted_total{door="lmtp"}', 'postroom_deliveries_total{destination="copy"}'
    metrics = running.metric(by_lmtp), running.metric(copied)
    running.send("Please give me my account back, by SMTP.")
    running.send("Please give me my account back, I say.", lmtp=True)
    mail = a_mail("Please give me my account back, by the pipe.", 7).as_string()
    assert running.receive("support@shop.test", mail) == 0
    until(lambda: len(running.inbox()) == entries + 3, "three in the inbox")
    until(lambda: len(list(copies.glob("*"))) == files + 3, "three in the Maildir")
    until(lambda: not running.waiting(), "nothing waits")
    assert running.receive("nobody@elsewhere.test", mail) == 67

    assert {(e.from_addr, e.subject, e.read) for e in running.inbox()} == {("ada@example.com", "Hello", False)}
    assert "give me my account back" in running.command("inbox", "read", running.inbox()[0].mail_id.upper())
    assert running.page("/healthz") == (200, '{"status":"ok"}')
    assert running.page("/readyz")[0] == 200
    assert (running.metric(by_lmtp), running.metric(copied)) == (metrics[0] + 1, metrics[1] + 3)
    for event in ("accepted", "judged", "delivered"):
        told = running.events(event)
        assert told
        assert all(len(e["mail"]) == 26 for e in told), "every line names its mail"
    log = (running.folder / "log").read_text()
    assert "ada@" not in log
    assert "account back" not in log


def test_each_door_says_where_it_listens(sound: Running) -> None:
    assert {e["door"]: e["listening"] for e in sound.events("started")} == {
        "smtp": f"127.0.0.1:{sound.smtp}",
        "lmtp": f"127.0.0.1:{sound.lmtp}",
    }


def test_it_warns_where_nobody_is_named_for_urgent_mail(sound: Running) -> None:
    (told,) = sound.events("urgent-unheard")
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


def test_a_killed_worker_is_started_again_and_nothing_is_lost(sound: Running) -> None:
    until(lambda: set(sound.workers()) == {"judge", "deliver"}, "both workers")
    entries, deaths = len(sound.inbox()), len(sound.events("worker-died"))
    for role, pid in sound.workers().items():
        os.kill(pid, signal.SIGKILL)
        sound.send(f"Please give me my account back, {role}.")
    until(lambda: len(sound.inbox()) == entries + 2, "both delivered")
    assert [e["reason"] for e in sound.events("worker-died")[deaths:]] == ["SIGKILL", "SIGKILL"]


def test_sighup_reads_the_rules_again_and_keeps_the_old_ones_when_they_are_wrong(sound: Running) -> None:
    rules = sound.folder / "phrases" / "appeals.toml"

    def read_again(text: str, event: str) -> None:
        until(lambda: "judge" in sound.workers() and sound.page("/readyz")[0] == 200, "a judge that listens")
        before = len(sound.events(event))
        rules.write_text(text)
        sound.process.send_signal(signal.SIGHUP)
        until(lambda: len(sound.events(event)) > before, event)

    entries = len(sound.inbox())
    try:
        read_again(PHRASES.replace("give me my account back", "return my profile"), "rules-loaded")
        sound.send("Please return my profile.")
        until(lambda: len(sound.inbox()) == entries + 1, "judged by the new phrases")
        read_again("route = ", "rules-refused")
        sound.send("Return my profile at once.")
        until(lambda: len(sound.inbox()) == entries + 2, "judged by the phrases before")
    finally:
        read_again(PHRASES, "rules-loaded")


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


def test_a_store_that_is_moved_is_no_health_until_it_is_back(sound: Running) -> None:
    entries = len(sound.inbox())
    store = sound.folder / "data" / "postroom.db"
    store.rename(store.with_name("elsewhere.db"))
    for path in ("/healthz", "/readyz"):
        status, body = sound.page(path)
        assert status == 503
        assert "moved or deleted" in json.loads(body)["store"]
    mail = a_mail("Please give me my account back.", 1).as_string()
    assert sound.receive("support@shop.test", mail) == 75
    assert not store.exists(), "nobody makes another one in its place"
    store.with_name("elsewhere.db").rename(store)
    assert sound.page("/healthz")[0] == 200
    sound.send("Please give me my account back, after the move.")
    until(lambda: len(sound.inbox()) == entries + 1, "it takes mail as before")


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


def test_a_second_server_on_the_same_store_is_refused_and_changes_nothing(sound: Running) -> None:
    entries, accepted = len(sound.inbox()), 'postroom_mails_accepted_total{door="smtp"}'
    sound.send("Please give me my account back, whoever serves.")
    until(lambda: len(sound.inbox()) == entries + 1, "delivered")
    before = sound.metric(accepted)
    assert before >= 1
    smtp, lmtp, web = free_ports(3)
    other = sound.folder / "other.toml"
    other.write_text(SETTINGS.format(smtp=smtp, lmtp=lmtp, web=web))
    root = ["--allow-root"] if os.geteuid() == 0 else []
    serve = [*POSTROOM, "serve", "-c", str(other), *root]
    run = subprocess.run(serve, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 1
    assert f"another server has this store, pid {sound.process.pid}" in run.stderr
    assert sound.metric(accepted) == before


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
    serve = [*POSTROOM, "serve", "-c", str(tmp_path / "postroom.toml")]
    run = subprocess.run(serve, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 1
    assert "does not run as root" in run.stderr
    assert "Traceback" not in run.stderr
