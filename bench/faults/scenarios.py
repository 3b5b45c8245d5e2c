"""The kinds of trouble. Each sets up an installation, sends load, breaks something, mends it, and lets the ledger count."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.client import Load
from bench.faults import plants
from bench.faults.ledger import Delivery, Ledger, MoodySink
from bench.mails import Sample, mail_set
from tools import peers
from tools.running import wait_until
from tools.trial import REPOSITORY, Plan, Trial, smtp_destination

#: pauses that fit a test: a tenth of a second where users have half a minute
QUICK = "first_retry = 0.2\nmax_retry = 1.0\nprobe_seconds = 0.2\n"
#: seconds without any new delivery after which waiting ends
PATIENCE = 45.0
#: mails that may be accepted and not yet delivered while things are killed
BACKLOG = 40


@dataclass(slots=True, kw_only=True)
class Account:
    """What one kind of trouble came to."""

    kind: str
    rounds: int = 0
    accepted: int = 0
    delivered: int = 0
    #: accepted, and neither delivered nor waiting visibly for a person
    lost: int = 0
    #: deliveries beyond the first of a mail
    duplicates: int = 0
    #: duplicates by their explanation
    explained: dict[str, int] = field(default_factory=dict)
    #: what else had to hold and did not
    wrong: list[str] = field(default_factory=list)
    #: answers that the client got instead of 250, other facts
    notes: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def well(self) -> bool:
        """Nothing lost, nothing unexplained, nothing wrong."""
        return not self.lost and not self.explained.get("unexplained") and not self.wrong


@dataclass(slots=True, kw_only=True)
class Stage:
    """An installation, its sink and its ledger, while a scenario runs."""

    trial: Trial
    sink: MoodySink
    ledger: Ledger
    account: Account
    random: random.Random
    say: Callable[[str], None]
    env: dict[str, str] = field(default_factory=dict)
    around: tuple[str, ...] = ()
    #: what was broken (from, until), by time.monotonic()
    events: list[tuple[float, float, str]] = field(default_factory=list)

    def start(self) -> None:
        """Start postroom, or start it again after a kill."""
        self.trial.start(env=self.env, around=self.around)

    def load(self, mails: list[Sample], *, connections: int = 10, per_connection: int = 20, backlog: int = 0) -> Load:
        """Begin to send; with a backlog, wait while more mails than that are accepted and not delivered."""

        def accepted(mail: Sample, answer: bytes) -> None:
            self.ledger.accept(mail, answer)
            if backlog:
                wait_until(lambda: load.stopped.is_set() or self.ledger.backlog() < backlog, 60)

        load = Load(
            port=self.trial.smtp_port, connections=connections, per_connection=per_connection, accepted=accepted, timeout=20.0
        )  # fmt: skip
        load.start(mails)
        return load

    def send(self, mails: list[Sample], seconds: float = 120) -> None:
        """Send all of them; what is not taken in time is in the notes."""
        load = self.load(mails)
        self.finish(load, seconds)

    def finish(self, load: Load, seconds: float = 120) -> None:
        """Wait until all mails have their answer."""
        if not load.join(seconds):
            self.account.wrong.append(f"after {seconds:.0f} s the client still had mails that got no final answer")
        told = Counter(self.account.notes.get("not_250", {})) + load.refused
        self.account.notes["not_250"] = dict(told)

    def wait_delivered(self, seconds: float = PATIENCE, *, but: int = 0) -> bool:
        """Wait until all but so many accepted mails are at the sink, or nothing new came for so long."""
        last, since = -1, time.monotonic()
        while len(self.ledger.missing()) > but and time.monotonic() - since < seconds:
            if (now := self.ledger.count()) != last:
                last, since = now, time.monotonic()
            time.sleep(0.1)
        return len(self.ledger.missing()) <= but

    def wait_quiet(self, seconds: float = 15) -> bool:
        """Wait until no job is ready or claimed."""
        return wait_until(lambda: not self.trial.jobs("--state", "ready", "--state", "claimed"), seconds, every=0.5)

    def parked(self) -> list[dict[str, Any]]:
        """Jobs that wait for a person."""
        return self.trial.jobs("--state", "parked")

    def broke(self, what: str, since: float | None = None) -> None:
        """Write down that something is broken now, or was at some moment ``since``."""
        now = time.monotonic()
        self.events.append((now if since is None else since, now, what))

    def close_books(self) -> Account:
        """Compare what was accepted with what arrived."""
        account, ledger = self.account, self.ledger
        still = ledger.missing()
        waiting = {str(job.get("mail_id") or job.get("mail")) for job in self.parked()} if still else set()
        lost = sorted(nonce for nonce in still if ledger.arrival_of(nonce) not in waiting)
        account.accepted = len(ledger.accepted)
        account.delivered = len(ledger.accepted.keys() & ledger.delivered.keys())
        account.lost = len(lost)
        account.notes["parked"] = len(still) - len(lost)
        if lost:
            account.notes["lost_arrivals"] = [ledger.arrival_of(nonce) for nonce in lost[:10]]
        repeats = ledger.repeats()
        account.duplicates = len(repeats)
        account.explained = dict(Counter(self._explain(first, second) for _, first, second in repeats))
        return account

    def _explain(self, first: Delivery, second: Delivery) -> str:
        """Why a mail came twice. The usual reason: something died between the sink's 250 and the settling."""
        if first.arrival != second.arrival:
            return "sent again by the client, kept twice"
        # content that is under way when its sender dies still arrives, however late the sink gets to it
        between = [what for since, until, what in self.events if first.asked <= until and since <= second.at]
        # the death of who delivers explains more than that of another
        between.sort(key=lambda what: what in {"kill of deliver", "kill of all"})
        return f"{between[-1]} between delivery and settling" if between else "unexplained"


