"""Running judges follow the weights on disk, from batch to batch; what can't be used leaves what was."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from postroom.bootstrap import weights
from postroom.bootstrap.house import House
from postroom.bootstrap.weights import PolicyInForce, Weights, keep_weights, weighed
from postroom.cli.console import read_settings
from postroom.decide.policy import Policy
from postroom.model.judgement import Versions
from tests.unit.cli.conftest import SETTINGS
from tests.unit.flow.house import Told, a_message

SETTLED = Policy(version="settled")
MILD, BOLD = Weights(scales={"thread": 0.6}, temperature=1.2), Weights(scales={"words": 1.3}, temperature=0.9)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def begin(tmp_path: Path, told: Told) -> Callable[[], PolicyInForce]:
    return lambda: PolicyInForce(path=tmp_path / "weights.json", settled=SETTLED, observer=lambda: told)


def test_each_change_counts_from_the_next_look_on(
    begin: Callable[[], PolicyInForce], tmp_path: Path, told: Told
) -> None:
    path, policy = tmp_path / "weights.json", begin()
    assert policy() is SETTLED
    keep_weights(path, MILD)
    first = policy()
    assert (first, first.scales, first.temperature) == (weighed(SETTLED, MILD), {"thread": 0.6}, 1.2)
    keep_weights(path, BOLD)
    second = policy()
    assert second == weighed(SETTLED, BOLD)
    path.unlink()
    assert policy() is SETTLED
    assert len({SETTLED.version, first.version, second.version}) == 3
    assert [one["policy"] for one in told.of("weights-loaded")] == [first.version, second.version, "settled"]
    assert not told.of("weights-refused")


def test_what_is_there_at_the_start_counts_and_is_no_news(
    begin: Callable[[], PolicyInForce], tmp_path: Path, told: Told
) -> None:
    keep_weights(tmp_path / "weights.json", MILD)
    policy = begin()
    assert policy() == policy() == weighed(SETTLED, MILD)
    assert not told.events


def test_the_same_again_is_no_news(begin: Callable[[], PolicyInForce], tmp_path: Path, told: Told) -> None:
    keep_weights(tmp_path / "weights.json", MILD)
    policy = begin()
    keep_weights(tmp_path / "weights.json", MILD)
    assert policy() == weighed(SETTLED, MILD)
    assert not told.events


def test_a_file_that_did_not_change_is_not_read_again(
    begin: Callable[[], PolicyInForce], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_weights(tmp_path / "weights.json", MILD)
    real, read = weights.read_weights, []
    monkeypatch.setattr(weights, "read_weights", lambda path: read.append(path) or real(path))
    policy = begin()
    for _ in range(5):
        policy()
    assert len(read) == 1


def test_one_that_changed_in_its_place_with_its_size_and_time_is_read_again(
    begin: Callable[[], PolicyInForce], tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "weights.json"
    keep_weights(path, MILD)
    policy, before = begin(), path.stat()
    path.write_bytes(path.read_bytes().replace(b"0.6", b"0.7"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    policy()
    assert "checksum" in told.of("weights-refused")[0]["error"]


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff", b"[" * 50_000])
def test_a_damaged_file_leaves_what_was_and_is_told_once(
    begin: Callable[[], PolicyInForce], tmp_path: Path, told: Told, damage: bytes
) -> None:
    path = tmp_path / "weights.json"
    keep_weights(path, MILD)
    policy = begin()
    path.write_bytes(damage)
    assert policy() == policy() == weighed(SETTLED, MILD)
    (refused,) = told.of("weights-refused")
    assert "postroom weigh --forget" in refused["error"]
    assert begin()() is SETTLED
    assert len(told.of("weights-refused")) == 2
    keep_weights(path, BOLD)
    assert policy() == weighed(SETTLED, BOLD)


def test_one_that_can_not_be_read_leaves_what_was(
    begin: Callable[[], PolicyInForce], tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "weights.json"
    keep_weights(path, MILD)
    policy = begin()
    path.unlink()
    path.mkdir()
    assert policy() == weighed(SETTLED, MILD)
    assert "can't read" in told.of("weights-refused")[0]["error"]


def test_decisions_name_the_policy_that_they_were_made_by(tmp_path: Path) -> None:
    """Two batches by one judge: the weights that another process learned meanwhile are in the second alone."""
    from postroom.model.mail import Envelope, Peer

    (tmp_path / "postroom.toml").write_text(SETTINGS)
    house = House(read_settings(tmp_path / "postroom.toml"), tmp_path)
    reception, judging = house.reception(), house.judging()
    envelope = Envelope(mail_from="ada@example.com", rcpt_to=("support@shop.test",))

    def judged(number: int) -> str:
        raw = a_message(Message_ID=f"<{number}@example.com>")
        (mail,) = reception.accept(envelope, raw, Peer(door="smtp", trusted=True)).result()
        judging.judge(house.store.claim("judge", 9, "judge"))
        return house.store.decisions(mail.id)[-1].versions.policy

    first = judged(1)
    keep_weights(house.weights_path, BOLD)
    second = judged(2)
    house.close()
    assert (first, second) == (house.settled_policy.version, weighed(house.settled_policy, BOLD).version)


def test_pages_explain_by_the_weights_that_judge(tmp_path: Path) -> None:
    """Their process lives as long as the judges'."""
    from postroom.bootstrap.pages import room
    from postroom.model.people import ALL
    from postroom.testing.values import a_decision, a_mail
    from postroom.understand.reader import read

    (tmp_path / "postroom.toml").write_text(SETTINGS)
    house = House(read_settings(tmp_path / "postroom.toml"), tmp_path)
    explain = room(house, ()).explain
    mail = a_mail(1)
    message = read(mail, house.trust)
    versions = Versions(policy=weighed(house.settled_policy, BOLD).version, rules="", phrases="", model="")
    decision = a_decision(mail.id, versions=versions)
    assert not explain(decision, message, ALL).same_policy
    keep_weights(house.weights_path, BOLD)
    assert explain(decision, message, ALL).same_policy
    house.close()
