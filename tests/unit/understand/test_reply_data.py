"""The expectations of other parsers of replies (kept outside the repository), every field that `Parts` can express.

What can't be expressed: the number of fragments beyond one and their order, since a part joins its pieces; and `hidden` of a fragment whose
text no other field tells. What a peer shows of quotes between answers is quoted here.
"""

import email
import html
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postroom.understand.html import to_text
from postroom.understand.newtext import Parts, split

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("POSTROOM_DATA", ROOT.parent / "shared" / "data")) / "replies" / "cases.jsonl"
PAGE = ROOT / "docs" / "explanation" / "reply-cutting.md"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.exists(), reason="the development data is not here"),
]

Case = dict[str, Any]
#: one expectation: its field, and whether it is met
Checked = tuple[str, bool]


def text_of(case: Case) -> str:
    if case["kind"] == "text":
        return case["body"]
    if case["kind"] == "html":
        return to_text(case["body"]).text
    for part in email.message_from_string(case["body"]).walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            return content.decode(part.get_content_charset() or "utf-8", "replace")
    raise AssertionError(case["id"])


def bare(text: str) -> str:
    return "".join(text.split())


def expected_text(case: Case) -> str | None:
    """The words of the reply that a peer expects."""
    if "expected_reply" in case:
        return case["expected_reply"]
    markup = case.get("expected_html_ignoring_whitespace")
    return None if markup is None else html.unescape(re.sub(r"<[^>]+>", " ", markup)).replace("\xa0", " ")


def place_of(case: Case, at: int, parts: Parts) -> str:
    """The part in which a peer's fragment must be found."""
    if case.get("quoted", [])[at : at + 1] == [True]:
        return parts.quoted
    if case.get("signature", [])[at : at + 1] == [True]:
        return f"{parts.signature}\n{parts.disclaimer}"
    if at == 0 or "quoted" in case:
        return parts.new
    # without flags a later fragment is one that the peer cut off
    return f"{parts.quoted}\n{parts.signature}"


def checks(case: Case, parts: Parts, taken: float) -> Iterator[Checked]:
    expected = expected_text(case)
    if expected is not None:
        yield "reply", bare(parts.new) == bare(expected)
    if "expected_first_fragment" in case:
        yield "first fragment", bare(parts.new).startswith(bare(case["expected_first_fragment"]))
    for words in case.get("reply_contains", ()):
        yield f"contains {words}", words in parts.new
    for words in case.get("reply_lacks", ()):
        yield f"lacks {words}", words not in parts.new
    for at, regex in case.get("fragment_matches", ()):
        yield f"fragment {at} {regex}", re.search(regex, place_of(case, at, parts), re.MULTILINE) is not None
    for at, words in case.get("fragment_contains", ()):
        yield f"fragment {at} {words}", words in place_of(case, at, parts)
    if case.get("n_fragments") == 1:
        yield "one fragment", not (parts.quoted or parts.signature or parts.disclaimer)
    if "quoted" in case:
        yield "quoted", any(case["quoted"]) == bool(parts.quoted)
    if "signature" in case:
        yield "signature", any(case["signature"]) == bool(parts.signature)
    if "hidden" in case:
        yield "hidden", any(case["hidden"]) == bool(parts.quoted or parts.signature)
    if "max_seconds" in case:
        yield "seconds", taken < case["max_seconds"]


def judged() -> Iterator[tuple[Case, Parts, list[Checked]]]:
    for line in DATA.read_text("utf-8").splitlines():
        case = json.loads(line)
        text = text_of(case)
        started = time.process_time()
        parts = split(text)
        yield case, parts, list(checks(case, parts, time.process_time() - started))


def test_expectations_of_peers_are_met_or_the_reason_is_written_down() -> None:
    stated = 0
    unmet = []
    for case, _, results in judged():
        stated += len(results)
        unmet += [f"{case['id']}: {field}" for field, met in results if not met]
    page = PAGE.read_text("utf-8")
    assert stated >= 150
    assert len(unmet) <= 0.02 * stated
    assert [one for one in unmet if f"`{one}`" not in page] == []


def test_no_word_of_an_expected_reply_is_lost() -> None:
    lost = {}
    for case, parts, _ in judged():
        missing = Counter((expected_text(case) or "").split()) - Counter(parts.new.split())
        if missing:
            lost[case["id"]] = dict(missing)
    assert lost == {}
