"""The one way out: whom it calls, whom it refuses, and that nobody can make it wait or swallow for ever."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.destination.guard import Blocked, Guard, Unreachable, is_public, read_url
from postroom.model.errors import ConfigError

CERTS = Path(__file__).parent / "certs"


class Listener:
    """Takes one connection after another and answers each with the same bytes; keeps what it heard."""

    def __init__(
        self, answer: bytes, tls: ssl.SSLContext | None = None, *, endless: bool = False, quiet: bool = False
    ) -> None:
        self.heard: list[bytes] = []
        self._answer = answer
        self._tls = tls
        self._endless = endless
        self._quiet = quiet
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            try:
                if self._tls:
                    sock = self._tls.wrap_socket(sock, server_side=True)
                heard = b""
                while b"\r\n\r\n" not in heard and (more := sock.recv(65_536)):
                    heard += more
                self.heard.append(heard)
                sock.sendall(self._answer)
                while self._endless:
                    sock.sendall(b"x" * 1000)
                if not self._quiet:
                    sock.shutdown(socket.SHUT_WR)
                while sock.recv(65_536):
                    pass
            except OSError:
                pass
            finally:
                sock.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def make(answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n", **options: object) -> Listener:
        made.append(Listener(answer, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for listener in made:
        listener.close()


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "0.0.0.0", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "192.0.0.192",
    "198.18.0.1", "192.0.2.1", "168.63.129.16", "192.88.99.1",
    "::", "::1", "::7f00:1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1", "100::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_out_in_the_world_are_refused(address: str) -> None:
    for tls in (True, False):
        assert not Guard().may_reach("hook.example.com", address, tls=tls)
    with pytest.raises(Blocked, match="private or reserved"):
        Guard(resolver=lambda host, port: [address]).request("POST", "https://hook.example.com/", headers={})


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_called_with_tls_alone(address: str) -> None:
    assert Guard().may_reach("hook.example.com", address)
    assert not Guard().may_reach("hook.example.com", address, tls=False)
    with pytest.raises(Blocked, match="not called without TLS"):
        Guard(resolver=lambda host, port: [address]).request("POST", "http://hook.example.com/", headers={})


@given(st.ip_addresses())
def test_every_address_gets_an_answer(address: object) -> None:
    assert isinstance(is_public(address), bool)  # type: ignore[arg-type]


@given(st.text())
def test_what_is_no_address_is_not_reached(text: str) -> None:
    assert not Guard(allow=["10.0.0.0/8"]).may_reach("x", f"{text}!")


def test_listed_networks_and_hosts_may_be_reached() -> None:
    guard = Guard(allow=["10.0.0.0/8", "fd00::/8", "Intern.example.com"])
    assert guard.may_reach("any", "10.1.2.3", tls=False)
    assert guard.may_reach("any", "fd00::1")
    assert guard.may_reach("intern.EXAMPLE.com", "192.168.1.1", tls=False)
    assert not guard.may_reach("other.example.com", "192.168.1.1")
    assert not guard.may_reach("any", "::ffff:192.168.1.1")


@pytest.mark.parametrize("entry", ["", "10.0.0.0/99", "a b", "http://x", "*"])
def test_what_can_be_no_allowance_is_said(entry: str) -> None:
    with pytest.raises(ConfigError, match="neither a network nor a host"):
        Guard(allow=[entry])


def test_a_name_that_changes_its_mind_is_called_where_it_was_checked(listen: Callable[..., Listener]) -> None:
    listener = listen()
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    guard = Guard(allow=["127.0.0.0/8"], resolver=rebinding)
    assert guard.request("POST", f"http://hook.example.com:{listener.port}/in?a=b", headers={}, body=b"x").status == 204
    assert asked == ["hook.example.com"], "resolved once, and the checked address was called"
    assert listener.heard[0].startswith(b"POST /in?a=b HTTP/1.1\r\n")
    assert f"\r\nHost: hook.example.com:{listener.port}\r\n".encode() in listener.heard[0]
    with pytest.raises(Blocked):
        guard.request("POST", f"http://hook.example.com:{listener.port}/", headers={})
    assert len(listener.heard) == 1


def test_of_several_addresses_only_the_permitted_are_called(listen: Callable[..., Listener]) -> None:
    listener = listen()
    guard = Guard(allow=["127.0.0.1"], resolver=lambda host, port: ["10.0.0.1", "127.0.0.1", "169.254.169.254"])
    assert guard.request("GET", f"http://x.test:{listener.port}/", headers={}).status == 204


@pytest.mark.parametrize(
    "url",
    [
        "http://0x7f000001/",
        "http://2130706433/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://127.0.0.1./",
    ],
)
def test_other_ways_to_write_this_machine_are_refused(url: str) -> None:
    with pytest.raises((Blocked, Unreachable)):
        Guard().request("GET", url, headers={})


@pytest.mark.parametrize(
    "url",
    ["ftp://x.test/", "file:///etc/passwd", "gopher://x.test/", "https://", "https:///x", "https://user:pw@x.test/", "https://x.test@evil.test/",
     "https://x.test:99999/", "https://x.test/a b", "https://x.test/ü", "https://[::1", "//x.test/", "x", "", "https://x.test\\@evil.test/", "https://a_\x00b/"],
)  # fmt: skip
def test_only_http_urls_without_tricks_are_called(url: str) -> None:
    with pytest.raises(ConfigError):
        read_url(url)


@given(st.text())
def test_reading_a_url_is_total(text: str) -> None:
    for url in (text, f"https://{text}", f"https://x.test/{text}"):
        try:
            target = read_url(url)
        except ConfigError:
            continue
        assert target.path.startswith("/") or target.path.startswith("?")
        assert not set(target.path + target.host) & set("\r\n\0 ")


def test_a_redirect_is_an_answer_and_not_followed(listen: Callable[..., Listener]) -> None:
    elsewhere = listen()
    listener = listen(
        f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n".encode()
    )
    answer = Guard(allow=["127.0.0.1"]).request("POST", f"http://127.0.0.1:{listener.port}/", headers={})
    assert (answer.status, answer.headers["location"]) == (302, f"http://127.0.0.1:{elsewhere.port}/")
    assert elsewhere.heard == []


def test_proxies_of_the_environment_are_not_used(
    listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, listener = listen(), listen()
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert Guard(allow=["127.0.0.1"]).request("GET", f"http://127.0.0.1:{listener.port}/", headers={}).status == 204
    assert proxy.heard == []


def test_an_answer_without_end_is_cut(listen: Callable[..., Listener]) -> None:
    listener = listen(b"HTTP/1.1 200 OK\r\n\r\n", endless=True)
    answer = Guard(allow=["127.0.0.1"]).request(
        "GET", f"http://127.0.0.1:{listener.port}/", headers={}, max_answer=5000
    )
    assert (answer.status, len(answer.body), answer.whole) == (200, 5000, False)


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n",
     b"HTTP/1.1 200 " + b"x" * 100_000, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_what_is_no_http_is_unreachable(listen: Callable[..., Listener], answer: bytes) -> None:
    listener = listen(answer)
    with pytest.raises(Unreachable):
        Guard(allow=["127.0.0.1"]).request("GET", f"http://127.0.0.1:{listener.port}/", headers={})


def test_time_is_one_deadline_over_all_reads(listen: Callable[..., Listener]) -> None:
    listener = listen(b"HTTP/1.1 200 OK\r\n\r\n", endless=True)
    moments = iter(range(10_000))
    # Every look at the clock finds it a second later: a server that keeps sending does not keep us.
    guard = Guard(allow=["127.0.0.1"], clock=lambda: float(next(moments)))
    with pytest.raises(Unreachable, match="timed out"):
        guard.request("GET", f"http://127.0.0.1:{listener.port}/", headers={}, timeout=20.0, max_answer=1 << 40)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"]
)
def test_a_silent_server_is_left_in_time(listen: Callable[..., Listener], answer: bytes) -> None:
    listener = listen(answer, quiet=True)
    with pytest.raises(Unreachable, match="timed out"):
        Guard(allow=["127.0.0.1"]).request("GET", f"http://127.0.0.1:{listener.port}/", headers={}, timeout=0.1)


def test_an_answer_that_was_cut_off_is_not_whole(listen: Callable[..., Listener]) -> None:
    listener = listen(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123")
    answer = Guard(allow=["127.0.0.1"]).request("GET", f"http://127.0.0.1:{listener.port}/", headers={})
    assert (answer.body, answer.whole) == (b"123", False)


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTS / "server.pem", CERTS / "server.key")
    return context


def test_certificates_are_verified_for_the_name_and_not_the_address(listen: Callable[..., Listener]) -> None:
    listener = listen(tls=server_context())
    trusting = ssl.create_default_context(cafile=str(CERTS / "ca.pem"))
    here = {"allow": ["127.0.0.1"], "resolver": lambda host, port: ["127.0.0.1"]}
    guard = Guard(context=trusting, **here)  # type: ignore[arg-type]
    assert guard.request("GET", f"https://sink.test:{listener.port}/", headers={}).status == 204
    with pytest.raises(Unreachable, match="certificate does not hold"):
        guard.request("GET", f"https://other.test:{listener.port}/", headers={})
    with pytest.raises(Unreachable, match="certificate does not hold"):
        Guard(**here).request("GET", f"https://sink.test:{listener.port}/", headers={})  # type: ignore[arg-type]


def test_an_address_in_ipv6_is_written_with_brackets() -> None:
    assert read_url("http://[::1]:8080/x").authority == "[::1]:8080"
    assert read_url("https://x.test:443/").authority == "x.test"
    assert read_url("https://BÜCHER.test?a").authority == "xn--bcher-kva.test"
