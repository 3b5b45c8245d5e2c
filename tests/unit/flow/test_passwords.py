"""Long passwords are taken, unless they are tried first; composition does not matter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.passwords import LEAST, MOST, check_password, prepared
from postroom.model.errors import Refused


@pytest.mark.parametrize(
    "password",
    [
        "four words of nothing",
        "correct horse is not here",
        "mmwjxqzuoaek",
        "839274018264",
        "жёлтая корова поёт",
        "密码是很长的一句话真的很长",
        "\x00\x01\x02" * 3 + "abcde",
        "adaptation of a novel",
    ],
)
def test_what_is_long_and_no_commonplace_is_taken(password: str) -> None:
    check_password(password, "ada")


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("", "too short"),
        ("x" * 11, "at least 12"),
        ("x7" * 600, "too long"),
        ("ada.lovelace", "more than the name"),
        ("Ada.Lovelace1!", "more than the name"),
        ("2024ADA.LOVELACE", "more than the name"),
        ("ada.lovelaceada.lovelace", "more than the name"),
        ("aaaaaaaaaaaa", "tried first"),
        ("123412341234", "tried first"),
        ("abcdefghijkl", "tried first"),
        ("LKJIHGFEDCBA", "tried first"),
        ("098765432109", "tried first"),
        ("qwertyuiop[]", "tried first"),
        ("Password2024!!", "tried first"),
        ("p@$$w0rd1234", "tried first"),
        ("passwordpassword", "tried first"),
        ("Change me 123!", "tried first"),
        ("administrator", "tried first"),
        ("qwertyuiop123", "tried first"),
        ("correcthorsebatterystaple", "tried first"),
        ("correct horse battery staple", "tried first"),
        ("пароль123456", "tried first"),
        ("passwort2024", "tried first"),
    ],
)
def test_what_is_tried_first_is_refused_with_a_remedy(password: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as told:
        check_password(password, "ada.lovelace")
    assert "use" in str(told.value)
    assert not password or password not in str(told.value)


def test_the_least_and_the_most_are_taken() -> None:
    check_password("mmwjxqzuoaek", "")
    assert len("mmwjxqzuoaek") == LEAST
    longest = "mmwjxqzuoaek.ueox" * 60 + "mmw."
    check_password(longest, "ada")
    assert len(longest) == MOST


def test_a_password_is_the_same_from_every_keyboard() -> None:
    assert prepared("Cafe\u0301") == prepared("Caf\u00e9")
    assert prepared("ﬁ") != prepared("fi")


@given(st.text(st.characters(), max_size=40), st.text(max_size=10))
def test_every_text_is_taken_or_refused(password: str, name: str) -> None:
    prepared(password).encode()
    try:
        check_password(password, name)
    except Refused:
        return
    assert len(password) >= LEAST
