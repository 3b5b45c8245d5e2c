"""`evaluate` with other models, out of scope, predictions and reports; `thresholds` to the settings file and back."""

import json
import os
import random
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import SETTINGS, Postroom
from tests.unit.flow.house import a_message

WORDS = {
    "balance": [
        "what is my balance",
        "how much money is in my account",
        "show the balance please",
        "balance of my card",
    ],
    "weather": ["will it rain tomorrow", "what is the weather", "is it sunny in Rome", "weather for the weekend"],
    "alarm": ["wake me at seven", "set an alarm", "alarm for six please", "wake me up early"],
}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def intents(folder: Path, postroom: Postroom) -> Path:
    """A model of routes that the house has not, and mail of them."""
    pytest.importorskip("sklearn")
    rows = [{"route": route, "subject": "", "body": text} for route, texts in WORDS.items() for text in texts * 2]
    write(folder / "intents.jsonl", rows)
    assert postroom("train", "intents.jsonl", "--out", "intents.model").code == 0
    return folder / "intents.jsonl"


@pytest.fixture
def desks(folder: Path) -> Path:
    """Mail of the house's desks, some of it where it is not looked for, some hard."""
    dice = random.Random(7)
    rows: list[dict[str, Any]] = []
    for number in range(40):
        rows += [
            {"route": "appeals", "subject": "", "body": f"Order {number}: my account was suspended, please unban me"},
            {"route": "general", "subject": f"Question {number}", "body": "When do you open on Sundays?", "lang": "en"},
        ]
    rows += [{"route": "appeals", "subject": "", "body": f"When do you open {n}?", "hard": True} for n in range(3)]
    dice.shuffle(rows)
    write(folder / "desks.jsonl", rows)
    return folder / "desks.jsonl"


