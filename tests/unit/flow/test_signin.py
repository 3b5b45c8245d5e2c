"""Signing in and being known again."""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from postroom.flow.signin import WRONG, new_token
from postroom.flow.throttle import TooOften
from postroom.model.errors import Refused, TryLater
from postroom.model.people import Session, UserName
from tests.unit.flow.people import HOME, PASSWORD, Rooms


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    """A team of root and ada."""
    made = Rooms(tmp_path)
    made.add("ada")
    yield made
    made.store.close()


def fail(rooms: Rooms, name: str = "ada", password: str = "something else", ip: str = HOME) -> str:
    with pytest.raises((Refused, TryLater)) as told:
        rooms.signing_in.sign_in(name, password, ip, "")
    return str(told.value)


def test_whoever_signs_in_is_known_by_the_secret_alone(rooms: Rooms) -> None:
    secret, user = rooms.signing_in.sign_in(" ADA ", PASSWORD, HOME, "Firefox\x1b[31m" + "x" * 999)
    assert user == rooms.accounts.user(UserName("ada"))
    found = rooms.signing_in.who(secret)
    assert found is not None
    session, same = found
    assert same == user
    now = rooms.clock.now()
    assert session == Session(
        key=sha256(secret.encode()).digest(),
        user=UserName("ada"),
        created_at=now,
        seen_at=now,
        expires_at=now + 86_400,
        agent="Firefox\ufffd[31m" + "x" * 188,
        ip=HOME,
    )
    assert rooms.told(2) == [("ada", "sign-in", "ada", f"from {HOME}")]
    another, _ = rooms.signing_in.sign_in("ada", PASSWORD, HOME, "")
    assert another != secret


def test_a_secret_has_32_random_bytes_and_is_not_kept(rooms: Rooms) -> None:
    given: list[int] = []

    def entropy(size: int) -> bytes:
        given.append(size)
        return bytes(range(size))

    secret, _ = replace(rooms.signing_in, entropy=entropy).sign_in("ada", PASSWORD, HOME, "")
    assert given == [32]
    assert secret == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    with rooms.store.units.lend() as tx:
        kept = "".join(
            map(str, (row for table in ("sessions", "deeds", "users") for row in tx.execute(f"SELECT * FROM {table}")))
        )
    assert secret not in kept
    assert "\\x00\\x01\\x02" not in kept


@pytest.mark.parametrize("secret", ["", "x", "é" * 43, "A" * 43, "A" * 44, "\ud800" * 43, "A" * 10_000_000])
def test_what_is_no_secret_is_nobodys(rooms: Rooms, secret: str) -> None:
    assert rooms.signing_in.who(secret) is None
    rooms.signing_in.sign_out(secret)
    assert rooms.told(2) == []


def test_a_session_ends_when_it_is_not_used_and_in_any_case(rooms: Rooms) -> None:
    secret, _ = rooms.signing_in.sign_in("ada", PASSWORD, HOME, "")
    for _ in range(24):
        rooms.clock.advance(3599)
        assert rooms.signing_in.who(secret) is not None
    rooms.clock.advance(24)
    assert rooms.signing_in.who(secret) is None, "a day has passed"
    secret, ada = rooms.signing_in.sign_in("ada", PASSWORD, HOME, "")
    assert [one.key for one in rooms.signing_in.sessions(ada)] == [sha256(secret.encode()).digest()], "open ones alone"
    rooms.clock.advance(3601)
    assert rooms.signing_in.who(secret) is None
    assert rooms.signing_in.sessions(ada) == ()


def test_signing_out_ends_this_session_alone(rooms: Rooms) -> None:
    secret, _ = rooms.signing_in.sign_in("ada", PASSWORD, HOME, "")
    other, _ = rooms.signing_in.sign_in("ada", PASSWORD, HOME, "")
    rooms.signing_in.sign_out(secret)
    rooms.signing_in.sign_out(secret)
    assert rooms.signing_in.who(secret) is None
    assert rooms.signing_in.who(other) is not None
    assert [what for _, what, _, _ in rooms.told(4)] == ["sign-out"]


