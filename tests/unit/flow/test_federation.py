"""Signing in elsewhere: going, coming back, and who is let in."""

import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from postroom.adapters.store.identities import SqliteIdentities
from postroom.flow import federation
from postroom.flow.federation import LONGEST, MOST_AT_ONCE, STALE, Federation, Welcome
from postroom.flow.linking import link_identity, unlink_identities
from postroom.flow.throttle import TooOften
from postroom.model.errors import Refused, TryLater
from postroom.model.identity import Identity, Vouched
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import User, UserName
from tests.unit.flow.people import HOME, Rooms

ISSUER = "https://id.example.com"
ADA = Vouched(issuer=ISSUER, subject="ada-1", email="Ada@example.com", email_verified=True, shown="Ada L.")


@dataclass
class Vouching:
    """A provider that vouches for whom a test says."""

    person: Vouched = ADA
    fails: Exception | None = None
    went: dict[str, str] = field(default_factory=dict)
    issuer: str = ISSUER

    def way(self, *, state: str, nonce: str, verifier: str) -> str:
        if self.fails is not None:
            raise self.fails
        self.went = {"state": state, "nonce": nonce, "verifier": verifier}
        return f"{ISSUER}/authorize?state={state}"

    def vouched(self, answer: Mapping[str, str], *, nonce: str, verifier: str) -> Vouched:
        if self.fails is not None:
            raise self.fails
        assert (nonce, verifier) == (self.went["nonce"], self.went["verifier"])
        return self.person

    def way_out(self) -> str:
        if self.fails is not None:
            raise self.fails
        return f"{ISSUER}/out"

    def check(self) -> str:
        return "answers"