class TestEvaluate:
    @pytest.mark.usefixtures("intents")
    def test_a_model_of_other_routes_is_judged_alone(self, postroom: Postroom, folder: Path) -> None:
        write(folder / "other.jsonl", [{"route": "whatever", "subject": "", "body": "zzz qqq"}] * 4)
        ran = postroom(
            "evaluate", "intents.jsonl", "--model", "intents.model", "--out-of-scope", "other.jsonl",
            "--predictions", "said.jsonl", "--json",
        )  # fmt: skip
        (facts,) = ran.lines
        assert (facts["model_alone"], facts["n"], facts["accuracy"]) == (True, 24, 1.0)
        assert set(facts["routes"]) == set(WORDS)
        assert facts["out_of_scope"]["n"] == 4
        assert facts["out_of_scope"]["auroc"] == 1.0
        lines = [json.loads(line) for line in (folder / "said.jsonl").read_text().splitlines()]
        assert [line["out_of_scope"] for line in lines] == [False] * 24 + [True] * 4
        first = lines[0]
        assert (first["path"], first["number"], first["label"]) == ("intents.jsonl#1", 1, "balance")
        assert sum(first["probabilities"].values()) == pytest.approx(1.0, abs=1e-5)
        assert first["confidence"] == max(first["probabilities"].values())
        shown = postroom("evaluate", "intents.jsonl", "--model", "intents.model", "--out-of-scope", "other.jsonl")
        assert "the model alone" in shown.out
        assert "AUROC 1.000" in shown.out

    @pytest.mark.usefixtures("intents")
    def test_figures_can_be_computed_from_the_predictions(self, postroom: Postroom, folder: Path) -> None:
        (facts,) = postroom(
            "evaluate", "intents.jsonl", "--model", "intents.model", "--predictions", "said.jsonl", "--json"
        ).lines
        lines = [json.loads(line) for line in (folder / "said.jsonl").read_text().splitlines()]
        assert sum(line["decided"] == line["label"] for line in lines) / len(lines) == facts["accuracy"]
        assert sum(line["route"] == "review" for line in lines) / len(lines) == facts["review_rate"]

    @pytest.mark.usefixtures("intents")
    def test_labels_that_the_model_does_not_know(self, postroom: Postroom, folder: Path) -> None:
        write(folder / "data.jsonl", [{"route": "balanse", "subject": "", "body": "x"}])
        ran = postroom("evaluate", "data.jsonl", "--model", "intents.model")
        assert (ran.code, ran.out) == (1, "")
        assert "data.jsonl#1: there is no route 'balanse'. Did you mean 'balance'?" in ran.err
        ran = postroom("evaluate", "intents.jsonl", "--model", "intents.model", "--stream")
        assert ran.code == 1
        assert "--stream needs a model of this house's desks" in ran.err

    def test_another_model_of_the_same_desks_is_judged_as_always(
        self, postroom: Postroom, desks: Path, folder: Path
    ) -> None:
        pytest.importorskip("sklearn")
        assert postroom("train", "desks.jsonl", "--out", "ours.model").code == 0
        (ours,) = postroom("evaluate", "desks.jsonl", "--model", "ours.model", "--json").lines
        assert (ours["model_alone"], len(ours["model"])) == (False, 12)
        (none,) = postroom("evaluate", "desks.jsonl", "--model", "none", "--json").lines
        assert (none["model_alone"], none["model"]) == (False, "")
        assert none["hard"]["n"] == 3
        ran = postroom("evaluate", "desks.jsonl", "--model", "missing.model")
        assert (ran.code, ran.out) == (1, "")
        assert "can't read the model" in ran.err

    def test_a_report_opens_by_itself(self, postroom: Postroom, desks: Path, folder: Path) -> None:
        ran = postroom("evaluate", "desks.jsonl", "--report", "r.html")
        assert "Wrote r.html." in ran.err
        page = (folder / "r.html").read_text()
        assert "Reliability" in page
        assert "When do you open" in page
        postroom("evaluate", "desks.jsonl", "--report", "r.html", "--no-text", "--json")
        assert "When do you open" not in (folder / "r.html").read_text()
        ran = postroom("evaluate", "desks.jsonl", "--no-text")
        assert (ran.code, ran.out) == (2, "")

    def test_where_nothing_can_be_written_nothing_is_judged(self, postroom: Postroom, desks: Path) -> None:
        for option in ("--report", "--predictions"):
            ran = postroom("evaluate", "desks.jsonl", option, "no/such/file")
            assert (ran.code, ran.out) == (2, "")
            assert "there is no folder no/such" in ran.err

    @pytest.mark.usefixtures("intents")
    def test_a_learning_curve(self, postroom: Postroom, folder: Path) -> None:
        asked = [{"route": route, "subject": "", "body": texts[0]} for route, texts in WORDS.items()]
        write(folder / "asked.jsonl", asked)
        command = ("evaluate", "asked.jsonl", "--model", "intents.model", "--learning-curve", "intents.jsonl")
        (facts,) = postroom(*command, "--json").lines
        counts = [point["examples"] for point in facts["learning_curve"]]
        # Of 24 examples, without the six that are the words of what it is tried on: from each route one, one, two, three, six
        assert counts == [3, 3, 6, 9, 18]
        assert "Learning curve" in postroom(*command).out
        write(folder / "one.jsonl", [{"route": "alarm", "subject": "", "body": "wake me"}] * 3)
        ran = postroom("evaluate", "asked.jsonl", "--model", "intents.model", "--learning-curve", "one.jsonl")
        assert ran.code == 1
        assert "can't learn from one.jsonl" in ran.err

    def test_a_bar_goes_to_whoever_looks(self, desks: Path, folder: Path) -> None:
        terminal, theirs = os.openpty()
        command = [sys.executable, "-m", "postroom", "evaluate", "desks.jsonl", "--json"]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, cwd=folder, timeout=60, check=True)
        os.close(theirs)
        assert json.loads(ran.stdout)["n"] == 83
        assert b"judging" in os.read(terminal, 100_000)
        os.close(terminal)