def test_whatever_is_wrong_is_refused_in_the_same_words_after_the_same_work(rooms: Rooms) -> None:
    rooms.add("gone")
    rooms.team.change("gone", "root", disabled=True)
    rooms.add("elsewhere", password=None)
    rooms.passwords.checked.clear()
    said = [
        fail(rooms),
        fail(rooms, "nobody", PASSWORD),
        fail(rooms, "gone", PASSWORD),
        fail(rooms, "elsewhere", ""),
        fail(rooms, "", ""),
        fail(rooms, "ada", ""),
        fail(rooms, "ada", "x" * 2_000_000, "192.0.2.9"),
        fail(rooms, "\ud800", "\ud800"),
    ]
    assert said == [WRONG] * 8
    assert len(rooms.passwords.checked) == 8, "each takes one check"
    assert max(len(password) for password, _ in rooms.passwords.checked) == 1024


def test_the_first_letters_of_a_password_are_not_the_password(rooms: Rooms) -> None:
    long = "mmwjxqzuoaek.ueox" * 60 + "mmw."
    rooms.team.set_password("ada", long, "ada")
    assert fail(rooms, password=long + "x") == WRONG
    assert rooms.signing_in.sign_in("ada", long, HOME, "")[1].name == "ada"


def test_a_failure_leaves_a_line_without_password_and_without_names_that_may_be_one(rooms: Rooms) -> None:
    fail(rooms, "ADA", "my secret")
    fail(rooms, "hunter2hunter2", "x", "2001:db8::1")
    fail(rooms, "\x1b[3", "x", "\n" * 99)
    fail(rooms, "", "x", "")
    assert rooms.told(2) == [
        ("", "sign-in-failed", "ada", f"from {HOME}"),
        ("", "sign-in-failed", "hun…", "from 2001:db8::1"),
        ("", "sign-in-failed", "\ufffd[3…", "from " + "\ufffd" * 64),
        ("", "sign-in-failed", "…", "from "),
    ]


def test_a_guesser_pauses_and_is_told_how_long_whether_the_name_is_known_or_not(rooms: Rooms) -> None:
    for name in ("ada", "nobody"):
        for _ in range(5):
            assert fail(rooms, name) == WRONG
        checks, lines = len(rooms.passwords.checked), len(rooms.told())
        with pytest.raises(TooOften, match="wait 10 seconds") as told:
            rooms.signing_in.sign_in(name, PASSWORD, HOME, "")
        assert told.value.after == 10
        assert (len(rooms.passwords.checked), len(rooms.told())) == (checks, lines), "nothing is checked or written"
    assert rooms.signing_in.sign_in("ada", PASSWORD, "198.51.100.1", "")[1].name == "ada"
    rooms.clock.advance(10)
    assert rooms.signing_in.sign_in("ada", PASSWORD, HOME, "")[1].name == "ada"
    assert [fail(rooms) for _ in range(5)] == [WRONG] * 5, "those before are forgiven"


def test_whoever_is_signed_in_from_there_is_not_stopped_by_what_others_do(rooms: Rooms) -> None:
    rooms.signing_in.sign_in("ada", PASSWORD, "2001:db8:1:1::1", "")
    for number in range(60):
        fail(rooms, f"user{number}", ip="2001:db8:1:1::2")
    assert "wait" in fail(rooms, "root", PASSWORD, ip="2001:db8:1:1::2")
    assert rooms.signing_in.sign_in("ada", PASSWORD, "2001:db8:1:1::3", "")[1].name == "ada"


def test_a_check_that_could_not_be_made_is_no_failure(rooms: Rooms) -> None:
    rooms.passwords.busy = True
    assert [fail(rooms, password=PASSWORD) for _ in range(9)] == ["busy"] * 9
    rooms.passwords.busy = False
    assert [fail(rooms) for _ in range(5)] == [WRONG] * 5


def test_a_password_is_hashed_anew_when_hashes_have_become_stronger(rooms: Rooms) -> None:
    secret, _ = rooms.signing_in.sign_in("ada", PASSWORD, HOME, "")
    rooms.passwords.strength = 2
    fail(rooms)
    assert rooms.accounts.user(UserName("ada")).password == f"1:{PASSWORD}"  # type: ignore[union-attr]
    _, user = rooms.signing_in.sign_in("ada", PASSWORD, HOME, "")
    assert user.password == f"2:{PASSWORD}"
    assert rooms.accounts.user(UserName("ada")) == user
    assert rooms.signing_in.who(secret) is not None
    assert [what for _, what, _, _ in rooms.told(2)] == ["sign-in", "sign-in-failed", "sign-in"]


