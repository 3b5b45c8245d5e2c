"""How much a mail says by itself: “any news?” says nothing, and then its thread and its sender's open case must tell."""

import re

from postroom.decide.folding import Folded, fold, unspaced
from postroom.model.message import Message

_LITTLE, _ENOUGH = 8, 60
"""Words up to which a mail says nothing by itself, and from which it says enough."""

_OWN_TOPIC = 12
"""Words from which a reply no longer needs the subject that it inherited."""

_LETTERS_A_WORD = 2.5
_LOOKED_AT = 1000
_REPLY = re.compile(
    r"(?:re|aw|sv|vs|antw|odp|res|rif|ris|ynt|atb|回复|回覆|答复|返信|回信|답장|رد|ответ|на|vá)(?:\[\d{1,4}\]|\(\d{1,4}\))? ?[:：]",
    re.IGNORECASE,
)


def fold_mail(message: Message) -> Folded:
    """A mail's subject and new text folded, ready to be searched."""
    return fold(message.subject, message.new_text, stale_subject=has_stale_subject(message))


def words(message: Message) -> int:
    """How many words a mail's new text has, as far as it is looked at; in scripts without spaces, about as many."""
    text = message.new_text[:_LOOKED_AT]
    if text.isascii():
        return len(text.split())
    close = sum(map(unspaced, text))
    return round(close / _LETTERS_A_WORD) + (len(text.split()) if close * 2 < len(text) else 0)


def emptiness(message: Message) -> float:
    """1 for a mail that says nothing by itself, 0 for one that says enough, and between them in between."""
    return min(max((_ENOUGH - words(message)) / (_ENOUGH - _LITTLE), 0.0), 1.0)


def is_reply(message: Message) -> bool:
    """Whether it answers another mail, by what it refers to or by the mark before its subject."""
    return bool(message.references) or _REPLY.match(message.subject.lstrip()) is not None


def has_stale_subject(message: Message) -> bool:
    """Whether the subject was written for an earlier mail, and the new text says enough to stand without it."""
    return is_reply(message) and message.forward is None and words(message) >= _OWN_TOPIC
