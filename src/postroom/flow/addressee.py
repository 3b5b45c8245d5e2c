"""To whom an answer goes: one address of the mail, and whether anything speaks for its being the person's.

What a header says of where to answer is anybody's to write. So From is answered, not Reply-To, unless From is authenticated
and Reply-To lies in its domain: a Reply-To can be added to a signed mail afterwards, and in a forged mail it leads to the
forger, who would read what is meant for the person. A colleague may choose the other address, and is told so before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from postroom.model.marks import RETURN_PREFIX
from postroom.model.message import Address, Message
from postroom.model.trust import Trust
from postroom.understand.addresses import normal

_NOBODY: Final = re.compile(
    r"(?:no|do[._-]?not|non|nicht|ne[._-]?pas)[._-]?(?:reply|respond|answer|antworten|repondre|responder)|mailer[-_]?daemon",
    re.IGNORECASE,
)
_LOCAL: Final = re.compile(r"[^\s\x00-\x20\x7f-\x9f<>()\[\],;:\\\"@\u2028\u2029\ud800-\udfff]{1,64}")
_LABEL: Final = re.compile(r"[^\W_](?:[^\W_]|-){0,61}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """An address that an answer may go to."""

    #: ``local@domain``, domain in Unicode
    addr: str
    #: display name, ``""`` if unknown; anybody may have written it
    name: str
    #: whether the mail proves that it is the person's
    believed: bool
    #: in words, where the address is from and what speaks for it
    why: str


def addressees(message: Message, trust: Trust) -> tuple[Addressee, ...]:
    """Whom an answer can go to, the one that it goes to first; none where nobody reads answers. Pure, total."""
    if message.kind == "bounce":
        return ()
    if message.forward is not None:
        customer = message.forward.customer
        where = "a contact form" if message.forward.how == "form" else "a colleague's forward"
        found = [_of(customer, False, f"named in {where}, which proves nothing")] if customer is not None else []
    else:
        found = list(_of_header(message))
    return tuple(one for one in found if _can_be_written(one.addr, trust))


def _of_header(message: Message) -> Iterator[Addressee]:
    """From and Reply-To, what is believed most first."""
    from_, authenticated = message.from_, message.auth.state == "pass"
    others = {
        one.addr.lower(): one for one in message.reply_to if from_ is None or one.addr.lower() != from_.addr.lower()
    }
    other = next(iter(others.values())) if len(others) == 1 else None
    same = other is not None and from_ is not None and other.domain == from_.domain and authenticated
    if other is not None and same:
        yield _of(other, True, "their Reply-To, in the domain that is authenticated")
    if from_ is not None:
        yield _of(
            from_,
            authenticated,
            "From, authenticated" if authenticated else "From, not authenticated: anybody can write that",
        )
    if other is not None and not same:
        yield _of(other, False, "Reply-To of the mail: anybody can write that, and it is elsewhere than From")


def _of(address: Address, believed: bool, why: str) -> Addressee:
    return Addressee(addr=normal(address.addr), name=address.name, believed=believed, why=why)


def _can_be_written(addr: str, trust: Trust) -> bool:
    local, _, domain = addr.rpartition("@")
    ours = {addr.lower(), f"{local.partition('+')[0].lower()}@{domain}", f"@{domain}"} & trust.own_addresses
    if ours or addr.lower() in trust.form_senders or local.lower().startswith(f"{RETURN_PREFIX}-"):
        return False
    if _LOCAL.fullmatch(local) is None or _NOBODY.match(local) is not None or len(addr.encode()) > 254:
        return False
    return "." in domain and all(_LABEL.fullmatch(label) for label in domain.split("."))


def on_the_wire(addr: str) -> str:
    """An address with its domain as A-labels (RFC 5891 §4.4); a local part that is not ASCII needs SMTPUTF8 (RFC 6531)."""
    local, _, domain = addr.rpartition("@")
    return f"{local}@{'.'.join(map(_a_label, domain.split('.')))}"


def _a_label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
