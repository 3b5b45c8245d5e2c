"""Whom we believe: set by the team, read by the reader and the doors."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What makes a header, a hop or a forwarder believable."""

    #: authserv-ids of our own hops, lower case (RFC 8601 §2.5); empty: no Authentication-Results is believed
    authserv_ids: frozenset[str] = frozenset()
    #: domains of the team itself, lower case: who forwards from here is a colleague
    team_domains: frozenset[str] = frozenset()
    #: addresses that contact forms send from, lower case
    form_senders: frozenset[str] = frozenset()
    #: all addresses of all brands, lower case
    own_addresses: frozenset[str] = frozenset()
