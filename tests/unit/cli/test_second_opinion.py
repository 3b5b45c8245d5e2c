"""`postroom check` and a second opinion."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.adapters.opinion.fake_api import FakeApi, says, status
from tests.unit.cli.conftest import SETTINGS, Postroom


@pytest.fixture
def api() -> Iterator[FakeApi]:
    server = FakeApi(says("general"))
    yield server
    server.close()


def wanted(api: FakeApi) -> str:
    return f'{SETTINGS}\n[second_opinion]\nurl = "{api.url}"\nmodel = "m1"\nkey_file = "key"\nallow = ["127.0.0.1"]\n'


def test_a_check_tries_it_and_makes_nothing(postroom: Postroom, folder: Path, api: FakeApi) -> None:
    (folder / "key").write_text("sk-1")
    (folder / "postroom.toml").write_text(wanted(api))
    ran = postroom("check")
    assert ran.code == 0
    assert "second opinion: 127.0.0.1:" in ran.out
    assert not (folder / "data" / "second-opinion.budget").exists()
    api.play = status(401)
    ran = postroom("check")
    assert ran.code == 1
    assert "answered HTTP 401 to m1" in ran.out


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("", ""), "can't read the secret file"),
        (('allow = ["127.0.0.1"]', 'allow = ["no/such"]'), "neither a network nor a host name"),
        (("http://", "http://user@"), "without a user name"),
        (("http://", "ftp://"), "not an http(s) address"),
    ],
)
def test_what_is_wrong_is_said_once_and_not_tried(
    postroom: Postroom, folder: Path, api: FakeApi, change: tuple[str, str], says: str
) -> None:
    if change[0]:
        (folder / "key").write_text("sk-1")
    (folder / "postroom.toml").write_text(wanted(api).replace(*change))
    (facts,) = postroom("check", "--json").lines
    (problem,) = facts["problems"]
    assert problem["what"].startswith("second_opinion")
    assert says in problem["what"]
    assert "second opinion" not in [t["what"] for t in facts["tried"]]
    assert api.requests == []
