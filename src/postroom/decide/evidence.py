"""Findings: what thread, rules, phrases, classifier, history, account and spam filter say of a mail."""

import math
from collections.abc import Sequence

from postroom.decide.blend import pool, score
from postroom.decide.case import Case
from postroom.decide.folding import Folded
from postroom.decide.phrases import Hit, Hits, PhraseBook
from postroom.decide.policy import Policy
from postroom.decide.rules import Match
from postroom.decide.substance import emptiness
from postroom.decide.tricks import STUFFING, are_linked
from postroom.decide.urgent import spans
from postroom.model.judgement import JUNK, UNSURE, AccountState, Advice, Clue, Finding, Opinion, ThreadState
from postroom.model.mail import RouteName
from postroom.model.message import Message
from postroom.model.shares import percent

NOWHERE = RouteName("")
_DAY = 86_400.0
_THREAD_WEIGHTS = {"references": 4.0, "in-reply-to": 4.0, "subject": 3.5}
_THREAD_HALF_LIFE = 120 * _DAY
_SAYS_ENOUGH = 0.4
"""What a thread weighs for a mail that says enough by itself, as part of what it weighs for one that says nothing."""
_FALLBACK_THREAD = 0.6
"""What a thread at the fallback weighs: having asked one thing says little of what is asked next."""
_OPEN_CASE = 3.8
_OPEN_FOR = 21 * _DAY
_OPEN_COUNT = 0.8
"""A mail of that age counts 0.85 in a history; less is what is left of older ones, or of one that a person moved away."""
_LEAD, _LEAD_OF_ENOUGH = 0.0, 5.0
"""How far the words of a mail that says nothing, and of one that says enough, can put the fallback ahead of the desk that
has to do with its sender already: that they speak for no desk is no sign that they are about something else."""
_LIKELY = 0.3
"""Share from which on a classifier's words for a desk may be what brings a mail there."""
_NAMED = 5
"""How many phrases a reason names."""
_CLUES = 8
"""How many phrases a finding keeps with their weights."""


def thread_findings(case: Case, policy: Policy) -> tuple[Finding, ...]:
    """A thread speaks for the route where it is: 4 by reference, 3.5 by subject, half more if a person confirmed it.

    Less the more the mail says by itself, and less at the fallback. Without a thread, the sender's open case speaks for
    its route, if the mail says little.
    """
    remark: tuple[Finding, ...] = ()
    if case.message.ticket:
        reason = f"the subject carries another system's ticket {case.message.ticket}"
        remark = (Finding(source="thread", route=NOWHERE, score=0.5, reason=reason, name="ticket"),)
    thread = case.thread
    if thread is None:
        return (*remark, *_open_case(case, policy))
    return (*remark, thread_finding(thread, case.message, case.now, policy))


def thread_finding(thread: ThreadState, message: Message, now: float, policy: Policy) -> Finding:
    """What a thread says of a mail that continues it."""
    strength = (
        _THREAD_WEIGHTS[thread.matched_by] + (0.5 if thread.confirmed else 0.0) + (0.5 if message.ticket else 0.0)
    )
    strength *= 0.5 ** (max(now - thread.last_at, 0.0) / _THREAD_HALF_LIFE)
    strength *= _SAYS_ENOUGH + (1.0 - _SAYS_ENOUGH) * emptiness(message)
    if thread.route == policy.fallback:
        strength *= _FALLBACK_THREAD
    said = " by a person's word" if thread.confirmed else ""
    reason = f"it continues a thread of {thread.mails} mails in {thread.route}{said} (found by {thread.matched_by})"
    return Finding(source="thread", route=thread.route, score=score(strength), reason=reason, name=thread.first_id)


def _open_case(case: Case, policy: Policy) -> tuple[Finding, ...]:
    """What the sender was last about at a desk, if that is not long ago and the mail says little by itself."""
    route, strength = open_case(case, policy), _OPEN_CASE * emptiness(case.message)
    if not route or strength <= 0.0:
        return ()
    reason = f"it says little by itself, and its sender has a case open in {route}"
    return (Finding(source="thread", route=route, score=score(strength), reason=reason, name="open-case"),)


