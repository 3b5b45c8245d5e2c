"""What every store must do with accounts elsewhere that sign people in, as tests.

Subclass `IdentitiesContract` in a test module and give it a fixture ``rooms``, a `Rooms`.
"""

from dataclasses import replace
from typing import Any, Protocol

import pytest

from postroom.model.errors import Refused
from postroom.model.identity import Identity
from postroom.model.people import UserName
from postroom.ports.accounts import Accounts, Journal
from postroom.ports.identity import Identities
from postroom.testing.accounts_contract import IDLE, NOW, a_deed, a_session, a_user

ISSUER = "https://id.example.com"


class Rooms(Protocol):
    """One store, as several processes see it."""

    def accounts(self) -> Accounts:
        """Its people, as another process sees them. The rooms close them in the end."""
        ...

    def journal(self) -> Journal:
        """Its audit log, as another process sees it."""
        ...

    def identities(self) -> Identities:
        """Accounts elsewhere, as another process sees them."""
        ...


def an_identity(subject: str = "ada-1", user: str = "ada", **changes: Any) -> Identity:
    """An account elsewhere."""
    found = Identity(issuer=ISSUER, subject=subject, user=UserName(user), email="ada@example.com", linked_at=NOW)
    return replace(found, **changes)


def _ada(rooms: Rooms) -> Accounts:
    accounts = rooms.accounts()
    accounts.put_user(a_user("root", "admin"), a_deed())
    accounts.put_user(a_user(), a_deed())
    return accounts


class IdentitiesContract:
    """Linking, looking up, unlinking."""

    def test_an_identity_is_found_by_issuer_and_subject(self, rooms: Rooms) -> None:
        _ada(rooms)
        rooms.identities().link(an_identity(user="ADA"), a_deed("identity-linked"))
        room = rooms.identities()
        assert room.whose(ISSUER, "ada-1") == an_identity()
        assert room.whose(ISSUER, "ADA-1") is None
        assert room.whose("https://other.example.com", "ada-1") is None
        assert room.of(UserName("Ada")) == (an_identity(),)
        assert room.of(UserName("root")) == ()
        assert rooms.journal().deeds()[0].what == "identity-linked"

    def test_a_subject_signs_in_one_user_and_a_user_has_one_of_each_issuer(self, rooms: Rooms) -> None:
        _ada(rooms)
        room = rooms.identities()
        room.link(an_identity(), a_deed())
        other = an_identity(issuer="https://other.example.com", linked_at=NOW + 1)
        room.link(other, a_deed())
        written = rooms.journal().deeds()
        for wrong in (an_identity(), an_identity(user="root"), an_identity("ada-2"), an_identity("x", "nobody")):
            with pytest.raises(Refused):
                room.link(wrong, a_deed())
        assert room.of(UserName("ada")) == (an_identity(), other)
        assert rooms.journal().deeds() == written

    def test_who_is_disabled_is_not_linked(self, rooms: Rooms) -> None:
        accounts = _ada(rooms)
        accounts.put_user(a_user(disabled=True), a_deed(), was=a_user())
        with pytest.raises(Refused):
            rooms.identities().link(an_identity(), a_deed())

    def test_a_new_user_is_made_with_the_link_or_not_at_all(self, rooms: Rooms) -> None:
        accounts = _ada(rooms)
        room = rooms.identities()
        eve = a_user("eve", password="")
        room.link(an_identity("eve-1", "eve"), a_deed("identity-linked"), new=(eve, a_deed("user-added")))
        assert accounts.user(UserName("eve")) == eve
        assert [deed.what for deed in rooms.journal().deeds()[:2]] == ["identity-linked", "user-added"]
        with pytest.raises(Refused):
            room.link(an_identity("eve-2", "eve"), a_deed(), new=(eve, a_deed()))
        with pytest.raises(Refused):
            room.link(an_identity("eve-1", "zoe"), a_deed(), new=(a_user("zoe"), a_deed()))
        assert accounts.user(UserName("zoe")) is None

    def test_unlinking_ends_sessions(self, rooms: Rooms) -> None:
        accounts = _ada(rooms)
        room = rooms.identities()
        room.link(an_identity(), a_deed())
        room.link(an_identity(issuer="https://other.example.com"), a_deed())
        accounts.open_session(a_session(1), a_user(), a_deed())
        written = rooms.journal().deeds()
        assert room.unlink(UserName("ada"), a_deed(), subject="somebody") == 0
        assert room.unlink(UserName("root"), a_deed()) == 0
        assert rooms.journal().deeds() == written
        assert accounts.session(a_session(1).key, NOW, IDLE) is not None
        assert room.unlink(UserName("Ada"), a_deed("identity-unlinked"), issuer=ISSUER, subject="ada-1") == 1
        assert accounts.session(a_session(1).key, NOW, IDLE) is None
        assert room.whose(ISSUER, "ada-1") is None
        assert rooms.journal().deeds()[0].what == "identity-unlinked"
        assert room.unlink(UserName("ada"), a_deed()) == 1
        assert room.of(UserName("ada")) == ()
