"""Models by version: kept whole, put into force whole, gone back from; a crash in between leaves the one before."""

import contextlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.classifier.learned import LearnedClassifier
from postroom.adapters.classifier.linear import LinearClassifier
from postroom.adapters.classifier.model import Model, dump
from postroom.adapters.classifier.none import NoClassifier
from postroom.adapters.classifier.registry import SHIPPED, Registry
from postroom.adapters.classifier.training import LinearTrainer
from postroom.model.errors import ConfigError, Refused
from tests.unit.adapters.classifier.test_linear import TEXTS, learned, read
from tests.unit.flow.house import Told
from tests.unit.flow.school import training_text


@pytest.fixture(scope="module")
def base() -> Model:
    return learned()


def content(base: Model, number: int) -> bytes:
    """A model of its own."""
    return dump(replace(base, slope=1.0 + number))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


def learn(registry: Registry, base: Model, number: int) -> str:
    version = registry.keep(content(base, number), {"made_at": float(number)}, [f"m{number}"])
    registry.use(version, by="learn", now=float(number))
    return version


def test_before_anything_was_learned_the_shipped_model_is_in_force(registry: Registry) -> None:
    assert (registry.current, registry.turns(), registry.kept(), registry.stamp()) == (SHIPPED, (), (), None)
    with pytest.raises(Refused, match="no earlier model"):
        registry.before()
    assert registry.prune(2) == ()


def test_what_is_kept_is_read_back_with_its_card_and_sources(registry: Registry, base: Model) -> None:
    version = registry.keep(content(base, 1), {"made_at": 7.0, "note": "first"}, ["m1", "m2"])
    assert registry.current == SHIPPED
    assert registry.keep(content(base, 1), {"made_at": 7.0, "note": "first"}, ["m1", "m2"]) == version
    (kept,) = registry.kept()
    assert (kept.version, kept.made_at, kept.card["note"], kept.card["made_for"]) == (version, 7.0, "first", "tests")
    assert registry.sources(version) == ("m1", "m2")
    assert registry.sources("nothing") == ()
    assert registry.load(version).slope == 2.0
    assert (registry.named(version), registry.named(version[:4]), registry.named("shipped")) == (
        version, version, SHIPPED,
    )  # fmt: skip


def test_names_must_be_of_one(registry: Registry, base: Model) -> None:
    for number in range(20):
        registry.keep(content(base, number), {}, [])
    with pytest.raises(Refused, match="no model"):
        registry.named("zzz")
    with pytest.raises(Refused, match="several"):
        registry.named("")
    assert registry.kept()[0].made_at == 0.0


def test_each_step_back_leads_further(registry: Registry, base: Model) -> None:
    first, second, third = (learn(registry, base, number) for number in (1, 2, 3))
    assert registry.current == third
    for expected in (second, first, SHIPPED):
        found = registry.before()
        assert found == expected
        registry.use(found, by="rollback ada", now=9.0)
        assert registry.current == expected
    with pytest.raises(Refused, match="no earlier"):
        registry.before()
    fourth = learn(registry, base, 4)
    learn(registry, base, 4)
    assert (registry.current, registry.before()) == (fourth, SHIPPED)
    registry.use(second, by="use ada", now=11.0)
    assert registry.before() == fourth
    assert registry.prune(1, sound=lambda version: version != fourth) == (fourth, third, first)
    assert registry.before() == SHIPPED


def test_the_newest_are_kept_and_the_one_in_force(registry: Registry, base: Model) -> None:
    versions = [learn(registry, base, number) for number in range(1, 7)]
    registry.use(versions[0], by="use ada", now=10.0)
    (registry._folder / "left.model.1.part").write_bytes(b"x")
    assert set(registry.prune(2)) == set(versions[1:4])
    assert {one.version for one in registry.kept()} == {versions[0], versions[4], versions[5]}
    assert registry.sources(versions[1]) == ()
    assert not list(registry._folder.glob("*.part"))


def test_a_model_that_is_damaged_or_another_is_not_used(registry: Registry, base: Model) -> None:
    version, other = learn(registry, base, 1), learn(registry, base, 2)
    path = registry._folder / f"{version}.model"
    path.write_bytes((registry._folder / f"{other}.model").read_bytes())
    with pytest.raises(ConfigError, match="is another"):
        registry.use(version, by="use ada", now=1.0)
    path.write_bytes(b"no model")
    with pytest.raises(ConfigError, match="no model"):
        registry.use(version, by="use ada", now=1.0)
    with pytest.raises(ConfigError, match="can't read"):
        registry.use("f" * 12, by="use ada", now=1.0)
    assert registry.current == other
    assert [one.version for one in registry.kept()] == [other]