class Doors(Rooms):
    """Rooms with a way in from elsewhere."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.vouching = Vouching()
        self.identities = SqliteIdentities(self.store.units)
        self.seed = 0

    def fresh(self, size: int) -> bytes:
        self.seed += 1
        return self.seed.to_bytes(size, "big")

    def federation(self, **welcome: Any) -> Federation:
        return Federation(
            name="Example",
            provider=self.vouching,
            identities=self.identities,
            signing_in=self.signing_in,
            team=self.team,
            welcome=Welcome(**welcome),
            entropy=self.fresh,
        )

    def come(self, door: Federation, ip: str = HOME) -> tuple[str, User, str]:
        _, slip = door.begin("/inbox?x=é")
        return door.finish(slip, {"state": self.vouching.went["state"], "code": "c"}, ip, "Firefox")

    def refused(self, door: Federation) -> str:
        with pytest.raises(Refused) as told:
            self.come(door)
        return str(told.value)


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    """A team of root and ada, who has no password."""
    made = Doors(tmp_path)
    made.add("ada@example.com", password=None)
    yield made
    made.store.close()


def test_whoever_is_linked_is_let_in(doors: Doors) -> None:
    linked = link_identity(doors.identities, doors.team, "ADA@example.com", "root", issuer=ISSUER, subject="ada-1")
    assert linked == Identity(
        issuer=ISSUER, subject="ada-1", user=UserName("ada@example.com"), linked_at=doors.clock.now()
    )
    secret, user, to = doors.come(doors.federation())
    assert (user.name, to) == ("ada@example.com", "/inbox?x=é")
    found = doors.signing_in.who(secret)
    assert found is not None
    assert found[1] == user
    assert (found[0].agent, found[0].ip) == ("Firefox", HOME)
    assert doors.told(2) == [
        ("root", "identity-linked", "ada@example.com", "ada-1 at https://id.example.com"),
        ("ada@example.com", "sign-in", "ada@example.com", f"by Example, from {HOME}"),
    ]


def test_state_nonce_and_verifier_are_of_one_sign_in(doors: Doors) -> None:
    door = doors.federation()
    way, slip = door.begin("/")
    first = dict(doors.vouching.went)
    assert way.endswith(first["state"])
    door.begin("/")
    assert len({*first.values(), *doors.vouching.went.values()}) == 6
    assert all(len(value) == 43 for value in first.values())
    assert not any(value in slip for value in first.values())
    doors.federation().begin("/")
    assert first["state"] != doors.vouching.went["state"]


def test_an_answer_is_of_use_only_to_who_asked_in_time_and_once(doors: Doors) -> None:
    link_identity(doors.identities, doors.team, "ada@example.com", "root", issuer=ISSUER, subject="ada-1")
    door = doors.federation()
    _, slip = door.begin("/")
    answer = {"state": doors.vouching.went["state"], "code": "c"}
    at, seed, to, mac = slip.split(".")
    elsewhere = urlsafe_b64encode(b"//evil.example").decode()
    for cookie in (
        "",
        "...",
        "x",
        "é",
        "\ud800.\ud800",
        f"{at}.{seed}.{elsewhere}.{mac}",
        f"9999999999.{seed}.{to}.{mac}",
    ):
        with pytest.raises(Refused, match="begin again"):
            door.finish(cookie, answer, HOME, "")
    _, another = door.begin("/")
    for given, cookie in (({}, slip), ({"state": "é\ud800"}, slip), (answer, another)):
        with pytest.raises(Refused, match="begin again"):
            door.finish(cookie, given, HOME, "")
    with pytest.raises(Refused, match="begin again"):
        doors.federation().finish(slip, answer, HOME, "")
    assert doors.told(3) == []
    _, slip = door.begin("/")
    answer = {"state": doors.vouching.went["state"], "code": "c"}
    door.finish(slip, answer, HOME, "")
    with pytest.raises(Refused, match="begin again"):
        door.finish(slip, answer, HOME, "")
    _, slip = door.begin("/")
    doors.clock.advance(LONGEST + 1)
    with pytest.raises(Refused, match="begin again"):
        door.finish(slip, {"state": doors.vouching.went["state"]}, HOME, "")
    doors.come(door)


def test_what_is_spent_is_forgotten_in_time(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    link_identity(doors.identities, doors.team, "ada@example.com", "root", issuer=ISSUER, subject="ada-1")
    monkeypatch.setattr(federation, "_MOST_SPENT", 2)
    door = doors.federation()
    for _ in range(4):
        doors.come(door)
    assert len(door._spent) == 2
    doors.clock.advance(LONGEST + 1)
    doors.come(door)
    assert len(door._spent) == 1


def test_who_is_not_known_stays_out_and_learns_what_to_ask_for(doors: Doors) -> None:
    assert "postroom user link NAME ada-1" in doors.refused(doors.federation())
    assert doors.told(2) == [
        ("", "sign-in-failed", "ada-1", doors.told(2)[0][3]),
    ]
    assert doors.told(2)[0][3].startswith("at Example: nobody here is linked")
    assert doors.told(2)[0][3].endswith(f"from {HOME}")


def test_the_first_time_a_verified_address_decides_then_the_subject(doors: Doors) -> None:
    door = doors.federation(by_email=True)
    doors.vouching.person = replace(ADA, email_verified=False)
    assert "nobody here is linked" in doors.refused(door)
    doors.vouching.person = ADA
    assert doors.come(door)[1].name == "ada@example.com"
    assert doors.identities.of(UserName("ada@example.com")) == (
        Identity(
            issuer=ISSUER,
            subject="ada-1",
            user=UserName("ada@example.com"),
            email="Ada@example.com",
            linked_at=doors.clock.now(),
        ),
    )
    doors.vouching.person = replace(ADA, email="new@example.com")
    assert doors.come(door)[1].name == "ada@example.com"
    doors.vouching.person = replace(ADA, subject="ada-2")
    assert "unlink it first" in doors.refused(door)


@pytest.mark.parametrize("email", ["", "nobody@example.com", "\uff41da@example.com", "ada", "ada@sub.example.com"])
def test_an_address_that_is_nobodys(doors: Doors, email: str) -> None:
    doors.add("ada")
    doors.vouching.person = replace(ADA, email=email)
    assert "nobody here is linked" in doors.refused(doors.federation(by_email=True, domain="example.com"))


def test_of_our_own_domain_the_part_before_the_at_is_enough(doors: Doors) -> None:
    doors.add("eve")
    doors.vouching.person = replace(ADA, subject="eve-1", email="eve@EXAMPLE.com")
    assert "nobody here is linked" in doors.refused(doors.federation(by_email=True))
    assert "nobody here is linked" in doors.refused(doors.federation(by_email=True, domain="example.org"))
    assert doors.come(doors.federation(by_email=True, domain="Example.com"))[1].name == "eve"


def test_who_is_disabled_stays_out(doors: Doors) -> None:
    door = doors.federation(by_email=True)
    doors.team.change("ada@example.com", "root", disabled=True)
    assert "may not sign in any more" in doors.refused(door)
    assert doors.identities.of(UserName("ada@example.com")) == ()
    doors.team.change("ada@example.com", "root", disabled=False)
    doors.come(door)
    doors.team.change("ada@example.com", "root", disabled=True)
    assert "may not sign in any more" in doors.refused(door)


def test_users_are_made_of_groups(doors: Doors) -> None:
    wanted: dict[str, Any] = {"make": True, "roles": {"support": "agent", "bosses": "lead"}}
    door = doors.federation(**wanted, brands=(BrandName("shop"),), routes=(RouteName("appeals"),))
    doors.vouching.person = replace(ADA, subject="zoe-1", email="Zoe@example.com", groups=("x", "bosses", "support"))
    user = doors.come(door)[1]
    assert user == User(
        name=UserName("zoe@example.com"),
        role="lead",
        shown="Ada L.",
        brands=(BrandName("shop"),),
        routes=(RouteName("appeals"),),
        created_at=doors.clock.now(),
    )
    assert [(what, to) for _, what, to, _ in doors.told(2)] == [
        ("user-added", user.name),
        ("identity-linked", user.name),
        ("sign-in", user.name),
    ]
    assert doors.come(door)[1] == user
    stranger = replace(ADA, subject="y-1", email="yan@example.com")
    for person, says in (
        (stranger, "none of your groups"),
        (replace(stranger, groups=("support",), email=""), "no address of yours"),
        (replace(stranger, groups=("support",), email_verified=False), "no address of yours"),
        (replace(stranger, groups=("support",), email="a b@example.com"), "can't be a name"),
        (replace(stranger, groups=("support",), email="ada@example.com"), "nobody here is linked"),
    ):
        doors.vouching.person = person
        doors.signing_in.throttle.give_back("(signing in elsewhere)", HOME, right=True)
        assert says in doors.refused(door)


def test_a_provider_that_is_down_costs_nobody_a_try(doors: Doors) -> None:
    door = doors.federation()
    for _ in range(20):
        doors.vouching.fails = None
        _, slip = door.begin("/")
        doors.vouching.fails = TryLater("down")
        with pytest.raises(TryLater, match="down"):
            door.finish(slip, {"state": doors.vouching.went["state"]}, HOME, "")
    with pytest.raises(TryLater, match="down"):
        door.begin("/")
    assert door.way_out() == ""
    doors.vouching.fails = None
    assert door.way_out() == f"{ISSUER}/out"
    assert doors.told(2) == []


def test_whoever_fails_again_and_again_waits(doors: Doors) -> None:
    door = doors.federation()
    doors.vouching.fails = None
    for _ in range(5):
        doors.refused(door)
    with pytest.raises(TooOften):
        doors.come(door)
    assert len(doors.told(2)) == 5


def test_few_wait_for_the_provider_at_once(doors: Doors) -> None:
    door = doors.federation()
    inside, go = threading.Semaphore(0), threading.Event()

    class Slow(Vouching):
        def way_out(self) -> str:
            inside.release()
            go.wait(30)
            return "x"

    door.provider = Slow()
    waiting = [threading.Thread(target=door.way_out) for _ in range(MOST_AT_ONCE)]
    for one in waiting:
        one.start()
        assert inside.acquire(timeout=30)
    assert door.way_out() == ""
    with pytest.raises(TryLater, match="too many"):
        door.begin("/")
    go.set()
    for one in waiting:
        one.join()
    door.begin("/")


def test_what_is_linked_and_unlinked_by_hand(doors: Doors) -> None:
    for issuer, subject in (("", "ada-1"), (ISSUER, ""), (ISSUER, "x" * 256), (ISSUER, "a\nb")):
        with pytest.raises(Refused):
            link_identity(doors.identities, doors.team, "root", "root", issuer=issuer, subject=subject)
    link_identity(doors.identities, doors.team, "root", "root", issuer=ISSUER, subject="root-1")
    assert unlink_identities(doors.identities, doors.team, "ROOT", "carla") == 1
    assert doors.told(3) == [("carla", "identity-unlinked", "root", "all")]
    with pytest.raises(Refused, match="postroom user show root"):
        unlink_identities(doors.identities, doors.team, "root", "carla", issuer=ISSUER, subject="root-1")
    assert STALE
