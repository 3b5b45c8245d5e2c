"""What leaves the house names nobody, as far as patterns and headers can tell; and redacting survives any text."""

import ipaddress
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postroom.model.message import Address, Forward
from postroom.understand.redact import redacted
from tests.unit.decide.build import message
from tests.unit.understand import pace

LIMIT = 2000
ADA = Address(name="Ada Lovelace", addr="ada.lovelace@example.com")


def told(text: str, subject: str = "", limit: int = LIMIT, **changed: object) -> str:
    return redacted(message(text, subject, **({"from_": None, "to": ()} | changed)), limit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to ada+x@mail.example.com.", "write to [EMAIL]"),
        ("<ADA@EXAMPLE.COM>, or \"ada b\"@example.com!", "<[EMAIL]>, or [EMAIL]"),
        ("ada＠example.com", "[EMAIL]"),
        ("ad\u200ba@exam\u00adple.com", "[EMAIL]"),
        ("ada (at) example (dot) com please", "[EMAIL] please"),
        ("ada @ example.com, ada@ example . com\nor ada\n@example.com", "[EMAIL], [EMAIL]\nor [EMAIL]"),
        ("write to ada dot lovelace at example dot com now", "write to [EMAIL] now"),
        ("ada.lovelace[at]mail(dot)example.com, ada arroba example punto es", "[EMAIL], [EMAIL]"),
        ("ada arobase exemple point fr", "[EMAIL]"),
        ("stuck at this point, meet @ noon. I bought at example.com", "stuck at this point, meet @ noon. I bought at example.com"),
        ("I am t.me/adalovelace or https://t.me/ada", "I am [LINK t.me] or [LINK t.me]"),
        ("ada@example.com/x and/or 1.5/2", "[EMAIL] and/or 1.5/2"),
        ("I am @ada_l there", "I am [USER] there"),
        ("see https://user:pw@Shop.example.com:8443/reset/a?token=beef#x now", "see [LINK shop.example.com] now"),
        ("see www.example.com/u/ada now", "see [LINK www.example.com] now"),
        ("see https://192.0.2.7/x and http://[::1]/y", "see [LINK] and [LINK]"),
        ("my IBAN is DE89 3704 0044 0532 0130 00.", "my IBAN is [IBAN]."),
        ("gb29nwbk60161331926819", "[IBAN]"),
        ("card 4111 1111 1111 1111 or 4111-1111-1111-1111", "card [CARD] or [CARD]"),
        ("from 192.0.2.77 and 2001:db8::1", "from [IP] and [IP]"),
        ("MAC 00:1b:44:11:3a:b7", "MAC [IP]"),
        ("at 10:30:15, std::vector, a-b-c", "at 10:30:15, std::vector, a-b-c"),
        ("on 2026-11-20, born 3.4.1985 or 03/04/85", "on [DATE], born [DATE] or [DATE]"),
        ("on 2026-11-20 10:30:15 (3.4.2026 - 5.4.2026), at 9:15", "on [DATE] 10:30:15 ([DATE] - [DATE]), at 9:15"),
        ("call 01.23.45.67.89", "call [PHONE]"),
        ("call 555–867–5309 or 555−867−5309 or 0171‑2345678", "call [PHONE] or [PHONE] or [PHONE]"),
        ("my number: 078–05–1120", "my number: [PHONE]"),
        ("4111–1111–1111–1111 or 4111·1111·1111·1111", "[CARD] or [CARD]"),
        ("4111_1111_1111_1111 or 4111,1111,1111,1111", "[CARD] or [CARD]"),
        ("4111:1111:1111:1111 or 4111\n1111\n1111\n1111", "[CARD] or [CARD]"),
        ("555*867*5309, that is 123,456,789,012", "[NUMBER], that is [NUMBER]"),
        ("call +49 (0)170 123 45 67 or 555-123-4567", "call [PHONE] or [PHONE]"),
        ("call ٠١٢٣٤٥٦٧٨٩", "call [NUMBER]"),
        ("order 12345, #1234567 and ORD-2026-0012", "order [NUMBER] and [NUMBER]"),
        ("key 550e8400-e29b-41d4-a716-446655440000", "key [NUMBER]"),
        ("2 iphone15 in 2026 for 50%", "2 iphone15 in 2026 for 50%"),
        ("a 20-digit 12345678901234567890", "a 20-digit [NUMBER]"),
        ("one\u2028two\u0085three\u00a0four\x00", "one\ntwothree four"),
        ("\udc80 ok", "\ufffd ok"),
    ],
)  # fmt: skip
def test_what_names_somebody_becomes_a_placeholder(text: str, expected: str) -> None:
    assert told(text) == expected


def test_names_that_the_mail_gives_are_taken_out_wherever_they_stand() -> None:
    text = "Dear Support, I am ADA Lovelace (Adá), friend of Grace.\nMy adapter broke.\n\nThanks,\nRobert Smith\n"
    out = told(
        text,
        "Ada's order",
        from_=ADA,
        to=(Address(name="Acme Support", addr="support@shop.test"),),
        cc=(Address(name="", addr="grace.hopper@example.com"),),
        signature="+1 555 123 4567\nAugusta King\nCountess, Example Ltd",
    )
    assert out == (
        "[NAME]'s order\nDear Support, I am [NAME] [NAME] ([NAME]), friend of [NAME].\nMy adapter broke.\n\nThanks,\n[NAME] [NAME]"
    )
    assert "Augusta" not in told("Augusta here", signature="Augusta King\nCountess")
    glued = told("I play as AdaLovelace85 and lovelace_ada, an adamant player", from_=ADA)
    assert glued == "I play as [NAME]85 and [NAME]_[NAME], an adamant player"


