"""What is held of somebody, in numbers and as a file for them; and mail that is over its time."""

import json
import os
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from postroom.adapters.destination.disk import sync_folder
from postroom.adapters.store.rulebooks import SqliteVersions
from postroom.bootstrap.house import House
from postroom.flow.erasure import Known
from postroom.flow.facts import decision_facts, hold_facts, message_facts
from postroom.model.cases import CaseNumber
from postroom.model.errors import Refused, TryLater
from postroom.model.example import Example
from postroom.model.judgement import Decision, Finding, Verdict
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.people import ALL, Deed
from postroom.model.privacy import Aged, Ages, Lifetimes
from postroom.model.replies import Reply
from postroom.model.rulebooks import ALL_KINDS, VersionNumber
from postroom.ports import JobFilter
from postroom.understand.reader import read

#: within the data folder: its time is when `postroom retain` last came to its end
RETAINED: Final = "retained"
_DAY: Final = 86_400.0
_BATCH: Final = 50
_SOMEBODY: Final = "a person of the team"


def held(house: House, address: str) -> dict[str, Any]:
    """What is held of an address: how much of what. Raises `Refused`, `TryLater`."""
    known = house.eraser.known(address)
    return {"address": house.eraser.person(address), **counted(house, known)}


def counted(house: House, known: Known) -> dict[str, Any]:
    """How much of what."""
    from postroom.bootstrap import teaching  # noqa: PLC0415 - the doors need no numpy

    store, mails = house.store, known.mails
    decisions = sum(len(store.decisions(one)) for one in mails)
    verdicts = sum(len(store.verdicts_on(one)) for one in mails)
    jobs = Counter(job.state for one in mails for job in store.jobs(JobFilter(mail_id=one)))
    return {
        "mails": len(mails),
        "decisions": decisions,
        "verdicts": verdicts,
        "jobs": dict(sorted(jobs.items())),
        "answers": sum(map(len, house.replies.of_mails(mails).values())),
        "threads": len(known.remembered.threads),
        "cases": len(known.remembered.cases),
        "histories": len(known.remembered.senders),
        "examples": len(known.remembered.examples),
        "rules": len(known.remembered.versions) + len(known.remembered.drafts),
        "in_model": teaching.knows(house, (*mails, *known.remembered.examples)),
        "held": [hold_facts(one) for one in known.holds],
    }


