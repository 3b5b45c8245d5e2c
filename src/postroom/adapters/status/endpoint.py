"""Account status from a team's own service, by HTTP (docs/how-to/account-status.md has its side of the contract)."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Final

import msgspec

from postroom import __version__
from postroom.adapters.destination.guard import Guard, read_url
from postroom.adapters.status.background import Start, in_background
from postroom.adapters.status.words import StateWords, address_key
from postroom.model.codec import sound
from postroom.model.errors import ConfigError, PostroomError, TryLater
from postroom.model.judgement import AccountStatus
from postroom.ports import Observer
from postroom.understand import dates

#: addresses in one question
_MOST_AT_ONCE: Final = 500
_ANSWER_BYTES: Final = 1024
#: nobody has it (RFC 2606)
_NOBODY: Final = "postroom-check@nobody.invalid"
_LONGEST_PAUSE: Final = 300.0


class _Said(msgspec.Struct, frozen=True):
    """What is answered for one address."""

    state: str
    since: str | float | None = None


class BadAnswer(PostroomError):
    """It answered, but not what was asked."""


class EndpointStatus:
    """Asks with one POST for a batch, and remembers answers for a while.

    At most one question is under way; whoever comes meanwhile, or while the service is paused because it failed, gets
    what is remembered, else unknown. May be used from several threads.
    """

    def __init__(
        self,
        url: str,
        *,
        guard: Guard,
        token: str,
        words: StateWords,
        observer: Observer,
        keep_seconds: float = 60.0,
        keep_most: int = 100_000,
        first_pause: float = 5.0,
        start: Start = in_background,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises `ConfigError` for a URL or token that can be none."""
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigError("the token of account status must be ASCII in one line, without blanks")
        self._where = read_url(url).authority
        self._url = url
        self._guard = guard
        self._token = token
        self._words = words
        self._observer = observer
        self._answers = _Answers(keep_seconds, keep_most, clock)
        self._first_pause = first_pause
        self._start = start
        self._clock = clock
        self._turn = threading.Lock()
        self._failures = 0
        self._paused_until = clock()

    def statuses(self, addresses: Sequence[str], deadline: float) -> Sequence[AccountStatus]:
        """The state of each address's account, as remembered or asked for, within ``deadline`` seconds."""
        keys = [address_key(address) for address in addresses]
        known = self._answers.of(keys)
        missing = [key for key in dict.fromkeys(keys) if key not in known]
        if missing:
            known |= self._asked(missing, deadline)
        return [known.get(key, AccountStatus()) for key in keys]

    def check(self) -> str:
        """Ask for an address that nobody has. Raises `TryLater`."""
        try:
            self._ask([_NOBODY], 10.0)
        except (PostroomError, OSError, ValueError) as error:
            raise TryLater(str(error)) from error
        return f"{self._where} answers"

    def _asked(self, keys: Sequence[str], deadline: float) -> Mapping[str, AccountStatus]:
        """What the service says now; nothing while it is paused or busy with another question."""
        if self._clock() < self._paused_until or not self._turn.acquire(blocking=False):
            self._note("paused", len(keys))
            return {}
        ends = self._clock() + deadline
        asking = self._start(lambda: self._ask_all(keys, ends))
        asking.add_done_callback(lambda _: self._turn.release())
        return self._waited(asking, deadline, len(keys))

    def _waited(
        self, asking: "Future[dict[str, AccountStatus]]", deadline: float, count: int
    ) -> Mapping[str, AccountStatus]:
        try:
            error = asking.exception(timeout=max(0.0, deadline))
        except TimeoutError as late:
            error = late
        if error is None:
            self._failures = 0
            self._note("answered", count)
            return asking.result()
        self._failures += 1
        pause = min(self._first_pause * 2.0 ** min(self._failures - 1, 30), _LONGEST_PAUSE)
        self._paused_until = self._clock() + pause
        self._note("failed", count)
        said = str(error) or f"{self._where}: timed out"
        self._observer.note("status-failed", provider="http", error=said[:200])
        return {}

    def _ask_all(self, keys: Sequence[str], ends: float) -> dict[str, AccountStatus]:
        found: dict[str, AccountStatus] = {}
        for part in _parts(keys):
            said = self._ask(part, max(0.001, ends - self._clock()))
            self._answers.keep(said)
            found |= said
        return found

    def _ask(self, keys: Sequence[str], timeout: float) -> dict[str, AccountStatus]:
        """One question. Raises `PostroomError`, `OSError`, `ValueError`."""
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": f"postroom/{__version__}",
            **({"Authorization": f"Bearer {self._token}"} if self._token else {}),
        }
        body = msgspec.json.encode({"addresses": [sound(key) for key in keys]})
        most = _ANSWER_BYTES * (len(keys) + 4)
        answer = self._guard.request("POST", self._url, headers=headers, body=body, timeout=timeout, max_answer=most)
        if answer.status != 200:
            hint = "; redirects are not followed" if 300 <= answer.status < 400 else ""
            raise BadAnswer(f"{self._where} answered HTTP {answer.status}, not 200{hint}")
        if not answer.whole:
            raise BadAnswer(f"{self._where} answered more than {most} bytes for {len(keys)} addresses, or broke off")
        return self._read(answer.body, keys)

    def _read(self, body: bytes, keys: Sequence[str]) -> dict[str, AccountStatus]:
        """The answer to each address; what is said of others is left aside, what can't be read is unknown."""
        try:
            entries = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise BadAnswer(f'{self._where} answered no JSON object of {{"address": {{"state": …}}}}') from error
        said = {address_key(address): entry for address, entry in entries.items()}
        return {key: self._status(said[key]) if key in said else AccountStatus() for key in map(sound, keys)}

    def _status(self, entry: msgspec.Raw) -> AccountStatus:
        try:
            said = msgspec.json.decode(entry, type=_Said)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return AccountStatus()
        state = self._words.read(said.state)
        return AccountStatus() if state is None else AccountStatus(state=state, since=dates.moment(said.since))

    def _note(self, outcome: str, addresses: int) -> None:
        self._observer.note("status-asked", outcome=outcome, addresses=addresses)


class _Answers:
    """What was answered lately; the oldest go first when there are too many."""

    def __init__(self, seconds: float, most: int, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, AccountStatus]] = OrderedDict()

    def of(self, keys: Sequence[str]) -> dict[str, AccountStatus]:
        """Those that are still good."""
        now = self._clock()
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
        return {key: status for key, (until, status) in found.items() if now < until}

    def keep(self, said: Mapping[str, AccountStatus]) -> None:
        """Keep these for a while."""
        until = self._clock() + self._seconds
        with self._lock:
            for key, status in said.items():
                self._kept[key] = until, status
                self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), _MOST_AT_ONCE):
        yield keys[start : start + _MOST_AT_ONCE]
