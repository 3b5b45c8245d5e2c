"""Who says that he is somebody: forged reports, forged From, forged threads, borrowed histories.

Each is a mail that came from a trusted hop of ours, as an attacker can have made it; the whole way of a mail decides.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.model.judgement import Decision
from postroom.model.message import Message
from postroom.understand.reader import read
from tests.unit.flow.house import House, a_message

HOP = "from evil.test (evil.test [203.0.113.9]) by mx.shop.test with ESMTP; Fri, 20 Nov 2026 09:00:00 +0000"
GOOD = "mx.shop.test; dkim=pass header.d=example.com; spf=pass smtp.mailfrom=ada@example.com"
NONE = "mx.shop.test; dkim=none; spf=fail smtp.mailfrom=evil.test; dmarc=none header.from=example.com"
ADA = "Ada <ada@example.com>"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.store.close()


@pytest.fixture(scope="module")
def hers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house where Ada is known, for all the mails that must not be taken for hers: they leave nothing behind."""
    house = House(tmp_path_factory.mktemp("hers"))
    known(house)
    yield house
    house.store.close()


def raw(*fields: str, body: str = "Any news?") -> bytes:
    """A mail with exactly these header lines."""
    return ("\r\n".join(fields) + "\r\n\r\n" + body + "\r\n").encode("utf-8", "surrogateescape")


def judged(house: House, mail: bytes, *, trusted: bool = True) -> tuple[Message, Decision]:
    """A mail goes the whole way; what was understood and decided."""
    (kept,) = house.accept(mail, trusted=trusted)
    house.judge()
    (decision,) = house.store.decisions(kept.id)
    return read(kept, house.judging.trust), decision


def known(house: House) -> None:
    """Ada, authenticated, has an open appeal and a history of appeals."""
    for number in range(5):
        house.accept(
            a_message(Authentication_Results=GOOD, Message_ID=f"<{number}@example.com>", Subject="Account 98765 closed")
        )
    house.judge()


def says_nothing_of_ada(message: Message, decision: Decision) -> bool:
    """No thread and no history of hers came into it; nobody's if nobody is authenticated."""
    nobodys = decision.history.mails == 0 and not decision.history.domain_counts
    return decision.thread is None and (nobodys or message.trusted_sender not in {"", "ada@example.com"})


def test_ada_herself_is_known(house: House) -> None:
    known(house)
    mail = raw(f"Received: {HOP}", f"Authentication-Results: {GOOD}", f"From: {ADA}", "In-Reply-To: <1@example.com>")
    message, decision = judged(house, mail)
    assert message.trusted_sender == "ada@example.com"
    assert decision.thread is not None
    assert decision.history.mails == 5
    assert decision.decided == "appeals"


STRANGERS_REPORTS = (
    # below the line of our hop, where our hop's own report stands first
    [f"Received: {HOP}", f"Authentication-Results: {NONE}", f"Authentication-Results: {GOOD}"],
    # below a second hop that the stranger made up, by our own name and from our own network
    [f"Received: {HOP}", "Received: from localhost (localhost [127.0.0.1]) by mx.shop.test; x", f"Authentication-Results: {GOOD}"],
    [f"Received: {HOP}", f"Authentication-Results: {NONE}", "Received: from [10.0.0.1] by mx.shop.test", f"Authentication-Results: {GOOD}"],
    # below any line of another sort
    [f"Received: {HOP}", "Subject: x", f"Authentication-Results: {GOOD}"],
    # inside HELO, where the client writes what it likes
    ["Received: from mx.shop.test (HELO by mx.shop.test) (203.0.113.9) by mx.shop.test; x", "X-A: b", f"Authentication-Results: {GOOD}"],
    ["Received: from [127.0.0.1] ([203.0.113.9] helo=[127.0.0.1]) by mx.shop.test; x", "X-A: b", f"Authentication-Results: {GOOD}"],
    ["Received: from x (x [IPv6:2001:4860::1]) by mx.shop.test; x", "X-A: b", f"Authentication-Results: {GOOD}"],
    ["Received: from [127.0.0.1] (203.0.113.9) by mx.shop.test (10.0.0.5) with Microsoft SMTP Server; x", "Received: from x ([203.0.113.8]) by mx.shop.test; x", f"Authentication-Results: {GOOD}"],
    ["Received: from unknown (HELO [127.0.0.1]) (203.0.113.9) by mx.shop.test with SMTP; x", "Received: from x ([203.0.113.8]) by mx.shop.test; x", f"Authentication-Results: {GOOD}"],
    # by a hop that only sounds like ours
    ["Received: from x ([203.0.113.9]) by mx.shop.test.evil.test; x", f"Authentication-Results: {GOOD}"],
    ["Received: from x ([203.0.113.9]) by evilmx.shop.test; x", f"Authentication-Results: {GOOD}"],
    ["Received: from x ([203.0.113.9]) (by mx.shop.test) by evil.test; x", "X-A: b", f"Authentication-Results: {GOOD}"],
)  # fmt: skip


