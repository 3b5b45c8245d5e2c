"""Throws bytes at the reader of HTML and at the cutter of quotes, for as long as you like.

Invariant: any string is read without an exception; each character that is not blank lands in exactly one part; cutting
the new words again changes nothing; no quote mark is left in the text of HTML.

Run: ``python tests/fuzz/fuzz_newtext.py -max_total_time=480 [corpus folder]`` (needs the ``fuzz`` dependency group).
"""

import sys
from collections import Counter

import atheris

with atheris.instrument_imports(include=["postroom"]):
    from postroom.understand import html, newtext
    from postroom.understand.patterns import readable

#: what a mutator finds only after a long time
WORDS = (
    "On Mon, 2 May 2024 at 10:00 Ada <ada@example.com> wrote:\n", "> ", "\n", "-- \n", "-----Original Message-----\n", "From: ada@example.com\n", "Sent: Monday 10:00\n", "To: x@example.com\n", "Subject: y\n",
    "---------- Forwarded message ---------\n", "Sent from my iPhone\n", "Kind regards,\nAda\n+44 20 7946 0000\n", "This e-mail is confidential and intended solely for you.\n", "FYI\n", "____________________\n", "写道：\n", "    ", "-Ada\n",
    "CAUTION: this email originated from outside\n", "\u202b", "text ",
)  # fmt: skip


#: likewise for HTML
TAGS = (
    "<p>", "</p>", "<div>", "</div>", "<blockquote>", "</blockquote>", "<blockquote type=cite>", '<div class="gmail_quote">', '<p style="display:none">', "<font color=white>", "</font>", "<style>.a .b{color:#fff} @media all{", "}</style>", "<p class=a>", "<b class=b>", "</b>", "<table>", "<tr>", "<td>", "</table>", "<li>", "<!--", "-->", "<p title='", "'>", "<template>", "<select>", '<body bgcolor="#000">',
    "<xmp>", "<br>", "<hr>", "&#65;", "\ue000", "text ", '<div id="divRplyFwdMsg">', "<div style='font:0px x;color:rgba(1,2,3,0);background:url(", "\\6f", "/*",
)  # fmt: skip


def letters(text: str) -> Counter[str]:
    """How often each character occurs that is not blank."""
    return Counter("".join(text.split()))


def check(text: str) -> None:
    """States the invariant on one text."""
    parts = newtext.split(text)
    placed = letters(parts.new) + letters(parts.quoted) + letters(parts.signature) + letters(parts.disclaimer)
    assert placed == letters(readable(text)), "words were invented or lost"
    again = newtext.split(parts.new)
    assert again.new == parts.new, "cutting again changed the new words"


def one_input(data: bytes) -> None:
    """Inputs are built of tags, or of words that steer the cutter, or are plain bytes."""
    provider = atheris.FuzzedDataProvider(data)
    if provider.ConsumeBool():
        picks = provider.ConsumeIntListInRange(provider.ConsumeIntInRange(0, 60), 0, len(TAGS) - 1)
        read = html.to_text("".join(TAGS[n] for n in picks) + provider.ConsumeUnicode(50))
        assert not set(read.text) & {"\ue000", "\ue001", "\ue002", "\ue003", "\ue004"}, "a mark was left"
        check(read.text)
    elif provider.ConsumeBool():
        picks = provider.ConsumeIntListInRange(provider.ConsumeIntInRange(0, 40), 0, len(WORDS) - 1)
        check("".join(WORDS[n] for n in picks) + provider.ConsumeUnicodeNoSurrogates(200))
    else:
        text = provider.ConsumeUnicode(5000)
        check(text)
        html.to_text(text)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
