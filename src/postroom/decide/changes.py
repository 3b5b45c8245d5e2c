"""What would have changed a decision: the smallest single changes of what was known, each tried by blending again.

Nothing is read or classified anew: a finding is left out, a word taken off those findings that it is part of, the
threshold moved, the account or the thread imagined otherwise. That is some dozens of blends: a few milliseconds.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from postroom.decide.balance import evidence, running
from postroom.decide.blend import family, pool, score, weight
from postroom.decide.evidence import account_finding, thread_finding
from postroom.decide.judge import Choice, stopped_by, weighed
from postroom.decide.policy import Policy
from postroom.decide.telling import telling, text_of
from postroom.model.judgement import AUTOMATIC, REVIEW, AccountState, Decision, Finding, ThreadState
from postroom.model.mail import MailId, RouteName
from postroom.model.message import Message
from postroom.model.shares import percent

Kind = Literal["finding", "words", "threshold", "account", "thread"]

_MOST = 100
"""How many findings, and how many words, are left out one after another; the others weigh less."""
_CANDIDATES = 3
"""For how many other routes a thread is imagined."""
_SURE = 0.995
"""From this confidence on, no threshold that anybody would set asks a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing otherwise, and where the mail would have gone."""

    kind: Kind
    #: what would have been otherwise, as the beginning of a sentence
    what: str
    #: where it would have gone
    route: RouteName
    #: what would have been the best guess, and its probability
    decided: RouteName
    confidence: float
    #: how large a change it is, in log-odds
    size: float


def changes(decision: Decision, message: Message, policy: Policy) -> tuple[Change, ...]:
    """What would have sent this mail elsewhere, the smallest change first; each kind of change to each place once.

    Empty where evidence did not decide: for a loop, automatic mail, and a person's word.
    """
    if decision.by or decision.decided == AUTOMATIC or any(_is_loop(one) for one in decision.findings):
        return ()
    mind = _Mind(decision, message, policy)
    found = sorted(mind.tried(), key=lambda one: (one.size, one.what))
    return tuple({(one.kind, one.what): one for one in reversed(found)}.values())[::-1]


def without(finding: Finding) -> str:
    """How it begins to be said what would have happened without this finding."""
    return f"Without “{finding.reason}”"


def _is_loop(finding: Finding) -> bool:
    return finding.source == "guard" and finding.name == "loop"


class _Mind:
    """A decision that can be made again, with something otherwise."""

    def __init__(self, decision: Decision, message: Message, policy: Policy) -> None:
        self._decision, self._message, self._policy = decision, message, policy
        self._findings, self._routes = evidence(decision), running(decision)
        rules = [one for one in self._findings if one.source == "rule"]
        self._stop = next((one for one in rules if stopped_by(one.name) == decision.because), None)
        self._now = self._weighed(self._findings)
        if self._stop is not None:
            self._now = replace(self._now, route=decision.route, decided=decision.decided)

    def tried(self) -> Iterator[Change]:
        """All that was tried and changes where it goes, or the best guess."""
        if self._stop is not None:
            others = [one for one in self._findings if one is not self._stop]
            yield from self._otherwise("finding", without(self._stop), others, weight(self._stop))
            return
        yield from self._threshold()
        yield from self._without_findings()
        yield from self._without_words()
        yield from self._with_other_account()
        yield from self._with_other_thread()

    def _weighed(self, findings: Sequence[Finding]) -> Choice:
        return weighed(self._decision.brand, self._message, self._policy, findings, self._routes)

    def _otherwise(self, kind: Kind, what: str, findings: Sequence[Finding], size: float) -> Iterator[Change]:
        other = self._weighed(findings)
        if (other.route, other.decided) != (self._now.route, self._now.decided):
            yield Change(
                kind=kind,
                what=what,
                route=other.route,
                decided=other.decided,
                confidence=other.confidence,
                size=abs(size),
            )

    def _threshold(self) -> Iterator[Change]:
        """Another threshold, where that is all: what is doubted for another reason goes to review whatever it is."""
        best, confidence = self._now.decided, self._now.confidence
        size = abs(_log_odds(confidence) - _log_odds(self._policy.threshold(self._decision.brand, best)))
        if self._now.unsure:
            what = f"With a threshold of at most {percent(confidence)} for {best}"
            yield Change(kind="threshold", what=what, route=best, decided=best, confidence=confidence, size=size)
        elif self._now.route != REVIEW and confidence < _SURE:
            what = f"With a threshold above {percent(confidence)} for {best}"
            yield Change(kind="threshold", what=what, route=REVIEW, decided=best, confidence=confidence, size=size)

    def _without_findings(self) -> Iterator[Change]:
        weighty = [one for one in self._findings if family(one) or one.veto]
        for finding in sorted(weighty, key=lambda one: -abs(weight(one)))[:_MOST]:
            others = [one for one in self._findings if one is not finding]
            yield from self._otherwise("finding", without(finding), others, weight(finding))

    def _without_words(self) -> Iterator[Change]:
        """Without each word that weighed something, in all findings that it is part of."""
        said = {(one.start, one.end): one.text for one in telling(self._decision, text_of(self._message))}
        for span, words in islice(said.items(), _MOST):
            less = [_less(finding, span) for finding in self._findings]
            moved = sum(abs(weight(a) - weight(b)) for a, b in zip(less, self._findings, strict=True))
            yield from self._otherwise("words", f"Without the words “{' '.join(words.split())}”", less, moved)

    def _with_other_account(self) -> Iterator[Change]:
        if not self._message.trusted_sender:
            return
        others = [one for one in self._findings if one.source != "account"]
        before = sum(weight(one) for one in self._findings if one.source == "account")
        states: tuple[AccountState, ...] = (*self._policy.account_evidence, "unknown")
        for state in states:
            if state != self._decision.account.state:
                found = account_finding(state, self._policy)
                what = "With nothing known of the sender's account"
                what = what if state == "unknown" else f"With the sender's account {state}"
                moved = sum(weight(one) for one in found) - before
                yield from self._otherwise("account", what, [*others, *found], moved)

    def _with_other_thread(self) -> Iterator[Change]:
        """In a thread that a person has given to another desk; and in its own, were that confirmed."""
        others = [one for one in self._findings if not (one.source == "thread" and one.route)]
        before = sum(weight(one) for one in self._findings if one.source == "thread" and one.route)
        own, now = self._decision.thread, self._decision.decided_at
        threads = [] if own is None or own.confirmed else [("With its thread", replace(own, confirmed=True))]
        threads += [
            ("In a thread", _imagined(route, now)) for route in self._routes[:_CANDIDATES] if route != self._now.route
        ]
        for how, thread in threads:
            found = thread_finding(thread, self._message, now, self._policy)
            what = f"{how} confirmed at {thread.route} by a person"
            yield from self._otherwise("thread", what, [*others, found], weight(found) - before)


def _imagined(route: RouteName, now: float) -> ThreadState:
    return ThreadState(matched_by="references", first_id=MailId(""), route=route, confirmed=True, last_at=now, mails=1)


def _less(finding: Finding, span: tuple[int, int]) -> Finding:
    """A finding without the words at one place: its other phrases pooled again, or the classifier less what they add."""
    left = [clue.weight for clue in finding.clues if clue.span[1] <= span[0] or span[1] <= clue.span[0]]
    if len(left) == len(finding.clues):
        return finding
    said = [clue.weight for clue in finding.clues]
    moved = pool(said) - pool(left) if finding.source == "phrases" else sum(said) - sum(left)
    return replace(finding, score=score(weight(finding) - moved))


def _log_odds(probability: float) -> float:
    at = min(max(probability, 1e-6), 1.0 - 1e-6)
    return math.log(at / (1.0 - at))
