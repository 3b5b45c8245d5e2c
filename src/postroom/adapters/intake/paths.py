"""Reverse-paths, forward-paths and their parameters, parsed exactly (RFC 5321 §4.1.2, RFC 6531 §3.3).

Either the whole argument is one path in angle brackets and its parameters, or `BadPath` with the reply to give; nothing
is guessed or repaired. Kinder than the RFC in three things, each because real senders do it and nothing can hide in it:
spaces after the colon, underscores in domains, and reverse-paths whose local part is longer than 64 octets (SRS and VERP
make them), as long as the whole path keeps to 256.
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MAX_LOCAL: Final = 64
MAX_DOMAIN: Final = 255
MAX_PATH: Final = 256
"""Octets; the path with its brackets (RFC 5321 §4.5.3.1)."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\U0010ffff]+"
_DOT_STRING = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED = r'"(?:[ !#-\[\]-~\u00a1-\U0010ffff]|\\[ -~])*"'
_LABEL = r"[A-Za-z0-9_\u00a1-\U0010ffff](?:[A-Za-z0-9_\-\u00a1-\U0010ffff]*[A-Za-z0-9_\u00a1-\U0010ffff])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_LITERAL = r"\[[0-9A-Za-z:.\-]+\]"
_PATH = re.compile(rf"<(?P<local>{_DOT_STRING}|{_QUOTED})@(?P<domain>{_DOMAIN}|{_LITERAL})>")
_PLAIN = re.compile(r"<([A-Za-z0-9+/=_\-]+(?:\.[A-Za-z0-9+/=_\-]+)*)@([A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+)>")
_ATOMS = re.compile(_DOT_STRING)
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?")
_JOINERS = "\u200c\u200d\u00b7\u30fb"

SYNTAX: Final = b"501 5.5.4 Syntax: %s:<address>\r\n"
BAD_SENDER: Final = b"553 5.1.7 That is not a mailbox\r\n"
BAD_RECIPIENT: Final = b"553 5.1.3 That is not a mailbox\r\n"
SOURCE_ROUTE: Final = b"553 5.1.3 Source routes are not taken\r\n"
NO_RELAY: Final = b"553 5.7.1 Addresses that ask to be passed on are not taken\r\n"
NEEDS_UTF8: Final = b"553 5.6.7 SMTPUTF8 is needed for this address\r\n"
BAD_PARAMETER: Final = b"501 5.5.4 Bad parameters\r\n"


class BadPath(Exception):
    """The argument is not acceptable; ``reply`` says so."""

    def __init__(self, reply: bytes) -> None:
        super().__init__(reply)
        self.reply = reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One path and what came behind it."""

    #: ``local@domain`` without brackets; ``""`` for ``<>``, ``postmaster`` in any case for the bare one
    address: str
    #: parameters in upper-case name -> value, ``""`` where there is none
    parameters: dict[str, str]


def reverse_path(argument: str) -> Path:
    """The argument of MAIL after ``FROM:``. Raises `BadPath`."""
    argument = argument.lstrip(" ")
    if argument.startswith("<>"):
        return Path(address="", parameters=_parameters(argument[2:]))
    address, rest = _address(argument, b"MAIL FROM", BAD_SENDER)
    return Path(address=address, parameters=_parameters(rest))


def forward_path(argument: str) -> Path:
    """The argument of RCPT after ``TO:``; a path that asks to be passed on is refused, wherever the asking hides. Raises `BadPath`."""
    argument = argument.lstrip(" ")
    if argument[:12].lower() == "<postmaster>":  # RFC 5321 §4.5.1
        return Path(address=argument[1:11], parameters=_parameters(argument[12:]))
    address, rest = _address(argument, b"RCPT TO", BAD_RECIPIENT)
    local = address.rpartition("@")[0]
    if "%" in local or "!" in local or "@" in local:
        raise BadPath(NO_RELAY)
    if len(local.encode()) > MAX_LOCAL:
        raise BadPath(BAD_RECIPIENT)
    return Path(address=address, parameters=_parameters(rest))


def _address(argument: str, verb: bytes, wrong: bytes) -> tuple[str, str]:
    """The address at the start, in its simplest form, and what follows its bracket."""
    plain = _PLAIN.match(argument)
    if plain is not None and plain.end() <= MAX_LOCAL and not _hyphen_at_edge(plain[2]):
        return plain[0][1:-1], argument[plain.end() :]
    if not argument.startswith("<"):
        raise BadPath(SYNTAX % verb)
    if argument.startswith("<@"):
        raise BadPath(SOURCE_ROUTE)
    match = _PATH.match(argument)
    if match is None or len(match[0].encode()) > MAX_PATH:
        raise BadPath(wrong)
    local, domain = match["local"], match["domain"]
    if not _good_domain(domain) or not _good_text(local):
        raise BadPath(wrong)
    return f"{_simplest(local)}@{domain}", argument[match.end() :]


def _hyphen_at_edge(domain: str) -> bool:
    """Whether a label begins or ends with a hyphen, or is too long to be let through unseen."""
    return domain[0] == "-" or domain[-1] == "-" or "-." in domain or ".-" in domain


def _simplest(local: str) -> str:
    """``"ada"`` in quotes is ``ada`` (RFC 5321 §4.1.2: the quotes are no part of the name); others keep theirs."""
    if not local.startswith('"'):
        return local
    content = re.sub(r"\\(.)", r"\1", local[1:-1])
    if _ATOMS.fullmatch(content):
        return content
    return '"' + re.sub(r'(["\\])', r"\\\1", content) + '"'


def _good_domain(domain: str) -> bool:
    """Lengths of labels and whole, letters and digits beyond ASCII, and real addresses in literals (RFC 5321 §4.1.3)."""
    if domain.startswith("["):
        return _good_literal(domain[1:-1])
    if len(domain.encode()) > MAX_DOMAIN or any(len(label.encode()) > 63 * 4 for label in domain.split(".")):
        return False
    if domain.isascii():
        return all(len(label) <= 63 for label in domain.split("."))
    return all(char.isascii() or char in _JOINERS or unicodedata.category(char)[0] in "LMN" for char in domain)


def _good_literal(text: str) -> bool:
    """Whether this is what may stand in ``[…]``."""
    try:
        if text[:5].lower() == "ipv6:":
            ipaddress.IPv6Address(text[5:])
        else:
            ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _good_text(local: str) -> bool:
    """No controls, separators, surrogates, or marks that turn the direction of writing."""
    return local.isascii() or not any(
        unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn", "Zs", "Zl", "Zp")
        or unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        for char in local
        if not char.isascii()
    )


def _parameters(rest: str) -> dict[str, str]:
    """Parameters behind a path, each after a space (RFC 5321 §4.1.2 Mail-parameters)."""
    if not rest:
        return {}
    if rest[0] != " ":
        raise BadPath(BAD_PARAMETER)
    found: dict[str, str] = {}
    for word in rest.split():
        match = _PARAMETER.fullmatch(word)
        if match is None or match[1].upper() in found:
            raise BadPath(BAD_PARAMETER)
        found[match[1].upper()] = match[2] or ""
    return found
