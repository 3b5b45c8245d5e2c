"""`postroom learn`, from a store and a corpus to a model in force; what is erased; and who can flood it."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from postroom.bootstrap import teaching
from postroom.bootstrap.house import House
from postroom.bootstrap.models import HARD
from postroom.bootstrap.teaching import Wanted
from postroom.flow.holdout import TooFew
from postroom.flow.learning import Counts, Learnt
from postroom.model.errors import ConfigError, Refused
from postroom.model.example import Example
from postroom.model.mail import RouteName
from postroom.testing.values import an_example
from tests.unit.bootstrap.team import VERDICTS, arrive, open_house
from tests.unit.flow.school import DAY, NOW, prose


@pytest.fixture
def house(team_folder: Path) -> Iterator[House]:
    found = open_house(team_folder)
    yield found
    found.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """An installation that has learned once, and what that said."""

    house: House
    found: dict[str, Any]


@pytest.fixture(scope="module")
def taught_once(
    made_team: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], tuple[Path, dict[str, Any]]]:
    """Where it was learned from the team's words and so many of Eve's: once, for all tests that go on from there."""

    @cache
    def folder(of_eve: int) -> tuple[Path, dict[str, Any]]:
        made = open_house(shutil.copytree(made_team, tmp_path_factory.mktemp("taught") / "team"))
        made.store.keep_examples(eves(of_eve))
        found = learn(made)
        made.close()
        return made.base, found

    return folder


@pytest.fixture
def taught(
    taught_once: Callable[[int], tuple[Path, dict[str, Any]]], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Taught]:
    """A copy of it, of the test's own."""
    folder, found = taught_once(getattr(request, "param", 0))
    opened = open_house(shutil.copytree(folder, tmp_path / "taught"))
    yield Taught(house=opened, found=found)
    opened.close()


def eves(count: int) -> list[Example]:
    """What Eve wrote, as `postroom learn` keeps what was imported."""
    return [
        an_example(n, at=NOW - 300 * DAY, new_text=f"{prose('appeals', n)} zanzibar", sender="eve@example.org")
        for n in range(count)
    ]


def learn(house: House, now: float = NOW, **wanted: Any) -> dict[str, Any]:
    return teaching.learn(house, Wanted(corpus=[house.base / "corpus.jsonl"], **wanted), now=now)


def erase(house: House, count: int) -> None:
    """So many mails are gone from the store, the oldest first, as if somebody had erased them."""
    ids = [one.mail_id for one in house.store.verdicts()][:count]
    real = house.store.read
    house.store.read = lambda asked: tuple(mail for mail in real(asked) if mail.id not in ids)  # type: ignore[method-assign]


def test_a_model_that_is_better_comes_into_force_and_judges_the_next_mail(house: House) -> None:
    before = house.classifier.version
    found = learn(house)
    assert (found["outcome"], found["why"], found["champion"]) == ("replaced", [], before)
    assert (found["team"]["trained"], found["team"]["held"]) == (140, 60)
    assert found["contest"]["recall"]["shipping"]["champion"] < 0.3
    assert found["contest"]["recall"]["shipping"]["challenger"] > 0.9
    json.dumps(found)
    (mail,) = arrive(house, [prose("shipping", "new")], first=900)
    (decision,) = house.store.decisions(mail.id)
    assert (decision.versions.model, decision.decided) == (found["model"], "shipping")
    (shipped, row) = teaching.listed(house.models)
    assert (shipped["current"], row["current"], row["version"]) == (False, True, found["model"])
    card = row["card"]
    assert (card["made_at"], card["champion"], card["how"]) == (NOW, before, "learn")
    assert card["contest"]["won"] is True
    assert card["until"] == pytest.approx(NOW - 60 * DAY)
    assert len(house.models.sources(found["model"])) == 140


def test_learning_again_changes_nothing_when_nothing_was_learned(taught: Taught) -> None:
    house, first = taught.house, taught.found
    again = learn(house, NOW + DAY)
    assert again["outcome"] == "stays"
    assert "right no more often" in again["why"][0]
    assert house.models.current == first["model"]


def test_a_dry_run_compares_and_changes_nothing(house: House) -> None:
    found = learn(house, dry_run=True)
    assert (found["outcome"], found["model"]) == ("would-replace", None)
    assert found["contest"]["won"]
    assert (house.models.current, house.models.kept()) == ("shipped", ())


