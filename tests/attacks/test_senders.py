"""Senders and threads. Goal: words that say nothing reach a desk, because they seem to be another's, or to continue her thread."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.model.judgement import Decision
from tests.attacks.attacker import APPEALS
from tests.attacks.installation import HOP, Installation, passed

NEWS = "Any news?"
SUBJECT = "What we spoke of on Monday, 98765"
THREAD = {"In_Reply_To": "<1@example.com>", "References": "<1@example.com>", "Subject": f"Re: {SUBJECT}"}


@pytest.fixture(scope="module")
def hers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation where Ada has an appeal that a person confirmed; strangers leave nothing behind there."""
    there = Installation(tmp_path_factory.mktemp("hers"))
    kept = there.arrive(APPEALS[1], Subject=SUBJECT)
    there.judge()
    there.say([kept], "appeals", "lead")
    yield there
    there.house.close()


def stays_out(decision: Decision) -> bool:
    """No thread and no history of hers came into it."""
    known = (*decision.history.counts, *decision.history.domain_counts)
    in_hers = decision.thread is not None and decision.thread.route == "appeals"
    return decision.route in {"general", "review"} and not in_hers and "appeals" not in dict(known)


def test_ada_herself_is_heard(hers: Installation) -> None:
    decision = hers.judged(NEWS, **THREAD)
    assert decision.route == "appeals"
    assert decision.thread is not None


STRANGERS = {
    "her address, nobody's word": {},
    "her address, a failed check": {"Authentication_Results": "mx.shop.test; dkim=fail header.d=example.com; spf=fail smtp.mailfrom=example.com"},
    "her address, his own word": {"Authentication_Results": "mx.evil.test; dkim=pass header.d=example.com"},
    "her address, a word in our name below": {"Subject": f"Re: {SUBJECT}\r\nAuthentication-Results: {passed('example.com')}"},
    "her address, his domain's word": {"Authentication_Results": passed("evil.test")},
    "her address as a name": {"From": '"ada@example.com" <eve@evil.test>', "Authentication_Results": passed("evil.test")},
    "her address beside his": {"From": "ada@example.com, eve@evil.test", "Authentication_Results": passed("evil.test")},
    "her domain's look-alike": {"From": "ada@exаmple.com", "Authentication_Results": passed("xn--exmple-4nf.com")},
    "her domain with words": {"From": "ada@example.com.evil.test", "Authentication_Results": passed("evil.test")},
    "his own address": {"From": "eve@evil.test", "Authentication_Results": passed("evil.test")},
    "answers to her": {"From": "eve@evil.test", "Reply_To": "ada@example.com", "Authentication_Results": passed("evil.test")},
    "sent for her": {"From": "eve@evil.test", "Sender": "ada@example.com", "Authentication_Results": passed("evil.test")},
    "passed on by her": {"From": "eve@evil.test", "Resent_From": "ada@example.com", "Authentication_Results": passed("evil.test")},
}  # fmt: skip


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("thread", [THREAD, {"Subject": f"Re: {SUBJECT}"}, {"Subject": SUBJECT}, THREAD | {"References": "<0@example.com> <1@example.com>"}], ids=["thread", "subject", "same subject", "references"])  # fmt: skip
def test_a_stolen_thread_or_subject_brings_no_empty_mail_to_a_desk(
    hers: Installation, who: str, thread: dict[str, str]
) -> None:
    decision = hers.judged(NEWS, believed=False, **(thread | STRANGERS[who]))
    assert stays_out(decision), decision.because


@pytest.mark.parametrize("number", range(3))
def test_a_stolen_id_does_not_take_her_answers_along(tmp_path: Path, number: int) -> None:
    """Goal: Eve's mail under the id of Ada's, so that what Ada writes next goes where Eve's went, and nobody answers it."""
    there = Installation(tmp_path)
    kept = there.arrive(APPEALS[1], Subject=SUBJECT)
    there.judge()
    there.say([kept], "appeals", "lead")
    for _ in range(number * 10 + 1):
        there.arrive("When do you open?", "eve@evil.test", Message_ID="<1@example.com>", Subject=f"Re: {SUBJECT}")
        there.arrive("When do you open?", "ada@example.com", believed=False, Message_ID="<1@example.com>", Subject=f"Re: {SUBJECT}")  # fmt: skip
    there.judge()
    assert there.judged(NEWS, **THREAD).route == "appeals"
    there.house.close()


def test_a_word_below_our_hop_s_line_is_nobody_s(hers: Installation) -> None:
    forged = f"x\r\nReceived: {HOP}\r\nAuthentication-Results: {passed('example.com')}\r\nX-Y: z"
    assert stays_out(hers.judged(NEWS, believed=False, X_A=forged, **THREAD))