@contextlib.contextmanager
def stage(
    kind: str,
    *,
    seed: int,
    say: Callable[[str], None],
    plan: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Iterator[Stage]:
    """All that a scenario needs, cleaned away at its end."""
    cache = REPOSITORY / ".cache" / "faults"
    cache.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    with contextlib.ExitStack() as ending:
        base = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="postroom-faults-", dir=cache)))
        ledger = Ledger(base / "ledger")
        ending.callback(ledger.close)
        sink = ending.enter_context(MoodySink(ledger))
        wanted = Plan(
            **({"destination": smtp_destination(sink.port, timeout=5.0), "delivery": QUICK} | dict(plan or {}))
        )  # type: ignore[arg-type]
        trial = Trial((folder or base) / "house", wanted)
        ending.callback(trial.stop, 15)
        account = Account(kind=kind)
        yield Stage(trial=trial, sink=sink, ledger=ledger, account=account, random=random.Random(seed), say=say)
        account.seconds = round(time.monotonic() - begin, 1)


def kills(rounds: int, seed: int, say: Callable[[str], None], *, mails_a_round: int = 25, plant: str = "") -> Account:
    """`kill -9` of the server or of workers, at random moments of a load; postroom is started again after a server's death."""
    total = rounds * mails_a_round
    with stage("kill", seed=seed, say=say) as on:
        if plant:
            on.env = plants.plant(on.trial.folder / "planted", plant)
        on.sink.before_answer = lambda: time.sleep(on.random.uniform(0, 0.02))
        on.start()
        load = on.load(mail_set(total, seed=seed), backlog=BACKLOG)
        moments = sorted(on.random.sample(range(1, max(total - BACKLOG, rounds + 1)), rounds))
        targets: Counter[str] = Counter()
        for turn, moment in enumerate(moments, start=1):
            # by turns at a moment of accepting and of delivering, so that work is under way in every room
            count = on.random.choice((lambda: load.done, on.ledger.count))
            wait_until(lambda count=count, moment=moment: count() >= moment, 30, every=0.002)  # type: ignore[misc]
            time.sleep(on.random.choice((0.0, on.random.uniform(0, 0.1))))
            target = on.random.choice(("server", "judge", "deliver", "all"))
            targets[_kill(on, target)] += 1
            if turn % 10 == 0:
                say(f"  {turn} of {rounds} kills, {load.done} of {total} accepted, {on.ledger.count()} delivered")
        on.finish(load, 180)
        on.wait_delivered()
        _unpark(on)
        on.account.rounds = rounds
        on.account.notes["killed"] = dict(targets)
        return on.close_books()


def _kill(on: Stage, target: str) -> str:
    """SIGKILL to a part of postroom; the part that was hit."""
    workers = on.trial.workers()
    hit = [pid for role, pid in workers if target in {role, "all"}]
    begin = time.monotonic()
    for pid in hit:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if server := target in {"server", "all"} or not hit:
        on.trial.kill()
    on.broke(f"kill of {target}", since=begin)
    if server:
        on.start()
    return target if hit or target == "server" else "server"


def _take_up_again(on: Stage) -> None:
    """What a person does about parked deliveries once the cause is gone."""
    done = on.trial.command("queue", "unpark")
    if done.returncode:
        on.account.wrong.append(
            f"postroom queue unpark: exit {done.returncode}: {done.stderr.decode(errors='replace')[-300:]}"
        )


def _unpark(on: Stage) -> None:
    """Mails parked on the way (three deaths with one alone in hand) are kept: a person takes them up again, and they arrive."""
    if parked := on.parked():
        on.account.notes["parked_on_the_way"] = dict(Counter(str(job.get("why")) for job in parked))
        _take_up_again(on)
        on.wait_delivered()


