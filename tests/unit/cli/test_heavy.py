"""A model of two parts from the command line: trained, measured, checked, and done without where it can't be used."""

import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.classifier.kernel import load
from postroom.bootstrap.cascades import embedder
from tests.unit.adapters.classifier.minds import WordEmbedder
from tests.unit.cli.conftest import SETTINGS, Postroom

SAYINGS = {
    "appeals": ("account was banned", "suspended for nothing", "please let me back in", "appeal against the ban"),
    "general": ("when do you open", "how do I change my name", "where are you", "thanks for the help"),
}


def write(path: Path, seed: int, texts: int = 60, lang: str = "") -> None:
    dice = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for _ in range(texts):
        for route, sayings in SAYINGS.items():
            words = [*dice.choice(sayings).split(), *dice.choice(sayings).split()]
            dice.shuffle(words)
            rows.append({"route": route, "subject": "", "body": " ".join(words)} | ({"lang": lang} if lang else {}))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> WordEmbedder:
    """Stands in for the encoder, as if the extra were installed."""
    found = WordEmbedder()
    monkeypatch.setattr("postroom.bootstrap.cascades.embedder", lambda: found)
    return found


@pytest.fixture
def trained(folder: Path, postroom: Postroom, encoder: WordEmbedder) -> Path:
    pytest.importorskip("sklearn")
    write(folder / "known.jsonl", 1)
    write(folder / "asked.jsonl", 2)
    (folder / "postroom.toml").write_text(f'{SETTINGS}[judging]\nmodel = "ours.model"\n')
    ran = postroom("train", "known.jsonl", "--out", "ours.model", "--heavy")
    assert ran.code == 0
    assert "Wrote ours.model.heavy: " in ran.out
    assert "unseen texts the light model is right about" in ran.out
    return folder / "ours.model"


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra were not installed."""
    monkeypatch.setattr("postroom.bootstrap.cascades.embedder", embedder)
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "postroom.adapters.classifier.embedding", raising=False)


def test_training_tells_of_both(trained: Path, postroom: Postroom) -> None:
    (facts,) = postroom("train", "known.jsonl", "--out", "again.model", "--heavy", "--json").lines
    assert facts["heavy"]["model"] == "again.model.heavy"
    assert facts["heavy"]["bytes"] == Path("again.model.heavy").stat().st_size
    unseen = facts["heavy"]["card"]["unseen"]
    assert unseen["texts"] > 0
    assert 0.5 < unseen["accuracy"] <= 1.0
    assert load(Path("again.model.heavy")).light == facts["version"]
    assert Path("again.model.heavy").read_bytes() == trained.with_name("ours.model.heavy").read_bytes()


def test_evaluating_asks_both_and_the_version_names_both(
    trained: Path, postroom: Postroom, encoder: WordEmbedder
) -> None:
    encoder.asked.clear()
    (facts,) = postroom("evaluate", "asked.jsonl", "--model", "ours.model", "--json").lines
    light, heavy = facts["model"].split("+")
    assert heavy == load(trained.with_name("ours.model.heavy")).version
    assert load(trained.with_name("ours.model.heavy")).light == light
    assert facts["accuracy"] > 0.8


def test_check_says_that_it_is_used(trained: Path, postroom: Postroom) -> None:
    assert "heavier model: is asked about what the light model is unsure of" in postroom("check").out


def test_without_the_extra_the_light_model_judges_and_check_says_so(
    trained: Path, postroom: Postroom, without: None
) -> None:
    ran = postroom("check", "--offline")
    assert ran.code == 0
    assert "the heavier model is not used, the light one judges alone" in ran.out
    assert "-m pip install 'onnxruntime>=1.20'" in ran.out
    ran = postroom("evaluate", "asked.jsonl", "--json")
    assert ran.code == 0
    assert "+" not in ran.lines[0]["model"]
    assert "heavier-model-off" in ran.err


def test_training_without_the_extra_says_what_to_install(folder: Path, postroom: Postroom, without: None) -> None:
    write(folder / "known.jsonl", 1)
    ran = postroom("train", "known.jsonl", "--out", "ours.model", "--heavy")
    assert ran.code != 0
    assert "-m pip install 'onnxruntime>=1.20'" in ran.err
    assert not (folder / "ours.model").exists()


def test_a_light_model_trained_anew_leaves_the_heavier_one_behind(trained: Path, postroom: Postroom) -> None:
    write(trained.with_name("known.jsonl"), 5)
    assert postroom("train", "known.jsonl", "--out", "ours.model").code == 0
    said = postroom("check", "--offline").out
    assert "it was made for another model: train both again with --heavy, or remove it" in said
    (facts,) = postroom("evaluate", "asked.jsonl", "--json").lines
    assert "+" not in facts["model"]


def test_a_damaged_heavier_model_stops_nothing(trained: Path, postroom: Postroom) -> None:
    trained.with_name("ours.model.heavy").write_bytes(b"\x80\x04.")
    ran = postroom("evaluate", "asked.jsonl", "--json")
    assert ran.code == 0
    assert "no heavier model that this postroom can use" in ran.err


def test_an_encoder_that_fails_while_judging_stops_nothing(
    trained: Path, postroom: Postroom, encoder: WordEmbedder
) -> None:
    rows = [
        {"route": "general", "subject": "", "body": "qwerty uiop"},
        {"route": "appeals", "subject": "", "body": "x y"},
    ]
    Path("strange.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows * 3))
    encoder.broken = True
    ran = postroom("evaluate", "strange.jsonl", "--json")
    assert ran.code == 0
    assert "heavier-model-failed" in ran.err


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([("appeals", "let me in"), ("general", "when do you open")], "needs more examples of each route"),
        ([("appeals", "let me in")], "at least two routes"),
        (
            [
                ("appeals", "please let me back in"),
                ("general", "私の名前を変更する方法を教えてください。よろしくお願いします"),
            ],
            "there is none of general: leave out --heavy",
        ),
    ],
)
def test_what_can_not_be_learned_from(
    folder: Path, postroom: Postroom, encoder: WordEmbedder, texts: list[tuple[str, str]], said: str
) -> None:
    rows = [{"route": route, "subject": "", "body": body} for route, body in texts]
    (folder / "known.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = postroom("train", "known.jsonl", "--out", "ours.model", "--heavy")
    assert ran.code != 0
    assert said in ran.err


def test_an_encoder_that_fails_while_training(folder: Path, postroom: Postroom, encoder: WordEmbedder) -> None:
    write(folder / "known.jsonl", 1)
    encoder.broken = True
    ran = postroom("train", "known.jsonl", "--out", "ours.model", "--heavy")
    assert ran.code != 0
    assert "the encoder failed (Broken)" in ran.err
