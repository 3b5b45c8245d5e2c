"""Who is told what happened."""

from typing import Literal, Protocol

EventName = Literal[
    "accepted", "refused", "duplicate", "judged", "delivered", "recalled", "deferred", "parked", "alerted", "lane-down", "lane-up",
    "worker-started", "worker-died", "worker-failed", "watch-failed", "rules-loaded", "rules-refused", "certificate-loaded", "draining",
    "started", "stopped", "review-expired", "loop-stopped", "bounce-received", "connection-refused", "parking-halted", "store-trouble",
    "status-asked", "status-loaded", "status-failed",
    "opinion-asked", "opinion-heard", "opinion-paused", "opinion-resumed",
    "model-loaded", "model-refused", "weights-loaded", "weights-refused", "learned", "learn-failed",
    "heavier-model-off", "heavier-model-failed", "urgent-unheard", "erased", "erase-failed", "hook-given-up",
    "answer-sent", "answer-failed", "answer-bounced", "backtest-failed",
    "urgent-waits", "deadline-near", "pages-open",
]  # fmt: skip


class Observer(Protocol):
    """Is told what happened; logs and metrics come of it. Never raises, never blocks for long."""

    def note(self, event: EventName, mail_id: str = "", **facts: str | int | float | bool) -> None:
        """One event. Facts never hold bodies, subjects or secrets, and addresses only where the settings ask for them."""
        ...
