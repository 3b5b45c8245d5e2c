"""``python -m bench``: measures postroom beside Postfix and writes bench/results.json.

Each measure runs five times and its median counts; the runs stand beside it. Measures can be named to run alone; figures
of others that are in the file already stay, with the time they were taken. ``python -m bench desk`` is a measure of its own,
of the pages: see `bench.desk`.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import measures, rules
from bench.desk import __main__ as desk
from bench.mails import describe, mail_set
from bench.measures import Size, Wrong, middle
from tools.peers import Missing
from tools.running import NotStarted

Results = dict[str, Any]
OUT = Path(__file__).resolve().parent / "results.json"


def _one(figure: str, runs: list[dict[str, Any]], key: str) -> Results:
    return {figure: {"value": middle(runs, key), "runs": runs}}


def _relays(size: Size) -> Results:
    """postroom and Postfix by turns, so that both see the same machine."""
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    single = replace(size, runs=1)
    for run in range(size.runs):
        size.say(f" run {run + 1} of {size.runs}")
        ours += measures.end_to_end(single)
        theirs += measures.postfix_relay(single)
    found = _one("end_to_end_cpu_ms", ours, "cpu_ms") | _one("postfix_relay_cpu_ms", theirs, "cpu_ms")
    pairs = [{"ratio": a["cpu_ms"] / b["cpu_ms"]} for a, b in zip(ours, theirs, strict=True)]
    return found | {
        "ratio_to_postfix": {
            "value": measures.ratio(found["end_to_end_cpu_ms"], found["postfix_relay_cpu_ms"]),
            "runs": pairs,
        }
    }


def _kept(size: Size) -> Results:
    return _relays(replace(size, per_connection=50)) | {}


def _stored(size: Size) -> Results:
    few, many = (measures.with_stored(size, stored) for stored in (size.few, size.many))
    value = middle(many, "cpu_ms") / middle(few, "cpu_ms")
    return {
        "cost_ratio_200k_vs_2k": {
            "value": round(value, 4),
            "stored": [size.few, size.many],
            "runs": {"few": few, "many": many},
        }
    }


def _rules(size: Size) -> Results:
    few, many = measures.judge_alone(size, 50), measures.judge_alone(size, 1000)
    value = middle(few, "per_s_core") / middle(many, "per_s_core")
    return _one("judge_per_s_core", few, "per_s_core") | {
        "rules_ratio_1000_vs_50": {"value": round(value, 4), "runs": {"50": few, "1000": many}}
    }


def _memory(size: Size) -> Results:
    runs = measures.memory(size)
    return {"worker_rss_mb": {"value": max(run["largest_mb"] for run in runs), "runs": runs}}


MEASURES: dict[str, tuple[str, Callable[[Size], Results]]] = {
    "fsync": ("the disk's fdatasync rate", lambda size: _one("fsync_per_s", measures.fsyncs(size), "per_s")),
    "help": ("the time of postroom --help", lambda size: _one("help_seconds", measures.help_time(size), "seconds")),
    "relay": ("a mail's way, beside Postfix, one mail a connection", _relays),
    "kept": (
        "the same with 50 mails a connection",
        lambda size: {f"{k}_50_a_connection": v for k, v in _kept(size).items()},
    ),
    "durable": (
        "durable accept from 50 submitters",
        lambda size: (
            _one("durable_accept_per_s", measures.durable_accept(size, "threads"), "per_s")
            | _one("durable_accept_by_loop_per_s", measures.durable_accept(size, "loop"), "per_s")
            | _one("reception_per_s", measures.durable_accept(size, "reception"), "per_s")
        ),
    ),
    "smtp": (
        "accepting through SMTP",
        lambda size: _one("smtp_accept_per_s_core", measures.smtp_accept(size), "per_s_core"),
    ),
    "judge": ("judging alone, with 50 and 1,000 rules", _rules),
    "stored": ("the cost with few and many mails stored", _stored),
    "memory": ("memory over many mails", _memory),
}


def _circumstances(size: Size) -> Results:
    have_rules, have_phrases = rules.shipped()
    return {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "runs": size.runs,
        "mail_set": describe(mail_set(size.mails, seed=100)),
        "connections": size.connections,
        "rules": max(50, have_rules),
        "phrases": max(2000, have_phrases),
    }


def main(words: list[str] | None = None) -> int:
    """Run measures, write results; 1 when one could not be taken."""
    words = sys.argv[1:] if words is None else words
    if words[:1] == ["desk"]:
        return desk.main(words[1:])
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure postroom beside Postfix; writes bench/results.json."
    )
    parser.add_argument(
        "only", nargs="*", metavar="MEASURE", help="; ".join(f"{name}: {what}" for name, (what, _) in MEASURES.items())
    )
    parser.add_argument("--runs", type=int, default=5, help="runs a measure; the median counts (default 5)")
    parser.add_argument("--mails", type=int, default=1000, help="distinct mails a run (default 1000)")
    parser.add_argument("--quick", action="store_true", help="one small run of each, to see that all of it works")
    parser.add_argument("--out", type=Path, default=OUT)
    told = parser.parse_args(words)
    if unknown := set(told.only) - set(MEASURES):
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    size = (
        Size(runs=1, mails=240, warm=50, few=500, many=2000, flat=500)
        if told.quick
        else Size(runs=told.runs, mails=told.mails)
    )
    results: Results = json.loads(told.out.read_text()) if told.out.exists() else {}
    failed = 0
    for name in told.only or MEASURES:
        size.say(f"{name}: {MEASURES[name][0]}")
        around = _circumstances(size)
        try:
            found = MEASURES[name][1](size)
        except (Missing, NotStarted, Wrong) as error:
            size.say(f"  could not be taken: {error}")
            found, failed = {f"{name}_missing": {"value": None, "why": str(error)}}, 1
        results |= {key: fact | {"around": around} for key, fact in found.items()}
        for key, fact in found.items():
            size.say(f"  {key} = {fact['value']}")
        told.out.write_text(json.dumps(results, indent=1) + "\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