def test_too_little_is_said_with_how_much_is_needed(house: House) -> None:
    erase(house, 90)
    found = learn(house)
    assert found["outcome"] == "too-few"
    assert found["why"] == ["not enough verdicts yet: 110 of 120 that were asked for"]


@pytest.mark.parametrize(
    ("who", "routes", "said"),
    [("ada", ("general", "shipping"), "not enough verdicts yet that say appeals: 0 of 10"), ("mallory", ("appeals", "general"), "by others than mallory: 0 of 10")],
)  # fmt: skip
def test_too_little_of_a_protected_route_or_by_others_is_said(
    house: House, who: str, routes: tuple[str, ...], said: str
) -> None:
    mails = [house.store.read([one.mail_id])[0] for one in house.store.verdicts()]
    for number, mail in enumerate(mails[: VERDICTS if who == "ada" else 130]):
        replace(house.reviewing(), clock=lambda: NOW - DAY / 2).give(mail, RouteName(routes[number % 2]), who)
    found = learn(house)
    assert found["outcome"] == "too-few"
    assert said in found["why"][0]


@pytest.mark.parametrize(
    ("few", "said"),
    [
        (TooFew(have=7, need=30, audited=True), " on mail that the audit drew (review.audit_share says how much): 7 of 30"),
        (TooFew(have=1, need=5, route=RouteName("appeals"), besides="ada"), " that say appeals by others than ada: 1 of 5"),
    ],
)  # fmt: skip
def test_what_there_is_too_little_of_is_said(few: TooFew, said: str) -> None:
    learnt = Learnt(counts=Counts(why={}, routes={}), too_few=few)
    assert teaching._why(learnt) == [f"not enough verdicts yet{said}, in the later half of those asked for"]


@pytest.mark.parametrize("taught", [3], indirect=True)
def test_what_was_erased_leaves_the_model_in_force_and_all_that_are_kept(taught: Taught) -> None:
    house, first = taught.house, taught.found
    assert first["team"]["why"] == {"audit": VERDICTS, "import": 3}
    assert teaching.overdue(house, NOW + 40 * DAY) == ""
    assert house.store.erase_examples("eve@example.org") == 3
    assert teaching.overdue(house, NOW + 29 * DAY) == ""
    assert "3 of its texts were erased" in teaching.overdue(house, NOW + 30 * DAY)
    assert learn(house, NOW + 29 * DAY, dry_run=True)["erased"] == 3
    again = learn(house, NOW + 29 * DAY)
    assert (again["outcome"], again["erased"], again["removed"]) == ("renewed", 3, [first["model"]])
    assert again["model"] == house.models.current != first["model"]
    card = house.models.load(again["model"]).card
    assert (card["how"], card["trained_at"], card["made_at"]) == ("erasure", NOW, NOW + 29 * DAY)
    assert len(house.models.sources(again["model"])) == 140
    assert [one.version for one in house.models.kept()] == [again["model"]]
    assert teaching.overdue(house, NOW + 100 * DAY) == ""
    assert house.models.before() == "shipped"
    assert learn(house, NOW + 30 * DAY)["outcome"] == "stays"


def test_what_is_trained_again_keeps_the_half_life_of_then(taught: Taught) -> None:
    house, first = taught.house, taught.found
    then = house.models.load(first["model"]).card["half_life_days"]
    shorter = msgspec.structs.replace(house.settings.learning, half_life_days=20.0)
    house.settings = msgspec.structs.replace(house.settings, learning=shorter)
    erase(house, 20)
    again = learn(house, NOW + DAY)
    assert again["outcome"] == "renewed"
    card = house.models.load(again["model"]).card
    assert (card["half_life_days"], card["trained_at"]) == (then, NOW)
    assert then != 20.0


def test_on_another_corpus_nothing_is_trained_again_as_it_was(taught: Taught) -> None:
    house, first = taught.house, taught.found
    assert house.models.load(first["model"]).card["corpus"]
    erase(house, 20)
    with (house.base / "corpus.jsonl").open("a") as corpus:
        corpus.write('\n{"route": "general", "body": "one more"}')
    again = learn(house, NOW + DAY)
    assert (again["outcome"], again["erased"], again["removed"]) == ("gone-back", 20, [first["model"]])
    assert again["model"] == house.models.current == "shipped"
    assert "another corpus" in again["why"][-1]
    assert (house.models.turns()[-1].by, house.models.kept()) == ("erasure", ())
    assert learn(house, NOW + 2 * DAY)["outcome"] == "replaced"


