"""Mails, decisions and judgements for tests: every field has a plausible value, and a number tells them apart."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

from postroom.decide.remember import Keys
from postroom.model.example import Example, ExampleId
from postroom.model.judgement import Decision, Finding, Verdict
from postroom.model.mail import BrandName, DestinationName, Envelope, Mail, MailId, Peer, RouteName
from postroom.model.memory import Remember
from postroom.model.people import Deed
from postroom.model.work import Job, NewJob, Parcel
from postroom.ports import Judged, Ruling


def a_mail(number: int, at: float = 1_800_000_000.0, **changes: Any) -> Mail:
    """Mail ``number``: its own Message-ID, thread and sender unless ``changes`` say otherwise; the digest follows ``raw``."""
    raw = changes.pop(
        "raw",
        b"Message-ID: <%d@example.com>\r\nSubject: mail %d\r\n\r\nPlease restore my account.\r\n" % (number, number),
    )
    mail = Mail(
        id=MailId(f"01mark{number:020d}"),
        received_at=at,
        brand=BrandName("example"),
        envelope=Envelope(mail_from=f"ada{number}@example.com", rcpt_to=("support@brand.test",)),
        peer=Peer(door="smtp", ip="192.0.2.1", helo="mx.example.com"),
        raw=raw,
        digest=sha256(raw).digest(),
        message_id=f"{number}@example.com",
        thread_key=f"thread-{number}",
        sender_key=f"sender-{number}",
    )
    return replace(mail, **changes)


def a_decision(mail_id: MailId, generation: int = 1, **changes: Any) -> Decision:
    """A sure decision for appeals."""
    decision = Decision(
        mail_id=mail_id,
        generation=generation,
        brand=BrandName("example"),
        route=RouteName("appeals"),
        decided=RouteName("appeals"),
        confidence=0.93,
        probabilities=((RouteName("appeals"), 0.93), (RouteName("general"), 0.07)),
        findings=(Finding(source="phrases", route=RouteName("appeals"), score=0.8, reason="asks for an account back"),),
        because="phrases of appeals",
        decided_at=1_800_000_000.0,
    )
    return replace(decision, **changes)


def a_judgement(job: Job, *jobs: NewJob, remember: Remember | None = None, **changes: Any) -> Judged:
    """A judgement of a claimed job; ``changes`` are of the decision."""
    decision = a_decision(job.mail_id, **{"generation": job.generation, **changes})
    return Judged(
        job=job,
        decision=decision,
        jobs=jobs,
        remember=remember or Remember(),
        subject="Please restore my account",
        from_addr="ada@example.com",
        language="en",
        kind="person",
    )


def a_ruling(mail_id: MailId, said: str = "refunds", generation: int = 1, **changes: Any) -> Ruling:
    """Ada moves a mail to ``said``; ``generation`` is of the decision that she looked at. ``changes`` are of the ruling."""
    verdict = Verdict(
        mail_id=mail_id,
        generation=generation,
        said=RouteName(said),
        decided=RouteName("appeals"),
        confidence=0.93,
        by="ada",
        at=1_800_000_100.0,
        asked="correction",
        probability=None,
    )
    route = RouteName(said)
    ruling = Ruling(
        verdict=verdict,
        decision=a_decision(mail_id, generation + 1, route=route, decided=route, confidence=1.0, by="ada"),
        jobs=(),
        drop=(),
        made=(),
        leaves=(),
        keys=Keys(message_ids=(), subject_key="", senders=()),
        remember=lambda _memory: Remember(),
        deed=Deed(at=verdict.at, by="ada", what="verdict", to=mail_id, detail=said),
    )
    return replace(ruling, **changes)


def a_delivery(mail_id: MailId, destination: str = "desk", generation: int = 1, due_at: float = 0.0) -> NewJob:
    """A delivery to make."""
    return NewJob(
        kind="deliver", mail_id=mail_id, generation=generation, destination=DestinationName(destination), due_at=due_at
    )


def a_parcel(mail: Mail, destination: str = "desk", generation: int = 1, **changes: Any) -> Parcel:
    """What a destination is handed."""
    parcel = Parcel(
        mail=mail,
        decision=a_decision(mail.id, generation),
        destination=DestinationName(destination),
        generation=generation,
        key=f"{mail.id}.{destination}.{generation}",
        stamped=b"X-Postroom-Id: 1\r\n" + mail.raw,
        subject="Please restore my account",
        from_addr="ada@example.com",
    )
    return replace(parcel, **changes)


def an_example(number: int, **changes: Any) -> Example:
    """Labelled mail ``number``, of appeals."""
    example = Example(
        id=ExampleId(f"example-{number:04d}"),
        at=1_800_000_000.0 + number,
        origin="import: appeals.mbox",
        subject=f"mail {number}",
        new_text="Please restore my account.",
        language="en",
        route=RouteName("appeals"),
        sender=f"ada{number}@example.com",
        authenticated=False,
        thread=f"thread-{number}",
    )
    return replace(example, **changes)