@pytest.mark.parametrize("top", STRANGERS_REPORTS)
def test_promise_7_a_report_in_the_wrong_place_authenticates_nobody(hers: House, top: list[str]) -> None:
    message, decision = judged(hers, raw(*top, f"From: {ADA}", "In-Reply-To: <1@example.com>"))
    assert message.trusted_sender == ""
    assert says_nothing_of_ada(message, decision)
    assert decision.decided == "general"


OTHER_NAMES = (
    "mx.evil.test; {}", "mx.shop.test.evil.test; {}", "evil.test (mx.shop.test); {}", "(mx.shop.test) evil.test; {}",
    "evil.test; mx.shop.test; {}", "mx.shop.test 2; {}", "mx.shop.test 1 1; {}", "mx.shop.test/1; {}", "; {}",
    '"mx.shop.test; {}', "mx.shop.test (; {}", "mx.shop.test; none; x (; {}", 'mx.shop.test; x="; {}',
    "mx.shop.test; (dkim=pass header.d=example.com)", 'mx.shop.test; dkim=fail reason="; dkim=pass header.d=example.com"',
    "mx.shop.test; dkim=fail (; dkim=pass header.d=example.com)", "mx.shop.test; dkim/2=pass header.d=example.com",
    "mx.shop.test; dkim=pass header.d=evil.test header.i=@example.com",
    "mx.shop.test; dkim=pass header.d=com", "mx.shop.test; dkim=pass header.d=example.com.evil.test",
    "mx.shop.test; spf=pass smtp.mailfrom=ada@example.com@evil.test", "mx.shop.test; spf=pass smtp.mailfrom=evil.test",
    'mx.shop.test; spf=pass smtp.mailfrom="ada@example.com"@evil.test',
    "mx.shop.test; spf=pass smtp.mailfrom=ada@example.com(@evil.test", "mx.shop.test; spf=pass smtp.mailfrom=ada@example.com\\@evil.test",
    'mx.shop.test; dkim=pass header.i="@example.com"@evil.test',
    "mx.shop.test; spf=pass smtp.helo=evil.test", "mx.shop.test; dkim=pass header.from=example.com",
    "mx.shop.test; auth=pass smtp.auth=ada@example.com", "mx.shop.test; arc=pass header.d=example.com",
    "mx.shop.test; dmarc=fail header.from=example.com; dkim=pass header.d=example.com",
    "mx.shop.test; x-dkim=pass header.d=example.com", "mx.shop.test; dkim=pass; header.d=example.com",
    "mx.shop.test; dkim=policy header.d=example.com", "mx.shop.test; dkim=PASSED header.d=example.com",
    "ⅿx.shop.test; {}", "mx.shop.test\u200b; {}", "mx.ѕhop.test; {}", "mx.shop.test.; {}", "mx\\.shop.test; {}",
)  # fmt: skip


@pytest.mark.parametrize("report", OTHER_NAMES)
def test_promise_7_a_report_that_does_not_say_so_in_our_name_authenticates_nobody(hers: House, report: str) -> None:
    line = "Authentication-Results: " + report.format("dkim=pass header.d=example.com")
    message, decision = judged(hers, raw(f"Received: {HOP}", line, f"From: {ADA}", "In-Reply-To: <1@example.com>"))
    assert message.trusted_sender == "", message.auth
    assert says_nothing_of_ada(message, decision)


NEIGHBOURS = (
    [f"From: {ADA}", *["A:"] * 1000, "From: eve@example.com"],
    [f"From: {ADA}", *["X: " + "a" * 900] * 290, "From: eve@example.com"],
    [f"From: {ADA}", "one line", "another", "From: eve@example.com"],
    [f"From: {ADA}\rFrom: eve@example.com"],
    ["From: <ada@example.com> <eve@example.com>"],
    ["From: <'ada@example.com>"],
    ["From: <a da@example.com>"],
    ["From: team: ada@example.com;"],
)


@pytest.mark.parametrize("sender", NEIGHBOURS)
def test_promise_7_eve_whose_domain_is_the_same_is_not_ada(hers: House, sender: list[str]) -> None:
    """Her own domain passes, for the From that she showed its server; to us she shows Ada's."""
    fields = [f"Received: {HOP}", f"Authentication-Results: {GOOD}", "In-Reply-To: <1@example.com>", *sender]
    message, decision = judged(hers, raw(*fields))
    assert message.trusted_sender == "", message.auth
    assert says_nothing_of_ada(message, decision)


