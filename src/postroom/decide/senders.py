"""Senders whose domain looks like one of ours: a remark for people, which keeps a mail from desks unless they are known.

A domain is compared with each protected one by its skeleton (letters that look alike made equal, after Unicode TR 39 §4,
and punycode decoded), by one changed, added, missing or swapped letter, by words added with hyphens or as labels, and by
another ending. Names of fewer than five letters are compared by skeleton alone: everything resembles them.

Many who have such a domain imitate nobody: another firm of that name, a customer in another country. So our own domains, those
that the team names and public providers' are no look-alikes; nor is an authenticated sender whose mail a person gave to a desk,
except where a domain can only be meant to deceive.
"""

import unicodedata
from functools import lru_cache

from postroom.decide.policy import Policy
from postroom.decide.publicmail import PUBLIC_PROVIDERS
from postroom.model.judgement import Finding, SenderHistory
from postroom.model.mail import RouteName
from postroom.model.message import Message

_LIKE = str.maketrans(
    "авекмнорстухіјѕԁԛԝһгьαβεικνορτυχγωпłıøđћ0135$|",
    "abekmhopctyxijsdqwhrbabeiknoptuxywnliodho" + "l" + "es" + "sl",
)
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"))
_LEAST = 5
_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "ac", "gov", "edu", "ne", "or"})

LOOKALIKE, KNOWN = "lookalike", "known-lookalike"
"""Names of the remarks on such a domain: of a stranger's, and of one who is known."""

_SAME_LOOK, _WHOLE = "its letters only look the same", "our whole domain with words added"
_MEANT = frozenset({_SAME_LOOK, _WHOLE})
"""What nobody's domain is by chance."""


def findings(message: Message, policy: Policy, history: SenderHistory) -> tuple[Finding, ...]:
    """A remark for each address of the sender (From, Reply-To, the customer) at a lookalike domain."""
    addresses = [one for one in (message.from_, message.customer, *message.reply_to) if one is not None]
    ours = policy.protected_domains
    believed = message.trusted_sender.lower().rpartition("@")[2] if history.confirmed else ""
    found = []
    for domain in dict.fromkeys(one.domain.lower() for one in addresses):
        if domain in PUBLIC_PROVIDERS or any(_within(domain, one) for one in (*ours, *policy.known_domains)):
            continue
        imitated = next(((one, how) for one in ours if (how := lookalike(domain, one))), None)
        if imitated is not None:
            found.append(_remark(domain, *imitated, known=domain == believed))
    return tuple(found)


def _remark(domain: str, ours: str, how: str, *, known: bool) -> Finding:
    reason = f"the sender's domain {domain} looks like {ours}: {how}"
    if known and how not in _MEANT:
        reason += ", but a person gave mail from there to a desk before"
        return Finding(source="sender", route=RouteName(""), score=0.5, reason=reason, name=KNOWN)
    return Finding(source="sender", route=RouteName(""), score=0.9, reason=reason, name=LOOKALIKE)


def _within(domain: str, other: str) -> bool:
    return domain == other or domain.endswith(f".{other}")


@lru_cache(maxsize=4096)
def lookalike(domain: str, ours: str) -> str:
    """How a domain imitates ours; ``""`` when it does not, or is ours."""
    domain, ours = _unicode(domain[:253]), _unicode(ours)
    if not domain or not ours or _within(domain, ours):
        return ""
    if skeleton(domain) == skeleton(ours):
        return _SAME_LOOK
    name, wanted = _name(domain), _name(ours)
    if skeleton(name) == skeleton(wanted) and name != wanted:
        return _SAME_LOOK
    if len(wanted) < _LEAST:
        return ""
    if name == wanted:
        return "the same name with another ending"
    if _one_apart(skeleton(name), skeleton(wanted)):
        return "one letter differs"
    if f"{ours}." in domain:
        return _WHOLE
    if wanted in name.split("-") or wanted in domain.split(".")[:-1]:
        return "our name with words added"
    return ""


def skeleton(domain: str) -> str:
    """A domain with letters that look alike made equal."""
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", domain).casefold() if not unicodedata.combining(char)
    )
    plain = plain.translate(_LIKE).replace("1", "l")
    for pair, like in _PAIRS:
        plain = plain.replace(pair, like)
    return plain


def _unicode(domain: str) -> str:
    labels = []
    for label in domain.lower().strip(".").split("."):
        if label.startswith("xn--"):
            try:
                labels.append(label[4:].encode("ascii").decode("punycode"))
                continue
            except (UnicodeError, ValueError, OverflowError):
                pass
        labels.append(label)
    return ".".join(labels)


def _name(domain: str) -> str:
    """The label that people read as the name: that before the ending."""
    labels = domain.split(".")
    if len(labels) > 2 and labels[-2] in _SECOND_LEVEL:
        return labels[-3]
    return labels[-2] if len(labels) > 1 else labels[0]


def _one_apart(one: str, other: str) -> bool:
    """One letter changed, added, missing, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[:2][::-1] and a[2:] == b[2:] and len(a) > 1)
