"""Whether From can be believed, as our own hop reports it.

Only Authentication-Results of a configured authserv-id count, only those that our own hops wrote (`trace.believed`),
and only when a trusted peer handed us the mail. Of several reports of a method the topmost counts: a hop writes above
what it was handed. A hop must strip forged results under its own name (RFC 8601 §5); one that neither strips nor
reports a method of its own can't be told from its forger.

Invariant: pure and total; linear in the header.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

from publicsuffixlist import PublicSuffixList

from postroom.model.message import Address, Authentication, Defect
from postroom.model.trust import Trust
from postroom.understand import addresses, results
from postroom.understand.headers import Field

_FIELD: Final = "authentication-results"
_FORGED = Defect(code="forged-auth-results", detail="Authentication-Results under our name that our hop did not write")


class Judged(NamedTuple):
    """The authentication of a mail, and what was wrong."""

    auth: Authentication
    defects: tuple[Defect, ...]


def judge(fields: Sequence[Field], believed: int, from_: Sequence[Address], trust: Trust) -> Judged:
    """Judge From by the first ``believed`` fields (0 when the peer is not trusted)."""
    if not trust.authserv_ids:
        return Judged(Authentication(reason="no authserv-id is configured"), ())
    trusted: dict[str, list[results.Result]] = {}
    forged = False
    for index, (name, raw) in enumerate(fields):
        if name != _FIELD:
            continue
        if results.authserv_id(raw) not in trust.authserv_ids:
            continue
        if index >= believed:
            forged = True
        else:
            forged |= _take(results.parse(raw), trusted)
    return Judged(_verdict(fields, from_, trusted, told=believed > 0), (_FORGED,) if forged else ())


def _take(report: results.Results, trusted: dict[str, list[results.Result]]) -> bool:
    """Add a report's methods unless one above it told of them; True when it contradicts that one."""
    mine: dict[str, list[results.Result]] = {}
    for result in report.results:
        mine.setdefault(result.method, []).append(result)
    contradicts = any(
        method in trusted and {one.result for one in told} - {one.result for one in trusted[method]}
        for method, told in mine.items()
    )
    for method, told in mine.items():
        trusted.setdefault(method, told)
    return contradicts


def _verdict(
    fields: Sequence[Field], from_: Sequence[Address], trusted: dict[str, list[results.Result]], *, told: bool
) -> Authentication:
    if not trusted:
        return Authentication(reason="no trusted Authentication-Results" if told else "not handed in by a trusted peer")
    failed = next((one for one in trusted.get("dmarc", ()) if one.result == "fail"), None)
    if failed is not None:
        return Authentication(
            state="fail",
            method="dmarc",
            domain=addresses.domain(failed.value("header.from"))[:253],
            reason="our hop says dmarc=fail",
        )
    if sum(name == "from" for name, _ in fields) != 1 or len(from_) != 1:
        return Authentication(reason="there is not exactly one From address (RFC 7489 §6.6.1)")
    domain = from_[0].domain
    if not domain:
        return Authentication(reason="the From address has no domain")
    for method in ("dkim", "spf"):
        for one in trusted.get(method, ()):
            name = _identity(one) if one.result == "pass" else ""
            if name and aligned(name, domain):
                return Authentication(
                    state="pass", method=method, domain=name, reason=f"{method}=pass for {name}, aligned with From"
                )
    return Authentication(reason=f"our hop reports no SPF or DKIM pass that is aligned with {domain}")


def _identity(result: results.Result) -> str:
    """The domain that a DKIM or SPF result speaks of."""
    if result.method == "dkim":
        value = result.value("header.d") or result.value("header.i").rpartition("@")[2]
    else:
        sender = result.value("smtp.mailfrom") or result.value("smtp.mfrom")
        value = (sender or result.value("smtp.helo")).rpartition("@")[2]
    return addresses.domain(value.strip("<>\"' ")[:253])


def aligned(one: str, other: str) -> bool:
    """Whether two domains have the same organisational domain (relaxed alignment, RFC 7489 §3.1)."""
    if one == other:
        return True
    mine = organisation(one)
    return bool(mine) and mine == organisation(other)


@lru_cache(maxsize=4096)
def organisation(domain: str) -> str:
    """The domain that an organisation registered (RFC 7489 §3.2); ``""`` for a public suffix or no domain at all."""
    labels = domain.lower().strip(".").split(".")
    try:
        ascii_labels = [
            label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in labels
        ]
    except UnicodeError:
        return ""
    found = load().privatesuffix(".".join(ascii_labels))
    return str(found) if found else ""


@cache
def load() -> PublicSuffixList:
    """Read the public suffix list that is bundled with its package, once a process (0.1 s)."""
    return PublicSuffixList(accept_unknown=True)
