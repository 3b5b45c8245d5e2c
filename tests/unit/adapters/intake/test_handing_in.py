"""Handing in mail from files: each once, and nothing written down as kept that is not."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from postroom.adapters.intake.files import FoundMail
from postroom.adapters.intake.handing_in import HandedIn, HandingIn
from postroom.model.errors import Refused, TryLater
from postroom.model.mail import Mail
from postroom.testing.values import a_mail


class Reception:
    """Takes mails, commits all that are open when one is waited for, refuses those that say so."""

    def __init__(self, folder: Path) -> None:
        self.journal = folder / "route.journal"
        self.asked: list[bytes] = []
        self.open: list[Commit] = []
        #: how many were open at a time
        self.most = 0

    def accept(self, raw: bytes) -> "Future[tuple[Mail, ...]]":
        if raw.startswith(b"refuse"):
            raise Refused("this mail goes in circles")
        self.asked.append(raw)
        commit = Commit(self, a_mail(len(self.asked)))
        self.open.append(commit)
        self.most = max(self.most, len(self.open))
        return commit

    def run(self, mails: Iterable[FoundMail]) -> Iterator[HandedIn]:
        return HandingIn(self.journal, self.accept).run(mails)

    @property
    def lines(self) -> list[str]:
        return self.journal.read_text().splitlines()


class Commit(Future):
    """A mail is durable once somebody has waited for it, or for one beside it."""

    def __init__(self, reception: Reception, mail: Mail) -> None:
        super().__init__()
        self.reception, self.mail = reception, mail

    def result(self, timeout: float | None = None) -> tuple[Mail, ...]:
        for one in self.reception.open:
            if one.reception.asked[0].startswith(b"full") and one.mail == self.mail:
                one.set_exception(TryLater("the disk is full"))
            else:
                one.set_result((one.mail,))
        self.reception.open.clear()
        return super().result(0)


@pytest.fixture
def reception(tmp_path: Path) -> Reception:
    return Reception(tmp_path)


def found(number: int, raw: bytes = b"", *, truncated: bool = False) -> FoundMail:
    return FoundMail(path=f"box#{number}", raw=raw or f"mail {number}".encode(), truncated=truncated)


def test_what_an_earlier_run_accepted_is_left_out_with_its_id(reception: Reception) -> None:
    mails = [found(n) for n in range(3)]
    first = list(reception.run(mails[:2]))
    again = list(reception.run(mails))
    assert [one.mail_id for one in again[:2]] == [one.mail_id for one in first]
    assert [one.before for one in again] == [True, True, False]
    assert reception.asked == [one.raw for one in mails]


def test_the_journal_of_an_earlier_version_holds_no_ids(reception: Reception) -> None:
    list(reception.run([found(1)]))
    reception.journal.write_text(reception.lines[0].split()[0] + "\n")
    assert [(one.mail_id, one.before) for one in reception.run([found(1)])] == [("", True)]


def test_a_file_named_twice_is_accepted_once(reception: Reception) -> None:
    assert [one.before for one in reception.run([found(1), found(1)])] == [False, True]
    assert len(reception.asked) == 1


def test_a_mail_that_is_refused_stops_no_other_and_is_asked_for_again(reception: Reception) -> None:
    mails = (found(1), found(2, b"refuse"), found(3, truncated=True), found(4))
    for before in (False, True):
        told = list(reception.run(mails))
        assert [(bool(one.mail_id), one.before) for one in told] == [
            (True, before), (False, False), (False, False), (True, before),
        ]  # fmt: skip
        assert "in circles" in told[1].error
        assert "intake.max_size" in told[2].error
    assert len(reception.lines) == 2


@pytest.mark.parametrize(("size", "most"), [(10, 50), (10_000_000, 4)])
def test_many_wait_for_their_commit_together_but_not_too_many_bytes(reception: Reception, size: int, most: int) -> None:
    told = list(reception.run(found(n, b"x" * size) for n in range(120 if size == 10 else 6)))
    assert all(one.mail_id for one in told)
    assert [one.path for one in told] == [f"box#{n}" for n in range(len(told))]
    assert reception.most == most
    assert len(reception.lines) == len(told)


def test_stopped_in_the_middle_what_was_kept_is_written_down(reception: Reception) -> None:
    run = reception.run(found(n) for n in range(120))
    next(run)
    run.close()
    assert len(reception.asked) == len(reception.lines) == 50


def test_what_the_store_cant_take_is_not_written_down_and_what_it_took_beside_it_is(reception: Reception) -> None:
    mails = [found(1, b"full"), found(2), found(3)]
    with pytest.raises(TryLater, match="full"):
        list(reception.run(mails))
    reception.asked.clear()
    assert [one.before for one in reception.run(mails[1:])] == [True, True]


def test_what_was_found_before_a_file_that_cant_be_read_is_told(reception: Reception) -> None:
    def mails() -> Iterator[FoundMail]:
        yield found(1)
        raise Refused("can't read it")

    run = reception.run(mails())
    assert next(run).mail_id
    with pytest.raises(Refused, match="can't read"):
        next(run)
