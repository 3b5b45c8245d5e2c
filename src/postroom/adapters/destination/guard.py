"""The one way out for HTTP: every call that postroom makes goes through this guard.

A name is resolved once; addresses that are private, of this machine or of a cloud's metadata service are refused unless
listed; the connection is made to the address that was checked, while Host and TLS still carry the name, so that a name
that changes its mind in between (DNS rebinding) gains nothing. Redirects are not followed, proxies of the environment
not used, certificates verified, answers capped in size and in time.
"""

import http.client
import io
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from postroom.model.errors import ConfigError, PostroomError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]
"""A host name and a port -> its addresses. Raises OSError."""

# Beside what `ipaddress` knows as not global: its opinion has changed between versions of Python.
_REFUSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # the wire server of a cloud, at a public address
        "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7",
        "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|[0-9A-Fa-f:.]{2,45}")
_CHUNK = 65_536


class Blocked(PostroomError):
    """The address may not be reached; nothing was sent."""


class Unreachable(PostroomError):
    """No answer: no such name, no connection, no TLS, no HTTP, or not in time. Whether it was heard is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    #: lower-case name -> value; the last one where a name repeats
    headers: Mapping[str, str]
    #: at most as much as was asked for
    body: bytes
    #: False when the body was longer, or broke off
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL that was looked at, in its parts."""

    tls: bool
    host: str
    port: int
    #: path and query, as they stand in a request
    path: str

    @property
    def authority(self) -> str:
        """Value of the Host header (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def resolve(host: str, port: int) -> Sequence[str]:
    """Addresses of a name, as this machine resolves names."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Guard:
    """Makes HTTP calls. Holds no connections; may be used from several threads.

    ``allow`` lists private networks (``10.0.0.0/8``, ``127.0.0.1``) and host names that may be reached all the same;
    only these may be spoken to without TLS.
    """

    def __init__(
        self,
        *,
        allow: Sequence[str] = (),
        context: ssl.SSLContext | None = None,
        resolver: Resolver = resolve,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts, self._networks = _allowances(allow)
        self._context = context
        self._resolver = resolver
        self._clock = clock

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout: float = 30.0,
        max_answer: int = 1 << 20,
    ) -> Answer:
        """One call and its answer, whatever its status; the body up to ``max_answer`` bytes. In all ``timeout`` seconds.

        Raises `ConfigError` for a URL that can't be one, `Blocked`, `Unreachable`. A redirect is an answer like another.
        """
        target = read_url(url)
        deadline = self._clock() + timeout
        try:
            sock = self._connect(target, deadline)
        except OSError as error:
            raise Unreachable(f"{target.authority}: {_words(error)}") from error
        try:
            return self._call(sock, target, deadline, method, headers, body, max_answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(f"{target.authority}: {_words(error)}") from error
        finally:
            sock.close()

    def may_reach(self, host: str, address: str, *, tls: bool = True) -> bool:
        """Whether an address that a name resolved to may be called."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        if host.lower() in self._hosts or any(ip in network for network in self._networks):
            return True
        return tls and is_public(ip)

    def _connect(self, target: Target, deadline: float) -> socket.socket:
        addresses = list(dict.fromkeys(self._resolver(target.host, target.port)))
        usable = [address for address in addresses if self.may_reach(target.host, address, tls=target.tls)]
        if not usable:
            raise Blocked(_why(target, addresses))
        failure = OSError("it has no address")
        for address in usable:
            try:
                sock = socket.create_connection((address, target.port), timeout=self._left(deadline))
            except OSError as error:
                failure = error
                continue
            return self._secured(sock, target, deadline) if target.tls else sock
        raise failure

    def _secured(self, sock: socket.socket, target: Target, deadline: float) -> socket.socket:
        if self._context is None:
            self._context = ssl.create_default_context()
        try:
            sock.settimeout(self._left(deadline))
            return self._context.wrap_socket(sock, server_hostname=target.host)
        except BaseException:  # whatever it was: undone here, and raised on
            sock.close()
            raise

    def _call(
        self,
        sock: socket.socket,
        target: Target,
        deadline: float,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
        max_answer: int,
    ) -> Answer:
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = sock
        sock.settimeout(self._left(deadline))
        connection.request(
            method, target.path, body=body or None, headers={"Host": target.authority, "Connection": "close", **headers}
        )
        # Not connection.getresponse: its reads have a timeout each, not one for all. What a response asks of a
        # socket is makefile, no more.
        response = http.client.HTTPResponse(_Timed(sock, lambda: self._left(deadline)), method=method)  # type: ignore[arg-type]
        response.begin()
        read = _read(response, max_answer)
        given = {name.lower(): value for name, value in response.getheaders()}
        return Answer(
            status=response.status,
            headers=given,
            body=read[:max_answer],
            whole=len(read) <= max_answer and not response.length,
        )

    def _left(self, deadline: float) -> float:
        left = deadline - self._clock()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


class _Timed(io.RawIOBase):
    """A socket to read from, as `http.client` wants it, with one deadline over all reads."""

    def __init__(self, sock: socket.socket, left: Callable[[], float]) -> None:
        super().__init__()
        self._sock = sock
        self._left = left

    def makefile(self, mode: str) -> io.BufferedReader:
        """The reader that the response is parsed from."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Some bytes, before the deadline. Raises TimeoutError."""
        self._sock.settimeout(self._left())
        return self._sock.recv_into(buffer)


def is_public(ip: Address) -> bool:
    """Whether an address is out in the world: not private, local, shared, reserved, multicast, nor a tunnel to such."""
    inner = _inner(ip)
    if inner is not None and not is_public(inner):
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped is not None or ip in _NAT64):
        return True
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _REFUSED)


def _inner(ip: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to: mapped, 6to4, NAT64."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour


def read_url(url: str) -> Target:
    """The parts of an http or https URL. Raises `ConfigError` for any other, and for one with a user name in it."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ConfigError(f"not a URL: {error}") from error
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not _HOST.fullmatch(host):
        raise ConfigError("only http:// and https:// URLs with a host, and without a user name, can be called")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or not path.isprintable() or " " in path:
        raise ConfigError("the path of a URL is ASCII without spaces: encode the rest with %")
    return Target(tls=parts.scheme == "https", host=host.rstrip("."), port=port, path=path)


def _allowances(allow: Sequence[str]) -> tuple[frozenset[str], tuple[Network, ...]]:
    hosts: set[str] = set()
    networks: list[Network] = []
    for entry in allow:
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            if not _HOST.fullmatch(entry) or "/" in entry:
                raise ConfigError(f"{entry!a} is neither a network nor a host name") from None
            hosts.add(entry.lower().rstrip("."))
    return frozenset(hosts), tuple(networks)


def _why(target: Target, addresses: Sequence[str]) -> str:
    shown = ", ".join(addresses[:5])
    if not target.tls and any(is_public(ipaddress.ip_address(address)) for address in addresses):
        return f"{target.authority} ({shown}) is not called without TLS: use https, or list the host in `allow`"
    return f"{target.authority} is at a private or reserved address ({shown}): list it in `allow` if that is meant"


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    pieces: list[bytes] = []
    left = most + 1
    while left and (piece := response.read(min(left, _CHUNK))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return "timed out"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]