@pytest.mark.parametrize("rubbish", [b"", b"{", b'[{"version": 1}]', b"\xff"])
def test_rubbish_where_the_current_one_stands_is_told_and_mended_by_choosing(
    registry: Registry, base: Model, rubbish: bytes
) -> None:
    version = learn(registry, base, 1)
    (registry._folder / "current").write_bytes(rubbish)
    with pytest.raises(ConfigError, match="models use"):
        _ = registry.current
    registry.use(version, by="use ada", now=2.0)
    assert registry.current == version


class Crash(BaseException):
    """The machine stops."""


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("after", range(8))
def test_a_crash_at_any_step_leaves_the_model_before_or_the_new_one(
    registry: Registry, base: Model, monkeypatch: pytest.MonkeyPatch, step: str, after: int
) -> None:
    """Whatever is in force can be read, and what was not finished can be done again."""
    first = learn(registry, base, 1)
    real, calls = getattr(os, step), iter(range(1000))

    def crashing(*arguments):
        if next(calls) == after:
            raise Crash
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, step, crashing)
        with contextlib.suppress(Crash):
            learn(registry, base, 2)
    anew = Registry(registry._folder)
    now = anew.current
    assert now in (first, next((one.version for one in anew.kept() if one.made_at == 2.0), first))
    assert anew.load(now).version == now
    second = learn(anew, base, 2)
    assert (anew.current, anew.before()) == (second, first)
    anew.prune(10)
    assert sorted(path.suffix for path in anew._folder.iterdir()) == ["", ".model", ".model", ".sources", ".sources"]


def test_only_one_at_a_time(registry: Registry) -> None:
    with registry.alone(), pytest.raises(Refused, match="is at work here"), Registry(registry._folder).alone():
        raise AssertionError
    with Registry(registry._folder).alone():
        pass


def test_what_is_written_is_for_its_owner_alone(registry: Registry, base: Model) -> None:
    learn(registry, base, 1)
    assert registry._folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in registry._folder.iterdir()} == {0o600}


def test_another_model_judges_from_the_next_batch_on(registry: Registry, base: Model) -> None:
    told = Told()
    mind = LearnedClassifier(registry, NoClassifier, lambda: told)
    asked = [read("my account was suspended")]
    assert (mind.version, mind.classify(asked)) == ("", [()])
    first = learn(registry, base, 1)
    assert mind.version == ""
    assert mind.classify(asked) == LinearClassifier(registry.load(first)).classify(asked)
    assert mind.version == first
    second = learn(registry, base, 2)
    mind.classify(asked)
    assert mind.version == second
    (registry._folder / f"{first}.model").write_bytes(b"damaged")
    registry._write("current", json.dumps([{"version": first, "at": 1.0, "by": "me"}]).encode())
    mind.classify(asked)
    assert mind.version == second
    assert len(told.of("model-refused")) == 1
    registry.use(SHIPPED, by="use ada", now=3.0)
    mind.classify(asked)
    assert mind.version == ""
    assert [one["model"] for one in told.of("model-loaded")] == [first, second, ""]


def test_a_damaged_model_at_the_start_leaves_the_shipped_one(registry: Registry, base: Model) -> None:
    version = learn(registry, base, 1)
    assert LearnedClassifier(registry, NoClassifier, Told).version == version
    (registry._folder / f"{version}.model").write_bytes(b"damaged")
    told = Told()
    assert LearnedClassifier(registry, NoClassifier, lambda: told).version == ""
    assert "no model that this postroom can use" in told.of("model-refused")[0]["error"]


def test_the_trainer_learns_what_the_classifier_says() -> None:
    trainer = LinearTrainer("postroom test")
    texts = [training_text(text, route) for route, some in TEXTS.items() for text in some * 2]
    model = trainer.train(texts)
    assert model == trainer.train(iter(texts))
    (opinions,) = trainer.classifier(model).classify([read("they suspended my accounts")])
    assert opinions[0].route == "appeals"
    with pytest.raises(Refused, match="two routes"):
        trainer.train(texts[:3])
