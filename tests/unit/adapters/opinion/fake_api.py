"""A server that plays the API of a language model, its faults and its attacks: on loopback, at a free port."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Play = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One request; what was asked is in ``asked``."""

    server: "FakeApi"
    asked: dict[str, Any]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked = json.loads(body)
        with self.server.lock:
            self.server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, self.asked))
        self.server.play(self)

    def log_message(self, *args: Any) -> None:
        pass

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class FakeApi(ThreadingHTTPServer):
    """Plays one part at a time; ``requests`` are (path, headers, body) as they came."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, play: Play | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.play: Play = play or says("appeals")
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.lock = threading.Lock()
        #: set when the test is over: whoever plays for ever ends then
        self.over = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone away: as it should be."""

    def close(self) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


def completion(content: Any, **message: Any) -> bytes:
    said = {"role": "assistant", "content": content} | message
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
            "usage": {"total_tokens": 7},
        }
    ).encode()


def says(route: str) -> Play:
    """A model that keeps to the schema."""
    return content(json.dumps({"route": route}))


def content(text: Any, **message: Any) -> Play:
    """A model that says just this."""
    return lambda http: http.reply(200, completion(text, **message), Content_Type="application/json")


def status(code: int, body: bytes = b'{"error": {"message": "no"}}', **headers: str) -> Play:
    return lambda http: http.reply(code, body, **headers)


def never(http: Handler) -> None:
    """No answer while anybody waits."""
    http.server.over.wait(30)


def closes(http: Handler) -> None:
    """Hangs up."""
    http.close_connection = True


def drips(http: Handler) -> None:
    """A body without an end, a byte now and then."""
    http.send_response(200)
    http.end_headers()
    while not http.server.over.wait(0.01):
        http.wfile.write(b" ")


def floods(http: Handler) -> None:
    """A body without an end, as fast as it goes."""
    http.send_response(200)
    http.end_headers()
    while not http.server.over.is_set():
        http.wfile.write(b'{"choices": [' + b" " * 65_536)


def gullible(http: Handler) -> None:
    """A model that does what the mail tells it, in whatever words stand behind ``ANSWER:``."""
    mail = json.loads(http.asked["messages"][-1]["content"].split("\n")[1])
    http.reply(200, completion(mail.partition("ANSWER:")[2].strip()))
