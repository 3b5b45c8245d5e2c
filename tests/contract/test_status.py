"""Every provider of account status keeps the contract that ships with postroom."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from postroom.adapters.destination.guard import Guard
from postroom.adapters.status.csvfile import CsvStatus
from postroom.adapters.status.endpoint import EndpointStatus
from postroom.adapters.status.none import NoStatus
from postroom.adapters.status.words import StateWords
from postroom.model.judgement import AccountStatus
from postroom.testing.status_contract import StatusContract, StatusRig
from tests.unit.flow.house import Told

KNOWN = {
    "ann@example.com": AccountStatus(state="suspended", since=1_767_225_600.0),
    "bob@example.com": AccountStatus(state="active"),
    "zoë@exämple.com": AccountStatus(state="banned", since=1.5),
}


class TestNone(StatusContract):
    @pytest.fixture
    def rig(self) -> StatusRig:
        return StatusRig(provider=NoStatus(), knows={})


class TestCsv(StatusContract):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> StatusRig:
        file = tmp_path / "accounts.csv"
        file.write_text(
            "address,state,since\nAnn@Example.com,Suspended,2026-01-01\nbob@example.com,active,\nzoë@exämple.com,banned,1.5\n",
            encoding="utf-8",
        )
        provider = CsvStatus(file, words=StateWords(), observer=Told())
        return StatusRig(provider=provider, knows=KNOWN, break_=file.unlink)


class _Accounts(BaseHTTPRequestHandler):
    """A team's service, as the guide describes it."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["addresses"]
        known = {
            "ann@example.com": {"state": "suspended", "since": "2026-01-01"},
            "bob@example.com": {"state": "active"},
            "zoë@exämple.com": {"state": "banned", "since": 1.5},
        }
        body = json.dumps({address: known[address] for address in asked if address in known}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class TestHttp(StatusContract):
    @pytest.fixture
    def rig(self) -> Iterator[StatusRig]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Accounts)
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        provider = EndpointStatus(
            f"http://127.0.0.1:{server.server_port}/status",
            guard=Guard(allow=["127.0.0.1"]),
            token="",
            words=StateWords(),
            observer=Told(),
        )

        def stop() -> None:
            server.shutdown()
            server.server_close()

        yield StatusRig(provider=provider, knows=KNOWN, break_=stop)
        stop()
        thread.join()
