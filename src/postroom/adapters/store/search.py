"""The index of words: what lists are searched by."""

import sqlite3
from collections.abc import Sequence

from postroom.adapters.store.sql import Insert, short
from postroom.adapters.store.words import address, apart, brand_word, expression
from postroom.model.codec import sound
from postroom.ports import Judged

_INDEX = Insert(head="INSERT INTO found (rowid, sender, subject, text, brand) VALUES", width=5)


def index(tx: sqlite3.Connection, judged: Sequence[tuple[int, str, Judged]]) -> None:
    """Have mails found by their words: each once, when it is first judged. Each is (number, brand, judgement)."""
    _INDEX.run(
        tx,
        [
            (
                mail,
                apart(short(f"{one.name} {one.from_addr}", 640)),
                apart(short(one.subject, 998)),
                apart(sound(one.text)),
                brand_word(brand),
            )
            for mail, brand, one in judged
        ],
    )


def query(words: str, sender: str, brands: Sequence[str] | None) -> str:
    """An FTS5 query for words, the address or domain of a sender, and some brands. Raises `Refused`."""
    terms = [f"{{sender subject text}} : ({expression(words)})"] if words else []
    if sender:
        terms.append(f"sender : {address(sender)}")
    if brands is not None:
        terms.append("brand : (" + " OR ".join(f'"{brand_word(brand)}"' for brand in brands) + ")")
    return " AND ".join(terms)