class TestThresholds:
    def test_the_choice_is_shown_and_nothing_written(self, postroom: Postroom, desks: Path, folder: Path) -> None:
        (facts,) = postroom("thresholds", "desks.jsonl", "--json").lines
        assert (facts["n"], facts["written"], facts["priors"]) == (83, None, None)
        assert facts["costs"] == {"review": 1.0, "wrong": 5.0, "missed": {"appeals": 20.0}}
        appeals, general = facts["routes"]["appeals"], facts["routes"]["general"]
        assert (appeals["guessed"], appeals["labelled"], appeals["enough"], appeals["in_force"]) == (40, 43, True, 0.6)
        assert (general["guessed"], general["labelled"], general["in_force"]) == (43, 40, 0.54)
        assert facts["total"]["chosen"]["cost"] <= facts["total"]["in_force"]["cost"]
        assert facts["total"]["in_force"]["missed"] == {"appeals": pytest.approx(3 / 43)}
        chosen = tomllib.loads(facts["settings"])["route"]
        changed = {"appeals": appeals, "general": general}
        assert chosen == {
            route: {"threshold": one["chosen"]} for route, one in changed.items() if one["chosen"] != one["in_force"]
        }
        assert chosen
        assert (folder / "postroom.toml").read_text() == SETTINGS
        ran = postroom("thresholds", "desks.jsonl", "--report", "t.html")
        assert "▲ chosen" in ran.out
        assert "[route.general]" in ran.out
        assert "What thresholds cost" in (folder / "t.html").read_text()

    def test_the_figures_are_those_of_evaluate(self, postroom: Postroom, desks: Path) -> None:
        (facts,) = postroom("thresholds", "desks.jsonl", "--json").lines
        (figures,) = postroom("evaluate", "desks.jsonl", "--json").lines
        assert facts["total"]["in_force"]["review"] == pytest.approx(figures["review_rate"])
        assert facts["total"]["in_force"]["error"] == pytest.approx(figures["decided"]["error"])

    def test_what_is_written_is_in_force(self, postroom: Postroom, desks: Path, folder: Path) -> None:
        (folder / "postroom.toml").write_text("# Ours.\n" + SETTINGS)
        (folder / "postroom.toml").chmod(0o640)
        (folder / "link.toml").symlink_to("postroom.toml")
        ran = postroom("thresholds", "desks.jsonl", "-c", "link.toml", "--cost", "appeals=100", "--write", "--json")
        (facts,) = ran.lines
        assert facts["written"] == "link.toml"
        assert (folder / "link.toml").is_symlink()
        text = (folder / "postroom.toml").read_text()
        assert text.startswith("# Ours.\n")
        assert stat.S_IMODE((folder / "postroom.toml").stat().st_mode) == 0o640
        assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
        for route in ("appeals", "general"):
            one = facts["routes"][route]
            written = tomllib.loads(text)["route"][route].get("threshold", one["in_force"])
            assert written == one["chosen"]
        assert facts["settings"]
        (after,) = postroom("evaluate", "desks.jsonl", "--json").lines
        assert after["review_rate"] == pytest.approx(facts["total"]["chosen"]["review"])
        assert after["decided"]["error"] == pytest.approx(facts["total"]["chosen"]["error"])
        assert "Nothing to set." in postroom("thresholds", "desks.jsonl", "--cost", "appeals=100", "--write").out
        (folder / "postroom.toml").write_text(SETTINGS)
        assert "restart" in postroom("thresholds", "desks.jsonl", "--write").err

    def test_a_brand_has_its_own(self, postroom: Postroom, desks: Path, folder: Path) -> None:
        (facts,) = postroom("thresholds", "desks.jsonl", "--brand", "shop", "--write", "--json").lines
        written = tomllib.loads((folder / "postroom.toml").read_text())
        assert written["brand"]["shop"]["thresholds"] == {
            route: one["chosen"] for route, one in facts["routes"].items() if one["chosen"] != one["in_force"]
        }
        assert "threshold" not in written["route"]["appeals"]
        (again,) = postroom("thresholds", "desks.jsonl", "--json").lines
        assert again["other_brands"] == ["shop"]
        assert "Brands with thresholds of their own keep them: shop" in postroom("thresholds", "desks.jsonl").out
        ran = postroom("thresholds", "desks.jsonl", "--brand", "shup")
        assert (ran.code, "there is no brand 'shup'" in ran.err) == (1, True)

    def test_a_budget_is_kept(self, postroom: Postroom, desks: Path) -> None:
        dear = ("--cost", "appeals=1000", "--cost", "review=0.01", "--cost", "wrong=50")
        (free,) = postroom("thresholds", "desks.jsonl", *dear, "--json").lines
        assert free["total"]["chosen"]["review"] > 0.02
        (bound,) = postroom("thresholds", "desks.jsonl", *dear, "--budget", "2%", "--json").lines
        assert bound["total"]["chosen"]["review"] <= 0.02
        (routes,) = postroom("thresholds", "desks.jsonl", *dear, "--budget", "general=0.04", "--json").lines
        general = routes["routes"]["general"]
        at = {point["threshold"]: point for point in general["curve"]}
        assert at[general["chosen"]]["of_route"]["review"] <= 0.04
        assert not bound["over_budget"]

    def test_how_frequent_routes_are_is_learned_from_mail(self, postroom: Postroom, desks: Path, folder: Path) -> None:
        (folder / "old.mbox").write_bytes(
            b"".join(
                b"From a Fri\n" + a_message(f"{what} {n}", Message_ID=f"<{n}@example.com>", Subject="x") + b"\n\n"
                for n, what in enumerate(
                    ["my account was suspended, please unban me"] * 4 + ["When do you open on Sundays?"] * 36
                )
            )
        )
        command = ("thresholds", "desks.jsonl", "--priors", "old.mbox", "--write")
        (facts,) = postroom(*command, "--json").lines
        prior = facts["priors"]["appeals"]
        assert prior["interval"][0] <= prior["estimated"] <= prior["interval"][1]
        assert prior["estimated"] == pytest.approx(0.1, abs=0.05)
        written = tomllib.loads((folder / "postroom.toml").read_text())["route"]
        assert written["appeals"]["prior"] == pytest.approx(prior["estimated"], abs=1e-3)
        assert written["general"]["prior"] == pytest.approx(facts["priors"]["general"]["estimated"], abs=1e-3)
        assert postroom("check", "--offline").code == 0
        shown = postroom("thresholds", "desks.jsonl", "--priors", "old.mbox").out
        assert "How frequent each route is" in shown
        assert "No labelled mail of" in shown or facts["not_labelled"] == []
        ran = postroom("thresholds", "desks.jsonl", "--priors", "mail.eml")
        assert (ran.code, "are not enough" in ran.err) == (1, True)

    def test_easy_mail_is_no_reason_to_change_a_threshold(self, postroom: Postroom, folder: Path) -> None:
        rows = [{"route": "general", "subject": "", "body": f"When do you open on Sundays {n}?"} for n in range(40)]
        write(folder / "easy.jsonl", rows)
        ran = postroom("thresholds", "easy.jsonl", "--write")
        assert (
            "No mistake to choose by, as no threshold that is worth its looks catches any: it stays at 0.54." in ran.out
        )
        assert "Nothing to set." in ran.out
        assert (folder / "postroom.toml").read_text() == SETTINGS
        settings = SETTINGS.replace("[route.general]", "[route.general]\nthreshold = 0.9999")
        (folder / "postroom.toml").write_text(settings)
        ran = postroom("thresholds", "easy.jsonl", "--write", "--report", "easy.html")
        assert "the choice only saves looks" in ran.out
        assert (folder / "postroom.toml").read_text() != settings
        assert " – " in (folder / "easy.html").read_text()

    def test_too_little_is_not_chosen_by(self, postroom: Postroom, folder: Path) -> None:
        rows = [{"route": "general", "subject": "", "body": f"When do you open {n}?"} for n in range(29)]
        write(folder / "few.jsonl", rows)
        (facts,) = postroom("thresholds", "few.jsonl", "--write", "--json").lines
        assert (facts["settings"], facts["written"]) == ("", None)
        assert [one["chosen"] for one in facts["routes"].values()] == [None, None]
        ran = postroom("thresholds", "few.jsonl")
        assert "Not enough to choose by: label until 30 are guessed" in ran.out
        assert "Nothing to set." in ran.out

    @pytest.mark.usefixtures("intents")
    def test_a_model_must_know_these_desks(self, postroom: Postroom, desks: Path) -> None:
        ran = postroom("thresholds", "desks.jsonl", "--model", "intents.model")
        assert (ran.code, ran.out) == (1, "")
        assert "knows routes that this house has not: alarm, balance, weather" in ran.err
        assert postroom("thresholds", "desks.jsonl", "--model", "none").code == 0

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (("--cost", "appeals"), "write it like appeals=20"),
            (("--cost", "appeals=-1"), "write it like appeals=20"),
            (("--cost", "appeals=nan"), "write it like appeals=20"),
            (("--cost", "apeals=3"), "there is no route 'apeals'"),
            (("--budget", "many"), "write it like 5%"),
            (("--budget", "5"), "--budget 500% is more than all"),
            (("--budget", "general=200%"), "--budget general=200% is more than all"),
            (("--report", "no/such/t.html"), "there is no folder no/such to write t.html into"),
            (("--budget", "apeals=5%"), "there is no route 'apeals'"),
        ],
    )
    def test_mistakes_are_said(self, postroom: Postroom, desks: Path, options: tuple[str, ...], says: str) -> None:
        ran = postroom("thresholds", "desks.jsonl", *options)
        assert (ran.code != 0, ran.out) == (True, "")
        assert says in ran.err

    def test_there_must_be_settings_to_write_to(self, postroom: Postroom, desks: Path, folder: Path) -> None:
        (folder / "postroom.toml").unlink()
        ran = postroom("thresholds", "desks.jsonl", "--write")
        assert (ran.code, "postroom init" in ran.err) == (1, True)
        assert postroom("thresholds", "desks.jsonl").code == 0

    def test_a_file_that_is_no_utf_8_is_left_alone(self, postroom: Postroom, desks: Path, folder: Path) -> None:
        before = b"# caf\xe9\n" + SETTINGS.encode()
        (folder / "postroom.toml").write_bytes(before)
        ran = postroom("thresholds", "desks.jsonl", "--write")
        assert (ran.code, "not in UTF-8" in ran.err) == (1, True)
        assert (folder / "postroom.toml").read_bytes() == before
