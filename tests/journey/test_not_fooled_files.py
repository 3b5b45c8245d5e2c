"""Files, settings, rules and addresses to call that were made to hurt: commands end in bounded time and memory, with a sentence."""

import json
import os
import resource
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from postroom.config import load
from postroom.decide.rulebook import compile as compile_rulebook
from postroom.model.mail import RouteName
from tests.commands import command
from tests.journey.attacked import PATIENCE, POSTROOM, a_mail, serving, until

SETTINGS = """
data = "data"
[intake]
max_size = 10_000_000
[brand.shop]
addresses = ["support@shop.test"]
[route.general]
destinations = ["general"]
[destination.general]
kind = "inbox"
[judging]
starter = false
"""
ROUTES = [RouteName("appeals"), RouteName("general")]
#: of address space, in bytes: twice what a command needs, a fraction of what it is given
ENOUGH = 1_500_000_000


def run(folder: Path, *arguments: str, **more) -> "subprocess.CompletedProcess[str]":
    """A command in a folder with settings, with little memory and time."""
    (folder / "postroom.toml").write_text(SETTINGS)
    return subprocess.run(
        [*POSTROOM, *arguments, "-c", str(folder / "postroom.toml")], cwd=folder, capture_output=True, text=True,
        timeout=PATIENCE, check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (ENOUGH, ENOUGH)), **more,
    )  # fmt: skip


def test_a_folder_of_traps_is_read_without_falling_into_one(tmp_path: Path) -> None:
    """Pipes, devices, links in circles and to nowhere: the mails beside them are judged."""
    mails = tmp_path / "mails"
    mails.mkdir()
    (mails / "a.eml").write_bytes(a_mail(1))
    (mails / "z.eml").write_bytes(a_mail(2))
    os.mkfifo(mails / "pipe")
    (mails / "zero").symlink_to("/dev/zero")
    (mails / "nowhere").symlink_to(mails / "gone")
    (mails / "itself").symlink_to(mails / "itself")
    (mails / "above").symlink_to(tmp_path)
    (mails / "binary").write_bytes(bytes(range(256)) * 1000)
    (mails / "empty").write_bytes(b"")
    done = run(tmp_path, "route", str(mails), "--json")
    assert done.returncode == 0, done.stderr
    found = [Path(json.loads(line)["path"]).name for line in done.stdout.splitlines()]
    assert found == ["a.eml", "binary", "empty", "z.eml"]


@pytest.mark.parametrize("path", ["gone", "circle", "\udcff", "a\nb"])
def test_a_path_that_is_no_file_is_said_to_be_none(tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "postroom.toml").write_text(SETTINGS)
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    monkeypatch.chdir(tmp_path)
    done = command("route", path, "-c", "postroom.toml")
    assert done.code == 1
    assert "no file or folder" in done.err


def test_a_huge_file_is_cut_and_an_mbox_of_little_lines_stays_small(tmp_path: Path) -> None:
    with (tmp_path / "huge.eml").open("wb") as file:
        file.write(b"Subject: x\r\n\r\n")
        file.truncate(3_000_000_000)
    (tmp_path / "lines.mbox").write_bytes(b"From x\n" + b"a\n" * 4_000_000)
    done = run(tmp_path, "understand", "huge.eml", "lines.mbox", "/dev/zero", "--json")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3


def test_a_gigabyte_on_standard_input_is_put_off_in_bounded_memory(tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(SETTINGS)
    receive = [*POSTROOM, "receive", "support@shop.test", "-c", str(tmp_path / "postroom.toml")]
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (ENOUGH, ENOUGH))  # noqa: E731
    with Path("/dev/zero").open("rb") as endless:
        done = subprocess.run(
            receive, stdin=endless, capture_output=True, text=True, timeout=PATIENCE, check=False, preexec_fn=limit
        )
    assert done.returncode == 75, done.stderr
    assert "max_size" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["victim@elsewhere.test"], ["support@shop.test\r\nRCPT TO:<victim@elsewhere.test>"], [""], ["support@shop.test,victim@elsewhere.test"]],
)  # fmt: skip
def test_receive_is_no_relay_either(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "postroom.toml").write_text(SETTINGS)
    done = command("receive", *arguments, "-c", str(tmp_path / "postroom.toml"), stdin=a_mail(1).decode())
    assert done.code == 67, done.err


HOSTILE_TOML = {
    "nothing but brackets": "[" * 100_000,
    "nested arrays": "a = " + "[" * 100_000 + "]" * 100_000,
    "nested tables": "a = " + "{b = " * 50_000 + "1" + "}" * 50_000,
    "a long key": "a." * 100_000 + "b = 1",
    "many keys": "".join([f"key{n} = 1\n" for n in range(2000)]),
    "many brands": "".join([f'[brand.b{n}]\naddresses = ["a{n}@x.test"]\n' for n in range(5000)]),
    "one long string": 'data = "' + "a" * 10_000_000 + '"',
    "NUL": "data = \0",
    "a huge number": "data = " + "9" * 100_000,
    "comments": "#" * 10_000_000,
}


@pytest.mark.parametrize("what", HOSTILE_TOML)
def test_hostile_settings_are_mistakes_with_a_line(what: str) -> None:
    """10 MB at most, whoever wrote it: no exception, no recursion without end, an answer in seconds."""
    started = time.process_time()
    settings, problems = load(HOSTILE_TOML[what])
    assert settings is None
    assert all(p.line >= 1 and p.message for p in problems)
    assert problems
    assert time.process_time() - started < 20


