"""A second opinion from an endpoint that speaks OpenAI's chat completions.

Nobody waits longer than the deadline: requests are made by threads that may be left behind, at most so many at once. Nothing of a question, an
answer's text or the key is ever logged.
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Literal

from postroom import __version__
from postroom.adapters.destination.guard import Answer, Blocked, Guard, Unreachable, read_url
from postroom.adapters.destination.webhook import retry_after
from postroom.adapters.opinion.breaker import Breaker
from postroom.adapters.opinion.budget import Budget
from postroom.adapters.opinion.cache import Cache, key_of
from postroom.adapters.opinion.wording import ABOUT, NotSpoken, answer, request, tokens
from postroom.model.errors import ConfigError, GiveUp, TryLater
from postroom.model.judgement import Advice
from postroom.model.mail import RouteName
from postroom.ports import Observer, Question

Result = Literal["answered", "cached", "too-late", "failed", "no-answer", "budget", "paused"]
"""What became of a question: an answer of the set, now or before; not in time; the endpoint unwell; something else said."""

_Outcome = tuple[Result, RouteName | None]

_MAX_ANSWER = 65_536
# What the text of one mail may bring about says nothing of the endpoint (too long, filtered).
_ABOUT_THIS_MAIL = frozenset({400, 413, 422})
_TRIAL = Question(
    text="A trial\nThis is a trial of the connection. No customer wrote it.", routes=(RouteName("general"),)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where and how to ask."""

    #: base, to which ``/chat/completions`` is added
    url: str
    model: str
    #: for ``Authorization: Bearer``; ``""`` for none
    key: str = field(default="", repr=False)
    #: what desks are for, beside or instead of `wording.ABOUT`
    about: Mapping[str, str] = field(default_factory=dict)
    #: requests under way at once
    concurrency: int = 8


@dataclass(slots=True)
class _Errand:
    """One question of a batch, and the places that ask it."""

    question: Question
    key: bytes
    places: list[int]
    #: written at once: a thread may still come to it when nobody waits any longer
    outcome: _Outcome = ("too-late", None)


