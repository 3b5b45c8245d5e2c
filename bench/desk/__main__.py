"""``python -m bench desk``, or ``python -m bench.desk``: measures, prints a table and writes bench/desk.json."""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.desk.making import Extent
from bench.desk.running import Length, run, wrongs
from bench.measures import Wrong
from tools.peers import Missing
from tools.running import NotStarted

OUT = Path(__file__).resolve().parents[1] / "desk.json"
SMALL = Length(
    extent=Extent(mails=600, cases=40, letters=5, verdicts=5, samples=120),
    sessions=6, probes=3, alone=0.5, work=4.0, rate=10.0, flood=10, rush=0.5, paints=0,
)  # fmt: skip


def main(words: Sequence[str] | None = None) -> int:
    """The command line; 1 when a promise was not kept, or something could not be measured."""
    parser = argparse.ArgumentParser(
        prog="python -m bench desk", description="Measure pages and API with a team at work in a large installation."
    )
    parser.add_argument("--small", action="store_true", help="a few mails and seconds, to see that everything works")
    parser.add_argument("--no-paints", action="store_true", help="without the browser")
    parser.add_argument("--work", type=float, help="seconds that people work (default 60)")
    parser.add_argument("--out", type=Path, default=OUT)
    told = parser.parse_args(words)
    length = SMALL if told.small else Length()
    length = replace(length, work=told.work or length.work, paints=0 if told.no_paints else length.paints)
    around = {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "mails": length.extent.mails,
        "cases": length.extent.cases,
    }
    begin = time.monotonic()
    try:
        results = {"around": around} | run(length)
    except (Missing, NotStarted, Wrong) as error:
        length.say(f"could not be taken: {error}")
        return 1
    results["seconds"] = round(time.monotonic() - begin)
    told.out.write_text(json.dumps(results, indent=1) + "\n")
    print("\n".join(_told(results)))
    found = list(wrongs(results))
    for one in found:
        print(f"NOT KEPT: {one}")
    return 1 if found else 0


def _told(results: Mapping[str, Any]) -> list[str]:
    """The figures as lines, the slowest first."""
    parts = [name for name in ("alone", "at_work", "flooded", "painting", "rush") if name in results]
    lines = [
        "each: milliseconds on the server at the median, p99 and most; of processor at the median and p99; of the client at"
        " the median and p99; bytes at the median and most; how many, failed, refused"
    ]
    for part in parts:
        found = results[part]
        facts = {name: fact for name, fact in found.items() if name not in ("kinds", "groups")}
        lines += [f"{part} {json.dumps(facts)}", *map(_row, (*found.get("groups", ()), *found["kinds"]))]
    lines += [
        f"{r['cold_ms']:8.0f}{r['cold_most_ms']:8.0f}{r['warm_ms']:8.0f} ms{r['cold_bytes']:9d}{r['warm_bytes']:9d} bytes  first paint of {r['page']}"
        for r in results.get("paints", ())
    ]
    for part in ("mail_alone", "mail_at_work", "mail_alone_again"):
        lines += [f"{part} {name}: {json.dumps(fact)}" for name, fact in results[part].items()]
    return [*lines, f"load before {results['load_before'][0]:.2f}, at work {results['at_work']['load']:.2f}"]


def _row(r: Mapping[str, Any]) -> str:
    return (
        f"{r['server_median']:8.1f}{r['server_p99']:8.1f}{r['server_max']:8.1f} |{r['cpu_median']:7.1f}{r['cpu_p99']:7.1f} |"
        f"{r['client_median']:8.1f}{r['client_p99']:8.1f} |{r['bytes_median']:9.0f}{r['bytes_max']:9.0f} |"
        f"{r['n']:5d}{r['failed']:3d}{r['refused']:4d}  {r['kind']}"
    )


if __name__ == "__main__":
    sys.exit(main())
