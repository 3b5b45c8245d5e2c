"""The way of a mail with a real store, a clock that moves by hand and destinations that do as they are told."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postroom.adapters.classifier.none import NoClassifier
from postroom.adapters.status.none import NoStatus
from postroom.adapters.store.sqlite import SqliteStore
from postroom.decide.policy import Policy, RouteStage
from postroom.decide.rulebook import compile as compile_rulebook
from postroom.flow.addressbook import AddressBook
from postroom.flow.desks import Desk, Desks
from postroom.flow.retry import Patience
from postroom.flow.router import Dispatch, Judging, Reception
from postroom.flow.worker import JudgeWorker, LaneWorker
from postroom.model.errors import TryLater
from postroom.model.mail import BrandName, DestinationName, Envelope, Mail, Peer, RouteName
from postroom.model.trust import Trust
from postroom.model.work import JobInfo, Parcel, Receipt
from postroom.ports import JobFilter
from postroom.testing.clock import ManualClock

KEY = b"k" * 32
PHRASES = """
route = "appeals"
[[group]]
language = "en"
weight = 4.0
phrases = ["give me my account back", "my account was suspended"]
"""
SIGNALS = """
signal = "self-harm"
[[group]]
language = "en"
weight = 3.0
phrases = ["i want to end my life"]
"""
ROUTES = ("appeals", "refunds", "general", "review", "junk", "automatic")


def a_message(body: str = "Please give me my account back, my account was suspended.", **headers: str) -> bytes:
    """A mail of Ada's; header names are given with underscores."""
    fields = {
        "From": "Ada <ada@example.com>",
        "To": "support@shop.test",
        "Subject": "Hello",
        "Date": "Fri, 20 Nov 2026 09:00:00 +0000",
        "Message-ID": "<1@example.com>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in fields.items() if value]
    return ("\r\n".join(lines) + "\r\n\r\n" + body + "\r\n").encode()


@dataclass
class Told:
    """An observer that remembers."""

    events: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def note(self, event: str, mail_id: str = "", **facts: Any) -> None:
        self.events.append((event, mail_id, facts))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [facts for name, _, facts in self.events if name == event]


@dataclass
class Place:
    """A destination that keeps what it gets, or raises what it is told to."""

    name: DestinationName
    got: list[Parcel] = field(default_factory=list)
    says: Callable[[Parcel], None] = lambda _parcel: None
    concurrency: int = 4
    can_withdraw: bool = False
    #: mail and generation of what somebody there has touched
    read: set[tuple[str, int]] = field(default_factory=set)

    def deliver(self, parcel: Parcel) -> Receipt:
        self.says(parcel)
        self.got.append(parcel)
        return Receipt(reference="kept")

    def withdraw(self, mail: Mail, generation: int) -> bool:
        """What nobody has read yet."""
        if not self.can_withdraw or (mail.id, generation) in self.read:
            return False
        self.got = [one for one in self.got if (one.mail.id, one.generation) != (mail.id, generation)]
        return True

    def check(self) -> str:
        return "fine"

    def close(self) -> None:
        pass


class Bell:
    """Stops a worker once it has nothing to do and nothing is under way: no test waits for time to pass."""

    def __init__(self, busy: Callable[[], bool] = lambda: False) -> None:
        self.waited = 0
        self.pauses: list[float] = []
        self.busy = busy
        #: what happens meanwhile, one call a wait
        self.meanwhile: Callable[[], None] = lambda: None
        self._rung = threading.Event()
        self._end = time.monotonic() + 60

    @property
    def stopping(self) -> bool:
        return self.waited > 0

    def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.meanwhile()
        if self.busy():
            self._rung.wait(seconds)
            self._rung.clear()
            assert time.monotonic() < self._end, "what is under way never ended"
        else:
            self.waited += 1

    def ring(self) -> None:
        self._rung.set()


class Moody:
    """A store that is in trouble as often as a test says: method name -> times."""

    def __init__(self, store: Any, **trouble: int) -> None:
        self.real = store
        self.trouble = trouble
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.real, name)

        def call(*arguments: Any, **more: Any) -> Any:
            self.calls.append(name)
            if self.trouble.get(name, 0):
                self.trouble[name] -= 1
                raise TryLater("database is locked")
            return real(*arguments, **more)

        return call


