"""What came later is taken out: who learns must not see the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.flow.leaks import clean_subject, is_merge_note, without_leaks
from postroom.understand.reader import read_bytes


@pytest.mark.parametrize(
    ("subject", "at_first"),
    [
        ("My account", "My account"),
        ("Re: My account", "My account"),
        ("RE: AW: Re[2]: My account", "My account"),
        ("[#123] My account", "My account"),
        ("Re: [Support #4711] [SOLVED] My account", "My account"),
        ("My account [Ticket#2024010110000012]", "My account"),
        ("[Appeals] Re: My account", "My account"),
        ("## 1234 ## My account ##5678##", "My account"),
        ("My account (Case #: 00123)", "My account"),
        ("Ticket #123: My account", "My account"),
        ("My account [ref:_00D30oGL.!5003:ref]", "My account"),
        ("回复：我的帐户", "我的帐户"),
        ("Report: my account", "Report: my account"),
        ("Refund: my order", "Refund: my order"),
        ("Order 12345", "Order 12345"),
        ("Re: " * 50 + "My account", "My account"),
        ("[SOLVED]", ""),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_subjects(subject: str, at_first: str) -> None:
    assert clean_subject(subject) == at_first
    assert clean_subject(at_first) == at_first


@given(st.text(st.sampled_from("re:[]#1 \tticketRE（[SOLVED]"), max_size=3000))
def test_any_subject_gets_shorter_in_linear_time(subject: str) -> None:
    assert len(clean_subject(subject)) <= min(len(subject), 1000)


def test_fields_that_came_later_are_gone_and_no_other() -> None:
    message = read_bytes(
        b"From: ada@example.com\nSubject: Re: [#12] Hello\nX-Gmail-Labels: Appeals\nKeywords: appeals\nX-Postroom-Route: appeals\n"
        b"X-Zendesk-Tags: a\nStatus: RO\nX-Mailer: Pine\nReply-To: ada@example.com\n\nMy account is gone.\n"
    )
    assert message.ticket == "[#12]"
    clean = without_leaks(message)
    assert [name for name, _ in clean.headers] == ["from", "subject", "x-mailer", "reply-to"]
    assert (clean.subject, clean.ticket, clean.new_text) == ("Hello", "", message.new_text)


@pytest.mark.parametrize(
    "text",
    [
        'This request was closed and merged into request #123 "My account".',
        'Request #12 "Help me" was closed and merged into this request. Last comment in request #12: hello',
        "This ticket has been merged into ticket 77",
        "> Merged into ticket #12",
        "Merged from conversation 12",
    ],
)
def test_notes_about_merging(text: str) -> None:
    assert is_merge_note(text)


@pytest.mark.parametrize(
    "text", ["", "Please merge my two accounts into one", "My request was for a refund. It was merged into my order."]
)
def test_what_customers_write_about_merging(text: str) -> None:
    assert not is_merge_note(text)


@given(st.text(st.sampled_from('>*#- requestmergdinto12\n"'), max_size=5000))
def test_any_text_may_be_asked(text: str) -> None:
    assert is_merge_note(text) in (True, False)
