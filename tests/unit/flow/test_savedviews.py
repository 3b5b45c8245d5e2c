"""Saved views: whose they are, who shares and changes them, and what may be asked for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store.savedviews import SqliteSavedViews
from postroom.flow.savedviews import SavedViews, checked, day, day_end
from postroom.model.errors import Refused
from postroom.model.people import User
from postroom.model.savedviews import FIELDS, SavedView
from tests.unit.flow.people import Rooms


class Desk:
    """People with views."""

    def __init__(self, folder: Path) -> None:
        self.rooms = Rooms(folder)
        self.views = SavedViews(kept=SqliteSavedViews(self.rooms.store.units), clock=self.rooms.clock.now)

    def user(self, name: str, role: Any = "agent", **facts: Any) -> User:
        return self.rooms.team.add(User(name=name, role=role, **facts), None, "root")  # type: ignore[arg-type]

    def names(self, user: User) -> list[str]:
        return [one.name for one in self.views.of(user)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.rooms.store.close()


def test_a_search_is_kept_under_its_name_for_who_saved_it(desk: Desk) -> None:
    ada, bob = desk.user("ada"), desk.user("bob")
    view = desk.views.save(ada, "  Old\tappeals ", {"route": "appeals", "words": " x ", "tag": " ", "urgent": "on"})
    assert view.name == "Old appeals"
    assert view.asked == {"route": "appeals", "words": "x", "urgent": "1"}
    assert desk.views.find(ada, view.number) == view
    assert desk.views.find(bob, view.number) is None
    for change in (
        lambda: desk.views.change(bob, view.number, name="mine"),
        lambda: desk.views.delete(bob, view.number),
        lambda: desk.views.begin_with(bob, view.number),
    ):
        with pytest.raises(Refused, match="no such view"):
            change()
    told = desk.rooms.journal.deeds(what="view-saved")[0]
    assert (told.by, told.to, told.detail) == ("ada", f"view {view.number}", "")


def test_leads_share_with_all_who_see_its_desk_and_brand(desk: Desk) -> None:
    lea, ada = desk.user("lea", "lead"), desk.user("ada", routes=("appeals",), brands=("shop",))
    shared = [
        desk.views.save(lea, name, asked, shared=True)
        for name, asked in (
            ("desk", {"route": "appeals"}),
            ("brand", {"brand": "shop", "route": "appeals"}),
            ("words", {"words": "x"}),
            ("another desk", {"route": "refunds"}),
            ("another brand", {"brand": "video"}),
            ("review", {"route": "review"}),
        )
    ]
    assert desk.names(ada) == ["desk", "brand", "words"]
    assert len(desk.names(lea)) == 6
    with pytest.raises(Refused, match="changed by leads"):
        desk.views.change(ada, shared[0].number, name="mine")
    with pytest.raises(Refused, match="shared by leads"):
        desk.views.save(ada, "all", {"words": "x"}, shared=True)
    own = desk.views.save(ada, "own", {"words": "x"})
    with pytest.raises(Refused, match="shared by leads"):
        desk.views.change(ada, own.number, shared=True)


def test_a_lead_shares_only_what_they_see_and_takes_back_only_their_own(desk: Desk) -> None:
    lea, max_ = desk.user("lea", "lead", routes=("appeals",)), desk.user("max", "lead")
    with pytest.raises(Refused, match="see its desk"):
        desk.views.save(lea, "refunds", {"route": "refunds"}, shared=True)
    view = desk.views.save(lea, "appeals", {"route": "appeals"})
    assert desk.names(max_) == []
    view = desk.views.change(lea, view.number, shared=True)
    desk.views.change(max_, view.number, name="All appeals")
    with pytest.raises(Refused, match="this view is lea's"):
        desk.views.change(max_, view.number, shared=False)
    desk.views.change(lea, view.number, shared=False)
    assert (desk.names(lea), desk.names(max_)) == (["All appeals"], [])
    assert [one.detail for one in desk.rooms.journal.deeds(what="view-changed")] == ["no longer shared", "", "shared"]


def test_a_view_is_changed_moved_and_deleted(desk: Desk) -> None:
    ada = desk.user("ada")
    one, two, three = (desk.views.save(ada, name, {"words": name}) for name in ("one", "two", "three"))
    assert desk.views.change(ada, one.number, asked={"tag": "vip"}).asked == {"tag": "vip"}
    assert desk.views.change(ada, two.number) == two
    with pytest.raises(Refused, match="or delete it"):
        desk.views.change(ada, two.number, asked={})
    desk.views.move(ada, three.number, -1)
    assert desk.names(ada) == ["one", "three", "two"]
    desk.views.move(ada, one.number, 9)
    assert desk.names(ada) == ["three", "two", "one"]
    desk.views.move(ada, three.number, -1)
    desk.views.delete(ada, two.number)
    assert desk.names(ada) == ["three", "one"]


def test_somebody_begins_with_a_view_as_long_as_they_have_it(desk: Desk) -> None:
    lea, ada = desk.user("lea", "lead"), desk.user("ada")
    view = desk.views.save(lea, "appeals", {"route": "appeals"}, shared=True)
    assert desk.views.first(ada) == 0
    desk.views.begin_with(ada, view.number)
    assert desk.views.first(ada) == view.number
    desk.views.change(lea, view.number, shared=False)
    assert desk.views.first(ada) == 0
    desk.views.begin_with(lea, view.number)
    desk.views.begin_with(lea, 0)
    assert desk.views.first(lea) == 0


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"nothing": "x"}, "no field 'nothing'"),
        ({"words": "x" * 501}, "more than 500"),
        ({"reading": "urnead"}, "Did you mean 'unread'"),
        ({"answering": "overdeu"}, "Did you mean 'overdue'"),
        ({"since": "yesterday"}, "no date"),
        ({"until": "2026-02-30"}, "no date"),
        ({"days": "0"}, "no number of days"),
        ({"days": "9" * 9}, "no number of days"),
        ({"days": "٣"}, "no number of days"),
    ],
)
def test_what_can_not_be_asked_for_is_refused(asked: dict[str, str], says: str) -> None:
    with pytest.raises(Refused) as told:
        checked(asked)
    assert says in str(told.value)


def test_a_search_is_kept_in_the_order_of_its_fields() -> None:
    said = dict.fromkeys(FIELDS, "x") | {
        "reading": "read",
        "answering": "soon",
        "days": "7",
        "since": "2026-03-31",
        "until": "0001-01-01",
    }
    assert tuple(checked(dict(reversed(said.items())))) == FIELDS


@pytest.mark.parametrize("name", ["", " \n", "x" * 61, "a\u202eb"])
def test_a_view_has_a_name_that_can_be_read(desk: Desk, name: str) -> None:
    with pytest.raises(Refused, match="give the view a name"):
        desk.views.save(desk.user("ada"), name, {"words": "x"})


def test_a_view_of_everything_is_none(desk: Desk) -> None:
    with pytest.raises(Refused, match="search for something"):
        desk.views.save(desk.user("ada"), "all", {"words": " "})


def test_what_is_unread_is_known_of_desks_and_brands_alone() -> None:
    def counts(**asked: str) -> bool:
        return SavedView(owner="ada", name="x", asked=asked).counts  # type: ignore[arg-type]

    assert counts(route="appeals", brand="shop", reading="unread")
    assert not counts(reading="read")
    assert not counts(route="appeals", words="x")


def test_a_day_begins_and_ends_in_utc() -> None:
    assert (day("1970-01-02"), day_end("1970-01-02")) == (86_400.0, 172_800.0)
    for wrong in ("", "1970-02-30", "yesterday"):
        with pytest.raises(Refused, match="is no date"):
            day_end(wrong)
