"""`postroom user`, `key` and `audit`: from the first admin to the checked log."""

import getpass
import io
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from postroom.adapters.passwords import Argon2Passwords
from postroom.bootstrap.house import House
from postroom.bootstrap.people import People
from postroom.cli.console import open_house

from .conftest import Postroom, Ran

PASSWORD = b"four words of nothing\n"
DOCS = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "people.md"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time, and a login name."""
    fast = Argon2Passwords(time_cost=1, memory_kib=64, parallelism=1)
    monkeypatch.setattr(People, "passwords", property(lambda _people: fast))
    monkeypatch.setenv("SUDO_USER", "carla")


@pytest.fixture
def add(postroom: Postroom) -> Callable[..., Ran]:
    """Add a user."""
    return lambda *arguments: postroom("user", "add", *arguments, "--password-file", "-", stdin=PASSWORD)


@pytest.fixture
def team(add: Callable[..., Ran]) -> None:
    """Root and ada."""
    assert add("root", "--role", "admin").code == 0
    assert add("ada", "--route", "appeals", "--shown", "Ada \u2665").code == 0


class Keyboard(io.BytesIO):
    """Standard input where somebody sits."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(postroom: Postroom, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run a command at the keyboard, where these passwords are typed one after the other."""

    def command(words: list[str], *arguments: str) -> Ran:
        left = list(words)
        monkeypatch.setattr(getpass, "getpass", lambda _prompt: left.pop(0))
        ran = postroom(*arguments, stdin=Keyboard())
        assert left == []
        return ran

    return command


@pytest.fixture
def house(folder: Path) -> Callable[[], House]:
    return lambda: open_house(folder / "postroom.toml")


def test_the_first_admin_is_added_where_there_is_no_store_yet(
    folder: Path, postroom: Postroom, add: Callable[..., Ran]
) -> None:
    assert postroom("user", "list").code == 1
    refused = add("ada")
    assert (refused.code, refused.err) == (
        1,
        "postroom: the first user has to be an admin: postroom user add ada --role admin\n",
    )
    assert postroom("user", "list").out == "Nobody yet; add the first with: postroom user add NAME --role admin\n"
    added = add("root", "--role", "admin")
    assert (added.code, added.out) == (0, "root may sign in: admin, brands: all, desks: all, urgent mail too.\n")
    assert "As the first: urgent mail must reach somebody." in added.err
    assert add("ben", "--role", "admin").out == "ben may sign in: admin, brands: all, desks: all.\n"
    _, facts = postroom("user", "list", "--json").lines
    assert facts.pop("created_at") > 0
    assert facts == {
        "name": "root", "shown": "", "role": "admin", "brands": [], "routes": [], "urgent": True, "password": True, "disabled": False,
    }  # fmt: skip


def test_who_was_added_can_sign_in_and_is_shown(team: None, postroom: Postroom, house: Callable[[], House]) -> None:
    opened = house()
    secret, user = opened.people.signing_in.sign_in("ada", "four words of nothing", "192.0.2.1", "Fire\x1bfox")
    found = opened.people.signing_in.who(secret)
    opened.close()
    assert user.shown == "Ada \u2665"
    assert found is not None
    shown = postroom("user", "show", "ADA")
    assert (
        shown.out
        == "ada (Ada \u2665): agent, brands: all, desks: appeals. May sign in.\nOpen sessions: 1. Keys: none.\n"
    )
    (facts,) = postroom("user", "show", "ada", "--json").lines
    assert [one["id"] for one in facts["sessions"]] == [found[0].key.hex()[:12]]
    assert facts["keys"] == []
    assert secret not in str(facts)
    listed = postroom("user", "list").out
    assert re.search(r"^ada +Ada \u2665 +agent +all +appeals +may sign in", listed, re.MULTILINE)
    assert "argon2" not in listed + str(postroom("user", "list", "--json"))


def test_a_password_is_asked_for_twice(typed: Callable[..., Ran], house: Callable[[], House]) -> None:
    four, other = "four words of nothing", "another of four words"
    assert typed([four, four], "user", "add", "root", "--role", "admin").code == 0
    differs = typed([other, four], "user", "password", "root")
    assert (differs.code, differs.err) == (1, "postroom: these were two different passwords: nothing was changed\n")
    assert "too short" in typed(["short"], "user", "password", "root").err, "and it is not asked for again"
    changed = typed([other, other], "user", "password", "ROOT")
    assert changed.out == "root has a new password and is signed out everywhere.\n"
    opened = house()
    assert opened.people.signing_in.sign_in("root", other, "", "")[1].name == "root"
    opened.close()


def test_without_a_keyboard_a_password_comes_from_a_file(
    team: None, folder: Path, postroom: Postroom, house: Callable[[], House]
) -> None:
    nobody = postroom("user", "password", "ada")
    assert nobody.code == 2
    assert "--password-file" in nobody.err
    (folder / "secret").write_bytes("pässword of four\r\nsecond line\n".encode())
    assert postroom("user", "password", "ada", "--password-file", str(folder / "secret")).code == 0
    opened = house()
    assert opened.people.signing_in.sign_in("ada", "pässword of four", "", "")[1].name == "ada"
    opened.close()
    missing = postroom("user", "password", "ada", "--password-file", "none")
    assert (missing.code, missing.err) == (1, "postroom: none: No such file or directory\n")


