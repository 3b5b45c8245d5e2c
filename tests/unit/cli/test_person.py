"""`postroom person` and `postroom retain`: what is held of somebody, and that it can go and not come back."""

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from postroom.adapters.store.sqlite import SqliteStore
from postroom.bootstrap.house import House
from postroom.cli.console import read_settings
from postroom.model.codec import encode_sender
from postroom.model.mail import Envelope, Peer, RouteName
from postroom.model.memory import SenderRecord
from tests.unit.cli.conftest import SETTINGS, Postroom
from tests.unit.flow.house import a_message

ADA = "ada@example.com"
PASSED = "mx.shop.test; dkim=pass header.d=example.com"


def arrive(folder: Path, number: int, sender: str = "ada", at: float | None = None, **headers: str) -> str:
    """A mail comes in; its id."""
    house = House(read_settings(folder / "postroom.toml"), folder)
    fields = {"From": f"{sender.title()} <{sender}@example.com>", "Message_ID": f"<{number}@example.com>"}
    raw = a_message(f"letter {number}", **(fields | {"Authentication_Results": PASSED} | headers))
    reception = house.reception()
    if at is not None:
        from dataclasses import replace

        reception = replace(reception, clock=lambda: at)
    envelope = Envelope(mail_from=f"{sender}@example.com", rcpt_to=("support@shop.test",))
    (mail,) = reception.accept(envelope, raw, Peer(door="pipe", trusted=True)).result()
    house.close()
    return mail.id


@pytest.fixture
def team(folder: Path, work: Callable[[], None]) -> tuple[str, str, str]:
    """Two mails of Ada's and one of Bob's, delivered."""
    (folder / "postroom.toml").write_text(SETTINGS + '[trust]\nauthserv_ids = ["mx.shop.test"]\n')
    ids = (arrive(folder, 1), arrive(folder, 2), arrive(folder, 3, "bob"))
    work()
    return ids


def test_what_is_held_is_shown(postroom: Postroom, team: tuple[str, str, str]) -> None:
    (facts,) = postroom("person", "show", "Ada@Example.com", "--json").lines
    assert facts == {
        "address": ADA, "mails": 2, "decisions": 2, "verdicts": 0, "jobs": {"done": 4}, "answers": 0, "threads": 2, "cases": 0,
        "histories": 1, "examples": 0, "rules": 0, "in_model": 0, "held": [],
    }  # fmt: skip
    ran = postroom("person", "show", ADA)
    assert ran.out.startswith(f"{ADA}\n")
    assert "mails" in ran.out
    assert "no address" in postroom("person", "show", "ada").err
    assert "an address of yours" in postroom("person", "show", "support@shop.test").err


def test_somebody_is_erased_and_what_is_left_says_so(postroom: Postroom, team: tuple[str, str, str]) -> None:
    first, _, other = team
    ran = postroom("person", "erase", ADA, "--dry-run")
    assert "Nothing was erased." in ran.out
    assert postroom("person", "erase", ADA, "--dry-run", "--json").lines[0]["dry_run"] is True
    assert postroom("person", "erase", first, "--dry-run", "--json").lines[0]["mail"] == first
    assert f"would erase the mail {first}" in postroom("person", "erase", first, "--dry-run").out
    assert postroom("person", "show", ADA, "--json").lines[0]["mails"] == 2
    assert "say --yes" in postroom("person", "erase", ADA).err
    ran = postroom("person", "erase", "adda@example.com", "--yes")
    assert "Nothing was held of them, so nothing was erased" in ran.out
    (done,) = postroom("person", "erase", ADA, "--yes", "--as", "root", "--json").lines
    assert (done["mails"], done["examples"], done["by"], done["in_model"]) == (2, 0, "root", 0)
    for command in (("explain", first), ("explain", "--again", first)):
        ran = postroom(*command)
        assert ran.code == 1, command
        assert "was erased on 20" in ran.err, command
    assert postroom("explain", other).code == 0
    states = {one["id"]: one["state"] for one in postroom("mails", "--json").lines}
    assert states[first] == "erased"
    log = postroom("audit", "list", "--json").out
    assert "ada@" not in log
    assert "example.com" not in log
    assert '"what": "erased"' in log


