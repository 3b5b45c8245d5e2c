"""A decision in plain English: where it goes, why, what spoke for and against it, and what would have changed it."""

from collections.abc import Sequence

from postroom.decide.blend import weight
from postroom.decide.changes import Change
from postroom.model.judgement import AUTOMATIC, JUNK, REVIEW, Decision, Finding
from postroom.model.message import Message
from postroom.model.shares import percent

_QUOTE = 60
_CHANGES = 4
_EVIDENCE = ("rule", "thread", "phrases", "classifier", "history", "account", "spam", "second-opinion", "verdict")


def explain(
    decision: Decision,
    message: Message | None = None,
    changed: Sequence[Change] = (),
    alerted: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """Paragraphs for people, most important first.

    ``alerted`` names the destinations of urgent mail, None where nobody knows. With the message, the words that spoke are quoted; with `changes.changes`, it is said what would have changed the outcome.
    """
    paragraphs = [
        _where(decision),
        *_also(decision),
        *_urgent(decision, alerted),
        _who(decision, message),
        *_evidence(decision, message),
        *_remarks(decision),
        " ".join(map(outcome, changed[:_CHANGES])),
        _versions(decision),
    ]
    return tuple(paragraph for paragraph in paragraphs if paragraph)


def strength(finding: Finding) -> str:
    """How strongly a finding speaks, with its log-odds."""
    if finding.veto:
        return "rules it out"
    value = weight(finding)
    size = abs(value)
    word = "slightly" if size < 0.7 else "clearly" if size < 2.0 else "strongly" if size < 4.0 else "decisively"
    return f"{word} {'for' if value >= 0 else 'against'}, {value:+.1f}"


def _where(decision: Decision) -> str:
    if decision.route == decision.decided:
        said = f"It goes to {decision.route}: {decision.because}."
    else:
        said = f"It goes to {decision.route}, where a person decides: {decision.because}. The best guess is {decision.decided} ({percent(decision.confidence)})."
    if decision.stage == "shadow":
        said += f" {decision.decided} is in shadow for this mail: the decision is recorded, and the mail goes where it went before."
    elif decision.stage == "canary":
        said += f" {decision.decided} is being tried out, and this mail is in the part that counts."
    if decision.asked == "audit":
        said += " It is also put before a person, as one of those drawn for the audit."
    return said


def _also(decision: Decision) -> list[str]:
    if decision.second in {"", decision.route}:
        return []
    if decision.copied:
        return [f"It is also about {decision.second}: a linked copy goes there too."]
    if decision.route == REVIEW:
        return [f"It is also about {decision.second}."]
    return [f"{decision.route} is told that it is also about {decision.second}."]


def _urgent(decision: Decision, alerted: Sequence[str] | None) -> list[str]:
    if not decision.urgent:
        return []
    why = "; ".join(finding.reason for finding in decision.findings if finding.source == "urgent")
    if alerted is None:
        told = "so whoever the settings name for urgent mail is told at once, wherever it goes"
    elif alerted:
        told = f"so {', '.join(alerted)} is told at once, wherever it goes"
    else:
        told = "but nobody is told at once: nobody is named in urgent.destinations"
    return [f"It is urgent ({', '.join(decision.urgent)}), {told}. Found: {why}."]


def _who(decision: Decision, message: Message | None) -> str:
    said = []
    if message is not None:
        customer = message.customer
        address = customer.addr if customer else "nobody named"
        believed = "believed" if message.trusted_sender else "not believed"
        said.append(f"The sender {address} is {believed} ({message.auth.reason}).")
    if decision.history.mails:
        said.append(
            f"They wrote {decision.history.mails} {'mail' if decision.history.mails == 1 else 'mails'} before, the newest to {decision.history.last_route or 'nowhere yet'}."
        )
    if decision.account.state != "unknown":
        said.append(f"Their account is {decision.account.state}.")
    return " ".join(said)


def _evidence(decision: Decision, message: Message | None) -> list[str]:
    spoken = [finding for finding in decision.findings if finding.route and finding.source in _EVIDENCE]
    best = decision.decided
    own = sorted((one for one in spoken if one.route == best), key=lambda one: -abs(weight(one)))
    others = sorted(
        (one for one in spoken if one.route != best and (one.score > 0.5 or one.veto)),
        key=lambda one: (-one.veto, -one.score),
    )
    paragraphs = []
    if own:
        paragraphs.append(f"On {best}: " + "; ".join(_said(one, message) for one in own) + ".")
    elif best not in {AUTOMATIC, JUNK}:
        paragraphs.append(
            f"Nothing in particular speaks for {best}; it is what is expected of mail that nothing else claims."
        )
    if others:
        paragraphs.append("On other desks: " + "; ".join(f"{one.route}: {_said(one, message)}" for one in others) + ".")
    ranked = ", ".join(f"{route} {percent(share)}" for route, share in decision.probabilities[:5] if share >= 0.005)
    paragraphs.append(f"All together: {ranked}.")
    return paragraphs


def _said(finding: Finding, message: Message | None) -> str:
    words = _words(finding, message)
    return f"{finding.reason} ({strength(finding)}{words})"


def _words(finding: Finding, message: Message | None) -> str:
    if message is None or not finding.spans:
        return ""
    text = f"{message.subject}\n{message.new_text}"
    quoted = dict.fromkeys(" ".join(text[start:end].split())[:_QUOTE] for start, end in finding.spans)
    return ", in the words " + ", ".join(f"“{one}”" for one in quoted)


def _remarks(decision: Decision) -> list[str]:
    remarks = [one.reason for one in decision.findings if not one.route and one.source != "urgent"]
    return [f"Also noticed: {'; '.join(remarks)}."] if remarks else []


def outcome(change: Change) -> str:
    """A change and where the mail would have gone, as a sentence."""
    guess = f"{change.decided}, {percent(change.confidence)}"
    where = f"a person would decide (best guess {guess})" if change.route == REVIEW else f"it would go to {guess}"
    return f"{change.what}, {where}."


def _versions(decision: Decision) -> str:
    versions = decision.versions
    named = [
        ("policy", versions.policy),
        ("rules", versions.rules),
        ("phrases", versions.phrases),
        ("model", versions.model),
        ("second opinion", versions.second_opinion),
    ]
    said = ", ".join(f"{name} {value}" for name, value in named if value)
    return f"Decided with {said}." if said else ""