@pytest.mark.parametrize("what", HOSTILE_TOML)
def test_hostile_rules_are_mistakes_with_a_line(what: str) -> None:
    for rules, phrases in (({"r.toml": HOSTILE_TOML[what]}, {}), ({}, {"p.toml": HOSTILE_TOML[what]})):
        _, problems = compile_rulebook(rules, phrases, ROUTES)
        assert what == "comments" or [p for p in problems if p.severity == "error"]


CONDITIONS = {
    "brackets": "(" * 20_000 + "true" + ")" * 20_000,
    "negations": "!" * 50_000 + "true",
    "alternatives": " || ".join(["subject.contains('a')"] * 20_000),
    "a long string": "subject.contains('" + "a" * 5_000_000 + "')",
    "a bomb of ranges": "[0,1,2,3,4,5,6,7,8,9]" + "".join([f".map(a{n}, [0,1,2,3,4,5,6,7,8,9]" for n in range(12)]) + ")" * 12 + ".size() > 0",
    "a regular expression that counts": "subject.matches('(((a{1,100}){1,100}){1,100}){1,100}')",
    "a regular expression that doubts": "subject.matches('(a*)*(a*)*(a*)*$b')",
    "not CEL": "\x00\ufffe𝕏 ${}`;DROP TABLE mails;--",
}  # fmt: skip


@pytest.mark.parametrize("what", CONDITIONS)
def test_a_hostile_condition_is_refused_or_harmless(what: str) -> None:
    started = time.process_time()
    rule = f'[[rule]]\nname = "one"\nroute = "appeals"\nweight = 1.0\nwhen = {json.dumps(CONDITIONS[what])}\n'
    book, problems = compile_rulebook({"r.toml": rule}, {}, ROUTES)
    assert book is not None
    assert problems or what in {"alternatives", "a long string", "a regular expression that doubts", "a bomb of ranges"}
    assert time.process_time() - started < 20


def test_thousands_of_rules_are_compiled_in_bounded_time() -> None:
    rules = "".join(
        [
            f'[[rule]]\nname = "r{n}"\nroute = "appeals"\nweight = 1.0\nwhen = "subject.contains(\'{n}\')"\n'
            for n in range(5000)
        ]
    )
    started = time.process_time()
    compile_rulebook({"r.toml": rules}, {}, ROUTES)
    assert time.process_time() - started < 15


class Inside(BaseHTTPRequestHandler):
    """A service of this machine that must not be reached, and one that sends its callers there."""

    called: list[str] = []  # noqa: RUF012

    def do_POST(self) -> None:
        self.called.append(self.path)
        self.send_response(307 if self.path == "/moved" else 200)
        self.send_header("Location", "/secret")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def inside() -> Iterator[int]:
    Inside.called.clear()
    server = HTTPServer(("127.0.0.1", 0), Inside)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


SPELLINGS = (
    "http://127.0.0.1:{}/", "http://localhost:{}/", "http://2130706433:{}/", "http://0x7f000001:{}/", "http://0177.0.0.1:{}/",
    "http://127.1:{}/", "http://0:{}/", "http://[::1]:{}/", "http://[::ffff:127.0.0.1]:{}/", "http://[::ffff:7f00:1]:{}/",
    "http://①②⑦.⓪.⓪.①:{}/", "http://127。0。0。1:{}/", "http://LOCALHOST.:{}/", "https://127.0.0.1:{}/", "https://localhost:{}/",
    "http://169.254.169.254:{}/", "http://[fe80::1]:{}/", "http://[64:ff9b::7f00:1]:{}/", "http://[2002:7f00:1::]:{}/",
)  # fmt: skip


def test_no_webhook_of_the_settings_reaches_this_machine_unless_listed(inside: int, tmp_path: Path) -> None:
    """All spellings at once, each a destination of every mail; one that is listed, and one that is sent on from there."""
    (tmp_path / "secret").write_text("s" * 32)
    names = [f"hook-{n}" for n in range(len(SPELLINGS))] + ["listed", "moved"]
    urls = [spelling.format(inside) for spelling in SPELLINGS]
    urls += [f"http://127.0.0.1:{inside}/listed", f"http://127.0.0.1:{inside}/moved"]
    allow = [""] * len(SPELLINGS) + ['allow = ["127.0.0.1"]'] * 2
    hooks = "".join(
        [
            f'[destination.{name}]\nkind = "webhook"\nurl = "{url}"\nsecret_file = "secret"\ntimeout = 5.0\n{more}\n'
            for name, url, more in zip(names, urls, allow, strict=True)
        ]
    )
    settings = (
        f'[brand.shop]\naddresses = ["support@shop.test"]\n[route.appeals]\ndestinations = {json.dumps(names)}\n{hooks}'
    )
    with serving(tmp_path / "shop", settings.replace('"secret"', json.dumps(str(tmp_path / "secret")))) as served:
        served.send(a_mail(1))
        until(lambda: {"/listed", "/moved"} <= set(Inside.called), "the listed ones are called")
        until(lambda: len(served.events("lane-down")) >= len(SPELLINGS) + 1, "all others are down")
    assert set(Inside.called) == {"/listed", "/moved"}
