"""How long the pages' web server waits for whoever asks: a request comes in time, or its connection ends.

Uvicorn waits for ever, so a few hundred connections that say nothing would shut out everybody (slowloris). Here a
connection has `HEAD` seconds for the head of a request, and `BODY` more for its body, and to take what it is sent; and when
`MOST` are open, one that keeps us waiting makes room for one more.
"""

import asyncio
import math
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD: Final = 10.0
BODY: Final = 60.0
MOST: Final = 400


class PatientProtocol(H11Protocol):
    """One connection."""

    head = HEAD
    body = BODY
    most = MOST

    _timer: asyncio.TimerHandle | None = None
    #: whose body is waited for; None where it is the head of one
    _request: object = None

    @property
    def due(self) -> float:
        """When it has to be done with what we wait for, on the loop's clock; infinite when it waits for us."""
        return self._timer.when() if self._timer is not None else math.inf

    def leave(self) -> None:
        """End at once; no longer waited for, as asyncio needs a moment for it in which others come."""
        self._stop()
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        self._wait(self.head)
        if len(self.connections) > self.most:
            _make_room(self.connections)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """See uvicorn."""
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """See asyncio."""
        super().pause_writing()
        self._wait(self.body)

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        self._stop()
        self._request = None
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._stop()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Wait for what is missing, if anything is."""
        request = self.cycle
        if request is None or request.response_complete:
            if self._timer is None or self._request is not None:
                self._request = None
                self._wait(self.head)
        elif not request.more_body:
            self._stop()
        elif self._request is not request:
            self._request = request
            self._wait(self.body)

    def _wait(self, seconds: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _make_room(connections: set[Any]) -> None:
    """End the connection that is due first, of those that keep us waiting."""
    first = min(connections, key=lambda one: one.due)
    if first.due < math.inf:
        first.leave()
