"""Text that can be normalised in linear time.

Unicode normalisation sorts each run of combining marks, and its time grows with the square of the run. No script piles
up more than thirty (UAX #15 §13 keeps streams to that): a longer run is an attack.
"""

import re

LONGEST_RUN = 30
"""Characters in a row that may be marks: neither letters nor digits nor blanks."""

# Marks, and much else that is no letter: cheaper to ask, and no word is in it. The last two become marks by NFKD.
_RUN = re.compile(r"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){8,}")


def with_short_runs(text: str) -> str:
    """The text with each run of marks cut after its thirtieth; the very same object when there is nothing to cut. Idempotent."""
    if text.isascii():
        return text
    return _RUN.sub(lambda run: run[0][:LONGEST_RUN], text)
