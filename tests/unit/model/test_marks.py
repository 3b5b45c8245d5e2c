"""Marks that only we can make: what we sign we recognise, and nothing else."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from postroom.model.mail import BounceOf, DestinationName, MailId
from postroom.model.marks import (
    bounce_address,
    is_our_mark,
    is_webhook_signed,
    loop_mark,
    read_bounce_address,
    sign_webhook,
)

KEY = b"k" * 32
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
DESTINATIONS = tuple(DestinationName(name) for name in ("appeals", "refunds", "general-inbox", "x" * 40))

mail_ids = st.text(ALPHABET, min_size=26, max_size=26).map(MailId)
bounces = st.builds(
    BounceOf,
    mail_id=mail_ids,
    destination=st.sampled_from(DESTINATIONS),
    generation=st.integers(1, 999_999_999),
)
BOUNCE = BounceOf(mail_id=MailId("01jdab3c4d5e6f7g8h9jkmnpqr"), destination=DESTINATIONS[0], generation=1)


@given(bounces)
def test_a_return_address_reads_back_as_the_delivery_it_was_made_for(bounce: BounceOf) -> None:
    address = bounce_address(bounce, "mx.example.com", KEY)
    assert read_bounce_address(address, KEY, DESTINATIONS) == bounce
    assert read_bounce_address(address, KEY, DESTINATIONS, domain="MX.example.com") == bounce


@given(bounces)
def test_a_return_address_fits_rfc_5321_and_survives_folded_case(bounce: BounceOf) -> None:
    address = bounce_address(bounce, "mx.example.com", KEY)
    local = address.partition("@")[0]
    assert len(local) <= 64
    assert re.fullmatch(r"[a-z0-9-]+", local)
    for folded in (address.upper(), address.title(), address.swapcase()):
        assert read_bounce_address(folded, KEY, DESTINATIONS) == bounce


@given(bounces, st.integers(0, 63), st.sampled_from("abcdefghjkmnpqrstvwxyz0123456789-"))
def test_a_changed_return_address_is_nobodys(bounce: BounceOf, at: int, put: str) -> None:
    local = bounce_address(bounce, "mx.example.com", KEY).partition("@")[0]
    changed = local[: at % len(local)] + put + local[at % len(local) + 1 :]
    assume(changed != local)
    assert read_bounce_address(f"{changed}@mx.example.com", KEY, DESTINATIONS) is None


@pytest.mark.parametrize(
    ("key", "destinations", "domain"),
    [
        (b"another key", DESTINATIONS, ""),
        (KEY, DESTINATIONS[1:], ""),
        (KEY, (), ""),
        (KEY, DESTINATIONS, "elsewhere.test"),
    ],
)
def test_another_key_an_unknown_destination_or_a_foreign_domain_is_not_ours(
    key: bytes, destinations: tuple[DestinationName, ...], domain: str
) -> None:
    assert read_bounce_address(bounce_address(BOUNCE, "mx.example.com", KEY), key, destinations, domain=domain) is None


def test_two_destinations_with_the_same_tag_are_told_apart_by_the_signature() -> None:
    seen: dict[str, DestinationName] = {}
    for number in range(20_000):  # about 2^20 tags: a pair is found after some 1,200 names
        name = DestinationName(f"desk-{number}")
        bounce = BounceOf(mail_id=BOUNCE.mail_id, destination=name, generation=1)
        tag = bounce_address(bounce, "example.com", KEY).split("-")[2]
        if tag in seen:
            pair = (seen[tag], name)
            break
        seen[tag] = name
    for name in pair:
        bounce = BounceOf(mail_id=BOUNCE.mail_id, destination=name, generation=1)
        assert read_bounce_address(bounce_address(bounce, "example.com", KEY), KEY, pair) == bounce


@given(st.text() | st.from_regex(r"bounce-[0-9a-z]{26}-[a-z2-7]{4}1-[a-z2-7]{16}@x", fullmatch=True))
def test_reading_a_return_address_is_total(text: str) -> None:
    assert read_bounce_address(text, KEY, DESTINATIONS) is None


def test_a_kelvin_sign_is_not_a_k() -> None:
    bounce = BounceOf(mail_id=MailId("k" * 26), destination=DESTINATIONS[0], generation=1)
    address = bounce_address(bounce, "example.com", KEY)
    assert read_bounce_address(address.replace("kkk", "kk\N{KELVIN SIGN}", 1), KEY, DESTINATIONS) is None


@pytest.mark.parametrize(
    ("mail_id", "generation"), [("short", 1), ("o" * 26, 1), ("A" * 26, 1), ("0" * 26, 0), ("0" * 26, 10**9)]
)
def test_no_return_address_is_made_that_could_not_be_read(mail_id: str, generation: int) -> None:
    bounce = BounceOf(mail_id=MailId(mail_id), destination=DESTINATIONS[0], generation=generation)
    with pytest.raises(ValueError, match="no return address"):
        bounce_address(bounce, "example.com", KEY)


def test_text_longer_than_any_mark_is_not_looked_at() -> None:
    assert read_bounce_address("bounce-" + "a" * 1000 + "@example.com", KEY, DESTINATIONS) is None
    assert not is_our_mark(f"{'a' * 1000} {'b' * 26}", KEY)


@given(mail_ids)
def test_a_loop_mark_is_known_folded_or_padded_and_by_its_own_key_alone(mail_id: MailId) -> None:
    mark = loop_mark(mail_id, KEY)
    assert is_our_mark(mark, KEY)
    assert is_our_mark(f" {mark.replace(' ', chr(13) + chr(10) + chr(9))} ", KEY)
    assert not is_our_mark(mark, b"another key")
    assert not is_our_mark(mark[:-1], KEY)
    assert not is_our_mark(mark.upper(), KEY)


@given(st.text() | st.text(max_size=30).map(lambda text: f"{text} {text}"))
def test_reading_a_loop_mark_is_total(text: str) -> None:
    assert not is_our_mark(text, KEY)


def test_a_return_signature_is_no_loop_mark() -> None:
    signature = bounce_address(BOUNCE, "example.com", KEY).partition("@")[0].rpartition("-")[2]
    assert not is_our_mark(f"{BOUNCE.mail_id} {signature}", KEY)
    assert signature not in loop_mark(BOUNCE.mail_id, KEY)


def test_the_webhook_signature_is_what_the_how_to_says() -> None:
    # echo -n '1767225600.{"id":"1"}' | openssl dgst -sha256 -hmac 'shared secret'
    assert sign_webhook(b"shared secret", 1767225600, b'{"id":"1"}') == (
        "t=1767225600,v1=2bfef7703902c2a4e9187762b2748d84b9e929caaf8c1228652f7a81815b2999"
    )


@given(st.binary(), st.binary(), st.integers(0, 2**33), st.floats(-300, 300))
def test_a_webhook_signature_holds_for_five_minutes(secret: bytes, body: bytes, when: int, later: float) -> None:
    header = sign_webhook(secret, when, body)
    assert is_webhook_signed(secret, header, body, now=when + later)
    assert not is_webhook_signed(secret, header, body + b" ", now=when)
    assert not is_webhook_signed(secret + b"x", header, body, now=when)
    assert not is_webhook_signed(secret, header, body, now=when + 301)
    assert not is_webhook_signed(secret, header, body, now=when - 301)


def test_one_of_several_signatures_is_enough_while_a_secret_is_changed() -> None:
    old, new = sign_webhook(b"old", 1000, b"{}"), sign_webhook(b"new", 1000, b"{}")
    both = f"{old},{new.partition(',')[2]}"
    assert is_webhook_signed(b"old", both, b"{}", now=1000)
    assert is_webhook_signed(b"new", both, b"{}", now=1000)
    assert not is_webhook_signed(b"other", both, b"{}", now=1000)


@given(st.text() | st.from_regex(r"t=[0-9]{1,4},v1=.{0,64}", fullmatch=True))
def test_reading_a_webhook_signature_is_total(header: str) -> None:
    assert not is_webhook_signed(b"secret", header, b"body", now=1000)


def test_a_loop_mark_with_a_word_less_or_more_is_none() -> None:
    mark = loop_mark(BOUNCE.mail_id, KEY)
    assert is_our_mark(mark, KEY)
    for changed in ("", mark.split()[0], f"{mark} more"):
        assert not is_our_mark(changed, KEY)


@pytest.mark.parametrize("times", ["", "t=,", "t=soon,", "t=1,t=1,", "t=-1,", "t=9999999999999,"])
def test_a_webhook_signature_without_one_time_is_none(times: str) -> None:
    signature = sign_webhook(b"secret", 1, b"body").partition(",")[2]
    assert is_webhook_signed(b"secret", f"t=1,{signature}", b"body", now=1.0)
    assert not is_webhook_signed(b"secret", f"{times}{signature}", b"body", now=1.0)
