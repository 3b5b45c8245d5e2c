"""Who may sign in, what they did, and what changes it."""

import os
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from postroom.adapters.store.accounts import SqliteAccounts
from postroom.adapters.store.identities import SqliteIdentities
from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.sqlite import SqliteStore
from postroom.bootstrap.meaning import taught_routes
from postroom.config import Settings
from postroom.flow.signin import SigningIn
from postroom.flow.team import Team
from postroom.model.mail import BrandName

if TYPE_CHECKING:
    from postroom.adapters.passwords import Argon2Passwords


class People:
    """The people of one house. Rooms are built when they are first asked for; each raises what opening the store does."""

    def __init__(self, settings: Settings, store: Callable[[], SqliteStore]) -> None:
        self._settings = settings
        self._store = store

    @cached_property
    def accounts(self) -> SqliteAccounts:
        """Who may sign in."""
        return SqliteAccounts(self._store().units)

    @cached_property
    def identities(self) -> SqliteIdentities:
        """Accounts elsewhere that sign people in."""
        return SqliteIdentities(self._store().units)

    @cached_property
    def journal(self) -> SqliteJournal:
        """The audit log."""
        return SqliteJournal(self._store().units)

    @cached_property
    def passwords(self) -> "Argon2Passwords":
        """How passwords are kept."""
        from postroom.adapters.passwords import Argon2Passwords  # noqa: PLC0415 - few commands need it

        return Argon2Passwords()

    @cached_property
    def signing_in(self) -> SigningIn:
        """Who somebody is; one for all threads of a process, as it counts failures."""
        pages = self._settings.pages
        return SigningIn(
            accounts=self.accounts,
            journal=self.journal,
            passwords=self.passwords,
            clock=time.time,
            entropy=os.urandom,
            idle=pages.idle_hours * 3600.0,
            lifetime=pages.session_days * 86_400.0,
            by_password=pages.oidc.passwords or not pages.oidc.issuer,
        )

    @cached_property
    def team(self) -> Team:
        """What changes who may sign in."""
        return Team(
            accounts=self.accounts,
            passwords=self.passwords,
            brands=tuple(map(BrandName, self._settings.brand)),
            routes=taught_routes(self._settings),
            clock=time.time,
            entropy=os.urandom,
        )
