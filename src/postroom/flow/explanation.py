"""Everything that is said of a decision when a person asks why: made then, from the record and the mail, and never while judging."""

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.decide.balance import Balance, balances
from postroom.decide.changes import Change, changes
from postroom.decide.explain import explain
from postroom.decide.policy import Policy
from postroom.decide.telling import Telling, telling, text_of
from postroom.flow import within
from postroom.flow.nearest import Neighbour
from postroom.model.judgement import Decision
from postroom.model.message import Message
from postroom.model.people import ALL, Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision, and what carried it."""

    decision: Decision
    #: in paragraphs
    words: tuple[str, ...]
    #: subject, line end, new text: what offsets count in
    text: str
    telling: tuple[Telling, ...]
    #: most probable route first; empty where some of it must not be told
    balance: tuple[Balance, ...]
    #: smallest first
    changes: tuple[Change, ...]
    #: likest first
    nearest: tuple[Neighbour, ...]
    #: whether the policy is the one that it was decided by: else the log-odds are those of today's
    same_policy: bool


def explained(
    decision: Decision,
    message: Message,
    policy: Policy,
    nearest: tuple[Neighbour, ...] = (),
    alerted: Sequence[str] | None = None,
    sight: Sight = ALL,
) -> Explanation:
    """All of it that a reader may know, by this policy; ``alerted`` names the destinations of urgent mail. Pure, and total."""
    text, told = text_of(message), within.of_decision(decision, sight)
    found = within.of_changes(changes(decision, message, policy), decision, sight)
    return Explanation(
        decision=told,
        words=explain(told, message, found, None if within.is_limited(sight) else alerted),
        text=text,
        telling=telling(told, text),
        balance=() if within.hides(decision, sight) else balances(told, policy),
        changes=found,
        nearest=nearest,
        same_policy=decision.versions.policy == policy.version,
    )