def down(rounds: int, seed: int, say: Callable[[str], None]) -> Account:
    """The destination refuses connections for longer than any mail's tries; nothing is parked, all is delivered after."""
    plan = {"delivery": QUICK + "max_age_days = 0.00002\nmin_tries = 2\n"}
    with stage("destination-down", seed=seed, say=say, plan=plan) as on:
        on.start()
        on.sink.down()
        on.broke("destination down")
        on.send(mail_set(rounds * 25, seed=seed))
        time.sleep(8)
        if parked := on.parked():
            on.account.wrong.append(
                f"{len(parked)} deliveries were parked while the destination was down: {parked[0].get('error')}"
            )
        on.sink.up()
        on.wait_delivered()
        on.account.rounds = rounds
        return on.close_books()


def moody(mood: str, rounds: int, seed: int, say: Callable[[str], None]) -> Account:
    """The destination is slow, refuses with 4xx, or hangs up in the middle of DATA, and gets well."""
    with stage(f"destination-{mood}", seed=seed, say=say) as on:
        on.start()
        mails = mail_set(rounds * 25, seed=seed)
        for turn in range(rounds):
            on.sink.mood = mood  # type: ignore[assignment]
            on.broke(f"destination {mood}")
            load = on.load(mails[turn * 25 : turn * 25 + 25])
            before = on.sink.trouble
            wait_until(lambda before=before: mood == "slow" or on.sink.trouble > before + 3, 30)  # type: ignore[misc]
            time.sleep(on.random.uniform(0.5, 2.0))
            on.sink.mood = "take"
            on.finish(load)
        on.wait_delivered()
        on.account.rounds = rounds
        on.account.notes["trouble_given"] = on.sink.trouble
        return on.close_books()


def reject(rounds: int, seed: int, say: Callable[[str], None]) -> Account:
    """The destination rejects some mails for good: they are parked, visible, and delivered once it has changed its mind."""
    with stage("destination-reject", seed=seed, say=say) as on:
        on.start()
        mails = mail_set(rounds * 25, seed=seed)
        on.sink.poisoned = {mail.nonce for mail in on.random.sample(mails, rounds)}
        on.send(mails)
        on.wait_delivered(but=rounds)
        if not wait_until(lambda: len(on.parked()) == rounds, 10, every=0.5):
            on.account.wrong.append(f"{rounds} mails were rejected, {len(on.parked())} are parked")
        on.sink.poisoned = set()
        _take_up_again(on)
        on.wait_delivered()
        on.account.rounds = rounds
        return on.close_books()


