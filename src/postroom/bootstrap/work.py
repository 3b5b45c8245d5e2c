"""A worker process: judges mail, or delivers it, until its parent says stop or is gone."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from postroom.adapters.observer.logs import LogObserver
from postroom.adapters.processes import PipeBell, Pulse, Ringable, claimant, listen_to_hangup
from postroom.bootstrap import answering
from postroom.bootstrap.failures import tell_failure
from postroom.bootstrap.house import House
from postroom.model.errors import PostroomError, TryLater
from postroom.model.mail import DestinationName
from postroom.model.work import Park
from postroom.ports import Observer
from postroom.understand.reader import warm

#: seconds between two looks for work that nobody rang for: retries that are due, mail from `postroom receive`
_LOOK = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """File descriptors that the parent passes on; -1 for none."""

    bell: int
    pulse: int
    ring: int = -1
    #: that listen
    sockets: tuple[int, ...] = ()


def work(role: str, open_house: Callable[[], House], passed: Passed) -> bool:
    """Work in a role until the parent says stop or SIGTERM comes.

    False when something else ended it, which was told as an event.
    """
    door_bell = PipeBell(passed.bell)
    signal.signal(signal.SIGTERM, lambda *_: door_bell.stop())
    house: House | None = None
    observer: Observer = LogObserver(process=role)
    threading.excepthook = lambda failed: tell_failure(observer, failed.exc_value or failed.exc_type())
    try:
        house = open_house()
        observer = house.observer
        if role == "judge":
            judge(house, door_bell, Pulse(passed.pulse), Ringable(passed.ring) if passed.ring >= 0 else None)
        elif role == "pages":
            from postroom.bootstrap.pages import serve_pages  # noqa: PLC0415 - the others need no web server

            listen_to_hangup(None)
            serve_pages(house, passed.sockets, door_bell, Pulse(passed.pulse))
        else:
            # Its lanes' threads and the store's hand over to each other often; the default of 5 ms makes each wait.
            sys.setswitchinterval(0.001)
            deliver(house, door_bell, Pulse(passed.pulse))
    except Exception as error:  # noqa: BLE001 -- whatever it was, whoever reads the log must see it as an event
        tell_failure(observer, error)
        return False
    finally:
        if house is not None:
            house.close()
    return True


def judge(house: House, bell: PipeBell, pulse: Pulse, ring: Ringable | None) -> None:
    """Judge until told to stop."""
    reload = threading.Event()
    listen_to_hangup(reload.set)

    class Rest:
        """Between batches: no mail is in hand, and rules may be read again."""

        @property
        def stopping(self) -> bool:
            return bell.stopping

        def wait(self, seconds: float) -> None:
            pulse.rest()
            if reload.is_set():
                reload.clear()
                pulse.warn(house.rules.load())
            bell.wait(min(seconds, _LOOK))

    pulse.warn(house.rules.load())
    warm()
    worker = house.judge_worker(
        claimant("judge", os.getpid()),
        Rest(),
        in_hand=lambda job: pulse.rest() if job is None else pulse.beat(),
        ring_delivery=ring.ring if ring else lambda: None,
    )
    gc.freeze()
    pulse.ready()
    worker.run()


@dataclass(slots=True)
class _LaneBell:
    """Rings one lane."""

    stopped: threading.Event
    rung: threading.Event = field(default_factory=threading.Event)

    @property
    def stopping(self) -> bool:
        return self.stopped.is_set()

    def wait(self, seconds: float) -> None:
        self.rung.wait(seconds)
        self.rung.clear()

    def ring(self) -> None:
        self.rung.set()


def deliver(house: House, bell: PipeBell, pulse: Pulse) -> None:
    """Deliver until told to stop: one lane a destination, each with its threads."""
    listen_to_hangup(None)
    name = claimant("deliver", os.getpid())
    stopped = threading.Event()
    lanes: dict[DestinationName, _LaneBell] = {}
    threads = []
    for destination in house.destinations.values():
        # A name for each lane: a suspect mail that is tried alone then stalls its own lane only.
        lane = house.lane_worker(
            f"{name}:{destination.name}", destination, lanes.setdefault(destination.name, _LaneBell(stopped))
        )
        threads.append(threading.Thread(target=lane.run, name=f"lane-{destination.name}"))
    if house.settings.answers.host:
        threads.append(_answers(house, stopped))
    gc.freeze()
    for thread in threads:
        thread.start()
    pulse.ready()
    dead: list[str] = []
    while not (bell.stopping or dead):
        try:
            for due in house.store.destinations_due():
                if due in lanes:
                    lanes[due].ring()
                else:
                    _park_orphans(house, f"{name}:{due}", due)
        except TryLater as error:
            house.observer.note("store-trouble", error=str(error)[:200])
        bell.wait(_LOOK)
        dead = [thread.name for thread in threads if not thread.is_alive()]
    stopped.set()
    for bell_of_lane in lanes.values():
        bell_of_lane.ring()
    for thread in threads:
        thread.join()
    if dead:
        # A lane ends only by a bug. A new process has all its lanes again.
        raise PostroomError(f"ended although nobody said so: {', '.join(dead)}")


def _answers(house: House, stopped: threading.Event) -> threading.Thread:
    """The thread that sends answers to people."""

    def failed(error: Exception) -> None:
        tell_failure(house.observer, error)

    sending = answering.sending(house, failed)

    def pause(seconds: float) -> None:
        stopped.wait(seconds)

    return threading.Thread(target=answering.send_all, args=(sending, stopped.is_set, failed, pause), name="answers")


def _park_orphans(house: House, name: str, destination: DestinationName) -> None:
    """Deliveries to a destination that the settings no longer know wait for a person, visibly."""
    error = f"the settings know no destination {destination!r}: add it and run `postroom queue unpark`, or drop them"
    jobs = house.store.claim("deliver", 100, name, destination=destination)
    house.store.settle([Park(job=job, error=error, why="gave-up") for job in jobs])
    for job in jobs:
        house.observer.note("parked", job.mail_id, destination=destination, why="gave-up")
