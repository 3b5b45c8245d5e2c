"""An answer as it leaves: RFC 5322 by Python's email package, one recipient, plain text in UTF-8.

Whatever a mail says of itself (its Message-ID, its References, its subject, names) is checked or cleaned before it stands
in a header: nothing of it can begin a line. The same facts give the same bytes.
"""

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any, Final
from unicodedata import category

from postroom.flow.stamp import header_date
from postroom.model.codec import sound
from postroom.model.message import Message

_MOST_REFERENCES: Final = 20
_MOST_QUOTED: Final = 10_000
_LONGEST_SUBJECT: Final = 200
_LONGEST_NAME: Final = 100
#: what every mail program takes for one (RFC 5322 §3.6.4), and fits on a line
_MESSAGE_ID: Final = re.compile(r"[!-;=?-~]{1,200}@[!-;=?-~]{1,200}")
_RE: Final = re.compile(r"(?:(?:re|aw|sv|antw|rif|res)(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE)
_UNFIT: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: of direction: with them words can be made to look like others
_OVERRIDES: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_IDS: Final = frozenset({"message-id", "in-reply-to", "references"})


class _Policy(EmailPolicy):
    """SMTP's, but Message-IDs stay whole: the package would cut long ones into encoded words (bpo-35805)."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """See `email.policy.EmailPolicy.fold_binary`."""
        if name.lower() in _IDS:
            return f"{name}: {f'{self.linesep} '.join(str(value).split())}{self.linesep}".encode("ascii")
        return bytes(super().fold_binary(name, value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What an answer is made of."""

    #: the brand's address and its name; the domain in A-labels
    sender: str
    sender_name: str
    #: the one recipient, its domain in A-labels
    to: str
    subject: str
    #: body, whole
    text: str
    #: without brackets
    message_id: str
    #: of the mail that is answered; ``""`` where it can't be told
    in_reply_to: str
    #: oldest first
    references: tuple[str, ...]
    #: seconds since the epoch
    at: float
    #: `marks.loop_mark`
    mark: str
    #: by a program (RFC 3834)
    automatic: bool = False


def compose(what: Outgoing) -> bytes:
    """The message, in canonical line ends. Raises ValueError for an address that can't stand in a header."""
    utf8 = not what.to.isascii() or not what.sender.isascii()
    found = EmailMessage(_Policy(linesep="\r\n", utf8=utf8))
    found["From"] = _mailbox(what.sender, _literal(what.sender_name, _LONGEST_NAME))
    found["To"] = _mailbox(what.to)
    found["Subject"] = _literal(what.subject, _LONGEST_SUBJECT)
    found["Date"] = header_date(what.at)
    found["Message-ID"] = f"<{what.message_id}>"
    if what.in_reply_to:
        found["In-Reply-To"] = f"<{what.in_reply_to}>"
    if what.references:
        found["References"] = " ".join(f"<{one}>" for one in what.references)
    if what.automatic:
        found["Auto-Submitted"] = "auto-replied"
        found["X-Auto-Response-Suppress"] = "All"
    found["X-Postroom-Mark"] = what.mark
    found.set_content(sound(what.text), charset="utf-8", cte="quoted-printable")
    return found.as_bytes()


def _mailbox(addr: str, name: str = "") -> Address:
    local, _, domain = addr.rpartition("@")
    return Address(name, local, domain)


def subject_of(message: Message) -> str:
    """``Re:`` and the subject, without the marks that replies before left."""
    return f"Re: {bare(message.subject)}".strip()


def bare(subject: str) -> str:
    """A subject on one line, without marks of replies."""
    return _RE.sub("", one_line(subject, _LONGEST_SUBJECT), count=1).strip()


def chain(message: Message) -> tuple[str, tuple[str, ...]]:
    """(In-Reply-To, References) of an answer (RFC 5322 §3.6.4), bounded: the first of a long chain, and its newest."""
    own = message.message_id if _MESSAGE_ID.fullmatch(message.message_id) else ""
    before = [one for one in message.references if _MESSAGE_ID.fullmatch(one) and one != own]
    kept = before if len(before) < _MOST_REFERENCES else [before[0], *before[-_MOST_REFERENCES + 2 :]]
    return own, (*kept, *([own] if own else []))


def quoted(message: Message, who: str, at: float) -> str:
    """What the person wrote, to stand below an answer; ``""`` for nothing."""
    words = message.new_text.strip()[:_MOST_QUOTED]
    if not words:
        return ""
    lines = [f"> {one}".rstrip() for one in plain(words).split("\n")]
    return "\n".join([f"{one_line(who, _LONGEST_NAME)}, {header_date(at)}:", *lines])


def plain(text: str) -> str:
    """Text over several lines without controls, LF at their ends, no blanks before them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return sound("\n".join(_fit(line).rstrip() for line in lines).strip("\n"))


def one_line(text: str, longest: int) -> str:
    """Text for a header: no controls, no line ends."""
    return sound(" ".join(_fit(text.replace("\n", " ").replace("\r", " ")).split())[:longest])


def _literal(text: str, longest: int) -> str:
    """The same where the email package reads it: without what it would decode as encoded words, line ends and all."""
    return one_line(text, longest).replace("=?", "= ?")


def _fit(text: str) -> str:
    return "".join(" " if char == "\t" else char for char in text if char == "\t" or _is_fit(char))


def _is_fit(char: str) -> bool:
    return category(char) not in _UNFIT and char not in _OVERRIDES
