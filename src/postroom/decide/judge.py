"""Judging one mail: what is known of it becomes findings, and findings become a decision. Start reading at `judge`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postroom.decide import senders, tricks, urgent
from postroom.decide.blend import Probabilities, blend, certain, weight
from postroom.decide.case import Case
from postroom.decide.context import Facts
from postroom.decide.evidence import (
    NOWHERE,
    account_findings,
    advice_finding,
    classifier_findings,
    history_findings,
    phrase_findings,
    rule_findings,
    spam_findings,
    thread_findings,
)
from postroom.decide.folding import Folded
from postroom.decide.phrases import Hits
from postroom.decide.policy import Policy
from postroom.decide.rollout import stage
from postroom.decide.rulebook import Rulebook
from postroom.decide.rules import Match
from postroom.decide.substance import emptiness, fold_mail
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW, AccountStatus, Decision, Finding, SenderHistory, Versions
from postroom.model.mail import BrandName, RouteName
from postroom.model.message import Message
from postroom.model.shares import percent

SURE = 0.99
"""Confidence of what a stop rule, a guard or the kind of a mail decides."""

_ALSO, _ALSO_LIKELY = 2.0, 0.02
"""Log-odds of its phrases, and probability, from which a mail is also about a second desk."""

_EMPTY = 0.6
"""From this `substance.emptiness` on, a mail says too little to stand without the thread that it names."""

_LIKELY = 0.15
"""A protected route at least this probable, were junk out of the running, keeps a mail from junk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a step of the judgement settled."""

    #: best guess
    decided: RouteName
    #: where it goes: there, or to review
    route: RouteName
    probabilities: Probabilities
    #: why, in words
    because: str
    #: confidence is all that it lacks
    unsure: bool = False

    @property
    def confidence(self) -> float:
        """Probability of the best guess."""
        return dict(self.probabilities).get(self.decided, 0.0)


def judge(case: Case, book: Rulebook, policy: Policy) -> Decision:
    """Decide where a mail goes. Pure, and total over any message and any rulebook that compiled.

    Guards, then the kind of mail, urgent signals, the thread, rules, the blend of all evidence, the threshold of route
    and brand, what a second opinion says of what stays below it, the route's stage: in this order, each step's finding kept.
    """
    case = _believed(case)
    findings, matches = _noticed(case, book, policy)
    routes = tuple(route for route in book.routes if policy.allows(case.mail.brand, route))
    choice, guards = _choose(case, routes, policy, matches, findings)
    choice, seconded = _seconded(case, policy, findings, choice, routes)
    findings = (*guards, *findings, *seconded)
    second = _second(choice.decided, choice.probabilities, findings, policy)
    return Decision(
        mail_id=case.mail.id,
        generation=case.generation,
        brand=case.mail.brand,
        route=choice.route,
        decided=choice.decided,
        confidence=choice.confidence,
        probabilities=choice.probabilities,
        findings=findings,
        urgent=tuple(sorted({finding.name for finding in findings if finding.source == "urgent"})),
        tags=tuple(dict.fromkeys(tag for match in matches if not match.error for tag in match.rule.tags)),
        stage=stage(choice.decided, case.mail.thread_key or case.mail.id, policy),
        second=second,
        copied=bool(second) and policy.two_matters == "copies",
        because=choice.because,
        versions=Versions(
            policy=policy.version,
            rules=book.rules_version,
            phrases=book.phrases_version,
            model=case.model,
            second_opinion=case.advice.model if case.advice and seconded else "",
        ),
        thread=case.thread,
        history=case.history,
        account=case.account,
        decided_at=case.now,
    )


def _noticed(case: Case, book: Rulebook, policy: Policy) -> tuple[tuple[Finding, ...], tuple[Match, ...]]:
    """Everything that speaks for a route or should be known, and the rules that matched."""
    folded = case.folded or fold_mail(case.message)
    hits = book.phrases.find(folded)
    alarms = alarms_of(case, book, folded, hits)
    matches = book.rules.matches(facts(case, book, folded, hits, alarms))
    findings = (
        *case.remarks,
        *senders.findings(case.message, policy, case.history),
        *tricks.findings(case.message, hits, folded),
        *alarms,
        *thread_findings(case, policy),
        *rule_findings(matches),
        *phrase_findings(book.phrases, hits, folded),
        *(case.classified or classifier_findings(case, policy)),
        *history_findings(case, policy),
        *account_findings(case, policy),
        *spam_findings(case, policy),
        *case.verdicts,
    )
    return (*findings, *_not_ours(case, findings, policy)), matches


def alarms_of(case: Case, book: Rulebook, folded: Folded, hits: Hits) -> tuple[Finding, ...]:
    """Its urgent signals; what a machine wrote raises none."""
    if case.message.kind in {"auto-reply", "bounce"}:
        return ()
    return urgent.signals(book.phrases, hits, folded)


def facts(case: Case, book: Rulebook, folded: Folded, hits: Hits, alarms: Sequence[Finding]) -> Facts:
    """What rules see of a mail, its phrases and urgent signals found."""
    counts: dict[str, int] = dict.fromkeys(book.routes, 0) | {one.name: 0 for one in book.phrases.lists}
    counts |= {name: sum(hit.phrase.weight > 0 for hit in found) for name, found in hits.items()}
    return Facts(case=case, folded=folded, phrases=counts, urgent=tuple(alarm.name for alarm in alarms))


def _not_ours(case: Case, findings: Sequence[Finding], policy: Policy) -> tuple[Finding, ...]:
    """A remark for each desk that evidence speaks for and the brand does not have."""
    brand = case.mail.brand
    missing = dict.fromkeys(f.route for f in findings if f.route and not policy.allows(brand, f.route))
    reason = "the brand {} has no desk {}: what speaks for it does not count"
    return tuple(
        Finding(source="guard", route=NOWHERE, score=0.5, reason=reason.format(brand, route), name="brand")
        for route in missing
    )


def _believed(case: Case) -> Case:
    """Without history and account for a sender who is not authenticated, whoever gathered them."""
    if case.message.trusted_sender or (case.history == SenderHistory() and case.account == AccountStatus()):
        return case
    return replace(case, history=SenderHistory(), account=AccountStatus())


def _choose(
    case: Case, routes: Sequence[RouteName], policy: Policy, matches: Sequence[Match], findings: Sequence[Finding]
) -> tuple[Choice, tuple[Finding, ...]]:
    """The first step that settles it, and what the steps before the evidence found."""
    if case.message.received_count > policy.max_received:
        probabilities = blend(findings, routes, policy)
        return _guarded(REVIEW, probabilities, f"it passed {case.message.received_count} hops: likely a loop")
    stops = (match.rule for match in matches if match.rule.stop and not match.error)
    stopped = next((rule for rule in stops if policy.allows(case.mail.brand, rule.route)), None)
    if stopped is not None:
        probabilities = certain(stopped.route, SURE, blend(findings, routes, policy))
        because = stopped_by(stopped.name)
        return Choice(decided=stopped.route, route=stopped.route, probabilities=probabilities, because=because), ()
    kind = case.message.kind
    if case.mail.bounce_of is not None or kind in {"auto-reply", "bounce", "list"}:
        reason = case.message.kind_reason or "it came to one of our return addresses"
        because = f"nobody wrote it by hand: {kind if kind != 'person' else 'bounce'} ({reason})"
        sure = Finding(source="kind", route=AUTOMATIC, score=SURE, reason=because, name=kind)
        probabilities = certain(AUTOMATIC, SURE, blend(findings, routes, policy))
        return Choice(decided=AUTOMATIC, route=AUTOMATIC, probabilities=probabilities, because=because), (sure,)
    return weighed(case.mail.brand, case.message, policy, findings, routes), ()


def stopped_by(rule: str) -> str:
    """Why a mail goes where a stop rule of this name sends it."""
    return f"the rule «{rule}» decides it"


def _guarded(route: RouteName, probabilities: Probabilities, because: str) -> tuple[Choice, tuple[Finding, ...]]:
    guard = Finding(source="guard", route=route, score=SURE, reason=because, name="loop")
    best = probabilities[0][0]
    return Choice(decided=best, route=route, probabilities=probabilities, because=because), (guard,)


def weighed(
    brand: BrandName, message: Message, policy: Policy, findings: Sequence[Finding], routes: Sequence[RouteName]
) -> Choice:
    """The most probable of these routes by all evidence, if it is probable enough and nothing makes it doubtful."""
    probabilities = blend(findings, routes, policy)
    best, confidence = probabilities[0]
    threshold = policy.threshold(brand, best)
    doubt = _doubt(message, policy, findings, probabilities, routes, threshold)
    unsure = not doubt and confidence < threshold
    if unsure:
        doubt = (
            f"{best} is the best guess at {percent(confidence)}, which is below its threshold of {percent(threshold)}"
        )
    if doubt:
        return Choice(decided=best, route=REVIEW, probabilities=probabilities, because=doubt, unsure=unsure)
    because = f"{best} at {percent(confidence)}: {_strongest(best, findings)}"
    return Choice(decided=best, route=best, probabilities=probabilities, because=because)


def _seconded(
    case: Case, policy: Policy, findings: Sequence[Finding], choice: Choice, routes: Sequence[RouteName]
) -> tuple[Choice, tuple[Finding, ...]]:
    """The choice once a second opinion was heard, which counts only where confidence is all that the best guess lacks.

    It may confirm that guess; it can't change it. Of urgent mail and of junk it is not heard.
    """
    heard = case.advice is not None and choice.unsure and choice.confidence >= policy.second_opinion_floor
    if not heard or choice.decided == JUNK or any(finding.source == "urgent" for finding in findings):
        return choice, ()
    assert case.advice is not None
    finding = advice_finding(case.advice, choice.decided, policy)
    if finding.route:
        known = (*findings, finding)
        choice = weighed(case.mail.brand, case.message, policy, known, routes)
    return replace(choice, because=f"{choice.because}; {finding.reason}"), (finding,)


def _doubt(
    message: Message,
    policy: Policy,
    findings: Sequence[Finding],
    probabilities: Probabilities,
    routes: Sequence[RouteName],
    threshold: float,
) -> str:
    """Why a person should look although the route is probable; ``""`` for no reason."""
    best, _ = probabilities[0]
    if best == JUNK:
        without = blend(
            [*findings, Finding(source="guard", route=JUNK, score=0.0, reason="", veto=True)], routes, policy
        )
        likely = next((route for route, share in without if route in policy.protected and share >= _LIKELY), None)
        supported = any(finding.route == likely and finding.score > 0.5 for finding in findings)
        return f"it looks like junk, but may be meant for {likely}" if likely and supported else ""
    if hiding := tricks.remarked(findings, tricks.HIDING):
        return f"something in it may be hidden from what judges: {hiding.reason}"
    if best == policy.fallback:
        return ""
    if policy.two_matters == "review" and (second := _second(best, probabilities, findings, policy)):
        return f"it is about two things, {best} and {second}"
    if trick := tricks.remarked(findings, tricks.STEERING):
        return f"it was perhaps written to get onto {best}: {trick.reason}"
    if emptiness(message) > _EMPTY and any(one.source == "thread" and not one.score for one in findings):
        return f"little but a thread that its sender is not believed to be in makes it {best}"
    other = [finding for finding in findings if finding.source != "history"]
    if len(other) < len(findings):
        sober, share = blend(other, routes, policy)[0]
        if sober != best or share < threshold:
            return f"only the sender's history makes it {best}, and history alone decides nothing"
    return ""


def _second(best: RouteName, probabilities: Probabilities, findings: Sequence[Finding], policy: Policy) -> RouteName:
    """The desk that a mail is also about: its own phrases say so, and the words as a whole do not contradict."""
    if best in {policy.fallback, JUNK, AUTOMATIC}:
        return NOWHERE
    spoken = {one.route for one in findings if one.source == "phrases" and weight(one) >= _ALSO}
    return next(
        (
            route
            for route, share in probabilities
            if route in spoken - {best, policy.fallback} and share >= _ALSO_LIKELY
        ),
        NOWHERE,
    )


def _strongest(route: RouteName, findings: Sequence[Finding]) -> str:
    """The best reason for a route, in words."""
    reasons = sorted(
        (finding for finding in findings if finding.route == route and finding.score > 0.5), key=lambda one: -one.score
    )
    return reasons[0].reason if reasons else "nothing speaks for another desk"
