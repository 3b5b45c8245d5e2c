"""The envelope under way: what MAIL and RCPT said, once it was found acceptable."""

import re
from collections.abc import Callable
from typing import Final

from postroom.adapters.intake.paths import NEEDS_UTF8, SYNTAX, BadPath, forward_path, reverse_path
from postroom.adapters.intake.protocol import BODIES, CONTROL, NOT_HERE, NOT_NOW, RCPT_OK
from postroom.model.errors import Refused, TryLater
from postroom.model.mail import Envelope
from postroom.ports import Recipient

Resolve = Callable[[str], Recipient | None]
Note = Callable[[str], None]

_ENHANCED: Final = re.compile(r"([45])\.\d{1,3}\.\d{1,3} ")
_UNSAYABLE: Final = re.compile(r"[^ -~]+")
_MAIL_PARAMETERS: Final = frozenset({"BODY", "SIZE", "SMTPUTF8"})


class Transaction:
    """From MAIL to the answer to the mail (RFC 5321 §3.3)."""

    __slots__ = ("eightbit", "mail_from", "rcpt_to", "smtputf8", "turned_away")

    def __init__(self) -> None:
        self.mail_from = ""
        self.rcpt_to: list[str] = []
        self.smtputf8 = False
        self.eightbit = False
        #: recipients that were not taken
        self.turned_away = 0

    def read_sender(self, argument: bytes) -> int:
        """The argument of MAIL; the size it declares, 0 for none. Raises `BadPath` and has changed nothing then."""
        path = reverse_path(_after(argument, b"FROM:", b"MAIL FROM"))
        unknown = path.parameters.keys() - _MAIL_PARAMETERS
        if unknown:
            raise BadPath(_unknown_parameter(min(unknown)))
        body = path.parameters.get("BODY", "7BIT").upper()
        size = path.parameters.get("SIZE", "0")
        utf8 = "SMTPUTF8" in path.parameters
        if body not in BODIES or len(size) > 20 or not size.isdecimal() or path.parameters.get("SMTPUTF8"):
            raise BadPath(b"501 5.5.4 Bad parameter value\r\n")
        if not utf8 and not path.address.isascii():
            raise BadPath(NEEDS_UTF8)
        self.mail_from, self.smtputf8, self.eightbit = path.address, utf8, body == "8BITMIME"
        return int(size)

    def read_recipient(self, argument: bytes) -> str:
        """The address in the argument of RCPT, which is not taken yet. Raises `BadPath`."""
        path = forward_path(_after(argument, b"TO:", b"RCPT TO"))
        if path.parameters:
            raise BadPath(_unknown_parameter(min(path.parameters)))
        if not self.smtputf8 and not path.address.isascii():
            raise BadPath(NEEDS_UTF8)
        return path.address

    def envelope(self) -> Envelope:
        """What was taken."""
        return Envelope(
            mail_from=self.mail_from, rcpt_to=tuple(self.rcpt_to), smtputf8=self.smtputf8, eightbit=self.eightbit
        )


def ask(resolve: Resolve, address: str, note: Note) -> bytes:
    """Whether an address is ours, as a reply; never raises. A bug in looking up must not refuse a customer for good."""
    try:
        known = resolve(address)
    except Refused as error:
        code, words = enhanced(str(error), "5", "5.1.1")
        return f"550 {code} {words or 'No such address here'}\r\n".encode()
    except TryLater:
        return NOT_NOW
    except Exception:  # noqa: BLE001 - see above
        note("resolve-failed")
        return NOT_NOW
    return NOT_HERE if known is None else RCPT_OK


def enhanced(text: str, kind: str, default: str) -> tuple[str, str]:
    """An enhanced status code (RFC 3463) that ``text`` begins with, or the default; and the rest, fit for one reply line."""
    words = _UNSAYABLE.sub(" ", text).strip()
    match = _ENHANCED.match(words + " ")
    if match is not None and match[1] == kind:
        return match[0].rstrip(), words[match.end() :][:400]
    return default, words[:400]


def _after(argument: bytes, keyword: bytes, verb: bytes) -> str:
    """What follows ``FROM:`` or ``TO:``, as text. Raises `BadPath`."""
    if argument[: len(keyword)].upper() != keyword:
        raise BadPath(SYNTAX % verb)
    try:
        return argument[len(keyword) :].rstrip(b" ").decode()
    except UnicodeDecodeError:
        raise BadPath(CONTROL) from None


def _unknown_parameter(name: str) -> bytes:
    return f"555 5.5.4 Unknown parameter {name[:40]}\r\n".encode()
