"""STARTTLS through real sockets, with certificates made on the spot."""

import asyncio
import smtplib
import ssl
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.intake.options import SmtpOptions, TlsOptions
from postroom.adapters.intake.smtp import SmtpServer
from postroom.model.errors import ConfigError
from postroom.testing.smtp_door import PATIENCE, Clock, Door, Events
from tests.certificates import self_signed

MAIL = b"Subject: hello\r\n\r\nsecret\r\n"


def make_certificate(folder: Path, name: str) -> TlsOptions:
    cert, key = folder / "cert.pem", folder / "key.pem"
    self_signed(name, cert, key)
    return TlsOptions(cert=cert, key=key, reload=60.0)


@pytest.fixture
def tls(tmp_path: Path) -> TlsOptions:
    return make_certificate(tmp_path, "mx.example.com")


@pytest.fixture
def secured(tls: TlsOptions) -> SmtpOptions:
    return SmtpOptions(hostname="mx.example.com", tls=tls)


def trusting(tls: TlsOptions) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(tls.cert))


def shown(door: Door) -> bytes | None:
    """The certificate that the server shows."""
    with door.connect() as line:
        line.say("EHLO c")
        assert line.say("STARTTLS").startswith("220")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(line.socket) as wrapped:
            return wrapped.getpeercert(binary_form=True)


def inside(tls: TlsOptions) -> bytes:
    """The certificate in the file."""
    return ssl.PEM_cert_to_DER_cert(tls.cert.read_text())


def test_a_mail_comes_over_tls(secured: SmtpOptions, tls: TlsOptions) -> None:
    with Door(secured) as door, smtplib.SMTP("127.0.0.1", door.port, timeout=PATIENCE) as client:
        client._host = "mx.example.com"  # type: ignore[attr-defined]
        client.ehlo()
        assert client.has_extn("starttls")
        client.starttls(context=trusting(tls))
        client.ehlo()
        assert not client.has_extn("starttls")
        client.sendmail("ada@example.org", ["support@example.com"], MAIL)
        assert door.mails[0].peer.tls
        assert door.mails[0].raw == MAIL
        big = b"Subject: big\r\n\r\n" + b"0123456789abcde\r\n" * 100_000
        client.sendmail("ada@example.org", ["support@example.com"], big)
        assert door.mails[1].raw == big


def test_tls_forgets_what_was_said_before(secured: SmtpOptions, tls: TlsOptions) -> None:
    with Door(secured) as door, smtplib.SMTP("127.0.0.1", door.port, timeout=PATIENCE) as client:
        client._host = "mx.example.com"  # type: ignore[attr-defined]
        client.ehlo()
        client.starttls(context=trusting(tls))
        assert client.docmd("MAIL FROM:<a@example.org>")[0] == 503


def test_a_command_sent_along_with_starttls_is_not_carried_out(secured: SmtpOptions) -> None:
    with Door(secured) as door, door.connect() as line:
        line.say("EHLO c")
        line.send(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nx\r\n.\r\n")
        assert line.reply().startswith("554 5.5.0")
        assert line.closed()
        assert door.mails == []


def test_a_command_sent_after_220_instead_of_a_handshake_is_not_carried_out(secured: SmtpOptions) -> None:
    with Door(secured) as door, door.connect() as line:
        line.say("EHLO c")
        assert line.say("STARTTLS").startswith("220")
        line.send(b"EHLO c\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nx\r\n.\r\n")
        assert line.closed()
        assert door.mails == []
        with door.connect() as other:
            assert other.say("NOOP").startswith("250")
        assert door.call(door.server.census)["tls-failed"] == 1


def test_old_tls_is_refused(secured: SmtpOptions) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Door(secured) as door, door.connect() as line:
        line.say("EHLO c")
        line.say("STARTTLS")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(line.socket)


def test_a_new_certificate_is_shown_after_reload(secured: SmtpOptions, tls: TlsOptions) -> None:
    with Door(secured) as door:
        old = inside(tls)
        assert shown(door) == old
        make_certificate(tls.cert.parent, "new.example.com")
        assert shown(door) == old
        door.call(door.server.reload_tls)
        assert shown(door) == inside(tls) != old
        assert door.events.of("certificate-loaded") == [{"door": "smtp"}]


def test_a_changed_certificate_is_noticed_and_a_broken_one_left(secured: SmtpOptions, tls: TlsOptions) -> None:
    clock = Clock()
    with Door(secured, clock=clock) as door:
        old = inside(tls)
        make_certificate(tls.cert.parent, "new.example.com")
        door.sweep()
        assert shown(door) == old, "it is not yet time to look"
        clock.now += 61
        door.sweep()
        assert shown(door) == inside(tls) != old
        new = inside(tls)
        tls.cert.write_text("broken")
        clock.now += 61
        door.sweep()
        assert door.events.of("certificate-loaded")[-1]["failed"] is True
        with pytest.raises(ConfigError, match=r"cert\.pem"):
            door.call(door.server.reload_tls)
        tls.cert.unlink()
        clock.now += 61
        door.sweep()
        assert shown(door) == new


def test_a_missing_certificate_is_found_before_the_start(tmp_path: Path) -> None:
    options = SmtpOptions(
        hostname="mx.example.com", tls=TlsOptions(cert=tmp_path / "none.pem", key=tmp_path / "none.pem")
    )
    with pytest.raises(ConfigError, match="both must be readable PEM files"):
        SmtpServer(options, accept=lambda *mail: None, resolve=lambda address: None, observer=Events())  # type: ignore[arg-type,return-value]


def test_tls_can_be_required(secured: SmtpOptions) -> None:
    with Door(replace(secured, require_tls=True)) as door, door.connect() as line:
        line.say("EHLO c")
        assert line.say("MAIL FROM:<a@example.org>").startswith("530 5.7.0")
        assert line.say("NOOP").startswith("250")


def test_a_stalled_handshake_is_hung_up_on(secured: SmtpOptions) -> None:
    clock = Clock()
    with Door(secured, clock=clock) as door, door.connect() as line:
        line.say("EHLO c")
        line.say("STARTTLS")
        clock.now += secured.handshake_timeout + 1
        door.sweep()
        assert line.closed()


def test_leaving_during_a_handshake_leaves_nothing_behind(secured: SmtpOptions) -> None:
    with Door(secured) as door:
        for _ in range(20):
            with door.connect() as line:
                line.say("EHLO c")
                line.say("STARTTLS")
        with door.connect() as line:
            line.say("NOOP")
        assert door.run(emptied(door)) == 0


async def emptied(door: Door) -> int:
    """Connections left once the loop has seen everybody leave."""
    for _ in range(1000):
        if not door.server.census()["connections"]:
            break
        await asyncio.sleep(0)
    return door.server.census()["connections"]


def test_draining_during_a_handshake_ends(secured: SmtpOptions) -> None:
    with Door(secured) as door, door.connect() as line:
        line.say("EHLO c")
        line.say("STARTTLS")
        door.run(door.server.drain(0.01))
        assert line.closed()


def test_a_handshake_that_ends_while_draining_is_told_421(secured: SmtpOptions, tls: TlsOptions) -> None:
    with Door(secured) as door, door.connect() as line:
        line.say("EHLO c")
        assert line.say("STARTTLS").startswith("220")
        draining = threading.Thread(target=lambda: door.run(door.server.drain(PATIENCE)))
        draining.start()
        with trusting(tls).wrap_socket(line.socket, server_hostname="mx.example.com") as wrapped:
            assert wrapped.recv(1000).startswith(b"421 4.3.2")
        draining.join(PATIENCE)
        assert not draining.is_alive()
