"""Lines of the audit log are tied together as its documentation says."""

import json
from hashlib import sha256

from postroom.model.deeds import MAX_DETAIL, MAX_NAME, chained, unnamed
from postroom.model.people import Deed


def test_a_chain_is_the_hash_of_what_the_documentation_says() -> None:
    first = chained(Deed(at=1_800_000_000, by="ada", what="sign-in", to="é\n"), 1, "")
    expected = '[1,1800000000.0,"ada","sign-in","\\u00e9\\n",""]'
    assert first.chain == sha256(expected.encode()).hexdigest()
    second = chained(Deed(at=1.5, by="", what="x"), 2, first.chain)
    line = json.dumps([2, 1.5, "", "x", "", ""], separators=(",", ":"))
    assert second.chain == sha256((first.chain + line).encode()).hexdigest()
    assert (second.number, second.what) == (2, "x")


def test_a_line_is_cut_before_it_is_chained_so_that_it_is_the_same_when_read_back() -> None:
    long = chained(Deed(at=1, by="b" * 999, what="w" * 999, to="t" * 999, detail="\ud800" * 9999), 1, "")
    assert [len(text) for text in (long.by, long.what, long.to, long.detail)] == [MAX_NAME] * 3 + [MAX_DETAIL]
    assert long.detail[0] == "\ufffd"
    assert chained(long, 1, "") == long


def test_what_people_write_is_told_without_addresses() -> None:
    said = unnamed("to rescue: <Ada@Example.com> and (bob@example.org), not @ada, see 3@ 4")
    assert said == "to rescue: <[address]> and ([address]), not @ada, see 3@ 4"
    assert (
        unnamed("""it's o'brien@example.com, "Ada B"@example.com; ada\uff20example.com""")
        == "it's [address], [address]; [address]"
    )
    assert unnamed("x" * 100_000 + "@" * 10_000) == "x" * 100_000 + "@" * 10_000
