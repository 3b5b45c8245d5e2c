"""What is measured inside one process: keeping mails, judging them, filling a store. Prints JSON.

``python -m bench.inside accept|judge|fill``; `bench.measures` runs these as processes of their own, so that one run leaves
nothing behind for the next.
"""

import argparse
import gc
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

from bench.mails import Sample, mail_set
from postroom.bootstrap import House
from postroom.config import load
from postroom.flow.sitting import Judges
from postroom.model.judgement import Decision
from postroom.model.mail import BrandName, DestinationName, Envelope, Mail, MailId, Peer, RouteName
from postroom.model.memory import Memory, Remember, SenderRecord, ThreadRecord
from postroom.model.work import Done, Job, NewJob
from postroom.ports import Judged, Store
from postroom.understand.reader import read

#: how the store is filled: mails in one transaction
BATCH = 500
#: mails that a worker judges together, as in the shipped settings
CLAIMED = 64


def open_house(config: Path) -> House:
    """The installation that a file describes. Raises SystemExit with its mistakes."""
    settings, problems = load(config.read_text(encoding="utf-8"))
    if settings is None:
        raise SystemExit("\n".join(map(str, problems)))
    return House(settings, config.parent, process="bench")


def again(samples: Sequence[Sample]) -> Iterator[Sample]:
    """The same mails for ever, each time under new Message-IDs, so that none is a duplicate."""
    for turn in count():
        for sample in samples:
            nonce = f"{sample.nonce}-{turn}"
            yield Sample(
                nonce=nonce, sender=sample.sender, raw=sample.raw.replace(sample.nonce.encode(), nonce.encode())
            )


def arrivals(samples: Iterator[Sample], recipient: str) -> Iterator[tuple[Envelope, bytes, Peer]]:
    """What a door hands over."""
    peer = Peer(door="smtp", ip="127.0.0.1", helo="client.example.test", trusted=True)
    for sample in samples:
        yield Envelope(mail_from=sample.sender, rcpt_to=(recipient,)), sample.raw, peer


def accept(house: House, mails: int, submitters: int, way: str) -> dict[str, float]:
    """Keep mails from many submitters, each waiting until its mail is durable, on one core.

    ``threads``: each submitter is a thread that hands a ready `Mail` to the store. ``loop``: one thread keeps as many
    under way, as the doors do. ``reception``: as ``threads``, but by way of `Reception.accept`, which looks at the
    header, hashes the mail and gives it its id.
    """
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    stock = list(arrivals(islice(again(mail_set(1000)), mails + submitters), "support@example.com"))
    keep: Callable[[Any], Future[Any]]
    if way == "reception":
        reception = house.reception()
        keep, work = (lambda one: reception.accept(*one)), cast("list[Any]", stock)
    else:
        keep, work = house.store.accept, _ready(house, stock)
    for one in work[mails:]:
        keep(one).result()
    gc.freeze()  # as the server does; and the stock of mails is the bench's, not the store's
    cpu, begin = time.process_time(), time.perf_counter()
    (_by_loop if way == "loop" else _by_threads)(keep, work[:mails], submitters)
    seconds, cost = time.perf_counter() - begin, time.process_time() - cpu
    return {"mails": mails, "submitters": submitters, "seconds": seconds, "cpu_seconds": cost, "per_s": mails / seconds}


def _ready(house: House, stock: Sequence[tuple[Envelope, bytes, Peer]]) -> list[Any]:
    """What `Reception` hands to the store, made before the clock runs."""
    caught: list[Any] = []

    class Catcher:
        def accept(self, mails: Sequence[Mail]) -> None:
            caught.append(mails)

    reception = replace(house.reception(), store=cast("Store", Catcher()))
    for one in stock:
        reception.accept(*one)
    return caught


