"""`postroom learn` and `postroom models`, as a person sees them."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Postroom, Ran
from tests.unit.flow.school import NOW


@pytest.fixture(scope="session")
def a_team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.unit.bootstrap import team

    folder = tmp_path_factory.mktemp("team")
    team.make(folder)
    return folder


@pytest.fixture
def team(a_team: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The team's installation is the one where we are."""
    shutil.copytree(a_team, folder, dirs_exist_ok=True)
    monkeypatch.setattr("time.time", lambda: NOW)
    return folder


@pytest.fixture
def learn(team: Path, postroom: Postroom):
    def run(*more: str) -> Ran:
        return postroom("learn", "--corpus", "corpus.jsonl", *more)

    return run


def test_what_was_learned_is_told_with_figures_and_how_to_undo_it(learn, postroom: Postroom) -> None:
    ran = learn()
    assert ran.code == 0, ran.err
    assert "The new model is in force: " in ran.out
    assert "200 drawn for the audit; 140 trained on, 60 held back" in ran.out
    assert "all mails: right" in ran.out
    assert "shipping: found" in ran.out
    assert "Undo: postroom models rollback" in ran.err
    again = learn()
    assert "The model stays: " in again.out
    assert "it is right no more often" in again.out
    (shipped, mine) = postroom("models", "list", "--json").lines
    assert (shipped["current"], mine["current"], mine["card"]["how"]) == (False, True, "learn")
    listed = postroom("models", "list")
    assert mine["version"] in listed.out
    shown = postroom("models", "show", mine["version"][:6])
    assert f"Model {mine['version']}, trained 2027-01-15 08:00:00 UTC (in force)" in shown.out
    assert "took the place of" in shown.out
    assert json.loads(postroom("models", "show", mine["version"], "--json").out) == mine
    assert "Model shipped" in postroom("models", "show", "shipped").out
    back = postroom("models", "rollback", "--as", "ada")
    assert back.out == "Model shipped is in force.\n"
    assert "no earlier model" in postroom("models", "rollback", "--as", "ada").err
    assert postroom("models", "use", mine["version"][:4], "--as", "ada", "--json").lines == [{"model": mine["version"]}]
    assert postroom("models", "use", "nothing", "--as", "ada").code == 1


def test_a_dry_run_says_what_would_be(learn, team: Path) -> None:
    ran = learn("--dry-run")
    assert "would come into force (--dry-run: nothing was changed)" in ran.out
    assert sorted(path.name for path in (team / "data" / "models").iterdir()) == ["lock"]
    facts = learn("--dry-run", "--json").lines[0]
    assert (facts["outcome"], facts["contest"]["won"]) == ("would-replace", True)


def test_too_little_is_said_and_what_must_be_set_for_it_to_count(
    learn, team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(os, "nice", told.append)
    monkeypatch.setattr("time.time", lambda: NOW + 4000 * 86_400.0)
    settings = (team / "postroom.toml").read_text().replace('model = "learned"', 'model = "none"')
    (team / "postroom.toml").write_text(settings)
    ran = learn("--background")
    assert told == [19]
    assert "not enough verdicts yet: 0 of 120" in ran.out
    assert "Texts of the team: none" in ran.out
    assert '[judging] model = "learned"' in ran.err


def test_without_a_store_there_is_nothing_to_learn_from(folder: Path, postroom: Postroom) -> None:
    assert "there is no store" in postroom("learn").err
    assert postroom("models", "list", "--json").lines == [
        {"version": "shipped", "current": True, "made_at": None, "card": {}}
    ]


def test_progress_is_shown_to_whoever_looks(learn, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    import sys

    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert sys.stderr is not None
    assert learn("--dry-run").code == 0


def test_elsewhere_than_on_a_terminal_each_step_is_a_line(learn) -> None:
    ran = learn("--dry-run")
    steps = [line.partition(":")[0] for line in ran.err.splitlines() if line.endswith(" texts")]
    assert steps == list(dict.fromkeys(steps))
    assert {"training", "comparing"} <= set(steps)
    assert " texts" not in learn("--dry-run", "--background").err


def test_the_shipped_model_says_what_it_knows(folder: Path, postroom: Postroom) -> None:
    said = postroom("models", "show", "shipped").out
    assert "knows appeals, copyright, general, refunds" in said


def test_check_tells_what_was_erased_and_is_still_known(
    learn, postroom: Postroom, team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = learn("--json").lines[0]["model"]
    sources = team / "data" / "models" / f"{version}.sources"
    monkeypatch.setattr("time.time", lambda: NOW + 31 * 86_400.0)
    assert "erased" not in postroom("check").out
    sources.write_text(sources.read_text() + "\n01gone00000000000000000000")
    ran = postroom("check")
    assert f"the model {version} was trained 31 days ago, and 1 of its texts were erased since. Run: postroom learn" in ran.out  # fmt: skip
    assert ran.code == 0
    assert "erased" not in postroom("check", "--offline").out
    (team / "data" / "models" / "current").write_text("{")
    assert "models use VERSION" in postroom("check").out
