"""The server process: doors, health pages, and the workers under its watch. One event loop, no judging in it."""

import asyncio
import gc
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import uvicorn

from postroom.adapters.intake.options import SmtpOptions
from postroom.adapters.intake.smtp import SmtpServer
from postroom.adapters.intake.sockets import from_systemd, listen, never_as_root, no_root_without
from postroom.adapters.observer import metrics
from postroom.adapters.processes import Supervisor, alone, another, belongs_to, inside, is_alive
from postroom.bootstrap import checks
from postroom.bootstrap.backtesting import Trying, trying
from postroom.bootstrap.datafolder import LOCK, MODELS
from postroom.bootstrap.house import House
from postroom.bootstrap.privacy import RETAINED, keeps_for_a_time, keeps_mail_for_a_time
from postroom.bootstrap.schedule import Schedule, Tidying
from postroom.bootstrap.webserver import WebServer
from postroom.config.listening import listeners
from postroom.model.errors import ConfigError, PostroomError, TryLater
from postroom.model.hooks import HookName
from postroom.model.mail import Envelope, Mail, Peer
from postroom.ports import Observer
from postroom.web.health import Vitals, health_app

#: seconds between two looks at the workers
_TICK = 0.2
#: ticks between two looks for claims of processes that are gone
_SWEEP = 10
#: seconds that clients and workers get to finish when the server ends
DRAIN = 30.0


Sockets = Sequence[socket.socket]


