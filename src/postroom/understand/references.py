"""What a mail answers: Message-IDs (RFC 5322 §3.6.4) and ticket marks of other systems.

Invariant: any strings give at most `REFERENCES` ids, in linear time.
"""

import re
from typing import Final

REFERENCES: Final = 100
_ID_CHARS: Final = 500
_SUBJECT_CHARS: Final = 1000
_TEXT_CHARS: Final = 4000

_BRACKETED = re.compile(r"<([^<>\s]{1,998})>")
_BARE = re.compile(r"[^\s<>,;()\"']+@[^\s<>,;()\"']+")
_TICKET = re.compile(
    r"""\[[^\[\]\n#]{0,40}\#\s?[\w-]{0,20}\d[\w.-]{0,30}\]
    |\[(?:ticket|case|request|issue|incident|support|ref|vorgang|anfrage|fall|caso|chamado|dossier|demande|sak|zaak|заявка|обращение|工单)
      [\s:#№.-]{0,4}(?:id)?[\s:#.-]{0,3}[\w.-]{0,20}\d[\w.-]{0,30}\]
    |\[[A-Z][A-Z0-9]{1,9}-\d{1,9}\]
    |\#\#[-\s]?[\w-]{0,20}\d[\w-]{0,20}[-\s]?\#\#
    |\bref:_[\w.!-]{5,60}:ref\b""",
    re.VERBOSE | re.IGNORECASE,
)
_REPLY_MARK = re.compile(r"##-[^\n#]{3,200}-##")


def message_id(raw: str) -> str:
    """A Message-ID as written, without brackets; ``""`` when there is none."""
    found = _BRACKETED.search(raw)
    if found:
        return found[1][:_ID_CHARS]
    return raw.strip().strip("<>").split(" ")[0][:_ID_CHARS]


def message_ids(raw: str) -> list[str]:
    """All Message-IDs of a References or In-Reply-To value, in the order written; without brackets only as a last resort."""
    if "<" in raw and (found := _BRACKETED.findall(raw)):
        return [one[:_ID_CHARS] for one in found]
    return [one[:_ID_CHARS] for one in _BARE.findall(raw[:_SUBJECT_CHARS])]


def chain(references: str, in_reply_to: str) -> tuple[tuple[str, ...], str]:
    """(ids oldest first, each once, In-Reply-To last if not among them; the In-Reply-To).

    Of more than `REFERENCES` the first, which names the thread, and the newest are kept.
    """
    answered = message_ids(in_reply_to)[:5] if in_reply_to else []
    ids = list(dict.fromkeys([*(message_ids(references) if references else []), *answered]))
    if len(ids) > REFERENCES:
        ids = [ids[0], *ids[1 - REFERENCES :]]
    return tuple(ids), answered[0] if answered else ""


def ticket(subject: str, text: str = "") -> str:
    """The ticket mark of another system: in the subject, else the line above which it wants to be answered; or ``""``."""
    found = _TICKET.search(subject[:_SUBJECT_CHARS])
    if found is None and "##-" in text:
        found = _REPLY_MARK.search(text[:_TEXT_CHARS])
    return found[0] if found else ""
