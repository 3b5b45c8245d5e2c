"""A backup holds what was learned, and a restore brings back what judged before."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.bundle import pack, unpack
from postroom.adapters.classifier.model import dump
from postroom.adapters.classifier.registry import CURRENT, SHIPPED, Registry
from postroom.bootstrap import backup, learned_copy
from postroom.bootstrap.house import House
from postroom.bootstrap.schedule import TRIED
from postroom.bootstrap.weights import Weights, keep_weights, read_weights
from postroom.cli.console import read_settings
from postroom.model.errors import ConfigError, PostroomError, TryLater
from postroom.model.judgement import Versions
from postroom.model.mail import Envelope, Peer
from tests.unit.adapters.classifier.test_linear import learned
from tests.unit.cli.conftest import SETTINGS
from tests.unit.flow.house import a_message

WEIGHTS = Weights(scales={"thread": 0.6}, temperature=1.2, card={"learned": 700, "who": ["é"]})


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[Callable[[], House]]:
    """The installation, opened anew."""
    (tmp_path / "postroom.toml").write_text(f'{SETTINGS}[judging]\nmodel = "learned"\n')
    opened: list[House] = []

    def again() -> House:
        opened.append(House(read_settings(tmp_path / "postroom.toml"), tmp_path))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def house(open_house: Callable[[], House]) -> House:
    """Two models were learned, the first is in force again, and weights."""
    found = open_house()
    assert found.data.is_dir()
    first, second = (
        found.models.keep(dump(replace(learned(), slope=s)), {"made_at": s}, [f"m{s}"]) for s in (2.0, 3.0)
    )
    for number, version in enumerate((first, second, first)):
        found.models.use(version, by="use ada", now=float(number))
    found.models.mark(TRIED)
    keep_weights(found.weights_path, WEIGHTS)
    return found


def versions(house: House) -> Versions:
    """Which judged a mail that comes now."""
    envelope = Envelope(mail_from="ada@example.com", rcpt_to=("support@shop.test",))
    raw = a_message(Message_ID=f"<{time.monotonic_ns()}@example.com>")
    (mail,) = house.reception().accept(envelope, raw, Peer(door="smtp", trusted=True)).result()
    house.judging().judge(house.store.claim("judge", 9, "judge"))
    return house.store.decisions(mail.id)[-1].versions


def lose(house: House) -> None:
    house.close()
    (house.base / "data").rename(house.base / f"lost-{time.monotonic_ns()}")


def quiet(_done: int, _total: int) -> None:
    pass


def test_a_restore_brings_back_what_judged_before(
    house: House, open_house: Callable[[], House], tmp_path: Path
) -> None:
    before, turns = versions(house), house.models.turns()
    tried = (house.models.folder / TRIED).stat().st_mtime
    saved = backup.back_up(house, tmp_path / "copy.db", quiet)
    assert (saved.learned, saved.holds.models, saved.holds.weights) == (tmp_path / "copy.db.learned", 2, True)
    assert (saved.holds.current, saved.holds.remarks) == (before.model, ())
    lose(house)

    done = backup.restore(tmp_path / "data", tmp_path / "copy.db", quiet)
    assert (done.learned, done.remarks) == (saved.holds, ())
    anew = open_house()
    assert versions(anew) == before
    assert before.model == learned_version(2.0)
    assert anew.policy.scales == {"thread": 0.6}
    assert read_weights(anew.weights_path) == WEIGHTS
    assert anew.models.turns() == turns
    assert anew.models.before() == learned_version(3.0)
    assert {one.version: anew.models.sources(one.version) for one in anew.models.kept()} == {
        learned_version(2.0): ("m2.0",),
        learned_version(3.0): ("m3.0",),
    }
    assert (anew.models.folder / TRIED).stat().st_mtime == pytest.approx(tried, abs=0.001)
    files = [*anew.models.folder.iterdir(), anew.weights_path]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert anew.models.folder.stat().st_mode & 0o777 == 0o700


def learned_version(slope: float) -> str:
    return replace(learned(), slope=slope).version


def test_without_anything_learned_the_copy_says_so(open_house: Callable[[], House], tmp_path: Path) -> None:
    house = open_house()
    before = versions(house)
    saved = backup.back_up(house, tmp_path / "copy.db", quiet)
    assert (saved.holds.models, saved.holds.current, saved.holds.weights) == (0, SHIPPED, False)
    lose(house)
    assert backup.restore(tmp_path / "data", tmp_path / "copy.db", quiet).remarks == ()
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["key", "postroom.db"]
    assert versions(open_house()) == before


def test_a_later_backup_of_that_name_takes_its_place(house: House, tmp_path: Path) -> None:
    versions(house)
    backup.back_up(house, tmp_path / "copy.db", quiet)
    house.weights_path.unlink()
    backup.back_up(house, tmp_path / "copy.db", quiet)
    assert "weights.json" not in dict(unpack(tmp_path / "copy.db.learned"))


@pytest.mark.parametrize("at", [20, 300, 5000, -100])
def test_where_it_is_damaged_nothing_is_made(house: House, tmp_path: Path, at: int) -> None:
    versions(house)
    saved = backup.back_up(house, tmp_path / "copy.db", quiet)
    content = bytearray(saved.learned.read_bytes())
    content[at] ^= 0xFF
    saved.learned.write_bytes(content)
    lose(house)
    with pytest.raises(PostroomError, match=r"copy\.db\.learned is damaged"):
        backup.restore(tmp_path / "data", tmp_path / "copy.db", quiet)
    assert not (tmp_path / "data").exists()


A_MODEL = dump(learned())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../escaped", b"x"),
        ("../../x.model", A_MODEL),
        ("/tmp/escaped.model", A_MODEL),
        ("key", b"x" * 32),
        ("current", b"{"),
        ("current", b"[]"),
        ("current", b'[{"version": 1}]'),
        (f"{'0' * 12}.model", A_MODEL),
        (f"{'0' * 12}.model", b"no model"),
        (f"{'0' * 12}.model.part", A_MODEL),
        (f"{'0' * 12}.sources", b"\xff"),
        ("tried", b"never"),
        ("tried", b"nan"),
        ("tried", b"-1"),
        ("weights.json", b"{}"),
        ("", b""),
    ],
)
def test_what_is_no_file_of_ours_is_refused_whatever_its_checksum(
    house: House, tmp_path: Path, name: str, content: bytes
) -> None:
    versions(house)
    saved = backup.back_up(house, tmp_path / "copy.db", quiet)
    pack(saved.learned, [(name, content)])
    lose(house)
    with pytest.raises(PostroomError):
        backup.restore(tmp_path / "data", tmp_path / "copy.db", quiet)
    assert not (tmp_path / "data").exists()


def test_what_is_in_force_already_stays_and_is_said(
    house: House, open_house: Callable[[], House], tmp_path: Path
) -> None:
    """Somebody restored into a folder that is not empty: nothing there is lost."""
    versions(house)
    backup.back_up(house, tmp_path / "copy.db", quiet)
    lose(house)
    there = open_house()
    assert there.data.is_dir()
    third = there.models.keep(dump(replace(learned(), slope=4.0)), {}, [])
    there.models.use(third, by="use ada", now=1.0)
    other = Weights(scales={"words": 0.9}, temperature=1.0)
    keep_weights(there.weights_path, other)
    done = backup.restore(tmp_path / "data", tmp_path / "copy.db", quiet)
    assert len(done.remarks) == 2
    assert "a model was chosen already, and stays in force" in done.remarks[0]
    assert "weights.json is there already and stays" in done.remarks[1]
    assert (there.models.current, read_weights(there.weights_path)) == (third, other)
    assert len(there.models.kept()) == 3


def test_what_is_there_already_and_the_same_is_no_news_and_what_is_damaged_is_mended(
    house: House, tmp_path: Path
) -> None:
    versions(house)
    backup.back_up(house, tmp_path / "copy.db", quiet)
    house.close()
    for path in (tmp_path / "data").glob("postroom.db*"):
        path.unlink()
    (house.models.folder / f"{learned_version(3.0)}.model").write_bytes(b"damaged")
    house.weights_path.write_bytes(b"damaged")
    done = backup.restore(tmp_path / "data", tmp_path / "copy.db", quiet)
    assert done.remarks == ()
    assert (len(house.models.kept()), read_weights(house.weights_path)) == (2, WEIGHTS)


def test_what_can_not_be_used_is_left_out_and_said(house: House, tmp_path: Path) -> None:
    current = house.models.current
    (house.models.folder / f"{current}.model").write_bytes(b"damaged")
    house.weights_path.write_bytes(b"damaged")
    found = learned_copy.copy_learned(house, tmp_path / "x")
    assert (found.models, found.weights, len(found.remarks)) == (1, False, 2)
    assert f"The model in force, {current}, can't be used and is not saved." in found.remarks
    assert found.remarks[0].startswith("How far sources are believed is not saved: ")
    (house.models.folder / CURRENT).write_bytes(b"{")
    found = learned_copy.copy_learned(house, tmp_path / "x")
    assert found.remarks[0].startswith("Learned models are not saved: ")


def test_a_model_that_comes_into_force_meanwhile_is_in_the_copy(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Registry.files
    came: list[str] = []

    def files(registry: Registry) -> Iterator[tuple[str, bytes]]:
        yield from real(registry)
        if len(came) < 1:
            came.append(registry.keep(dump(replace(learned(), slope=5.0)), {}, []))
            registry.use(came[-1], by="learn", now=9.0)

    monkeypatch.setattr(Registry, "files", files)
    found = learned_copy.copy_learned(house, tmp_path / "x")
    assert (found.models, found.current) == (3, came[0])

    def restless(registry: Registry) -> Iterator[tuple[str, bytes]]:
        yield from real(registry)
        registry.use(came[0], by="use ada", now=10.0)

    monkeypatch.setattr(Registry, "files", restless)
    with pytest.raises(TryLater, match="faster than they can be copied"):
        learned_copy.copy_learned(house, tmp_path / "x")


def test_a_full_disk_is_said_with_what_to_do(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned_copy.copy_learned(house, tmp_path / "x")
    (tmp_path / "new").mkdir()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TryLater, match="No space left on device; what was learned is not all back: make room"):
        learned_copy.restore_learned(tmp_path / "x", tmp_path / "new")


def test_another_file_in_its_place_is_said(house: House, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"SQLite format 3\0")
    with pytest.raises(ConfigError, match="none of the files"):
        learned_copy.check_learned(tmp_path / "x")
