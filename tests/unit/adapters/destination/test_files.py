"""Maildir and mbox: what is on the disk, when, and what a bad day of the disk leaves there."""

import errno
import mailbox
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.adapters.destination import disk, maildir, mbox
from postroom.adapters.destination.final import filed
from postroom.adapters.destination.maildir import MaildirDestination
from postroom.adapters.destination.mbox import MboxDestination
from postroom.model.errors import TryLater
from postroom.model.lines import canonical
from postroom.model.work import Parcel
from postroom.testing.destination_contract import make_parcel


def sent_by(mail_from: str, raw: bytes = b"Subject: x\r\n\r\nbody\r\n") -> Parcel:
    parcel = make_parcel(raw=raw)
    return replace(parcel, mail=replace(parcel.mail, envelope=replace(parcel.mail.envelope, mail_from=mail_from)))


# Both


@pytest.mark.parametrize(
    ("mail_from", "line"),
    [
        ("ada@example.com", b"Return-Path: <ada@example.com>\n"),
        ("", b"Return-Path: <>\n"),
        ("grün@x.test", "Return-Path: <grün@x.test>\n".encode()),
    ],
)
def test_final_delivery_writes_the_return_path_on_top(mail_from: str, line: bytes) -> None:
    assert filed(sent_by(mail_from)).startswith(line + b"Received: ")


def test_a_return_path_that_is_there_already_is_not_doubled() -> None:
    same = sent_by("ada@example.com", b"Return-Path: <ada@example.com>\r\nSubject: x\r\n\r\n")
    other = sent_by("ada@example.com", b"Return-Path: <eve@example.com>\r\nSubject: x\r\n\r\n")
    below = sent_by("ada@example.com", b"Subject: x\r\n\r\nReturn-Path: <ada@example.com>\r\n")
    assert filed(same).count(b"Return-Path:") == 1
    assert filed(other).startswith(b"Return-Path: <ada@example.com>\n")
    assert filed(below).count(b"Return-Path:") == 2


@pytest.mark.parametrize("mail_from", ["a\r\nX: y@z", "a>b", "\udc80", "a b"])
def test_a_sender_that_could_write_headers_is_left_out(mail_from: str) -> None:
    assert b"Return-Path" not in filed(sent_by(mail_from))


@given(st.binary())
def test_below_the_return_path_only_line_ends_change(raw: bytes) -> None:
    parcel = make_parcel(raw=raw)
    assert canonical(filed(parcel)).endswith(parcel.stamped)
    assert b"\r" not in filed(parcel)


# Maildir


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


