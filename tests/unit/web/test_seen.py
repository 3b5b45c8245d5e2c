"""What a line of a list tells whoever has a second look at the mail in hand."""

from dataclasses import replace
from pathlib import Path

from postroom.model.people import ALL
from postroom.web.seen import as_asked
from tests.pages_house import APPEAL, installation


def test_nothing_that_came_of_a_mail_is_on_its_line(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        (mail_id,) = here.receive(APPEAL)
        row = here.room.views.row(mail_id, ALL)
        asked = here.house.store.decisions(mail_id)[-1]
    assert row is not None
    since = replace(row, generation=9, answered_at=2.0, how="answered", untold=True, due_at=1.0, near_at=1.0)
    assert as_asked(since, asked) == as_asked(row, asked)
