"""Mail from files: whatever bytes and whatever files, each mail once, whole, in order."""

import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from postroom.adapters.destination.mbox import MboxDestination
from postroom.adapters.intake.files import count_bytes, find_mails
from postroom.model.errors import Refused
from postroom.testing.values import a_mail, a_parcel

BIG = 1 << 20
lines = st.sampled_from(
    [b"", b"Subject: x", b"From ada Fri", b">From ada", b">>From ada", b"From: a@example.com", b"text", b" ", b"\xff\0"]
)
mails = st.lists(lines, min_size=1, max_size=8).map(lambda parts: b"Subject: x\n" + b"\n".join(parts) + b"\n")


def found(*paths: Path | str, max_size: int = BIG) -> list[tuple[str, bytes]]:
    return [(one.path, one.raw) for one in find_mails([str(path) for path in paths], max_size)]


def quoted(mail: bytes) -> bytes:
    """As an mboxrd writer does."""
    parts = mail.splitlines(keepends=True)
    return b"".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in parts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=400) | st.lists(lines, max_size=12).map(lambda x: b"From a\n" + b"\n".join(x)))
@example(content=b"")
@example(content=b"From ")
@example(content=b"From a\n\nFrom b\n")
def test_any_bytes_are_mails(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.eml").write_bytes(content)
    for max_size in (1, 7, BIG):
        read = found(tmp_path / "m.eml", max_size=max_size)
        assert read
        assert all(len(raw) <= max_size for _, raw in read)
    if not content.startswith(b"From "):
        assert found(tmp_path / "m.eml") == [(str(tmp_path / "m.eml"), content)]


@pytest.mark.parametrize(
    "start",
    [
        b"Subject: x\n", b"\xef\xbb\xbfFROM: a@example.com\n", b"Odd: 1\nReceived: from a\n", b"X-Mozilla-Status: 1\n",
        b"From a@example.com Fri\n", b"Authentication-Results : x\n", b"",
    ],
)  # fmt: skip
def test_a_file_of_any_name_that_begins_as_a_mail_is_one(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "m").write_bytes(start)
    assert found(tmp_path / "m")


@pytest.mark.parametrize(
    "start",
    [
        b"id,subject,body\n1,Hi,Subject: x\n",
        b"root:x:0:0:root:/root:/bin/sh\n",
        b'{"subject": "x"}\n',
        b"SQLite format 3\0",
        b"x",
    ],
)
def test_a_file_that_is_named_and_no_mail_is_refused(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "tickets.csv").write_bytes(start)
    with pytest.raises(Refused, match=r"begins neither as a mail nor as an mbox.*postroom import"):
        found(tmp_path / "tickets.csv")
    assert found(tmp_path), "in a folder it is taken for what stands beside it"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(many=st.lists(mails, min_size=1, max_size=5), end=st.sampled_from([b"\n", b"\r\n"]))
def test_what_an_mboxrd_writer_wrote_comes_back(tmp_path: Path, many: list[bytes], end: bytes) -> None:
    text = b"".join(b"From ada@example.com Fri Nov 20 09:00:00 2026\n" + quoted(mail) + b"\n" for mail in many)
    (tmp_path / "m").write_bytes(text.replace(b"\n", end))
    wanted = [(f"{tmp_path / 'm'}#{n}", mail.replace(b"\n", end)) for n, mail in enumerate(many, 1)]
    assert found(tmp_path / "m") == wanted


def test_what_our_own_mbox_destination_wrote_comes_back(tmp_path: Path) -> None:
    place = MboxDestination("desk", tmp_path / "m")
    stamped = [f"Subject: {n}\r\n\r\nFrom here on\r\n>From me\r\n\r\nFrom you\r\n".encode() for n in range(3)]
    for number, content in enumerate(stamped):
        place.deliver(a_parcel(a_mail(number), stamped=content))
    bodies = [raw.partition(b"Subject: ")[2] for _, raw in found(tmp_path / "m")]
    assert bodies == [content.replace(b"\r\n", b"\n").partition(b"Subject: ")[2] for content in stamped]


def test_a_huge_mail_is_cut_and_the_next_is_whole(tmp_path: Path) -> None:
    huge = b"Subject: huge\n\n" + b"x" * 70 + b"\n" * 30 + b"y\n" * 3000
    (tmp_path / "m").write_bytes(b"From a\n" + huge + b"\nFrom b\nSubject: small\n\nhello\n\n")
    (_, first), (_, second) = found(tmp_path / "m", max_size=100)
    assert first == huge[:100] or first == huge[:100].removesuffix(b"\n")
    assert second == b"Subject: small\n\nhello\n"
    (tmp_path / "e").write_bytes(huge)
    assert found(tmp_path / "e", max_size=100) == [(str(tmp_path / "e"), huge[:100])]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("over", [-1, 0, 1, 2, 3, 1000])
def test_a_mail_that_was_cut_says_so_and_no_other(tmp_path: Path, over: int, end: bytes) -> None:
    """To the byte: the blank line that ends a mail of an mbox is no part of it."""
    mail = b"Subject: x" + end * 2 + b"y" * 50
    mail += end * ((100 + over - len(mail)) // len(end))
    size = len(mail)
    (tmp_path / "e").write_bytes(mail)
    (tmp_path / "m").write_bytes(b"From a" + end + mail + end + b"From b" + end + mail + end)
    for path in ("e", "m"):
        for one in find_mails([str(tmp_path / path)], 100):
            assert (one.raw, one.truncated) == (mail[:100], size > 100)


class TestFolders:
    def test_a_maildir_is_its_new_and_cur(self, tmp_path: Path) -> None:
        for name in ("new", "cur", "tmp", "other"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "1.mail").write_bytes(name.encode())
        assert [raw for _, raw in found(tmp_path)] == [b"new", b"cur"]
        assert count_bytes([str(tmp_path)]) == 6

    def test_a_folder_is_all_below_it_by_name_but_dot_files(self, tmp_path: Path) -> None:
        for name in ("b/2", "a/1", "a/.hidden", "0", "b/c/3"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(name.encode())
        assert [raw for _, raw in found(tmp_path)] == [b"0", b"a/1", b"b/2", b"b/c/3"]
        (tmp_path / "a" / ".hidden").write_bytes(b"Subject: x\n")
        assert found(tmp_path / "a" / ".hidden"), "what is named is read"

    def test_loops_of_links_pipes_and_links_to_nowhere_are_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / "mail").write_bytes(b"x")
        (tmp_path / "loop").symlink_to(tmp_path)
        (tmp_path / "itself").symlink_to(tmp_path / "itself")
        (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
        os.mkfifo(tmp_path / "pipe")
        assert found(tmp_path) == [(str(tmp_path / "mail"), b"x")]
        assert count_bytes([str(tmp_path)]) == 1

    def test_an_empty_folder_has_no_mail(self, tmp_path: Path) -> None:
        assert found(tmp_path) == []

    @pytest.mark.parametrize("name", ["missing", "file/below"])
    def test_what_is_not_there_is_refused(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "file").write_bytes(b"x")
        for ask in (lambda path: list(find_mails([path], BIG)), lambda path: count_bytes([path])):
            with pytest.raises(Refused, match="there is no file or folder"):
                ask(str(tmp_path / name))

    def test_what_cant_be_read_is_refused_with_its_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "mail").write_bytes(b"x")

        def denied(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied", str(tmp_path / "mail"))

        for owner, name in ((Path, "open"), (os, "scandir")):
            with monkeypatch.context() as patched:
                patched.setattr(owner, name, denied)
                with pytest.raises(Refused, match="mail: Permission denied"):
                    found(tmp_path)

    def test_a_file_that_goes_meanwhile_counts_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from postroom.adapters.intake import files

        monkeypatch.setattr(files, "_files", lambda path: iter([path / "gone"]))
        assert count_bytes([str(tmp_path), "-"]) == 0

    def test_a_pipe_that_is_named_is_read(self, tmp_path: Path) -> None:
        read, write = os.pipe()
        os.write(write, b"Subject: x\n\nhello\n")
        os.close(write)
        assert found(f"/dev/fd/{read}") == [(f"/dev/fd/{read}", b"Subject: x\n\nhello\n")]
        os.close(read)


def test_standard_input_may_hold_an_mbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"From a\nSubject: 1\n\nFrom b\nSubject: 2\n\n")))
    assert found("-") == [("-#1", b"Subject: 1\n"), ("-#2", b"Subject: 2\n")]
