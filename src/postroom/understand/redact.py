"""What may leave the house of a mail: its subject and new words, without what names a person.

Invariant: for any message the result is text of at most so many characters, in one script of line ends (LF), without
format, control and line-separating characters; it holds no mail address, no number of five digits or more, and no name
that From, Reply-To, Cc, To, the customer or the signature give. Pure and total, linear in a window that the limit sets.

Replaced by placeholders, in this order: web addresses but for their host ([LINK]), mail addresses ([EMAIL]), handles
([USER]), account numbers (IBAN, [IBAN]), network addresses ([IP]), dates ([DATE]), card numbers that pass Luhn's test
([CARD]), telephone numbers ([PHONE]), other long numbers and words of letters and digits ([NUMBER]), names ([NAME]).
Quoted text, signatures and attachments are no part of it. What nobody can tell from ordinary words stays: names that no
header gives, streets, what somebody writes of their life.
"""

import ipaddress
import unicodedata
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Any, Final

from postroom.model.message import Address, Message
from postroom.understand.patterns import pattern, readable
from postroom.understand.quotes import bare
from postroom.understand.signature_tables import SIGN_OFFS

#: the longest thing with blanks in it, an IBAN in groups of four: where a text was cut, so much of its end may be half of one
_EDGE: Final = 50
_MAX_SUBJECT: Final = 300
_MAX_NAMES: Final = 100
_MAX_NAME_LINE: Final = 60
#: characters at the end of a text where its writer signs
_CLOSING: Final = 500
_MARKS: Final = "".join(map(chr, range(0x21, 0x7F)))
#: from here on words are not parted by blanks
_UNSPACED: Final = "\u2e80"

_LINK: Final = pattern(r"(?i)\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.)[^\s<>\"]+")
_END_OF_HOST: Final = pattern(r"[/?#\\]")
_HOST: Final = pattern(r"^[a-z0-9.-]*[a-z][a-z0-9.-]*$")
_EMAIL: Final = pattern(r"[^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"]+|\"[^\"\n]{1,64}\"@[^\s<>()\[\],;:\"]+")
_SPELLED_EMAIL: Final = pattern(
    r"(?i)[\pL\pN._%+-]+ {0,2}[(\[{<] ?(?:at|ät|arroba) ?[)\]}>] {0,2}[\pL\pN.-]+(?: {0,2}[(\[{<] ?(?:dot|punkt|punto|point) ?[)\]}>] {0,2}[\pL\pN-]+)*"
)
_HANDLE: Final = pattern(r"@[\pL\pN_.-]+")
_IBAN: Final = pattern(
    r"\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?\b|\b[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{11,30}\b"
)
_NETWORK: Final = pattern(
    r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b|(?:\b[0-9A-Fa-f]+|\B)[:-][0-9A-Fa-f]*(?:[:-][0-9A-Fa-f]*)+(?:[.][0-9]{1,3})*"
)
_MAC: Final = pattern(r"^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}$")
_DATE: Final = pattern(
    r"\b(?:\p{Nd}{4}[-/.]\p{Nd}{1,2}[-/.]\p{Nd}{1,2}|\p{Nd}{1,2}[-/.] ?\p{Nd}{1,2}[-/.] ?\p{Nd}{2,4})\b"
)
_LONG: Final = pattern(r"[+(]{0,2}\p{Nd}(?:[ \t\-./()]{0,3}\p{Nd}){5,}|\p{Nd}{5}")
_TOKEN: Final = pattern(r"[\pL\p{Nd}_#][\pL\p{Nd}_#/-]*\p{Nd}[\pL\p{Nd}_#/-]*|\p{Nd}[\pL\p{Nd}_#/-]+")
_NAME_LINE: Final = pattern(r"^[\pL][\pL\pM.'’-]*(?:[ ,]{1,2}[\pL(][\pL\pM.'’()-]*){0,4}[,.]?$")
_WORD: Final = pattern(r"[\pL\pM]+")

#: words of display names and local parts that name nobody, and our own placeholders
_NOBODY: Final = frozenset(
    """
    account accounts admin administrator alerts and apps appeal appeals billing business care client com contact copyright customer
    customers date der des desk die email form from general group handle hello help helpdesk info inbox iban ip legal link list
    mail mailer marketing media member mobile mr mrs ms name news newsletter no noreply notification notifications number office
    official online order orders payments phone platform postmaster refund refunds reply review sales security seller service
    services shop store support system team tech the trust und user users via web webmaster www you your card of for
    """.split()  # noqa: SIM905 -- easier to read and to extend
)


def redacted(message: Message, limit: int) -> str:
    """Subject and new text of a message, redacted, at most ``limit`` characters, the subject on the first line."""
    names = _Names(message)
    subject = _redacted(message.subject, _MAX_SUBJECT, names).replace("\n", " ")
    return f"{subject}\n{_redacted(message.new_text, 2 * limit, names)}"[:limit].strip()


