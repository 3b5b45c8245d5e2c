"""The store on SQLite does what every store must do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from postroom.adapters.store.accounts import SqliteAccounts
from postroom.adapters.store.aging import SqliteAging
from postroom.adapters.store.alarms import SqliteAlarms
from postroom.adapters.store.answers import SqliteAnswers
from postroom.adapters.store.backtests import SqliteBacktests
from postroom.adapters.store.cases import SqliteCases
from postroom.adapters.store.deadlines import SqliteDeadlines
from postroom.adapters.store.erasing import SqliteErasing
from postroom.adapters.store.hooks import SqliteHooks
from postroom.adapters.store.identities import SqliteIdentities
from postroom.adapters.store.journal import SqliteJournal
from postroom.adapters.store.keeping import SqliteKeeping
from postroom.adapters.store.lists import SqliteViews
from postroom.adapters.store.notices import SqliteNotices
from postroom.adapters.store.replies import SqliteReplies
from postroom.adapters.store.reviewday import SqliteReviewDay
from postroom.adapters.store.rulebooks import SqliteDrafts, SqliteVersions
from postroom.adapters.store.savedviews import SqliteSavedViews
from postroom.adapters.store.secondlooks import SqliteSecondLooks
from postroom.adapters.store.sqlite import SqliteStore
from postroom.adapters.store.targets import SqliteTargets
from postroom.adapters.store.turns import SqliteTurns
from postroom.model.listing import Event
from postroom.model.mail import MailId
from postroom.model.rulebooks import ANSWERS
from postroom.testing.accounts_contract import AccountsContract, JournalContract
from postroom.testing.alarms_contract import AlarmsContract
from postroom.testing.answers_contract import MOST, AnswersContract
from postroom.testing.backtests_contract import BacktestsContract
from postroom.testing.cases_contract import CasesContract
from postroom.testing.clock import ManualClock
from postroom.testing.deadlines_contract import DeadlinesContract
from postroom.testing.desktop_contract import TurnsContract, ViewsContract
from postroom.testing.hooks_contract import HooksContract
from postroom.testing.identities_contract import IdentitiesContract
from postroom.testing.notices_contract import NoticesContract
from postroom.testing.privacy_contract import PrivacyContract
from postroom.testing.queue_contract import QueueContract
from postroom.testing.queue_machine import QueueMachine
from postroom.testing.replies_contract import RepliesContract
from postroom.testing.reviewing_contract import ReviewingContract
from postroom.testing.rulebooks_contract import DraftsContract, VersionsContract
from postroom.testing.savedviews_contract import SavedViewsContract
from postroom.testing.store_contract import StoreContract
from postroom.testing.targets_contract import TargetsContract
from postroom.testing.verdict_contract import VerdictsContract


class SqliteHouse:
    """Several openings of one file stand for several processes: they share nothing but the file."""

    lease_seconds = 300.0

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ManualClock()
        self.boots = 1
        self._open: list[SqliteStore] = []

    def open(self) -> SqliteStore:
        store = SqliteStore.open(
            self.path,
            clock=self.clock.now,
            monotonic=self.clock.monotonic,
            boot_id=f"boot-{self.boots}",
            lease_seconds=self.lease_seconds,
        )
        self._open.append(store)
        return store

    def reboot(self) -> SqliteStore:
        self.close()
        self.boots += 1
        self.clock = ManualClock(self.clock.now() + 60, ticks=1.0)
        return self.open()

    def views(self, store: SqliteStore) -> SqliteViews:
        return SqliteViews(store.units)

    def cases(self, store: SqliteStore) -> SqliteCases:
        return SqliteCases(store.units)

    def journal(self, store: SqliteStore) -> SqliteJournal:
        return SqliteJournal(store.units)

    def turns(self, store: SqliteStore) -> SqliteTurns:
        return SqliteTurns(store.units)

    def looks(self, store: SqliteStore) -> SqliteSecondLooks:
        return SqliteSecondLooks(store.units)

    def review_day(self, store: SqliteStore) -> SqliteReviewDay:
        return SqliteReviewDay(store.units)

    def erasing(self, store: SqliteStore) -> SqliteErasing:
        return SqliteErasing(store.units, self.path)

    def keeping(self, store: SqliteStore) -> SqliteKeeping:
        return SqliteKeeping(store.units)

    def aging(self, store: SqliteStore) -> SqliteAging:
        return SqliteAging(store.units)

    def versions(self, store: SqliteStore) -> SqliteVersions:
        return SqliteVersions(store.units)

    def drafts(self, store: SqliteStore) -> SqliteDrafts:
        return SqliteDrafts(store.units)

    def close(self) -> None:
        for store in self._open:
            store.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SqliteHouse]:
    built = SqliteHouse(tmp_path / "postroom.db")
    yield built
    built.close()


class TestSqliteStore(StoreContract):
    pass


class TestSqliteVerdicts(VerdictsContract):
    pass


class TestSqliteQueue(QueueContract):
    pass


class TestSqlitePrivacy(PrivacyContract):
    pass


class SqliteRooms:
    """The rooms of pages in the same file."""

    def __init__(self, house: SqliteHouse) -> None:
        self._house = house

    def accounts(self) -> SqliteAccounts:
        return SqliteAccounts(self._house.open().units)

    def journal(self) -> SqliteJournal:
        return SqliteJournal(self._house.open().units)

    def identities(self) -> SqliteIdentities:
        return SqliteIdentities(self._house.open().units)


@pytest.fixture
def rooms(house: SqliteHouse) -> SqliteRooms:
    return SqliteRooms(house)


class TestSqliteAccounts(AccountsContract):
    pass


class TestSqliteIdentities(IdentitiesContract):
    pass


class TestSqliteJournal(JournalContract):
    pass


class TestSqliteViews(ViewsContract):
    pass


class TestSqliteViewsThatLookAtFew(ViewsContract):
    """The same by calls that each look at three rows and say how far they came."""

    @pytest.fixture
    def views(self, store: SqliteStore) -> SqliteViews:
        return SqliteViews(store.units, looked=3)


class TestSqliteCases(CasesContract):
    pass


class TestSqliteTurns(TurnsContract):
    pass


class TestSqliteReviewing(ReviewingContract):
    pass


class TestSqliteAnswers(AnswersContract):
    @pytest.fixture
    def answers(self, house: SqliteHouse) -> SqliteAnswers:
        return SqliteAnswers(house.open().units, most=MOST)


class TestSqliteHooks(HooksContract):
    @pytest.fixture
    def store(self, house: SqliteHouse) -> SqliteStore:
        return house.open()

    @pytest.fixture
    def hooks(self, store: SqliteStore) -> SqliteHooks:
        return SqliteHooks(store.units)

    @pytest.fixture
    def journal(self, store: SqliteStore) -> SqliteJournal:
        return SqliteJournal(store.units)


class TestSqliteReplies(RepliesContract):
    @pytest.fixture
    def store(self, house: SqliteHouse) -> SqliteStore:
        return house.open()

    @pytest.fixture
    def replies(self, store: SqliteStore) -> SqliteReplies:
        return SqliteReplies(store.units)

    @pytest.fixture
    def journal(self, store: SqliteStore) -> SqliteJournal:
        return SqliteJournal(store.units)


class TestSqliteBacktests(BacktestsContract):
    @pytest.fixture
    def store(self, house: SqliteHouse) -> SqliteStore:
        return house.open()

    @pytest.fixture
    def tests(self, store: SqliteStore) -> SqliteBacktests:
        return SqliteBacktests(store.units)

    @pytest.fixture
    def erasing(self, house: SqliteHouse, store: SqliteStore) -> SqliteErasing:
        return house.erasing(store)

    @pytest.fixture
    def journal(self, house: SqliteHouse, store: SqliteStore) -> SqliteJournal:
        return house.journal(store)


class TestSqliteVersions(VersionsContract):
    @pytest.fixture
    def versions(self, house: SqliteHouse) -> SqliteVersions:
        return SqliteVersions(house.open().units)

    @pytest.fixture
    def templates(self, house: SqliteHouse) -> SqliteVersions:
        return SqliteVersions(house.open().units, ANSWERS)

    @pytest.fixture
    def journal(self, rooms: SqliteRooms) -> SqliteJournal:
        return rooms.journal()


class TestSqliteDrafts(DraftsContract):
    @pytest.fixture
    def drafts(self, house: SqliteHouse) -> SqliteDrafts:
        return SqliteDrafts(house.open().units)


class OneStore:
    """Rooms of one store."""

    @pytest.fixture
    def store(self, house: SqliteHouse) -> SqliteStore:
        return house.open()

    @pytest.fixture
    def hooks(self, store: SqliteStore) -> SqliteHooks:
        return SqliteHooks(store.units)

    @pytest.fixture
    def cases(self, store: SqliteStore) -> SqliteCases:
        return SqliteCases(store.units)

    @pytest.fixture
    def journal(self, store: SqliteStore) -> SqliteJournal:
        return SqliteJournal(store.units)

    @pytest.fixture
    def way(self, store: SqliteStore) -> Callable[[MailId], tuple[Event, ...]]:
        return store.events


class TestSqliteAlarms(OneStore, AlarmsContract):
    @pytest.fixture
    def alarms(self, store: SqliteStore) -> SqliteAlarms:
        return SqliteAlarms(store.units)


class TestSqliteDeadlines(OneStore, DeadlinesContract):
    @pytest.fixture
    def deadlines(self, store: SqliteStore) -> SqliteDeadlines:
        return SqliteDeadlines(store.units)


class TestSqliteNotices(OneStore, NoticesContract):
    @pytest.fixture
    def notices(self, store: SqliteStore) -> SqliteNotices:
        return SqliteNotices(store.units)

    @pytest.fixture
    def replies(self, store: SqliteStore) -> SqliteReplies:
        return SqliteReplies(store.units)


class TestSqliteTargets(OneStore, TargetsContract):
    @pytest.fixture
    def now(self, house: SqliteHouse) -> Callable[[], float]:
        return house.clock.now

    @pytest.fixture
    def targets(self, store: SqliteStore) -> SqliteTargets:
        return SqliteTargets(store.units)

    @pytest.fixture
    def replies(self, store: SqliteStore) -> SqliteReplies:
        return SqliteReplies(store.units)

    @pytest.fixture
    def views(self, store: SqliteStore) -> SqliteViews:
        return SqliteViews(store.units)


class ViewRooms:
    """Saved views and what concerns them."""

    def __init__(self, house: SqliteHouse) -> None:
        store = house.open()
        self.accounts = SqliteAccounts(store.units)
        self.journal = house.journal(store)
        self.erasing = house.erasing(store)
        self.views = SqliteSavedViews(store.units)


class TestSqliteSavedViews(SavedViewsContract):
    @pytest.fixture
    def rooms(self, house: SqliteHouse) -> ViewRooms:
        return ViewRooms(house)


class SqliteQueueMachine(QueueMachine):
    def make_house(self) -> SqliteHouse:
        self.folder = TemporaryDirectory()
        return SqliteHouse(Path(self.folder.name) / "postroom.db")

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


TestSqliteQueueMachine = SqliteQueueMachine.TestCase
TestSqliteQueueMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
