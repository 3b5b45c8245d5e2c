"""Changing who may sign in: what is wrong is refused with a remedy, what is done is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postroom.model.errors import Refused
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import Deed, User, UserName
from tests.unit.flow.people import HOME, PASSWORD, Rooms


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    made = Rooms(tmp_path)
    yield made
    made.store.close()


def a_user(name: str = "ada", **changes: Any) -> User:
    return User(**({"name": UserName(name), "role": "agent"} | changes))


def test_a_user_is_added_with_what_was_given(rooms: Rooms) -> None:
    ada = a_user("Ada.L+1@example.com", shown="Ada ♥", brands=("shop",), routes=("appeals", "refunds"), urgent=True)
    added = rooms.team.add(ada, PASSWORD, "shell")
    assert rooms.accounts.user(ada.name) == added
    assert (added.password, added.created_at, added.shown) == (f"1:{PASSWORD}", rooms.clock.now(), "Ada ♥")
    rooms.add("elsewhere", password=None)
    assert rooms.told() == [
        ("shell", "user-added", ada.name, "role agent, brands shop, routes appeals+refunds, urgent yes"),
        ("shell", "user-added", "elsewhere", "role agent, brands all, routes all, urgent no"),
    ]


@pytest.mark.parametrize(
    ("user", "says"),
    [
        (a_user(""), "can't be a name"),
        (a_user("-a"), "can't be a name"),
        (a_user("a b"), "can't be a name"),
        (a_user("аda"), "can't be a name"),
        (a_user("ada\n"), "can't be a name"),
        (a_user("a" * 65), "can't be a name"),
        (a_user("Postroom"), "can't be a name"),
        (a_user("ROOT"), "there is a user root already; see: postroom user show root"),
        (a_user(role="amdin"), "Did you mean 'admin'"),
        (a_user(shown="a\nb"), "name that others see"),
        (a_user(shown="a\u202eb"), "name that others see"),
        (a_user(shown="a" * 101), "name that others see"),
        (a_user(brands=("shpo",)), "no brand 'shpo'. Did you mean 'shop'"),
        (a_user(routes=("appeals", "apeals")), "no route 'apeals'"),
    ],
)
def test_what_can_not_be_a_user_is_refused(rooms: Rooms, user: User, says: str) -> None:
    with pytest.raises(Refused) as told:
        rooms.team.add(user, PASSWORD, "shell")
    assert says in str(told.value)
    assert [one.name for one in rooms.accounts.users()] == ["root"]
    assert rooms.told() == []


def test_a_password_that_is_tried_first_is_refused(rooms: Rooms) -> None:
    with pytest.raises(Refused, match="too short"):
        rooms.team.add(a_user(), "short", "shell")
    with pytest.raises(Refused, match="tried first"):
        rooms.team.set_password("root", "password1234", "root")
    with pytest.raises(Refused, match="than the name"):
        rooms.team.add(a_user("ada.lovelace"), "ada.lovelace", "shell")
    assert rooms.told() == []


def test_a_change_tells_what_it_was_and_is(rooms: Rooms) -> None:
    rooms.add("ada")
    changed = rooms.team.change("ADA", "root", role="lead", brands=("shop", "games"), shown="Ada", urgent=True)
    assert rooms.accounts.user(UserName("ada")) == changed
    assert (changed.role, changed.brands, changed.shown) == ("lead", ("shop", "games"), "Ada")
    assert rooms.team.change("ada", "root", role="lead") == changed
    rooms.team.change("ada", "root", shown="", brands=())
    rooms.team.change("ada", "root", disabled=True)
    rooms.team.change("ada", "root", disabled=False)
    assert rooms.told(2) == [
        (
            "root",
            "user-changed",
            "ada",
            "role: agent to lead, shown: nothing to Ada, brands: all to shop+games, urgent: no to yes",
        ),
        ("root", "user-changed", "ada", "shown: Ada to nothing, brands: shop+games to all"),
        ("root", "user-disabled", "ada", "disabled: no to yes"),
        ("root", "user-enabled", "ada", "disabled: yes to no"),
    ]


def test_who_is_of_a_brand_that_is_no_more_can_still_be_shut_out(rooms: Rooms) -> None:
    rooms.add("ada")
    ada = rooms.team.find("ada")
    gone = replace(ada, brands=(BrandName("gone"),), routes=(RouteName("fraud"),))
    rooms.accounts.put_user(gone, Deed(at=0.0, by="root", what="user-changed"), was=ada)
    assert rooms.team.change("ada", "root", disabled=True).brands == ("gone",)
    with pytest.raises(Refused, match="no brand 'older'"):
        rooms.team.change("ada", "root", brands=("gone", "older"))


def test_a_change_that_can_not_be_is_refused(rooms: Rooms) -> None:
    for change, says in (
        ({"role": "lead"}, "no admin would be left"),
        ({"disabled": True}, "no admin would be left"),
        ({"role": "boss"}, "no role 'boss'"),
        ({"routes": ("x",)}, "no route 'x'"),
    ):
        with pytest.raises(Refused, match=says):
            rooms.team.change("root", "root", **change)
    with pytest.raises(Refused, match="there is no user 'rot'"):
        rooms.team.change("rot", "root", role="lead")
    assert rooms.told() == []


def test_a_new_password_ends_all_sessions(rooms: Rooms) -> None:
    secret, _ = rooms.signing_in.sign_in("root", PASSWORD, HOME, "")
    rooms.team.set_password("ROOT", "another of four words", "ada")
    assert rooms.signing_in.who(secret) is None
    assert rooms.signing_in.sign_in("root", "another of four words", HOME, "")[1].name == "root"
    assert rooms.told(2)[0] == ("ada", "password-changed", "root", "")


def test_sessions_are_ended_one_or_all(rooms: Rooms) -> None:
    secrets = [rooms.signing_in.sign_in("root", PASSWORD, HOME, "")[0] for _ in range(3)]
    found = rooms.signing_in.who(secrets[1])
    assert found is not None
    assert rooms.team.end_sessions("root", "ada", key=found[0].key) == 1
    assert [rooms.signing_in.who(secret) is None for secret in secrets] == [False, True, False]
    assert rooms.team.end_sessions("Root", "ada") == 2
    assert rooms.team.end_sessions("root", "ada") == 0
    assert rooms.told(4) == [("ada", "sessions-ended", "root", "")] * 2
    with pytest.raises(Refused, match="no user"):
        rooms.team.end_sessions("nobody", "ada")


def test_a_key_is_made_within_the_users_role_and_revoked(rooms: Rooms) -> None:
    rooms.add("ada")
    token, key = rooms.team.make_key("ADA", "work", "the form", rooms.clock.now() + 10, "root")
    assert token.startswith(f"pr_{key.name}_")
    assert rooms.accounts.keys() == (key,)
    assert (key.user, key.scope, key.note, key.expires_at) == ("ada", "work", "the form", rooms.clock.now() + 10)
    rooms.team.revoke_key(key.name, "root")
    with pytest.raises(Refused, match="postroom key list"):
        rooms.team.revoke_key(key.name, "root")
    assert rooms.told(2) == [
        ("root", "key-made", key.name, "for ada, scope work"),
        ("root", "key-revoked", key.name, ""),
    ]
    assert token.rpartition("_")[2] not in str(rooms.journal.deeds())


@pytest.mark.parametrize(
    ("scope", "note", "ends", "says"),
    [
        ("review", "", None, "the scope review takes a reviewer, and ada is an agent: use a lesser scope"),
        ("rea", "", None, "no scope 'rea'. Did you mean 'read'"),
        ("read", "", 0.0, "expired already"),
        ("read", "a\tb", None, "the note"),
        ("read", "a" * 201, None, "the note"),
    ],
)
def test_a_key_that_can_not_be_is_refused(rooms: Rooms, scope: Any, note: str, ends: float | None, says: str) -> None:
    rooms.add("ada")
    ends_at = None if ends is None else rooms.clock.now() + ends
    with pytest.raises(Refused) as told:
        rooms.team.make_key("ada", scope, note, ends_at, "root")
    assert says in str(told.value)
    assert rooms.accounts.keys() == ()


def test_whoever_is_disabled_gets_no_key(rooms: Rooms) -> None:
    rooms.add("ada")
    rooms.team.change("ada", "root", disabled=True)
    with pytest.raises(Refused, match="who may sign in"):
        rooms.team.make_key("ada", "read", "", None, "root")


def test_an_admin_may_get_every_scope_and_articles_are_right(rooms: Rooms) -> None:
    assert rooms.team.make_key("root", "admin", "", None, "root")[1].scope == "admin"
    rooms.add("boss", "lead")
    with pytest.raises(Refused, match="takes an admin, and boss is a lead"):
        rooms.team.make_key("boss", "admin", "", None, "root")


def test_the_first_user_is_an_admin(rooms: Rooms, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()

    class Empty(Rooms):
        def add(self, *_arguments: Any) -> User:  # type: ignore[override]
            return a_user()

    empty = Empty(folder)
    with pytest.raises(Refused, match="the first user has to be an admin: postroom user add ada --role admin"):
        empty.team.add(a_user(), PASSWORD, "shell")
    assert empty.team.add(a_user(role="admin"), PASSWORD, "shell").name == "ada"
    empty.store.close()