def test_a_password_that_is_changed_while_it_is_checked_opens_nothing(rooms: Rooms) -> None:
    matches = rooms.passwords.matches

    def meanwhile(password: str, kept: str) -> bool:
        rooms.team.set_password("ada", "another of four words", "root")
        return matches(password, kept)

    rooms.passwords.matches = meanwhile  # type: ignore[method-assign]
    with pytest.raises(Refused, match="changed meanwhile"):
        rooms.signing_in.sign_in("ada", PASSWORD, HOME, "")
    assert rooms.accounts.sessions(UserName("ada")) == ()


def test_a_token_names_its_key_and_has_32_random_bytes() -> None:
    name, token = new_token(lambda size: bytes(range(size)))
    assert name == "aaaqeaye"
    assert token == "pr_aaaqeaye_aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq"


def test_a_programme_is_known_by_its_token_with_no_more_than_its_scope(rooms: Rooms) -> None:
    rooms.add("boss", "lead")
    token, key = rooms.team.make_key("boss", "work", "a form", None, "root")
    found = rooms.signing_in.by_key(token)
    assert found is not None
    assert found[0] == replace(key, seen_at=rooms.clock.now())
    assert (found[1].name, found[1].role) == ("boss", "agent")
    rooms.team.change("boss", "root", role="viewer")
    again = rooms.signing_in.by_key(token)
    assert again is not None
    assert again[1].role == "viewer", "nor than its user's role"
    rooms.team.revoke_key(key.name, "root")
    assert rooms.signing_in.by_key(token) is None


@pytest.mark.parametrize("token", ["", "pr_", "pr_a_b", "pr_" + "x" * 10_000_000, "\ud800", "pr_\ud800", "Bearer x"])
def test_what_is_no_token_is_nobodys(rooms: Rooms, token: str) -> None:
    assert rooms.signing_in.by_key(token) is None


def test_without_passwords_nobody_signs_in_with_one(rooms: Rooms) -> None:
    door = replace(rooms.signing_in, by_password=False)
    with pytest.raises(Refused, match="nobody signs in with a password"):
        door.sign_in("ada", PASSWORD, HOME, "")
    assert rooms.passwords.checked == []


def test_a_code_signs_in_once_within_ten_minutes(rooms: Rooms) -> None:
    door = replace(rooms.signing_in, by_password=False)
    ada = rooms.team.find("ada")
    code = door.code(ada, "carla")
    assert door.who(code) is None
    secret, user = door.redeem(f" {code}\n", HOME, "Firefox")
    assert user == ada
    found = door.who(secret)
    assert found is not None
    assert found[0].expires_at == rooms.clock.now() + 86_400
    assert rooms.told(2) == [
        ("ada", "sign-in-code", "ada", "asked for by carla, from (command line)"),
        ("ada", "sign-in-code-used", "ada", f"from {HOME}"),
        ("ada", "sign-in", "ada", f"by a code, from {HOME}"),
    ]
    late = door.code(ada, "carla")
    rooms.clock.advance(601)
    for wrong in (code, late, secret, "", "A" * 43, "A" * 44):
        with pytest.raises(Refused, match="postroom user code"):
            door.redeem(wrong, HOME, "")
    rooms.team.change("ada", "root", disabled=True)
    with pytest.raises(Refused):
        door.code(ada, "carla")


def test_a_code_that_somebody_else_used_a_moment_ago(rooms: Rooms) -> None:
    code = rooms.signing_in.code(rooms.team.find("ada"), "carla")

    class Late:
        def __getattr__(self, name: str) -> object:
            return getattr(rooms.accounts, name)

        def close_sessions(self, *_: object, **__: object) -> int:
            return 0

    with pytest.raises(Refused, match="postroom user code"):
        replace(rooms.signing_in, accounts=Late()).redeem(code, HOME, "")  # type: ignore[arg-type]