class Server:
    """Everything that `postroom serve` runs, from binding the ports to draining."""

    def __init__(self, house: House, config: Path, *, allow_root: bool = False) -> None:
        self._house = house
        self._config = config
        self._allow_root = allow_root
        self._draining = False
        self._ending = asyncio.Event()
        #: why it ended although nobody said so
        self._failure = ""
        self._doors: list[SmtpServer] = []
        self._committed: deque[Future[tuple[Mail, ...]]] = deque()
        self._woken = False
        self._loop: asyncio.AbstractEventLoop
        self._supervisor: Supervisor
        self._schedule: Schedule
        self._tidying: Tidying
        self._trying: Trying

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain.

        Raises `ConfigError` before anything is taken, and `PostroomError` after draining when no mail could ever be
        taken again: to be started again then is all that helps.
        """
        self._loop = asyncio.get_running_loop()
        settings = self._house.settings
        if wrong := [f"{m.path}: {m.message}" for m in checks.mistakes(self._house) if m.fatal]:
            raise ConfigError(f"{self._config} has mistakes:\n" + "\n".join(f"  {w}" for w in wrong))
        if errors := [str(p) for p in self._house.rules.problems() if p.severity == "error"]:
            raise ConfigError("the rules have mistakes:\n" + "\n".join(f"  {e}" for e in errors))
        if not self._allow_root:
            no_root_without(settings.intake.user)
        with ExitStack() as bound:
            smtp, lmtp, web, pages = self._bind(bound)
            if not self._allow_root:
                never_as_root(settings.intake.user)
            bound.enter_context(alone(self._house.data / LOCK))
            await self._serve(smtp, lmtp, web, pages)
        if self._failure:
            raise PostroomError(self._failure)

    async def _serve(self, smtp: Sockets, lmtp: Sockets, web: Sockets, pages: Sockets) -> None:
        metrics.prepare_folder(self._house.data / "metrics")
        observer = self._house.observer
        doors = [(self._door(name, observer), opened) for name, opened in (("smtp", smtp), ("lmtp", lmtp)) if opened]
        self._supervisor = self._workers(observer, pages)
        self._schedule = self._lessons(observer)
        self._tidying = self._tidy(observer)
        self._trying = trying(self._house, self._background("rules", "try"))
        self._release_the_dead()
        self._note_mails()
        self._house.hooks.set_up([HookName(name) for name in self._house.settings.hook])
        if not self._house.settings.urgent.destinations:
            observer.note("urgent-unheard", remedy="name who is told of urgent mail in urgent.destinations")
        try:
            self._supervisor.start()
            await self._open(doors)
            await self._until_told(web)
        finally:
            # Done long ago when all went well; else no worker is left behind.
            await asyncio.to_thread(self._supervisor.stop, DRAIN)
            await asyncio.to_thread(self._schedule.stop)
            await asyncio.to_thread(self._tidying.stop)
            await asyncio.to_thread(self._trying.stop)
            self._house.close()

    def _bind(self, bound: ExitStack) -> tuple[Sockets, Sockets, Sockets, Sockets]:
        """Sockets of SMTP, LMTP, health and the pages; closed with ``bound`` at the latest."""
        settings, passed = self._house.settings, from_systemd(os.environ)

        def opened(given: Sockets | None, setting: str) -> Sockets:
            addresses = () if given else [address for path, address in listeners(settings) if path == setting]
            try:
                sockets = given or tuple(one for address in addresses for one in listen(address))
            except ConfigError as error:
                if pid := inside(self._house.folder / LOCK):
                    raise ConfigError(another(pid)) from error
                raise ConfigError(f"{error}; end what listens there, or set {setting} to another address") from error
            for one in sockets:
                bound.callback(one.close)
            return sockets

        return (
            opened(passed.get("smtp") or passed.get("unknown"), "intake.listen"),
            opened(passed.get("lmtp"), "intake.lmtp"),
            opened(passed.get("web"), "web.listen"),
            opened(passed.get("pages"), "pages.listen"),
        )

    async def _open(self, doors: Sequence[tuple[SmtpServer, Sequence[socket.socket]]]) -> None:
        for number, action in ((signal.SIGTERM, self._end), (signal.SIGINT, self._end), (signal.SIGHUP, self._reload)):
            self._loop.add_signal_handler(number, action)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        for server, sockets in doors:
            await server.start(sockets)
            self._doors.append(server)
        # What is there now stays: the collector need not go through it again and again.
        gc.freeze()

    async def _until_told(self, web: Sockets) -> None:
        watch = asyncio.create_task(self._watch())
        watch.add_done_callback(self._end_unwatched)
        pages = self._pages()
        serving = asyncio.create_task(pages.serve(sockets=list(web))) if web else None
        await self._ending.wait()
        self._draining = True
        for door in self._doors:
            await door.drain(DRAIN)
        watch.cancel()
        await asyncio.to_thread(self._supervisor.stop, DRAIN)
        pages.should_exit = True
        if serving is not None:
            await serving

    # -- doors ----------------------------------------------------------------------------------------------------

    def _door(self, door: str, observer: Observer) -> SmtpServer:
        settings = self._house.settings
        intake, reception = settings.intake, self._house.reception()

        def accept(envelope: Envelope, raw: bytes, peer: Peer) -> "Future[tuple[Mail, ...]]":
            kept = reception.accept(envelope, raw, peer)
            kept.add_done_callback(self._was_committed)
            return kept

        options = SmtpOptions(
            hostname=settings.hostname,
            door="lmtp" if door == "lmtp" else "smtp",
            max_size=intake.max_size,
            max_recipients=intake.max_recipients,
            max_text_line=intake.max_line,
            max_header_bytes=intake.max_header_bytes,
            max_connections=intake.max_connections,
            max_connections_per_ip=intake.max_connections_per_ip,
            max_memory=intake.max_memory,
            command_timeout=intake.command_timeout,
            data_timeout=intake.data_timeout,
            session_timeout=intake.session_timeout,
            trusted_networks=tuple(map(ip_network, intake.trusted_networks)),
            proxy_from=tuple(map(ip_network, intake.proxy_from)),
            tls=self._house.tls,
            require_tls=intake.require_tls,
        )
        return SmtpServer(options, accept=accept, resolve=self._house.addressbook.resolve, observer=observer)

    def _was_committed(self, kept: "Future[tuple[Mail, ...]]") -> None:
        """From the store's thread; told on to the loop with one wake-up for all that were committed together."""
        self._committed.append(kept)
        if not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # the loop has ended: the mail is kept and judged after the next start
                self._loop.call_soon_threadsafe(self._after_commits)

    def _after_commits(self) -> None:
        self._woken = False
        work = False
        while self._committed:
            kept = self._committed.popleft()
            if kept.cancelled() or kept.exception() is not None:
                continue
            for mail in kept.result():
                facts = {"door": mail.peer.door, "bytes": len(mail.raw), "brand": mail.brand, "tls": mail.peer.tls}
                self._house.observer.note("accepted", mail.id, **facts, **self._house.addresses(mail))
                if mail.duplicate_of is not None:
                    self._house.observer.note("duplicate", mail.id, of=mail.duplicate_of)
                work = work or mail.duplicate_of is None
        if work:
            self._supervisor.ring("judge")

    # -- workers --------------------------------------------------------------------------------------------------

    def _workers(self, observer: Observer, pages: Sockets) -> Supervisor:
        workers = self._house.settings.workers
        return Supervisor(
            command=[sys.executable, "-m", "postroom", "work", "--config", str(self._config)],
            roles=["deliver", *["judge"] * workers.judge, *(["pages"] if pages else [])],
            sockets={"pages": [one.fileno() for one in pages]},
            hang_seconds=workers.hang_seconds,
            release=self._release,
            observer=observer,
        )

    def _lessons(self, observer: Observer) -> Schedule:
        settings = self._house.settings
        return Schedule(
            command=self._background("learn"),
            every_days=settings.learning.every_days,
            folder=self._house.folder / MODELS,
            counts=settings.judging.model == "learned",
            observer=observer,
            clock=time.time,
            erased=self._house.eraser.keeping.first_erased,
        )

    def _tidy(self, observer: Observer) -> Tidying:
        erasing, mark = self._house.eraser.erasing, self._house.data / RETAINED
        if not keeps_mail_for_a_time(self._house) and not mark.exists():
            mark.touch()  # nothing of a new house is old, nor what others remember forgotten at once
        return Tidying(
            command=self._background("retain"),
            wanted=keeps_for_a_time(self._house),
            mark=mark,
            unfinished=lambda: min((one.at for one in erasing.erasures(unfinished=True)), default=None),
            observer=observer,
            clock=time.time,
        )

    def _background(self, *command: str) -> list[str]:
        return [sys.executable, "-m", "postroom", *command, "--background", "--json", "--config", str(self._config)]

    async def _watch(self) -> None:
        """Until cancelled. A step that fails is told of and done again at its next turn; the others go on."""
        turn = 0
        while True:
            await asyncio.sleep(_TICK)
            turn += 1
            with self._step("workers"):
                self._supervisor.tick()
            if turn % _SWEEP == 0:
                with self._step("store"):
                    self._leave_a_store_that_was_replaced()
                with self._step("claims"):
                    await asyncio.to_thread(self._release_the_dead)
                with self._step("learning"):
                    await asyncio.to_thread(self._schedule.tick)
                with self._step("erasing"):
                    await asyncio.to_thread(self._tidying.tick)
                with self._step("trying rules"):
                    await asyncio.to_thread(self._trying.tick)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 -- whatever it is, dead workers must be started again
            self._house.observer.note("watch-failed", step=name, error=f"{type(error).__name__}: {error}"[:200])

    def _end_unwatched(self, watch: "asyncio.Task[None]") -> None:
        """Nobody would start a dead worker again: to end, and to be started anew, is better."""
        if not watch.cancelled():
            self._failure = f"a bug has ended the watch over the workers: {type(watch.exception()).__name__}"
            self._ending.set()

    def _leave_a_store_that_was_replaced(self) -> None:
        """Its file can be written and nobody would find it again, while a file that is only gone may be put back."""
        if self._house.store.replaced:
            left = ", ".join(path.name for path in self._house.store.set_log_aside())
            self._failure = f"another file has taken the place of {self._house.store_path}: start again to work with it"
            self._house.observer.note("store-trouble", error=self._failure, left=left)
            self._ending.set()

    def _note_mails(self) -> None:
        """No mail is judged before it is noted whether it concerns cases or has to be answered in time; the pages' process sees to that again."""
        with suppress(TryLater):
            self._house.cases.watch(tuple(self._house.case_desks.desks))
            self._house.pressing.first_answers.watch()

    def _release_the_dead(self) -> None:
        """Give back what processes claimed that are gone: after a crash of ours, or of a worker's parent."""
        self._give_back(lambda name: not is_alive(name))

    def _release(self, process: str) -> None:
        """Give back what a process of ours claimed, in all its lanes."""
        self._give_back(lambda name: belongs_to(name, process))

    def _give_back(self, dead: Callable[[str], bool]) -> None:
        store = self._house.store
        try:
            for name in store.claimants():
                if dead(name):
                    store.release(name)
        except TryLater as error:  # the next sweep tries again
            self._house.observer.note("store-trouble", error=str(error)[:200])

    # -- pages and signals ----------------------------------------------------------------------------------------

    def _pages(self) -> WebServer:
        census = self._house.store.census

        def counted() -> dict[str, Any]:
            return census() | {"pressing": self._house.pressing.census(time.time())}

        def warnings() -> dict[str, str]:
            return self._supervisor.warnings() | self._schedule.warnings() | self._house.pressing.warnings(time.time())

        vitals = Vitals(
            census=census,
            workers=self._supervisor.at_work,
            warnings=warnings,
            draining=lambda: self._draining,
            exposition=lambda: metrics.exposition(counted, time.time, self._supervisor.warnings),
        )
        return WebServer(
            uvicorn.Config(
                health_app(vitals),
                log_config=None,
                log_level="error",
                access_log=False,
                lifespan="off",
                server_header=False,
            )
        )

    def _end(self) -> None:
        self._ending.set()

    def _reload(self) -> None:
        """SIGHUP: certificates here, rules in the judges; no connection and no mail is touched."""
        for door in self._doors:
            try:
                door.reload_tls()
            except ConfigError as error:
                self._house.observer.note("certificate-loaded", failed=True, error=str(error))
        self._supervisor.signal(signal.SIGHUP)
