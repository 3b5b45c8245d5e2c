"""What every store must do with people, their sessions, keys and deeds, as tests.

Subclass `AccountsContract` and `JournalContract` in a test module and give it a fixture ``rooms``, a `Rooms`.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

import pytest

from postroom.model.deeds import chained
from postroom.model.errors import PostroomError, Refused
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import ApiKey, Deed, Session, User, UserName
from postroom.ports.accounts import Accounts, Journal

NOW = 1_800_000_000.0
IDLE = 3600.0


class Rooms(Protocol):
    """One store, as several processes see it."""

    def accounts(self) -> Accounts:
        """Its people, as another process sees them. The rooms close them in the end."""
        ...

    def journal(self) -> Journal:
        """Its audit log, as another process sees it."""
        ...


def a_user(name: str = "ada", role: Any = "agent", **changes: Any) -> User:
    """Somebody who may sign in."""
    return replace(User(name=UserName(name), role=role, password="$argon2id$1", created_at=NOW), **changes)  # noqa: S106


def a_session(number: int, user: str = "ada", at: float = NOW, **changes: Any) -> Session:
    """Session ``number``, for a day."""
    session = Session(
        key=bytes([number]) * 32,
        user=UserName(user),
        created_at=at,
        seen_at=at,
        expires_at=at + 86_400,
        agent="Mozilla/5.0",
        ip="192.0.2.1",
    )
    return replace(session, **changes)


def a_key(number: int, user: str = "ada", **changes: Any) -> ApiKey:
    """Key ``number``, which never expires."""
    key = ApiKey(name=f"key{number}", key=bytes([number]) * 32, user=UserName(user), scope="read", created_at=NOW)
    return replace(key, **changes)


def a_deed(what: str = "did", to: str = "ada", **changes: Any) -> Deed:
    """Something that the root has done."""
    return replace(Deed(at=NOW, by="root", what=what, to=to), **changes)


def told(journal: Journal) -> list[str]:
    """What was done, oldest first."""
    return [deed.what for deed in reversed(journal.deeds())]


class AccountsContract:
    """Names mean one person in whatever case, what has ended opens nothing, and every change has its deed."""

    @pytest.fixture
    def accounts(self, rooms: Rooms) -> Accounts:
        """With an admin, and ada."""
        accounts = rooms.accounts()
        accounts.put_user(a_user("root", "admin"), a_deed("root-added"))
        accounts.put_user(a_user(), a_deed("ada-added"))
        return accounts

    @pytest.fixture
    def journal(self, rooms: Rooms) -> Journal:
        return rooms.journal()

    def test_a_user_is_read_back_whole_in_whatever_case_the_name_is(self, accounts: Accounts, rooms: Rooms) -> None:
        eva = a_user(
            "Éva.K",
            "reviewer",
            shown="Éva \ud800 <b>",
            brands=(BrandName("shop"), BrandName("b")),
            routes=(RouteName("appeals"),),
            urgent=True,
            disabled=True,
        )
        accounts.put_user(eva, a_deed())
        kept = replace(eva, shown="Éva \ufffd <b>")
        assert rooms.accounts().user(UserName("éVA.k")) == kept
        assert accounts.user(UserName("E\u0301va.k")) == kept
        assert accounts.user(UserName("eva")) is None
        assert accounts.user(UserName("\ud800")) is None
        assert [user.name for user in accounts.users()] == ["ada", "root", "Éva.K"]

    def test_a_name_is_taken_in_whatever_case(self, accounts: Accounts, journal: Journal) -> None:
        with pytest.raises(Refused, match="there is a user ada already"):
            accounts.put_user(a_user("ADA"), a_deed("second"))
        assert told(journal) == ["root-added", "ada-added"]

    def test_a_change_takes_the_place_of_what_it_was_made_from(self, accounts: Accounts, journal: Journal) -> None:
        accounts.put_user(a_user("Ada", "lead"), a_deed("made-lead"), was=a_user())
        assert [(user.name, user.role) for user in accounts.users()] == [("Ada", "lead"), ("root", "admin")]
        with pytest.raises(Refused, match="meanwhile"):
            accounts.put_user(a_user(urgent=True), a_deed("late"), was=a_user())
        with pytest.raises(Refused, match="meanwhile"):
            accounts.put_user(a_user("nobody"), a_deed("of nobody"), was=a_user("nobody"))
        assert told(journal)[2:] == ["made-lead"]
        assert accounts.user(UserName("ada")) == a_user("Ada", "lead")

    def test_an_admin_is_always_left(self, accounts: Accounts, journal: Journal) -> None:
        root = a_user("root", "admin")
        for change in (replace(root, role="lead"), replace(root, disabled=True)):
            with pytest.raises(Refused, match="no admin would be left"):
                accounts.put_user(change, a_deed("last"), was=root)
        assert accounts.user(UserName("root")) == root
        accounts.put_user(a_user(role="admin"), a_deed("second admin"), was=a_user())
        accounts.put_user(replace(root, disabled=True), a_deed("goes"), was=root)
        with pytest.raises(Refused, match="no admin would be left"):
            accounts.put_user(a_user(role="lead"), a_deed("last"), was=a_user(role="admin"))
        assert told(journal)[2:] == ["second admin", "goes"]

    def test_the_first_user_is_an_admin(self, rooms: Rooms) -> None:
        with pytest.raises(Refused, match="no admin"):
            rooms.accounts().put_user(a_user(role="lead"), a_deed())
        assert rooms.accounts().users() == ()
        assert rooms.journal().deeds() == ()

    def test_of_two_admins_who_disable_each_other_at_once_one_stays(self, accounts: Accounts) -> None:
        root, ada = a_user("root", "admin"), a_user(role="admin")
        accounts.put_user(ada, a_deed(), was=a_user())

        def disable(user: User) -> bool:
            try:
                accounts.put_user(replace(user, disabled=True), a_deed(), was=user)
            except Refused:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(disable, (root, ada))) == [False, True]
        assert sorted(user.disabled for user in accounts.users()) == [False, True]

    def test_a_session_is_found_until_it_ends(self, accounts: Accounts, rooms: Rooms, journal: Journal) -> None:
        session = a_session(1)
        accounts.open_session(session, a_user(), a_deed("signed in"))
        assert rooms.accounts().session(session.key, NOW + 1, IDLE) == (session, a_user())
        assert accounts.session(b"\x02" * 32, NOW + 1, IDLE) is None
        assert accounts.session(session.key, NOW + IDLE + 1, IDLE) is None, "not used for long"
        assert accounts.session(session.key, NOW + 86_399, 1e9) is not None
        assert accounts.session(session.key, NOW + 86_400, 1e9) is None, "whatever happens"
        assert told(journal)[2:] == ["signed in"]

    def test_use_is_noted_at_most_once_a_minute(self, accounts: Accounts) -> None:
        key = a_session(1).key
        accounts.open_session(a_session(1), a_user(), a_deed())
        seen = []
        for after in (0, 59, 60, 119, 120):
            found = accounts.session(key, NOW + after, IDLE)
            assert found is not None
            kept = accounts.sessions(UserName("ada"))[0]
            assert kept == found[0]
            seen.append(kept.seen_at - NOW)
        assert seen == [0, 0, 60, 60, 120]
        assert accounts.session(key, NOW + 120 + IDLE, IDLE) is not None, "it was used since"

    def test_a_session_opens_only_for_whom_the_password_was_checked(self, accounts: Accounts, journal: Journal) -> None:
        for now in (a_user(password="$argon2id$2"), a_user(disabled=True)):  # noqa: S106
            before = accounts.user(UserName("ada"))
            accounts.put_user(now, a_deed("changed"), was=before)
            with pytest.raises(Refused, match="meanwhile"):
                accounts.open_session(a_session(1), a_user(), a_deed("signed in"))
        with pytest.raises(Refused):
            accounts.open_session(a_session(1, "eva"), a_user("eva"), a_deed("signed in"))
        assert accounts.session(a_session(1).key, NOW, IDLE) is None
        assert "signed in" not in told(journal)

    def test_a_new_password_and_being_disabled_end_all_sessions_and_nothing_else_does(self, accounts: Accounts) -> None:
        now = a_user()
        changes: tuple[tuple[dict[str, Any], int], ...] = (
            ({"role": "lead"}, 1),
            ({"password": "$argon2id$2"}, 0),
            ({"disabled": True}, 0),
        )
        for change, left in changes:
            accounts.open_session(a_session(1), now, a_deed())
            later = replace(now, **change)
            accounts.put_user(later, a_deed(), was=now)
            now = later
            assert len(accounts.sessions(UserName("ada"))) == left
            accounts.close_sessions(UserName("ada"), a_deed())
        enabled = replace(now, disabled=False)
        accounts.put_user(enabled, a_deed(), was=now)
        assert accounts.session(a_session(1).key, NOW, IDLE) is None

    def test_a_new_hash_of_the_same_password_ends_nothing(self, accounts: Accounts, journal: Journal) -> None:
        accounts.open_session(a_session(1), a_user(), a_deed())
        accounts.rehash(a_user("ADA"), "$argon2id$2")
        assert accounts.user(UserName("ada")) == a_user(password="$argon2id$2")  # noqa: S106
        accounts.rehash(a_user(), "$argon2id$3")
        assert accounts.user(UserName("ada")) == a_user(password="$argon2id$2"), "he has another by now"  # noqa: S106
        assert accounts.session(a_session(1).key, NOW, IDLE) is not None
        assert told(journal)[2:] == ["did"]

    def test_sessions_are_listed_newest_first_and_closed_one_by_one_or_all(
        self, accounts: Accounts, journal: Journal
    ) -> None:
        for number in (1, 2, 3):
            accounts.open_session(a_session(number, at=NOW + number), a_user(), a_deed())
        accounts.open_session(a_session(9, "root"), a_user("root", "admin"), a_deed())
        assert accounts.sessions(UserName("Ada")) == tuple(a_session(n, at=NOW + n) for n in (3, 2, 1))
        ada, end = UserName("ADA"), a_deed("ended")
        assert accounts.close_sessions(UserName("root"), end, key=a_session(2).key) == 0, "it is somebody else's"
        assert accounts.close_sessions(ada, end, key=a_session(2).key) == 1
        assert accounts.close_sessions(ada, end, key=a_session(2).key) == 0
        assert [one.key[0] for one in accounts.sessions(ada)] == [3, 1]
        assert accounts.close_sessions(ada, end) == 2
        assert accounts.sessions(ada) == ()
        assert len(accounts.sessions(UserName("root"))) == 1
        assert told(journal)[2:] == ["did"] * 4 + ["ended"] * 2

    def test_sessions_that_ended_and_too_many_of_one_user_are_cleared_away(self, accounts: Accounts) -> None:
        accounts.open_session(a_session(200), a_user(), a_deed())
        accounts.open_session(a_session(201, at=NOW - 1, expires_at=NOW + 9), a_user(), a_deed())
        for number in range(101):
            accounts.open_session(a_session(number, at=NOW + 10 + number), a_user(), a_deed())
        assert [one.key[0] for one in accounts.sessions(UserName("ada"))] == list(range(100, 0, -1))

    def test_a_key_is_found_until_it_ends(self, accounts: Accounts, rooms: Rooms, journal: Journal) -> None:
        key = a_key(1, expires_at=NOW + 100, note="the shop's form", scope="work")
        accounts.add_key(key, a_deed("made"))
        assert rooms.accounts().keys() == (key,)
        assert rooms.accounts().key(key.key, NOW + 1) == (replace(key, seen_at=NOW + 1), a_user())
        assert accounts.key(b"\x02" * 32, NOW) is None
        assert accounts.key(key.key, NOW + 100) is None
        assert accounts.keys() == (replace(key, seen_at=NOW + 1),)
        accounts.add_key(a_key(2, created_at=NOW + 1), a_deed("made"))
        assert tuple(one.name for one in accounts.keys()) == ("key2", "key1")  # noqa: SIM118 - no dict
        assert accounts.key(a_key(2).key, 1e12) is not None
        assert told(journal)[2:] == ["made", "made"]

    def test_use_of_a_key_is_noted_at_most_once_a_minute(self, accounts: Accounts) -> None:
        accounts.add_key(a_key(1), a_deed())
        seen = []
        for after in (0, 59, 60):
            accounts.key(a_key(1).key, NOW + after)
            seen.append(accounts.keys()[0].seen_at)
        assert seen == [NOW, NOW, NOW + 60]

    def test_names_of_keys_and_keys_are_there_once_and_for_users_who_may_sign_in(
        self, accounts: Accounts, journal: Journal
    ) -> None:
        accounts.add_key(a_key(1), a_deed("made"))
        accounts.put_user(a_user("eva", disabled=True), a_deed("eva-added"))
        for key in (a_key(1, key=b"\x02" * 32), a_key(1, name="key2"), a_key(3, "eva"), a_key(3, "nobody")):
            with pytest.raises(Refused):
                accounts.add_key(key, a_deed("refused"))
        assert accounts.keys() == (a_key(1),)
        assert told(journal)[2:] == ["made", "eva-added"]

    def test_a_key_is_revoked_once(self, accounts: Accounts, journal: Journal) -> None:
        accounts.add_key(a_key(1), a_deed())
        accounts.add_key(a_key(2, expires_at=NOW - 1), a_deed())
        assert accounts.revoke_key("key1", a_deed("revoked"))
        assert accounts.key(a_key(1).key, NOW) is None
        assert not accounts.revoke_key("key1", a_deed("revoked"))
        assert not accounts.revoke_key("key2", a_deed("revoked")), "it had ended"
        assert not accounts.revoke_key("nothing", a_deed("revoked"))
        assert tuple(one.revoked for one in accounts.keys()) == (True, False)  # noqa: SIM118 - no dict
        assert told(journal)[4:] == ["revoked"]

    def test_whoever_is_disabled_has_neither_sessions_nor_keys_that_work(self, accounts: Accounts) -> None:
        accounts.add_key(a_key(1), a_deed())
        accounts.open_session(a_session(1), a_user(), a_deed())
        accounts.put_user(a_user(disabled=True), a_deed(), was=a_user())
        assert accounts.key(a_key(1).key, NOW) is None
        assert accounts.session(a_session(1).key, NOW, IDLE) is None
        accounts.put_user(a_user(), a_deed(), was=a_user(disabled=True))
        assert accounts.key(a_key(1).key, NOW) is not None
        assert accounts.session(a_session(1).key, NOW, IDLE) is None

    def test_users_of_one_moment_are_added_one_by_one(self, accounts: Accounts, journal: Journal) -> None:
        def add(number: int) -> bool:
            try:
                accounts.put_user(a_user(f"user{number % 4}"), a_deed(f"added {number % 4}"))
            except PostroomError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(add, range(16))) == 4
        assert sorted(told(journal)[2:]) == [f"added {number}" for number in range(4)]
        assert journal.verify() == 6


class JournalContract:
    """Lines stay as they were written, in their order."""

    @pytest.fixture
    def journal(self, rooms: Rooms) -> Journal:
        return rooms.journal()

    def test_lines_are_read_back_newest_first(self, journal: Journal, rooms: Rooms) -> None:
        journal.write([a_deed("one"), a_deed("two", "", by="", detail="x" * 5)])
        journal.write([])
        journal.write([a_deed("three", at=NOW - 9)])
        found = rooms.journal().deeds()
        assert [(deed.number, deed.what, deed.at, deed.by, deed.to, deed.detail) for deed in found] == [
            (3, "three", NOW - 9, "root", "ada", ""),
            (2, "two", NOW, "", "", "xxxxx"),
            (1, "one", NOW, "root", "ada", ""),
        ]
        assert [deed.number for deed in journal.deeds(limit=2)] == [3, 2]
        assert [deed.number for deed in journal.deeds(before=3, limit=1)] == [2]
        assert journal.deeds(before=1) == ()

    def test_lines_of_a_time_are_found_though_clocks_differ(self, journal: Journal) -> None:
        day = 86_400.0
        assert journal.deeds(since=NOW, until=NOW + day) == ()
        journal.write([a_deed(str(n), at=NOW + n * day - (n % 3) * 3600) for n in range(1, 40)])

        def found(since: float | None, until: float | None, **more: Any) -> list[int]:
            return [one.number for one in journal.deeds(since=since, until=until, **more)]

        for since, until in (
            (NOW + 7 * day, NOW + 9 * day),
            (NOW - day, NOW + 3 * day),
            (NOW + 39 * day, NOW + 99 * day),
        ):
            assert found(since, until) == [one.number for one in journal.deeds() if since <= one.at < until]
        assert found(None, NOW) == []
        assert found(None, NOW + 4 * day) == [4, 3, 2, 1]
        assert found(NOW + 38 * day - 7200, None) == [39, 38]
        assert found(NOW, None, before=3, by="root") == [2, 1]

    def test_each_line_is_chained_to_the_one_before(self, journal: Journal) -> None:
        journal.write([a_deed("one"), a_deed("two\ud800", detail="é" * 3000)])
        journal.write([a_deed("three")])
        chain = ""
        for deed in reversed(journal.deeds()):
            assert deed == chained(deed, deed.number, chain)
            chain = deed.chain
        assert journal.verify() == 3
        assert journal.deeds()[1].what == "two\ufffd"
        assert journal.deeds()[1].detail == "é" * 2000

    def test_an_empty_log_has_no_line(self, journal: Journal) -> None:
        assert journal.verify() == 0
        assert journal.deeds() == ()

    def test_lines_are_picked_by_who_what_and_to(self, journal: Journal) -> None:
        journal.write([a_deed(what, to, by=by) for by in ("ada", "eva") for what in ("a", "b") for to in ("x", "y")])
        assert [deed.number for deed in journal.deeds(by="ada")] == [4, 3, 2, 1]
        assert [deed.number for deed in journal.deeds(what="b")] == [8, 7, 4, 3]
        assert [deed.number for deed in journal.deeds(to="y", what="b")] == [8, 4]
        assert [deed.number for deed in journal.deeds(by="eva", what="a", to="x", before=8)] == [5]
        assert journal.deeds(by="\ud800", what="a' OR 1=1 --") == ()

    def test_many_at_once_follow_one_another(self, journal: Journal, rooms: Rooms) -> None:
        other = rooms.journal()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: (journal, other)[number % 2].write([a_deed(str(number))] * 3), range(40)))
        assert journal.verify() == 120
        assert [deed.number for deed in journal.deeds(limit=200)] == list(range(120, 0, -1))
        words = [deed.what for deed in journal.deeds(limit=200)]
        assert all(words[at] == words[at + 1] == words[at + 2] for at in range(0, 120, 3)), "what was written together"
