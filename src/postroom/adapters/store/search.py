"""The index of words: what lists are searched by."""

import json
import sqlite3
from collections.abc import Collection, Sequence

from postroom.adapters.store.sql import Insert, short
from postroom.adapters.store.words import address, apart, brand_word, expression
from postroom.model.codec import sound
from postroom.model.listing import SPOKEN, Spoken
from postroom.model.mail import BrandName, MailId
from postroom.ports import Judged

_INDEX = Insert(head="INSERT INTO found (rowid, sender, subject, text, brand) VALUES", width=5)

# Read as in `views.ROW`.
_SPOKEN = """
SELECT m.id, s.brand, s.subject, substr(w.c2, 1, :characters) FROM json_each(:ids) AS wanted CROSS JOIN mails AS m ON m.id = wanted.value
CROSS JOIN summaries AS s ON s.mail = m.seq CROSS JOIN found_content AS w ON w.id = m.seq
"""


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


def spoken(tx: sqlite3.Connection, ids: Collection[MailId]) -> dict[MailId, Spoken]:
    """The words of mails, as the index keeps them."""
    rows = tx.execute(_SPOKEN, {"ids": json.dumps(list(map(sound, ids))), "characters": SPOKEN})
    return {
        MailId(mail_id): Spoken(brand=BrandName(brand), subject=subject, text=text)
        for mail_id, brand, subject, text in rows
    }


def query(words: str, sender: str, brands: Sequence[str] | None) -> str:
    """An FTS5 query for words, the address or domain of a sender, and some brands. Raises `Refused`."""
    terms = [f"{{sender subject text}} : ({expression(words)})"] if words else []
    if sender:
        terms.append(f"sender : {address(sender)}")
    if brands is not None:
        terms.append("brand : (" + " OR ".join(f'"{brand_word(brand)}"' for brand in brands) + ")")
    return " AND ".join(terms)
