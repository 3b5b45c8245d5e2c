"""`postroom weigh`: from verdicts to a policy that believes each source as far as it deserves."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from postroom.bootstrap.house import House
from postroom.bootstrap.weights import Weights, keep_weights, read_weights
from postroom.cli.console import read_settings
from postroom.flow import weighing
from postroom.model.errors import ConfigError
from tests.unit.flow.test_weighing import REFUNDS, stream

from .conftest import Postroom


@pytest.fixture
def house(folder: Path, empty_store: None) -> Callable[[], House]:
    return lambda: House(read_settings(folder / "postroom.toml"), folder)


@pytest.fixture
def exaggerating(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts that show that threads say too much."""
    some = stream(1200, {"thread": 3.0, "classifier": 1.0})
    refunds = [one for one in some if one.verdict.said == REFUNDS]
    some = [one for one in some if one.verdict.said != REFUNDS] + refunds[:10]
    monkeypatch.setattr(weighing, "gather", lambda _store, _since=0.0: some)


def test_what_is_better_is_kept_and_changes_the_policy(
    postroom: Postroom, folder: Path, house: Callable[[], House], exaggerating: None
) -> None:
    before = house().policy
    tried = postroom("weigh", "--dry-run")
    assert "It would be used (--dry-run: nothing was changed)." in tried.out
    assert house().policy == before
    ran = postroom("weigh")
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"thread +0\.5\d +1\.00 +\d+", ran.out)
    assert re.search(r"\(temperature\) +\d\.\d\d +1\.00", ran.out)
    assert "refunds is left out: 10 verdicts are too few." in ran.out
    assert "Kept. A running `postroom serve` does so from its next batch on." in ran.out
    after = house().policy
    assert after.version != before.version
    assert after.scales["thread"] < 0.6
    assert house().settled_policy == before
    path = folder / "data" / "weights.json"
    assert path.stat().st_mode & 0o777 == 0o600
    card = json.loads(path.read_text())["card"]
    assert card["learned"] > 300
    assert card["tried"]["after"] < card["tried"]["before"]
    (facts,) = postroom("weigh", "--dry-run", "--json").lines
    assert (facts["used"], facts["kept"], facts["in_force"]["scales"]) == (False, False, dict(after.scales))
    assert "as it is in force" in facts["against"][0]
    assert facts["in_force"]["worse"] is False
    explained = postroom("explain", "mail.eml")
    assert explained.code == 0
    assert postroom("weigh", "--forget").out.startswith("Every source is believed as by default.")
    assert postroom("weigh", "--forget").out == "Nothing had been learned.\n"
    assert postroom("weigh", "--forget", "--json").lines == [{"forgotten": False}]
    assert house().policy == before


def test_what_is_worse_than_the_default_by_now_is_told_of(
    postroom: Postroom, folder: Path, empty_store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = stream(900, {"thread": 1.0, "classifier": 1.0})
    monkeypatch.setattr(weighing, "gather", lambda _store, _since=0.0: some)
    keep_weights(folder / "data" / "weights.json", Weights(scales={"thread": 0.25, "words": 0.25}, temperature=2.0))
    ran = postroom("weigh")
    assert "What is in force stays.\nIt is worse than the default for certain by now" in ran.out
    assert "`postroom weigh --forget`" in ran.out
    (facts,) = postroom("weigh", "--json").lines
    assert (facts["used"], facts["in_force"]["worse"]) == (False, True)


def test_too_little_changes_nothing(postroom: Postroom, folder: Path, empty_store: None) -> None:
    ran = postroom("weigh")
    assert ran.code == 0
    assert "Not used: 0 verdicts on 0 routes are too few" in ran.out
    assert ran.out.endswith("What is in force stays.\n")
    (facts,) = postroom("weigh", "--json").lines
    assert (facts["used"], facts["kept"], facts["scales"]) == (False, False, {})
    assert not (folder / "data" / "weights.json").exists()
    assert postroom("weigh", "--forget", "--dry-run").code == 2


def test_what_was_learned_is_shown_where_a_decision_is_explained(
    postroom: Postroom, folder: Path, house: Callable[[], House]
) -> None:
    keep_weights(folder / "data" / "weights.json", Weights(scales={"words": 0.8}, temperature=1.25))
    told = postroom("explain", "mail.eml").out
    assert "times 0.80, as learned: " in told
    assert "the sum, divided by the temperature 1.25" in told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda facts: facts | {"format": "other"}, "its format"),
        (lambda facts: facts | {"scales": {"gossip": 1.0}}, "no source gossip"),
        (lambda facts: facts | {"scales": {"thread": 1.4}}, "checksum"),
        (lambda facts: facts | {"scales": {"thread": 99.0}}, "99.0 is no number from"),
        (lambda facts: facts | {"scales": {"thread": "1"}}, "'1' is no number from"),
        (lambda facts: facts | {"scales": []}, "damaged"),
        (lambda facts: facts | {"temperature": float("nan")}, "nan is no number"),
        (lambda facts: [], "damaged"),
        (lambda facts: {}, "damaged"),
        (lambda facts: "x" * 200_000, "too large"),
    ],
)
def test_a_damaged_file_is_refused_with_the_way_out(
    postroom: Postroom, folder: Path, empty_store: None, change: Callable[[dict[str, object]], object], said: str
) -> None:
    path = folder / "data" / "weights.json"
    keep_weights(path, Weights(scales={"thread": 0.7}, temperature=1.0))
    found = read_weights(path)
    assert found is not None
    assert (found.scales, found.temperature) == ({"thread": 0.7}, 1.0)
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(ConfigError, match=re.escape(said)):
        read_weights(path)
    ran = postroom("explain", "mail.eml")
    assert ran.code == 1
    assert "postroom weigh --forget" in ran.err
    assert "postroom weigh --forget" in postroom("check").out + postroom("check").err
    assert postroom("weigh", "--forget").code == 0
    assert postroom("explain", "mail.eml").code == 0


def test_a_file_that_is_no_file_is_a_sentence(folder: Path) -> None:
    (folder / "weights.json").mkdir()
    with pytest.raises(ConfigError, match="can't read"):
        read_weights(folder / "weights.json")
    assert read_weights(folder / "mail.eml" / "weights.json") is None