class Calls:
    """System calls on files, in order, with one that can be made to fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.broken: dict[str, int] = {}
        for name in ("write", "fsync", "ftruncate", "rename", "replace"):
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _wrapped(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            self.seen.append(name)
            if name in self.broken:
                raise OSError(self.broken[name], os.strerror(self.broken[name]))
            return real(*args, **options)

        return call


def test_the_file_is_durable_before_it_has_its_name_and_the_name_before_the_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = MaildirDestination("desk", tmp_path / "desk")
    destination.check()
    calls = Calls(monkeypatch)
    destination.deliver(make_parcel())
    assert calls.seen == ["write", "fsync", "replace", "fsync"]


def test_a_reader_finds_it(tmp_path: Path) -> None:
    MaildirDestination("desk", tmp_path / "desk").deliver(make_parcel(raw=b"Subject: x\r\n\r\nbody\r\n"))
    (message,) = mailbox.Maildir(tmp_path / "desk", create=False)
    assert message["Return-Path"] == "<ada@example.com>"
    assert message.get_payload() == "body\n"


@pytest.mark.parametrize("flags", ["", ":2,", ":2,S", ":2,RSa"])
def test_a_repeat_is_known_where_a_reader_has_moved_it(tmp_path: Path, flags: str) -> None:
    folder = tmp_path / "desk"
    destination = MaildirDestination("desk", folder)
    name = destination.deliver(make_parcel()).reference
    (folder / "new" / name).rename(folder / "cur" / f"{name}{flags}")
    destination.deliver(make_parcel())
    MaildirDestination("desk", folder).deliver(make_parcel())
    assert files(folder) == [f"cur/{name}{flags}"]


def test_cur_is_read_again_only_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "desk"
    now = [2_000_000_000.0]
    destination = MaildirDestination("desk", folder, clock=lambda: now[0])
    destination.deliver(make_parcel(1))
    read: list[Path] = []
    real = maildir._names
    monkeypatch.setattr(maildir, "_names", lambda path: read.append(path) or real(path))
    for number in range(2, 6):
        destination.deliver(make_parcel(number))
    assert read == []
    (folder / "new" / files(folder)[0].removeprefix("new/")).rename(folder / "cur" / "1767225601.x.postroom_:2,S")
    destination.deliver(make_parcel(6))
    destination.deliver(make_parcel(7))
    assert len(read) == 1


def test_a_change_of_cur_in_the_very_moment_it_was_read_is_not_overlooked(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    stamps: list[tuple[int, int]] = []
    destination = MaildirDestination("desk", folder)
    name = destination.deliver(make_parcel(1)).reference
    stat = (folder / "cur").stat()
    (folder / "new" / name).rename(folder / "cur" / f"{name}:2,S")
    os.utime(folder / "cur", ns=(stat.st_atime_ns, stat.st_mtime_ns))  # a clock too coarse to tell
    stamps.append((stat.st_atime_ns, stat.st_mtime_ns))
    destination.deliver(make_parcel(1))
    assert files(folder) == [f"cur/{name}:2,S"]


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "the disk is full"), (errno.EDQUOT, "the disk is full"), (errno.EIO, "Input/output error")],
)
def test_a_bad_disk_is_the_lanes_trouble_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, words: str
) -> None:
    destination = MaildirDestination("desk", tmp_path / "desk")
    destination.check()
    calls = Calls(monkeypatch)
    calls.broken[call] = number
    with pytest.raises(TryLater, match=words) as caught:
        destination.deliver(make_parcel())
    assert caught.value.lane_down
    assert files(tmp_path) == []
    calls.broken.clear()
    destination.deliver(make_parcel())
    assert len(files(tmp_path)) == 1


def test_a_short_write_is_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(disk.os, "write", lambda descriptor, data: real(descriptor, bytes(data)[:7]))
    name = MaildirDestination("desk", tmp_path).deliver(make_parcel()).reference
    assert (tmp_path / "new" / name).read_bytes() == filed(make_parcel())


def test_what_died_here_is_cleared_after_an_hour_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    for name in ("old.1_2.postroom_tmp", "young.1_3.postroom_tmp", "somebody-elses"):
        (tmp_path / "tmp" / name).touch()
    for name in ("old.1_2.postroom_tmp", "somebody-elses"):
        os.utime(tmp_path / "tmp" / name, (0, 0))
    MaildirDestination("desk", tmp_path).deliver(make_parcel())
    assert sorted(path.name for path in (tmp_path / "tmp").iterdir()) == ["somebody-elses", "young.1_3.postroom_tmp"]


def test_what_a_reader_has_moved_is_too_late_to_withdraw(tmp_path: Path) -> None:
    destination, parcel = MaildirDestination("desk", tmp_path), make_parcel()
    name = destination.deliver(parcel).reference
    (tmp_path / "new" / name).rename(tmp_path / "cur" / f"{name}:2,")
    assert not destination.withdraw(parcel.mail, 1)
    assert [path.name for path in (tmp_path / "cur").iterdir()] == [f"{name}:2,"]


def test_a_withdrawal_is_durable_leaves_no_text_and_is_known_by_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    destination, parcel = MaildirDestination("desk", tmp_path), make_parcel()
    name = destination.deliver(parcel).reference
    synced: list[Path] = []
    monkeypatch.setattr("postroom.adapters.destination.maildir.sync_folder", synced.append)
    assert destination.withdraw(parcel.mail, 1)
    assert {tmp_path / "new", tmp_path / "tmp"} <= set(synced)
    assert [path.name for path in (tmp_path / "new").iterdir()] == []
    (mark,) = (tmp_path / "tmp").iterdir()
    assert (mark.name.startswith(name), mark.stat().st_size) == (True, 0)
    assert MaildirDestination("desk", tmp_path).withdraw(parcel.mail, 1)


def test_a_withdrawal_on_a_bad_disk_is_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    destination, parcel = MaildirDestination("desk", folder), make_parcel()
    destination.deliver(parcel)
    folder.rename(tmp_path / "away")
    folder.write_text("a file where the folder was")
    with pytest.raises(TryLater) as caught:
        destination.withdraw(parcel.mail, 1)
    assert caught.value.lane_down
    folder.unlink()
    (tmp_path / "away").rename(folder)
    assert destination.withdraw(parcel.mail, 1)


def test_a_folder_removed_while_we_run_is_made_again(tmp_path: Path) -> None:
    destination = MaildirDestination("desk", tmp_path / "desk")
    destination.deliver(make_parcel(1))
    shutil.rmtree(tmp_path / "desk")
    destination.deliver(make_parcel(2))
    assert len(files(tmp_path / "desk")) == 1


# mbox


def test_the_file_is_one_that_readers_read(tmp_path: Path) -> None:
    destination = MboxDestination("desk", tmp_path / "desk.mbox")
    for number in (1, 2):
        destination.deliver(make_parcel(number))
    content = (tmp_path / "desk.mbox").read_bytes()
    assert content.startswith(b"From ada@example.com Thu Jan  1 00:00:01 2026\nReturn-Path: <ada@example.com>\n")
    assert content.endswith(b"again.\n\n")
    with closing(mailbox.mbox(tmp_path / "desk.mbox")) as box:
        assert [message["Subject"] for message in box] == ["case 1", "case 2"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    st.lists(st.sampled_from([b"From ", b">", b"\n", b"\r\n", b"a", b"Subject: x", b"\r"]), max_size=30).map(b"".join)
)
def test_quoting_can_be_undone_and_no_line_looks_like_the_next_mail(tmp_path: Path, raw: bytes) -> None:
    import re

    entry = mbox._entry(make_parcel(raw=raw))
    first, _, rest = entry.partition(b"\n")
    assert first.startswith(b"From ada@example.com ")
    assert not re.search(rb"^From ", rest, re.MULTILINE)
    unquoted = re.sub(rb"^>(>*From )", rb"\1", rest, flags=re.MULTILINE)
    assert unquoted in (filed(make_parcel(raw=raw)) + b"\n", filed(make_parcel(raw=raw)) + b"\n\n")


@pytest.mark.parametrize(
    ("mail_from", "words"), [("", b"From MAILER-DAEMON "), ("a b\nc@x", b"From a-b-c@x "), ("ü@x", b"From --@x ")]
)
def test_the_from_line_is_one_line(mail_from: str, words: bytes) -> None:
    assert mbox._entry(sent_by(mail_from)).startswith(words)


def test_a_write_that_fails_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "desk.mbox"
    destination = MboxDestination("desk", path)
    destination.deliver(make_parcel(1))
    before = path.read_bytes()

    def torn(descriptor: int, data: bytes) -> None:
        os.write(descriptor, data[:20])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(mbox, "write_all", torn)
        with pytest.raises(TryLater, match="the disk is full") as caught:
            destination.deliver(make_parcel(2))
    assert caught.value.lane_down
    assert path.read_bytes() == before
    assert files(tmp_path) == ["desk.mbox"], "no lock stays behind"
    destination.deliver(make_parcel(2))
    assert path.read_bytes().startswith(before)


def test_a_write_that_was_not_made_durable_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "desk.mbox"
    destination = MboxDestination("desk", path)
    destination.deliver(make_parcel(1))
    before = path.read_bytes()
    real, calls = os.fsync, []

    def failing_once(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", failing_once)
    with pytest.raises(TryLater, match="Input/output error"):
        destination.deliver(make_parcel(2))
    assert path.read_bytes() == before


def test_a_mail_cut_off_by_a_crash_does_not_swallow_the_next_and_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "desk.mbox"
    destination = MboxDestination("desk", path)
    destination.deliver(make_parcel(1))
    path.write_bytes(path.read_bytes()[:-30])
    destination.deliver(make_parcel(1))
    destination.deliver(make_parcel(2))
    with closing(mailbox.mbox(path)) as box:
        assert [message["Subject"] for message in box] == ["case 1", "case 1", "case 2"]


def test_a_lock_that_stays_held_is_the_lanes_trouble(tmp_path: Path) -> None:
    path = tmp_path / "desk.mbox"
    lock = tmp_path / "desk.mbox.lock"
    now = [lock.parent.stat().st_mtime]
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    destination = MboxDestination("desk", path, timeout=2.0, clock=lambda: now[0], pause=pause)
    lock.touch()
    with pytest.raises(TryLater, match="locked by another program") as caught:
        destination.deliver(make_parcel())
    assert caught.value.lane_down
    assert 1.9 <= sum(pauses) <= 2.2
    now[0] += 301  # whoever made it is gone
    destination.deliver(make_parcel())
    assert files(tmp_path) == ["desk.mbox"]


def test_a_reader_that_holds_the_fcntl_lock_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "desk.mbox"
    path.touch()
    code = "import fcntl,sys; f=open(sys.argv[1],'r+'); fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"held\n"
        waited: list[float] = []

        def pause(seconds: float) -> None:
            waited.append(seconds)
            if len(waited) == 2:
                reader.communicate(b"")

        MboxDestination("desk", path, pause=pause).deliver(make_parcel())
    assert len(waited) >= 2
    assert path.read_bytes().count(b"\nSubject: case 1\n") == 1
