"""Which decisions a person is asked about although they are sure: a few, drawn at random.

Drawn from all that goes anywhere but to review: also from junk and from automatic mail, where nobody would ever find a
lost appeal, and from routes in shadow, so that they can be judged before they count. Delivery is neither delayed nor
changed by it. Without the key nobody can tell which mails are drawn; with it, anybody can check.
"""

from dataclasses import dataclass
from hashlib import blake2b

from postroom.model.mail import MailId

_PURPOSE = b"postroom audit"
SECOND_LOOK = b"postroom second"
"""The purpose of the draw of what a second reviewer is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """How many, and by which key they are drawn."""

    #: probability for each decision, 0..1
    share: float = 0.0
    #: the installation's secret
    key: bytes = b""
    #: what is drawn for, at most 16 bytes: draws of different purposes know nothing of each other
    purpose: bytes = _PURPOSE

    def draws(self, mail_id: MailId) -> bool:
        """Whether decisions on this mail are drawn: always the same answer."""
        digest = blake2b(mail_id.encode("utf-8", "replace"), key=self.key, person=self.purpose, digest_size=8).digest()
        return int.from_bytes(digest, "big") < self.share * 2.0**64