def test_of_a_form_the_customer_is_not_named() -> None:
    forward = Forward(how="form", customer=Address(name="王小明", addr="xiaoming@example.cn"))
    assert told("我是王小明，请恢复我的账号 (xiaoming)", forward=forward) == "我是[NAME],请恢复我的账号 ([NAME])"


def test_signature_quotes_attachments_and_hidden_text_stay_at_home() -> None:
    whole = message(
        "please help",
        "Hello",
        text="please help\n> secret1",
        quoted_text="secret1",
        signature="secret2",
        disclaimer="secret3",
        hidden_text="secret4",
    )
    out = redacted(whole, LIMIT)
    assert out == "Hello\nplease help"


def test_the_subject_is_one_line_and_the_whole_no_longer_than_asked_for() -> None:
    assert told("text", "a\nb") == "a b\ntext"
    assert len(told("word " * 10_000, "subject " * 1000, limit=500)) <= 500


PHONES = st.from_regex(r"\+[1-9][0-9]{1,2} ?\(?[0-9]{2,4}\)?[ -][0-9]{3,4}[ -]?[0-9]{3,4}", fullmatch=True)
EMAILS = st.emails()
CARDS = st.from_regex(r"[3-6][0-9]{3}([ -]?)[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}", fullmatch=True)
IBANS = st.from_regex(r"[A-Z]{2}[0-9]{2}( [0-9]{4}){3,6}( [0-9]{1,3})?", fullmatch=True)
ORDERS = st.from_regex(r"[A-Z]{0,4}-?[0-9]{5,12}", fullmatch=True)
ADDRESSES = st.ip_addresses().map(str)
LINKS = st.from_regex(r"https://shop\.example/[a-z]{1,9}\?[a-z]{1,5}=[a-z0-9]{4,12}", fullmatch=True)
AROUND = st.text(alphabet=st.sampled_from("abc é你好.,;:!?()<>\n\t "), max_size=30)


@given(before=AROUND, after=AROUND, secret=st.one_of(PHONES, EMAILS, CARDS, IBANS, ORDERS, LINKS))
@example(before="", after="", secret="a@[127.0.0.1]")
def test_none_of_these_ever_leaves(before: str, after: str, secret: str) -> None:
    out = told(f"{before} {secret} {after}")
    assert secret not in out
    assert not re.search(r"\d{5}", out)
    local, at, _ = secret.rpartition("@")
    if at and local not in f"{before} {after}":
        assert local not in out.split()


SEPARATORS = st.sampled_from(
    [
        *" .,:;*_·/|~'#()[]-–—‑−\n\t\u00a0\u200b\u2044", "\ufe0f\u20e3", " - ", " / ", ") ", ".\n", "\r\n", " \u0336",
    ]
)  # fmt: skip
TIMES = re.compile(r"(?<!\d)\d{1,2}:\d\d(?::\d\d)?(?!\d)")
LONG = re.compile(r"\d{5}|\d(?:[\W_]{0,3}\d){5}")


@given(
    before=AROUND,
    digits=st.lists(st.tuples(st.text("0123456789٣", min_size=1, max_size=4), SEPARATORS), min_size=6, max_size=19),
    same=st.one_of(st.none(), SEPARATORS),
)
def test_no_long_number_leaves_whatever_parts_its_digits(
    before: str, digits: list[tuple[str, str]], same: str | None
) -> None:
    secret = "".join(some + (apart if same is None else same) for some, apart in digits)
    assert not LONG.search(TIMES.sub("T", told(f"{before} {secret}so")))


@given(address=ADDRESSES, before=AROUND)
def test_no_network_address_leaves(address: str, before: str) -> None:
    if any(char.isalnum() for char in address) and len(address) > 4:
        assert address not in told(f"{before} {address} so").split()
    ipaddress.ip_address(address)


@given(st.text(), st.text(max_size=80), st.integers(100, 3000), st.text(max_size=40))
def test_it_is_total_bounded_and_plain(text: str, subject: str, limit: int, name: str) -> None:
    out = told(text, subject, limit, from_=Address(name=name, addr=name), signature=name)
    assert len(out) <= limit
    out.encode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\x85\u2028\u2029\u200b\u202e]", out.replace("\t", ""))
    assert not LONG.search(TIMES.sub("T", out.partition("\n")[2]))


@given(
    st.integers(0, 120),
    st.sampled_from(
        ["ada.lovelace@example.com", "DE89 3704 0044 0532 0130 00", "+49 170 1234567", "4111 1111 1111 1111"]
    ),
)
def test_where_a_long_text_is_cut_no_half_of_anything_stays(shift: int, secret: str) -> None:
    limit = 100
    filler = "x " * (limit - 30)  # the window is twice the limit
    out = told(filler + "y" * (shift % 7) + " " * (shift % 3) + (" " + secret) * 200, limit=limit)
    assert not re.search(r"\d{3}", out)
    assert "ada" not in out


def test_text_without_blanks_is_cut_too() -> None:
    assert told("请恢复我的账号" * 1000, limit=100).startswith("请恢复我的账号")


@pytest.mark.parametrize(
    "pump", ["a@", "1 ", "1.", "://", "a:", "0-", "(", "[at]", "A1", "@", "w.", "\n", "é", "DE12 "]
)
def test_time_is_bounded_by_the_limit_whatever_the_length(pump: str) -> None:
    text = pump * 500_000
    assert pace.within(30, lambda: told(pace.TEXT, limit=10_000), lambda: told(text, text, limit=10_000))
