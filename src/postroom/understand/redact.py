"""What may leave the house of a mail: its subject and new words, without what names a person.

Invariant: for any message the result is text of at most so many characters, in one script of line ends (LF), without
format, control and line-separating characters; it holds no mail address, no number of five digits or more, none of six or
more whose digits are up to three characters apart that are no letters (but for the time of day), and no word that is a name
which From, Reply-To, Cc, To, the customer or the signature give, or two of them in one. Pure and total, linear in a window
that the limit sets.

Replaced by placeholders, in this order: web addresses but for their host ([LINK]), mail addresses, also spelled ([EMAIL]), web
addresses without a scheme ([LINK]), handles ([USER]), account numbers (IBAN, [IBAN]), network addresses ([IP]), words of letters
and digits ([NUMBER]), dates ([DATE]), card numbers that pass Luhn's test ([CARD]), telephone numbers ([PHONE]), other long
numbers ([NUMBER]), names ([NAME]). Quoted text, signatures and attachments are no part of it. What nobody can tell from ordinary
words stays: names that no header gives, or within other words, numbers in words, streets, what somebody writes of their life.
"""

import ipaddress
import unicodedata
from collections.abc import Callable, Iterator
from itertools import chain, islice, pairwise, permutations
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
#: so many words of one name may stand as one, two by two
_GLUED: Final = 5
#: characters at the end of a text where its writer signs
_CLOSING: Final = 500
_MINUS: Final = "\u2212"
_MARKS: Final = "".join(map(chr, range(0x21, 0x7F)))
#: from here on words are not parted by blanks
_UNSPACED: Final = "\u2e80"

_LINK: Final = pattern(r"(?i)\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.)[^\s<>\"]+")
_END_OF_HOST: Final = pattern(r"[/?#\\]")
_HOST: Final = pattern(r"^[a-z0-9.-]*[a-z][a-z0-9.-]*$")
_EMAIL: Final = pattern(r"[^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"]+|\"[^\"\n]{1,64}\"@[^\s<>()\[\],;:\"]+")
_EMAIL_APART: Final = pattern(r"[\pL\pN._%+-]+\s{0,3}@\s{0,3}[\pL\pN-]+(?:(?:\.| \. )[\pL\pN-]+)+")
_LOCAL, _LABEL = r"[\pL\pN_%+-]+", r"[\pL\pN-]+"
# In brackets any word for a dot, without them none that is an ordinary word beside ``at``.
_BRACKETED_DOT = r"\s{0,3}[(\[{<]\s?(?:dot|punkt|punto|ponto|point)\s?[)\]}>]\s{0,3}"
_DOT = rf"(?:\.|{_BRACKETED_DOT}|\s{{1,3}}(?:dot|punkt|punto|ponto)\s{{1,3}})"
_SPELLED_DOT = rf"(?:{_BRACKETED_DOT}|\s{{1,3}}(?:dot|punkt)\s{{1,3}})"
_SPELLED_EMAIL: Final = pattern(
    rf"(?i){_LOCAL}(?:{_DOT}{_LOCAL})*"
    rf"(?:\s{{0,3}}[(\[{{<]\s?(?:at|ät|arroba|arobase|chiocciola)\s?[)\]}}>]\s{{0,3}}{_LABEL}(?:{_DOT}{_LABEL})*"
    rf"|\s{{1,3}}(?:at|ät)\s{{1,3}}{_LABEL}(?:{_SPELLED_DOT}{_LABEL})+"
    rf"|\s{{1,3}}(?:arroba|arobase|chiocciola)\s{{1,3}}{_LABEL}(?:(?:{_DOT}|\s{{1,3}}point\s{{1,3}}){_LABEL})+)"
)
_BARE_LINK: Final = pattern(r"(?i)(?:[\pL\pN-]{1,63}\.)+\pL{2,24}(?::[0-9]{1,5})?/[^\s<>\"]+")
_HANDLE: Final = pattern(r"@[\pL\pN_.-]+")
_IBAN: Final = pattern(
    r"\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?\b|\b[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{11,30}\b"
)
_NETWORK: Final = pattern(
    r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b|(?:\b[0-9A-Fa-f]+|\B)[:-][0-9A-Fa-f]*(?:[:-][0-9A-Fa-f]*)+(?:[.][0-9]{1,3})*"
)
_MAC: Final = pattern(r"^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}$")
_DAY = r"\b(?:\p{Nd}{4}[-/.]\p{Nd}{1,2}[-/.]\p{Nd}{1,2}|\p{Nd}{1,2}[-/.] ?\p{Nd}{1,2}[-/.] ?\p{Nd}{2,4})\b"
_HOUR = r"[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?"
_DATE: Final = pattern(_DAY)
#: days and times of day, and nothing else
_WHEN: Final = pattern(rf"^\(?(?:{_DAY}|{_HOUR})(?:[ ,\n()-]{{1,3}}(?:{_DAY}|{_HOUR}))*$")
_IN_PHONES: Final = frozenset(" \t-./()")
_LONG: Final = pattern(r"[+(]{0,2}\p{Nd}(?:[^\pL\p{Nd}]{0,3}\p{Nd}){5,}|\p{Nd}{5}")
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
        case _ if char == _MINUS:
            return "-"
        case "Cf" | "Cc" | "Co" | "Cn" | "Cs" if char not in "\n\t":
            return ""
        case "Zl" | "Zp":
            return "\n"
        case "Zs":
            return " "
        case "Pd":
            return "-"
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
    if _WHEN.search(text) is not None:
        return str(_DATE.sub("[DATE]", text))
    digits = [unicodedata.digit(char) for char in text if char.isdecimal()]
    if 12 <= len(digits) <= 19 and _passes_luhn(digits):
        return "[CARD]"
    apart = {char for char in text if not char.isdecimal()}
    if len(digits) <= 15 and (text[0] in "+(0" or (apart and apart <= _IN_PHONES)):
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
    (_EMAIL_APART, "[EMAIL]"),
    (_SPELLED_EMAIL, "[EMAIL]"),
    (_BARE_LINK, _link),
    (_HANDLE, "[USER]"),
    (_IBAN, "[IBAN]"),
    (_NETWORK, _network),
    (_TOKEN, _token),
    (_LONG, _long),
    (_DATE, "[DATE]"),
)


class _Names:
    """The names that a message gives, to be taken out of its text."""

    def __init__(self, message: Message) -> None:
        people = [message.from_, *message.reply_to[:5], message.customer, *message.cc[:10], *message.to[:10]]
        given = [_of_address(one) for one in people if one is not None]
        given += [_words(line) for line in _name_lines(message.signature, message.new_text[-_CLOSING:])]
        names = [[word for word in words if len(word) > 1 and _key(word) not in _NOBODY] for words in given]
        spoken = list(dict.fromkeys(chain.from_iterable(names)))[:_MAX_NAMES]
        #: ``AdaLovelace`` is a name too
        glued = {first + second for words in names for first, second in permutations(map(_key, words[:_GLUED]), 2)}
        self._keys = glued.union(map(_key, spoken))
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
