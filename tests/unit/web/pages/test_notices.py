"""What people are told by itself, as leads see it, and by real SMTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.bootstrap.notices import noticing, tell
from postroom.model.errors import TryLater
from postroom.model.people import ALL
from postroom.testing.smtp_sink import SmtpSink
from tests.answering import PLEA, answers, send_all, signed
from tests.api_house import programme
from tests.api_house import told as said
from tests.pages_house import Installation, installation

TELLS = 'cases = true\nacknowledge = "appeal-received"\noutcomes = { granted = "appeal-granted" }\n'


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as opened:
        yield opened


@pytest.fixture
def here(tmp_path: Path, sink: SmtpSink) -> Iterator[Installation]:
    text = answers(sink.host, sink.port, "[review]\nundo_seconds = 0\n").replace("cases = true\n", TELLS)
    with installation(tmp_path, text) as made:
        made.room.casework.filing.watch()
        made.room.noticing.watch()
        yield made


def told(here: Installation, sink: SmtpSink) -> list[str]:
    """The words of all that was sent."""
    here.room.noticing.turn()
    send_all(here)
    return [mail.data.decode() for mail in sink.mails]


def test_who_appeals_is_told_that_it_came_and_how_it_ended(here: Installation, sink: SmtpSink) -> None:
    lea = here.user("lea", "lead")
    (mail_id,) = here.receive(signed(PLEA))
    here.room.casework.catch_up()
    seen = lea.get("/notices")
    assert "1 would be answered so" in seen.words
    assert "We have received your appeal" in seen.words
    assert "waits" in seen.words
    (received,) = told(here, sink)
    assert "Auto-Submitted: auto-replied" in received
    assert sink.mails[0].sender == ""
    case = lea.get("/case/1")
    assert "They are told by mail" in case.words
    assert "Nobody is told by this alone when the case is rejected" in case.words
    lea.post("/case/1/decide", csrf=lea.csrf(), version="0", outcome="granted", reason="It was our mistake.")
    assert here.room.cases.of_mail(mail_id, ALL).state == "decided"  # type: ignore[union-attr]
    _, outcome = told(here, sink)
    assert "not told" not in lea.get("/case/1").words
    assert "In-Reply-To:" in outcome
    log = lea.get("/notices").words
    assert log.count(">sent</span>") == 2
    assert "decided" in log


def test_a_key_that_writes_to_nobody_decides_nothing_that_is_told_by_mail(here: Installation, sink: SmtpSink) -> None:
    here.user("lea", "lead")
    here.receive(signed(PLEA))
    here.room.casework.catch_up()
    granted = {"outcome": "granted", "reason": "Send us your password."}
    refused = programme(here, "lea", "work").post("/cases/1/decide", granted)
    assert refused.status == 403
    assert 'scope="answer"' in refused.headers["www-authenticate"]
    assert "told of this by mail" in said(refused)["detail"]
    assert programme(here, "lea", "work").post("/cases/1/confirm", {}).status == 409
    assert programme(here, "lea", "answer").post("/cases/1/decide", granted).status == 200


def test_why_nobody_was_told_is_said(here: Installation, sink: SmtpSink) -> None:
    lea = here.user("lea", "lead")
    here.receive(signed(PLEA).replace(b"Authentication-Results", b"X-Nothing"))
    assert told(here, sink) == []
    seen = lea.get("/notices").words
    assert '>1 not: <span class="soft">nothing proves whose address it is' in seen
    assert 'not sent</span> <span class="soft">nothing proves whose address it is' in seen
    assert lea.get("/notices?before=1").status == 200
    assert lea.get("/notices?before=x").status == 200
    lead = programme(here, "lea", "lead")
    (one,) = said(lead.get("/notices"))["notices"]
    assert (one["kind"], one["state"], one["said"]) == ("received", "not", "nothing proves whose address it is")
    (plan, _) = said(lead.get("/notices/preview"))["plans"]
    assert (plan["looked"], plan["would"], plan["subject"]) == (1, 0, "")
    assert here.user("sam", "agent").get("/notices").status == 403


def test_the_thread_watches_and_goes_on_after_trouble(here: Installation, sink: SmtpSink) -> None:
    work = noticing(here.house)
    failures: list[Exception] = []
    pauses: list[float] = []

    class Troubled:
        desks = work.desks

        def __init__(self) -> None:
            self.trouble: list[Exception | bool] = [TryLater("busy"), ValueError("a bug"), True, False]

        def watch(self) -> None:
            work.watch()

        def turn(self) -> bool:
            what = self.trouble.pop(0)
            if isinstance(what, Exception):
                raise what
            return what

    troubled = Troubled()
    tell(troubled, lambda: not troubled.trouble, failures.append, pauses.append)  # type: ignore[arg-type]
    assert [str(one) for one in failures] == ["a bug"]
    assert pauses == [2.0, 10.0, 2.0]
