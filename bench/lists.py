"""``python -m bench.lists``: how long lists and searches take in a store of 200,000 mails, and what being found costs a mail.

The store is filled through its own doors (accept, record, file), in batches; the words are those of the bench's mails, with a
number of its own in each. Brands, desks and tags are spread unevenly: the smallest brand has one mail in a thousand. Each
question is asked many times, of another page, another brand or another word each time; medians and 99th percentiles count
whole calls, rows read and all. Prints a table and writes ``bench/lists.json``.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench.mails import mail_set
from postroom.adapters.store.lists import SqliteViews
from postroom.adapters.store.sqlite import SqliteStore
from postroom.adapters.store.turns import SqliteTurns
from postroom.model.desktop import Wanted
from postroom.model.judgement import REVIEW, Decision, Finding
from postroom.model.mail import BrandName, DestinationName, Envelope, Mail, MailId, Peer, RouteName
from postroom.model.memory import Remember
from postroom.model.people import ALL, Sight
from postroom.model.trust import Trust
from postroom.model.work import Job, NewJob, Parcel
from postroom.ports import Judged
from postroom.understand.reader import read

OUT = Path(__file__).resolve().parent / "lists.json"
BATCH = 500
START = 1_750_000_000.0
#: seconds between two mails: 200,000 come in a good two months
APART = 30.0
BRANDS = dict(zip((f"brand{number}" for number in range(10)), (600, 200, 100, 50, 20, 10, 10, 5, 4, 1), strict=True))
ROUTES = {"general": 50, "appeals": 15, "refunds": 15, "junk": 10, "copyright": 5, "automatic": 4, "review": 1}
DESKS = ("general", "appeals", "refunds", "copyright")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a mail is found by."""

    name: str
    sender: str
    subject: str
    text: str
    language: str


def texts() -> list[Words]:
    """The words of 2,000 mails, as the reader reads them."""
    found = []
    for sample in mail_set(2000, seed=3):
        message = read(_mail(0, sample.raw, sample.sender, "brand0"), Trust())
        assert message.customer is not None
        customer = message.customer
        found.append(
            Words(
                name=customer.name,
                sender=customer.addr,
                subject=message.subject,
                text=message.new_text,
                language=message.language,
            )
        )
    return found


def _mail(number: int, raw: bytes, sender: str, brand: str) -> Mail:
    envelope = Envelope(mail_from=sender, rcpt_to=("support@example.com",))
    at = START + number * APART
    peer = Peer(door="smtp", ip="192.0.2.1", helo="mx.example.com", trusted=True)
    return Mail(
        id=MailId(f"01bench{number:019d}"),
        received_at=at,
        brand=BrandName(brand),
        envelope=envelope,
        peer=peer,
        raw=raw,
        message_id=f"{number}@example.com",
        thread_key=f"t{number}",
        sender_key=f"s{number}",
    )


class Filler:
    """Fills a store with mails that look like a team's."""

    def __init__(self, store: SqliteStore, words: Sequence[Words], seed: int = 1) -> None:
        self.store = store
        self.words = words
        self.dice = random.Random(seed)
        #: seconds of processor and wall clock that recording took, and mails recorded
        self.recording = [0.0, 0.0, 0.0]

    def fill(self, mails: int, say: Callable[[str], None]) -> None:
        """Until there are so many."""
        have = int(self.store.census()["arrivals"])
        for first in range(have, mails, BATCH):
            self.batch(first, min(BATCH, mails - first))
            if first // BATCH % 40 == 0:
                say(f"  {first} of {mails} mails stored")

    def batch(self, first: int, size: int) -> None:
        """Mails accepted, judged and, but for a few, filed; most of those read."""
        dice, store = self.dice, self.store
        brands = dice.choices(list(BRANDS), list(BRANDS.values()), k=size)
        mails = [
            _mail(first + n, b"Subject: x\r\n\r\nx\r\n", f"a{first + n}@example.com", brands[n]) for n in range(size)
        ]
        store.accept(mails).result()
        jobs = store.claim("judge", size, "bench")
        by_id = {mail.id: mail for mail in mails}
        judged = [self.judged(job, by_id[job.mail_id], number) for number, job in enumerate(jobs, first)]
        for at in range(0, size, 64):
            cpu, wall = time.process_time(), time.perf_counter()
            store.record(judged[at : at + 64])
            self.recording[0] += time.process_time() - cpu
            self.recording[1] += time.perf_counter() - wall
            self.recording[2] += len(judged[at : at + 64])
        filed = [store.file(_parcel(by_id[one.job.mail_id], one)) for one in judged if dice.random() < 0.7]
        for future in filed:
            future.result()
        store.units.write(
            lambda tx: tx.execute(
                "UPDATE inbox SET read_at = 1 WHERE mail BETWEEN ? AND ? AND route <> 'junk' AND mail % 20 <> 0",
                (first + 1, first + size),
            )
        )

    def judged(self, job: Job, mail: Mail, number: int) -> Judged:
        """As a judge would have it."""
        dice, words = self.dice, self.words[number % len(self.words)]
        route = RouteName(dice.choices(list(ROUTES), list(ROUTES.values()))[0])
        decided = RouteName(dice.choice(DESKS)) if route == REVIEW else route
        rare = ("vip",) if dice.random() < 0.001 else ()
        decision = Decision(
            mail_id=mail.id, generation=1, brand=mail.brand, route=route, decided=decided, confidence=0.9, probabilities=((decided, 0.9),),
            findings=(Finding(source="phrases", route=decided, score=0.8, reason="words of the desk"),) * 3, because="filled",
            tags=(*rare, *(("billing",) if dice.random() < 0.1 else ())), urgent=("threat",) if dice.random() < 0.003 else (),
            unconfirmed=dice.random() < 0.01, asked="review" if route == REVIEW else "audit" if dice.random() < 0.02 else "",
            decided_at=mail.received_at,
        )  # fmt: skip
        clock = NewJob(kind="clock", mail_id=mail.id, generation=1, due_at=START + 1e9 + dice.random() * 1e6)
        return Judged(
            job=job, decision=decision, jobs=(clock,) if route == REVIEW else (), remember=Remember(), subject=words.subject,
            from_addr=words.sender, language=words.language, kind="person", name=words.name, text=f"{words.text} case{number:07d}",
        )  # fmt: skip


