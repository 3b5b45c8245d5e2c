"""Logs and metrics of a whole run name nobody: a mark stands in every field of a mail, and in what others answer to it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from postroom.adapters.observer.logs import Observers
from postroom.adapters.observer.metrics import MetricsObserver
from postroom.bootstrap.failures import tell_failure
from postroom.bootstrap.house import House
from postroom.config import load
from postroom.model.errors import GiveUp, TryLater
from postroom.model.mail import BounceOf, Envelope, MailId, Peer, RouteName
from postroom.model.work import Parcel
from tests.unit.cli.conftest import SETTINGS
from tests.unit.flow.house import Bell, Place

MARK = "q7zkx3vbw9"
ADDRESS = f"{MARK}@{MARK}.test"
LETTER = f"""\
From: "{MARK}" <{ADDRESS}>
Reply-To: <{ADDRESS}>
To: {MARK} <support@shop.test>
Cc: {ADDRESS}
Subject: {MARK} my account was suspended
Message-ID: <{MARK}%d@{MARK}.test>
In-Reply-To: <{MARK}@{MARK}.test>
References: <{MARK}@{MARK}.test>
List-Id: {MARK}
X-{MARK}: {MARK}
Received: from {MARK} by {MARK}; Fri, 20 Nov 2026 09:00:00 +0000
Authentication-Results: mx.shop.test; dkim=pass header.d={MARK}.test
Content-Type: multipart/mixed; boundary={MARK}

--{MARK}
Content-Type: text/plain; charset={MARK}

{MARK} %d please give me my account back, my account was suspended.
--{MARK}
Content-Type: text/html; name={MARK}
Content-Disposition: attachment; filename="{MARK}.html"

<p>{MARK}</p>
--{MARK}--
"""


def fails(parcel: Parcel) -> None:
    """A destination that says whom it speaks of, in every way in which one can fail."""
    number = parcel.mail.raw.partition(f"Message-ID: <{MARK}".encode())[2][:1]
    if number in b"024":
        raise GiveUp(f"550 <{ADDRESS}>: no such user, {ADDRESS}")
    raise TryLater(f"451 <{ADDRESS}> greylisted", lane_down=False)


@pytest.fixture
def registry() -> CollectorRegistry:
    """Where everything is counted."""
    return CollectorRegistry()


@pytest.fixture
def house(tmp_path: Path, registry: CollectorRegistry, request: pytest.FixtureRequest) -> Iterator[House]:
    """One whose destination fails, that logs everything and counts."""
    text = f'{SETTINGS}[trust]\nauthserv_ids = ["mx.shop.test"]\n[log]\nlevel = "debug"\nformat = "json"\n'
    settings, mistakes = load(text + ("addresses = true\n" if request.param else ""))
    assert settings is not None, mistakes
    made = House(settings, tmp_path, process="test")
    made.__dict__["observer"] = Observers(made.observer, MetricsObserver(registry))
    yield made
    made.close()


def run(house: House) -> list[MailId]:
    """Everything that can happen to mail: the ids."""
    reception, ids = house.reception(), []
    for number in range(12):
        envelope = Envelope(mail_from=ADDRESS, rcpt_to=("support@shop.test",))
        peer = Peer(door="smtp", ip="192.0.2.1", helo=MARK, trusted=True)
        raw = (LETTER % (number // 2, number // 2)).replace("\n", "\r\n").encode()
        for mail in reception.accept(envelope, raw, peer).result():
            ids.append(mail.id)
            house.observer.note("accepted", mail.id, door="smtp", bytes=len(raw), **house.addresses(mail))
            if mail.duplicate_of is not None:
                house.observer.note("duplicate", mail.id, of=mail.duplicate_of)
    house.judge_worker("judge", Bell(), in_hand=lambda _job: None, ring_delivery=lambda: None).run()
    for name in house.destination_settings:
        place: Any = Place(name, says=fails)
        bell = Bell()
        lane = house.lane_worker(f"deliver:{name}", place, bell)
        bell.busy = lambda lane=lane: not lane._empty_handed  # type: ignore[misc]
        lane.run()
        lane.executor.shutdown()
    first = house.store.read(ids[:1])[0]
    house.reviewing().give(first, RouteName("general"), "ada", note=f"{MARK} said so")
    house.store.reopen(
        BounceOf(mail_id=first.id, destination=next(iter(house.destination_settings)), generation=1), MARK
    )
    tell_failure(house.observer, ValueError(f"a bug over {MARK}"))
    house.eraser.hold(ADDRESS, f"{MARK} sues", "root")
    house.eraser.release(ADDRESS, "root")
    house.eraser.erase(ids[1], "root")
    return ids


@pytest.mark.parametrize("house", [False], indirect=True)
def test_no_log_line_and_no_metric_names_anybody(
    house: House, registry: CollectorRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    run(house)
    said = capsys.readouterr().err
    assert {"judged", "parked", "deferred", "duplicate", "worker-failed"} <= {
        line.partition('"event": "')[2].partition('"')[0] for line in said.splitlines()
    }
    assert MARK not in said
    counted = generate_latest(registry).decode()
    assert "postroom_decisions" in counted
    assert MARK not in counted


@pytest.mark.parametrize("house", [False], indirect=True)
def test_no_line_of_the_audit_log_names_anybody(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    run(house)
    deeds = house.people.journal.deeds(limit=1000)
    assert {"held", "released", "erased"} <= {deed.what for deed in deeds}
    assert MARK not in repr([replace(deed, chain="") for deed in deeds])
    capsys.readouterr()


@pytest.mark.parametrize("house", [True], indirect=True)
def test_addresses_are_logged_where_the_settings_ask_for_it_and_nothing_else(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """That the test above can fail."""
    run(house)
    said = capsys.readouterr().err
    assert ADDRESS in said
    assert "suspended" not in said
