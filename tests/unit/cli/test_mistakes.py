"""Whatever people get wrong, they are told in a sentence; never by a traceback."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import SETTINGS, Postroom
from tests.unit.flow.house import a_message

COMMANDS = [
    ("check",),
    ("serve", "--allow-root"),
    ("inbox", "list"),
    ("inbox", "read", "01"),
    ("queue", "list"),
    ("queue", "show", "1"),
    ("queue", "retry"),
    ("queue", "unpark"),
    ("queue", "drop", "1", "--reason", "x"),
    ("mails",),
    ("explain", "01"),
    ("backup", "copy.db"),
    ("restore", "copy.db"),
    ("route", "mail.eml"),
    ("route", "mail.eml", "--deliver"),
    ("understand", "mail.eml"),
    ("rules", "test"),
]
BAD_SETTINGS = {
    "broken": b"[intake\nlisten = 1\n",
    "binary": bytes(range(256)) * 20,
    "latin-1": 'hostname = "gr\xfc\xdfe"\n[intake]\nlisten = 3\n'.encode("latin-1"),
    "wrong": b"hostnam = 'x'\n",
    "empty": b"",
    "control": SETTINGS.replace("mx.shop.test", "mx\\u0000\\u001b[31m.test").encode(),
}


def is_sentence(text: str) -> bool:
    return bool(text.strip()) and "Traceback" not in text and "\x1b" not in text


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("bad", BAD_SETTINGS)
def test_settings_that_are_wrong(postroom: Postroom, folder: Path, command: tuple[str, ...], bad: str) -> None:
    (folder / "postroom.toml").write_bytes(BAD_SETTINGS[bad])
    ran = postroom(*command)
    assert ran.code == 1
    assert is_sentence(ran.out + ran.err)
    assert not (folder / "data").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_settings_that_are_not_there(postroom: Postroom, folder: Path, command: tuple[str, ...]) -> None:
    for place in ("nowhere.toml", "."):
        ran = postroom(*command, "-c", str(folder / place))
        assert (ran.code, ran.out) == (1, "")
        assert "there is no settings file" in ran.err
        assert "postroom init" in ran.err


def test_the_settings_of_the_working_folder_are_missing(postroom: Postroom, folder: Path) -> None:
    (folder / "postroom.toml").unlink()
    ran = postroom("queue", "list")
    assert ran.code == 1
    assert "postroom init" in ran.err


def test_files_need_no_settings(postroom: Postroom, folder: Path) -> None:
    (folder / "postroom.toml").unlink()
    (line,) = postroom("route", "mail.eml", "--json").lines
    assert line["route"] == "appeals"
    assert [f.name for f in folder.iterdir()] == ["mail.eml"]


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("bogus",), "No such command"),
        (("queue", "list", "--limit", "0"), "--limit"),
        (("queue", "list", "--state", "lost"), "use one of ready"),
        (("queue", "list", "--kind", "lost"), "use one of judge"),
        (("inbox", "read"), "Missing argument"),
        (("queue", "drop", "1"), "--reason"),
        (("queue", "drop", "1", "--reason", " "), "--reason is empty"),
        (("queue", "list", "--older-than", "yesterday"), "write 90m, 2h or 3d"),
        (("inbox", "read", "01", "--raw", "--json"), "use one of them"),
        (("queue", "show", "x"), "integer"),
    ],
)
@pytest.mark.usefixtures("empty_store")
def test_a_command_written_wrongly_ends_with_2(postroom: Postroom, command: tuple[str, ...], says: str) -> None:
    ran = postroom(*command)
    assert ran.code == 2
    assert says in ran.err


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("queue", "show", "7"), "there is no job 7"),
        (("queue", "retry", "9999"), "there is no job 9999"),
        (("queue", "unpark", "9999", "9998"), "there is no job 9998, 9999"),
        (("queue", "drop", str(2**64), "--reason", "x"), f"there is no job {2**64}"),
        (
            ("queue", "list", "--to", "genral"),
            "there is no destination 'genral'. Did you mean 'general'? Known: review",
        ),
        (("queue", "list", "--why", "foo"), "use one of gave-up"),
        (("queue", "list", "--mail", "zzz"), "no mail with the id zzz"),
        (("mails", "--route", "nope"), "there is no route 'nope'. Known: appeals, general, review, junk, automatic"),
        (("mails", "--before", "nope"), "no mail with the id nope"),
        (
            ("inbox", "list", "nonexist"),
            "there is no inbox 'nonexist'. Known: review, junk, automatic, appeals, general",
        ),
        (("explain", ""), "say which mail"),
        (("inbox", "read", ""), "say which mail"),
        (("queue", "drop", "--reason", "x"), "say which"),
        (("inbox", "read", "01zz"), "no mail with the id 01zz"),
        (("explain", "no-such-file.eml"), "there is no file and no mail"),
        (("explain", "\x1b[2J"), "there is no file and no mail"),
        (("route", "no-such-file.eml"), "there is no file or folder"),
        (("route", "mail.eml", "--deliver", "--brand", "nobody"), "there is no brand 'nobody'"),
        (("route", "mail.eml", "--brand", "nobody"), "there is no brand 'nobody'"),
        (("understand", "n" * 300), "n" * 300),
        (("restore", "no-such-file.db"), "there is a store"),
        (("backup", "no-such-folder/copy.db"), "is the disk for backups mounted?"),
        (("evaluate", "no-such-file.jsonl"), "can't read"),
        (("init",), "--force overwrites"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
@pytest.mark.usefixtures("empty_store")
def test_what_is_not_there_is_said(postroom: Postroom, command: tuple[str, ...], says: str) -> None:
    ran = postroom(*command)
    assert ran.code == 1
    assert says in ran.err
    assert is_sentence(ran.err)


def test_only_missing_settings_are_made_up_for(postroom: Postroom, folder: Path) -> None:
    """A mistake is told, whatever words it is told in."""
    (folder / "postroom.toml").write_text(SETTINGS + '[brand.other]\n"no settings file" = 1\n')
    assert postroom("route", "mail.eml").code == 1
    (folder / "postroom.toml").unlink()
    assert postroom("route", "mail.eml").code == 0


class TestStore:
    def test_made_by_something_else(self, postroom: Postroom, folder: Path) -> None:
        (folder / "data").mkdir()
        with sqlite3.connect(folder / "data" / "postroom.db") as other:
            other.execute("CREATE TABLE mine (x)")
        other.close()
        ran = postroom("queue", "list")
        assert ran.code == 1
        assert "not made by postroom" in ran.err

    @pytest.mark.parametrize(
        "command",
        [("mails",), ("inbox", "list"), ("queue", "list"), ("backup", "copy.db")],
        ids=" ".join,
    )
    def test_a_look_makes_none(self, postroom: Postroom, folder: Path, command: tuple[str, ...]) -> None:
        """Who looks after a disk was lost must still be able to restore."""
        ran = postroom(*command)
        assert ran.code == 1
        assert "there is no store" in ran.err
        assert not (folder / "data").exists()

    def test_what_is_no_file_is_no_mail_either(self, postroom: Postroom, folder: Path) -> None:
        """In the tutorial it comes before the first mail: it is the file that is missed then."""
        ran = postroom("explain", "mial.eml")
        assert (ran.code, "there is no file mial.eml, and no store yet" in ran.err) == (1, True)
        assert not (folder / "data").exists()

    @pytest.mark.usefixtures("empty_store")
    def test_made_by_a_newer_postroom(self, postroom: Postroom, folder: Path) -> None:
        assert postroom("queue", "list").code == 0
        with sqlite3.connect(folder / "data" / "postroom.db") as store:
            store.execute("PRAGMA user_version = 99")
        store.close()
        for command in (("queue", "list"), ("mails",), ("inbox", "list")):
            ran = postroom(*command)
            assert ran.code == 1
            assert "opened by a newer one" in ran.err

    @pytest.mark.parametrize("content", [b"no database at all, and long enough to be read" * 50, b"\0" * 5000])
    def test_no_database(self, postroom: Postroom, folder: Path, content: bytes) -> None:
        (folder / "data").mkdir()
        (folder / "data" / "postroom.db").write_bytes(content)
        ran = postroom("mails")
        assert ran.code == 1
        assert is_sentence(ran.err)

    @pytest.mark.parametrize("what", ["data", "data/postroom.db"])
    def test_something_else_stands_in_its_place(self, postroom: Postroom, folder: Path, what: str) -> None:
        if what == "data":
            (folder / "data").write_text("a file")
        else:
            (folder / what).mkdir(parents=True)
        ran = postroom("mails")
        assert ran.code == 1
        assert is_sentence(ran.err)

    @pytest.mark.usefixtures("empty_store")
    def test_locked(self, postroom: Postroom, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another process writes for longer than we wait."""
        from postroom.adapters.store.sqlite import SqliteStore

        assert postroom("queue", "list").code == 0
        real = SqliteStore.open.__func__  # type: ignore[attr-defined]
        monkeypatch.setattr(SqliteStore, "open", classmethod(lambda cls, path: real(cls, path, busy_seconds=0.05)))
        other = sqlite3.connect(folder / "data" / "postroom.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        ran = postroom("queue", "retry")
        other.execute("ROLLBACK")
        other.close()
        assert ran.code == 1
        assert "locked" in ran.err

    def test_a_backup_that_is_not_there(self, postroom: Postroom) -> None:
        ran = postroom("restore", "no-such-file.db")
        assert ran.code == 1
        assert "there is no backup" in ran.err

    def test_a_backup_that_is_none(self, postroom: Postroom, folder: Path) -> None:
        (folder / "copy.db").write_bytes(b"text" * 2000)
        ran = postroom("restore", "copy.db")
        assert ran.code == 1
        assert ran.err == "postroom: copy.db is no backup of postroom\n"
        assert not (folder / "data" / "postroom.db").exists()

    @pytest.mark.usefixtures("empty_store")
    def test_a_destination_that_is_no_inbox(self, postroom: Postroom, folder: Path) -> None:
        away = '[destination.away]\nkind = "maildir"\npath = "away"\n'
        (folder / "postroom.toml").write_text(SETTINGS + away)
        ran = postroom("inbox", "list", "away")
        assert ran.code == 1
        assert "away is no inbox: its mail goes to a maildir" in ran.err


class TestReceive:
    """Any status but 0 and 75 has the mail server bounce the mail: right for nobody's address alone."""

    @pytest.mark.parametrize(
        "arguments",
        [(), ("--bogus", "support@shop.test"), ("support@shop.test", "-c", "no"), ("nobody@shop.test", "-c", "no")],
    )
    def test_whatever_is_wrong_the_mail_server_keeps_the_mail(
        self, postroom: Postroom, arguments: tuple[str, ...]
    ) -> None:
        ran = postroom("receive", *arguments, stdin=b"Subject: x\n\nbody\n")
        assert ran.code == 75
        assert is_sentence(ran.err)

    def test_nobody_s_address_is_refused_for_good(self, postroom: Postroom, folder: Path) -> None:
        """EX_NOUSER: a mail server would try again for days what can't ever be taken."""
        ran = postroom("receive", "nobody@elsewhere.test", "none@shop.test", stdin=a_message())
        assert (ran.code, is_sentence(ran.err)) == (67, True)
        assert "nobody is called nobody@elsewhere.test, none@shop.test here" in ran.err
        ran = postroom("receive", "nobody@elsewhere.test", "support@shop.test", stdin=a_message())
        assert ran.code == 0

    def test_a_loop_is_kept(self, postroom: Postroom) -> None:
        hops = b"Received: from a by b; x\r\n" * 101
        assert postroom("receive", "support@shop.test", stdin=hops + a_message()).code == 75

    def test_also_for_a_bug(self, postroom: Postroom, monkeypatch: pytest.MonkeyPatch) -> None:
        from postroom.bootstrap.house import House

        monkeypatch.setattr(House, "reception", lambda self: 1 / 0)
        ran = postroom("receive", "support@shop.test", stdin=b"Subject: x\n\nbody\n")
        assert ran.code == 75
        assert "a bug: ZeroDivisionError" in ran.err

    @pytest.mark.parametrize("sender", ["", "-c@example.com", "ada@example.com"])
    def test_any_sender_is_taken_as_the_pipe_of_a_mail_server_writes_it(self, postroom: Postroom, sender: str) -> None:
        ran = postroom("receive", f"--sender={sender}", "--", "support@shop.test", stdin=a_message())
        assert ran.code == 0
        (mail,) = postroom("mails", "--json").lines
        (told,) = postroom("explain", mail["id"], "--json").lines
        assert told["mail_from"] == sender

    def test_too_large(self, postroom: Postroom, folder: Path) -> None:
        (folder / "postroom.toml").write_text(SETTINGS + "[intake]\nmax_size = 1024\n")
        ran = postroom("receive", "support@shop.test", stdin=b"x" * 1025)
        assert ran.code == 75
        assert "larger than intake.max_size" in ran.err


def test_a_closed_pipe_is_no_error_of_ours(folder: Path) -> None:
    """`postroom rules fields | head -1`"""
    command = f"{sys.executable} -m postroom rules fields --json | head -1"
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert len(ran.stdout.splitlines()) == 1
    assert "Traceback" not in ran.stderr
