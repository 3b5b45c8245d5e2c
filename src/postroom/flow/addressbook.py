"""Which recipients are ours: brands' addresses, postmaster of their domains, and return addresses that we signed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from postroom.model.mail import BrandName, DestinationName
from postroom.model.marks import read_bounce_address
from postroom.ports import Recipient
from postroom.understand.addresses import domain as domain_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressBook:
    """The allow-list of recipients. Whatever is not in it is refused at RCPT: postroom is never a relay."""

    #: lower-case ``local@domain``, or ``@domain`` for all of a domain -> brand; domains in Unicode
    addresses: Mapping[str, BrandName]
    #: domain of the return addresses that we sign
    return_domain: str
    #: key that signs them
    key: bytes
    #: destinations that a return address may name
    destinations: Collection[DestinationName]

    def resolve(self, address: str) -> Recipient | None:
        """What a forward-path means to us; None for anything that is not ours.

        Local parts compare without case, and a ``+detail`` is ignored (RFC 5233). ``postmaster`` is taken for every
        domain of ours (RFC 5321 §4.5.1), with or without the domain. An international domain is the same in its
        Unicode and in its ASCII form (RFC 5890 §2.3.2.1).
        """
        local, at, host = address.lower().rpartition("@")
        domain = domain_of(host)
        folded = f"{local}{at}{domain}"
        bounce = read_bounce_address(address, self.key, self.destinations, domain=self.return_domain)
        if bounce is not None:
            return Recipient(bounce_of=bounce)
        brand = self._brand(folded, local, domain)
        return None if brand is None else Recipient(brand=brand)

    def _brand(self, folded: str, local: str, domain: str) -> BrandName | None:
        plain = f"{local.partition('+')[0]}@{domain}"
        for key in (folded, plain, f"@{domain}"):
            if key in self.addresses:
                return self.addresses[key]
        if folded == "postmaster" and self.addresses:
            return next(iter(self.addresses.values()))
        if local == "postmaster":
            return next((b for a, b in self.addresses.items() if a.rpartition("@")[2] == domain), None)
        return None