def open_case(case: Case, policy: Policy) -> RouteName:
    """The desk that this sender wrote to lately, that with most of his mail first; ``""`` for none."""
    newest = dict(case.history.newest)
    lately = {route for route, at in newest.items() if 0.0 <= case.now - at <= _OPEN_FOR}
    counts = ((route, count) for route, count in case.history.counts if route in lately and count >= _OPEN_COUNT)
    return next((route for route, _ in counts if route != policy.fallback), NOWHERE)


def _awaiting(case: Case, policy: Policy) -> RouteName:
    """The desk that has to do with this sender already: by the thread, else by an open case; ``""`` for none."""
    if case.thread is not None:
        return case.thread.route if case.thread.route != policy.fallback else NOWHERE
    return open_case(case, policy)


def rule_findings(matches: Sequence[Match]) -> tuple[Finding, ...]:
    """One for each rule that matched, and a remark for each that failed."""
    found = []
    for match in matches:
        rule = match.rule
        if match.error:
            reason = f"the rule «{rule.name}» did not count: {match.error}"
            found.append(Finding(source="rule", route=NOWHERE, score=0.0, reason=reason, name=rule.name))
            continue
        reason = f"rule «{rule.name}»" + (f": {rule.comment}" if rule.comment else "")
        if rule.urgent:
            found.append(
                Finding(source="urgent", route=NOWHERE, score=1.0, reason=f"{rule.urgent}: {reason}", name=rule.urgent)
            )
        if rule.veto:
            found.append(
                Finding(
                    source="rule",
                    route=rule.route,
                    score=0.0,
                    reason=f"{reason} rules out {rule.route}",
                    name=rule.name,
                    veto=True,
                )
            )
        else:
            found.append(
                Finding(source="rule", route=rule.route, score=score(rule.weight), reason=reason, name=rule.name)
            )
    return tuple(found)


def phrase_findings(book: PhraseBook, hits: Hits, folded: Folded) -> tuple[Finding, ...]:
    """One for each route whose list has hits, pooled."""
    found = []
    for one in book.lists:
        here = hits.get(one.name, ())
        if one.kind == "route" and here:
            strength = pool(hit.phrase.weight for hit in here)
            ordered = sorted(here, key=lambda hit: (-abs(hit.phrase.weight), hit.phrase.text))
            named = ", ".join(
                f"«{hit.phrase.text}»" + (" (against)" if hit.phrase.weight < 0 else "") for hit in ordered[:_NAMED]
            )
            more = f" and {len(here) - _NAMED} more" if len(here) > _NAMED else ""
            reason = f"phrases of {one.name}: {named}{more}"
            found.append(
                Finding(
                    source="phrases",
                    route=one.route,
                    score=score(strength),
                    reason=reason,
                    name=one.name,
                    spans=spans(here, folded),
                    clues=_phrase_clues(ordered, folded),
                )
            )
    return tuple(found)


def _phrase_clues(ordered: Sequence[Hit], folded: Folded) -> tuple[Clue, ...]:
    """The strongest phrases, each where it first stands."""
    return tuple(
        Clue(word=hit.phrase.text, weight=hit.phrase.weight, span=folded.span(*hit.places[0]))
        for hit in ordered[:_CLUES]
    )


def classifier_findings(case: Case, policy: Policy) -> tuple[Finding, ...]:
    """One for each route that the classifier knows."""
    opinions = [one for one in case.classifier if not math.isnan(one.share)]
    cap = policy.caps.words
    weights = {one.route: math.log(max(one.share, 1e-6) * len(opinions)) for one in opinions}
    awaiting = _awaiting(case, policy)
    if awaiting in weights and policy.fallback in weights:
        lead = _LEAD_OF_ENOUGH + (_LEAD - _LEAD_OF_ENOUGH) * emptiness(case.message)
        weights[awaiting] = max(weights[awaiting], weights[policy.fallback] - lead)
    found = tuple(
        Finding(
            source="classifier",
            route=one.route,
            score=score(min(max(weights[one.route], -cap), cap)),
            reason=f"the classifier gives {one.route} {percent(one.share)}{_by_words(one.clues)}{_remarked(one.remark)}",
            name=case.model,
            spans=tuple(clue.span for clue in one.clues if clue.weight > 0),
            clues=one.clues,
        )
        for one in opinions
    )
    return (*found, *_stuffing(case, opinions, policy))


