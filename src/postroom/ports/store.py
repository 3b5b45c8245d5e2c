"""All that is kept, as one."""

from typing import Any, Protocol

from postroom.ports.learning import Examples
from postroom.ports.mail import Arrivals, Judgements
from postroom.ports.people import Desk, Inboxes, Verdicts
from postroom.ports.queue import Queue


class Store(Arrivals, Judgements, Verdicts, Queue, Desk, Inboxes, Examples, Protocol):
    """All of the above over one unit of work. The store is the truth; a queue elsewhere may only say "look at this id"."""

    def census(self) -> dict[str, Any]:
        """Counts for health pages and reports: arrivals, jobs by kind and state, oldest ready job, lanes down, bytes on disk."""
        ...

    def changed(self) -> bool:
        """Whether anybody else changed the store since this was last asked; cheap enough to ask ten times a second."""
        ...

    def close(self) -> None:
        """Finish what is under way and let go. Later calls raise `TryLater`."""
        ...
