"""What a line of a list tells whoever has a second look at the mail in hand."""

from dataclasses import replace
from pathlib import Path

from postroom.model.people import ALL
from postroom.web.seen import as_asked
from tests.api_house import programme, told
from tests.pages_house import APPEAL, UNSURE, installation


def test_nothing_that_came_of_a_mail_is_on_its_line(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        (mail_id,) = here.receive(APPEAL)
        row = here.room.views.row(mail_id, ALL)
        asked = here.house.store.decisions(mail_id)[-1]
    assert row is not None
    since = replace(row, generation=9, answered_at=2.0, how="answered", untold=True, due_at=1.0, near_at=1.0)
    assert as_asked(since, asked) == as_asked(row, asked)


def test_a_mail_that_came_again_names_the_first_only_to_whoever_may_open_it(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        strict = replace(here.house.policy, default_threshold=0.9999, fallback_threshold=0.9999)
        here.house.__dict__["policy_in_force"] = lambda: strict
        first, again = here.receive(UNSURE, UNSURE)
        row = here.room.views.row(first, ALL)
        assert (row.route if row else "") == "review"
        for name, role, scope, opens in (("ann", "agent", "work", False), ("rea", "reviewer", "review", True)):
            browser = here.user(name, role)
            assert (first in browser.get(f"/mail/{again}").text) == opens
            refused = browser.post(f"/mail/{again}/move", csrf=browser.csrf(), route="refunds", generation="0")
            assert (refused.status, first in refused.text) == (409, opens)
            key = programme(here, name, scope)
            lines = {one["id"]: one["duplicate_of"] for one in told(key.get("/mails"))["mails"]}
            assert lines[again] == (first if opens else None)
            for path in (f"/mails/{again}", f"/mails/{again}/events"):
                assert (first in key.get(path).text) == opens, path
