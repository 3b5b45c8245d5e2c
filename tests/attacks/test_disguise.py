"""Disguise. Goals: an honest appeal that a filter would stop is not lost; a letter dressed up reaches no desk unseen."""

import re
from collections.abc import Callable

import pytest

from tests.attacks.attacker import APPEALS, SHORT, judged

Disguise = Callable[[str], str]


def letters(first: int) -> Disguise:
    """Each ASCII letter as one of an alphabet that begins there."""
    return lambda text: "".join(chr(first + ord(c) - 97) if "a" <= c <= "z" else c for c in text.lower())


def changed(some: str, others: str) -> Disguise:
    """Some letters as others."""
    return lambda text: text.translate(str.maketrans(some, others))


DISGUISES: dict[str, Disguise] = {
    "zero-width spaces": "\u200b".join, "zero-width joiners": "\u200d".join, "soft hyphens": "\u00ad".join, "word joiners": "\u2060".join,
    "grapheme joiners": "\u034f".join, "variation selectors": "\ufe0f".join, "tags": "\U000e0020".join, "vowel separators": "\u180e".join,
    "Hangul fillers": "\u3164".join, "half-width fillers": "\uffa0".join, "invisible times": "\u2062".join, "byte order marks": "\ufeff".join,
    "Braille blanks": lambda text: text.replace(" ", "\u2800"), "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "Cyrillic": changed("aceopxyis", "асеорхуіѕ"), "one Cyrillic letter": changed("a", "а"), "Greek": changed("oavi", "οανι"),
    "Armenian": changed("ounhs", "օսոհѕ"), "phonetics": changed("aeiogr", "ɑɛɩɔɡɾ"), "strokes": changed("aeoutnd", "ąęøųŧńđ"),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "bold": letters(0x1D41A), "bold script": letters(0x1D4EA), "double-struck": letters(0x1D552), "monospace": letters(0x1D68A),
    "circled": letters(0x24D0), "squared": letters(0x1F130), "white on black squares": letters(0x1F170), "white on black circles": letters(0x1F150),
    "regional letters": letters(0x1F1E6),
    "small capitals": changed("abcdefghijklmnopqrstuvwyz", "ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘǫʀsᴛᴜᴠᴡʏᴢ"),
    "superscript": changed("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"),
    "upside down": lambda text: changed("aeghmnrtuvwy", "ɐǝƃɥɯuɹʇnʌʍʎ")(text.lower())[::-1],
    "digits": changed("aeos", "4305"), "one for i": changed("ieas", "1345"), "signs": changed("asi", "@$!"),
    "struck out": lambda text: "".join(c + "\u0336" if c.isalpha() else c for c in text), "dotted": changed("aeiou", "äëïöü"),
    "capitals": str.upper, "in turn": lambda text: "".join(c.upper() if n % 2 else c for n, c in enumerate(text)),
    "a line each": lambda text: text.replace(" ", "\r\n"), "tears between": lambda text: text.replace(" ", " 😭 "), "tears for blanks": lambda text: text.replace(" ", "😭"),
    "letters apart": " ".join, "stops between": ".".join, "hyphens between": "-".join, "stars between": "*".join, "a letter a line": "\r\n".join,
    "stars in words": lambda text: re.sub(r"(\w)(\w{3,})", r"\1*\2", text), "no blanks": lambda text: text.replace(" ", ""),
    "underscores": lambda text: text.replace(" ", "_"), "letters swapped": lambda text: re.sub(r"(\w)(\w)(\w)(\w)", r"\1\3\2\4", text),
    "shown backwards": lambda text: f"\u202e{text[::-1]}\u202c",
    "words shown backwards": lambda text: " ".join(f"\u202e{word[::-1]}\u202c" for word in text.split(" ")),
    "left to right, forced": lambda text: f"\u202d{text}\u202c", "all a quote": lambda text: "> " + text.replace(". ", ".\r\n> "),
    "below empty lines": lambda text: f"{SHORT}{chr(13) + chr(10)}" + "\r\n" * 200 + text,
}  # fmt: skip


@pytest.mark.parametrize("how", DISGUISES)
def test_an_honest_appeal_in_disguise_is_not_lost(how: str) -> None:
    for appeal in APPEALS:
        assert judged(DISGUISES[how](appeal), Subject="Hello").route in {"appeals", "review"}


@pytest.mark.parametrize(
    "how", [lambda text: text[::-1], lambda text: re.sub(r"([aeiou])", r"\1\1\1", text)], ids=["backwards", "drawled"]
)
@pytest.mark.xfail(
    reason="nothing undoes it, and nothing tells it from a language that is not known (docs/knownissues.md)"
)
def test_an_appeal_that_people_must_puzzle_out_is_not_lost(how: Disguise) -> None:
    assert {judged(how(appeal), Subject="Hello").route for appeal in APPEALS} <= {"appeals", "review"}


@pytest.mark.parametrize(
    "how", ["Cyrillic", "Greek", "zero-width spaces", "letters apart", "shown backwards", "regional letters"]
)
def test_a_disguised_demand_beside_another_matter_reaches_no_desk_unseen(how: str) -> None:
    """Goal: a filter before us sees nothing, and the desk gets it all the same."""
    for appeal in APPEALS:
        assert judged(f"{SHORT}\r\n\r\n{DISGUISES[how](appeal)}").route in {"general", "review"}


@pytest.mark.parametrize(
    "text",
    [
        "Ich komme aus 🇩🇪 und wohne in 🇫🇷 und 🇮🇹. Wann ist das Büro offen?", "How is [ˈlɪzbən] said, and [həˈləʊ]? We teach phonetics.",
        "My blood type is 🅰 or 🅱, which do you need for the form?", "Grades: A B C D E F. Which of them do you take?",
        "Plan B is: A. a room; B. a garden; C. a roof. Which one is free?", "Ｈｅｌｌｏ！ Ａｒｅ ｙｏｕ ｏｐｅｎ ｏｎ Ｍｏｎｄａｙ？", "مرحبا، متى يفتح مكتبكم في لشبونة؟",
        "您好，请问你们里斯本办公室的营业时间是什么时候？谢谢！", "Dear team,\r\n" + "\r\n" * 12 + "when are you open?",
    ],
)  # fmt: skip
def test_honest_letters_are_no_disguise(text: str) -> None:
    decision = judged(text, Subject="Hello")
    assert not {one.name for one in decision.findings} & {"disguise", "mask", "burial", "stuffing", "forms"}
