"""What can be set at the SMTP and LMTP door."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(*texts: str) -> tuple[Network, ...]:
    """Networks from their text, e.g. ``"10.0.0.0/8"`` or ``"::1"``. Raises ValueError, also when host bits are set."""
    return tuple(ipaddress.ip_network(text) for text in texts)


LOOPBACK = networks("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """The certificate that STARTTLS shows."""

    #: PEM file: the certificate, then its chain
    cert: Path
    #: PEM file: its private key
    key: Path
    #: seconds between looks at the files; a changed certificate is loaded. 0: only when told to
    reload: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpOptions:
    """One door. Sizes in bytes, times in seconds."""

    #: the name in the banner and in EHLO
    hostname: str
    #: SMTP answers once a mail, LMTP once a recipient (RFC 2033)
    door: Literal["smtp", "lmtp"] = "smtp"

    #: announced as SIZE (RFC 1870)
    max_size: int = 50 * 1024 * 1024
    #: accepted recipients a mail; further ones get 452 (RFC 5321 §4.5.3.1.10: at least 100)
    max_recipients: int = 100
    #: a command line with its CRLF (RFC 5321 §4.5.3.1.4 asks for 512, more with extensions)
    max_line: int = 2048
    #: one line of content; RFC 5322 allows 998, real mail has more
    max_text_line: int = 1024 * 1024
    #: header section, with the empty line after it
    max_header_bytes: int = 256 * 1024
    #: at once, all peers together
    max_connections: int = 1000
    #: at once, from one address that is not trusted (for IPv6: from its /64)
    max_connections_per_ip: int = 100
    #: commands answered with an error before we hang up
    max_commands_bad: int = 20
    #: NOOP, RSET, VRFY, HELP, EHLO in a row without a mail before we hang up
    max_commands_idle: int = 200
    #: unknown recipients before we hang up on a stranger: no guessing of addresses
    max_unknown_recipients: int = 100
    #: content of all mails that are not answered yet; more gets 452. Strangers together leave a quarter of it to trusted
    #: networks; one of them (for IPv6: a /64) holds an eighth. Both are at least one mail of ``max_size``
    max_memory: int = 512 * 1024 * 1024

    #: between complete commands (RFC 5321 §4.5.3.2.7: at least 5 minutes)
    command_timeout: float = 300.0
    #: how far content may fall behind ``min_data_rate``: that long a silence, whatever came before
    #: (RFC 5321 §4.5.3.2.5: a client gives up after 3 minutes without progress, too)
    data_timeout: float = 180.0
    #: bytes a second below which content is too slow
    min_data_rate: float = 1024.0
    #: for the whole connection
    session_timeout: float = 3600.0
    #: for the PROXY line and for the TLS handshake
    handshake_timeout: float = 30.0
    #: how long a stranger waits for the banner; who talks first is refused. 0: no wait
    banner_delay: float = 0.2
    #: at the connection cap, who has been silent for so long makes room for new ones
    yield_after: float = 10.0

    #: peers that are our own hops
    trusted_networks: tuple[Network, ...] = LOOPBACK
    #: peers that must begin with a PROXY header; from others it is garbage
    proxy_from: tuple[Network, ...] = ()
    #: octets that SMTP forbids in content (bare CR, bare LF, NUL): from whom they are taken
    forbidden_octets: Literal["refuse", "trusted", "accept"] = "trusted"

    #: None: STARTTLS is not offered
    tls: TlsOptions | None = None
    #: no MAIL without TLS (RFC 3207 §4)
    require_tls: bool = False

    @property
    def max_size_on_wire(self) -> int:
        """Dots are doubled on the wire: so much may come before a mail is known to be over ``max_size``."""
        return self.max_size + self.max_size // 256