def _parcel(mail: Mail, one: Judged) -> Parcel:
    route = one.decision.route
    return Parcel(
        mail=mail,
        decision=one.decision,
        destination=DestinationName(route),
        generation=1,
        key=f"{mail.id}.{route}.1",
        stamped=b"X-Postroom-Id: 1\r\n" + mail.raw,
        subject=one.subject,
        from_addr=one.from_addr,
    )


_SMALL = Sight(brands=frozenset({BrandName("brand9")}), routes=frozenset({RouteName("copyright")}))
_AGENT = Sight(brands=frozenset({BrandName("brand3"), BrandName("brand4")}), routes=frozenset({RouteName("appeals"), RouteName("refunds")}))  # fmt: skip
_VIEWER = Sight(routes=frozenset({RouteName("copyright")}), review=False)
SIGHTS = {
    "all": ALL,
    "agent of two brands and two desks": _AGENT,
    "smallest brand, one desk": _SMALL,
    "one desk": _VIEWER,
}

LISTS = {
    "everything": Wanted(),
    "a desk": Wanted(route=RouteName("appeals")),
    "a desk of a brand": Wanted(route=RouteName("refunds"), brand=BrandName("brand3")),
    "a brand": Wanted(brand=BrandName("brand8")),
    "review": Wanted(route=REVIEW),
    "unread": Wanted(reading="unread"),
    "unread at a desk": Wanted(reading="unread", route=RouteName("appeals")),
    "read at a desk": Wanted(reading="read", route=RouteName("copyright")),
    "urgent": Wanted(urgent=True),
    "unconfirmed": Wanted(unconfirmed=True),
    "a frequent tag": Wanted(tag="billing"),
    "a rare tag at a desk": Wanted(tag="vip", route=RouteName("copyright")),
    "a language": Wanted(language="ja", route=RouteName("general")),
    "a language that nobody writes": Wanted(language="xx"),
    "a week": Wanted(since=START + 20 * 86400, until=START + 27 * 86400),
    "a week at a desk": Wanted(route=RouteName("appeals"), since=START + 20 * 86400, until=START + 27 * 86400),
    "before long ago, unread": Wanted(reading="unread", until=START + 86400),
    "a sender": Wanted(sender="SENDER"),
    "a domain": Wanted(sender="@mail7.example.com"),
}
SEARCHES = {
    "a frequent word": "account",
    "two frequent words": "account please",
    "a phrase": '"my account"',
    "a beginning": "acc*",
    "a beginning of 200,000 words": "cas*",
    "a beginning of everybody's address": "exa*",
    "a rare word": "CASE",
    "a frequent and a rare word": "account CASE",
    "Japanese": "アカウント",
    "a word that nobody wrote": "zyzzyva",
    "frequent words that never meet": "account konto",
    "everybody's address": "example",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One sort of call, and how it is varied."""

    name: str
    ask: Callable[[random.Random], Any]


def questions(views: SqliteViews, turns: SqliteTurns, mails: int, words: Sequence[Words]) -> Iterator[Question]:
    """All that is measured."""

    def varied(wanted: Wanted, dice: random.Random) -> Wanted:
        number = dice.randrange(mails)
        return replace(
            wanted,
            words=wanted.words.replace("CASE", f"case{number:07d}"),
            sender=wanted.sender.replace("SENDER", dice.choice(words).sender),
        )

    def call(wanted: Wanted, sight: Sight, deep: bool) -> Callable[[random.Random], Any]:
        def ask(dice: random.Random) -> Any:
            after = f"01bench{dice.randrange(mails):019d}" if deep else ""
            return views.mails(varied(wanted, dice), sight, after=after)

        return ask

    wants = {f"list: {name}": wanted for name, wanted in LISTS.items()}
    wants |= {f"search: {name}": Wanted(words=text) for name, text in SEARCHES.items()}
    wants["search: a frequent word at a desk"] = Wanted(words="account", route=RouteName("copyright"))
    wants["search: a frequent word with a rare tag"] = Wanted(words="account", tag="vip")
    wants["search: a frequent word, unread, in a week"] = replace(LISTS["a week"], words="account", reading="unread")
    wants["search: a frequent word of a domain"] = Wanted(words="account", sender="@mail7.example.com")
    for name, wanted in wants.items():
        for who, sight in SIGHTS.items():
            for deep in (False, True):
                yield Question(name=f"{name}; {who}; {'deep' if deep else 'first'} page", ask=call(wanted, sight, deep))
    for who, sight in SIGHTS.items():
        yield Question(name=f"counts; {who}", ask=lambda _dice, sight=sight: views.counts(sight))
        yield Question(name=f"open questions; {who}", ask=lambda _dice, sight=sight: turns.open_questions(sight))
        names = count()
        yield Question(
            name=f"take a question; {who}",
            ask=lambda _dice, sight=sight, names=names: turns.take(f"person {next(names)}", sight, lease=0.001),
        )


def measure(question: Question, times: int, threads: int) -> dict[str, Any]:
    """Milliseconds of one sort of call."""

    def once(turn: int) -> tuple[float, float]:
        dice = random.Random(turn)
        begin, cpu = time.perf_counter(), time.thread_time()
        question.ask(dice)
        return (time.perf_counter() - begin) * 1000, (time.thread_time() - cpu) * 1000

    once(-1)
    with ThreadPoolExecutor(threads) as pool:
        took, cpu = map(sorted, zip(*pool.map(once, range(times)), strict=True))
    return {
        "name": question.name,
        "median_ms": round(median(took), 2),
        "p99_ms": round(took[int(len(took) * 0.99)], 2),
        "max_ms": round(took[-1], 2),
        "cpu_median_ms": round(median(cpu), 2),
        "cpu_p99_ms": round(cpu[int(len(cpu) * 0.99)], 2),
    }


def run(folder: Path, told: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    """Fill a store, ask everything."""
    store = SqliteStore.open(folder / "postroom.db")
    words = texts()
    filler = Filler(store, words)
    filler.fill(told.mails, say)
    with store.units.lend() as tx:
        size = tx.execute(
            "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)"
        ).fetchone()[0]
        parts = dict(tx.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 40"))
    found = []
    for question in questions(SqliteViews(store.units), SqliteTurns(store.units), told.mails, words):
        if told.only in question.name:
            found.append(measure(question, told.times, told.threads))
            fact = found[-1]
            say(
                f"{fact['median_ms']:9.2f} {fact['p99_ms']:9.2f} {fact['cpu_median_ms']:9.2f} {fact['cpu_p99_ms']:9.2f}  {fact['name']}"
            )
    store.close()
    cpu, wall, recorded = filler.recording
    return {
        "mails": told.mails,
        "times": told.times,
        "threads": told.threads,
        "load_before": told.load,
        "bytes_a_mail": {name: round(size / told.mails, 1) for name, size in {"all": size, **parts}.items()},
        "record_us_a_mail": {"cpu": round(cpu / recorded * 1e6, 1), "wall": round(wall / recorded * 1e6, 1)}
        if recorded
        else None,
        "slowest_median_ms": max((fact["median_ms"] for fact in found), default=None),
        "slowest_p99_ms": max((fact["p99_ms"] for fact in found), default=None),
        "questions": found,
    }


def main(words: list[str] | None = None) -> int:
    """The command line; 1 when any list is slower than it may be."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.lists", description="Measure lists and searches in a large store."
    )
    parser.add_argument("--mails", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=100, help="calls of each question (default 100)")
    parser.add_argument("--threads", type=int, default=1, help="how many ask at once (default 1)")
    parser.add_argument("--only", default="", metavar="WORDS", help="questions in whose names this stands")
    parser.add_argument(
        "--folder", type=Path, help="where the store is kept, to be used again; else it is made anew and removed"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    told = parser.parse_args(words)
    told.load = os.getloadavg()[0]
    say = lambda text: print(text, file=sys.stderr, flush=True)  # noqa: E731
    if told.folder:
        told.folder.mkdir(parents=True, exist_ok=True)
        results = run(told.folder, told, say)
    else:
        with TemporaryDirectory() as folder:
            results = run(Path(folder), told, say)
    told.out.write_text(json.dumps(results, indent=1) + "\n")
    slow = [fact["name"] for fact in results["questions"] if fact["median_ms"] > 100 or fact["p99_ms"] > 250]
    say(f"{len(results['questions'])} questions; slower than 100 ms at the median or 250 ms at p99: {slow or 'none'}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
