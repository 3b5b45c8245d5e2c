"""Words to search for, as FTS5's tokenizer unicode61 is to find them.

It parts text where there is something else than letters, digits and marks (as vowels are in Indic scripts). Scripts that
write no spaces (Han, kana, Thai, …), and Hangul, whose particles hang on, are put apart character by character; where
several stand together in what is searched for, they make a phrase. So any piece of such a text is found.
"""

import re
from collections.abc import Iterator
from unicodedata import category

from postroom.model.codec import sound
from postroom.model.errors import Refused

#: what one search may ask for, so that it takes bounded time: words and phrases, words in them, beginnings, and their letters
_MOST_TERMS = 20
_MOST_WORDS = 40
_MOST_BEGINNINGS = 3
_SHORTEST_BEGINNING = 3

#: Thai, Lao, Myanmar, Hangul jamo, Khmer, radicals and kana to Hangul syllables, Han of all planes, half-width kana
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u1950-\u19df\u2e80-\u2fdf\u3040-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\ua9e0-\ua9ff\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U0001b000-\U0001b16f\U00020000-\U0003ffff]+"
)
_APART = re.compile(f" {_UNSPACED.pattern[:-1]}(?: {_UNSPACED.pattern[:-1]})* ?")
_PIECE = re.compile(r'"([^"]*)(?:"|$)(\*?)|([^\s"]+)')


def apart(text: str) -> str:
    """Text in which each character of a script without spaces stands alone."""
    return text if text.isascii() else _UNSPACED.sub(lambda run: f" {' '.join(run[0])} ", text)


def together(text: str) -> str:
    """What `apart` made of a text, or the beginning of it, as it was."""
    return text if text.isascii() else _APART.sub(lambda run: run[0].replace(" ", ""), text)


def brand_word(brand: str) -> str:
    """A brand as one word, whatever its name is made of."""
    return "b" + brand.encode("utf-8", "surrogatepass").hex()


def expression(words: str) -> str:
    """What a person searches for as an FTS5 query: all words, phrases in ``"…"``, beginnings with ``*``.

    Nothing else of FTS5's syntax gets through: every word is a quoted string. Raises `Refused` for what can't be searched for.
    """
    terms = dict(_terms(words))
    if not terms:
        raise Refused("there is no word in it to search for: write letters or digits")
    if len(terms) > _MOST_TERMS or sum(len(each) for each in terms.values()) > _MOST_WORDS:
        raise Refused(f"those are too many words to search for at once: write at most {_MOST_TERMS}, those that matter")
    begun = [each[-1] for term, each in terms.items() if term.endswith("*")]
    if len(begun) > _MOST_BEGINNINGS:
        raise Refused(f"those are too many beginnings to search for at once: write at most {_MOST_BEGINNINGS} with *")
    for beginning in begun:
        if len(beginning) < _SHORTEST_BEGINNING and not _UNSPACED.match(beginning):
            raise Refused(
                f"{beginning}* begins too many words: write at least {_SHORTEST_BEGINNING} letters before the *"
            )
    return " ".join(terms)


def address(sender: str) -> str:
    """An address, or a part of one, as an FTS5 string. Raises `Refused` for what is none."""
    if not 0 < len(_parts(apart(sender))) <= _MOST_WORDS:
        raise Refused("write the sender's whole address, or @ and the domain")
    return phrase(sender)


def phrase(text: str) -> str:
    """These words in a row, as an FTS5 string."""
    return '"' + apart(sound(text)).replace('"', " ").replace("\0", " ") + '"'


def _terms(words: str) -> Iterator[tuple[str, list[str]]]:
    """Each term, and the words in it."""
    for quoted, star, plain in _PIECE.findall(words):
        text = quoted or plain
        if any(map(str.isalnum, text)):
            string = phrase(text)
            yield string + (" *" if star or plain.endswith("*") else ""), _parts(string)


def _parts(string: str) -> list[str]:
    return "".join(one if one.isalnum() or category(one).startswith("M") else " " for one in string).split()
