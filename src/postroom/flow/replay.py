"""A decision made again from what was recorded: the same mail, what was known then, the same rules."""

from dataclasses import replace

from postroom.decide.case import Case
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.decide.rulebook import Rulebook
from postroom.model.judgement import Advice, Decision
from postroom.model.mail import Mail, RouteName
from postroom.model.trust import Trust
from postroom.understand.reader import read


def replay(mail: Mail, decision: Decision, trust: Trust, book: Rulebook, policy: Policy) -> Decision:
    """Judge a mail again as of a decision's moment; equal to it when trust, rules and policy are those of its versions.

    Thread, history, account and what classifier and people said are taken from the record, not from today's memory and model.
    Where the review clock sent a mail on, this is the judgement that it was sent on from. A person's word is no judgement.
    """
    # What was noticed while the thread was looked for; the ticket in the subject is seen again in the mail itself.
    remarks = tuple(f for f in decision.findings if f.source == "thread" and not f.route and f.name != "ticket")
    case = Case(
        mail=mail,
        message=read(mail, trust),
        thread=decision.thread,
        history=decision.history,
        account=decision.account,
        classified=tuple(f for f in decision.findings if f.source == "classifier"),
        verdicts=tuple(f for f in decision.findings if f.source == "verdict"),
        model=decision.versions.model,
        advice=_advice(decision),
        remarks=remarks,
        generation=decision.generation,
        now=decision.decided_at,
    )
    # Whether a person was asked is no part of the judgement.
    return replace(judge(case, book, policy), asked=decision.asked, asked_with=decision.asked_with)


def _advice(decision: Decision) -> Advice | None:
    """What a second opinion said, if it counted."""
    said = next((f.name for f in decision.findings if f.source == "second-opinion"), None)
    return None if said is None else Advice(route=RouteName(said), model=decision.versions.second_opinion)
