"""The bench of the pages runs, and says when a promise is not kept."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from bench.__main__ import main
from bench.desk import asking, painting
from bench.desk.crowd import Measured, at, summed
from bench.desk.running import wrongs
from starlette.routing import compile_path

from postroom.web.site import PAGES


def answered(kind: str, wall: float, status: int = 200) -> Measured:
    return Measured(kind=kind, moment=0.0, took=wall + 1, wall=wall, cpu=wall / 2, size=1000, status=status)


def results(*rows: dict[str, Any], paint: float = 100.0) -> dict[str, Any]:
    return {"at_work": {"kinds": rows, "groups": []}, "paints": [{"page": "x", "cold_ms": paint}], "lost_answers": 0}


@pytest.mark.slow
def test_a_small_run_has_all_figures_and_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "desk.json"
    main(["desk", "--small", "--out", str(out)])
    found = json.loads(out.read_text())
    assert {row["kind"] for row in found["alone"]["kinds"]} >= {
        kind for kinds, *_ in (*asking.ASKED, *asking.CALLED) for kind in kinds
    }
    assert {"review: take", "review: confirm", "case: note", "rules: tried on a mail"} <= {
        row["kind"] for row in found["alone"]["kinds"]
    }
    assert found["lost_answers"] == found["failures_logged"] == 0
    assert not [row for part in ("alone", "at_work", "rush") for row in found[part]["kinds"] if row["failed"]]
    assert found["mail_at_work"]["steady"]["mails"] == 40
    assert "all lists" in capsys.readouterr().out


def test_every_page_is_asked_for_and_painted_or_it_is_said_why_not() -> None:
    around = asking.Around(dice=random.Random(1), mails=1, cases=4, seen=["0" * 26], differing=["0" * 26])
    pages = [page for page in PAGES if page.method == "GET"]
    ways = [(page.path, compile_path(page.path)[0]) for page in pages]

    def page_of(address: str) -> str:
        return next((path for path, way in ways if way.match(address.partition("?")[0])), "outside")

    asked = {page_of(way(around)) for kinds, *_ in asking.ASKED for way in kinds.values()}
    assert asked.isdisjoint(asking.NOT_ASKED)
    assert asked | set(asking.NOT_ASKED) == {page.path for page in pages}
    painted = {page_of(way.format(mail="0" * 26, case=1, differing="0" * 26)) for way in painting.PAGES.values()}
    painted.remove("outside")
    assert painted.isdisjoint(painting.NOT_PAINTED)
    assert painted | set(painting.NOT_PAINTED) == {page.path for page in pages}


def test_figures_of_kinds_and_groups_slowest_first() -> None:
    measured = [answered("list: all", float(ms)) for ms in range(1, 101)] + [answered("me", 500.0, 500)]
    me, lists = summed(measured)
    assert (me["kind"], me["failed"], me["server_max"]) == ("me", 1, 500.0)
    assert (lists["n"], lists["server_median"], lists["server_p99"]) == (100, 51.0, 100.0)
    assert [row["kind"] for row in summed(measured, asking.group)] == ["me", "all lists"]
    assert at([], 0.5) == 0.0


def test_what_is_not_kept_is_said() -> None:
    good = summed([answered("list: all", 90.0)])[0]
    assert not list(wrongs(results(good)))
    slow = summed([answered("list: all", 101.0)])[0]
    heavy = good | {"bytes_max": 150_001}
    failed = summed([answered("me", 1.0, 503)])[0]
    late = summed([answered("search: a phrase", 1.0)] * 98 + [answered("search: a phrase", 251.0)] * 2)[0]
    assert len(list(wrongs(results(slow, heavy, failed, late, paint=1001.0)))) == 5