def test_what_contradicts_itself_is_told(team: None, postroom: Postroom, add: Callable[..., Ran]) -> None:
    for arguments in (
        ("user", "add", "eva", "--no-password", "--password-file", "-"),
        ("user", "change", "ada", "--brand", "shop", "--all-brands"),
        ("user", "change", "ada", "--route", "appeals", "--all-routes"),
        ("user", "change", "ada"),
        ("audit", "verify", "--line", "x"),
    ):
        ran = postroom(*arguments)
        assert (ran.code, ran.out) == (2, ""), arguments
    assert "Did you mean 'appeals'" in add("eva", "--route", "appeal").err
    assert "there is a user ada already; see: postroom user show ada" in add("ADA").err
    assert "Did you mean 'ada'" in postroom("user", "show", "adda").err


def test_somebody_is_changed_disabled_and_enabled(team: None, postroom: Postroom) -> None:
    changed = postroom(
        "user", "change", "ada", "--role", "lead", "--all-routes", "--brand", "shop", "--urgent", "--shown", ""
    )
    assert changed.out == "ada: lead, brands: shop, desks: all, urgent mail too. May sign in.\n"
    (facts,) = postroom("user", "change", "ada", "--all-brands", "--route", "general", "--not-urgent", "--json").lines
    assert (facts["brands"], facts["routes"], facts["urgent"], facts["shown"]) == ([], ["general"], False, "")
    (key,) = postroom("key", "add", "ada", "--json").lines
    off = postroom("user", "disable", "ada")
    assert off.out == "ada: lead, brands: all, desks: general. Disabled.\n"
    assert off.err == f"Keys of ada: {key['name']}. End one for good: postroom key revoke {key['name']}\n"
    assert postroom("user", "enable", "ada", "--json").lines[0]["disabled"] is False
    assert "no admin would be left" in postroom("user", "disable", "root").err
    (elsewhere,) = postroom("user", "add", "eva", "--no-password", "--json").lines
    assert elsewhere["password"] is False
    assert "Has no password here." in postroom("user", "show", "eva").out


def test_sessions_are_listed_and_ended(team: None, postroom: Postroom, house: Callable[[], House]) -> None:
    opened = house()
    for number in range(3):
        opened.people.signing_in.sign_in("ada", "four words of nothing", f"192.0.2.{number}", "Fire\x1bfox")
    opened.close()
    listed = postroom("user", "sessions", "ada")
    assert "192.0.2.2" in listed.out
    assert "\x1b" not in listed.out
    ids = [one["id"] for one in postroom("user", "sessions", "ada", "--json").lines]
    assert len(ids) == 3
    assert postroom("user", "sessions", "ada", "--end", ids[1].upper()).out == "1 ended.\n"
    gone = postroom("user", "sessions", "ada", "--end", ids[1])
    assert (gone.code, "no open session begins" in gone.err) == (1, True)
    assert [one["id"] for one in postroom("user", "sessions", "ada", "--json").lines] == [ids[0], ids[2]]
    assert postroom("user", "sessions", "ada", "--end", "all", "--json").lines == [{"ended": 2}]
    assert postroom("user", "sessions", "ada").out == "ada is signed in nowhere.\n"


def test_a_key_is_shown_once_and_works_until_it_is_revoked(
    team: None, postroom: Postroom, house: Callable[[], House]
) -> None:
    assert postroom("key", "list").out == "There are no keys.\n"
    made = postroom("key", "add", "ada", "--scope", "work", "--note", "the form", "--days", "0")
    token = made.out.strip()
    name = token.split("_")[1]
    assert made.err == f"Nobody can show it again. Revoke it: postroom key revoke {name}\n"
    opened = house()
    found = opened.people.signing_in.by_key(token)
    opened.close()
    assert found is not None
    assert (found[0].expires_at, found[1].name, found[1].role) == (None, "ada", "agent")
    (facts,) = postroom("key", "list", "--json").lines
    assert (facts["name"], facts["user"], facts["scope"], facts["note"], facts["revoked"]) == (
        name,
        "ada",
        "work",
        "the form",
        False,
    )
    assert re.search(rf"^{name} +ada +work +the form .* never .* works", postroom("key", "list").out, re.MULTILINE)
    assert postroom("user", "show", "ada").out.endswith(f"Keys: {name}.\n")
    assert postroom("key", "revoke", name).out == f"{name} works no more.\n"
    again = postroom("key", "revoke", name, "--json")
    assert (again.code, "that still works" in again.err) == (1, True)
    assert re.search(rf"^{name} .* revoked", postroom("key", "list").out, re.MULTILINE)
    (soon,) = postroom("key", "add", "ada", "--days", "0.0000001", "--json").lines
    assert re.search(rf"^{soon['name']} .* expired", postroom("key", "list").out, re.MULTILINE)
    assert token not in postroom("key", "list").out + postroom("audit", "export").out
    assert "takes a reviewer" in postroom("key", "add", "ada", "--scope", "review").err
    (other,) = postroom("key", "add", "ada", "--json").lines
    assert postroom("key", "revoke", other["name"], "--json").lines == [{"revoked": other["name"]}]


