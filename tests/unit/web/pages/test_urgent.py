"""Urgent mail and first answers in the browser."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postroom.model.alarms import AlarmEvent
from postroom.model.hooks import Hook, HookName
from postroom.model.mail import BrandName, MailId, RouteName
from postroom.model.people import ALL, Deed, UserName
from postroom.web.site import PAGES, site
from tests.api_house import programme, told
from tests.pages_house import APPEAL, QUESTION, SETTINGS, Answer, Browser, Installation, installation, letter

HOUSE = SETTINGS.replace("[route.general]\n", '[route.general]\nfirst_answer = "4 hours"\n').replace(
    "[route.appeals]\n", '[route.appeals]\ncases = true\nfirst_answer = "1 hours"\n'
)
THREAT = letter(
    "You suspended my account. I know where you live and I will come to your office and kill you all.",
    subject="Last warning",
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, HOUSE) as made:
        made.room.first_answers.watch()
        made.room.casework.filing.watch()
        yield made


@pytest.fixture
def threat(here: Installation) -> MailId:
    (found,) = here.receive(THREAT)
    assert here.house.store.decisions(found)[-1].urgent
    return found


def say(browser: Browser, mail: MailId, verb: str, **fields: str) -> Answer:
    return browser.post(f"/urgent/{mail}", csrf=browser.csrf(), verb=verb, **fields)


def age(here: Installation, mail: MailId, seconds: float, **changes: Any) -> None:
    """As if it had come earlier."""
    alarms = here.room.urgency.alarms
    alarm = alarms.alarm(mail, ALL)
    assert alarm is not None
    event = AlarmEvent(at=alarm.since, by="", what="told again")
    alarms.put(replace(alarm, since=alarm.since - seconds, told_at=alarm.told_at - seconds, **changes), event, None)


def due(here: Installation, mail: MailId, later: float) -> None:
    """As if its answer were due so many seconds from now."""
    from postroom.model.targets import Reckoned

    here.room.first_answers.turn()
    moment = here.room.clock() + later
    route = here.house.store.decisions(mail)[-1].route
    found = Reckoned(mail_id=mail, route=route, near=moment - 900, due=moment)
    here.room.first_answers.targets.reckon([found], here.room.first_answers.version)


def test_who_may_not_see_it_sees_neither_page_nor_number(here: Installation, threat: MailId) -> None:
    eve = here.user("eve", "lead")
    page = eve.get("/urgent")
    assert page.status == 403
    assert "Last warning" not in page.text
    assert 'href="/urgent"' not in eve.get("/inbox").text
    assert "Urgent that nobody has" not in eve.get("/condition").text
    assert "I have it" not in eve.get(f"/mail/{threat}").text
    assert say(eve, threat, "have").status == 404
    assert here.room.urgency.alarms.waiting(ALL) == 1


@pytest.mark.parametrize("role", ["viewer", "agent", "reviewer", "lead"])
def test_a_form_about_what_one_may_not_see_says_no_more_than_one_about_nothing(
    here: Installation, threat: MailId, role: str
) -> None:
    """At every address that takes a form: of a mail and a case that are there, at another desk, as of those that are not."""
    (appeal,) = here.receive(APPEAL)
    here.room.casework.catch_up()
    case = here.room.cases.of_mail(appeal, ALL)
    assert case is not None
    eve = here.user("eve", role, routes=("copyright",))
    said = {
        "generation": "1",
        "route": "general",
        "also": "refunds",
        "verb": "have",
        "note": "x",
        "text": "x",
        "reason": "x",
    }
    here_or_not = ({"id": (threat, appeal), "number": case.number}, {"id": ("0" * 26,) * 2, "number": 987_654})
    csrf = eve.csrf()
    posts = [page.path for page in PAGES if page.method == "POST" and re.search(r"\{(id|number)\}", page.path)]
    assert len(posts) > 20
    told = []
    for where in here_or_not:
        answers = {}
        for path in posts:
            for one in where["id"]:
                made = path.replace("{id}", one).replace("{number}", str(where["number"])).replace("{name}", "x")
                got = eve.post(made, csrf=csrf, **said)
                words = "".join(re.findall(r'class="says">(.*?)</p>', got.text)).replace(one, "ID")
                answers.setdefault(path, []).append((got.status, words))
        told.append(answers)
    for path in posts:
        assert told[0][path] == told[1][path], path
        assert all(status != 409 for status, _ in told[0][path]) or "{id}" not in path, path


def test_somebody_takes_it_by_name(here: Installation, threat: MailId) -> None:
    ada = here.user("ada", "agent", urgent=True)
    page = ada.get("/urgent")
    assert page.text.index("Nobody has it") < page.text.index("Last warning")
    assert "Waits &lt; 1 min" in page.text
    assert '<span class="chip urgent">' in page.text
    assert 'data-key="h"' in page.text
    assert 'aria-label="1 that nobody has"' in ada.get("/me").text
    page = say(ada, threat, "have", note="calling the police")
    assert f'You have “<a href="/mail/{threat}"><bdi>Last warning</bdi></a>” now.' in page.text
    assert page.status == 200
    assert ada.at == f"/urgent?has={threat}"
    assert "now." not in ada.get("/urgent?has=none").text
    assert "Somebody has all of it" in page.text
    assert "calling the police" in page.text
    assert "that nobody has" not in page.text
    way = ada.get(f"/mail/{threat}").words
    assert "urgent: acknowledged" in way
    assert "ada has it" in way
    assert next(one.what for one in here.house.people.journal.deeds(by="ada")) == "urgent-acknowledged"


def test_a_viewer_with_the_right_takes_it_from_the_mails_own_page(here: Installation, threat: MailId) -> None:
    vera = here.user("vera", "viewer", urgent=True)
    assert "nobody has it for" in vera.get(f"/mail/{threat}").text
    page = say(vera, threat, "have", back=f"/mail/{threat}")
    assert vera.at == f"/mail/{threat}"
    assert "vera has it" in page.text


def test_of_two_who_press_one_is_told_and_may_take_over(here: Installation, threat: MailId) -> None:
    ada, bob = here.user("ada", "agent", urgent=True), here.user("bob", "agent", urgent=True)
    say(ada, threat, "have")
    late = say(bob, threat, "have", holder="")
    assert late.status == 409
    assert "ada has it already" in late.text
    assert "Take over" in bob.get("/urgent").text
    assert say(bob, threat, "have", holder="ada").status == 200
    assert "bob</bdi></b> has it since" in ada.get("/urgent").text


def test_it_is_handed_on_and_given_back(here: Installation, threat: MailId) -> None:
    ada, bob = here.user("ada", "agent", urgent=True), here.user("bob", "agent", urgent=True)
    say(ada, threat, "have")
    page = ada.get("/urgent").text
    assert re.findall(r'<option value="(\w+)"', page) == ["bob"]
    page = say(ada, threat, "hand-on", to="bob", note="my shift is over").text
    assert "who has not taken it yet" in page
    page = bob.get("/urgent").text
    assert "Yours to take over" in page
    assert "my shift is over" in page
    assert 'aria-label="1 that nobody has"' in page
    assert "ada hands this on to you" in bob.get(f"/mail/{threat}").text
    say(bob, threat, "have", holder="ada")
    page = say(bob, threat, "give-back", note="I can't").text
    assert "Given back: “<bdi>I can&#39;t</bdi>”" in page
    assert say(bob, threat, "hand-on", to="ada").status == 409
    assert say(bob, threat, "burn").status == 409
    assert say(bob, MailId("none"), "have").status == 404


def test_whose_right_is_taken_away_is_marked(here: Installation, threat: MailId) -> None:
    ada, bob = here.user("ada", "agent", urgent=True), here.user("bob", "agent", urgent=True)
    say(ada, threat, "have")
    assert "may not see it any more" not in bob.get("/urgent").text
    accounts = here.house.people.accounts
    was = accounts.user(UserName("ada"))
    assert was is not None
    accounts.put_user(replace(was, urgent=False), Deed(at=1.0, by="root", what="user-changed", to="ada"), was=was)
    assert "may not see it any more" in bob.get("/urgent").text


def test_how_long_it_waits_is_said_and_health_tells_it(here: Installation, threat: MailId) -> None:
    lea = here.user("lea", "lead", urgent=True)
    assert "the oldest for" in lea.get("/condition").text
    age(here, threat, 3 * 3600, repeats=2)
    page = lea.get("/urgent").text
    assert '<span class="chip urgent">waits 3 h</span>' in page
    assert "Told again 2 times in the log alone: no webhook is told of urgent mail of shop at " in page
    assert "1 for longer than 15 min" in lea.get("/condition").text
    urgent = told(programme(here, "lea", "lead").get("/health"))["urgent"]
    assert (urgent["waiting"], urgent["neglected"], urgent["oldest"] is None) == (1, 1, False)
    say(lea, threat, "have")
    assert "<b>0</b><span>none</span>" in lea.get("/condition").text


def test_danger_comes_before_letters_that_have_days(here: Installation) -> None:
    ada = here.user("ada", "agent", urgent=True)
    asks = letter("Under the GDPR, art. 15, I ask for a copy of all personal data you hold about me.", subject="Data please")  # fmt: skip
    here.receive(asks, THREAT, letter("I can't go on. I want to kill myself tonight.", subject="Goodbye"))
    page = ada.get("/urgent").text
    assert page.index("Goodbye") < page.index("Last warning") < page.index("Data please")
    assert "I want to kill myself tonight" in page


def test_long_lists_go_on(here: Installation) -> None:
    ada = here.user("ada", "agent", urgent=True)
    mails = here.receive(*(letter(THREAT.decode().partition("\r\n\r\n")[2], subject=f"Threat {n}") for n in range(22)))
    page = ada.get("/urgent").text
    assert page.count("I have it") == 20
    more = re.search(r'href="(/urgent\?after=[^"]+)" data-key="n"', page)
    assert more is not None
    assert ada.get(more[1]).text.count("I have it") == 2
    for one in mails[:21]:
        say(ada, one, "have")
    page = ada.get("/urgent").text
    older = re.search(r'href="(/urgent\?older=[^"]+)"', page)
    assert older is not None
    assert "has it since" in ada.get(older[1]).text


def test_pages_by_danger_leave_out_nothing_that_waits_still(here: Installation) -> None:
    here.user("ada", "agent", urgent=True)
    ada = programme(here, "ada", "work")
    asks = letter("Under the GDPR, art. 15, I ask for a copy of all personal data you hold about me.", subject="Data please")  # fmt: skip
    data, threat, grave = here.receive(asks, THREAT, letter("I can't go on. I want to kill myself tonight.", subject="Goodbye"))  # fmt: skip

    def page(query: str) -> tuple[list[str], str]:
        found = told(ada.get(f"/urgent?{query}"))
        return [one["mail"]["id"] for one in found["alarms"]], found["after"]

    assert page("") == ([data, threat, grave], "")
    assert page("order=danger") == ([grave, threat, data], "")
    found, after = page("order=danger&limit=1")
    assert found == [grave]
    # whoever takes what was told moves nothing
    told(ada.post(f"/urgent/{grave}/acknowledge", {}))
    found, after = page(f"order=danger&limit=1&after={after}")
    assert found == [threat]
    assert page(f"order=danger&limit=1&after={after}") == ([data], "")
    assert page("order=danger&held=true") == ([grave], "")


def test_the_webhooks_are_named_that_are_told_of_this_mail(here: Installation, threat: MailId) -> None:
    brand, route = BrandName("shop"), here.house.store.decisions(threat)[-1].route
    known = (
        Hook(name=HookName("police"), where="a.test:443", events=("urgent",), brands=(brand,), routes=(route,)),
        Hook(name=HookName("others"), where="a.test:443", brands=(BrandName("video"),)),
        Hook(name=HookName("refunds"), where="a.test:443", routes=(RouteName("refunds"),)),
        Hook(name=HookName("verdicts"), where="a.test:443", events=("verdict",)),
        Hook(name=HookName("all"), where="a.test:443"),
    )
    there = room_with(here, known_hooks=known)
    ada = there.user("ada", "agent", urgent=True)
    assert "Will be told again to the webhooks police, all and in the log." in ada.get("/urgent").text
    (one,) = told(programme(there, "ada", "work").get("/urgent"))["alarms"]
    assert one["hooks"] == ["police", "all"]
    age(there, threat, 3600, repeats=1)
    assert "Told again 1 time to the webhooks police, all and in the log." in ada.get("/urgent").text
    narrow = room_with(here, known_hooks=known[1:3])
    narrow_ada = replace(ada, app=narrow.app)
    assert "in the log alone: no webhook is told of urgent mail of shop at " in narrow_ada.get("/urgent").text


def room_with(here: Installation, **changes: Any) -> Installation:
    room = replace(here.room, **changes)
    return replace(here, room=room, app=site(room))


def test_news_change_with_what_waits_for_those_who_may_know(here: Installation, threat: MailId) -> None:
    ada, eve = here.user("ada", "agent", urgent=True), here.user("eve", "agent")

    def mark(who: Browser) -> str:
        return str(json.loads(who.get("/news").text)["mark"])

    before = mark(ada), mark(eve)
    say(ada, threat, "have")
    assert mark(ada) != before[0]
    assert mark(eve) == before[1]


# -- first answers


def test_a_mail_says_until_when_it_is_to_be_answered(here: Installation) -> None:
    ada = here.user("ada", "agent")
    soon, late, far = here.receive(
        QUESTION, letter("How do I pay?", subject="Pay"), letter("Is there a desktop app?", subject="App")
    )
    due(here, soon, 600), due(here, late, -7200), due(here, far, 9000)
    page = ada.get("/inbox?route=general").text
    for words in ("answer soon: 9 min left", "answer late by 2 h", "answer in 2 h"):
        assert words in page

    def listed(which: str) -> list[str]:
        return re.findall(r'href="/mail/(\w+)" data-item', ada.get(f"/inbox?route=general&answering={which}").text)

    assert listed("open") == [late, soon, far]
    assert listed("soon") == [soon]
    assert listed("overdue") == [late]
    assert len(listed("nonsense")) == 3


def test_people_say_of_several_that_they_are_answered(here: Installation) -> None:
    ada = here.user("ada", "agent")
    one, two = here.receive(QUESTION, letter("How do I pay?", subject="Pay"))
    due(here, one, -60), due(here, two, 600)
    chosen = [f"{one}.1", f"{two}.1"]
    page = ada.post("/inbox", csrf=ada.csrf(), mail=chosen, verb="elsewhere", to="/inbox?route=general")
    assert page.status == 200
    assert "answered late" in page.text
    assert page.text.count(">answered") == 2
    assert "Not answered after all" in ada.get(f"/mail/{one}").text
    ada.post(f"/mail/{one}/answered", csrf=ada.csrf(), verb="unanswered")
    page = ada.post(f"/mail/{one}/answered", csrf=ada.csrf(), verb="needless")
    assert "needs no answer" in page.text
    assert ada.post(f"/mail/{one}/answered", csrf=ada.csrf(), verb="nonsense").status == 409
    assert [deed.what for deed in here.house.people.journal.deeds(to=one)] == [
        "mail-needless",
        "mail-unanswered",
        "mail-elsewhere",
    ]


def test_without_targets_nothing_is_said_of_answers(tmp_path: Path) -> None:
    with installation(tmp_path) as here:
        ada = here.user("ada", "lead")
        here.receive(QUESTION)
        page = ada.get("/inbox").text
        assert "First answer" not in page
        assert "Answered elsewhere" not in page
        assert "First answers" not in ada.get("/condition").text


def test_only_at_desks_with_a_target_late_answers_are_looked_for(here: Installation) -> None:
    lea = here.user("lea", "lead")
    assert "answering=overdue" in lea.get("/inbox").text
    assert "answering=overdue" in lea.get("/inbox?route=general").text
    assert "answering=overdue" not in lea.get("/inbox?route=refunds").text


def test_a_lead_sees_how_desks_keep_it(here: Installation) -> None:
    lea, other = here.user("lea", "lead"), here.user("oda", "lead", brands=("video",))
    one, two, three = here.receive(
        QUESTION, letter("How do I pay?", subject="Pay"), letter("Is there an app?", subject="App")
    )
    for mail in (one, two, three):
        due(here, mail, 600)
    here.room.first_answers.say(lea_user(here), [one, two], "elsewhere")
    due(here, one, -60), due(here, two, -1), due(here, three, -1)
    page = lea.get("/condition").words
    assert "First answers in time" in page
    assert "4 hours" in page
    assert '0 % <span class="soft">of 3, 1 open still</span>' in page
    assert "First answers in time" not in other.get("/condition").text


def lea_user(here: Installation) -> Any:
    return here.house.people.accounts.user(UserName("lea"))


# -- cases


def test_cases_whose_time_runs_out_are_counted_at_the_side_and_said_in_words(here: Installation) -> None:
    ada = here.user("ada", "lead")
    (mail,) = here.receive(APPEAL)
    here.room.casework.catch_up()
    assert " due<" not in ada.get("/cases").text
    case = here.room.cases.of_mail(mail, ALL)
    assert case is not None
    early = replace(case, received_at=case.received_at - 3000)
    kept = here.room.cases.put(here.room.casework.desks.change(early, here.room.clock()))
    page = ada.get("/cases?near=1")
    assert '1 due<span class="sr"> soon or late</span>' in page.text
    assert "near its end, 9 min left" in page.text
    assert "and none late" in ada.get("/condition").text
    late = replace(kept, received_at=case.received_at - 9000)
    here.room.cases.put(here.room.casework.desks.change(late, here.room.clock()))
    assert "First answer: late by 1 h" in ada.get("/cases?near=1").text
    assert "1 late</a>" in ada.get("/condition").text
    assert told(programme(here, "ada", "lead").get("/health"))["cases"] == {"near": 0, "late": 1}
