"""Taking back what was delivered: withdrawn where the destination can, and where it is too late, told that it belongs elsewhere.

A job of its own in the destination's lane, of the generation by which the mail does not belong there any more. Whatever
became of the deliveries meanwhile, it does what is left to do, and may be done again.
"""

from collections.abc import Callable
from dataclasses import replace

from postroom.model.errors import TryLater
from postroom.model.work import Job, JobInfo, Parcel, Receipt, delivery_key
from postroom.ports import Destination, JobFilter, Store

WITHDRAWN = "withdrawn"
"""The receipt, where it was not too late."""
TOLD = "too late to withdraw it; told so: "
"""How the receipt begins where it was, and who has the mail knows that it belongs elsewhere."""

_SOON = 5.0
"""Seconds to wait for a delivery that is under way."""


def recall(job: Job, parcel: Parcel, destination: Destination, store: Store, notice: Callable[[], bytes]) -> Receipt:
    """See to it that a destination has the mail no more, or knows that it belongs elsewhere. What `deliver` raises.

    ``parcel`` is of this job; ``notice`` makes the mail that says so. Nothing is said where the mail came back since.
    """
    made = store.jobs(JobFilter(mail_id=job.mail_id, kinds=("deliver",), destination=destination.name))
    before = _not_taken_back(made, job.generation)
    if any(one.state == "claimed" for one in before):
        raise TryLater("it is being delivered there at this moment", after=_SOON)
    waiting = tuple(one.id for one in before if one.state in ("ready", "held"))
    if waiting:
        store.drop(JobFilter(ids=waiting), f"generation {job.generation} belongs elsewhere")
    there = [one.generation for one in before if one.state == "done"]
    if not there:
        return Receipt(reference="it had not been delivered")
    late = [generation for generation in there if not destination.withdraw(parcel.mail, generation)]
    if not late:
        return Receipt(reference=WITHDRAWN)
    if job.task == "withdraw" or _came_back(made, job.generation):
        return Receipt(reference="too late to withdraw it")
    envelope = replace(parcel.mail.envelope, mail_from="")
    told = destination.deliver(
        replace(
            parcel,
            mail=replace(parcel.mail, envelope=envelope),
            stamped=notice(),
            corrects=delivery_key(job.mail_id, destination.name, late[-1]),
        )
    )
    return Receipt(reference=f"{TOLD}{told.reference}")


def _not_taken_back(made: tuple[JobInfo, ...], generation: int) -> list[JobInfo]:
    """Earlier deliveries, since the last that were taken back."""
    seen_to = max(
        (
            one.generation
            for one in made
            if one.task != "deliver" and one.state == "done" and one.generation < generation
        ),
        default=0,
    )
    return [one for one in made if one.task == "deliver" and seen_to < one.generation < generation]


def _came_back(made: tuple[JobInfo, ...], generation: int) -> bool:
    return any(one.task == "deliver" and one.generation > generation and one.state != "dropped" for one in made)
