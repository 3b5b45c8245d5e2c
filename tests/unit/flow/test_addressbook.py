"""Who is ours at RCPT."""

import pytest

from postroom.flow.addressbook import AddressBook
from postroom.model.mail import BounceOf, BrandName, DestinationName, MailId
from postroom.model.marks import bounce_address

KEY = b"k" * 32
BOOK = AddressBook(
    addresses={"support@shop.test": BrandName("shop"), "@play.test": BrandName("play")},
    return_domain="mx.shop.test",
    key=KEY,
    destinations=(DestinationName("desk"),),
)


@pytest.mark.parametrize(
    ("address", "brand"),
    [
        ("support@shop.test", "shop"),
        ("SUPPORT@Shop.Test", "shop"),
        ("support+order42@shop.test", "shop"),
        ("anybody@play.test", "play"),
        ("postmaster@shop.test", "shop"),
        ("Postmaster", "shop"),
    ],
)
def test_ours(address: str, brand: str) -> None:
    found = BOOK.resolve(address)
    assert found is not None
    assert found.brand == brand
    assert found.bounce_of is None


@pytest.mark.parametrize(
    "address",
    [
        "sales@shop.test",
        "support@shop.test.evil.test",
        "support@shop.tes",
        "",
        "@",
        "support",
        "x@sub.play.test",
        "postmaster@elsewhere.test",
    ],
)
def test_not_ours(address: str) -> None:
    assert BOOK.resolve(address) is None


def test_our_own_return_address_is_ours_and_a_forged_one_is_not() -> None:
    bounce = BounceOf(mail_id=MailId("01m82t2mzjdj6ramy3j92kvq98"), destination=DestinationName("desk"), generation=1)
    signed = bounce_address(bounce, "mx.shop.test", KEY)
    found = BOOK.resolve(signed)
    assert found is not None
    assert found.bounce_of == bounce
    assert BOOK.resolve(bounce_address(bounce, "mx.shop.test", b"another key")) is None


def test_without_brands_there_is_no_postmaster() -> None:
    assert AddressBook(addresses={}, return_domain="", key=KEY, destinations=()).resolve("postmaster") is None