def test_mails_that_are_gone_are_out_of_the_next_model(taught: Taught) -> None:
    house, first = taught.house, taught.found
    erase(house, 20)
    again = learn(house, NOW + DAY)
    assert (again["outcome"], again["erased"]) == ("renewed", 20)
    assert len(house.models.sources(again["model"])) == 120
    assert first["model"] in again["removed"]


def test_nothing_is_overdue_where_nothing_was_learned_or_another_model_judges(house: House, taught: Taught) -> None:
    assert teaching.overdue(house, NOW) == ""
    house = taught.house
    erase(house, 20)
    assert teaching.overdue(house, NOW + 40 * DAY)
    house.settings = _with_model(house, "shipped")
    assert teaching.overdue(house, NOW + 40 * DAY) == ""


def test_a_model_is_chosen_and_gone_back_from(taught: Taught) -> None:
    house, version = taught.house, taught.found["model"]
    assert teaching.roll_back(house, by="ada", now=NOW + 1.0) == "shipped"
    assert teaching.choose(house, version[:5], by="ada", now=NOW + 2.0) == version
    assert [(turn.version, turn.by) for turn in house.models.turns()] == [
        (version, "learn"), ("shipped", "rollback ada"), (version, "use ada"),
    ]  # fmt: skip
    with pytest.raises(Refused, match="no model"):
        teaching.choose(house, "nothing", by="ada", now=NOW)


def test_the_corpus_is_found_and_weighs_what_is_hard_less(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "en-appeals.jsonl" in {path.name for path in teaching.shipped_corpus()}
    corpus = teaching.CorpusFiles(house, [house.base / "corpus.jsonl"])
    assert corpus.weighs() == {"appeals": pytest.approx(40 + 5 * HARD), "general": pytest.approx(40 + 5 * HARD)}
    assert [one.weight for one in corpus.texts()].count(HARD) == 10
    assert {one.group for one in corpus.texts()} == {""}
    several = teaching.CorpusFiles(house, [house.base / "corpus.jsonl"] * 10)
    assert {one.group for one in several.texts()} == {str(house.base / "corpus.jsonl")}
    monkeypatch.setattr("postroom.bootstrap.teaching.resources.files", lambda _package: house.base / "a" / "b" / "c")
    with pytest.raises(ConfigError, match="--corpus"):
        teaching.shipped_corpus()


def test_a_flood_of_wrong_verdicts_by_one_reviewer_puts_no_model_into_force(house: House) -> None:
    """300 wrong words of mallory's on appeals after 200 honest ones."""
    mails = arrive(house, [prose("appeals", f"flood {n}") for n in range(300)], first=1000)
    for number, mail in enumerate(mails):
        people = replace(house.reviewing(), clock=lambda n=number: NOW - DAY + n)
        people.give(mail, RouteName("general"), "mallory")
    found = learn(house, NOW + DAY)
    assert found["outcome"] == "too-few"
    assert house.models.current == "shipped"


def _with_model(house: House, model: str) -> Any:
    return msgspec.structs.replace(house.settings, judging=msgspec.structs.replace(house.settings.judging, model=model))


@pytest.mark.parametrize("taught", [3], indirect=True)
def test_a_person_who_is_erased_leaves_the_model_within_thirty_days(taught: Taught) -> None:
    house = taught.house
    assert teaching.knows(house, [*(one.id for one in eves(3)), "nothing"]) == 3
    replace(house.eraser, clock=lambda: NOW + 5 * DAY).erase("eve@example.org", "root")
    told = teaching.overdue(house, NOW + 6 * DAY)
    assert "3 of its texts were erased since: they must be out of it in 29 days" in told
    assert teaching.overdue(house, NOW + 36 * DAY).endswith("3 of its texts were erased since")
    assert learn(house, NOW + 7 * DAY)["outcome"] == "renewed"
    assert teaching.overdue(house, NOW + 8 * DAY) == ""
