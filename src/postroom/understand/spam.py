"""What a trusted hop's spam filter said: rspamd's and SpamAssassin's headers.

Invariant: pure and total. Only fields that our own hops wrote (`trace.believed`) are looked at; of several the topmost
that gives a verdict counts.
"""

import re
from collections.abc import Sequence
from typing import Final

from postroom.model.message import SpamVerdict
from postroom.understand.headers import Field

_RSPAMD = re.compile(r"\s*[\w.-]{1,60}:\s*(true|false)\s*\[\s*(-?\d{1,6}(?:\.\d{1,6})?)\s*/", re.IGNORECASE)
_STATUS = re.compile(r"\s*(yes|no)\b(?:.{0,200}?\b(?:score|hits)=\s*(-?\d{1,6}(?:\.\d{1,6})?))?", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(-?\d{1,6}(?:\.\d{1,6})?)")
_SPAM_ACTIONS: Final = frozenset({"add header", "rewrite subject", "quarantine", "reject", "discard"})
_HAM_ACTIONS: Final = frozenset({"no action", "accept", "greylist", "soft reject"})
_SCORES: Final = ("x-spam-score", "x-rspamd-score", "x-rspamd-spam-score")


def judge(fields: Sequence[Field], believed: int) -> SpamVerdict | None:
    """The verdict in the first ``believed`` fields; None when there is none."""
    ours = [field for field in fields[:believed] if field.name.startswith(("x-spam", "x-rspamd"))]
    score = next((_score(field.raw) for field in ours if field.name in _SCORES), None)
    for name, raw in ours:
        verdict = _verdict(name, raw)
        if verdict is not None:
            if verdict.score is None and score is not None:
                return SpamVerdict(by=verdict.by, spam=verdict.spam, score=score)
            return verdict
    return None


def _verdict(name: str, raw: str) -> SpamVerdict | None:
    word = raw.strip().lower()
    if name == "x-spamd-result" and (found := _RSPAMD.match(raw)):
        return SpamVerdict(by="rspamd", spam=found[1].lower() == "true", score=float(found[2]))
    if name == "x-rspamd-action" and word in _SPAM_ACTIONS | _HAM_ACTIONS:
        return SpamVerdict(by="rspamd", spam=word in _SPAM_ACTIONS)
    if name == "x-spam" and word in {"yes", "no"}:
        return SpamVerdict(by="rspamd", spam=word == "yes")
    if name == "x-spam-status" and (found := _STATUS.match(raw)):
        return SpamVerdict(
            by="spamassassin", spam=found[1].lower() == "yes", score=float(found[2]) if found[2] else None
        )
    if name == "x-spam-flag" and word in {"yes", "no"}:
        return SpamVerdict(by="spamassassin", spam=word == "yes")
    return None


def _score(raw: str) -> float | None:
    found = _NUMBER.match(raw)
    return float(found[1]) if found else None
