"""What a password must be like: long, and none that is tried first (after NIST SP 800-63B, section 5.1.1.2).

No rules of composition: they make people write ``Password2024!``.
"""

import re
import unicodedata
from typing import Final

from postroom.model.codec import sound
from postroom.model.errors import Refused

LEAST: Final = 12
MOST: Final = 1024
"""Characters; more would only keep a core busy."""

_LEAST_BESIDE_NAME: Final = 8

#: words that a long password of the commonest is made of; digits and signs around them make it no better
_COMMON: Final = frozenset(
    """
    abc abcd admin administrator administration asdf asdfgh asdfghjkl baseball basketball batman changeme changemenow
    changethis charlie chelsea computer correcthorsebatterystaple default dragon everton facebook flower football fuckyou
    google guest hello helloworld iamthebest iloveu iloveyou iloveyouforever iloveyousomuch internet jesuschrist killer
    letmein letmeinnow linkedin liverpool login logmein manchester manchesterunited master michael microsoft monkey
    mynameis mypassword naruto newpassword nopassword notpassword pass password passwort passw passwd pokemon postgres
    postroom princess qazwsx qazwsxedc qwer qwert qwerty qwertyui qwertyuiop qwertyuiopasdf qwertz qwertzuiop azerty
    azertyuiop root secret secretpassword server shadow starwars summer autumn spring winter sunshine superman support
    supersecret system temp temporary temporarypassword test tester testing testpassword thisismypassword
    trustno thereisnospoon unknown user username welcome welcomeback whatever yourpassword zxcvbn zxcvbnm
    motdepasse contrasena contraseña пароль йцукен йцукенгшщзхъ
    """.split()  # noqa: SIM905 - as a list it would fill a page
)
#: rows that a finger runs along
_ROWS: Final = (
    "0123456789" * 3,
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "1234567890qwertyuiop",
    "1234567890-=",
    "!@#$%^&*()_+",
)
#: what people write for letters
_LEET: Final = str.maketrans("@4310$5!7", "aaeiossit")


def prepared(password: str) -> str:
    """A password as it is hashed: the same for all keyboards that write it (NFC, RFC 8265 section 4.2)."""
    return unicodedata.normalize("NFC", sound(password))


def check_password(password: str, name: str) -> None:
    """Raise `Refused`, with what to do, unless it is good enough for the user of this name."""
    if len(password) < LEAST:
        raise Refused(
            f"the password is too short: use at least {LEAST} characters, e.g. four words that have nothing in common"
        )
    if len(password) > MOST:
        raise Refused(f"the password is too long: use at most {MOST} characters")
    plain = prepared(password).casefold()
    folded = name.casefold()
    if folded and folded in plain and len(plain.replace(folded, "")) < _LEAST_BESIDE_NAME:
        raise Refused("the password is hardly more than the name: use another")
    if _is_common(plain):
        raise Refused(
            "the password is one of those that are tried first: use another, e.g. four words that have nothing in common"
        )


def _is_common(plain: str) -> bool:
    piece = _repeated(plain)
    if len(piece) <= 4 or any(plain in row or plain in row[::-1] for row in _ROWS):
        return True
    words = _word(plain), _word(piece)
    return any(word in _COMMON or word.translate(_LEET) in _COMMON for word in words)


def _repeated(text: str) -> str:
    """The shortest piece that a text is a repetition of: itself, if it is none."""
    return text[: (text + text).find(text, 1)]


def _word(text: str) -> str:
    """The letters of a text without the digits and signs around them and the spaces in it."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$|[\s._-]+", "", text)
