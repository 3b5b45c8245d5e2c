"""Values as plain facts for JSON: the shapes that outsiders rely on."""

from typing import Any

from postroom.decide.balance import Balance
from postroom.decide.blend import weight
from postroom.flow.agreement import Agreements
from postroom.flow.explanation import Explanation
from postroom.flow.reliability import Reliability
from postroom.model.identity import Identity
from postroom.model.judgement import Decision, Finding, Verdict
from postroom.model.listing import Waiting
from postroom.model.mail import Mail
from postroom.model.message import Address, Message
from postroom.model.people import ApiKey, Deed, Session, User
from postroom.model.privacy import Erasure, Hold


def message_facts(path: str, message: Message) -> dict[str, Any]:
    """One line of `postroom understand --json`. ``date`` is seconds since the epoch, UTC."""
    return {
        "path": path,
        "message_id": message.message_id,
        "from": _address(message.from_),
        "to": [_address(a) for a in message.to],
        "cc": [_address(a) for a in message.cc],
        "reply_to": [_address(a) for a in message.reply_to],
        "subject": message.subject,
        "date": message.date,
        "text": message.text,
        "new_text": message.new_text,
        "quoted_text": message.quoted_text,
        "signature": message.signature,
        "disclaimer": message.disclaimer,
        "hidden_text": message.hidden_text,
        "kind": message.kind,
        "kind_reason": message.kind_reason,
        "failed_recipient": message.failed_recipient,
        "language": message.language,
        "attachments": [
            {"name": a.name, "type": a.type, "size": a.size, "sha256": a.sha256} for a in message.attachments
        ],
        "auth": {
            "state": message.auth.state,
            "method": message.auth.method,
            "domain": message.auth.domain,
            "reason": message.auth.reason,
        },
        "forward": None
        if message.forward is None
        else {
            "how": message.forward.how,
            "customer": _address(message.forward.customer),
            "subject": message.forward.subject,
        },
        "references": list(message.references),
        "in_reply_to": message.in_reply_to,
        "ticket": message.ticket,
        "defects": [{"code": d.code, "detail": d.detail} for d in message.defects],
    }


def decision_facts(path: str, decision: Decision) -> dict[str, Any]:
    """One line of `postroom route --json`: ``route`` is where it goes, ``decided`` the best guess."""
    return {
        "path": path,
        "id": decision.mail_id,
        "route": decision.route,
        "decided": decision.decided,
        "confidence": round(decision.confidence, 4),
        "urgent": list(decision.urgent),
        "stage": decision.stage,
        "second": decision.second,
        "copied": decision.copied,
        "tags": list(decision.tags),
        "because": decision.because,
        "generation": decision.generation,
        "by": decision.by,
        "asked": decision.asked,
        "probabilities": {route: round(p, 4) for route, p in decision.probabilities},
        "findings": [finding_facts(f) for f in decision.findings],
    }


def arrival_facts(
    path: str, *, mail_id: str = "", duplicate_of: str = "", before: bool = False, error: str = ""
) -> dict[str, Any]:
    """One line of `postroom route --deliver --json`: the workers judge it later, so all that a decision says is null."""
    unknown = dict.fromkeys(("route", "decided", "confidence", "urgent", "stage", "findings"))
    return {
        "path": path,
        "id": mail_id or None,
        **unknown,
        "accepted": not error,
        "accepted_before": before,
        "duplicate_of": duplicate_of or None,
        "error": error or None,
    }


def finding_facts(finding: Finding) -> dict[str, Any]:
    """One piece of evidence."""
    return {
        "source": finding.source,
        "route": finding.route,
        "score": round(finding.score, 4),
        "reason": finding.reason,
        "name": finding.name,
        "veto": finding.veto,
        "spans": [list(span) for span in finding.spans],
        "clues": [
            {"word": clue.word, "weight": round(clue.weight, 3), "span": list(clue.span)} for clue in finding.clues
        ],
    }


def waiting_facts(waiting: Waiting) -> dict[str, Any]:
    """One line of `postroom review list --json`."""
    return {
        "id": waiting.mail_id,
        "received_at": waiting.received_at,
        "brand": waiting.brand,
        "generation": waiting.generation,
        "asked": waiting.asked,
        "since": waiting.since,
        "due_at": waiting.due_at,
        "route": waiting.route,
        "decided": waiting.decided,
        "confidence": round(waiting.confidence, 4),
        "urgent": waiting.urgent,
        "from": waiting.from_addr,
        "subject": waiting.subject,
    }


def explanation_facts(explanation: Explanation) -> dict[str, Any]:
    """What carried a decision. Offsets count characters of ``text``; ``log_odds`` of a route add up to its ``logit``."""
    return {
        "words": list(explanation.words),
        "text": explanation.text,
        "telling": [
            {
                "start": one.start,
                "end": one.end,
                "text": one.text,
                "word": one.word,
                "weight": None if one.weight is None else round(one.weight, 3),
                "route": one.route,
                "source": one.source,
                "name": one.name,
            }
            for one in explanation.telling
        ],
        "balance": [_balance_facts(one) for one in explanation.balance],
        "changes": [
            {
                "kind": one.kind,
                "what": one.what,
                "route": one.route,
                "decided": one.decided,
                "confidence": round(one.confidence, 4),
                "size": round(one.size, 3),
            }
            for one in explanation.changes
        ],
        "nearest": [
            {
                **verdict_facts(one.verdict),
                "brand": one.brand,
                "subject": one.subject,
                "likeness": round(one.likeness, 3),
                "common": list(one.common),
            }
            for one in explanation.nearest
        ],
    }


