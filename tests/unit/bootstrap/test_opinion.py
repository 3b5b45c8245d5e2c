"""From settings to a second opinion: who is asked, by whom, and what `postroom check` says of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from postroom.adapters.intake.files import FoundMail
from postroom.bootstrap import checks
from postroom.bootstrap.files import Offline
from postroom.bootstrap.house import House
from postroom.bootstrap.opinion import mistake
from postroom.config import load
from postroom.model.mail import Envelope, Peer
from tests.unit.adapters.opinion.fake_api import FakeApi, says
from tests.unit.cli.conftest import SETTINGS
from tests.unit.flow.house import a_message

#: what the shipped phrases make a weak case for appeals of
BODY = "Please review the suspension"


@pytest.fixture
def api() -> Iterator[FakeApi]:
    server = FakeApi(says("appeals"))
    yield server
    server.close()


def wanted(api: FakeApi, more: str = "", threshold: float = 0.6) -> str:
    strict = SETTINGS.replace("[route.appeals]", f"[route.appeals]\nthreshold = {threshold}")
    return f'{strict}\n[second_opinion]\nurl = "{api.url}"\nmodel = "m1"\nkey_file = "key"\nallow = ["127.0.0.1"]\nfloor = 0.0\n{more}\n'


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[[str], House]]:
    made: list[House] = []

    def make(text: str) -> House:
        settings, problems = load(text)
        assert settings is not None, problems
        (tmp_path / "key").write_text("sk-1\n")
        made.append(House(settings, tmp_path))
        return made[-1]

    yield make
    for house in made:
        house.close()


def test_off_by_default(build: Callable[[str], House]) -> None:
    house = build(SETTINGS)
    assert house.opinion is None
    assert house.seconding is None
    assert house.judging().seconding is None
    assert mistake(house.settings.second_opinion, house.base, house.folder) == ""


def test_workers_ask_files_do_not(api: FakeApi, build: Callable[[str], House]) -> None:
    raw = a_message(BODY)
    found = [FoundMail(path="a.eml", raw=raw)]
    ((_, _, sure),) = Offline(build(SETTINGS)).decisions(found)
    assert sure.route == "appeals"
    just_above = sure.confidence + (1.0 - sure.confidence) / 4
    more = 'brands = ["shop"]\nroutes = ["appeals"]\ntimeout = 20'
    house = build(wanted(api, more, just_above))
    for text_only in (False, True):
        ((_, _, decision),) = Offline(house, text_only=text_only).decisions(found)
        assert (decision.route, decision.decided) == ("review", "appeals")
    assert api.requests == []
    envelope = Envelope(mail_from="ada@example.com", rcpt_to=("support@shop.test",))
    (mail,) = house.reception().accept(envelope, raw, Peer(door="smtp")).result(10)
    house.judging().judge(house.store.claim("judge", 10, "judge"))
    (decision,) = house.store.decisions(mail.id)
    assert decision.versions.second_opinion == "m1"
    ((_, headers, _),) = api.requests
    assert headers["authorization"] == "Bearer sk-1"
    assert (house.data / "second-opinion.budget").exists()


def test_the_floor_belongs_to_the_policy(api: FakeApi, build: Callable[[str], House]) -> None:
    one, other = build(wanted(api)), build(wanted(api).replace("floor = 0.0", "floor = 0.4"))
    assert other.policy.second_opinion_floor == 0.4
    assert one.policy.version != other.policy.version


@pytest.mark.parametrize("key", ["", "schl\u00fcssel", "two words"])
def test_a_key_that_cant_be_one(build: Callable[[str], House], api: FakeApi, tmp_path: Path, key: str) -> None:
    house = build(wanted(api))
    (tmp_path / "key").write_text(key, encoding="utf-8")
    assert "ASCII" in mistake(house.settings.second_opinion, house.base, house.folder)


def test_looking_for_mistakes_makes_no_observer_before_the_metrics_have_their_folder(
    build: Callable[[str], House], api: FakeApi
) -> None:
    house = build(wanted(api))
    assert not list(checks.mistakes(house))
    assert "observer" not in house.__dict__