TWO_FACED = (
    [f"From: {ADA}", "From: eve@evil.test"],
    ["From: eve@evil.test", f"From: {ADA}"],
    ["From: ada@example.com, eve@evil.test"],
    ["From: eve@evil.test, ada@example.com"],
    ["From: team: ada@example.com, eve@evil.test;"],
    ["From: undisclosed-recipients:;", "Sender: ada@example.com"],
    ["From:", "Sender: ada@example.com"],
    ["From: <>", "Sender: ada@example.com"],
    ["Sender: ada@example.com"],
    ['From: "ada@example.com" <eve@evil.test>'],
    ['From: "Ada <ada@example.com>" <eve@evil.test>'],
    ["From: ada@example.com <eve@evil.test>"],
    ["From: =?utf-8?q?ada=40example=2Ecom?= <eve@evil.test>"],
    ["From: =?utf-8?q?ada=40example=2Ecom=3E=2C?= <eve@evil.test>"],
    ["From: eve@evil.test (ada@example.com)"],
    ["From: (ada@example.com) eve@evil.test"],
    ["From: <@example.com:eve@evil.test>"],
    ["From: <ada@example.com@evil.test>"],
    ['From: "ada@example.com"@evil.test'],
    ["From: ada@example.com.evil.test"],
    ["From: ada@exаmple.com"],
    ["From: аda@example.com", "Reply-To: eve@evil.test"],
    ["From: ada@example.com\u200b"],
    ["From: ada@example.com\x00.evil.test"],
    ["From: ada@example.com\r\n .evil.test"],
    ["From: ada\r\n\t@example.com, eve@evil.test"],
    ["Resent-From: ada@example.com", "From: eve@evil.test"],
    ["Reply-To: ada@example.com", "From: eve@evil.test"],
    ["From : ada@example.com", "From: eve@evil.test"],
    ["FROM: eve@evil.test", "from: ada@example.com"],
)
EVE = "Authentication-Results: mx.shop.test; dkim=pass header.d=evil.test; spf=pass smtp.mailfrom=eve@evil.test"


@pytest.mark.parametrize("sender", TWO_FACED)
def test_promise_7_eve_with_a_good_name_of_her_own_is_not_ada(hers: House, sender: list[str]) -> None:
    """She is authenticated as evil.test, and writes a From in which people, or other programs, see Ada."""
    fields = [f"Received: {HOP}", EVE, *sender, "In-Reply-To: <1@example.com>", "Subject: Re: Account 98765 closed"]
    message, decision = judged(hers, raw(*fields))
    assert message.trusted_sender in {"", "eve@evil.test", "ada@example.com@evil.test", '"ada@example.com"@evil.test',
                                      "ada@example.com.evil.test"}  # fmt: skip
    assert says_nothing_of_ada(message, decision)
    assert len(hers.jobs(mail_id=decision.mail_id, kinds=("deliver",))) == 1, "forged or not, it is delivered"


@pytest.mark.parametrize("header", ["In-Reply-To: <1@example.com>", "References: <0@example.com> <1@example.com>"])
def test_a_stranger_does_not_get_into_a_thread_by_its_ids(house: House, header: str) -> None:
    known(house)
    _, decision = judged(house, raw(f"Received: {HOP}", EVE, "From: eve@evil.test", header, "Subject: Re: Hello"))
    assert decision.thread is None
    (remark,) = [f for f in decision.findings if f.source == "thread"]
    assert "not believed" in remark.reason
    assert remark.score == 0.0


def test_a_stranger_takes_no_message_id_over(house: House) -> None:
    """Eve sends a mail under an id of Ada's thread, and one that Ada is to refer to: Ada's answers stay with her desk."""
    known(house)
    judged(house, raw(f"Received: {HOP}", EVE, "From: eve@evil.test", "Message-ID: <1@example.com>", body="Copyright!"))
    judged(house, raw(f"Received: {HOP}", EVE, "From: eve@evil.test", "Message-ID: <trap@evil.test>", body="Refund!"))
    for header in ("In-Reply-To: <1@example.com>", "References: <trap@evil.test> <1@example.com>"):
        mail = raw(f"Received: {HOP}", f"Authentication-Results: {GOOD}", f"From: {ADA}", header)
        _, decision = judged(house, mail)
        assert decision.thread is not None
        assert decision.thread.route == "appeals"
    _, decision = judged(
        house,
        raw(f"Received: {HOP}", f"Authentication-Results: {GOOD}", f"From: {ADA}", "In-Reply-To: <trap@evil.test>"),
    )
    assert decision.thread is None, "Eve's thread is not Ada's"


def test_a_history_is_not_written_by_strangers(house: House) -> None:
    """A thousand forged mails for another desk change nothing for Ada; for a stranger nothing is kept at all."""
    known(house)
    before = house.store.recall((), (), ("a:ada@example.com", "d:example.com")).senders
    for number in range(200):
        house.accept(
            raw(f"Received: {HOP}", f"Authentication-Results: {NONE}", f"From: {ADA}", f"Message-ID: <f{number}@x>")
        )
    while house.judge():
        pass
    assert house.store.recall((), (), ("a:ada@example.com", "d:example.com")).senders == before


