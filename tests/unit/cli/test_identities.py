"""`postroom user`, codes and accounts elsewhere."""

import json
from pathlib import Path

import pytest

from postroom.bootstrap.house import House
from postroom.config import load

from .conftest import Postroom

OIDC = '[pages.oidc]\nissuer = "https://id.example.com"\nclient_id = "postroom"\n'


@pytest.fixture
def root(postroom: Postroom) -> None:
    """An admin without a password."""
    assert postroom("user", "add", "root", "--role", "admin", "--no-password").code == 0


def test_an_account_elsewhere_is_linked_shown_and_unlinked(root: None, postroom: Postroom, folder: Path) -> None:
    ran = postroom("user", "link", "root", "r-1")
    assert (ran.code, "[pages.oidc]" in ran.err) == (1, True)
    with (folder / "postroom.toml").open("a") as file:
        file.write(OIDC)
    assert postroom("user", "link", "root", "r-1").out == "r-1 at https://id.example.com signs root in.\n"
    assert "Signs in as r-1 at https://id.example.com, linked " in postroom("user", "show", "root").out
    (shown,) = postroom("user", "show", "root", "--json").lines
    assert shown["identities"][0]["subject"] == "r-1"
    assert postroom("user", "unlink", "root", "--subject", "r-2").code == 1
    assert postroom("user", "unlink", "root").out == "1 unlinked. root is signed out everywhere.\n"
    (linked,) = postroom("user", "link", "root", "r-2", "--json").lines
    assert (linked["subject"], linked["user"]) == ("r-2", "root")
    assert postroom("user", "unlink", "root", "--subject", "r-2", "--json").lines == [{"unlinked": 1}]


def test_a_code_signs_in(root: None, postroom: Postroom, folder: Path) -> None:
    ran = postroom("user", "code", "root", "--as", "carla")
    assert "/sign-in/code" in ran.err
    found, _ = load((folder / "postroom.toml").read_text())
    assert found is not None
    house = House(found, folder)
    try:
        assert house.people.signing_in.redeem(ran.out, "192.0.2.1", "")[1].name == "root"
        assert json.loads(postroom("user", "code", "root", "--json").out)["user"] == "root"
        assert [deed.what for deed in house.people.journal.deeds(what="sign-in-code")] == ["sign-in-code"] * 2
    finally:
        house.close()
    assert postroom("user", "code", "nobody").code == 1
