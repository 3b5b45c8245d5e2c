"""A few rounds of the fault programme, and the programme itself: it must see a loss where there is one."""

from pathlib import Path

import pytest
from bench.faults import plants, scenarios
from bench.faults.ledger import Ledger, MoodySink
from bench.faults.scenarios import Account, stage
from bench.mails import mail_set

SEED = 20261


def quiet(_text: str) -> None:
    """Say nothing."""


def explain(account: Account) -> str:
    return f"{account}"


@pytest.mark.slow
def test_promise_1_a_crash_at_any_moment_loses_nothing() -> None:
    """Server and workers are killed under load; all that got 250 arrives, and repeats are explained."""
    account = scenarios.kills(3, SEED, quiet, mails_a_round=20)
    assert account.accepted == account.delivered == 60, explain(account)
    assert account.well, explain(account)


@pytest.mark.slow
def test_promise_3_a_destination_in_any_mood_loses_nothing() -> None:
    """It refuses, and what was accepted arrives once it is well."""
    account = scenarios.moody("refuse", 1, SEED, quiet)
    assert account.accepted == account.delivered == 25, explain(account)
    assert account.well, explain(account)
    assert account.notes["trouble_given"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("plant", [plants.EARLY_250, plants.EARLY_SETTLE], ids=["early-250", "early-settle"])
def test_planted_faults_are_caught_once_something_dies(plant: str) -> None:
    """250 before the commit, settling before the effect: harmless alone; after a kill mail is lost, and the ledger says so."""
    with stage("plant", seed=SEED, say=quiet) as on:
        on.env = plants.plant(on.trial.folder / "planted", plant)
        on.start()
        on.send(mail_set(10, seed=SEED + 1))
        assert on.wait_delivered(30)
        assert on.close_books().well, "so it is the kill that is caught, not a broken plant"
        load = on.load(mail_set(30, seed=SEED))
        assert load.join(30)
        if plant is plants.EARLY_SETTLE:
            # settled, and the delivery half a second away
            assert scenarios.wait_until(lambda: on.ledger.count() > 10, 30, every=0.001)
        scenarios._kill(on, "all")
        on.wait_delivered(5)
        assert on.close_books().lost > 0


def test_the_ledger_knows_lost_from_kept_and_once_from_twice(tmp_path: Path) -> None:
    """Counted by nonce, at the client and at the sink."""
    ledger = Ledger(tmp_path / "ledger")
    one, two = mail_set(2, seed=5)
    ledger.accept(one, b"250 2.0.0 Accepted as 01abc")
    ledger.accept(two, b"250 2.0.0 Accepted as 01abd")
    ledger.deliver(b"X-Postroom-Id: 01abc\r\n" + one.raw, asked=0.0)
    assert ledger.missing() == {two.nonce}
    assert ledger.arrival_of(two.nonce) == "01abd"
    assert ledger.repeats() == []
    ledger.deliver(b"X-Postroom-Id: 01abc\r\n" + one.raw, asked=0.0)
    ((nonce, first, second),) = ledger.repeats()
    assert (nonce, first.arrival, second.arrival) == (one.nonce, "01abc", "01abc")
    ledger.close()
    assert [line.split()[1] for line in (tmp_path / "ledger").read_text().splitlines()] == [
        "accepted",
        "accepted",
        "delivered",
        "delivered",
    ]


def test_the_sink_takes_refuses_rejects_and_hangs_up(tmp_path: Path) -> None:
    """Each mood as an SMTP client sees it; what was not taken is not in the ledger."""
    from bench.client import NoAnswer, Session

    ledger = Ledger(tmp_path / "ledger")
    mails = mail_set(5, seed=6)
    with MoodySink(ledger) as sink:
        session = Session(sink.port)
        assert session.send(mails[0], "desk@example.test").startswith(b"250")
        sink.mood = "refuse"
        assert session.send(mails[1], "desk@example.test").startswith(b"451")
        sink.mood, sink.poisoned = "take", {mails[2].nonce}
        assert session.send(mails[2], "desk@example.test").startswith(b"554")
        sink.mood = "hang-up"
        with pytest.raises((NoAnswer, OSError)):
            session.send(mails[3], "desk@example.test")
        session.abort()
        sink.down()
        with pytest.raises(OSError):
            Session(sink.port)
        sink.up()
        session = Session(sink.port)
        assert session.send(mails[4], "desk@example.test").startswith(b"250")
        session.close()
    ledger.close()
    assert ledger.delivered.keys() == {mails[0].nonce, mails[4].nonce}