class OpenAIOpinion:
    """Implements `SecondOpinion`. Holds no connections; may be used from several threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        guard: Guard,
        budget: Budget,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
        nonce: Callable[[], str] = lambda: secrets.token_hex(12),
    ) -> None:
        """``clock`` gives seconds that never jump. Raises `ConfigError`."""
        self._url = f"{endpoint.url.rstrip('/')}/chat/completions"
        self._where = read_url(self._url).authority
        if not (endpoint.key.isascii() and endpoint.key.isprintable()) or " " in endpoint.key:
            raise ConfigError("the key of the second opinion is one line of ASCII without spaces")
        self._endpoint = endpoint
        self._about = {**ABOUT, **endpoint.about}
        self._guard = guard
        self._budget = budget
        self._observer = observer
        self._clock = clock
        self._nonce = nonce
        self._breaker = Breaker(clock)
        self._cache = Cache(clock)
        self._slots = threading.BoundedSemaphore(endpoint.concurrency)

    def ask(self, questions: Sequence[Question], deadline: float) -> Sequence[Advice | None]:
        """Answers within ``deadline`` seconds. Equal questions are asked once."""
        until = self._clock() + deadline
        errands: dict[bytes, _Errand] = {}
        for place, question in enumerate(questions):
            key = key_of(question, self._endpoint.model)
            errands.setdefault(key, _Errand(question, key, [])).places.append(place)
        self._ask([one for one in errands.values() if not self._known(one)], until, deadline)
        answers: list[Advice | None] = [None] * len(questions)
        for errand in errands.values():
            result, route = errand.outcome
            for place in errand.places:
                answers[place] = None if route is None else Advice(route=route, model=self._endpoint.model)
                self._observer.note("opinion-asked", result=result)
        return answers

    def check(self) -> str:
        """Ask about a sentence that no customer wrote: a sentence for people. Raises `TryLater` or `GiveUp`."""
        try:
            found = self._call(self._body(_TRIAL), 30.0)
        except (Blocked, Unreachable) as error:
            raise TryLater(str(error)) from error
        if found.status != 200:
            raise GiveUp(f"{self._where} answered HTTP {found.status} to {self._endpoint.model}")
        try:
            said = answer(found.body, _TRIAL)
        except NotSpoken:
            raise GiveUp(f"{self._where} answered with something that is no chat completion") from None
        if said is None:
            raise GiveUp(f"{self._endpoint.model} does not keep to the JSON schema of the answer: it can't be used")
        return f"{self._where} answers, {self._endpoint.model} keeps to the closed set"

    def _known(self, errand: _Errand) -> bool:
        """Whether it needs nobody to be asked; its outcome is set then."""
        if (found := self._cache.get(errand.key)) is not None:
            errand.outcome = "cached", found
            return True
        if self._breaker.open:
            errand.outcome = "paused", None
            return True
        return False

    def _ask(self, errands: Sequence[_Errand], until: float, deadline: float) -> None:
        """Have them asked, and wait until all are done or the time is over."""
        if not errands:
            return
        waiting: SimpleQueue[_Errand] = SimpleQueue()
        for errand in errands:
            waiting.put(errand)
        batch, started = _Batch(len(errands), until, fair=deadline / 2), 0
        for _ in range(min(len(errands), self._endpoint.concurrency)):
            if not self._slots.acquire(blocking=False):
                break
            try:
                threading.Thread(target=self._work, args=(waiting, batch), daemon=True).start()
            except RuntimeError:  # no more threads
                self._slots.release()
                break
            started += 1
        if started:
            batch.done.wait(max(until - self._clock(), 0.0))

    def _work(self, waiting: "SimpleQueue[_Errand]", batch: "_Batch") -> None:
        """In a thread: ask one after the other."""
        try:
            while self._clock() < batch.until:
                errand = waiting.get_nowait()
                errand.outcome = self._outcome(errand, batch)
                batch.end_one()
        except Empty:
            return
        finally:
            self._slots.release()

    def _outcome(self, errand: _Errand, batch: "_Batch") -> _Outcome:
        if not self._breaker.enter():
            return "paused", None
        try:
            return self._asked(errand, batch)
        except Exception:  # noqa: BLE001 -- a bug here costs an opinion; nobody is there to be told of more
            self._failed()
            return "failed", None

    def _asked(self, errand: _Errand, batch: "_Batch") -> _Outcome:
        body = self._body(errand.question)
        if not self._budget.take(tokens(body)):
            self._breaker.neither()
            return "budget", None
        left = batch.until - self._clock()
        try:
            found = self._call(body, left)
            if found.status == 200:
                return self._heard(errand, found)
        except (Blocked, Unreachable, NotSpoken):
            late = self._clock() >= batch.until
            if late and left < batch.fair:
                self._breaker.neither()
            else:
                self._failed()
            return ("too-late" if late else "failed"), None
        if found.status in _ABOUT_THIS_MAIL:
            self._breaker.neither()
            return "no-answer", None
        self._failed(retry_after(found.headers.get("retry-after", "")))
        return "failed", None

    def _heard(self, errand: _Errand, found: Answer) -> _Outcome:
        """What a chat completion says. Raises `NotSpoken` for anything else."""
        if not found.whole:
            raise NotSpoken
        route = answer(found.body, errand.question)
        if self._breaker.answered() == "closed":
            self._observer.note("opinion-resumed", endpoint=self._where)
        if route is None:
            return "no-answer", None
        self._cache.put(errand.key, route)
        return "answered", route

    def _failed(self, pause: float | None = None) -> None:
        if self._breaker.failed(pause) == "opened":
            self._observer.note("opinion-paused", endpoint=self._where)

    def _body(self, question: Question) -> bytes:
        return request(question, model=self._endpoint.model, about=self._about, nonce=self._nonce())

    def _call(self, body: bytes, seconds: float) -> Answer:
        headers = {"Content-Type": "application/json", "User-Agent": f"postroom/{__version__}"}
        if self._endpoint.key:
            headers["Authorization"] = f"Bearer {self._endpoint.key}"
        return self._guard.request(
            "POST", self._url, headers=headers, body=body, timeout=seconds, max_answer=_MAX_ANSWER
        )


class _Batch:
    """How many errands are still to be done, and until when."""

    def __init__(self, count: int, until: float, fair: float) -> None:
        self.until = until
        #: seconds that a request must have had for its lateness to be the endpoint's failure
        self.fair = fair
        self.done = threading.Event()
        self._left = count
        self._lock = threading.Lock()

    def end_one(self) -> None:
        """One is done."""
        with self._lock:
            self._left -= 1
            if not self._left:
                self.done.set()