def _balance_facts(balance: Balance) -> dict[str, Any]:
    return {
        "route": balance.route,
        "probability": round(balance.probability, 4),
        "prior": round(balance.prior, 3),
        "temperature": round(balance.temperature, 3),
        "logit": round(balance.logit, 3),
        "vetoes": [finding.reason for finding in balance.vetoes],
        "evidence": [
            {
                "family": entry.family,
                "said": round(entry.said, 3),
                "log_odds": round(entry.counts, 3),
                "cap": entry.cap,
                "capped": entry.capped,
                "scale": entry.scale,
                "findings": [
                    {
                        "source": one.source,
                        "name": one.name,
                        "reason": one.reason,
                        "log_odds": round(weight(one), 3),
                    }
                    for one in entry.findings
                ],
            }
            for entry in balance.entries
        ],
    }


def verdict_facts(verdict: Verdict) -> dict[str, Any]:
    """What a person said; ``probability`` is null where nobody knows with which one like it is asked for."""
    return {
        "id": verdict.mail_id,
        "generation": verdict.generation,
        "said": verdict.said,
        "also": verdict.also,
        "decided": verdict.decided,
        "right": verdict.right,
        "by": verdict.by,
        "over": verdict.over,
        "at": verdict.at,
        "asked": verdict.asked,
        "probability": verdict.probability,
        "note": verdict.note,
        "taken_back": {"by": taken.by, "at": taken.at, "note": taken.note} if (taken := verdict.taken_back) else None,
    }


def reliability_facts(one: Reliability) -> dict[str, Any]:
    """How well some answers agree, of `postroom review agreement --json`; alpha is null where too few mails had two looks."""
    return {
        "mails": one.mails,
        "agreed": one.agreed,
        "share": one.share,
        "interval": list(one.interval) if one.mails else None,
        "alpha": one.alpha,
        "alpha_interval": None if one.alpha_interval is None else list(one.alpha_interval),
    }


def agreement_facts(figures: Agreements) -> dict[str, Any]:
    """`postroom review figures --json`; shares are null where too few mails were judged."""
    rows = [
        {
            "route": row.route or None,
            "group": row.group,
            "verdicts": row.verdicts,
            "right": row.right,
            "share": row.share,
            "low": row.low,
            "high": row.high,
        }
        for row in figures.rows
    ]
    return {"figures": rows, "corrections": figures.corrections}


def mail_facts(mail: Mail) -> dict[str, Any]:
    """What was accepted, without its bytes."""
    return {
        "id": mail.id,
        "received_at": mail.received_at,
        "brand": mail.brand,
        "mail_from": mail.envelope.mail_from,
        "rcpt_to": list(mail.envelope.rcpt_to),
        "door": mail.peer.door,
        "peer": mail.peer.ip,
        "size": len(mail.raw),
        "duplicate_of": mail.duplicate_of,
    }


def _address(address: Address | None) -> dict[str, str] | None:
    return None if address is None else {"name": address.name, "address": address.addr}


def user_facts(user: User) -> dict[str, Any]:
    """One line of `postroom user list --json`; of the password only whether there is one. Empty lists mean all."""
    return {
        "name": user.name,
        "shown": user.shown,
        "role": user.role,
        "brands": list(user.brands),
        "routes": list(user.routes),
        "urgent": user.urgent,
        "password": bool(user.password),
        "disabled": user.disabled,
        "created_at": user.created_at,
    }


def identity_facts(identity: Identity) -> dict[str, Any]:
    """An account elsewhere that signs a user in."""
    return {
        "issuer": identity.issuer,
        "subject": identity.subject,
        "user": identity.user,
        "email": identity.email,
        "linked_at": identity.linked_at,
    }


def session_facts(session: Session) -> dict[str, Any]:
    """One line of `postroom user sessions --json`; ``id`` is the beginning of the hash of its secret."""
    return {
        "id": session.key.hex()[:12],
        "user": session.user,
        "created_at": session.created_at,
        "seen_at": session.seen_at,
        "expires_at": session.expires_at,
        "ip": session.ip,
        "agent": session.agent,
    }


def key_facts(key: ApiKey) -> dict[str, Any]:
    """One line of `postroom key list --json`."""
    return {
        "name": key.name,
        "user": key.user,
        "scope": key.scope,
        "note": key.note,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "seen_at": key.seen_at,
        "revoked": key.revoked,
    }


def deed_facts(deed: Deed) -> dict[str, Any]:
    """One line of `postroom audit export`: all that `model.deeds` makes the chain of, and the chain."""
    return {
        "number": deed.number,
        "at": deed.at,
        "by": deed.by,
        "what": deed.what,
        "to": deed.to,
        "detail": deed.detail,
        "chain": deed.chain,
    }


def hold_facts(hold: Hold) -> dict[str, Any]:
    """One line of `postroom person holds --json`."""
    return {"what": hold.what, "reason": hold.reason, "by": hold.by, "at": hold.at}


def erasure_facts(erasure: Erasure) -> dict[str, Any]:
    """What `postroom person erase --json` says."""
    return {
        "number": erasure.number,
        "at": erasure.at,
        "by": erasure.by,
        "done_at": erasure.done_at,
        "mails": erasure.mails,
        "examples": erasure.examples,
    }
