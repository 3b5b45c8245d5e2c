"""What every store of saved views must do, as tests. Subclass; the fixture ``rooms`` is a `Rooms`."""

from dataclasses import replace
from typing import Protocol

import pytest

from postroom.model.errors import Refused
from postroom.model.people import Deed, UserName
from postroom.model.privacy import Somebody
from postroom.model.savedviews import SavedView, ViewNumber
from postroom.ports.accounts import Accounts, Journal
from postroom.ports.privacy import Erasing
from postroom.ports.savedviews import KeptViews
from postroom.testing.accounts_contract import NOW, a_user

ADA, BOB, EVE = map(UserName, ("ada", "Bob", "eve"))
DEED = Deed(at=NOW, by="ada", what="did")


class Rooms(Protocol):
    """Rooms of one store."""

    @property
    def accounts(self) -> Accounts:
        """Its people."""
        ...

    @property
    def journal(self) -> Journal:
        """Its audit log."""
        ...

    @property
    def erasing(self) -> Erasing:
        """What erases in it."""
        ...

    @property
    def views(self) -> KeptViews:
        """Its saved views."""
        ...


def a_view(name: str, owner: UserName = ADA, *, shared: bool = False, **asked: str) -> SavedView:
    """A search of ada's."""
    return SavedView(owner=owner, name=name, asked=asked or {"route": "appeals"}, shared=shared)


class SavedViewsContract:
    """Subclass it for every store."""

    @pytest.fixture(autouse=True)
    def _people(self, rooms: Rooms) -> None:
        rooms.accounts.put_user(a_user("root", role="admin"), DEED)
        for name in (ADA, BOB, EVE):
            rooms.accounts.put_user(a_user(name), DEED)

    def test_everybody_has_the_shared_ones_and_their_own_in_order(self, rooms: Rooms) -> None:
        views = rooms.views
        first = views.put(a_view("one", words='"Grüße" \ud800'), DEED)
        second = views.put(a_view("two"), DEED)
        shared = views.put(a_view("all", BOB, shared=True), DEED)
        own = views.put(a_view("bob's", BOB), DEED)
        assert views.views(ADA)[0] == shared
        assert [one.number for one in views.views(ADA)] == [shared.number, first.number, second.number]
        assert views.views(ADA)[1].asked["words"].startswith('"Grüße"')
        assert views.views(BOB) == (shared, own)
        assert views.views(UserName("nobody")) == (shared,)
        views.arrange([second.number, ViewNumber(99), first.number], DEED)
        assert [one.name for one in views.views(ADA)] == ["all", "two", "one"]

    def test_one_is_changed_and_dropped_and_its_number_never_used_again(self, rooms: Rooms) -> None:
        views = rooms.views
        kept = views.put(a_view("one"), DEED)
        changed = replace(kept, name="another", asked={"words": "x"}, shared=True)
        assert views.put(changed, DEED) == changed
        assert views.views(BOB) == (changed,)
        views.begin_with(BOB, kept.number, DEED)
        views.drop(kept.number, DEED)
        views.drop(kept.number, DEED)
        assert views.views(ADA) == ()
        assert views.first(BOB) == 0
        for change in (lambda: views.put(changed, DEED), lambda: views.begin_with(ADA, kept.number, DEED)):
            with pytest.raises(Refused, match="not there any more"):
                change()
        assert views.put(a_view("new"), DEED).number > kept.number

    def test_somebody_begins_with_one_or_with_none(self, rooms: Rooms) -> None:
        views = rooms.views
        one, two = views.put(a_view("one"), DEED), views.put(a_view("two"), DEED)
        assert views.first(ADA) == 0
        for number in (one.number, two.number, ViewNumber(0)):
            views.begin_with(ADA, number, DEED)
            assert views.first(ADA) == number

    def test_each_change_leaves_its_line(self, rooms: Rooms) -> None:
        views = rooms.views
        one = views.put(a_view("one"), replace(DEED, what="saved"))
        views.put(replace(one, name="two"), replace(DEED, what="changed"))
        views.begin_with(ADA, one.number, replace(DEED, what="first"))
        views.begin_with(ADA, ViewNumber(0), replace(DEED, what="none"))
        views.arrange([one.number], replace(DEED, what="arranged"))
        views.drop(one.number, replace(DEED, what="dropped"))
        views.drop(one.number, replace(DEED, what="dropped again"))
        deeds = [(deed.what, deed.to) for deed in reversed(rooms.journal.deeds(limit=6))]
        where = f"view {one.number}"
        assert deeds == [
            ("saved", where), ("changed", where), ("first", where), ("none", ""), ("arranged", ""), ("dropped", where)
        ]  # fmt: skip

    def test_nobody_has_too_many(self, rooms: Rooms) -> None:
        for number in range(100):
            rooms.views.put(a_view(f"view {number}"), DEED)
        with pytest.raises(Refused, match="delete one first"):
            rooms.views.put(a_view("one more"), DEED)
        rooms.views.put(a_view("of another", BOB), DEED)

    def test_who_may_not_sign_in_leaves_only_what_is_shared(self, rooms: Rooms) -> None:
        views = rooms.views
        views.put(a_view("own", BOB), DEED)
        shared = views.put(a_view("all", BOB, shared=True), DEED)
        views.begin_with(BOB, shared.number, DEED)
        bob = rooms.accounts.user(BOB)
        assert bob is not None
        rooms.accounts.put_user(replace(bob, disabled=True), DEED, was=bob)
        assert views.views(BOB) == (shared,)
        assert views.first(BOB) == 0

    def test_a_search_for_somebody_goes_when_they_are_erased(self, rooms: Rooms) -> None:
        views = rooms.views
        views.put(a_view("hers", sender="Ada@Example.com"), DEED)
        named = views.put(a_view("ada@example.com", shared=True, words="account"), DEED)
        views.put(a_view("words", words="from ada@example.com"), DEED)
        kept = views.put(a_view("domain", sender="@example.com"), DEED)
        views.begin_with(ADA, named.number, DEED)
        ada = Somebody(whose="ada@example.com", until=NOW)
        rooms.erasing.forget(ada, rooms.erasing.remembered(ada))
        assert views.views(ADA) == (kept,)
        assert views.first(ADA) == 0
