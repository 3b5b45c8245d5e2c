"""The other side of a webhook, on loopback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver(ThreadingHTTPServer):
    """The other side: says what it is told to, and keeps the key of each call."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hears)
        self.status = 200
        self.heard: list[str] = []


class Hears(BaseHTTPRequestHandler):
    """One call."""

    server: Receiver

    def do_POST(self) -> None:
        """Read it, note its key."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(self.headers["Idempotency-Key"])
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[Receiver]:
    """One that takes calls."""
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.shutdown()
        thread.join()
        receiver.server_close()
