"""What a receiver is told, and what its answers mean."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.destination.guard import Answer, Blocked, Guard, Unreachable
from postroom.adapters.destination.webhook import WebhookDestination, plain, retry_after
from postroom.model.errors import ConfigError, GiveUp, TryLater
from postroom.model.judgement import REVIEW
from postroom.model.marks import is_webhook_signed
from postroom.testing.destination_contract import make_parcel

SECRET = b"a shared secret of some length"


class Scripted(Guard):
    """A guard that answers as it is told and keeps what it was asked."""

    def __init__(self, answer: Answer | Exception) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[tuple[str, str, Mapping[str, str], bytes]] = []

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout: float = 30.0,
        max_answer: int = 0,
    ) -> Answer:
        self.asked.append((method, url, headers, body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer(status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}, body=body, whole=True)


def webhook(guard: Guard, **options: object) -> WebhookDestination:
    return WebhookDestination(
        "desk", "https://hook.example.com/mail", secret=SECRET, guard=guard, now=lambda: 1_767_225_600.9, **options  # type: ignore[arg-type]
    )  # fmt: skip


def test_what_a_receiver_is_told() -> None:
    guard = Scripted(answer(200))
    parcel = make_parcel()
    decision = replace(
        parcel.decision, route=REVIEW, urgent=("self-harm",), tags=("vip",), because="unsure", unconfirmed=True
    )
    parcel = replace(parcel, decision=decision)
    webhook(guard, link="https://post.acme.test/mail/{id}").deliver(parcel)
    ((method, url, headers, body),) = guard.asked
    assert (method, url) == ("POST", "https://hook.example.com/mail")
    assert json.loads(body) == {
        "version": 1,
        "id": parcel.mail.id,
        "key": f"{parcel.mail.id}.desk.1",
        "generation": 1,
        "corrects": "",
        "brand": "acme",
        "route": "review",
        "decided": "appeals",
        "confidence": 0.93,
        "unconfirmed": True,
        "stage": "live",
        "because": "unsure",
        "urgent": ["self-harm"],
        "second": "",
        "tags": ["vip"],
        "received_at": 1_767_225_601.0,
        "message_id": "",
        "from": "ada@example.com",
        "subject": "case 1",
        "envelope": {"mail_from": "ada@example.com", "rcpt_to": ["support@acme.test"]},
        "links": {"mail": f"https://post.acme.test/mail/{parcel.mail.id}"},
    }
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == parcel.key
    assert headers["Postroom-Signature"].startswith("t=1767225600,v1=")
    assert is_webhook_signed(SECRET, headers["Postroom-Signature"], body, now=1_767_225_600)


def test_a_word_on_an_earlier_delivery_says_which() -> None:
    guard = Scripted(answer(200))
    first = make_parcel()
    webhook(guard).deliver(replace(first, generation=2, key=f"{first.mail.id}.desk.2", corrects=first.key))
    told = json.loads(guard.asked[0][3])
    assert (told["corrects"], told["key"], told["generation"]) == (first.key, f"{first.mail.id}.desk.2", 2)


def test_the_raw_mail_goes_along_or_goes_alone() -> None:
    guard = Scripted(answer(202))
    parcel = make_parcel(raw=b"Subject: x\r\n\r\n\xff\x00\r\n")
    webhook(guard, content="json+raw").deliver(parcel)
    webhook(guard, content="message/rfc822").deliver(parcel)
    (_, _, _, facts), (_, _, headers, body) = guard.asked
    assert b64decode(json.loads(facts)["raw"]) == parcel.stamped == body
    assert headers["Content-Type"] == "message/rfc822"
    assert is_webhook_signed(SECRET, headers["Postroom-Signature"], body, now=1_767_225_600)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_2xx_is_a_receipt(status: int) -> None:
    assert webhook(Scripted(answer(status))).deliver(make_parcel()).reference == f"HTTP {status}"


@pytest.mark.parametrize(
    ("status", "lane_down"), [(408, False), (425, False), (500, False), (501, False), (599, False), (103, False)]
)
def test_what_may_work_later_for_this_mail(status: int, lane_down: bool) -> None:
    with pytest.raises(TryLater, match=f"HTTP {status}") as caught:
        webhook(Scripted(answer(status))).deliver(make_parcel())
    assert caught.value.lane_down is lane_down


@pytest.mark.parametrize("status", [429, 502, 503, 504, 301, 302, 307, 308, 401, 403, 404, 405, 407])
def test_what_is_wrong_for_all_mail_takes_the_lane_down(status: int) -> None:
    with pytest.raises(TryLater, match=f"HTTP {status}") as caught:
        webhook(Scripted(answer(status))).deliver(make_parcel())
    assert caught.value.lane_down


@pytest.mark.parametrize(
    ("said", "after"),
    [("120", 120.0), ("0", 0.0), ("999999", 3600.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)],
)
def test_the_pause_that_a_busy_receiver_asks_for_is_passed_on(said: str, after: float | None) -> None:
    with pytest.raises(TryLater) as caught:
        webhook(Scripted(answer(429, retry_after=said))).deliver(make_parcel())
    assert caught.value.after == after


@pytest.mark.parametrize("status", [400, 409, 410, 413, 415, 422, 451])
def test_any_other_refusal_gives_up_with_the_status_and_the_words(status: int) -> None:
    with pytest.raises(GiveUp, match=rf"hook.example.com answered HTTP {status}: no \[31m thanks"):
        webhook(Scripted(answer(status, b"no\x1b[31m\nthanks"))).deliver(make_parcel())


@pytest.mark.parametrize("error", [Blocked("at a private address"), Unreachable("refused")])
def test_no_answer_takes_the_lane_down(error: Exception) -> None:
    destination = webhook(Scripted(error))
    for attempt in (lambda: destination.deliver(make_parcel()), destination.check):
        with pytest.raises(TryLater, match=str(error)) as caught:
            attempt()
        assert caught.value.lane_down


def test_a_secret_that_can_be_guessed_or_a_url_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError, match="16 bytes"):
        WebhookDestination("desk", "https://x.test/", secret=b"short", guard=Guard())
    with pytest.raises(ConfigError):
        WebhookDestination("desk", "ftp://x.test/", secret=SECRET, guard=Guard())


@given(st.text(st.characters(), max_size=50))
def test_any_text_can_be_told(text: str) -> None:
    assert json.loads(json.dumps(plain(text)).encode()) == plain(text)
    plain(text).encode("utf-8")


@given(st.text())
def test_retry_after_is_total(text: str) -> None:
    pause = retry_after(text)
    assert pause is None or 0 <= pause <= 3600
