"""Health pages: what the engineer on call and their instruments are told. Asked as a web server asks, without one."""

import asyncio
import json
from typing import Any

import pytest

from postroom.model.errors import TryLater
from postroom.web.health import Vitals, health_app

CENSUS = {"lanes_down": 0, "jobs": {"judge": {"ready": 0}}}


def unwell() -> dict[str, Any]:
    raise TryLater("database is locked")


def ask(path: str, method: str = "GET", **vitals: Any) -> tuple[int, str, str]:
    """Status, media type and body."""
    known: dict[str, Any] = {
        "census": lambda: CENSUS,
        "workers": lambda: {"judge-1": True, "deliver-2": True},
        "warnings": dict,
        "draining": lambda: False,
        "exposition": lambda: b"postroom_arrivals 3.0\n",
    }
    app = health_app(Vitals(**(known | vitals)))
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    headers = dict(sent[0]["headers"])
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], headers.get(b"content-type", b"").decode(), body.decode()


def test_all_is_well() -> None:
    assert ask("/healthz") == (200, "application/json", '{"status":"ok"}')
    status, _, body = ask("/readyz")
    assert status == 200
    assert json.loads(body) == {
        "status": "ready", "draining": False, "workers": {"judge-1": True, "deliver-2": True},
        "lanes_down": 0, "jobs": {"judge": {"ready": 0}},
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_store_in_trouble_is_no_health(path: str) -> None:
    status, _, body = ask(path, census=unwell)
    assert status == 503
    assert json.loads(body)["store"] == "database is locked"


@pytest.mark.parametrize(
    "vitals", [{"draining": lambda: True}, {"workers": lambda: {"judge-1": True, "deliver-2": False}}]
)
def test_draining_or_without_a_worker_it_is_alive_and_not_ready(vitals: dict[str, Any]) -> None:
    assert ask("/healthz", **vitals)[0] == 200
    status, _, body = ask("/readyz", **vitals)
    assert status == 503
    assert json.loads(body)["status"] == "not ready"


def test_a_destination_that_is_down_is_told_and_takes_no_mail_away() -> None:
    status, _, body = ask("/readyz", census=lambda: CENSUS | {"lanes_down": 2})
    assert (status, json.loads(body)["lanes_down"]) == (200, 2)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_warning_is_told_and_takes_no_mail_away(path: str) -> None:
    warnings = {"judge-2": "the rules have mistakes"}
    status, _, body = ask(path, warnings=lambda: warnings)
    assert (status, json.loads(body)["warnings"]) == (200, warnings)


def test_metrics_are_text() -> None:
    assert ask("/metrics") == (200, "text/plain; version=0.0.4; charset=utf-8", "postroom_arrivals 3.0\n")


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/", "GET", 404), ("/healthz/x", "GET", 404), ("/healthz", "POST", 405)]
)
def test_there_is_nothing_else(path: str, method: str, status: int) -> None:
    assert ask(path, method)[0] == status
