"""What the flow needs from the world, in its own words.

Every port says what holds when a call returns, what it raises, and whether it may be called twice. Adapters translate
their technology's errors into `TryLater` and `GiveUp` at their edge: any other exception is a bug. Behavioural contract
suites for each port ship in `postroom.testing`.
"""

from postroom.ports.learning import Classifier, Examples, Trainer, TrainingText
from postroom.ports.mail import Arrivals, Judged, Judgements, Recipient
from postroom.ports.observer import EventName, Observer
from postroom.ports.outside import Destination, Question, SecondOpinion, StatusProvider, Teller
from postroom.ports.people import Desk, Inboxes, JobFilter, Ruling, Verdicts
from postroom.ports.queue import Queue
from postroom.ports.store import Store

__all__ = [
    "Arrivals",
    "Classifier",
    "Desk",
    "Destination",
    "EventName",
    "Examples",
    "Inboxes",
    "JobFilter",
    "Judged",
    "Judgements",
    "Observer",
    "Question",
    "Queue",
    "Recipient",
    "Ruling",
    "SecondOpinion",
    "StatusProvider",
    "Store",
    "Teller",
    "Trainer",
    "TrainingText",
    "Verdicts",
]
