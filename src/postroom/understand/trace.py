"""How far down a header block our own hops wrote it.

Every hop writes its lines above what it was handed. So the lines of our own hops stand on top: down to the Received line
in which one of them took the mail from outside, and the trace lines (Authentication-Results, spam verdicts) that it
put directly below that line. The next Received line, and everything from the first line of another sort on, was written
by strangers.

Invariant: pure and total; linear in the number of fields.
"""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from postroom.model.trust import Trust
from postroom.understand.headers import Field

_BY = re.compile(r"(?:^|\s)by\s+([^\s();]+)", re.IGNORECASE)
_FROM = re.compile(r"\s*from\s", re.IGNORECASE)
#: in brackets, or in parentheses as Exchange and qmail write it; with a zone where it is link-local
_IP = re.compile(r"(?:\[(?:IPv6:)?|\()([0-9A-F]{0,4}[.:][0-9A-F:.]{1,43})(?:%\w{1,20})?[\])]", re.IGNORECASE)
#: what the client says of itself: the word behind "from" (Exim has the address there, and HELO in parentheses), and HELO
_CLAIMED = re.compile(r"\A\s*from\s+\S++(?!\s+\((?:helo|port|ident)=)|\b(?:helo|ehlo|lhlo)\b[^()]*", re.IGNORECASE)
_CLAUSE: Final = 2000

#: not `is_private`: that counts documentation networks too
_INSIDE: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
_TRACE_NAMES: Final = frozenset(
    {
        "authentication-results", "return-path", "delivered-to", "envelope-to", "x-original-to", "received-spf",
        "dkim-filter", "x-dkim", "x-received", "x-google-smtp-source", "x-scanned-by", "x-quarantine-id", "x-greylist",
        "x-forwarded-encrypted", "x-delivered-to", "x-original-delivered-to", "x-bogosity", "x-dspam-result",
    }
)  # fmt: skip
_TRACE_STARTS: Final = (
    "x-spam",
    "x-rspamd",
    "x-virus",
    "x-amavis",
    "arc-",
    "x-envelope-",
    "x-ms-exchange-organization-",
)


def believed(fields: Sequence[Field], trust: Trust, helo: str) -> int:
    """How many fields from the top were written by our own hops, given that a trusted peer handed us the mail.

    Our hops are those named in the authserv-ids or below them, those in the team's domains, and the peer by its name.
    """
    names = trust.authserv_ids | trust.team_domains | ({helo.lower().strip("[]")} if helo else frozenset())
    entered = False
    for index, (name, raw) in enumerate(fields):
        if name == "received":
            by = _BY.search(raw, 0, _CLAUSE)
            if entered or not _by_us(by, names):
                return index
            entered = _from_outside(raw, by)
        elif entered and name not in _TRACE_NAMES and not name.startswith(_TRACE_STARTS):
            return index
    return len(fields)


def _by_us(by: re.Match[str] | None, names: frozenset[str]) -> bool:
    host = by[1].lower().rstrip(".") if by else ""
    return host == "localhost" or host in names or any(host.endswith("." + name) for name in names if name)


def _from_outside(received: str, by: re.Match[str] | None) -> bool:
    """Whether the hop took the mail from another's machine: what a client says of itself (HELO) is not believed."""
    if _FROM.match(received, 0, _CLAUSE) is None:
        return False
    return _names_outside(received[: by.start() if by else _CLAUSE])


@lru_cache(maxsize=1024)
def _names_outside(clause: str) -> bool:
    """Whether the first clause of a Received line names an outside address, or an inside one by the client's word alone."""
    addresses = _IP.findall(clause)
    if not addresses or not all(_is_inside(address) for address in addresses):
        return True
    return _IP.search(_CLAIMED.sub(" ", clause)) is None


def _is_inside(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in _INSIDE)