def test_all_is_told_by_login_name_or_as_whom_one_says(team: None, postroom: Postroom) -> None:
    postroom("user", "change", "ada", "--role", "lead", "--as", "boss\x1b")
    lines = postroom("audit", "list", "--json").lines
    assert [(one["number"], one["by"], one["what"], one["to"]) for one in lines] == [
        (3, "boss\x1b", "user-changed", "ada"), (2, "carla", "user-added", "ada"), (1, "carla", "user-added", "root"),
    ]  # fmt: skip
    shown = postroom("audit", "list")
    assert "role: agent to lead" in shown.out
    assert "\x1b" not in shown.out
    assert [one["number"] for one in postroom("audit", "list", "--by", "carla", "--to", "ada", "--json").lines] == [2]
    assert [
        one["number"] for one in postroom("audit", "list", "--what", "user-added", "--limit", "1", "--json").lines
    ] == [2]
    assert [one["number"] for one in postroom("audit", "list", "--before", "2", "--json").lines] == [1]
    assert postroom("audit", "list", "--by", "nobody").out == "Nothing of the kind was done.\n"


def test_the_log_is_verified_and_a_line_that_was_noted_down_is_looked_for(
    team: None, folder: Path, postroom: Postroom
) -> None:
    said = postroom("audit", "verify")
    assert (said.code, said.out.splitlines()[0]) == (0, "2 lines, all as they were written.")
    noted = said.out.split()[-1]
    postroom("user", "disable", "ada")
    assert postroom("audit", "verify", "--line", noted).code == 0
    (facts,) = postroom("audit", "verify", "--line", noted, "--json").lines
    assert (facts["lines"], facts["unbroken"], facts["line_found"]) == (3, 3, True)
    assert facts["last"].startswith("3:")
    other = postroom("audit", "verify", "--line", "2:" + "0" * 64)
    assert (other.code, other.err) == (
        1,
        "postroom: line 2 is not the one that was noted down: the log was cut off or written anew\n",
    )
    with closing(sqlite3.connect(folder / "data" / "postroom.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER deeds_never_change")
        connection.execute("DROP TRIGGER deeds_never_go")
        connection.execute("DELETE FROM deeds WHERE number = 3")
        assert postroom("audit", "verify").code == 0, "nothing shows it but the line"
        assert postroom("audit", "verify", "--line", facts["last"], "--json").code == 1
        connection.execute("UPDATE deeds SET who = 'eva' WHERE number = 2")
    broken = postroom("audit", "verify")
    assert (broken.code, broken.err.startswith("postroom: line 2 is not as it was written, or missing")) == (1, True)
    ran = postroom("audit", "verify", "--json")
    assert (ran.code, ran.lines[0]["lines"], ran.lines[0]["unbroken"], ran.lines[0]["line_found"]) == (1, 2, 1, None)


def test_an_empty_log_is_whole(empty_store: None, postroom: Postroom) -> None:
    assert postroom("audit", "verify").out == "0 lines, all as they were written.\n"
    assert postroom("audit", "verify", "--json").lines == [
        {"lines": 0, "unbroken": 0, "last": None, "line_found": None}
    ]
    assert postroom("audit", "export").out == ""


def test_the_export_can_be_checked_as_the_documentation_says(
    empty_store: None, postroom: Postroom, house: Callable[[], House]
) -> None:
    from postroom.testing.accounts_contract import a_deed

    opened = house()
    opened.people.journal.write([a_deed(f"é\u202e\x9b\x00\ud800 {number}", at=number / 7) for number in range(2501)])
    opened.close()
    exported = postroom("audit", "export")
    assert [one["number"] for one in exported.lines] == list(range(1, 2502))
    assert [one["number"] for one in postroom("audit", "export", "--from", "2400").lines] == list(range(2400, 2502))
    assert postroom("audit", "export", "--from", "2502").out == ""
    (script,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)

    def checked(text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script], input=text, capture_output=True, text=True, encoding="utf-8", check=False
        )

    assert checked(exported.out).stdout == "all as they were written\n"
    assert "line 1201 was changed" in checked(exported.out.replace(' 1200"', ' 1300"')).stderr


@pytest.mark.parametrize(
    "command",
    [
        *(("user", one) for one in ("add", "list", "show", "change", "disable", "enable", "password", "sessions")),
        *(("key", one) for one in ("add", "list", "revoke")),
        *(("audit", one) for one in ("list", "verify", "export")),
    ],
)
def test_help_shows_examples_and_no_command_takes_a_password_as_an_argument(
    postroom: Postroom, command: tuple[str, str]
) -> None:
    said = postroom(*command, "--help")
    assert said.code == 0
    assert f"postroom {command[0]} {command[1]}" in said.out.partition("Examples:")[2]
    assert not re.search(r"--password\b(?!-file)", said.out)
