"""``python -m bench desk``, or ``python -m bench.desk``: measures, prints a table and writes bench/desk.json."""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
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
    sessions=6, probes=1, alone=1.0, work=8.0, rate=5.0, flood=10, rush=1.0, paints=0,
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
    for line in _told(results):
        print(line)
    found = list(wrongs(results))
    for one in found:
        print(f"NOT KEPT: {one}")
    return 1 if found else 0


def _told(results: dict[str, Any]) -> list[str]:
    """The figures as lines."""
    lines = []
    parts = {name: results[name]["kinds"] for name in ("at_work", "flooded", "painting", "rush") if name in results}
    for part, rows in {"one after another": results["alone"], **parts}.items():
        lines.append(
            f"{part}: server median, p99, max | cpu median, p99 | client median, p99 (ms) | bytes median, max | n failed refused"
        )
        lines += [
            f"{r['server_median']:8.1f}{r['server_p99']:8.1f}{r['server_max']:8.1f} |{r['cpu_median']:7.1f}{r['cpu_p99']:7.1f} |{r['client_median']:8.1f}"
            f"{r['client_p99']:8.1f} |{r['bytes_median']:9.0f}{r['bytes_max']:9.0f} |{r['n']:5d}{r['failed']:3d}{r['refused']:4d}  {r['kind']}"
            for r in rows
        ]
    lines += [
        f"{r['cold_ms']:8.0f}{r['cold_most_ms']:8.0f}{r['warm_ms']:8.0f} ms{r['cold_bytes']:9d}{r['warm_bytes']:9d} bytes  first paint of {r['page']}"
        for r in results.get("paints", ())
    ]
    for part in ("mail_alone", "mail_at_work"):
        lines += [f"{part} {name}: {json.dumps(fact)}" for name, fact in results[part].items()]
    for part in parts:
        lines.append(
            f"{part}: {results[part]['requests_per_s']} requests/s, {results[part]['pages_cores']} cores for pages"
        )
    return [*lines, f"load before {results['load_before'][0]:.2f}, at work {results['at_work']['load']:.2f}"]


if __name__ == "__main__":
    sys.exit(main())
