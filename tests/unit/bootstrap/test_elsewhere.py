"""Maildirs between which people move mail, from the settings to a verdict."""

from pathlib import Path

import pytest

from postroom.bootstrap.elsewhere import elsewhere, look
from postroom.model.errors import TryLater
from tests.pages_house import APPEAL, SETTINGS, installation

MAILDIRS = SETTINGS
for _name in ("appeals", "refunds"):
    MAILDIRS = MAILDIRS.replace(
        f'[destination.{_name}]\nkind = "inbox"', f'[destination.{_name}]\nkind = "maildir"\npath = "{_name}"'
    )


def test_a_mail_that_a_mail_reader_moved_counts_as_a_verdict(tmp_path: Path) -> None:
    with installation(tmp_path, MAILDIRS) as here:
        looking = elsewhere(here.house)
        assert looking is not None
        (mail,) = here.receive(APPEAL)
        assert looking.turn() == 0
        (file,) = (tmp_path / "appeals" / "new").iterdir()
        (tmp_path / "refunds" / "cur").mkdir(parents=True)
        file.rename(tmp_path / "refunds" / "cur" / "1700000000.M5P6.host:2,S")
        assert looking.turn() == 1
        here.work()
        assert here.house.store.decisions(mail)[-1].route == "refunds"
        assert not (tmp_path / "refunds" / "new").exists()
        assert looking.turn() == 0


@pytest.mark.parametrize(
    "settings", [SETTINGS, MAILDIRS.replace('destinations = ["general"]', 'destinations = ["general", "refunds"]')]
)
def test_where_there_are_no_two_desks_with_a_maildir_of_their_own_nobody_looks(tmp_path: Path, settings: str) -> None:
    with installation(tmp_path, settings) as here:
        assert elsewhere(here.house) is None


def test_looking_goes_on_after_trouble_until_told_to_stop() -> None:
    turns, failures, waited = [TryLater("busy"), ValueError("a bug"), None], [], []

    def turn() -> int:
        error = turns.pop(0)
        if error is not None:
            raise error
        return 0

    look(turn, lambda: not turns, failures.append, waited.append)
    assert [str(error) for error in failures] == ["a bug"]
    assert sum(waited) == 60.0