def test_one_mail_is_erased(postroom: Postroom, team: tuple[str, str, str]) -> None:
    ran = postroom("person", "erase", team[0], "--yes")
    assert ran.out.startswith("Erased: 1 mail, 0 labelled mails")
    assert "a restore erases it again" in ran.err
    assert postroom("person", "show", ADA, "--json").lines[0]["mails"] == 1


def test_it_is_typed_again_before_it_is_gone(
    postroom: Postroom, team: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Keyboard(io.BytesIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("typer.prompt", lambda _text: "eve@example.com")
    assert "something else" in postroom("person", "erase", ADA, stdin=Keyboard()).err
    monkeypatch.setattr("typer.prompt", lambda _text: f" {ADA.upper()} ")
    assert postroom("person", "erase", ADA, stdin=Keyboard()).out.startswith("Erased: 2 mails")
    assert sys.argv[1] == "person"


def test_what_is_held_is_not_erased(postroom: Postroom, team: tuple[str, str, str]) -> None:
    assert postroom("person", "holds").out == "Nothing is held.\n"
    assert "is held" in postroom("person", "hold", ADA, "--reason", "case 7").out
    (held,) = postroom("person", "hold", team[1][-8:], "--reason", "case 8", "--as", "eve", "--json").lines
    assert (held["what"], held["by"]) == (team[1], "eve")
    assert [one["reason"] for one in postroom("person", "holds", "--json").lines] == ["case 8", "case 7"]
    assert "case 7" in postroom("person", "holds").out
    assert "Held: " in postroom("person", "show", ADA).out
    ran = postroom("person", "erase", ADA, "--yes")
    assert ran.code == 1
    assert "Nothing is erased until it is released" in ran.err
    assert postroom("person", "release", ADA, "--json").lines == [{"released": ADA}]
    assert "may be erased again" in postroom("person", "release", team[1]).out
    assert postroom("person", "erase", ADA, "--yes").code == 0


def test_all_that_is_held_is_exported_and_nobody_else_is_named(
    postroom: Postroom, team: tuple[str, str, str], folder: Path
) -> None:
    assert postroom("review", "move", team[0], "general", "--as", "eve", "--note", "seems lost").code == 0
    (folder / "past.jsonl").write_text("")
    (facts,) = postroom("person", "export", ADA, "--out", "ada.zip", "--json").lines
    assert (facts["mails"], facts["verdicts"], facts["file"]) == (2, 1, "ada.zip")
    assert (folder / "ada.zip").stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(folder / "ada.zip") as packed:
        assert set(packed.namelist()) == {"person.json", *(f"mails/{one}.eml" for one in team[:2])}
        assert b"letter 1" in packed.read(f"mails/{team[0]}.eml")
        text = packed.read("person.json").decode()
    person = json.loads(text)
    assert person["address"] == ADA
    first = person["mails"][0]
    assert first["id"] == team[0]
    assert "ada@example.com" in json.dumps(first["message"]["from"])
    assert [one["note"] for one in first["verdicts"]] == ["seems lost"]
    assert len(first["decisions"]) == 2
    assert "eve" not in text.replace("seven", "").replace("never", "").replace("event", "").replace("level", "")
    assert "bob" not in text
    assert person["history"][0]["key"] == f"a:{ADA}"
    assert "is there already" in postroom("person", "export", ADA, "--out", "ada.zip").err
    assert "Wrote other.zip" in postroom("person", "export", ADA, "--out", "other.zip").out
    assert postroom("audit", "list", "--json").lines[0]["what"] == "exported"
    assert not [one for one in folder.iterdir() if one.name.endswith(".part")]


def test_a_restored_backup_has_not_who_was_erased_since(
    postroom: Postroom, team: tuple[str, str, str], folder: Path
) -> None:
    assert postroom("backup", "copy.db").code == 0
    postroom("person", "erase", ADA, "--yes")
    (folder / "data").rename(folder / "lost")
    (folder / "data").mkdir(mode=0o700)
    (folder / "data" / "erased").write_bytes((folder / "lost" / "erased").read_bytes())
    ran = postroom("restore", "copy.db")
    assert "2 mails erased since the backup: erased again." in ran.out
    assert ran.err == ""
    assert postroom("person", "show", ADA, "--json").lines[0]["mails"] == 0
    assert "Nothing is held of them." in postroom("person", "show", ADA).out
    assert postroom("person", "show", "bob@example.com", "--json").lines[0]["mails"] == 1
    assert b"letter 1" not in (folder / "data" / "postroom.db").read_bytes()
    assert "was erased on" in postroom("explain", team[0]).err


def test_tombstones_kept_elsewhere_are_applied_too_and_stay(
    postroom: Postroom, team: tuple[str, str, str], folder: Path
) -> None:
    postroom("backup", "copy.db")
    postroom("person", "erase", ADA, "--yes")
    postroom("backup", "later.db")
    (folder / "data").rename(folder / "lost")
    assert "there is no file nowhere" in postroom("restore", "copy.db", "--erased", "nowhere").err
    assert not (folder / "data" / "postroom.db").exists()
    (facts,) = postroom("restore", "copy.db", "--erased", "later.db.erased", "--json").lines
    assert facts["erased"] == 2
    assert (folder / "data" / "erased").read_bytes() == (folder / "lost" / "erased").read_bytes()


def test_tombstones_of_another_key_are_told_of(postroom: Postroom, team: tuple[str, str, str], folder: Path) -> None:
    postroom("backup", "copy.db")
    postroom("person", "erase", ADA, "--yes")
    (folder / "data" / "erased").rename(folder / "kept")
    (folder / "copy.db.key").write_bytes(b"x" * 32)
    (folder / "data").rename(folder / "lost")
    ran = postroom("restore", "copy.db", "--erased", "kept")
    assert "5 tombstones were made with a key that is not here" in ran.err
    assert postroom("person", "show", ADA, "--json").lines[0]["mails"] == 2


def test_a_store_that_is_brought_back_without_any_key_is_told_of(
    postroom: Postroom, team: tuple[str, str, str], folder: Path
) -> None:
    postroom("person", "erase", ADA, "--yes")
    postroom("backup", "copy.db")
    (folder / "copy.db.key").unlink()
    (folder / "data").rename(folder / "lost")
    assert "5 tombstones were made with a key" in postroom("restore", "copy.db").err


def test_an_archive_brings_nobody_back(postroom: Postroom, team: tuple[str, str, str], folder: Path) -> None:
    past = folder / "Appeals"
    past.mkdir()
    letters = {
        1: ("Ada <ada@example.com>", "You suspended the shop that I have run for years, let me sell again"),
        5: ("ADA@example.com", "My profile with all photographs of our wedding was closed overnight"),
        6: ("Bob <bob@example.com>", "Someone banned us from the forum although nobody broke any rule there"),
    }
    for number, (sender, words) in letters.items():
        fields = {"From": sender, "Message_ID": f"<{number}@example.com>", "Date": "Fri, 20 Nov 2020 09:00:00 +0000"}
        (past / f"{number}.eml").write_bytes(a_message(words, **fields))
    command = ("import", str(past), "--map", "Appeals=appeals", "--json")
    assert postroom(*command).lines[0]["examples"] == 3
    postroom("person", "erase", ADA, "--yes")
    facts = postroom(*command).lines[0]
    assert facts["examples"] == 1
    assert facts["left_out"]["erased"] == 2
    assert "of people who were erased" in postroom(*command[:-1]).out
    (past / "7.eml").write_bytes(
        a_message("I am back and my account was suspended again", Message_ID="<7@example.com>",
                  Date=time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(time.time() + 3600)))
    )  # fmt: skip
    assert postroom(*command).lines[0]["examples"] == 2, "what came after the erasure is new"


def test_mail_over_its_time_is_erased(
    postroom: Postroom, folder: Path, work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    old = [arrive(folder, number, at=now - 40 * 86_400) for number in (1, 2)]
    new = arrive(folder, 3)
    work()
    assert postroom("retain", "--json").lines == [{"mails": 0, "senders": 0, "cases": 0, "ended": 0, "dry_run": False}]
    (folder / "postroom.toml").write_text(f"{SETTINGS}[retention]\nmail_days = 30\nroutes = {{appeals = 0}}\n")
    for one in old:
        postroom("review", "move", one, "general", "--as", "eve")
    work()
    assert "2 mails over their time would be erased" in postroom("retain", "--dry-run").out
    monkeypatch.setattr("os.nice", lambda _by: 0)
    assert "2 mails over their time were erased" in postroom("retain", "--background").out
    states = {one["id"]: one["state"] for one in postroom("mails", "--json").lines}
    assert [states[one] == "erased" for one in (*old, new)] == [True, True, False]
    assert (folder / "data" / "retained").exists()
    assert postroom("audit", "list", "--json").lines[0]["detail"] == "2 mails over their time"


def test_what_is_known_of_senders_and_cases_is_forgotten_after_its_time(
    postroom: Postroom, folder: Path, empty_store: None
) -> None:
    store = SqliteStore.open(folder / "data" / "postroom.db")
    record = SenderRecord(
        key=f"a:{ADA}",
        first_seen=1.0,
        last_at=time.time() - 800 * 86_400,
        mails=1,
        counts=(),
        last_route=RouteName("appeals"),
        recent=(),
    )
    row = (record.key, encode_sender(record))
    store.units.write(lambda tx: tx.execute("INSERT INTO senders (key, body) VALUES (?, ?)", row).rowcount)
    store.close()
    (folder / "postroom.toml").write_text(f"{SETTINGS}[retention]\nsenders_days = 0\n")
    assert postroom("retain", "--json").lines[0]["senders"] == 0
    (folder / "postroom.toml").write_text(SETTINGS)
    told = "What was known of 1 sender and 0 decided cases over their time"
    assert f"{told} would be forgotten" in postroom("retain", "--dry-run").out
    assert f"{told} were forgotten" in postroom("retain").out
    assert postroom("retain", "--json").lines[0]["senders"] == 0
    assert postroom("audit", "list", "--json").lines[0]["detail"] == "1 senders over their time"


def test_an_erasure_that_broke_off_is_ended(postroom: Postroom, team: tuple[str, str, str], folder: Path) -> None:
    from postroom.adapters.store.erasing import SqliteErasing
    from postroom.model.people import Deed
    from postroom.model.privacy import Erasure

    store = SqliteStore.open(folder / "data" / "postroom.db")
    erasing = SqliteErasing(store.units, folder / "data" / "postroom.db")
    erasing.begin(Erasure(at=time.time(), by="root", address=ADA), Deed(at=1.0, by="root", what="erasure-begun"))
    store.close()
    assert postroom("retain", "--json").lines[0]["ended"] == 1
    assert postroom("person", "show", ADA, "--json").lines[0]["mails"] == 0


def test_a_desk_that_is_none_cannot_be_kept_for_a_time(postroom: Postroom, folder: Path, empty_store: None) -> None:
    (folder / "postroom.toml").write_text(f"{SETTINGS}[retention]\nroutes = {{apeals = 3}}\n")
    ran = postroom("retain")
    assert "retention.routes.apeals" in ran.err
    assert "appeals" in ran.err
