"""Forwarding by SMTP (RFC 5321) and handing over by LMTP (RFC 2033), over connections that are kept open.

Bytes leave as they came (see `postroom.flow.stamp`): From unchanged, no transfer encoding redone. What is the lane's
trouble and what is the mail's:

* the lane's: no connection, no greeting, no TLS, no sign-in, 421 anywhere, MAIL refused for a return address of ours;
* the mail's: everything said of its recipients, its size and its content; a connection that breaks in mid-mail, lest
  one mail that upsets a server stop all others.
"""

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from postroom.adapters.destination.replies import lane_trouble, refusal, shown
from postroom.adapters.destination.smtp_server import SmtpServer
from postroom.adapters.destination.smtp_session import OVERRUN, Lost, Reply, Session
from postroom.flow.stamp import header_end
from postroom.model.errors import ConfigError, GiveUp, TryLater
from postroom.model.lines import canonical
from postroom.model.mail import BounceOf, DestinationName, Mail
from postroom.model.marks import bounce_address
from postroom.model.work import Parcel, Receipt

_PLAIN = re.compile(r"[^\x00-\x20\x7f-\x9f<>\"\u2028\u2029\ud800-\udfff]+")
_QUOTED = re.compile(
    r"\"(?:[^\"\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|\\[\x20-\x7e])*\"@[^\x00-\x20\x7f-\x9f<>\"\ud800-\udfff]+"
)
_LONGEST_PATH = 254  # RFC 5321 §4.5.3.1.3, without the brackets
_MOST_REMEMBERED = 4096
# Servers that drop NUL would take such a line for the end of the mail. No escape of it leaves the mail as it is.
_FALSE_END = re.compile(rb"(?:\A|\n)\x00+\.\x00*\r\n")
_TOO_BIG = re.compile(rb"5\.(3\.4|2\.3)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAddress:
    """How forwarded mail gets an envelope sender of ours."""

    #: domain whose mail comes to us
    domain: str
    #: signs the local part
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    """One transaction to make."""

    sender: str
    rcpts: tuple[str, ...]
    data: bytes
    #: SMTPUTF8 is needed (RFC 6531 §3.4)
    utf8: bool


class _Unsure(Exception):
    """The whole mail was sent, and the answer never came."""


class SmtpDestination:
    """Hands mail to a server.

    Recipients are settled one by one: where a server takes some and not others, those that have it are remembered in
    this process, so that a repeat goes to the rest alone. Not idempotent: when the connection breaks between the dot
    and its reply, or the process dies before the delivery is settled, a repeat may deliver again; after a restart this
    goes for recipients served before, too. Mail of 8 bits goes as it is to a server without 8BITMIME.

    Without ``return_address`` the mail's own envelope sender is kept, which is what final delivery by LMTP wants. The
    null sender is always kept.
    """

    can_withdraw = False

    def __init__(
        self,
        name: str,
        server: SmtpServer,
        *,
        recipients: Sequence[str] = (),
        lmtp: bool = False,
        return_address: ReturnAddress | None = None,
        concurrency: int = 8,
        timeout: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = DestinationName(name)
        self.concurrency = concurrency
        self._server = server
        try:
            self._recipients = tuple(_path(rcpt) for rcpt in recipients)
        except ValueError as error:
            raise ConfigError(f"recipients of {name}: {error}") from error
        self._lmtp = lmtp
        self._return = return_address
        self._timeout = timeout
        self._clock = clock
        self._slots = threading.BoundedSemaphore(concurrency)
        self._lock = threading.Lock()
        #: parcel key -> recipients that have it already, oldest first
        self._served: OrderedDict[str, frozenset[str]] = OrderedDict()

    def deliver(self, parcel: Parcel) -> Receipt:
        """Returns once the server has said 2xx for every recipient. Raises `TryLater` or `GiveUp` with its words."""
        return self._hand(self._letter(parcel), parcel.key)

    def send(self, key: str, sender: str, rcpt: str, data: bytes) -> Receipt:
        """The same with a mail of our own to one recipient; ``key`` is the same for every try."""
        try:
            rcpt, sender = _path(rcpt), sender and _path(sender)
        except ValueError as error:
            raise GiveUp(str(error)) from error
        data = canonical(data)
        utf8 = not (sender.isascii() and rcpt.isascii() and data[: header_end(data)].isascii())
        return self._hand(_Letter(sender=sender, rcpts=(rcpt,), data=data, utf8=utf8), key)

    def _hand(self, letter: _Letter, key: str) -> Receipt:
        if not letter.rcpts:
            return Receipt(reference="all recipients were served before")
        with self._slot(), self._server.turn(self._timeout):
            try:
                replies = self._transmit(letter, self._clock() + self._timeout)
            except _Unsure as error:
                raise TryLater(f"{self._server}: {error} after the whole mail was sent; it may arrive twice") from error
        return self._settled(key, replies)

    @property
    def longest(self) -> float:
        """Seconds until one that has its turn is handed over or not: a deadline over all steps, and what sockets overrun it by."""
        return self._timeout * OVERRUN

    def withdraw(self, mail: Mail, generation: int) -> bool:
        """It is too late: the server has it."""
        return False

    def check(self) -> str:
        """Connect, greet, secure and sign in as for a delivery; what was found. Raises `TryLater`."""
        return self._server.describe(self._clock() + self._timeout)

    def close(self) -> None:
        """Close the connections at rest. Idempotent."""
        self._server.close()

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=self._timeout):
            raise TryLater("all connections are busy")
        try:
            yield
        finally:
            self._slots.release()

    def _letter(self, parcel: Parcel) -> _Letter:
        envelope = parcel.mail.envelope
        try:
            wanted = self._recipients or tuple(dict.fromkeys(_path(rcpt) for rcpt in envelope.rcpt_to))
            sender = envelope.mail_from and self._sender(parcel)
        except ValueError as error:
            raise GiveUp(str(error)) from error
        with self._lock:
            served = self._served.get(parcel.key, frozenset())
        data = canonical(parcel.stamped)
        if b"\x00" in data and _FALSE_END.search(data):
            raise GiveUp(
                "it has a line of NUL and a dot, which some servers take for the end of a mail (SMTP smuggling)"
            )
        utf8 = not (sender.isascii() and all(map(str.isascii, wanted)))
        if envelope.smtputf8 and not utf8:
            utf8 = not data[: header_end(data)].isascii()
        return _Letter(sender=sender, rcpts=tuple(rcpt for rcpt in wanted if rcpt not in served), data=data, utf8=utf8)

    def _sender(self, parcel: Parcel) -> str:
        if self._return is None:
            return _path(parcel.mail.envelope.mail_from)
        bounce = BounceOf(mail_id=parcel.mail.id, destination=self.name, generation=parcel.generation)
        return bounce_address(bounce, self._return.domain, self._return.key)

    def _transmit(self, letter: _Letter, deadline: float) -> dict[str, Reply]:
        """Make the transaction; on a connection that was at rest and turns out dead, once more on a new one."""
        session = self._server.session(deadline)
        rested = session.mails > 0
        try:
            return self._transact(session, letter)
        except Lost as error:
            if not rested or self._clock() >= deadline:
                raise TryLater(f"{self._server}: {error} in the middle of a mail") from error
        # The server let go of it meanwhile (RFC 5321 §3.8): no fault of the mail, and nothing was accepted.
        try:
            return self._transact(self._server.session(deadline, fresh=True), letter)
        except Lost as error:
            raise TryLater(f"{self._server}: {error} in the middle of a mail") from error

    def _transact(self, session: Session, letter: _Letter) -> dict[str, Reply]:
        """One transaction: a reply for each recipient. Raises `Lost` before the whole mail was sent, `_Unsure` after it."""
        rested = session.mails > 0
        session.mails += 1
        try:
            commands = [f"MAIL FROM:<{letter.sender}>{self._parameters(session, letter)}"]
            commands += [f"RCPT TO:<{rcpt}>" for rcpt in letter.rcpts]
            replies = session.exchange([*commands, "DATA"])
            if replies[-1].code == 421:
                session.close()
                if rested:
                    raise Lost(shown(replies[-1]))
                raise lane_trouble(replies[-1], f"{self._server} closes")
            return self._converse(session, letter, replies)
        except Lost:
            session.close()
            raise
        finally:
            self._server.rest(session)

    def _converse(self, session: Session, letter: _Letter, replies: list[Reply]) -> dict[str, Reply]:
        mail, *rcpts = replies[: len(letter.rcpts) + 1]
        data = replies[len(letter.rcpts) + 1] if len(replies) > len(letter.rcpts) + 1 else None
        results = dict(zip(letter.rcpts, rcpts, strict=False))
        taken = [rcpt for rcpt, reply in results.items() if reply.code in (250, 251, 252)]
        if mail.code == 250 and taken and data is not None and data.code == 354:
            return results | self._hand_over(session, letter, taken)
        self._abandon(session, data)
        if mail.code != 250:
            raise self._mail_refused(letter, mail)
        if data is None or (taken and data.code < 400):
            raise Lost("the server answers out of step")
        return results | dict.fromkeys(taken, data)

    def _hand_over(self, session: Session, letter: _Letter, taken: list[str]) -> dict[str, Reply]:
        session.send_mail(letter.data)
        try:
            # RFC 2033 §4.2: by LMTP a reply for each recipient that was accepted, in order
            results = self._one_by_one(session, taken) if self._lmtp else dict.fromkeys(taken, session.getreply())
        except Lost as error:
            raise _Unsure(str(error)) from error
        if any(reply.code == 421 for reply in results.values()):
            session.close()
        return results

    def _one_by_one(self, session: Session, taken: list[str]) -> dict[str, Reply]:
        results: dict[str, Reply] = {}
        for rcpt in taken:
            try:
                results[rcpt] = session.getreply()
            except Lost as error:
                if not results:
                    raise
                # What was said counts; for the others nobody knows.
                lost = Reply(-1, f"{error} before it answered for all; the mail may arrive twice".encode())
                return dict.fromkeys(taken, lost) | results
        return results

    def _abandon(self, session: Session, data: Reply | None) -> None:
        """Leave a transaction that came to nothing, so that the connection can carry another."""
        if data is None or data.code < 400:
            # It may wait for a mail now. An empty one might be delivered: hang up instead (RFC 5321 §4.1.1.10).
            session.close()
            return
        try:
            if session.docmd("RSET").code != 250:
                session.close()
        except Lost:
            pass  # what was answered before still holds

    def _mail_refused(self, letter: _Letter, reply: Reply) -> TryLater | GiveUp:
        what = f"{self._server} refused the sender <{letter.sender}>"
        about_this_mail = not letter.sender or letter.utf8 or self._return is None
        if about_this_mail or reply.code == 552 or _TOO_BIG.match(reply.text):
            return refusal(reply, what)
        return lane_trouble(reply, what)

    def _parameters(self, session: Session, letter: _Letter) -> str:
        """ESMTP parameters of MAIL. Raises `GiveUp` for a mail that this server can't carry."""
        offered = session.esmtp_features
        words = ""
        if "size" in offered:
            limit = int(offered["size"]) if offered["size"].isdecimal() else 0
            if 0 < limit < len(letter.data):
                raise GiveUp(f"{self._server} takes mail of at most {limit} bytes; this one has {len(letter.data)}")
            words += f" SIZE={len(letter.data)}"
        if letter.utf8 and "smtputf8" not in offered:
            raise GiveUp(
                f"{self._server} does not take internationalised mail (SMTPUTF8, RFC 6531), and this one has an "
                "address or header that needs it"
            )
        if "8bitmime" in offered and not letter.data.isascii():
            words += " BODY=8BITMIME"
        return f"{words} SMTPUTF8" if letter.utf8 else words

    def _settled(self, key: str, replies: dict[str, Reply]) -> Receipt:
        """A receipt when all have it; else what to do for the others, remembering those that have."""
        have = frozenset(rcpt for rcpt, reply in replies.items() if 200 <= reply.code <= 299)
        others = {rcpt: reply for rcpt, reply in replies.items() if rcpt not in have}
        with self._lock:
            before = self._served.pop(key, frozenset())
            if others and (have or before):
                self._served[key] = have | before
                while len(self._served) > _MOST_REMEMBERED:
                    self._served.popitem(last=False)
        if not others:
            return Receipt(reference=shown(next(iter(replies.values()))))
        # One that may work later keeps the whole delivery alive; the others are asked again beside it.
        rcpt, reply = min(others.items(), key=lambda item: 500 <= item[1].code <= 599)
        what = f"{self._server} refused the mail for <{rcpt}>"
        if len(others) > 1:
            what += f" and {len(others) - 1} more"
        if have or before:
            what += f" ({len(have | before)} have it)"
        raise refusal(reply, what)


def _path(addr: str) -> str:
    """An address that can stand in a command. Raises ValueError for one that can't."""
    if len(addr.encode("utf-8", "replace")) > _LONGEST_PATH or not (_PLAIN.fullmatch(addr) or _QUOTED.fullmatch(addr)):
        raise ValueError(f"{addr[:100]!a} can't be written in an SMTP command")
    return addr