def export(house: House, address: str, out: Path, by: str) -> dict[str, Any]:
    """Write all that is held of an address to a ZIP file, for its owner alone; how much of what. Raises `Refused`, `TryLater`.

    Who of the team did something is not named in it: that is of other people.
    """
    eraser = house.eraser
    whose, known = eraser.person(address), eraser.known(address)
    if out.exists():
        raise Refused(f"{out} is there already: name another file")
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
                _pack(house, whose, known, packed)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
        sync_folder(out.absolute().parent)
    except OSError as error:
        raise TryLater(f"{out} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    house.people.journal.write([Deed(at=eraser.clock(), by=by, what="exported", to=eraser.name_of(whose))])
    return {"address": whose, **counted(house, known)}


def _pack(house: House, whose: str, known: Known, packed: zipfile.ZipFile) -> None:
    store = house.store
    mails = []
    for mail in _mails(house, known.mails):
        packed.writestr(f"mails/{mail.id}.eml", mail.raw)
        mails.append(_mail_facts(house, mail))
    senders = store.recall((), (), known.remembered.senders).senders
    facts = {
        "address": whose,
        "exported_at": house.eraser.clock(),
        "mails": mails,
        "labelled": [asdict(one) for one in _examples(house, set(known.remembered.examples))],
        "history": [asdict(one) for key, one in senders.items() if key.startswith("a:")],
        "threads": list(known.remembered.threads),
        "cases": [_case_facts(house, number) for number in known.remembered.cases],
        "rules": [_rule_facts(house, number) for number in known.remembered.versions],
        "held": [hold_facts(one) | {"by": _SOMEBODY} for one in known.holds],
    }
    packed.writestr(
        "person.json", json.dumps(facts, ensure_ascii=False, indent=1, default=str).encode("utf-8", "replace")
    )


def _mails(house: House, ids: tuple[MailId, ...]) -> Iterator[Mail]:
    for at in range(0, len(ids), _BATCH):
        yield from house.store.read(ids[at : at + _BATCH])


def _mail_facts(house: House, mail: Mail) -> dict[str, Any]:
    store = house.store
    return {
        "id": mail.id,
        "received_at": mail.received_at,
        "brand": mail.brand,
        "envelope": asdict(mail.envelope),
        "message": message_facts(f"mails/{mail.id}.eml", read(mail, house.trust)),
        "decisions": [decision_facts(mail.id, _unnamed(one)) for one in store.decisions(mail.id)],
        "verdicts": [_verdict_facts(one) for one in store.verdicts_on(mail.id)],
        "answers": [_reply_facts(one) for one in house.replies.of_mails([mail.id]).get(mail.id, ())],
        "events": [{"at": one.at, "what": one.what} for one in store.events(mail.id)],
    }


def _reply_facts(reply: Reply) -> dict[str, Any]:
    """An answer without the name of who wrote it."""
    team = {"by", "raw", "tries", "due_at", "since", *(("said",) if reply.state == "withdrawn" else ())}
    return {name: value for name, value in asdict(reply).items() if name not in team}


def _unnamed(decision: Decision) -> Decision:
    """A decision without the names of who reviewed it, or mails like it."""
    findings = tuple(map(_without_reviewer, decision.findings))
    if not decision.by:
        return replace(decision, findings=findings)
    return replace(decision, findings=findings, by=_SOMEBODY, because=f"{_SOMEBODY} said so")


def _without_reviewer(finding: Finding) -> Finding:
    if finding.source != "verdict":
        return finding
    return replace(finding, reason=f"{_SOMEBODY} said so", name="")


def _verdict_facts(verdict: Verdict) -> dict[str, Any]:
    return {
        "at": verdict.at,
        "said": verdict.said,
        "decided": verdict.decided,
        "confidence": verdict.confidence,
        "asked": verdict.asked,
        "note": verdict.note,
        "by": _SOMEBODY,
    }


def _case_facts(house: House, number: int) -> dict[str, Any]:
    """A case without the names of the team, and without their notes to one another."""
    case = house.cases.case(CaseNumber(number), ALL)
    assert case is not None, "it was found a moment ago, and cases stay"
    events = house.cases.events(case.number, ALL)
    team = {"assignee", "decided_by", "confirmed_by", "proposal", "mails", "version"}
    return {
        **{name: value for name, value in asdict(case).items() if name not in team},
        "mails": [one.id for one in case.mails],
        "events": [{"at": one.at, "what": one.what, "mail": one.mail_id} for one in events],
    }


def _rule_facts(house: House, number: int) -> dict[str, Any]:
    """A version of rules that names them: which, and when. The rest of it is of the team, and of other people."""
    version = SqliteVersions(house.store.units, ALL_KINDS).version(VersionNumber(number))
    return {} if version is None else {"file": version.sheet, "at": version.at, "version": version.number}


def _examples(house: House, ids: set[str]) -> Iterator[Example]:
    last: Example | None = None
    while ids and (page := house.store.examples(last)):
        yield from (one for one in page if one.id in ids)
        last = page[-1]


def lifetimes(house: House) -> Lifetimes:
    """How long mail, what is remembered of senders, and decided cases are kept, by the settings."""
    wanted = house.settings.retention
    return Lifetimes(
        routes={RouteName(name): days for name, days in wanted.routes.items()},
        other=wanted.mail_days,
        senders=wanted.senders_days,
        cases=wanted.cases_days,
    )


def keeps_for_a_time(house: House) -> bool:
    """Whether anything is erased for its age."""
    kept = lifetimes(house)
    return keeps_mail_for_a_time(house) or kept.senders > 0 or kept.cases > 0


def keeps_mail_for_a_time(house: House) -> bool:
    """Whether any mail is."""
    kept = lifetimes(house)
    return any(days > 0 for days in (kept.other, *kept.routes.values()))


def ages(house: House, now: float) -> Ages:
    """What is too old at this moment."""

    def before(days: float) -> float:
        return now - days * _DAY if days else 0.0

    kept = lifetimes(house)
    return Ages(
        routes={name: before(days) for name, days in kept.routes.items()},
        other=before(kept.other),
        senders=before(kept.senders),
        cases=before(kept.cases),
    )


def retain(house: House, now: float, *, dry_run: bool = False) -> dict[str, Any]:
    """Erase what is over its time, and end erasures that did not come to their end. Raises `Refused`, `TryLater`."""
    eraser, old = house.eraser, ages(house, now)
    if dry_run:
        return {"mails": sum(1 for _ in _overdue(house, old)), **_numbers(eraser.fade(old, dry_run=True)), "ended": 0}
    found = {
        "mails": len(eraser.sweep(old).erased) if keeps_mail_for_a_time(house) else 0,
        **_numbers(eraser.fade(old)),
    }
    if any(found.values()):
        told = ", ".join(f"{number} {what}" for what, number in found.items() if number)
        house.people.journal.write([Deed(at=eraser.clock(), by="", what="erased", detail=f"{told} over their time")])
    (house.data / RETAINED).touch()
    ended = eraser.resume(now)
    return {**found, "ended": len(ended)}


def _numbers(old: Aged) -> dict[str, int]:
    return {"senders": len(old.senders), "cases": len(old.cases)}


def _overdue(house: House, old: Ages) -> Iterator[MailId]:
    after = 0
    while True:
        found = house.eraser.keeping.overdue(old, after=after)
        yield from found.ids
        if not found.after:
            return
        after = found.after
