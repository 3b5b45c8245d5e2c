"""Cases in the browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.model.mail import MailId
from postroom.model.people import ALL
from postroom.web.pages.cases import PAGES, VERBS
from tests.pages_house import APPEAL, REFUND, SETTINGS, Answer, Browser, Installation, installation, letter

CASES = (
    SETTINGS.replace(
        "[route.appeals]\n",
        '[route.appeals]\ncases = true\nclocks = ["dsa", "dmca", "ours"]\nsecond_person = "rejection"\nfirst_answer = "8 business hours"\ncalendar = "berlin"\n',
    )
    + """
[calendar.berlin]
zone = "Europe/Berlin"
[clock.ours]
within = "14 days"
warn = "15 days"
"""
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, CASES) as made:
        made.room.casework.filing.watch()
        yield made


def appeal(here: Installation, *raws: bytes, to: str = "support@shop.test") -> list[MailId]:
    ids = here.receive(*(raws or (APPEAL,)), to=to)
    here.room.casework.catch_up()
    return ids


def act(browser: Browser, verb: str, number: int = 1, **fields: str) -> Answer:
    """A form of the case's page, as it is now."""
    page = browser.get(f"/case/{number}").text
    version = re.search(r'name="version" value="(\d+)"', page)
    return browser.post(f"/case/{number}/{verb}", csrf=browser.csrf(), version=version[1] if version else "0", **fields)


def test_an_appeal_is_in_the_list_and_the_side_counts_it(here: Installation) -> None:
    ada = here.user("ada", "agent")
    assert "No case here" in ada.get("/cases").text
    (mail,) = appeal(here)
    page = ada.get("/cases")
    assert page.text.count('href="/case/1"') == 1
    assert 'aria-label="1 to do"' in page.text
    assert "First answer:" in page.text
    assert "new mail" in page.text
    assert 'href="/case/1"' in ada.get(f"/mail/{mail}").text


def test_who_has_no_desk_with_cases_finds_no_way_to_them(here: Installation) -> None:
    appeal(here)
    eve = here.user("eve", "agent", routes=("general",))
    assert 'href="/cases"' not in eve.get("/inbox").text
    page = eve.get("/cases").text
    assert "No desk of yours has cases" in page
    assert "/case/1" not in page


def test_a_case_shows_its_person_mails_clocks_and_what_happened(here: Installation) -> None:
    ada = here.user("ada", "agent")
    (mail,) = appeal(here)
    page = ada.get("/case/1").words
    assert "ada@example.net" in page
    assert "not authenticated" in page
    assert f'href="/mail/{mail}"' in page
    assert "What was written" in page
    assert page.count("start unknown") == 2  # nobody has said when they were told, nor of a counter-notice
    assert "nobody has said when they were told of the suspension" in page
    assert "nobody has said when the counter-notice came in" in page
    assert "Europe/Berlin" in page
    assert "opened" in page
    assert ada.get("/mail/" + mail).status == 200


def test_a_case_is_worked_on_and_a_second_person_confirms(here: Installation) -> None:
    ada, bob = here.user("ada", "agent"), here.user("bob", "agent")
    appeal(here)
    assert "to ada" in act(ada, "assign", to="ada").text
    assert "Seems honest" in act(ada, "note", text="Seems honest").text
    assert "Kind: <b>appeal</b>" in act(ada, "kind", kind="appeal").text
    assert ">waiting</span>" in act(ada, "ask", text="Which card?").text
    appeal(here, letter("My account was suspended. It was my own card, please restore my account.", subject="Card"))
    page = ada.get("/case/1").text
    assert ">open</span>" in page
    assert "replied" in page
    page = act(ada, "decide", outcome="rejected", reason="It was fraud.").text
    assert "Somebody else has to confirm it" in page
    assert "/case/1/confirm" not in page
    assert act(ada, "confirm").status == 409
    assert "/case/1" in bob.get("/cases?second=1").text
    page = act(bob, "confirm").words
    assert "Rejected</b> by ada, confirmed by bob" in page
    assert "It was fraud." in page
    assert "/case/1" not in bob.get("/cases").text
    assert "/case/1" in bob.get("/cases?state=decided").text
    assert "reopened" in act(bob, "reopen", reason="New papers").text
    assert act(bob, "decide", outcome="granted", reason="They were right").text.count("Granted") == 1
    deeds = [one.what for one in here.house.people.journal.deeds(to="case 1")]
    assert deeds[:3] == ["case-decided", "case-reopened", "case-decided"]


