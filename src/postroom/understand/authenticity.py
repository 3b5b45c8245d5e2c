"""Whether From can be believed, as our own hop reports it.

Only Authentication-Results of a configured authserv-id count, only those that our own hops wrote (`trace.believed`),
and only when a trusted peer handed us the mail. Of several reports of a method the topmost counts: a hop writes above
what it was handed. A hop must strip forged results under its own name (RFC 8601 §5); one that neither strips nor
reports a method of its own can't be told from its forger.

The hop has authenticated what it read; so only a mail that all readers read alike can be believed: a header without
defects that hide or move a field, one From with one plain address, identities in so many words.

Invariant: pure and total; linear in the header.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

from publicsuffixlist import PublicSuffixList

from postroom.model.message import Address, Authentication, Defect
from postroom.model.trust import Trust
from postroom.understand import addresses, headers, results

_FIELD: Final = "authentication-results"
_DOMAIN: Final = r"""([^\s"'()<>@\[\]\\,;:=]{1,253})"""
_LOCAL: Final = r"""[^\s"()<>@\\]*@"""
_PATH = re.compile(f"<?(?:{_LOCAL})?{_DOMAIN}>?")
#: the properties that say whom a method speaks of, best first, and how they are written (RFC 8601 §2.2, §2.7)
_IDENTITIES: Final = {
    "dkim": {"header.d": re.compile(_DOMAIN), "header.i": re.compile(_LOCAL + _DOMAIN)},
    "spf": {"smtp.mailfrom": _PATH, "smtp.mfrom": _PATH, "smtp.helo": _PATH},
    "dmarc": {"header.from": _PATH},
}
_FORGED = Defect(code="forged-auth-results", detail="Authentication-Results under our name that our hop did not write")


class Judged(NamedTuple):
    """The authentication of a mail, and what was wrong."""

    auth: Authentication
    defects: tuple[Defect, ...]


def judge(block: headers.Block, believed: int, from_: Sequence[Address], trust: Trust) -> Judged:
    """Judge From by the first ``believed`` fields (0 when the peer is not trusted)."""
    if not trust.authserv_ids:
        return Judged(Authentication(reason="no authserv-id is configured"), ())
    trusted: dict[str, list[results.Result]] = {}
    forged = False
    for index, (name, raw) in enumerate(block.fields):
        if name != _FIELD:
            continue
        if results.authserv_id(raw) not in trust.authserv_ids:
            continue
        if index >= believed:
            forged = True
        else:
            forged |= _take(results.parse(raw), trusted)
    return Judged(_verdict(block, from_, trusted, told=believed > 0), (_FORGED,) if forged else ())


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
    block: headers.Block, from_: Sequence[Address], trusted: dict[str, list[results.Result]], *, told: bool
) -> Authentication:
    if not trusted:
        return Authentication(reason="no trusted Authentication-Results" if told else "not handed in by a trusted peer")
    failed = next((one for one in trusted.get("dmarc", ()) if one.result == "fail"), None)
    if failed is not None:
        return Authentication(
            state="fail",
            method="dmarc",
            domain=_identity(failed),
            reason="our hop says dmarc=fail",
        )
    if doubt := _doubt(block, from_):
        return Authentication(reason=doubt)
    domain = from_[0].domain
    for method in ("dkim", "spf"):
        for one in trusted.get(method, ()):
            name = _identity(one) if one.result == "pass" else ""
            if name and aligned(name, domain):
                return Authentication(
                    state="pass", method=method, domain=name, reason=f"{method}=pass for {name}, aligned with From"
                )
    return Authentication(reason=f"our hop reports no SPF or DKIM pass that is aligned with {domain}")


def _doubt(block: headers.Block, from_: Sequence[Address]) -> str:
    """Why another reader may see another From than we do, in words; ``""`` when none can."""
    hidden = next((code for code in block.defects if code in headers.AMBIGUOUS), "")
    if hidden:
        return f"others may read another header ({hidden})"
    written = block.all("from")
    if len(written) != 1 or len(from_) != 1:
        return "there is not exactly one From address (RFC 7489 §6.6.1)"
    if not from_[0].domain:
        return "the From address has no domain"
    guessed = "8bit-header" in block.defects and not written[0].isascii()
    if guessed or addresses.certain(written[0]) != from_[0].addr:
        return "others may read another address in From"
    return ""


def _identity(result: results.Result) -> str:
    """The domain that a result speaks of; ``""`` unless it is told once and in so many words."""
    for name, form in _IDENTITIES[result.method].items():
        told = [value for key, value in result.properties if key == name]
        if told:
            found = form.fullmatch(told[0]) if len(told) == 1 else None
            return addresses.domain(found[1]) if found else ""
    return ""


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
    ascii_labels = [label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in labels]
    found = load().privatesuffix(".".join(ascii_labels))
    return str(found) if found else ""


@cache
def load() -> PublicSuffixList:
    """Read the public suffix list that is bundled with its package, once a process (0.1 s)."""
    return PublicSuffixList(accept_unknown=True)
