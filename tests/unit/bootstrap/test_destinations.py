"""Destinations as the settings describe them."""

import threading
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from postroom.adapters.destination.smtp import ReturnAddress
from postroom.bootstrap.destinations import Around, Servers, build
from postroom.config.settings import Destination, Inbox, Lmtp, Maildir, Mbox, Smtp, Webhook
from postroom.model.errors import ConfigError, TryLater
from postroom.model.mail import DestinationName

NAME = DestinationName("desk")


def around(base: Path, **servers: Any) -> Around:
    def no_store() -> Any:
        raise AssertionError("only inboxes need the store")

    return Around(
        base=base,
        store=no_store,
        servers=Servers(greet_as="mx.shop.test", **servers),
        return_address=lambda: ReturnAddress(domain="mx.shop.test", key=b"k" * 32),
    )


def built(base: Path, wanted: Destination, **more: Any) -> Any:
    return build(NAME, wanted, around(base, **more))


@pytest.fixture
def secret(tmp_path: Path) -> str:
    (tmp_path / "secret").write_bytes(b"0123456789abcdef0123\n")
    return "secret"


def test_each_kind_is_built(tmp_path: Path, secret: str) -> None:
    place = around(tmp_path)
    for wanted in (
        Maildir(path="m"),
        Mbox(path="m.mbox"),
        Smtp(host="mx.example.com"),
        Lmtp(host="mx.example.com"),
        Webhook(url="https://hook.example.com/", secret_file=secret),
    ):
        assert build(NAME, wanted, place).name == NAME
    with pytest.raises(AssertionError):
        build(NAME, Inbox(), place)
    assert not list(tmp_path.glob("m*")), "building touches no folder"


@pytest.mark.parametrize("tls", ["none", "opportunistic", "required", "implicit"])
def test_every_way_of_tls_reaches_the_server(tmp_path: Path, tls: str) -> None:
    data = {"kind": "smtp", "host": "mx.example.com", "tls": tls}
    wanted = msgspec.convert(data, Smtp)
    assert built(tmp_path, wanted)._server._tls == tls


@pytest.mark.parametrize("content", ["json", "json+raw", "message/rfc822"])
def test_every_content_and_the_link_reach_the_webhook(tmp_path: Path, secret: str, content: str) -> None:
    data = {"kind": "webhook", "url": "https://h.example.com/", "secret_file": secret, "content": content}
    hook = built(tmp_path, msgspec.convert(data | {"link": "https://desk.example.com/{id}"}, Webhook))
    assert (hook._content, hook._link) == (content, "https://desk.example.com/{id}")


class TestSharing:
    def test_destinations_that_mean_the_same_server_share_it(self, tmp_path: Path) -> None:
        place = around(tmp_path)
        first = cast("Any", build(NAME, Smtp(host="mx.example.com", recipients=("a@example.com",)), place))
        second = cast("Any", build(NAME, Smtp(host="MX.example.com", recipients=("b@example.com",)), place))
        assert first._server is second._server

    @pytest.mark.parametrize(
        "other",
        [
            Smtp(host="mx.example.com", tls="required"),
            Smtp(host="mx.example.com", user="u", password_file="secret"),
            Lmtp(host="mx.example.com"),
        ],
    )
    def test_another_way_in_is_another_server_under_the_same_limit(
        self, tmp_path: Path, secret: str, other: Smtp | Lmtp
    ) -> None:
        place = around(tmp_path, most=1)
        first = cast("Any", build(NAME, Smtp(host="mx.example.com"), place))._server
        second = cast("Any", build(NAME, other, place))._server
        assert first is not second
        with first.turn(0.0), pytest.raises(TryLater, match="busy") as busy, second.turn(0.0):
            pass
        assert busy.value.lane_down, "a server that is busy costs no mail a try"
        with second.turn(0.0):
            pass

    def test_another_host_or_port_has_a_limit_of_its_own(self, tmp_path: Path) -> None:
        servers = Servers(greet_as="x.test", most=1)
        here, there = servers.get(Smtp(host="a.test"), ""), servers.get(Smtp(host="a.test", port=587), "")
        with here.turn(0.0), there.turn(0.0), servers.get(Smtp(host="b.test"), "").turn(0.0):
            pass

    def test_so_many_deliver_at_once_and_no_more(self, tmp_path: Path) -> None:
        """Twenty threads of two destinations; the limit is three."""
        servers = Servers(greet_as="x.test", most=3)
        one, other = servers.get(Smtp(host="a.test"), ""), servers.get(Lmtp(host="a.test"), "")
        inside, most, lock = 0, 0, threading.Lock()
        three = threading.Barrier(3)

        def deliver(server: Any) -> None:
            nonlocal inside, most
            with server.turn(30.0):
                with lock:
                    inside += 1
                    most = max(most, inside)
                three.wait(30)
                with lock:
                    inside -= 1

        threads = [threading.Thread(target=deliver, args=((one, other)[n % 2],)) for n in range(18)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert most == 3
        assert inside == 0


class TestSecrets:
    def test_a_password_that_no_server_takes_is_a_mistake_in_the_settings(self, tmp_path: Path) -> None:
        for content in ("größer".encode(), "größer".encode("latin-1"), b"\xff\xfe"):
            (tmp_path / "password").write_bytes(content)
            with pytest.raises(ConfigError, match=r"password in .*/password must be ASCII"):
                built(tmp_path, Smtp(host="mx.example.com", user="u", password_file="password"))

    @pytest.mark.parametrize("file", ["missing", ".", "secret/below"])
    def test_a_secret_that_cant_be_read_is_a_mistake_in_the_settings(
        self, tmp_path: Path, secret: str, file: str
    ) -> None:
        with pytest.raises(ConfigError, match="can't read the secret file"):
            built(tmp_path, Webhook(url="https://h.example.com/", secret_file=file))

    def test_a_secret_that_is_too_short_is_too(self, tmp_path: Path) -> None:
        (tmp_path / "short").write_bytes(b"abc\n")
        with pytest.raises(ConfigError, match="16 bytes"):
            built(tmp_path, Webhook(url="https://h.example.com/", secret_file="short"))

    def test_the_line_end_is_no_part_of_it(self, tmp_path: Path) -> None:
        (tmp_path / "password").write_bytes(b"s3cret\r\n")
        wanted = Smtp(host="mx.example.com", user="u", password_file="password", tls="required")
        assert built(tmp_path, wanted)._server._password == "s3cret"
