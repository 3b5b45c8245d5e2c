"""A decision made again from what was recorded: the same mail, what was known then, the same rules."""

from collections.abc import Sequence
from dataclasses import replace

from postroom.decide.case import Case
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.decide.rulebook import Rulebook
from postroom.model.judgement import Advice, Decision, Versions
from postroom.model.mail import Mail, RouteName
from postroom.model.message import Message
from postroom.model.trust import Trust
from postroom.understand.reader import read


def replay(mail: Mail, decision: Decision, trust: Trust, book: Rulebook, policy: Policy) -> Decision:
    """Judge a mail again as of a decision's moment; equal to it when trust, rules and policy are those of its versions.

    Thread, history, account and what classifier and people said are taken from the record, not from today's memory and model.
    Where the review clock sent a mail on, this is the judgement that it was sent on from. A person's word is no judgement.
    """
    # Whether a person was asked is no part of the judgement.
    case = as_then(mail, read(mail, trust), decision)
    return replace(judge(case, book, policy), asked=decision.asked, asked_with=decision.asked_with)


def newest_judged(decisions: Sequence[Decision]) -> Decision | None:
    """The newest judgement of a mail, given all decisions, oldest first; what the review clock or a person did is none."""
    return next((one for one in reversed(decisions) if not (one.unconfirmed or one.by or one.again)), None)


def as_then(mail: Mail, message: Message, decision: Decision) -> Case:
    """All that a decision on this mail was made of, as it was recorded."""
    return replace(recorded(mail, message, decision), advice=_advice(decision))


def recorded(mail: Mail, message: Message, decision: Decision) -> Case:
    """What a decision on this mail was made of, as it was recorded; but for a second opinion."""
    # What was noticed while the thread was looked for; the ticket in the subject is seen again in the mail itself.
    remarks = tuple(f for f in decision.findings if f.source == "thread" and not f.route and f.name != "ticket")
    return Case(
        mail=mail,
        message=message,
        thread=decision.thread,
        history=decision.history,
        account=decision.account,
        classified=tuple(f for f in decision.findings if f.source == "classifier"),
        verdicts=tuple(f for f in decision.findings if f.source == "verdict"),
        model=decision.versions.model,
        remarks=remarks,
        generation=decision.generation,
        now=decision.decided_at,
    )


def same(one: Decision, other: Decision) -> bool:
    """Whether two judgements came to the same on the same evidence, whatever the names of what they were made with.

    What a word weighs within a finding is not compared: earlier versions did not record it.
    """
    first, second = (
        replace(each, versions=Versions(), findings=tuple(replace(finding, clues=()) for finding in each.findings))
        for each in (one, other)
    )
    return first == second


def _advice(decision: Decision) -> Advice | None:
    """What a second opinion said, if it counted."""
    said = next((f.name for f in decision.findings if f.source == "second-opinion"), None)
    return None if said is None else Advice(route=RouteName(said), model=decision.versions.second_opinion)