class House:
    """Everything between the doors and the destinations."""

    def __init__(self, folder: Path, **policy: Any) -> None:
        self.clock = ManualClock()
        self.store = SqliteStore.open(folder / "postroom.db", clock=self.clock.now, monotonic=self.clock.monotonic)
        self.told = Told()
        self.patience = Patience(first=30.0, longest=3600.0, max_age=432_000.0, min_tries=3, probe=10.0, ceiling=3)
        self.places = {name: Place(DestinationName(name)) for name in (*ROUTES, "people", "old", "lead")}
        self.entropy = iter(range(1, 1_000_000))
        self.desks = Desks(
            routes={
                RouteName(r): Desk(destinations=(DestinationName(r),), before=(DestinationName("old"),)) for r in ROUTES
            },
            urgent=(DestinationName("people"),),
            tell=(DestinationName("lead"),),
            review_clock=3600.0,
        )
        self.book, problems = compile_rulebook(
            {}, {"p.toml": PHRASES, "s.toml": SIGNALS}, [RouteName(r) for r in ROUTES]
        )
        assert not [p for p in problems if p.severity == "error"]
        self.policy = Policy(**policy)
        self.reception = Reception(
            store=self.store,
            book=AddressBook(
                addresses={"support@shop.test": BrandName("shop"), "help@play.test": BrandName("play")},
                return_domain="mx.shop.test",
                key=KEY,
                destinations=tuple(self.places),
            ),
            observer=self.told,
            clock=self.clock.now,
            entropy=lambda count: next(self.entropy).to_bytes(count, "big"),
        )
        self.judging = Judging(
            store=self.store,
            trust=Trust(authserv_ids=frozenset({"mx.shop.test"})),
            rulebook=lambda: self.book,
            policy=lambda: self.policy,
            classifier=NoClassifier(),
            statuses=NoStatus(),
            desks=self.desks,
            observer=self.told,
            clock=self.clock.now,
            key=KEY,
            patience=self.patience,
        )
        self.dispatch = Dispatch(
            store=self.store,
            desks=self.desks,
            observer=self.told,
            clock=self.clock.now,
            random=lambda: 0.5,
            hostname="mx.shop.test",
            key=KEY,
            patience=self.patience,
        )

    def accept(
        self, raw: bytes, *to: str, mail_from: str = "ada@example.com", trusted: bool = True
    ) -> tuple[Mail, ...]:
        """A mail comes in by SMTP."""
        envelope = Envelope(mail_from=mail_from, rcpt_to=to or ("support@shop.test",))
        return self.reception.accept(envelope, raw, Peer(door="smtp", ip="127.0.0.1", trusted=trusted)).result(10)

    def judge(self) -> int:
        """A judge worker takes one batch."""
        worker = JudgeWorker(name="judge", store=self.store, judging=self.judging, observer=self.told, bell=Bell())
        return worker.once()

    def lane(self, name: str) -> LaneWorker:
        """The lane of a destination."""
        bell = Bell()
        lane = LaneWorker(
            name="deliver",
            store=self.store,
            dispatch=self.dispatch,
            destination=self.places[name],
            executor=ThreadPoolExecutor(4),
            observer=self.told,
            bell=bell,
            clock=self.clock.now,
            random=lambda: 0.5,
            patience=self.patience,
        )
        bell.busy = lambda: not lane._empty_handed
        return lane

    def deliver(self, *names: str) -> None:
        """Each lane works until it has nothing to do."""
        for name in names or tuple(self.places):
            lane = self.lane(name)
            lane.run()
            lane.executor.shutdown()

    def jobs(self, **wanted: Any) -> tuple[JobInfo, ...]:
        """Jobs as a person sees them."""
        return self.store.jobs(JobFilter(**wanted))


def staged(stage: str, percent: int = 100) -> dict[str, Any]:
    """Policy settings with appeals in this stage."""
    return {"stages": {RouteName("appeals"): RouteStage(stage=stage, percent=percent)}}  # type: ignore[arg-type]
