"""Answers to people by SMTP, over the connections that forwarding uses (`smtp`)."""

from postroom.adapters.destination.smtp import SmtpDestination
from postroom.model.replies import Reply


class SmtpSender:
    """Port `Sender` on one server.

    Not idempotent where a connection breaks between the dot and its reply: the answer then goes again, with the same
    Message-ID, by which it can be known.
    """

    def __init__(self, smtp: SmtpDestination) -> None:
        self._smtp = smtp

    @property
    def longest(self) -> float:
        """See `postroom.ports.replies.Sender.longest`."""
        return self._smtp.longest

    def send(self, reply: Reply) -> str:
        """See `postroom.ports.replies.Sender.send`."""
        return self._smtp.send(reply.id, reply.envelope_sender, reply.to, reply.raw).reference

    def check(self) -> str:
        """See `postroom.ports.replies.Sender.check`."""
        return self._smtp.check()

    def close(self) -> None:
        """See `postroom.ports.replies.Sender.close`."""
        self._smtp.close()