def test_a_proposal_is_declined_and_an_answer_noted(here: Installation) -> None:
    ada, bob = here.user("ada", "agent"), here.user("bob", "agent")
    appeal(here)
    assert "They have been answered" not in act(ada, "answered").text
    act(ada, "decide", outcome="rejected", reason="x")
    assert "Propose to reject" in act(bob, "decline", reason="no").text


def test_a_case_that_was_decided_is_not_called_answered(here: Installation) -> None:
    here.room.first_answers.watch()
    ada = here.user("ada", "agent")
    (mail,) = appeal(here)
    here.room.first_answers.turn()
    before = ada.get("/case/1").words
    assert "Nobody is told by this alone when the case is granted or rejected" in before
    assert '<a href="#answers">write an answer</a>' in before
    page = act(ada, "decide", outcome="granted", reason="They were right").words
    assert "decided, not told" in page
    assert "Nobody has told them" in page
    assert "stopped in time by the decision" in page
    for where in (f"/mail/{mail}", "/inbox?route=appeals"):
        assert re.search(r'<span class="chip" title="[^"]*">decided</span>', ada.get(where).text), where
    assert "<b>case decided</b>" in ada.get(f"/mail/{mail}").text
    page = act(ada, "answered").words
    assert "not told" not in page
    assert 'good" title' in ada.get(f"/mail/{mail}").text.partition("What happened")[0]


def test_who_took_their_appeal_back_need_not_be_told(here: Installation) -> None:
    ada = here.user("ada", "agent")
    appeal(here)
    assert "not told" not in act(ada, "decide", outcome="withdrawn", reason="They wrote so").text


def test_a_clock_that_nobody_has_started_says_where_that_is_done(here: Installation) -> None:
    ada, vic = here.user("ada", "agent"), here.user("vic", "viewer")
    appeal(here)
    page = ada.get("/case/1").text
    assert 'href="#start-informed"' in page
    assert 'id="start-informed"' in page
    assert '<span class="chip ">start unknown</span>' in page
    assert 'href="#start-informed"' not in vic.get("/case/1").text


def test_what_they_wrote_is_open_to_read(here: Installation) -> None:
    ada = here.user("ada", "agent")
    appeal(here)
    assert re.search(
        r'<details class="said" open>.*?<div class="text"[^>]*>My account was', ada.get("/case/1").text, re.DOTALL
    )


@pytest.mark.parametrize(
    ("day", "words"),
    [("2020-01-01", "late complaint"), ("2026-07-24", "complaint came in time"), ("", "start unknown")],
)
def test_the_day_that_they_were_told_is_named(here: Installation, day: str, words: str) -> None:
    ada = here.user("ada", "agent")
    here.house.__dict__.pop("casework", None)
    appeal(here)
    page = act(ada, "start", start="informed", day=day)
    assert page.status == 200
    assert words in page.text
    assert f'value="{day}" max=' in page.text


def test_forms_that_say_nothing_sensible_change_nothing(here: Installation) -> None:
    ada = here.user("ada", "agent")
    appeal(here)
    before = here.room.cases.case(1, ALL)  # type: ignore[arg-type]
    for verb, fields in (
        ("start", {"start": "informed", "day": "yesterday"}),
        ("start", {"start": "birth", "day": "2020-01-01"}),
        ("kind", {"kind": "plea"}),
        ("decide", {"outcome": "granted", "reason": " "}),
        ("decide", {"outcome": "", "reason": "x"}),
        ("assign", {"to": "nobody"}),
        ("join", {"mail": "01m8d0rbmmynemdekykyk5t8zz"}),
        ("note", {}),
    ):
        assert act(ada, verb, **fields).status == 409, (verb, fields)
    for version in ("x", "9" * 30, "٣", "7"):
        assert ada.post("/case/1/answered", csrf=ada.csrf(), version=version).status == 409
    assert ada.get("/cases?after=x").status == 409
    assert ada.get("/cases?state=x&route=y").status == 200
    assert here.room.cases.case(1, ALL) == before  # type: ignore[arg-type]


