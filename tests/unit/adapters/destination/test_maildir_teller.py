"""A Maildir tells what of ours lies in it, whatever files are called, and believes no line that we did not sign."""

import os
from pathlib import Path

import pytest

from postroom.adapters.destination import maildir_teller
from postroom.adapters.destination.maildir import MaildirDestination
from postroom.adapters.destination.maildir_teller import MaildirTeller
from postroom.flow.stamp import stamp
from postroom.model.mail import DestinationName
from postroom.model.work import Lying
from postroom.testing.values import a_decision, a_mail, a_parcel

KEY = b"k" * 32


def deliver(folder: Path, number: int = 1, key: bytes = KEY) -> Path:
    """The file of a mail that was delivered there."""
    mail = a_mail(number)
    stamped = stamp(mail, a_decision(mail.id), hostname="mx.shop.test", key=key)
    MaildirDestination("appeals", folder).deliver(a_parcel(mail, stamped=stamped))
    (path,) = [one for one in (folder / "new").iterdir() if mail.id in one.name]
    return path


@pytest.fixture
def teller(tmp_path: Path) -> MaildirTeller:
    return MaildirTeller(DestinationName("appeals"), tmp_path, KEY)


def lying(number: int) -> Lying:
    return Lying(mail_id=a_mail(number).id, route=a_decision(a_mail(number).id).route)


def test_what_was_delivered_lies_there_whatever_a_reader_makes_of_its_name(
    tmp_path: Path, teller: MaildirTeller
) -> None:
    assert teller.lying() == frozenset()
    path = deliver(tmp_path)
    assert teller.lying() == {lying(1)}
    path = path.rename(tmp_path / "cur" / f"{path.name}:2,S")
    assert teller.lying() == {lying(1)}
    path = path.rename(tmp_path / "cur" / "1700000000.M1P2.host,S=5:2,S")
    assert teller.lying() == {lying(1)}
    path.unlink()
    assert teller.lying() == frozenset()


def test_what_others_wrote_is_not_ours(tmp_path: Path, teller: MaildirTeller) -> None:
    path = deliver(tmp_path, key=b"another" * 5)
    deliver(tmp_path, 2)
    head = path.read_bytes()
    for name, content in {
        "empty": b"",
        "stranger": b"Subject: hello\n\nX-Postroom-Id: 1\n",
        "unsigned": head.replace(b"X-Postroom-Mark", b"X-Mark"),
        "two": b"X-Postroom-Id: " + b"0" * 26 + b"\n" + (tmp_path / "new").joinpath(path.name).read_bytes(),
        "bytes": os.urandom(20_000),
        "late": b"x" * 9000 + b"\n" + head,
    }.items():
        (tmp_path / "new" / name).write_bytes(content)
    (tmp_path / "new" / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "cur" / "fifo")
    (tmp_path / "cur" / "folder").mkdir()
    assert teller.lying() == {lying(2)}


def test_much_mail_is_read_bit_by_bit_and_told_when_all_is_known(
    tmp_path: Path, teller: MaildirTeller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maildir_teller, "MOST", 2)
    for number in (1, 2, 3):
        deliver(tmp_path, number)
    assert teller.lying() is None
    assert teller.lying() == {lying(1), lying(2), lying(3)}
