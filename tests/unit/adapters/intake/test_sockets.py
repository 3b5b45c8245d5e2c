"""Listening sockets, sockets from systemd, and giving up root."""

import fcntl
import json
import os
import pwd
import resource
import socket
import subprocess
import sys

import pytest

from postroom.adapters.intake import sockets
from postroom.model.errors import ConfigError


def test_every_address_gets_a_socket_of_each_family_on_one_port() -> None:
    opened = sockets.listen(":0")
    try:
        assert {each.family for each in opened} >= {socket.AF_INET}
        assert len({each.getsockname()[1] for each in opened}) == 1
        for each in opened:
            assert not each.getblocking()
            host = "127.0.0.1" if each.family == socket.AF_INET else "::1"
            socket.create_connection((host, each.getsockname()[1]), timeout=5).close()
    finally:
        for each in opened:
            each.close()


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:0", "localhost:0"])
def test_one_address_is_bound(address: str) -> None:
    for each in sockets.listen(address):
        assert each.getsockname()[0] in ("127.0.0.1", "::1")
        each.close()


@pytest.mark.parametrize(
    "address",
    ["", "25", "host:", "host:smtp", "host:-1", "host:70000", "host:²", "192.0.2.1:0", "no.such.host.invalid:25"],
)
def test_an_address_that_cannot_be_bound_is_said(address: str) -> None:
    with pytest.raises(ConfigError, match="listen on"):
        sockets.listen(address)


def test_a_taken_port_is_said() -> None:
    (taken,) = sockets.listen("127.0.0.1:0")
    with taken, pytest.raises(ConfigError, match="in use"):
        sockets.listen(f"127.0.0.1:{taken.getsockname()[1]}")


CHILD = """
import json, os, socket, sys
os.environ["LISTEN_PID"] = os.environ.get("PRETEND_PID", str(os.getpid()))
from postroom.adapters.intake.sockets import from_systemd
from postroom.model.errors import ConfigError
try:
    found = from_systemd(os.environ)
except ConfigError as error:
    print(json.dumps({"error": str(error)}))
    raise SystemExit
facts = {name: [each.getsockname()[1] for each in group] for name, group in found.items()}
left = [name for name in os.environ if name.startswith("LISTEN_")]
inherited = [os.get_inheritable(each.fileno()) for group in found.values() for each in group]
print(json.dumps({"found": facts, "left": left, "inherited": inherited}))
sys.stdout.flush()
for group in found.values():
    for each in group:
        each.setblocking(True)
        connection, _ = each.accept()
        connection.sendall(b"hello from " + str(each.getsockname()[1]).encode())
        connection.close()
"""


def pass_on(passed: list[socket.socket], **environ: str) -> subprocess.Popen[str]:
    """Start a child the way systemd does: sockets as descriptors from 3 on."""
    moved = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 100) for each in passed]
    starter = f"import os, sys; [os.dup2(fd, 3 + i) for i, fd in enumerate({moved})]; os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])"
    try:
        return subprocess.Popen(
            [sys.executable, "-c", starter, CHILD],
            pass_fds=moved,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
        )
    finally:
        for fd in moved:
            os.close(fd)


def test_sockets_from_systemd_are_served() -> None:
    (first,), (second,) = sockets.listen("127.0.0.1:0"), sockets.listen("127.0.0.1:0")
    ports = [each.getsockname()[1] for each in (first, second)]
    with first, second, pass_on([first, second], LISTEN_FDS="2", LISTEN_FDNAMES="smtp:lmtp") as child:
        assert child.stdout is not None
        said = json.loads(child.stdout.readline())
        assert said == {"found": {"smtp": [ports[0]], "lmtp": [ports[1]]}, "left": [], "inherited": [False, False]}
        for port in ports:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                assert connection.recv(100) == b"hello from " + str(port).encode()
        assert child.wait(10) == 0


def test_sockets_for_another_process_are_not_ours() -> None:
    (first,) = sockets.listen("127.0.0.1:0")
    with first, pass_on([first], LISTEN_FDS="1", PRETEND_PID="1") as child:
        assert json.loads(child.communicate(timeout=10)[0])["found"] == {}


def test_what_does_not_listen_is_said() -> None:
    with socket.socket() as idle, pass_on([idle], LISTEN_FDS="1") as child:
        assert "no listening TCP socket" in json.loads(child.communicate(timeout=10)[0])["error"]


def test_nothing_passed_is_nothing() -> None:
    assert sockets.from_systemd({}) == {}
    assert sockets.from_systemd({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"}) == {}


def in_child(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")


@as_root
def test_root_is_refused_without_a_user_to_become() -> None:
    with pytest.raises(ConfigError, match="does not run as root"):
        sockets.never_as_root()


@as_root
def test_root_is_given_up_for_good() -> None:
    nobody = pwd.getpwnam("nobody")
    code = (
        "import os; from postroom.adapters.intake.sockets import never_as_root\n"
        "never_as_root('nobody'); print(os.getresuid(), os.getresgid(), os.getgroups())\n"
        "try: os.setuid(0)\nexcept PermissionError: print('for good')\n"
    )
    ids = f"({nobody.pw_uid}, {nobody.pw_uid}, {nobody.pw_uid}) ({nobody.pw_gid}, {nobody.pw_gid}, {nobody.pw_gid})"
    groups = sorted(os.getgrouplist("nobody", nobody.pw_gid))
    assert in_child(code) == f"{ids} {groups}\nfor good"


@as_root
@pytest.mark.parametrize(("user", "reason"), [("root", "is root"), ("no-such-user-here", "no user")])
def test_a_user_that_cannot_be_become_is_said(user: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        sockets.drop_privileges(user)


def test_an_ordinary_user_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    sockets.never_as_root()
    sockets.never_as_root("anybody")


def test_the_limit_of_open_files_is_raised_as_far_as_it_may() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, before[1]), before[1]))
        assert sockets.allow_open_files(200) >= 200
        assert sockets.allow_open_files(500) == min(500, before[1])
        assert sockets.allow_open_files(100) == min(500, before[1]), "never lowered"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(
    ("ip", "plain"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("", ""),
    ],
)
def test_one_peer_has_one_spelling(ip: str, plain: str) -> None:
    assert sockets.plain_address(ip) == plain
