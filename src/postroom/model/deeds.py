"""How the lines of the audit log are tied together, so that nobody changes one unseen.

Whoever has the exported lines can check them: the chain of a line is the SHA-256, in hex, of the chain of the line before
(nothing for the first) followed by the JSON array ``[number, at, by, what, to, detail]``, without spaces, in ASCII
(everything else as ``\\uXXXX``), with the number ``at`` as the shortest decimal that reads back the same.
"""

import json
import re
from dataclasses import replace
from hashlib import sha256
from typing import Final

from postroom.model.codec import sound
from postroom.model.people import Deed

MAX_NAME = 320
"""Characters of who, what and to that are kept."""
MAX_DETAIL = 2000
"""Characters of the detail that are kept."""


ADDRESS: Final = re.compile(r"(?<![^\s<>,;:()\"@])[^\s<>,;:()\"@]++@[^\s<>,;:()\"'@]{1,253}")
"""An address with what stands before it without a space. Each letter is looked at once: texts of a megabyte are searched by it."""
_NAMES_SOMEBODY: Final = re.compile(
    r"(?:\"[^\"\r\n]{1,64}\"|(?<![^\s<>,;:()\"@\uff20\ufe6b])[^\s<>,;:()\"@\uff20\ufe6b]++)[@\uff20\ufe6b][^\s<>,;:()\"'@]{1,253}"
)
"""The same in any form: with a local part in quotes (RFC 5321 §4.1.2), and with signs that are read as an @."""


def unnamed(words: str) -> str:
    """What somebody wrote, without addresses: lines of the audit log stay when a person is erased."""
    return _NAMES_SOMEBODY.sub("[address]", words)


def chained(deed: Deed, number: int, before: str) -> Deed:
    """A deed as line ``number`` after a line of chain ``before``, cut to what is kept."""
    line = replace(
        deed,
        at=float(deed.at),
        by=sound(deed.by[:MAX_NAME]),
        what=sound(deed.what[:MAX_NAME]),
        to=sound(deed.to[:MAX_NAME]),
        detail=sound(deed.detail[:MAX_DETAIL]),
        number=number,
    )
    content = json.dumps([number, line.at, line.by, line.what, line.to, line.detail], separators=(",", ":"))
    return replace(line, chain=sha256((before + content).encode("ascii")).hexdigest())
