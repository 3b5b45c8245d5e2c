"""The key of a delivery where it must be a word: in a file name, in an HTTP header."""

import re
from hashlib import sha256

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}")


def key_word(key: str) -> str:
    """The key itself, as all keys of ours are words; the SHA-256 of any other, in hex."""
    return key if _WORD.fullmatch(key) else sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
