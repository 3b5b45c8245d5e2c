"""A team at work: sessions that browse, review and ask for news as people's browsers do, and programmes that call the API."""

import asyncio
import random
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.desk import asking
from bench.desk.asking import Address, Around
from bench.desk.talking import Line, Reply
from bench.desk.team import DESKS, KEYS, PASSWORD, people, secret, token
from postroom.flow.rulework import may_work
from postroom.flow.sheetpack import pack
from postroom.model.people import User
from postroom.model.rulebooks import SheetName

#: seconds between two looks for news, as in postroom.js
POLL = 5.0
_ID = re.compile(r'(?:/mail/|"id":")([0-9a-z]{26})"')
_FIELD = re.compile(r'name="(csrf|generation|version|seen)" value="([^"]+)"')
_QUESTION = re.compile(r'action="/review/([0-9a-z]{26}(?:/second)?)"')
_MARK = re.compile(r'"mark":"([0-9a-f]+)"')
_DIFFERING = re.compile(r'"/review/agreement/([0-9a-z]{26})"')
_FORM = "application/x-www-form-urlencoded"
_TICKED = re.compile(r'name="mail" value="([^"]+)"')


_PASTED = "I was charged twice for my order. Please give me my money back."
_RULE = """[[rule]]
name = "orders"
when = 'new_text.contains("order")'
route = "general"
weight = 2.0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One answer."""

    kind: str
    #: when it came, monotonic
    moment: float
    #: milliseconds as the asker saw it; as the server told it, and of its processor
    took: float
    wall: float
    cpu: float
    size: int
    status: int


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody before a browser."""

    user: User
    line: Line
    #: a browser has another connection for what it asks beside
    beside: Line
    around: Around
    #: which of their browsers it is: nobody reviews in two at once
    number: int = 0
    #: what stands on their screen: kind, path and text
    kind: str = ""
    path: str = ""
    text: str = ""
    heard: str = ""

    @property
    def dice(self) -> random.Random:
        """Their whims."""
        return self.around.dice


@dataclass(slots=True, kw_only=True)
class Crowd:
    """People and programmes of one installation."""

    port: int
    mails: int
    cases: int
    measured: list[Measured] = field(default_factory=list)
    lost: int = 0
    _ending: ExitStack = field(default_factory=ExitStack)

    def person(self, user: User, number: int, seed: int) -> Person:
        """Somebody who has signed in."""
        cookie = {"Cookie": f"postroom={secret(user.name, number)}", "Origin": f"http://127.0.0.1:{self.port}"}
        lines = [self._ending.enter_context(Line(self.port, cookie)) for _ in range(2)]
        return Person(user=user, line=lines[0], beside=lines[1], around=self._around(seed), number=number)

    def programme(self, user: str, seed: int) -> Person:
        """One that calls the API in somebody's name."""
        line = self._ending.enter_context(Line(self.port, {"Authorization": f"Bearer {token(user)}"}))
        (known,) = [one for one in people() if one.name == user]
        return Person(user=known, line=line, beside=line, around=self._around(seed))

    async def work(self, sessions: int, ended: Callable[[], bool], *, think: float) -> None:
        """Let so many people work until that has ``ended``; each thinks for 5 to 8 times ``think`` seconds between two steps; 0: not at all."""
        team = people()
        tasks: list[Awaitable[None]] = []
        for number in range(sessions):
            person = self.person(team[number % len(team)], number // len(team), seed=number)
            tasks += [self._live(person, ended, think), self._listen(person, ended)]
        tasks += [self._call(self.programme(name, seed=number), ended, think) for number, name in enumerate(KEYS)]
        if think:
            tasks.append(self._sign_in(ended))
        await asyncio.gather(*tasks)
        self._ending.close()

    async def probe(self, times: int) -> None:
        """Each kind of request so many times, one after another, by different people: nobody waits for anybody."""
        team = people()
        persons = [self.person(user, 0, seed=1000 + number) for number, user in enumerate(team)]
        programmes = [self.programme(name, seed=2000 + number) for number, name in enumerate(KEYS)]
        for person in persons:
            await self.ask(person, "list: all", "/inbox")
        for programme in programmes:
            await self.ask(programme, "api: mails", "/api/v1/mails")
        for kinds, may, among in _both(persons, programmes):
            able = [one for one in among if may(one.user)]
            for kind, address in kinds.items():
                for turn in range(times):
                    person = able[turn % len(able)]
                    await self.ask(person, kind, address(person.around))
        reviewers = [one for one in persons if one.user.role == "reviewer"]
        for turn in range(times * 3):
            await self._review(reviewers[turn % 4])
        await self._note(persons[-8], times)
        await self._try_rules(persons[0], times)
        self._ending.close()

    async def ask(
        self,
        person: Person,
        kind: str,
        path: str,
        form: Mapping[str, object] | None = None,
        *,
        beside: bool = False,
        upload: bytes = b"",
    ) -> Reply:
        """One request, measured; with a form, or a form and an archive."""
        line = person.beside if beside else person.line
        media, body = _FORM, b"" if form is None else urlencode(form, doseq=True).encode()
        if form is not None and upload:
            media, body = _multipart(form, upload)
        try:
            reply = await line.ask("GET" if form is None else "POST", path, body, media)
        except (OSError, asyncio.IncompleteReadError):
            self.lost += 1
            return Reply(status=599, headers={}, body=b"", size=0, took=0.0)
        told = reply.server
        self.measured.append(
            Measured(
                kind=kind,
                moment=time.monotonic(),
                took=reply.took,
                wall=told.get("wall", reply.took),
                cpu=told.get("cpu", 0.0),
                size=reply.size,
                status=reply.status,
            )
        )
        if reply.status == 200 and not beside:
            person.kind, person.path, person.text = kind, path, reply.text
            if found := _ID.findall(reply.text):
                person.around.seen = list(dict.fromkeys(found))
            if differing := _DIFFERING.findall(reply.text):
                person.around.differing = differing
        return reply

    async def _live(self, person: Person, ended: Callable[[], bool], think: float) -> None:
        await asyncio.sleep(person.dice.uniform(0, POLL) * bool(think))
        await self.ask(person, "list: all", "/inbox")
        while not ended():
            await asyncio.sleep(person.dice.uniform(5, 8) * think)
            await self._step(person)

    async def _step(self, person: Person) -> None:
        dice, user = person.dice, person.user
        if user.role == "reviewer" and person.number == 0 and dice.random() < 0.7:
            await self._review(person)
            return
        if user.role in ("agent", "lead") and dice.random() < 0.05:
            await self._note(person, 1)
            return
        if user.is_at_least("agent") and dice.random() < 0.03 and (ticked := _TICKED.findall(person.text)):
            form = {"csrf": _fields(person.text)["csrf"], "verb": "read", "mail": ticked[:5], "to": person.path}
            await self.ask(person, "mails read together", "/inbox", form)
            return
        if may_work(user) and dice.random() < 0.05:
            await self._try_rules(person, 1)
            return
        kinds = [(one, weight) for one, may, weight in asking.ASKED if may(user)]
        among = dice.choices([one for one, _ in kinds], [weight for _, weight in kinds])[0]
        kind, address = _one(among, dice)
        await self.ask(person, kind, address(person.around))

    async def _review(self, person: Person) -> None:
        """Take, or answer what is in hand; seldom move, skip or leave."""
        question = _QUESTION.search(person.text) if person.path.startswith("/review") else None
        chance = person.dice.random()
        if question is None:
            await self.ask(person, "review: take", "/review")
        elif chance < 0.1:
            await self.ask(person, "review: skip", f"/review?skip={question[1][:26]}")
        elif chance < 0.15:
            csrf = _fields(person.text)["csrf"]
            await self.ask(person, "review: stop", f"/review/{question[1][:26]}/leave", {"csrf": csrf})
            person.text = ""
        else:
            said = person.dice.choice(DESKS) if chance < 0.3 else ""
            kind = "review: move" if said else "review: confirm"
            answer = await self.ask(person, kind, f"/review/{question[1]}", _fields(person.text) | {"route": said})
            person.text = ""
            await self.ask(person, "review: next", answer.headers.get("location", "/review"))

    async def _note(self, person: Person, times: int) -> None:
        """Write a note into a case of the list."""
        for _ in range(times):
            await self.ask(person, "cases: to do", "/cases")
            numbers = re.findall(r'href="/case/(\d+)"', person.text)
            if not numbers:
                return
            path = f"/case/{person.dice.choice(numbers)}"
            await self.ask(person, "case", path)
            form = _fields(person.text) | {"text": "Looked at it: more of them were suspended on that day."}
            if "version" in form:
                await self.ask(person, "case: note", f"{path}/note", form)

    async def _try_rules(self, person: Person, times: int) -> None:
        """Open a file of rules, change it, have it checked and tried on a mail; look at what an archive would change."""
        archive = pack({SheetName("rules/other.toml"): _RULE})
        for _ in range(times):
            await self.ask(person, "rules", "/rules")
            path = "/rules/rules/bench.toml"
            await self.ask(person, "rules: a file", path)
            form = _fields(person.text) | {"sheet": "rules/bench.toml", "text": _RULE}
            await self.ask(person, "rules: checked as they are written", "/rules/check", form, beside=True)
            await self.ask(person, "rules: tried on a mail", path, form | {"do": "try", "mail": _PASTED})
            await self.ask(person, "rules: look at an archive", "/rules/import", form, upload=archive)

    async def _listen(self, person: Person, ended: Callable[[], bool]) -> None:
        """News, and the list again when there are any."""
        await asyncio.sleep(person.dice.uniform(0, POLL))
        while not ended():
            news = await self.ask(person, "news", "/news", beside=True)
            found = _MARK.search(news.text)
            mark = found[1] if found else ""
            if mark != person.heard and person.heard and "data-live" in person.text:
                await self.ask(person, person.kind, person.path, beside=True)
            person.heard = mark
            await asyncio.sleep(POLL)

    async def _call(self, programme: Person, ended: Callable[[], bool], think: float) -> None:
        kinds = {kind: way for some, may in asking.CALLED if may(programme.user) for kind, way in some.items()}
        await self.ask(programme, "api: mails", "/api/v1/mails")
        while not ended():
            await asyncio.sleep(programme.dice.uniform(1.5, 2.5) * think)
            kind, address = _one(kinds, programme.dice)
            await self.ask(programme, kind, address(programme.around))

    async def _sign_in(self, ended: Callable[[], bool]) -> None:
        """Somebody comes to work every ten seconds."""
        while not ended():
            await asyncio.sleep(10)
            with Line(self.port, {"Origin": f"http://127.0.0.1:{self.port}"}) as line:
                stranger = Person(user=people()[0], line=line, beside=line, around=self._around(1))
                form = {"name": "viewer3", "password": PASSWORD, "to": "/inbox"}
                await self.ask(stranger, "sign-in", "/sign-in", form)

    def _around(self, seed: int) -> Around:
        return Around(dice=random.Random(seed), mails=self.mails, cases=self.cases)


def summed(measured: Sequence[Measured], group: Callable[[str], str] = str) -> list[dict[str, object]]:
    """Figures of each kind, or each group of kinds, the slowest first. Times in milliseconds."""
    found: dict[str, list[Measured]] = defaultdict(list)
    for one in measured:
        found[group(one.kind)].append(one)
    rows = []
    for kind, some in found.items():
        row: dict[str, object] = {"kind": kind, "n": len(some)}
        for name, value in (("server", _wall), ("cpu", _cpu), ("client", _took)):
            times = sorted(map(value, some))
            row |= {f"{name}_median": middle(times), f"{name}_p99": at(times, 0.99), f"{name}_max": times[-1]}
        sizes = sorted(one.size for one in some)
        row |= {"bytes_median": middle(sizes), "bytes_max": sizes[-1]}
        row["failed"] = sum(one.status >= 500 for one in some)
        row["refused"] = sum(400 <= one.status < 500 for one in some)
        rows.append(row)
    return sorted(rows, key=lambda row: row["server_p99"], reverse=True)  # type: ignore[arg-type,return-value]


def at(found: Sequence[float], share: float) -> float:
    """The value below which this share lies, of values in order."""
    return round(found[min(int(len(found) * share), len(found) - 1)], 2) if found else 0.0


def middle(found: Sequence[float]) -> float:
    """The median of values in order."""
    return at(found, 0.5)


_wall: Callable[[Measured], float] = lambda one: one.wall  # noqa: E731
_cpu: Callable[[Measured], float] = lambda one: one.cpu  # noqa: E731
_took: Callable[[Measured], float] = lambda one: one.took  # noqa: E731


def _both(
    persons: Sequence[Person], programmes: Sequence[Person]
) -> Iterator[tuple[Mapping[str, Address], asking.May, Sequence[Person]]]:
    """Everything that is asked for, and among whom to look for somebody who may."""
    yield from ((kinds, may, persons) for kinds, may, _ in asking.ASKED)
    yield from ((kinds, may, programmes) for kinds, may in asking.CALLED)


def _multipart(form: Mapping[str, object], archive: bytes) -> tuple[str, bytes]:
    """Media type and body of a form with a file (RFC 7578)."""
    parts = [
        f'--bench\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items()
    ]
    parts.append('--bench\r\nContent-Disposition: form-data; name="archive"; filename="rules.zip"\r\n\r\n')
    return "multipart/form-data; boundary=bench", "".join(parts).encode() + archive + b"\r\n--bench--\r\n"


def _one(kinds: Mapping[str, Address], dice: random.Random) -> tuple[str, Address]:
    """Any of them; single mails and what everybody opens far more often than the rest."""
    names = list(kinds)
    weights = [20 if name in ("mail", "list: a desk", "cases: to do") else 1 for name in names]
    name = dice.choices(names, weights)[0]
    return name, kinds[name]


def _fields(text: str) -> dict[str, object]:
    """Hidden fields of a page's forms."""
    return dict(_FIELD.findall(text))
