"""A large installation: years of a team's mail, cases, dead letters and people, made once through the store's own doors.

The mails are those of `bench.mails`, read and judged once each; every stored mail is one of them with a Message-ID and a
number of its own, so that no two are alike. Brands, desks and tags are spread unevenly, as in life.
"""

import json
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

from bench import rules
from bench.desk.furnishing import furnish
from bench.desk.team import BRANDS, DESKS, KEYS, PASSWORD, address, open_house, people, secret, settings, token
from bench.mails import Sample, mail_set
from postroom.bootstrap.house import House
from postroom.flow.ids import new_id
from postroom.flow.sitting import Judges
from postroom.model.cases import Case, CaseChange, CaseEvent, CaseKind, CaseMail, Outcome
from postroom.model.judgement import REVIEW, Decision
from postroom.model.mail import BrandName, DestinationName, Envelope, Mail, MailId, Peer, RouteName
from postroom.model.memory import Remember
from postroom.model.message import Message
from postroom.model.people import ApiKey, Deed, Session, UserName
from postroom.model.work import Done, Job, NewJob, Parcel, Park
from postroom.model.work import Outcome as Ended
from postroom.ports import Judged
from postroom.understand.reader import read

#: another number makes all installations anew
_MADE_SO = 2
BATCH = 500
DAY = 86_400.0
#: over so many days the mails came in
DAYS = 90
ROUTES = {"general": 475, "appeals": 180, "refunds": 150, "junk": 80, "copyright": 60, "automatic": 30, "review": 25}
TAGS = {"billing": 0.1, "press": 0.01, "vip": 0.001}
_PARTNER = DestinationName("partner")
_PEER = Peer(door="smtp", ip="192.0.2.1", helo="mx.example.com", trusted=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How large an installation is."""

    mails: int = 200_000
    cases: int = 20_000
    letters: int = 500
    verdicts: int = 1_000
    #: distinct mails that all others are made of
    samples: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One of the distinct mails, as it was read and judged."""

    sample: Sample
    message: Message
    decision: Decision


def made(cache: Path, extent: Extent, now: float, say: Callable[[str], None]) -> Path:
    """The folder of an installation of this extent: there already, or made now. It is copied before it is used."""
    mark = sha256(json.dumps([asdict(extent), _MADE_SO]).encode()).hexdigest()[:8]
    folder = cache / f"{extent.mails}-{mark}"
    if folder.exists():
        return folder
    under_way = cache / "under-way"
    shutil.rmtree(under_way, ignore_errors=True)
    under_way.mkdir(parents=True)
    for name, text in rules.files(rules=50).items():
        (under_way / name).parent.mkdir(exist_ok=True)
        (under_way / name).write_text(text)
    house = open_house(under_way, settings(1, 2))
    _Maker(house, extent, now, say).make()
    house.close()
    furnish(under_way, say)
    return under_way.rename(folder)


class _Maker:
    """Makes one installation."""

    def __init__(self, house: House, extent: Extent, now: float, say: Callable[[str], None]) -> None:
        self.house = house
        self.extent = extent
        self.now = now
        self.say = say
        self.dice = random.Random(1)
        self.appeals: list[tuple[Mail, Known]] = []
        self.at_desks: list[MailId] = []
        self.letters = 0

    def make(self) -> None:
        """Everything, oldest first."""
        samples = mail_set(self.extent.samples, seed=3)
        by_route: dict[str, list[Known]] = {}
        for known in _judged(self.house, samples):
            by_route.setdefault(known.decision.decided, []).append(known)
        self.known = {route: by_route.get(route) or by_route["general"] for route in ROUTES}
        self.everybody()
        for first in range(0, self.extent.mails, BATCH):
            if first >= self.extent.mails * 0.95:  # who waited longer was answered, let us hope
                self.house.pressing.first_answers.watch()
            self.batch(first, min(BATCH, self.extent.mails - first))
            if first // BATCH % 40 == 0:
                self.say(f"  {first} of {self.extent.mails} mails stored")
        self.open_cases()
        self.say("  people's verdicts")
        self.judge_some()

    def everybody(self) -> None:
        """People, signed in, and their programmes."""
        house, now = self.house, self.now
        hashed = house.people.passwords.hash(PASSWORD)
        for user in people():
            kept = replace(user, password=hashed, created_at=now)
            house.people.accounts.put_user(kept, Deed(at=now, by="", what="user-added", to=user.name))
            for number in range(2):
                session = Session(
                    key=sha256(secret(user.name, number).encode()).digest(), user=user.name, created_at=now, seen_at=now + 40 * DAY,
                    expires_at=now + 90 * DAY, agent="bench", ip="127.0.0.1",
                )  # fmt: skip
                house.people.accounts.open_session(
                    session, kept, Deed(at=now, by=user.name, what="sign-in", to=user.name)
                )
            if user.name in KEYS:
                scope = {"viewer": "read", "agent": "work"}.get(user.role, user.role)
                key = ApiKey(
                    name=user.name, key=sha256(token(user.name).encode()).digest(), user=user.name, scope=scope, created_at=now  # type: ignore[arg-type]
                )  # fmt: skip
                house.people.accounts.add_key(key, Deed(at=now, by="root", what="key-made", to=user.name))

    def batch(self, first: int, size: int) -> None:
        """Mails accepted, judged, delivered and mostly read."""
        dice, store = self.dice, self.house.store
        routes = dice.choices(list(ROUTES), list(ROUTES.values()), k=size)
        brands = dice.choices(list(BRANDS), list(BRANDS.values()), k=size)
        chosen = [dice.choice(self.known[route]) for route in routes]
        mails = [self.mail(first + n, chosen[n], brands[n]) for n in range(size)]
        store.accept(mails).result()
        place = {mail.id: n for n, mail in enumerate(mails)}
        jobs = store.claim("judge", size, "bench")
        judged = [
            self.judged(job, mails[place[job.mail_id]], chosen[place[job.mail_id]], routes[place[job.mail_id]])
            for job in jobs
        ]
        store.record(judged)
        decided = {one.job.mail_id: one for one in judged}
        for destination in {job.destination for one in judged for job in one.jobs if job.destination}:
            self.deliver(destination, {mail.id: mail for mail in mails}, decided)
        store.units.write(
            lambda tx: tx.execute(
                "UPDATE inbox SET read_at = ? WHERE route <> 'review' AND mail % 20 <> 0 AND mail IN"
                " (SELECT seq FROM mails WHERE id >= ? AND id <= ?)",
                (self.now, mails[0].id, mails[-1].id),
            )
        )
        for n, mail in enumerate(mails):
            if routes[n] == "appeals":
                self.appeals.append((mail, chosen[n]))
            elif routes[n] in DESKS and len(self.at_desks) < self.extent.verdicts * 4:
                self.at_desks.append(mail.id)

    def mail(self, number: int, known: Known, brand: str) -> Mail:
        """One that differs from all others."""
        at = self.now - DAYS * DAY * (1 - number / self.extent.mails)
        nonce = f"{known.sample.nonce}-{number}"
        raw = known.sample.raw.replace(known.sample.nonce.encode(), nonce.encode())
        raw = raw.replace(b"support@example.com", address(brand).encode())
        return Mail(
            id=new_id(at, self.dice.randbytes), received_at=at, brand=BrandName(brand), peer=_PEER, raw=raw,
            envelope=Envelope(mail_from=known.sample.sender, rcpt_to=(address(brand),)),
            message_id=f"{nonce}@example.com", thread_key=f"t{number}", sender_key=f"s{number}",
        )  # fmt: skip

    def judged(self, job: Job, mail: Mail, known: Known, route: str) -> Judged:
        """As a judge would have it, at another desk perhaps."""
        dice, message = self.dice, known.message
        decided = known.decision.decided if route == REVIEW else RouteName(route)
        asked = "review" if route == REVIEW else "audit" if dice.random() < 0.01 else ""
        decision = replace(
            known.decision, mail_id=mail.id, brand=mail.brand, route=RouteName(route), decided=decided,
            confidence=0.6 if route == REVIEW else 0.97, asked=asked, asked_with=1.0 if asked else 0.0, decided_at=mail.received_at,
            tags=tuple(tag for tag, share in TAGS.items() if dice.random() < share),
            urgent=("threat",) if dice.random() < 0.003 else (), unconfirmed=dice.random() < 0.01,
        )  # fmt: skip
        places = [DestinationName(route)] if route in (*DESKS, REVIEW) else []
        if self.letters < self.extent.letters and dice.random() < self.extent.letters * 1.2 / self.extent.mails:
            places.append(_PARTNER)
            self.letters += 1
        jobs = [NewJob(kind="deliver", mail_id=mail.id, generation=1, destination=place) for place in places]
        if route == REVIEW:
            due = self.now + DAY * (30 + 10 * dice.random())
            jobs.append(NewJob(kind="clock", mail_id=mail.id, generation=1, due_at=due))
        assert message.customer is not None
        return Judged(
            job=job, decision=decision, jobs=tuple(jobs), remember=Remember(), subject=message.subject, from_addr=message.customer.addr,
            language=message.language, kind=message.kind, name=message.customer.name,
            text=f"{message.new_text} case{mail.thread_key[1:]:0>7}",
        )  # fmt: skip

    def deliver(self, destination: DestinationName, mails: dict[MailId, Mail], decided: dict[MailId, Judged]) -> None:
        """Into inboxes; what goes to the partner is refused."""
        store = self.house.store
        while jobs := store.claim("deliver", BATCH, "bench", destination=destination):
            if destination == _PARTNER:
                store.settle([Park(job=job, error="550 5.1.1 nobody of this name", why="gave-up") for job in jobs])
                continue
            filed = [store.file(_parcel(job, mails[job.mail_id], decided[job.mail_id])) for job in jobs]
            for one in filed:
                one.result()
            ended: list[Ended] = [Done(job=job, receipt="filed") for job in jobs]
            store.settle(ended)

    def open_cases(self) -> None:
        """Cases of the newest appeals; every fourth has two mails."""
        mails = self.appeals[-(self.extent.cases + self.extent.cases // 4) :]
        groups: list[list[tuple[Mail, Known]]] = []
        while mails and len(groups) < self.extent.cases:
            size = 2 if len(groups) % 4 == 0 else 1
            groups.append(mails[:size])
            mails = mails[size:]
        self.say(f"  {len(groups)} cases")
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(self.open_case, groups))

    def open_case(self, group: Sequence[tuple[Mail, Known]]) -> None:
        """One, with its history."""
        mail, known = group[0]
        assert known.message.customer is not None
        dice = random.Random(mail.id)
        now, at, desks = self.now, mail.received_at, self.house.case_desks
        kept = self.house.cases.put(
            desks.change(
                Case(
                    brand=mail.brand, route=RouteName("appeals"), person=known.message.customer.addr, identity="authenticated",
                    subject=known.message.subject, received_at=at,
                ),
                now,
                CaseEvent(at=at, by="", what="opened", mail_id=mail.id),
                joins=_joins(mail),
            )
        )  # fmt: skip
        for other, _ in group[1:]:
            event = CaseEvent(at=other.received_at, by="", what="joined", mail_id=other.id)
            kept = self.house.cases.put(desks.change(kept, now, event, joins=_joins(other)))
        self.house.cases.put(self.worked(kept, dice, at))

    def worked(self, kept: Case, dice: random.Random, at: float) -> CaseChange:
        """What people did with it: most are decided; some clocks' starts are known."""
        desks, now, who = self.house.case_desks, self.now, UserName("all0")
        kind: CaseKind = dice.choice(("appeal", "reinstatement", "unknown"))
        starts = (("informed", at - DAY * dice.uniform(1, 400)),) if dice.random() < 0.5 else ()
        known = replace(
            kept, kind=kind, starts=starts, assignee=who if dice.random() < 0.3 else UserName(""), fresh=False
        )  # type: ignore[arg-type]
        if dice.random() < 0.75:
            outcome: Outcome = dice.choice(("granted", "rejected", "withdrawn"))
            ended = min(at + DAY * dice.uniform(0.1, 12), now)
            known = replace(known, state="decided", outcome=outcome, reason="seen again", decided_by=who, decided_at=ended, answered_at=ended)  # fmt: skip
            event = CaseEvent(at=ended, by=who, what="decided", detail=outcome)
        else:
            known = replace(known, state=dice.choice(("open", "waiting")), fresh=dice.random() < 0.3)
            event = CaseEvent(at=at, by=who, what="kind", detail=kind)
        deed = Deed(at=event.at, by=who, what=f"case-{event.what}", detail=event.detail)
        return desks.change(known, now, event, deed=deed)

    def judge_some(self) -> None:
        """People's words on mails, some of them moves; what they bring elsewhere is delivered by the server."""
        reviewing, store, dice = self.house.reviewing(), self.house.store, random.Random(2)
        chosen = [(mail, RouteName(dice.choice(DESKS))) for mail in dice.sample(self.at_desks, min(self.extent.verdicts, len(self.at_desks)))]  # fmt: skip

        def say(one: tuple[MailId, RouteName]) -> None:
            (mail,) = store.read([one[0]])
            reviewing.give(mail, one[1], "reviewer0")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(say, chosen))


def _judged(house: House, samples: Sequence[Sample]) -> Iterator[Known]:
    """The samples, as the installation's own judges see them."""
    judges = Judges(
        book=house.rules.book, policy=house.policy, classifier=house.classifier, statuses=house.statuses, status_deadline=1.0
    )  # fmt: skip
    mails = [
        Mail(id=MailId(s.nonce), received_at=1.7e9, brand=BrandName("brand0"), envelope=Envelope(mail_from=s.sender, rcpt_to=()), peer=_PEER, raw=s.raw)
        for s in samples
    ]  # fmt: skip
    messages = [read(mail, house.trust) for mail in mails]
    decisions = judges.by_words(list(zip(mails, messages, strict=True)))
    for sample, message, decision in zip(samples, messages, decisions, strict=True):
        yield Known(sample=sample, message=message, decision=decision)


def _parcel(job: Job, mail: Mail, one: Judged) -> Parcel:
    return Parcel(
        mail=mail, decision=one.decision, destination=job.destination, generation=1, key=f"{mail.id}.{job.destination}.1",
        stamped=b"X-Postroom-Id: 1\r\n" + mail.raw, subject=one.subject, from_addr=one.from_addr,
    )  # fmt: skip


def _joins(mail: Mail) -> CaseMail:
    return CaseMail(id=mail.id, at=mail.received_at, thread=f"thread {mail.id}")
