"""What a mail of the past has in it that it did not have when it arrived, taken out: who learns from it must not see the answer.

Marks in the subject, labels in the header, and what ticket systems write into a conversation when they merge two. Agents'
words within quotes are no part of ``new_text`` anyhow.
"""

import re
from dataclasses import replace
from typing import Final

from postroom.model.message import Message
from postroom.understand import references

LABEL_HEADERS: Final = frozenset(
    {"x-gmail-labels", "keywords", "x-keywords", "x-label", "x-labels", "x-folder", "x-tags"}
)
"""Fields in which mail programs keep labels."""

_LATER: Final = (
    "x-postroom-", "x-zendesk", "x-freshdesk", "x-helpscout", "x-zammad", "x-otrs", "x-freescout", "x-gmail-",
    "x-mozilla-", "x-evolution", "x-apple-", "x-ms-exchange-organization-", "status", "x-status", "x-uid",
)  # fmt: skip
_SUBJECT_CHARS: Final = 1000
_TEXT_CHARS: Final = 2000
_MARKS = r"\[[^\[\]]{0,60}\]|\#\#[^#]{1,40}\#\#|\bref:_[\w.!-]{5,60}:ref\b"
_REPLIES = (
    r"(?:re|aw|sv|vs|antw|odp|res|rif|ref|ynt|atb|回复|回覆|答复|返信|ответ)(?:\[\d{1,9}\]|\(\d{1,9}\))?\s{0,3}[:：]"
)
_BEGINNING = re.compile(rf"(?:\s|{_REPLIES}|{_MARKS})+", re.IGNORECASE)
_MARK = re.compile(_MARKS)
_NUMBER = re.compile(
    r"\(?\b(?:ticket|case|request|incident|conversation)\s{0,3}(?:id)?\s{0,3}[#:№][#:№.\s]{0,3}[\w-]{0,12}\d[\w-]{0,20}\)?:?",
    re.IGNORECASE,
)
_MERGED = re.compile(
    r"""\A[\s>*#-]*(?:
      (?:this\ )?(?:request|ticket|case|conversation)\ (?:\#?\s?\d+\ )?(?:"[^"\n]{0,300}"\ )?
        (?:was|has\ been|is)\ (?:closed\ and\ )?merged\ (?:into|with|from)
      |(?:merged|combined)\ (?:in(?:to)?|from|with)\ (?:request|ticket|case|conversation)\b
      |(?:request|ticket)\ \#\d+\ .{0,300}\ was\ closed\ and\ merged\ into\ this
    )""",
    re.VERBOSE | re.IGNORECASE,
)


def clean_subject(subject: str) -> str:
    """A subject as it may have been at first: without reply marks, tags in brackets, and numbers of tickets."""
    bare = subject[:_SUBJECT_CHARS]
    beginning = _BEGINNING.match(bare)
    bare = bare[beginning.end() :] if beginning else bare
    return " ".join(_NUMBER.sub(" ", _MARK.sub(" ", bare)).split()).strip("-–—:|· ")


def without_leaks(message: Message) -> Message:
    """The message without what came later."""
    subject = clean_subject(message.subject)
    return replace(
        message,
        subject=subject,
        headers=tuple((name, value) for name, value in message.headers if not _came_later(name)),
        ticket=references.ticket(subject, message.text),
    )


def is_merge_note(text: str) -> bool:
    """Whether a ticket system wrote this into a conversation because it merged two."""
    return _MERGED.match(text[:_TEXT_CHARS]) is not None


def _came_later(name: str) -> bool:
    return name in LABEL_HEADERS or name.startswith(_LATER)
