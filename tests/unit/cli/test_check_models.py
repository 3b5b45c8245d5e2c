"""`postroom check` tries the models that judge: the file that was named, the learned one, the heavier one beside it."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.classifier import kernel, model
from postroom.adapters.classifier.registry import Registry
from tests.unit.adapters.classifier.test_kernel import a_head
from tests.unit.adapters.classifier.test_linear import learned
from tests.unit.cli.conftest import SETTINGS, Postroom


def judge_by(folder: Path, name: str) -> None:
    (folder / "postroom.toml").write_text(f'{SETTINGS}[judging]\nmodel = "{name}"\n')


@pytest.fixture
def registry(folder: Path) -> Registry:
    """Two models were learned, and the second is in force."""
    judge_by(folder, "learned")
    (folder / "data").mkdir()
    found = Registry(folder / "data" / "models")
    for number in (1, 2):
        version = found.keep(model.dump(replace(learned(), slope=1.0 + number)), {}, [])
        found.use(version, by="learn", now=float(number))
    return found


def test_it_says_which_model_judges(postroom: Postroom, folder: Path) -> None:
    (folder / "ours.model").write_bytes(model.dump(learned()))
    judge_by(folder, "ours.model")
    ran = postroom("check")
    assert ran.code == 0
    assert f"model: {learned().version}, knows appeals, general, refunds" in ran.out
    judge_by(folder, "none")
    ran = postroom("check")
    assert (ran.code, "model: " in ran.out) == (0, False)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda content: None, "can't read the model "),
        (lambda content: b"", "is no model that this postroom can use: it does not begin with 'postroom model 2'"),
        (lambda content: kernel.dump(a_head(20)), "it does not begin with 'postroom model 2'"),
        (lambda content: content[:200], "its header has no end"),
    ],
)
def test_a_file_that_is_no_model_is_told_and_no_server_begins_with_it(
    postroom: Postroom, folder: Path, harm: Callable[[bytes], bytes | None], said: str
) -> None:
    if (content := harm(model.dump(learned()))) is not None:
        (folder / "ours.model").write_bytes(content)
    judge_by(folder, "ours.model")
    ran = postroom("check", "--offline", "--json")
    (problem,) = ran.lines[0]["problems"]
    assert (ran.code, problem["fatal"]) == (1, True)
    assert problem["what"].startswith("judging.model: ")
    assert said in problem["what"]
    assert str(folder / "ours.model") in problem["what"]
    assert "postroom train DATA --out FILE" in problem["remedy"]
    assert problem["line"] == SETTINGS.count("\n") + 2
    assert not [one for one in postroom("check", "--json").lines[0]["tried"] if one["what"] == "model"]
    ran = postroom("serve", "--allow-root")
    assert (ran.code, said in ran.err) == (1, True)
    assert not (folder / "data").exists()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda content: content[:-1], "another length"),
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "its checksum is wrong: it was damaged or changed"),
    ],
)
def test_damage_behind_the_header_is_told_too(
    postroom: Postroom, folder: Path, harm: Callable[[bytes], bytes], said: str
) -> None:
    (folder / "ours.model").write_bytes(harm(model.dump(learned())))
    judge_by(folder, "ours.model")
    ran = postroom("check", "--offline", "--json")
    (problem,) = ran.lines[0]["problems"]
    assert (ran.code, said in problem["what"], problem["fatal"]) == (1, True, True)


def test_a_model_of_other_routes_is_told(postroom: Postroom, folder: Path) -> None:
    made = replace(learned(), classes=("cats", "dogs", "fish"))
    (folder / "ours.model").write_bytes(model.dump(made))
    judge_by(folder, "ours.model")
    ran = postroom("check", "--offline")
    assert ran.code == 1
    assert "ours.model knows none of the routes here, but cats, dogs, fish. Train it on mail of these routes" in ran.out


def test_a_damaged_shipped_model_is_told(
    postroom: Postroom, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("postroom.bootstrap.models.shipped", lambda: tmp_path / "gone.model")
    ran = postroom("check", "--offline")
    assert ran.code == 1
    assert "Install postroom again" in ran.out


def test_the_learned_model_is_tried(postroom: Postroom, registry: Registry, folder: Path) -> None:
    ran = postroom("check", "--json")
    assert (ran.code, ran.lines[0]["problems"]) == (0, [])
    (tried,) = (one for one in ran.lines[0]["tried"] if one["what"] == "model")
    assert tried["said"].startswith(f"{registry.current}, knows ")
    path = folder / "data" / "models" / f"{registry.current}.model"
    path.write_bytes(path.read_bytes()[:-1])
    ran = postroom("check", "--offline")
    assert ran.code == 1
    assert "judging.model: the learned model is not used, a judge that starts takes the shipped one: " in ran.out
    assert "another length" in ran.out
    assert "postroom models rollback" in ran.out
    assert postroom("models", "rollback", "--as", "ada").code == 0
    assert postroom("check", "--offline").code == 0
    (folder / "data" / "models" / "current").write_text("{")
    ran = postroom("check", "--offline")
    assert (ran.code, "models use VERSION" in ran.out) == (1, True)


def test_a_damaged_heavier_model_is_told_and_a_server_would_begin(postroom: Postroom, folder: Path) -> None:
    (folder / "ours.model").write_bytes(model.dump(learned()))
    (folder / "ours.model.heavy").write_bytes(kernel.dump(a_head(20))[:-1])
    judge_by(folder, "ours.model")
    ran = postroom("check", "--offline", "--json")
    (problem,) = ran.lines[0]["problems"]
    assert (ran.code, problem["fatal"]) == (0, False)
    assert "the heavier model is not used, the light one judges alone" in problem["what"]
    assert "another length" in problem["what"]
    (folder / "ours.model").unlink()
    (problem,) = postroom("check", "--offline", "--json").lines[0]["problems"]
    assert "can't read the model" in problem["what"]


def test_a_server_looks_at_its_settings_without_loading_a_model(folder: Path) -> None:
    """Its process judges nothing: neither numpy nor an encoder belongs into it."""
    (folder / "ours.model").write_bytes(model.dump(learned()))
    (folder / "ours.model.heavy").write_bytes(kernel.dump(a_head(20)))
    judge_by(folder, "ours.model")
    script = (
        "import sys\nfrom pathlib import Path\nfrom postroom.bootstrap import House, checks, server\n"
        "from postroom.cli.console import read_settings\n"
        "house = House(read_settings(Path('postroom.toml')), Path.cwd())\n"
        "print([m.message for m in checks.mistakes(house) if m.fatal], 'numpy' in sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[] False\n"
