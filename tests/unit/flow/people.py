"""Rooms for people: a store, passwords that take no time, a clock."""

from dataclasses import dataclass, field
from pathlib import Path

from postroom.adapters.store.accounts import SqliteAccounts
from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.sqlite import SqliteStore
from postroom.flow.signin import SigningIn
from postroom.flow.team import Team
from postroom.model.errors import TryLater
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import Role, User, UserName
from postroom.testing.clock import ManualClock

PASSWORD = "four words of nothing"
HOME = "192.0.2.1"


@dataclass
class PlainPasswords:
    """Hashes that can be read: ``strength:password``. Remembers what was checked."""

    strength: int = 1
    busy: bool = False
    checked: list[tuple[str, str]] = field(default_factory=list)

    def hash(self, password: str) -> str:
        return f"{self.strength}:{password}"

    def matches(self, password: str, kept: str) -> bool:
        if self.busy:
            raise TryLater("busy")
        self.checked.append((password, kept))
        return kept.partition(":")[2] == password and kept != ""

    def is_weak(self, kept: str) -> bool:
        return int(kept.partition(":")[0]) < self.strength


class Rooms:
    """A team of one admin, root."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.store = SqliteStore.open(folder / "postroom.db", clock=self.clock.now)
        self.accounts = SqliteAccounts(self.store.units)
        self.journal = SqliteJournal(self.store.units)
        self.passwords = PlainPasswords()
        self.bytes = 0
        self.signing_in = SigningIn(
            accounts=self.accounts,
            journal=self.journal,
            passwords=self.passwords,
            clock=self.clock.now,
            entropy=self.entropy,
            idle=3600.0,
            lifetime=86_400.0,
        )
        self.team = Team(
            accounts=self.accounts,
            passwords=self.passwords,
            brands=(BrandName("shop"), BrandName("games")),
            routes=(RouteName("appeals"), RouteName("refunds")),
            clock=self.clock.now,
            entropy=self.entropy,
        )
        self.add("root", "admin")

    def entropy(self, size: int) -> bytes:
        """No two alike."""
        self.bytes += 1
        return self.bytes.to_bytes(2, "big") * (size // 2) + b"\x07" * (size % 2)

    def add(self, name: str, role: Role = "agent", password: str | None = PASSWORD) -> User:
        return self.team.add(User(name=UserName(name), role=role), password, "shell")

    def told(self, after: int = 1) -> list[tuple[str, str, str, str]]:
        """Who did what to whom, with detail; without the first lines."""
        return [(deed.by, deed.what, deed.to, deed.detail) for deed in reversed(self.journal.deeds())][after:]
