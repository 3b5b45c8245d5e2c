"""One connection that is kept, as browsers keep theirs, and how long each answer took."""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

_TIMING = re.compile(r"(wall|cpu);dur=([0-9.]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    #: bytes that came over the wire, head included
    size: int
    #: milliseconds from the first byte sent to the last received
    took: float

    @property
    def text(self) -> str:
        """The body."""
        return self.body.decode("utf-8", "replace")

    @property
    def server(self) -> dict[str, float]:
        """What the server says of itself, in milliseconds: ``wall`` and ``cpu``; see `bench.desk.timed`."""
        return {name: float(ms) for name, ms in _TIMING.findall(self.headers.get("server-timing", ""))}


class Line:
    """An HTTP/1.1 connection to loopback; opened again when the server has closed it."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self._port = port
        usual = {"Host": f"127.0.0.1:{port}"} | dict(headers)
        self._head = "".join(f"{name}: {value}\r\n" for name, value in usual.items())
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> Reply:
        """One request, one answer. Raises OSError and `asyncio.IncompleteReadError` when there is none."""
        for last in (False, True):
            kept = self._streams is not None
            try:
                return await self._ask(method, path, body, kind)
            except (OSError, asyncio.IncompleteReadError):
                self.close()
                # a connection that was idle may have been closed meanwhile
                if last or not kept:
                    raise
        raise AssertionError

    async def _ask(self, method: str, path: str, body: bytes, kind: str) -> Reply:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**22)
        reader, writer = self._streams
        more = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n" if method != "GET" else ""
        begin = time.perf_counter()
        writer.write(f"{method} {path} HTTP/1.1\r\n{self._head}{more}\r\n".encode() + body)
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        content = await _body(reader, headers)
        took = (time.perf_counter() - begin) * 1000
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Reply(
            status=int(first.split()[1]), headers=headers, body=content, size=len(head) + len(content), took=took
        )

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    content = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        content += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return bytes(content)