def _by_threads(keep: "Callable[[Any], Future[Any]]", work: Sequence[Any], submitters: int) -> None:
    def submit(share: Sequence[Any]) -> None:
        for one in share:
            keep(one).result()

    threads = [threading.Thread(target=submit, args=(work[i::submitters],)) for i in range(submitters)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _by_loop(keep: "Callable[[Any], Future[Any]]", work: Sequence[Any], submitters: int) -> None:
    ended: SimpleQueue[Future[Any]] = SimpleQueue()
    for at, one in enumerate(work):
        if at >= submitters:
            ended.get().result()
        keep(one).add_done_callback(ended.put)
    for _ in range(min(submitters, len(work))):
        ended.get().result()


class _NothingKnown:
    """A store before its first mail."""

    def recall(self, *_: object) -> Memory:
        """Nothing."""
        return Memory()


def judging(house: House, mails: int) -> dict[str, float]:
    """Read and judge mails as a worker does, by rules, phrases and the model, nothing stored and nothing remembered before."""
    trust = house.trust
    judges = Judges(
        book=house.rules.book,
        policy=house.policy,
        classifier=house.classifier,
        statuses=house.statuses,
        status_deadline=house.settings.judging.status_deadline,
    )
    peer = Peer(door="smtp", ip="127.0.0.1", trusted=True)
    stock = [
        Mail(id=MailId(s.nonce), received_at=1.7e9, brand=BrandName("main"), envelope=Envelope(mail_from=s.sender, rcpt_to=("support@example.com",)), peer=peer, raw=s.raw)
        for s in mail_set(mails + 50)
    ]  # fmt: skip

    def batch(mails_of_it: Sequence[Mail]) -> list[Decision]:
        """All are read, then the classifier sees all at once, then each is decided."""
        sitting = judges.sit(_NothingKnown(), [(mail, read(mail, trust)) for mail in mails_of_it])
        return [sitting.decide(number, 1.7e9)[0] for number in range(len(mails_of_it))]

    batch(stock[mails:])
    begin = time.process_time()
    routes = [
        d.decided for start in range(0, mails, CLAIMED) for d in batch(stock[start : min(start + CLAIMED, mails)])
    ]
    seconds = time.process_time() - begin
    shares = {f"to_{route}": float(routes.count(route)) for route in sorted(set(routes))}
    return {"mails": mails, "cpu_seconds": seconds, "per_s_core": mails / seconds, **shares}


def fill(house: House, mails: int, say: Callable[[str], None]) -> dict[str, float]:
    """Bring a store to so many mails, each judged and delivered, with threads and senders remembered."""
    reception, store = house.reception(), house.store
    stock = arrivals(again(mail_set(1000, seed=7)), "support@example.com")
    begin = time.perf_counter()
    have = int(store.census().get("arrivals", 0))
    for done in range(have, mails, BATCH):
        kept = [reception.accept(*one) for one in islice(stock, min(BATCH, mails - done))]
        for future in kept:
            future.result()
        while jobs := store.claim("judge", BATCH, "bench"):
            by_id = {mail.id: mail for mail in store.read([job.mail_id for job in jobs])}
            store.record([_judged(job, by_id[job.mail_id]) for job in jobs])
        while jobs := store.claim("deliver", BATCH, "bench", destination=DestinationName("desk")):
            store.settle([Done(job=job, receipt="250 2.0.0 Ok") for job in jobs])
        if done // BATCH % 40 == 0:
            say(f"  {done + len(kept)} of {mails} mails stored")
    census = store.census()
    return {
        "mails": float(census.get("arrivals", mails)),
        "seconds": time.perf_counter() - begin,
        "bytes": float(house.data.joinpath("postroom.db").stat().st_size),
    }


def _judged(job: Job, mail: Mail) -> Judged:
    """A decision as plain as can be, with all that is remembered of a mail from an authenticated sender."""
    route, sender = RouteName("general"), mail.envelope.mail_from
    thread = ThreadRecord(
        id=mail.id,
        brand=mail.brand,
        route=route,
        confirmed=False,
        last_at=mail.received_at,
        mails=1,
        participants=(sender,),
    )
    record = SenderRecord(
        key=f"a:{sender}", first_seen=mail.received_at, last_at=mail.received_at, mails=1, counts=((route, 1.0),), last_route=route, recent=(mail.received_at,)
    )  # fmt: skip
    return Judged(
        job=job,
        decision=Decision(
            mail_id=mail.id, generation=job.generation, brand=mail.brand, route=route, decided=route, confidence=0.9,
            probabilities=((route, 0.9),), findings=(), because="filled", decided_at=mail.received_at,
        ),
        jobs=(NewJob(kind="deliver", mail_id=mail.id, generation=job.generation, destination=DestinationName("desk")),),
        remember=Remember(thread=thread, links=(mail.message_id,), subject_key=f"s:{mail.id}", senders=(record,)),
        subject="Question about invoices", from_addr=sender, language="en", kind="person",
    )  # fmt: skip


def main(words: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.inside", description="Measure one thing inside this process."
    )
    parser.add_argument("what", choices=("accept", "judge", "fill"))
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--submitters", type=int, default=50)
    parser.add_argument("--way", choices=("threads", "loop", "reception"), default="threads")
    told = parser.parse_args(words)
    house = open_house(told.config)
    if told.what == "accept":
        facts = accept(house, told.mails, told.submitters, told.way)
    elif told.what == "judge":
        facts = judging(house, told.mails)
    else:
        facts = fill(house, told.mails, lambda text: print(text, file=sys.stderr, flush=True))
    house.close()
    print(json.dumps(facts | {"rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