def locked(rounds: int, seed: int, say: Callable[[str], None]) -> Account:
    """Another process holds the database's lock for longer than the busy timeout: 4xx meanwhile, recovery after."""
    with stage("database-locked", seed=seed, say=say) as on:
        on.start()
        mails = mail_set(rounds * 40, seed=seed)
        refused = 0
        for turn in range(rounds):
            part = mails[turn * 40 : turn * 40 + 40]
            on.send(part[:20])
            with contextlib.closing(sqlite3.connect(on.trial.database, isolation_level=None, timeout=20)) as other:
                other.execute("BEGIN IMMEDIATE")
                on.broke("database locked")
                load = on.load(part[20:])
                before = load.done
                wait_until(lambda load=load: _said_later(load) > 0, 40)  # type: ignore[misc]
                refused += _said_later(load)
                if load.done > before:
                    on.account.wrong.append(f"{load.done - before} mails were accepted while the database was locked")
                other.execute("ROLLBACK")
            on.finish(load)
        if not refused:
            on.account.wrong.append("no 4xx was said while the database was locked for 40 s")
        on.wait_delivered()
        on.account.rounds = rounds
        return on.close_books()


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A filesystem of its own of this size. Raises `peers.Missing` where none can be mounted."""
    with tempfile.TemporaryDirectory(prefix="postroom-disk-", dir=REPOSITORY / ".cache") as folder:
        image, place = Path(folder, "image"), Path(folder, "disk")
        place.mkdir()
        try:
            with image.open("wb") as file:
                file.truncate(megabytes << 20)
            subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True, capture_output=True)
            subprocess.run(["mount", "-o", "loop", image, place], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise peers.Missing(f"a small disk needs root and a loop device: {error}") from error
        try:
            yield place
        finally:
            subprocess.run(["umount", "-l", place], check=False, capture_output=True)


def disk_full(rounds: int, seed: int, say: Callable[[str], None]) -> Account:
    """The disk fills up under load: 4xx meanwhile, recovery once there is room."""
    with small_disk(96) as disk, stage("disk-full", seed=seed, say=say, folder=disk) as on:
        on.start()
        mails = mail_set(rounds * 60, seed=seed)
        refused = 0
        for turn in range(rounds):
            part = mails[turn * 60 : turn * 60 + 60]
            on.send(part[:20])
            with contextlib.closing(sqlite3.connect(on.trial.database, isolation_level=None)) as reader:
                # while somebody reads, the write-ahead log can't begin anew in the room that it has already
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM mails").fetchone()
                _fill(disk / "ballast")
                on.broke("disk full")
                load = on.load(part[20:])
                if not wait_until(lambda load=load: _turned_away_full(load, disk), 20, every=0.2):  # type: ignore[misc]
                    say("  the disk was full and every mail still found room")
                refused += _said_later(load)
                time.sleep(1)
                (disk / "ballast").unlink()
            on.finish(load)
        if not refused:
            on.account.wrong.append("no 4xx was said while the disk was full")
        on.wait_delivered()
        on.account.rounds = rounds
        return on.close_books()


def _said_later(load: Load) -> int:
    """How often a client was told 4xx."""
    return sum(number for answer, number in load.refused.items() if answer.startswith("4"))


def _turned_away_full(load: Load, disk: Path) -> bool:
    """Whether a client was told 4xx; until then the disk is kept full."""
    _fill(disk / "ballast")
    return _said_later(load) > 0


def _fill(path: Path) -> None:
    """Take all room there is."""
    with path.open("ab", buffering=0) as file:
        for chunk in (1 << 20, 4096, 512):
            try:
                while True:
                    file.write(b"\0" * chunk)
            except OSError:
                continue


def poison(rounds: int, seed: int, say: Callable[[str], None]) -> Account:
    """Mails that kill the worker that reads them, each inside a batch of good ones: those arrive, the bad ones are parked."""
    with stage("poison", seed=seed, say=say, plan={"workers": "judge = 1\nbatch = 16"}) as on:
        on.env = plants.plant(on.trial.folder / "planted", plants.POISONOUS)
        on.start()
        good = mail_set(rounds * 24, seed=seed)
        bad = {
            m.nonce: Sample(nonce=m.nonce, sender=m.sender, raw=m.raw + plants.POISON.encode() + b"\r\n")
            for m in on.random.sample(good, rounds)
        }
        mails = [bad.get(mail.nonce, mail) for mail in good]
        on.send(mails)
        arrived = on.wait_delivered(90, but=rounds)
        if not arrived:
            on.account.wrong.append(
                f"{len(on.ledger.missing()) - rounds} good mails did not arrive beside {rounds} bad ones"
            )
        if not wait_until(lambda: len(on.parked()) == rounds, 90, every=1.0):
            on.account.wrong.append(f"{rounds} mails kill their reader, {len(on.parked())} are parked")
        on.account.notes["parked_as"] = dict(Counter(str(job.get("why")) for job in on.parked()))
        # mended: the next release reads such mails
        on.trial.stop()
        on.env = {}
        on.start()
        _take_up_again(on)
        on.wait_delivered()
        on.account.rounds = rounds
        return on.close_books()


def clock(rounds: int, seed: int, say: Callable[[str], None]) -> Account:
    """The clock jumps, six days ahead and hours back, with deliveries waiting: nothing is parked, nothing waits for ever."""
    with stage("clock-jumps", seed=seed, say=say) as on:
        hand = on.trial.folder / "clock"
        hand.write_text("0")
        on.env = plants.plant(on.trial.folder / "planted", plants.CLOCK) | {"PLANTED_CLOCK": str(hand)}
        on.start()
        mails = mail_set(rounds * 40, seed=seed)
        for turn in range(rounds):
            part = mails[turn * 40 : turn * 40 + 40]
            on.sink.mood = "refuse" if turn % 2 else "take"
            if turn % 2 == 0:
                on.sink.down()
            load = on.load(part)
            time.sleep(1.5)
            jump, seconds = (
                ("6 days ahead", 6 * 86400),
                ("3 hours back", 6 * 86400 - 3 * 3600),
                ("90 minutes ahead", 6 * 86400 - 5400),
                ("9 days back", -3 * 86400),
            )[turn % 4]
            (on.trial.folder / "clock.new").write_text(str(seconds))
            (on.trial.folder / "clock.new").replace(hand)
            on.broke(f"clock {jump}")
            say(f"  clock {jump}")
            time.sleep(2.0)
            if turn % 2 == 0:
                on.sink.up()
            on.sink.mood = "take"
            on.finish(load)
            if not on.wait_delivered(30):
                on.account.wrong.append(
                    f"after the clock's jump {jump}, {len(on.ledger.missing())} mails were not delivered within 30 s"
                )
                _unpark(on)
        if parked := on.parked():
            on.account.wrong.append(
                f"{len(parked)} deliveries were parked because the clock jumped: {parked[0].get('error')}"
            )
        on.account.rounds = rounds
        return on.close_books()
