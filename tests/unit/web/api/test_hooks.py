"""Webhooks as an admin sees them, on the page and by the API; and from the settings to the other side."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from postroom.bootstrap import checks, hooks
from postroom.bootstrap.house import House
from postroom.config import load
from postroom.model.hooks import Hook
from postroom.model.marks import SIGNATURE_HEADER, is_webhook_signed
from tests.api_house import problem, programme, told
from tests.pages_house import APPEAL, REFUND, SETTINGS, Installation, installation

SECRET = b"a shared secret of some length"


class Receiver(ThreadingHTTPServer):
    """The other side."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hears)
        self.status = 200
        self.heard: list[tuple[dict[str, str], bytes]] = []


class _Hears(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def settings(receiver: Receiver) -> str:
    return f"""{SETTINGS}
[hook.cases]
url = "http://127.0.0.1:{receiver.server_address[1]}/events"
secret_file = "cases"
routes = ["appeals"]
allow = ["127.0.0.1"]
"""


@pytest.fixture
def here(tmp_path: Path, receiver: Receiver) -> Iterator[Installation]:
    (tmp_path / "cases").write_bytes(SECRET)
    with installation(tmp_path, settings(receiver)) as made:
        made.house.hooks.set_up([one.name for one in hooks.known(made.house)])
        yield made


def work(here: Installation) -> Hook:
    """All that the threads of the pages' process would do now."""
    (hook,) = hooks.known(here.house)
    failures: list[Exception] = []
    spreading = hooks.spreading(here.house, failures.append)
    calling = hooks.calling(here.house, hook)
    while spreading.turn() or calling.turn():
        pass
    assert not failures
    return hook


def test_what_happens_reaches_the_other_side_signed(here: Installation, receiver: Receiver) -> None:
    appeal, _ = here.receive(APPEAL, REFUND)
    work(here)
    ((headers, body),) = receiver.heard
    said = json.loads(body)
    assert (said["event"], said["mail"]["id"], said["mail"]["route"]) == ("routed", appeal, "appeals")
    sent_at = int(headers[SIGNATURE_HEADER].partition(",")[0].removeprefix("t="))
    assert is_webhook_signed(SECRET, headers[SIGNATURE_HEADER], body, now=sent_at)
    assert headers["Idempotency-Key"] == f"routed.{appeal}.1.cases"


def test_the_api_tells_how_it_went_and_calls_again(here: Installation, receiver: Receiver) -> None:
    receiver.status = 500
    here.receive(APPEAL)
    work(here)
    root = programme(here, "root", "admin")
    (hook,) = told(root.get("/hooks"))["hooks"]
    assert (hook["name"], hook["routes"], hook["calls"]) == ("cases", ["appeals"], {"waiting": 1})
    (call,) = told(root.get("/hooks/calls?hook=cases&state=waiting"))["calls"]
    assert (call["tries"], len(call["attempts"])) == (1, 1)
    assert "HTTP 500" in call["attempts"][0]["said"]
    receiver.status = 200
    assert told(root.post("/hooks/calls/replay", {"numbers": [call["number"], 999]})) == {"changed": 1}
    work(here)
    (call,) = told(root.get("/hooks/calls?state=done"))["calls"]
    assert len(call["attempts"]) == 2
    assert told(root.post("/hooks/calls/replay", {"numbers": [999]})) == {"changed": 0}
    assert told(root.get("/audit?what=calls-replayed"))["deeds"][0]["detail"] == "1 calls"
    assert problem(programme(here, "root", "lead").get("/hooks"))["status"] == 403


def test_of_cases_is_told_that_they_began_and_how_they_ended(tmp_path: Path, receiver: Receiver) -> None:
    (tmp_path / "cases").write_bytes(SECRET)
    wanted = settings(receiver).replace("[route.appeals]", "[route.appeals]\ncases = true")
    with installation(
        tmp_path, wanted.replace("[hook.cases]", '[hook.cases]\nevents = ["case-opened", "case-decided"]')
    ) as here:
        here.house.hooks.set_up([one.name for one in hooks.known(here.house)])
        here.room.casework.filing.watch()
        (mail,) = here.receive(APPEAL)
        here.room.casework.catch_up()
        root = programme(here, "root", "admin")
        assert root.post("/cases/1/note", {"text": "a secret of the team"}).status == 200
        assert root.post("/cases/1/decide", {"outcome": "granted", "reason": "words for the team"}).status == 200
        work(here)
        said = [json.loads(body) for _, body in receiver.heard]
        assert [one["event"] for one in said] == ["case-opened", "case-decided"]
        assert said[1]["case"]["outcome"] == "granted"
        assert said[1]["case"]["mails"] == [mail]
        assert b"the team" not in receiver.heard[1][1]
        calls = told(root.get("/hooks/calls"))["calls"]
        assert [(one["mail"], one["case"]) for one in calls] == [("", 1), ("", 1)]
        assert "Case 1" in here.user("ada", "admin").get("/hooks").words


def test_the_log_comes_in_pages(here: Installation) -> None:
    here.receive(APPEAL, APPEAL.replace(b"Ada", b"Eve").replace(b"<", b"<x", 2))
    work(here)
    root = programme(here, "root", "admin")
    first = told(root.get("/hooks/calls?limit=1"))
    second = told(root.get(f"/hooks/calls?limit=1&after={first['after']}"))
    assert first["calls"][0]["number"] > second["calls"][0]["number"]
    assert told(root.get(f"/hooks/calls?after={second['calls'][0]['number']}")) == {"calls": [], "after": 0}


def test_an_admin_sees_them_on_a_page_and_calls_again(here: Installation, receiver: Receiver) -> None:
    receiver.status = 404
    here.receive(APPEAL)
    work(here)
    ada = here.user("ada", "admin")
    page = ada.get("/hooks")
    assert "cases" in page.words
    assert "HTTP 404" in page.words
    assert ada.get("/hooks?state=done&hook=cases&before=x").status == 200
    token = ada.csrf("/hooks")
    (call,) = here.house.hooks.calls()
    assert "tick" in ada.post("/hooks", csrf=token).words.lower()
    receiver.status = 200
    assert ada.post("/hooks", csrf=token, call=str(call.id), hook="cases").status == 200
    assert ada.at == "/hooks?hook=cases"
    work(here)
    assert here.house.hooks.calls()[0].state == "done"
    assert here.user("lea", "lead").get("/hooks").status == 403


def test_where_there_are_none_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        assert "[hook.helpdesk]" in here.user("ada", "admin").get("/hooks").words


def test_threads_work_until_they_are_told_to_stop(here: Installation, receiver: Receiver) -> None:
    stopping, failures = threading.Event(), []
    here.receive(APPEAL)
    hooks.start(here.house, stopping.is_set, failures.append)
    named = [one for one in threading.enumerate() if one.name.startswith("hook")]
    assert {one.name for one in named} == {"hooks", "hook-cases"}
    for _ in range(1000):
        if receiver.heard:
            break
        stopping.wait(0.01)
    stopping.set()
    for one in named:
        one.join(5)
    assert len(receiver.heard) == 1
    assert failures == []


def test_without_hooks_there_are_no_threads(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        hooks.start(here.house, lambda: False, lambda _: None)
        assert not [one for one in threading.enumerate() if one.name.startswith("hook")]


def test_a_hook_that_can_not_be_is_a_mistake(tmp_path: Path, receiver: Receiver) -> None:
    found, wrong = load(settings(receiver))
    assert found is not None, wrong
    pages = replace_pages(found, customer_info_secret_file="helpdesk")
    house = House(pages, tmp_path)
    paths = {one.path for one in checks.mistakes(house)}
    assert {"hook.cases", "pages.customer_info_secret_file"} <= paths
    (tmp_path / "cases").write_bytes(b"short")
    (tmp_path / "helpdesk").write_bytes(b"short")
    messages = {one.path: one.message for one in checks.mistakes(house)}
    assert "16 bytes" in messages["hook.cases"]
    assert "16 bytes" in messages["pages.customer_info_secret_file"]


def replace_pages(found: object, **pages: object) -> object:
    import msgspec

    return msgspec.structs.replace(found, pages=msgspec.structs.replace(found.pages, **pages))  # type: ignore[attr-defined]
