"""Listening sockets: opened here, or handed over by systemd; and the rights we give up once we have them."""

import ipaddress
import os
import pwd
import resource
import socket
from collections.abc import MutableMapping
from functools import lru_cache

from postroom.model.errors import ConfigError

_FIRST_FD = 3


def listen(address: str) -> tuple[socket.socket, ...]:
    """Sockets for ``host:port``, ``[v6]:port`` or ``:port`` (every address, IPv4 and IPv6). Bound, listening, non-blocking.

    A name is looked up and each of its addresses bound. Raises `ConfigError`, and leaves nothing bound.
    """
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"{address!r} is no address to listen on: write host:port, [v6]:port or :port")
    found: list[socket.socket] = []
    try:
        infos = socket.getaddrinfo(host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, target in dict.fromkeys(infos):
            if family not in (socket.AF_INET, socket.AF_INET6) or (not host and not _usable(family)):
                continue
            if int(port) == 0 and found:
                target = (target[0], found[0].getsockname()[1], *target[2:])  # noqa: PLW2901 - one port for both
            found.append(_bind(family, target))
    except OSError as error:
        for opened in found:
            opened.close()
        raise ConfigError(f"can't listen on {address}: {error}") from error
    return tuple(found)


def address_of(listening: socket.socket) -> str:
    """The address of a bound socket, as `listen` takes it: ``127.0.0.1:25`` or ``[::1]:25``."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _usable(family: int) -> bool:
    """Whether this machine can do IPv4 or IPv6 at all."""
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def _bind(family: int, target: tuple[object, ...]) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # IPv4 has a socket of its own: peers' addresses stay what they are
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(target)
        opened.listen(1024)
        opened.setblocking(False)
    except BaseException:  # whatever it was: undone here, and raised on
        opened.close()
        raise
    return opened


def from_systemd(environ: MutableMapping[str, str]) -> dict[str, tuple[socket.socket, ...]]:
    """Sockets passed by systemd (sd_listen_fds(3)), by their FileDescriptorName; empty when there are none.

    The variables are removed, so that children don't take the sockets for theirs. Raises `ConfigError` when what was
    passed is not a listening TCP socket.
    """
    pid, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "0")
    names = environ.pop("LISTEN_FDNAMES", "").split(":")
    if pid != str(os.getpid()) or not count.isdecimal():
        return {}
    found: dict[str, tuple[socket.socket, ...]] = {}
    for index in range(int(count)):
        fd = _FIRST_FD + index
        os.set_inheritable(fd, False)
        name = names[index] if index < len(names) and names[index] else "unknown"
        found[name] = (*found.get(name, ()), _listening(fd))
    return found


def _listening(fd: int) -> socket.socket:
    try:
        passed = socket.socket(fileno=fd)
        listens = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise ConfigError(f"file descriptor {fd} from systemd is no socket: {error}") from error
    if passed.type != socket.SOCK_STREAM or not listens or passed.family not in (socket.AF_INET, socket.AF_INET6):
        raise ConfigError(
            f"file descriptor {fd} from systemd is no listening TCP socket: use ListenStream= with Accept=no"
        )
    passed.setblocking(False)
    return passed


def drop_privileges(user: str) -> None:
    """Become ``user`` for good: groups first, then group, then user, each checked. Raises `ConfigError`; then don't go on."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise ConfigError(f"there is no user {user!r} to run as") from None
    if entry.pw_uid == 0:
        raise ConfigError(f"user {user!r} is root: name another to run as")
    try:
        os.setgroups(os.getgrouplist(user, entry.pw_gid))
        os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
        os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    except OSError as error:
        raise ConfigError(f"can't become user {user!r}: {error}") from error
    if os.getresuid() != (entry.pw_uid,) * 3 or os.getresgid() != (entry.pw_gid,) * 3:
        raise ConfigError(f"became only half of user {user!r}")
    try:
        os.setuid(0)
    except OSError:
        return
    raise ConfigError("could become root again: refusing to run")


def no_root_without(user: str) -> None:
    """Raises `ConfigError` when we are root and there is nobody to become."""
    if not user and 0 in (os.geteuid(), os.getuid()):
        raise ConfigError(
            "postroom does not run as root: start it as another user, set intake.user in postroom.toml to one that it"
            " becomes once the ports are bound, or add --allow-root for a trial"
        )


def never_as_root(user: str = "") -> None:
    """Call after binding: drops to ``user`` when we are root and one is configured, else refuses. Raises `ConfigError`."""
    no_root_without(user)
    if 0 in (os.geteuid(), os.getuid()):
        drop_privileges(user)


def allow_open_files(wanted: int) -> int:
    """Raise this process's limit of open files towards ``wanted``, as far as it may; what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, target), hard))
    return max(soft, target)


@lru_cache(maxsize=1024)
def plain_address(ip: str) -> str:
    """An IPv4-mapped IPv6 address as IPv4, a scope left out: one peer has one spelling."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
