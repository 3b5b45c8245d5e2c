"""Bytes to text, whatever the label says.

Invariant: any bytes under any label give text without surrogates and NULs, in linear time. A label is a claim: it is
checked against the bytes, and codecs that are not charsets (UTF-7, ``unicode_escape``, compression) are refused.
"""

import codecs
from functools import lru_cache
from typing import Final, NamedTuple

from resiliparse.parse.encoding import detect_encoding

#: labels seen in mail that Python does not know, or knows as less than what senders mean by them (WHATWG supersets)
ALIASES: Final = {
    "ansi": "cp1252", "ansi_x3.4-1968": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252", "8859_1": "cp1252",
    "iso-8859-9": "cp1254", "iso8859-9": "cp1254", "x-unknown": "", "unknown-8bit": "", "unknown": "", "default": "",
    "x-user-defined": "", "binary": "", "utf8mb4": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf": "utf-8",
    "utf-8mb4": "utf-8", "unicode": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030",
    "gb_2312-80": "gb18030", "gb2312_charset": "gb18030", "cp936": "gb18030", "euc-cn": "gb18030", "x-euc-cn": "gb18030",
    "big5": "big5hkscs", "x-x-big5": "big5hkscs", "cn-big5": "big5hkscs", "ks_c_5601-1987": "cp949", "euc-kr": "cp949",
    "ks_c_5601-1989": "cp949", "korean": "cp949", "windows-949": "cp949", "x-sjis": "cp932", "shift_jis": "cp932",
    "shift-jis": "cp932", "sjis": "cp932", "windows-31j": "cp932", "x-euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp_ext",
    "iso-2022-jp-ms": "iso2022_jp_ext", "cp50220": "iso2022_jp_ext", "cp50221": "iso2022_jp_ext",
    "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8", "iso-8859-6-i": "iso8859-6", "windows-874": "cp874",
    "tis-620": "cp874", "iso-8859-11": "cp874", "x-mac-roman": "mac_roman", "x-mac-cyrillic": "mac_cyrillic",
    "x-cp1250": "cp1250", "x-cp1251": "cp1251", "x-cp1252": "cp1252", "koi8": "koi8-r", "koi8-ru": "koi8-u",
    "x-koi8-r": "koi8-r", "cp-850": "cp850", "win-1251": "cp1251", "win1251": "cp1251",
}  # fmt: skip

#: text codecs of Python that are no charset of mail: an attacker's way around every filter, or plain nonsense
REFUSED: Final = frozenset(
    {"utf-7", "unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "mbcs", "oem"}
)

#: codecs in which ASCII bytes do not always mean ASCII
STATEFUL: Final = ("iso2022", "hz", "utf-16", "utf-32")

_SAMPLE: Final = 8192
_C1: Final = dict.fromkeys(range(128, 160))


class Decoded(NamedTuple):
    """Text, and the code of what was wrong with its label (``""`` when all was well)."""

    text: str
    defect: str = ""


def decode(data: bytes, label: str = "") -> Decoded:
    """Decode bytes that claim to be in a charset; ``""`` claims nothing.

    Defects: ``charset-refused``, ``charset-unknown``, ``charset-wrong`` (the bytes are not in it), ``charset-missing``
    (8-bit bytes without a label).
    """
    codec, trouble = codec_of(label)
    if not codec.startswith(STATEFUL) and data.isascii():
        if b"\x1b" not in data or codec:
            return Decoded(_clean(data.decode("ascii")), trouble)
    elif codec.startswith(("utf-16", "utf-32")) and data.isascii() and b"\0" not in data:
        return Decoded(_clean(data.decode("ascii")), "charset-wrong")
    if codec:
        return _as_labelled(data, codec)
    return Decoded(_guess(data), trouble or ("" if data.isascii() else "charset-missing"))


def scrub(text: str) -> str:
    """The same text without surrogates (pairs are joined, lone ones become U+FFFD) and NULs."""
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "") if "\0" in text else text


@lru_cache(maxsize=512)
def codec_of(label: str) -> tuple[str, str]:
    """The Python codec for a charset label and a defect code; no codec for what is missing, unknown or refused."""
    name = label[:60].strip().strip("\"'").lower()
    if not name:
        return "", ""
    wanted = ALIASES.get(name, ALIASES.get(name.replace("_", "-"), name))
    if not wanted:
        return "", "charset-unknown"
    try:
        info = codecs.lookup(wanted)
    except (LookupError, ValueError, UnicodeError):
        return "", "charset-unknown"
    if info.name.replace("_", "-") in REFUSED or not getattr(info, "_is_text_encoding", True):
        return "", "charset-refused"
    return ALIASES.get(info.name, info.name), ""


def _as_labelled(data: bytes, codec: str) -> Decoded:
    """Decode as the label says if the bytes agree with it, else as they look."""
    if codec == "cp1252" and not data.isascii():
        # UTF-8 labelled as Latin 1 is the most frequent wrong label; the reverse reading is never plausible text.
        try:
            return Decoded(_clean(data.decode("utf-8")), "charset-wrong")
        except UnicodeDecodeError:
            return Decoded(_western(data))
    try:
        return Decoded(_clean(data.decode(codec)))
    except (UnicodeDecodeError, ValueError):
        return _mislabelled(data, codec)


def _mislabelled(data: bytes, codec: str) -> Decoded:
    """Bytes that are not wholly in their charset: a few bad ones are replaced, many mean another charset."""
    replaced = data.decode(codec, "replace")
    bad = replaced.count("�")
    high = len(data) - len(data.translate(None, bytes(range(0x80, 0x100))))
    if (bad <= 2 and bad * 4 < max(high, 1)) or codec.startswith(STATEFUL) or bad * 20 < high:
        return Decoded(_clean(replaced), "charset-wrong")
    return Decoded(_guess(data), "charset-wrong")


def _guess(data: bytes) -> str:
    """Text of unlabelled bytes: UTF-8 if it can be, else what the bytes look like, else Windows 1252."""
    try:
        if b"\x1b" not in data:
            return _clean(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    codec = codec_of(detect_encoding(data[:_SAMPLE]) or "")[0]
    if not codec or codec == "cp1252":
        return _western(data)
    return _clean(data.decode(codec, "replace"))


def _western(data: bytes) -> str:
    """Windows 1252 with its five holes filled from Latin 1, controls left out."""
    try:
        return _clean(data.decode("cp1252"))
    except UnicodeDecodeError:
        return _clean(data.decode("latin-1").translate(_C1))


def _clean(text: str) -> str:
    """Without byte order mark, NULs and surrogates."""
    return scrub(text.removeprefix("﻿"))
