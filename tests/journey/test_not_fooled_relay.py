"""Nobody gets mail to a stranger out of a running postroom, however the recipient is spelt."""

import contextlib
import re
import smtplib
from collections.abc import Iterator

import pytest

from postroom.model.mail import BounceOf, DestinationName, MailId
from postroom.model.marks import bounce_address
from postroom.testing.smtp_sink import SmtpSink
from tests.journey.attacked import Served, a_mail, hand_over, serving, until

SETTINGS = """
[brand.shop]
addresses = ["support@shop.test", "hilfe@bücher.test"]
[brand.whole]
addresses = ["@all.test", "ayuda@xn--espaa-rta.test"]
[route.appeals]
destinations = ["out"]
[destination.out]
kind = "smtp"
host = "127.0.0.1"
port = {port}
tls = "none"
"""
OURS = (
    "support@shop.test", "SUPPORT@SHOP.TEST", "Support+Detail@Shop.Test", '"support"@shop.test', "postmaster@shop.test",
    "PostMaster@Shop.TEST", "postmaster", "anybody@all.test", "hilfe@xn--bcher-kva.test",
    "HILFE@XN--BCHER-KVA.TEST",
)  # fmt: skip
ROUTES = (
    "@shop.test:victim@elsewhere.test", "@mx.shop.test,@shop.test:victim@elsewhere.test", "@shop.test:support@shop.test",
    "@[127.0.0.1]:victim@elsewhere.test",
)  # fmt: skip
PASSED_ON = (
    "victim%elsewhere.test@shop.test", "victim%elsewhere.test@all.test", "elsewhere.test!victim@shop.test",
    "elsewhere.test!victim@all.test", "elsewhere.test!victim", '"victim@elsewhere.test"@shop.test',
    '"victim@elsewhere.test"@all.test', '"victim%elsewhere.test"@all.test', '"elsewhere.test!victim"@all.test',
    '"vict\\im@elsewhere.test"@all.test', "victim@elsewhere.test@shop.test", "victim@elsewhere.test@all.test",
    "postmaster%elsewhere.test@all.test", "shop.test!postmaster@elsewhere.test",
)  # fmt: skip
STRANGERS = (
    "victim@elsewhere.test", "support@elsewhere.test", "support@shop.test.elsewhere.test", "support@sub.shop.test",
    "support@shop.test.", "support@.shop.test", "support@shop..test", "support@shop.tes", "support@shop.test-evil.test",
    "postmaster@elsewhere.test", "postmaster@localhost", "postmaster@mx.shop.test", "support", "root", "victim", "@",
    "support@", "@shop.test", "support@[127.0.0.1]", "support@[IPv6:::1]", "support@[IPv6:::ffff:127.0.0.1]",
    "support@127.0.0.1", "support@2130706433", "support@localhost", "victim@[127.0.0.1]", "suppor@shop.test",
    "support @shop.test", "support@shop.test ", "support@ shop.test", '"support "@shop.test', '" support"@shop.test',
    '""@shop.test', "support@xn--shop-cub.test", "support@xn--shp-55b.test", "support@shop.test\\",
    '"support@shop.test"', '"support@shop.test"@elsewhere.test', "support%shop.test@elsewhere.test",
    "support@shop.test,victim@elsewhere.test", "support@shop.test;victim@elsewhere.test",
    "support@shop.test victim@elsewhere.test", "support@shop.test><victim@elsewhere.test", "support(@elsewhere.test)@shop.test",
    "../../etc/passwd", "/dev/null", ":include:/etc/passwd", "+@shop.test", "+support@shop.test",
)  # fmt: skip
#: these need SMTPUTF8, and are no more ours with it
LOOK_ALIKE = (
    "ѕupport@shop.test", "support@ѕhop.test", "support@shοp.test", "support@ｓhop.test", "support@shop。test",
    "support＠shop.test@elsewhere.test", "support@ſhop.test", "ſupport@shop.test", "support@shop.test\u200b",
    "sup\u200bport@shop.test", "support@shop\u00ad.test", "victim@elsewhere.test\u202e",
)  # fmt: skip


@pytest.fixture(scope="module")
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture(scope="module")
def served(sink: SmtpSink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("relay"), SETTINGS.format(port=sink.port)) as served:
        yield served


@pytest.fixture(autouse=True)
def quiet(served: Served) -> None:
    """Each test counts its own mails: nothing of the one before is under way."""
    until(served.settled, "settled")


