"""Mail that comes in while people work: at a steady rate, or as fast as it is taken. A process of its own: its cost is nobody else's.

Prints JSON: what was sent and accepted, and how long each 250 took, in milliseconds.
"""

import argparse
import json
import sys
import threading
import time
from itertools import count
from random import Random

from bench.client import NoAnswer, Session
from bench.desk.team import BRANDS, address
from bench.mails import mail_set

_THREADS = 8


def main(words: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk.posting", description="Send mail at a steady rate.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0.0, help="mails a second; 0: as fast as they are taken")
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(words)
    dice = Random(told.seed)
    mails = [
        (mail, dice.choices(list(BRANDS), list(BRANDS.values()))[0]) for mail in mail_set(told.count, seed=told.seed)
    ]
    numbers, took, wrong = count(), [], []
    print("ready", flush=True)
    sys.stdin.readline()
    begin = time.monotonic()

    def send() -> None:
        session = Session(told.port)
        while (number := next(numbers)) < told.count:
            if told.rate:
                time.sleep(max(begin + number / told.rate - time.monotonic(), 0))
            mail, brand = mails[number]
            since = time.perf_counter()
            try:
                answer = session.send(mail, address(brand))
            except (NoAnswer, OSError) as error:
                wrong.append(repr(error))
                session = Session(told.port)
                continue
            took.append(round((time.perf_counter() - since) * 1000, 2))
            if not answer.startswith(b"250"):
                wrong.append(answer.decode(errors="replace"))
        session.close()

    threads = [threading.Thread(target=send) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"seconds": time.monotonic() - begin, "took": sorted(took), "wrong": wrong[:5]}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