def test_neighbours_at_a_public_provider_share_nothing(house: House) -> None:
    report = "Authentication-Results: mx.shop.test; dkim=pass header.d=gmail.com"
    for number in range(20):
        house.accept(
            raw(
                f"Received: {HOP}",
                report,
                "From: eve@gmail.com",
                f"Message-ID: <g{number}@x>",
                body="give me my account back",
            )
        )
    house.judge()
    _, decision = judged(house, raw(f"Received: {HOP}", report, "From: ada@gmail.com", body="Hello, a question."))
    assert decision.history.domain_counts == ()
    assert decision.history.mails == 0
    assert decision.decided == "general"


def test_a_colleague_who_poisons_his_domain_decides_nothing(house: House) -> None:
    """History of a domain weighs little: 200 appeals of one sender don't move the plain mail of another."""
    for number in range(200):
        house.accept(
            a_message(Authentication_Results=GOOD, From="eve@example.com", Message_ID=f"<p{number}@example.com>")
        )
    while house.judge():
        pass
    _, decision = judged(
        house, a_message("Where is your office?", Authentication_Results=GOOD, Message_ID="<q@example.com>")
    )
    assert decision.history.domain_counts
    assert decision.route != "appeals"


def test_nothing_is_believed_of_a_peer_that_is_not_ours(house: House) -> None:
    known(house)
    fields = [f"Received: {HOP}", f"Authentication-Results: {GOOD}", f"From: {ADA}", "In-Reply-To: <1@example.com>",
              "X-Spam-Flag: YES", "X-Rspamd-Action: reject"]  # fmt: skip
    message, decision = judged(house, raw(*fields), trusted=False)
    assert message.trusted_sender == ""
    assert message.spam is None
    assert says_nothing_of_ada(message, decision)


@pytest.mark.parametrize("line", ["X-Spam-Flag: YES", "X-Spam-Status: Yes, score=99", "X-Rspamd-Action: reject", "X-Spamd-Result: default: True [99.9 / 15.0]"])  # fmt: skip
def test_a_strangers_spam_verdict_sends_nobody_to_junk(house: House, line: str) -> None:
    """Written below the lines of our hop: by Eve in a mail that she has others send, or in her own to look clean."""
    message, decision = judged(house, raw(f"Received: {HOP}", f"From: {ADA}", line, body="give me my account back"))
    assert message.spam is None
    assert decision.route == "appeals"


IMITATIONS = (
    "webshοp.test", "webshop.example", "wedshop.test", "webshop-support.test", "webshop.test.evil.test",
    "login.webshop.evil.test", "webshopp.test", "vvebshop.test", "web5hop.test",
    f"xn--{'webѕhop'.encode('punycode').decode()}.test",
)  # fmt: skip


def test_a_look_alike_of_our_domain_reaches_a_desk_by_a_persons_hands_alone(tmp_path: Path) -> None:
    house = House(tmp_path, protected_domains=("webshop.test",))
    for domain in IMITATIONS:
        mail = raw(f"Received: {HOP}", f"From: security@{domain}", body="give me my account back")
        _, decision = judged(house, mail)
        assert "lookalike" in {f.name for f in decision.findings}, domain
        assert (decision.decided, decision.route) == ("appeals", "review"), domain
    house.store.close()


@pytest.mark.parametrize(
    "forged",
    ["X-Postroom-Id: 01jdab3c4d5e6f7g8h9jkmnpqr", "X-Postroom-Route: appeals", "X-Postroom-Confidence: 1.000",
     "X-Postroom-Unconfirmed: yes", "X-Postroom-Urgent: self-harm", "x-postroom-tags: vip",
     "X-Postroom-Mark: 01jdab3c4d5e6f7g8h9jkmnpqr aaaaaaaaaaaaaaaaaaaaaaaaaa"],
)  # fmt: skip
def test_lines_of_ours_that_a_stranger_wrote_steer_nothing_and_do_not_get_through(house: House, forged: str) -> None:
    _, decision = judged(
        house, raw(f"From: {ADA}", forged, f"{forged}\r\n folded", "Subject: x", body="Where is your office?")
    )
    assert decision.route == "general"
    assert decision.urgent == ()
    house.deliver("general")
    (parcel,) = house.places["general"].got
    head = parcel.stamped.partition(b"\r\n\r\n")[0].decode()
    name = forged.partition(":")[0].lower()
    values = [line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith(name + ":")]
    if name == "x-postroom-mark":
        assert values[0].startswith(parcel.mail.id), "ours on top; another installation's below it"
    else:
        assert forged.partition(": ")[2] not in values
