"""How long it takes to try rules on the past: ``python -m bench.backtest FOLDER --mails 20000``. Prints JSON.

The store in the folder is made at the first run: mails of `bench.mails`, accepted and judged by the shipped rules, phrases and
model. What is tried has one rule more. The processor time of this process counts, from opening the store to the report.
"""

import argparse
import json
import resource
import sys
import time
from itertools import islice
from pathlib import Path

from bench.mails import mail_set
from postroom.bootstrap import House
from postroom.bootstrap.backtesting import in_folders, try_rules
from postroom.config import load
from postroom.model.backtest import Asked
from postroom.model.mail import Envelope, Peer

SETTINGS = """
[log]
level = "error"
[brand.shop]
addresses = ["support@example.com"]
""" + "".join(
    f'[route.{name}]\ndestinations = ["{name}"]\n[destination.{name}]\nkind = "inbox"\n'
    for name in ("appeals", "refunds", "copyright", "general")
)
RULE = """
[[rule]]
name = "orders"
when = 'new_text.contains("order") || subject.contains("order")'
route = "refunds"
stop = true
"""
_AT_ONCE = 512
_CLAIMED = 64


def open_house(folder: Path) -> House:
    """The installation in a folder. Raises SystemExit with its mistakes."""
    settings, mistakes = load(SETTINGS)
    if settings is None:
        raise SystemExit("\n".join(map(str, mistakes)))
    return House(settings, folder, process="bench")


def fill(house: House, mails: int) -> None:
    """So many mails, accepted and judged."""
    reception, judging = house.reception(), house.judging()
    peer = Peer(door="smtp", ip="127.0.0.1", helo="client.example.test", trusted=True)
    stock = iter(mail_set(mails))
    while some := list(islice(stock, _AT_ONCE)):
        kept = [
            reception.accept(Envelope(mail_from=one.sender, rcpt_to=("support@example.com",)), one.raw, peer)
            for one in some
        ]
        for future in kept:
            future.result()
        while jobs := house.store.claim("judge", _CLAIMED, "bench"):
            judging.judge(jobs)


def measure(house: House, folder: Path) -> dict[str, float]:
    """One back-test of all of it."""
    rules = folder / "tried"
    rules.mkdir(exist_ok=True)
    (rules / "orders.toml").write_text(RULE, encoding="utf-8")
    begin, clock = time.process_time(), time.perf_counter()
    found = try_rules(house, in_folders(house, rules, None), Asked(days=90, at=time.time()), lambda _done, _total: True)
    seconds, waited = time.process_time() - begin, time.perf_counter() - clock
    assert found is not None
    report = found[0]
    return {
        "mails": report.mails,
        "moved": report.moved,
        "cpu_seconds": seconds,
        "seconds": waited,
        "per_s_core": report.mails / seconds,
    }


def main(words: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.backtest", description="Measure a back-test.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mails", type=int, default=20_000)
    told = parser.parse_args(words)
    told.folder.mkdir(parents=True, exist_ok=True)
    house = open_house(told.folder)
    missing = told.mails - int(house.store.census()["arrivals"])
    if missing > 0:
        fill(house, missing)
    facts = measure(house, told.folder)
    house.close()
    print(json.dumps(facts | {"rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
