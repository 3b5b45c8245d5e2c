"""``python -m bench.faults``: breaks postroom under load and writes bench/faults.json.

A round of the main part is one `kill -9` at a random moment, with 25 mails; the other kinds take a fifth of the rounds
each, at least one. Afterwards faults are planted, and each must be caught. The seed is printed: the same seed gives the same mails and
the same choices (not the same timing).
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.faults import plants, scenarios
from bench.faults.scenarios import Account
from bench.faults.trace import watch
from tools.peers import Missing
from tools.running import NotStarted

OUT = Path(__file__).resolve().parent.parent / "faults.json"
Scenario = Callable[[int, int, Callable[[str], None]], Account]

KINDS: dict[str, Scenario] = {
    "kill": scenarios.kills,
    "disk-full": scenarios.disk_full,
    "database-locked": scenarios.locked,
    "destination-down": scenarios.down,
    "destination-slow": lambda n, seed, say: scenarios.moody("slow", n, seed, say),
    "destination-refuse": lambda n, seed, say: scenarios.moody("refuse", n, seed, say),
    "destination-hang-up": lambda n, seed, say: scenarios.moody("hang-up", n, seed, say),
    "destination-reject": scenarios.reject,
    "poison": scenarios.poison,
    "clock-jumps": scenarios.clock,
}
PLANTED = {
    "250 before the commit": plants.EARLY_250,
    "settled before the effect": plants.EARLY_SETTLE,
}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _row(account: Account) -> dict[str, Any]:
    return asdict(account) | {"well": account.well}


def _tell(account: Account) -> None:
    state = "well" if account.well else "NOT WELL"
    _say(
        f"  {account.kind}: {state}: {account.rounds} rounds, {account.accepted} accepted, {account.delivered} delivered, {account.lost} lost, "
        f"{account.duplicates} duplicates {account.explained or ''} in {account.seconds:.0f} s {account.notes}"
    )
    for wrong in account.wrong:
        _say(f"    wrong: {wrong}")


def run(kinds: list[str], rounds: int, seed: int) -> dict[str, Any]:
    """Run kinds of trouble; what came of each, by kind."""
    found: dict[str, Any] = {}
    for name in kinds:
        count = rounds if name == "kill" else max(1, min(rounds // 5, 20))
        _say(f"{name}: {count} rounds, seed {seed}")
        try:
            account = KINDS[name](count, seed, _say)
        except (Missing, NotStarted) as error:
            _say(f"  could not run: {error}")
            found[name] = {"kind": name, "could_not_run": str(error), "well": False}
            continue
        _tell(account)
        found[name] = _row(account)
    return found


def planted(rounds: int, seed: int) -> dict[str, Any]:
    """Plant the faults; whether each was caught."""
    found: dict[str, Any] = {}
    for name, text in PLANTED.items():
        _say(f"planted: {name}")
        account = scenarios.kills(rounds, seed, lambda _: None, plant=text)
        _say(f"  {'caught' if account.lost else 'NOT CAUGHT'}: {account.lost} of {account.accepted} mails lost")
        found[name] = {"caught": account.lost > 0, "by": "the ledger", **_row(account)}
    _say("planted: synchronous = OFF")
    try:
        seen = watch(plant=plants.NO_SYNC)
        _say(
            f"  {'caught' if seen.broken else 'NOT CAUGHT'}: {len(seen.broken)} of {seen.answers} answers 250 without a sync before them"
        )
        found["synchronous = OFF"] = {
            "caught": bool(seen.broken),
            "by": "the trace of system calls",
            "answers": seen.answers,
            "unsynced": len(seen.broken),
        }
    except (Missing, NotStarted) as error:
        _say(f"  could not run: {error}")
        found["synchronous = OFF"] = {"caught": False, "could_not_run": str(error)}
    return found


def traced() -> dict[str, Any]:
    """Whether each 250 of an honest postroom comes after a sync has returned."""
    _say("trace of system calls: fdatasync before each 250")
    try:
        seen = watch()
    except (Missing, NotStarted) as error:
        _say(f"  could not run: {error}")
        return {"could_not_run": str(error), "well": False}
    _say(f"  {seen.answers} answers, {len(seen.broken)} without a sync before them")
    return {"answers": seen.answers, "unsynced": seen.broken[:5], "well": seen.answers > 0 and not seen.broken}


def main(words: list[str] | None = None) -> int:
    """Run the programme; 1 when mail was lost, something was wrong, or a planted fault was not caught."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.faults", description="Break postroom under load and count with a ledger outside it."
    )
    parser.add_argument("--rounds", type=int, default=200, help="kills, with 25 mails each (default 200)")
    parser.add_argument("--seed", type=int, default=None, help="default: from the clock, printed")
    parser.add_argument("--only", nargs="*", choices=[*KINDS, "planted", "trace"], default=None, help="these alone")
    parser.add_argument("--out", type=Path, default=OUT)
    told = parser.parse_args(words)
    seed = told.seed if told.seed is not None else int(time.time()) % 10**6
    wanted = told.only or [*KINDS, "trace", "planted"]
    begin = time.monotonic()
    kinds = run([name for name in wanted if name in KINDS], told.rounds, seed)
    results: dict[str, Any] = {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "cores": os.cpu_count(),
        **{
            key: sum(kind.get(key, 0) for kind in kinds.values())
            for key in ("rounds", "accepted", "delivered", "lost", "duplicates")
        },
        "kinds": kinds,
    }
    if "trace" in wanted:
        results["trace"] = traced()
    if "planted" in wanted:
        results["planted"] = planted(max(4, min(told.rounds // 10, 12)), seed)
    results["seconds"] = round(time.monotonic() - begin, 1)
    well = all(kind["well"] for kind in kinds.values()) and results.get("trace", {"well": True})["well"]
    results["well"] = well and all(fault["caught"] for fault in results.get("planted", {}).values())
    told.out.write_text(json.dumps(results, indent=1) + "\n")
    _say(f"{'all is well' if results['well'] else 'NOT WELL'}: {told.out}")
    return 0 if results["well"] else 1


if __name__ == "__main__":
    sys.exit(main())
