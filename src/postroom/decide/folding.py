"""Making spellings equal: one folded text to search, with the way back to the original's offsets.

Folding is NFKC's compatibility mapping, case folding, accents and zero-width characters removed, quotes and dashes
straightened, white space collapsed, a word of mixed Latin, Cyrillic or Greek letters brought to its main script, and
digits inside a Latin word read as the letters they stand for (``acc0unt``). It is done word by word: folding a word
alone and folding it in a text give the same, which is what makes the way back possible. Total on any text.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from postroom.model.runs import with_short_runs

BREAK = "\x01"
"""Stands in the folded text, as a word of its own, where a paragraph ends: no phrase reaches over it."""

MAX_CHARACTERS = 40_000
"""Of a longer text only the beginning is searched."""

_STRAIGHT = (
    [(char, "'") for char in "’‘‛ʼ´`′＇"] + [(char, '"') for char in "“”„‟«»"] + [(char, "-") for char in "‐‑‒–—−"]
)
_STRAIGHT += [
    ("¶", "§"),
    ("¨", "-"),
    ("¯", "-"),
    ("¸", ","),
    ("˘", "-"),
    ("˙", "."),
    ("˚", "°"),
    ("˛", ","),
    ("˝", '"'),
]
_LETTERS = [
    ("ı", "i"),
    ("ł", "l"),
    ("ø", "o"),
    ("đ", "d"),
    ("æ", "ae"),
    ("œ", "oe"),
    ("ð", "d"),
    ("þ", "th"),
    ("ħ", "h"),
]
# Letters that are drawn like Latin ones and that compatibility mapping leaves: small capitals, those of phonetics, boxed ones.
_DRAWN = dict(
    zip(map(ord, "ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢɑɛɩɔɡɾⱭƐƖƆꞬ"), "abcdefghijklmnopqrstuvwyzaeiograeiog", strict=True)
)
_DRAWN |= {first + letter: chr(97 + letter) for first in (0x1F150, 0x1F170) for letter in range(26)}
_ANY_DRAWN = re.compile(f"[{''.join(map(chr, _DRAWN))}]")
# Marks that people leave out, and characters that show nothing. Thai and Indic vowel signs and kana voicing stay.
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]+"
)
_NO_BLANKS = re.compile(r"\S+")
_EASTERN = re.compile("[\u0370-\u052f]")
_MIXED = re.compile(r"[a-z][\u0370-\u052f]|[\u0370-\u052f][a-z]")
_WORD = re.compile(r"[a-z\u0370-\u052f]+")
_LATIN = re.compile(r"[a-z]")
_TO_LATIN = str.maketrans("авекмнорстухіјѕԁԛԝһгьαβεικνορτυχγωп", "abekmhopctyxijsdqwhrbabeiknoptuxywn")
_TO_CYRILLIC = str.maketrans("abekmhopctyxijs", "авекмнорстухіјѕ")
_LEET = re.compile(r"(?<![0345])[0345]++(?=[a-z])")
_LEET_LETTERS = str.maketrans("0345", "oeas")
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""A character of a script that is written without spaces between words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A folded text and its original: subject, line end, text."""

    original: str
    text: str
    #: where the subject ends in ``text``
    subject_end: int
    #: from where on in ``text`` words count as said now; behind the subject where that is of an earlier mail
    fresh_from: int
    #: every word of the original became exactly one of the folded text
    aligned: bool
    #: where the words of the original start, as far as any was sought
    _starts: list[int] = field(default_factory=list, repr=False, compare=False)
    #: what each word of the original became, once that was asked for
    _pieces: list[list[str]] = field(default_factory=list, repr=False, compare=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of the folded text stands in the original."""
        first = self._place(start)
        if self.original[first[0] : first[0] + end - start].lower() == self.text[start:end]:
            return first[0], first[0] + end - start
        return first[0], max(self._place(end - 1)[1], first[1])

    def _place(self, offset: int) -> tuple[int, int]:
        """Start and end of the original character that the folded one at an offset came from."""
        word_start = self.text.rfind(" ", 0, offset) + 1
        index = self.text.count(" ", 0, offset) - self.text.count(BREAK, 0, offset)
        if not self.aligned:
            index, word_start = self._skip(index, offset, word_start)
        start = self._start(index)
        word = _NO_BLANKS.match(self.original, start)
        return _inside(word[0], start, offset - word_start) if word else (start, start)

    def _start(self, index: int) -> int:
        """Where a word of the original starts, by its number; behind the last word, where the original ends."""
        starts = self._starts
        if index >= len(starts):
            # the last one that is known is found once more
            at = starts.pop() if starts else 0
            ahead = islice(_NO_BLANKS.finditer(self.original, at), index + 1 - len(starts))
            starts += [word.start() for word in ahead]
        return starts[index] if index < len(starts) else len(self.original)

    def _skip(self, index: int, offset: int, word_start: int) -> tuple[int, int]:
        """Which original word holds the folded word ``index``, where one may have become none or several."""
        if not self._pieces:
            self._pieces.extend(fold_words(word).split() for word in self.original.split())
        seen = 0
        for number, pieces in enumerate(self._pieces):
            if seen + len(pieces) > index:
                inner = len(" ".join(pieces[: index - seen])) + (1 if index > seen else 0)
                return number, word_start - inner
            seen += len(pieces)
        return 0, offset  # pragma: no cover - every folded word comes of an original one


def _inside(word: str, start: int, offset: int) -> tuple[int, int]:
    """Start and end of the character of a word that holds an offset of the folded word."""
    if word.isascii():
        at = start + min(offset, len(word) - 1)
        return at, at + 1
    folded = 0
    for number, char in enumerate(word):
        folded += _width(char)
        if folded > offset:
            return start + number, start + number + 1
    return start, start + len(word)  # pragma: no cover - the characters of a word fold to its folded form


@lru_cache(maxsize=4096)
def _width(char: str) -> int:
    """How many characters one becomes."""
    return len(" ".join(_plain(char).split()))


def fold(subject: str, text: str, *, stale_subject: bool = False) -> Folded:
    """Fold a mail's subject and new text; of a long text, the beginning."""
    subject, text = subject[:MAX_CHARACTERS], text[:MAX_CHARACTERS]
    head = fold_words(subject.replace(BREAK, "?")).split()
    marked = text.replace(BREAK, "?").replace("\n\n", f"\n{BREAK}\n")
    body = fold_words(marked).split()
    folded_head = " ".join(head)
    words = len(body) - marked.count(BREAK)
    return Folded(
        original=f"{subject}\n{text}",
        text=f"{folded_head} {BREAK} {' '.join(body)}" if folded_head else f"{BREAK} {' '.join(body)}",
        subject_end=len(folded_head),
        fresh_from=len(folded_head) if stale_subject else 0,
        aligned=(subject.isascii() and text.isascii()) or words + len(head) == len(subject.split()) + len(text.split()),
    )


def fold_words(text: str) -> str:
    """Fold without collapsing white space."""
    folded = text.lower() if text.isascii() else _plain(text)
    if not folded.isascii() and _EASTERN.search(folded) and _MIXED.search(folded):
        folded = _WORD.sub(_one_script, folded)
    if "0" in folded or "3" in folded or "4" in folded or "5" in folded:
        return _LEET.sub(_letters, folded)
    return folded


def _letters(match: re.Match[str]) -> str:
    """Digits as letters, if they follow one."""
    start = match.start()
    inside = start > 0 and "a" <= match.string[start - 1] <= "z"
    return match.group().translate(_LEET_LETTERS) if inside else match.group()


def _plain(text: str) -> str:
    """The character by character part of folding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    if _ANY_DRAWN.search(text):
        text = text.translate(_DRAWN)
    for char, straight in _STRAIGHT:
        text = text.replace(char, straight)
    text = _MARKS.sub("", unicodedata.normalize("NFKD", with_short_runs(text)).casefold())
    if not unicodedata.is_normalized("NFKD", text):
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    for char, plain in _LETTERS:
        if char in text:
            text = text.replace(char, plain)
    return text


def _one_script(match: re.Match[str]) -> str:
    word = match.group()
    latin = sum(char <= "z" for char in word)
    if latin in {0, len(word)}:
        return word
    as_latin, as_cyrillic = word.translate(_TO_LATIN), word.translate(_TO_CYRILLIC)
    whole_latin, whole_cyrillic = as_latin.isascii(), not _LATIN.search(as_cyrillic)
    if whole_latin != whole_cyrillic:
        # Letters that have no likeness give it away, however few of them were left
        return as_latin if whole_latin else as_cyrillic
    return as_latin if latin * 2 >= len(word) else as_cyrillic


def unspaced(char: str) -> bool:
    """Whether this script is written without spaces between words."""
    return char > "\u0dff" and UNSPACED.match(char) is not None