def _stuffing(case: Case, opinions: Sequence[Opinion], policy: Policy) -> tuple[Finding, ...]:
    """A remark where the words of the likeliest desk are put as nobody puts them who asks for something, or are no words."""
    text = f"{case.message.subject}\n{case.message.new_text}"
    for one in opinions:
        if one.route == policy.fallback:
            continue
        why = ""
        if one.heaped:
            why = f"words that speak for {one.route} stand close together as in a list, beside much else"
        elif one.strange:
            why = "next to none of its words are known"
        elif one.share >= _LIKELY and are_linked((clue.span for clue in one.clues if clue.weight > 0), text):
            why = f"words that speak for {one.route} stand in links, addresses or tags"
        if why:
            return (Finding(source="classifier", route=NOWHERE, score=0.5, reason=why, name=STUFFING),)
    return ()


def _by_words(clues: Sequence[Clue]) -> str:
    said = ", ".join(f"«{clue.word}» {clue.weight:+.1f}" for clue in clues)
    return f" by {said}" if said else ""


def _remarked(remark: str) -> str:
    return f"; {remark}" if remark else ""


def history_findings(case: Case, policy: Policy) -> tuple[Finding, ...]:
    """Routes that the sender's mail went to more often than most: at most the policy's cap, half of it for the domain."""
    history, cap, found = case.history, policy.caps.history, []
    for counts, most, who in (
        (history.counts, cap, "this sender"),
        (history.domain_counts, cap / 2, "the sender's domain"),
    ):
        total = sum(count for _, count in counts)
        for route, count in counts:
            strength = min(math.log1p(max(count, 0.0)) * (2.0 * count / total - 0.5), most) if total > 0.1 else 0.0
            if strength > 0.05:
                reason = f"{who} wrote to {route} before ({count:.1f} of {total:.1f} mails, older ones counted less)"
                found.append(Finding(source="history", route=route, score=score(strength), reason=reason, name=who))
    if history.burst >= 20:
        reason = f"{history.burst} mails of this sender in the last hour"
        found.append(Finding(source="history", route=NOWHERE, score=0.5, reason=reason, name="burst"))
    return tuple(found)


def account_findings(case: Case, policy: Policy) -> tuple[Finding, ...]:
    """What the state of the sender's account speaks for; nothing when the sender is not authenticated."""
    came_later = case.account.since is not None and case.account.since > case.now
    return () if came_later or not case.message.trusted_sender else account_finding(case.account.state, policy)


def account_finding(state: AccountState, policy: Policy) -> tuple[Finding, ...]:
    """What this state speaks for, if for anything."""
    spoken = policy.account_evidence.get(state)
    if spoken is None:
        return ()
    route, strength = spoken
    reason = f"the sender's account is {state}"
    return (Finding(source="account", route=route, score=score(strength), reason=reason, name=state),)


def spam_findings(case: Case, policy: Policy) -> tuple[Finding, ...]:
    """What a trusted hop's spam filter said."""
    spam = case.message.spam
    if spam is None:
        return ()
    scored = "" if spam.score is None else f" (score {spam.score:g})"
    reason = f"{spam.by} calls it {'spam' if spam.spam else 'clean'}{scored}"
    return (
        Finding(
            source="spam",
            route=JUNK,
            score=score(policy.spam_evidence if spam.spam else -1.0),
            reason=reason,
            name=spam.by,
        ),
    )


def advice_finding(advice: Advice, best: RouteName, policy: Policy) -> Finding:
    """A second opinion speaks for the best guess where it agrees with it, and for nothing else; its name is what it said."""
    if advice.route == best:
        return Finding(
            source="second-opinion",
            route=best,
            score=score(policy.caps.second_opinion),
            reason=f"a second opinion says {best} too",
            name=advice.route,
        )
    said = "is not sure either" if advice.route == UNSURE else f"says {advice.route}"
    return Finding(
        source="second-opinion",
        route=NOWHERE,
        score=0.5,
        reason=f"a second opinion {said}",
        name=advice.route,
    )
