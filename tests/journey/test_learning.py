"""A running server learns by itself, and judges by another model, or by other weights, without a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.adapters.classifier.model import dump
from postroom.adapters.classifier.registry import Registry
from postroom.bootstrap.weights import Weights, keep_weights
from tests.journey.test_serve import Running, served, until
from tests.unit.adapters.classifier.test_linear import learned


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    learning = 'starter = false\nmodel = "learned"\n[learning]\nevery_days = 1\n'
    with served(tmp_path, ("starter = false\n", learning)) as running:
        yield running


def test_it_learns_by_itself_and_follows_the_model_in_force(running: Running) -> None:
    until(lambda: bool(running.events("learned")), "a first run that finds no verdicts")
    (told,) = running.events("learned")
    assert (told["outcome"], told["model"]) == ("too-few", "")
    assert not running.events("learn-failed")

    running.send("Please give me my account back.")
    until(lambda: len(running.inbox()) == 1, "judged by the shipped model")
    version = Registry(running.folder / "data" / "models").keep(dump(learned()), {"made_at": 1.0}, [])
    running.command("models", "use", version[:6], "--as", "ada")
    running.send("Please give me my account back, again.")
    until(lambda: len(running.inbox()) == 2, "judged by the model that was chosen")
    running.command("models", "rollback", "--as", "ada")
    running.send("Please give me my account back, I say.")
    until(lambda: len(running.inbox()) == 3, "judged by the shipped one again")

    newest, chosen, first = (running.store.decisions(entry.mail_id)[-1] for entry in running.inbox())
    assert chosen.versions.model == version
    assert newest.versions.model == first.versions.model not in ("", version)
    assert [event["model"] for event in running.events("model-loaded")] == [version, first.versions.model]


def test_it_follows_what_was_learned_of_the_sources(running: Running) -> None:
    path = running.folder / "data" / "weights.json"
    for number, change in enumerate(
        (
            lambda: None,
            lambda: keep_weights(path, Weights(scales={"thread": 0.7}, temperature=1.1)),
            lambda: path.write_text("damaged"),
            lambda: running.command("weigh", "--forget"),
        ),
        1,
    ):
        change()
        running.send(f"Please give me my account back, for the {number}. time.")
        until(lambda wanted=number: len(running.inbox()) == wanted, "judged")
    forgotten, damaged, weighed, first = (
        running.store.decisions(entry.mail_id)[-1].versions.policy for entry in running.inbox()
    )
    assert weighed == damaged != first == forgotten
    assert [event["policy"] for event in running.events("weights-loaded")] == [weighed, first]
    assert len(running.events("weights-refused")) == 1
