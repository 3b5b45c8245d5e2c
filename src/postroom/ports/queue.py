"""Work to do."""

from collections.abc import Sequence
from typing import Protocol

from postroom.model.mail import DestinationName
from postroom.model.work import Job, JobKind, Lane, Outcome


class Queue(Protocol):
    """Work to do. Jobs are owned by the store; claims have leases, settling carries the attempt number."""

    def claim(
        self,
        kind: JobKind,
        limit: int,
        worker: str,
        *,
        destination: DestinationName = DestinationName(""),
        ended: Sequence[Outcome] = (),
    ) -> tuple[Job, ...]:
        """Claim up to ``limit`` due jobs of a kind (for ``deliver``: of one destination) for a worker, in order.

        For ``judge``, never a job whose thread or sender key has another job in anybody's hands, or an earlier one that
        waits and is not of the batch. A job whose worker died with several in hand is claimed alone. What has ``ended``
        is settled first, in the same transaction. Raises `TryLater`; then neither has happened.
        """
        ...

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what became of claimed jobs, durably, in one transaction. Stale attempts change nothing. Raises `TryLater`."""
        ...

    def renew(self, worker: str) -> None:
        """The worker still works on its claims: their leases begin again. Raises `TryLater`."""
        ...

    def claimants(self) -> tuple[str, ...]:
        """Workers that hold claims now. Raises `TryLater`."""
        ...

    def release(self, worker: str) -> int:
        """A worker is dead: give back its claims, each to be claimed alone; one that it held alone gets a strike. How many."""
        ...

    def destinations_due(self) -> tuple[DestinationName, ...]:
        """Destinations that have a delivery due now, whatever the state of their lane. Raises `TryLater`."""
        ...

    def lanes(self) -> tuple[Lane, ...]:
        """The lanes that have failed lately. Raises `TryLater`."""
        ...

    def set_lane(self, lane: Lane) -> None:
        """Write down the state of a lane (``down=False`` brings it up). Raises `TryLater`."""
        ...

    def parked_since(self, when: float) -> int:
        """How many jobs were parked as ``bug`` or ``poison`` since then: for the ceiling. Raises `TryLater`."""
        ...
