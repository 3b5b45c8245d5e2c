"""An installation whose team has said of 200 mails where they belong; made once, copied for each test."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from postroom.bootstrap.house import House
from postroom.cli.console import read_settings
from postroom.model.mail import Envelope, Mail, Peer, RouteName
from postroom.ports import JobFilter
from tests.unit.flow.house import Bell
from tests.unit.flow.school import DAY, NOW, prose, raw_mail

SETTINGS = """
hostname = "mx.shop.test"
[brand.shop]
addresses = ["support@shop.test"]
[route.appeals]
destinations = ["desk"]
threshold = 0.0
[route.shipping]
destinations = ["desk"]
threshold = 0.0
[route.general]
destinations = ["desk"]
threshold = 0.0
[destination.desk]
kind = "inbox"
[urgent]
destinations = ["desk"]
[log]
level = "error"
[judging]
starter = false
model = "learned"
"""
ROUTES = ("appeals", "shipping", "general")
VERDICTS = 200


def open_house(folder: Path) -> House:
    """All that is sure enough is drawn for the audit: more than settings allow."""
    settings = read_settings(folder / "postroom.toml")
    review = msgspec.structs.replace(settings.review, audit_share=1.0)
    return House(msgspec.structs.replace(settings, review=review), folder)


def make(folder: Path, verdicts: int = VERDICTS) -> None:
    """Settings, a corpus of 90 texts that knows no shipping, and a store with verdicts, the last one on the day before `NOW`."""
    (folder / "postroom.toml").write_text(SETTINGS)
    lines = [{"route": r, "body": prose(r, f"shelf {n}"), "hard": n % 9 == 0} for n in range(45) for r in ("appeals", "general")]  # fmt: skip
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, lines)))
    house = open_house(folder)
    teach(house, [(prose(ROUTES[n % 3], n), ROUTES[n % 3]) for n in range(verdicts)])
    house.close()


def arrive(house: House, texts: Sequence[str], first: int = 0) -> list[Mail]:
    """Mails come in, and are judged."""
    reception = house.reception()
    envelope = Envelope(mail_from="someone@example.com", rcpt_to=("support@shop.test",))
    peer = Peer(door="smtp", ip="127.0.0.1", trusted=True)
    kept = [
        reception.accept(envelope, raw_mail(text, n, subject=f"hello {n}"), peer) for n, text in enumerate(texts, first)
    ]
    mails = [mail for one in kept for mail in one.result(30)]
    house.judge_worker("judge", Bell(), in_hand=lambda _job: None, ring_delivery=lambda: None).run()
    assert not house.store.jobs(JobFilter(kinds=("judge",), states=("ready", "claimed")))
    return mails


def teach(house: House, lessons: Sequence[tuple[str, str]], first: int = 0) -> None:
    """Mails come in, and two reviewers say in turn where each belongs; every word was asked for."""
    mails = arrive(house, [text for text, _ in lessons], first)
    for number, (mail, (_, route)) in enumerate(zip(mails, lessons, strict=True)):
        at = NOW - (len(lessons) - number) * DAY
        people = replace(house.reviewing(), clock=lambda at=at: at)
        people.give(mail, RouteName(route), ("ada", "bob")[number % 2])
