"""The web server of pages and health."""

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


class WebServer(uvicorn.Server):
    """Uvicorn without its own ideas about our signals: whoever runs it says when it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to others."""
        yield