def test_a_case_of_another_desk_or_brand_is_as_if_it_were_not_there(here: Installation) -> None:
    appeal(here)
    appeal(here, letter("My account was suspended, please restore my account.", subject="x"), to="help@video.test")
    sam = here.user("sam", "agent", brands=("shop",), routes=("appeals",))
    eve = here.user("eve", "agent", brands=("shop",), routes=("general",))
    assert sam.get("/case/1").status == 200
    for browser, number in ((sam, "2"), (eve, "1"), (eve, "99"), (sam, "x"), (sam, "9" * 40), (sam, "-1")):
        answers = [browser.get(f"/case/{number}")]
        answers += [browser.post(f"/case/{number}/{verb}", csrf=browser.csrf(), text="x") for verb in VERBS]
        assert {answer.status for answer in answers} == {404}
    assert "/case/2" not in sam.get("/cases?state=all").text


def test_viewers_read_and_change_nothing(here: Installation) -> None:
    vic = here.user("vic", "viewer")
    (mail,) = appeal(here)
    page = vic.get("/case/1")
    assert page.status == 200
    assert 'action="/case/' not in page.text
    for page_of in PAGES:
        if page_of.method == "POST":
            path = page_of.path.replace("{number}", "1")
            assert vic.post(path, csrf=vic.csrf(), mail=mail, text="x").status == 403


def test_mail_from_before_gets_a_case_by_hand(here: Installation) -> None:
    here.room.casework.filing.cases.watch(())
    ada = here.user("ada", "agent")
    (mail,) = appeal(here)
    (refund,) = here.receive(REFUND)
    assert "/cases/open" in ada.get(f"/mail/{mail}").text
    assert "/cases/open" not in ada.get(f"/mail/{refund}").text
    page = ada.post("/cases/open", csrf=ada.csrf(), mail=mail)
    assert ada.at == "/case/1"
    assert page.status == 200
    assert ada.post("/cases/open", csrf=ada.csrf(), mail=refund).status == 409


def test_a_mail_is_added_by_its_id_and_other_cases_of_the_person_are_shown(here: Installation) -> None:
    ada = here.user("ada", "agent")
    appeal(here)
    (other,) = appeal(here, letter("My account was suspended, restore my account.", sender="ada@home.example.org"))
    act(ada, "note", number=2, text="They call this theirs, too.")
    page = act(ada, "join", mail=f" {other.upper()} ")
    assert f'href="/mail/{other}"' in page.text
    assert "Its mail was put into another case" in ada.get("/case/2").text
    here.house.reviewing().give(here.house.store.read([other])[0], "general", "ada")  # type: ignore[arg-type]
    here.room.casework.catch_up()
    assert f'href="/mail/{other}" data-item' not in ada.get("/case/1").text