def _redacted(text: str, window: int, names: "_Names") -> str:
    """The beginning of a text without what names somebody."""
    plain = _plain(text, window)
    whole = len(text) <= window and len(plain) < window
    for found, placeholder in _STEPS:
        plain = found.sub(placeholder, plain)
    plain = names.without(plain)
    # Where it was cut, half an address or half a number that no longer looks like one may stand: not to be told either.
    return plain if whole else plain[: max(len(plain) - _EDGE, 0)].rstrip(_MARKS)


def _plain(text: str, window: int) -> str:
    """The beginning of a text, compatibility forms made plain, and what shows nothing left out."""
    return "".join(map(_shown, unicodedata.normalize("NFKC", readable(text[:window]))))[:window]


def _shown(char: str) -> str:
    match unicodedata.category(char):
        case "Cf" | "Cc" | "Co" | "Cn" | "Cs" if char not in "\n\t":
            return ""
        case "Zl" | "Zp":
            return "\n"
        case "Zs":
            return " "
        case _:
            return char


def _link(found: Any) -> str:
    """A web address without user, password, port, path, query and fragment."""
    text = str(found.group())
    authority = _END_OF_HOST.split(text.partition("://")[2] or text, 1)[0]
    host = authority.rpartition("@")[2].partition(":")[0].lower().strip(".,-)")
    return f"[LINK {host}]" if _HOST.search(host) else "[LINK]"


def _network(found: Any) -> str:
    text = str(found.group())
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return "[IP]" if _MAC.search(text) else text
    return "[IP]" if any(char.isalnum() for char in text) else text


def _long(found: Any) -> str:
    text = str(found.group())
    digits = [unicodedata.digit(char) for char in text if char.isdecimal()]
    if 12 <= len(digits) <= 19 and _passes_luhn(digits):
        return "[CARD]"
    if len(digits) <= 15 and (text[0] in "+(0" or any(char in " \t-./()" for char in text)):
        return "[PHONE]"
    return "[NUMBER]"


def _passes_luhn(digits: list[int]) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1, annex B)."""
    doubled = (digit * 2 if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0


def _token(found: Any) -> str:
    """A word of letters and at least three digits: an order, a ticket, a key."""
    text = str(found.group())
    mixed = sum(char.isdecimal() for char in text) >= 3 and any(char.isalpha() for char in text)
    return "[NUMBER]" if mixed else text


_STEPS: Final[tuple[tuple[Any, str | Callable[[Any], str]], ...]] = (
    (_LINK, _link),
    (_EMAIL, "[EMAIL]"),
    (_SPELLED_EMAIL, "[EMAIL]"),
    (_HANDLE, "[USER]"),
    (_IBAN, "[IBAN]"),
    (_NETWORK, _network),
    (_TOKEN, _token),
    (_DATE, "[DATE]"),
    (_LONG, _long),
)


class _Names:
    """The names that a message gives, to be taken out of its text."""

    def __init__(self, message: Message) -> None:
        people = [message.from_, *message.reply_to[:5], message.customer, *message.cc[:10], *message.to[:10]]
        words = [word for one in people if one is not None for word in _of_address(one)]
        words += [
            word for line in _name_lines(message.signature, message.new_text[-_CLOSING:]) for word in _words(line)
        ]
        spoken = [word for word in dict.fromkeys(words) if len(word) > 1 and _key(word) not in _NOBODY][:_MAX_NAMES]
        self._keys = frozenset(map(_key, spoken))
        #: of scripts without blanks, where no pattern finds the words; the longest first
        self._unspaced = sorted((word for word in spoken if word >= _UNSPACED), key=len, reverse=True)

    def without(self, text: str) -> str:
        """The text with a placeholder for each of them."""
        for word in self._unspaced:
            text = text.replace(word, "[NAME]")
        return str(_WORD.sub(lambda word: "[NAME]" if _key(word.group()) in self._keys else word.group(), text))


def _of_address(address: Address) -> Iterator[str]:
    yield from _words(address.name)
    yield from (word for word in _words(address.addr.rpartition("@")[0]) if len(word) > 2)


def _words(text: str) -> Iterator[str]:
    for found in islice(_WORD.finditer(_plain(text, 200)), 10):
        yield found.group()


def _name_lines(signature: str, text: str) -> Iterator[str]:
    """Lines that hold a name: the first of the signature, and the one after a sign-off that is left in the text."""
    first = next((line for line in readable(signature[:2000]).splitlines() if _is_name(line)), None)
    if first is not None:
        yield first
    lines = [bare(line).strip("*_ ") for line in readable(text).splitlines() if line.strip()]
    for line, after in pairwise(lines):
        if len(line) < _MAX_NAME_LINE and line.rstrip(",.!:;-–— ").casefold() in SIGN_OFFS and _is_name(after):
            yield after


def _is_name(line: str) -> bool:
    shown = line.strip("*_-–—~ \t\r")
    return 0 < len(shown) < _MAX_NAME_LINE and _NAME_LINE.search(shown) is not None


def _key(word: str) -> str:
    """A word as it is compared: without case and accents."""
    apart = unicodedata.normalize("NFD", word.casefold())
    return "".join(char for char in apart if not unicodedata.combining(char))