def rcpt(served: Served, address: str, options: tuple[str, ...] = ()) -> tuple[int, bytes]:
    """What RCPT says, written by hand: no client library mends the spelling."""
    with served.client() as client:
        assert client.docmd("MAIL", " ".join(["FROM:<eve@evil.test>", *options]))[0] == 250
        client.send(f"RCPT TO:<{address}>\r\n".encode())
        return client.getreply()


def test_promise_4_every_spelling_of_a_stranger_is_refused_at_rcpt(served: Served) -> None:
    taken = [address for address in (*ROUTES, *PASSED_ON, *STRANGERS) if rcpt(served, address)[0] < 500]
    assert taken == []


def test_promise_4_look_alikes_of_our_domain_are_not_ours(served: Served) -> None:
    taken = [address for address in LOOK_ALIKE if rcpt(served, address, ("SMTPUTF8",))[0] < 500]
    assert taken == []
    assert [a for a in LOOK_ALIKE if rcpt(served, a)[0] < 500] == [], "nor without SMTPUTF8"


def test_our_own_addresses_are_taken_in_every_spelling(served: Served) -> None:
    refused = [address for address in OURS if rcpt(served, address)[0] != 250]
    assert refused == []
    assert rcpt(served, "hilfe@bücher.test", ("SMTPUTF8",))[0] == 250
    assert rcpt(served, "ayuda@xn--espaa-rta.test")[0] == 250
    assert rcpt(served, "ayuda@ESPAÑA.test", ("SMTPUTF8",))[0] == 250
    assert rcpt(served, "HILFE@BÜCHER.test", ("SMTPUTF8",))[0] == 250


def test_a_mail_for_us_and_a_stranger_goes_to_us_alone(served: Served, sink: SmtpSink) -> None:
    before = len(sink.mails)
    with served.client() as client:
        client.mail("eve@evil.test")
        assert client.rcpt("victim@elsewhere.test")[0] == 550
        assert client.rcpt("support@shop.test")[0] == 250
        assert client.rcpt("postmaster%elsewhere.test@shop.test")[0] == 553
        assert client.data(a_mail(1, Message_ID=""))[0] == 250
    until(lambda: len(sink.mails) > before, "forwarded")
    assert sink.mails[-1].rcpts == ("support@shop.test",)


@pytest.mark.parametrize(
    "trick", ["unsigned", "other key", "other generation", "other destination", "truncated", "verp"]
)
def test_a_return_address_that_we_did_not_sign_is_a_stranger(served: Served, trick: str) -> None:
    key = (served.folder / "data" / "key").read_bytes()
    bounce = BounceOf(mail_id=MailId("01jdab3c4d5e6f7g8h9jkmnpqr"), destination=DestinationName("out"), generation=1)
    good = bounce_address(bounce, "mx.shop.test", key)
    head, _, signature = good.partition("@")[0].rpartition("-")
    address = {
        "unsigned": f"{head}-aaaaaaaaaaaaaaaa@mx.shop.test",
        "other key": bounce_address(bounce, "mx.shop.test", b"x" * 32),
        "other generation": re.sub(r"1-(?=[a-z2-7]{16}@)", "2-", good),
        "other destination": bounce_address(
            BounceOf(mail_id=bounce.mail_id, destination=DestinationName("gone"), generation=1), "mx.shop.test", key
        ),
        "truncated": f"{head}-{signature[:8]}@mx.shop.test",
        "verp": "bounce-victim=elsewhere.test@mx.shop.test",
    }[trick]
    assert rcpt(served, good)[0] == 250
    assert rcpt(served, good.upper())[0] == 250, "some servers fold case"
    assert rcpt(served, address)[0] == 550
    assert rcpt(served, good.replace("mx.shop.test", "shop.test"))[0] == 550
    assert rcpt(served, f"{good[:-1]}.evil.test")[0] == 550


def test_guessing_addresses_ends_the_connection(served: Served) -> None:
    """Peers on loopback are trusted here: they get further than strangers, and not for ever."""
    with served.client() as client:
        client.mail("eve@evil.test")
        answers: list[int] = []
        with contextlib.suppress(smtplib.SMTPServerDisconnected):
            answers.extend(client.rcpt(f"guess{number}@shop.test")[0] for number in range(20_000))
    assert len(answers) < 12_000
    assert set(answers[:-1]) == {550}


def test_nothing_in_a_relay_attempt_reaches_the_log(served: Served) -> None:
    """At level debug, after all of the above: no address of anybody."""
    with served.client() as client:
        hand_over(client, a_mail(2, Message_ID=""), sender="eve@evil.test")
    said = served.log()
    assert not re.search(r"(?:victim|eve|support|ada)@", said)
    assert "elsewhere" not in said
    assert (served.folder / "data" / "key").read_bytes().hex() not in said
