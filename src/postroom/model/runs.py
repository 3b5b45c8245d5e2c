"""Text that can be normalised in linear time.

Unicode normalisation sorts each run of combining marks, and its time grows with the square of the run. No script piles
up more than thirty (UAX #15 §13 keeps streams to that): a longer run is an attack.
"""

import re

LONGEST_RUN = 30
"""Characters in a row that may be marks: neither letters nor digits nor blanks."""

# Marks, and much else that is no letter: cheaper to ask, and no word is in it.
_RUN = re.compile(r"[^\x00-\x7f\w\s]{8,}")
_KANA_MARKS = ("\uff9e", "\uff9f")
# These two are letters, and become marks by NFKD. The pattern with them takes three times as long.
_RUN_WITH_KANA = re.compile(r"(?:[^\x00-\x7f\w\s]|[\uff9e\uff9f]){8,}")


def with_short_runs(text: str) -> str:
    """The text with each run of marks cut after its thirtieth; the very same object when there is nothing to cut. Idempotent."""
    if text.isascii():
        return text
    pattern = _RUN_WITH_KANA if any(mark in text for mark in _KANA_MARKS) else _RUN
    return pattern.sub(lambda run: run[0][:LONGEST_RUN], text)