def test_lists_are_narrowed_and_go_on(here: Installation) -> None:
    ada = here.user("ada", "agent")
    appeal(
        here,
        *(letter(f"My account was suspended, restore my account {n}.", sender=f"p{n}@example.net") for n in range(52)),
    )
    first = ada.get("/cases")
    more = first.text.partition('class="pages"')[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = ada.get(more)
    assert (first.text.count("data-item"), second.text.count("data-item")) == (50, 2)
    act(ada, "assign", number=7, to="ada")
    assert re.findall(r'href="/case/(\d+)"', ada.get("/cases?mine=1").text) == ["7"]
    assert "/case/" not in ada.get("/cases?route=refunds").text


def test_what_a_stranger_wrote_is_never_markup(here: Installation) -> None:
    ada = here.user("ada", "agent")
    bad = "<script>alert(1)</script>"
    appeal(
        here,
        letter(
            "My account was suspended, restore my account.",
            subject=f"{bad} \u202egpj",
            sender=f'"{bad}" <eve@example.net>',
        ),
    )
    act(ada, "note", text=bad)
    for path in ("/cases", "/case/1", f"/cases?route={bad}&state={bad}"):
        page = ada.get(path).text
        assert "<script>alert" not in page
        assert "\u202e" not in page


def test_news_tells_of_cases(here: Installation) -> None:
    ada = here.user("ada", "agent")
    here.receive(APPEAL)
    before = ada.get("/news").text
    here.room.casework.catch_up()
    assert ada.get("/news").text != before


def test_a_case_whose_mail_was_moved_says_where_and_is_closed(here: Installation) -> None:
    ada = here.user("ada", "agent")
    (mail,) = appeal(here)
    assert "Close as moved" not in ada.get("/case/1").words
    act(ada, "note", text="Is this one of ours?")
    ada.post(f"/mail/{mail}/move", csrf=ada.csrf(), route="refunds", generation="1")
    here.room.casework.catch_up()
    page = ada.get("/case/1").words
    assert "Its mail was moved to refunds by ada" in page
    assert "at refunds it has no case" in page
    page = act(ada, "hand-over").words
    assert "Moved" in page
    assert "its mail is at refunds" in page
    assert act(ada, "hand-over").status == 409


def test_a_case_that_nobody_touched_ends_where_its_mail_goes_and_has_no_clocks(here: Installation) -> None:
    ada = here.user("ada", "agent")
    (mail,) = appeal(here)
    ada.post(f"/mail/{mail}/move", csrf=ada.csrf(), route="refunds", generation="1")
    here.room.casework.catch_up()
    page = ada.get("/case/1").words
    assert "ada" in page.partition("Moved")[2][:20]
    assert "it is at refunds" in page
    assert "None runs any more" in page
    assert "No case here" in ada.get("/cases").text


def test_a_case_whose_person_was_erased_says_so_and_is_only_looked_at(here: Installation) -> None:
    ada = here.user("ada", "agent")
    appeal(here)
    here.house.eraser.erase("ada@example.net", "root")
    answer = ada.get("/case/1")
    assert "Case 1: erased" in answer.words
    assert "Its person was erased" in answer.words
    assert "None runs any more" in answer.words
    for wrong in ("nobody", "Withdrawn", "other desks", "First answer"):
        assert wrong not in answer.words
    for verb in ("reopen", "note", "join", "assign"):
        assert f'action="/case/1/{verb}"' not in answer.text
    assert "was erased, with what it told of its person" in act(ada, "reopen", reason="Who was it?").words
    listed = ada.get("/cases?state=decided").words
    assert "(erased)" in listed
    assert "withdrawn" not in listed


def test_who_can_be_the_second_person_is_told_at_the_side(here: Installation) -> None:
    ada, bob, vera = here.user("ada", "agent"), here.user("bob", "agent"), here.user("vera", "viewer")
    appeal(here)
    before = bob.get("/news").text
    act(ada, "decide", outcome="rejected", reason="We looked twice.")
    side = '<a class="beneath" href="/cases?second=1"><span class="count near">1 to confirm</span></a>'
    assert side in bob.get("/inbox").text
    assert bob.get("/news").text != before
    for other in (ada, vera):  # whoever has proposed it; whoever only reads
        assert "to confirm</span></a>" not in other.get("/inbox").text
    page = bob.get("/case/1").text
    assert 'data-key="c" data-focus' in page
    assert 'data-key="d"' in page
    act(bob, "confirm")
    assert "to confirm</span></a>" not in bob.get("/inbox").text


def test_who_looked_at_an_older_case_sees_the_new_one_with_what_they_typed(here: Installation) -> None:
    ada, bob = here.user("ada", "agent"), here.user("bob", "agent")
    appeal(here)

    def stale(verb: str, **fields: str) -> Answer:
        return bob.post(f"/case/1/{verb}", csrf=bob.csrf(), version="1", **fields)

    act(ada, "decide", outcome="rejected", reason="We looked twice.")
    late = stale("decide", outcome="granted", reason="They were <right>.")
    assert late.status == 409
    assert "was changed meanwhile, and nothing was done" in late.words
    assert "ada proposes to reject" in late.words
    assert "They were &lt;right&gt;.</textarea>" in late.text
    assert "You had typed" not in late.words
    assert [one.state for one in here.room.cases.of_person("ada@example.net", ALL)] == ["open"]
    assert stale("note", text="They called again.").status == 200
    act(bob, "confirm")
    gone = stale("ask", text="Which account?")
    assert (gone.status, '<p>You had typed:</p><p class="text">Which account?</p>' in gone.text) == (409, True)
    assert 'value="01m8ehn0cd5z71mcmd514tfrds"' in stale("join", mail="01m8ehn0cd5z71mcmd514tfrds").text
