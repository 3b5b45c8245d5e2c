"""People and keys, oneself, audit log, dead letters and health."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postroom.flow.verdicts import Reviewing
from postroom.model.errors import Refused
from postroom.model.hooks import Hook, HookName
from postroom.model.mail import BrandName, Mail, MailId, RouteName
from postroom.model.people import Deed, Sight, UserName
from postroom.model.work import Park
from postroom.ports import JobFilter
from postroom.web.pages import letters
from postroom.web.site import site
from tests.api_house import programme, told
from tests.pages_house import APPEAL, PASSWORD, REFUND, SETTINGS, Browser, Installation, installation, letter

OTHER = "four words in a row"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        yield made


@pytest.fixture
def ada(here: Installation) -> Browser:
    return here.user("ada", "admin")


def test_an_admin_adds_changes_and_disables_somebody(here: Installation, ada: Browser) -> None:
    token = ada.csrf()
    page = ada.post("/people", csrf=token, name="sam", role="agent", shown="Sam", routes=["appeals"], password=PASSWORD)
    assert page.status == 200
    assert "sam" in page.words
    sam = here.browser()
    assert sam.sign_in("sam").status == 200
    one = ada.get("/people/sam")
    assert "<option selected>agent</option>" in one.text
    assert 'value="appeals" checked' in one.text
    assert ada.get("/people/nobody").status == 404
    ada.post("/people/sam", csrf=token, role="reviewer", shown="Sam", brands=["shop", "video"], urgent="1")
    user = here.house.people.accounts.user(UserName("sam"))
    assert user is not None
    assert (user.role, user.brands, user.routes, user.urgent) == ("reviewer", ("shop", "video"), (), True)
    assert sam.get("/review").status == 200
    ada.post("/people/sam", csrf=token, role="reviewer", disabled="1")
    sam.get("/inbox")
    assert sam.at.startswith("/sign-in")
    log = ada.get("/audit?to=sam").words
    assert all(what in log for what in ("user-added", "user-changed", "user-disabled", "sign-in"))


def test_who_is_of_a_desk_that_is_no_more_does_not_come_to_be_of_all(here: Installation, ada: Browser) -> None:
    here.user("sam", "agent")
    accounts = here.house.people.accounts
    was = accounts.user(UserName("sam"))
    assert was is not None
    of_old = replace(was, brands=(BrandName("gone"),), routes=(RouteName("fraud"),))
    accounts.put_user(of_old, Deed(at=0.0, by="root", what="user-changed", to="sam"), was=was)
    one = ada.get("/people/sam")
    ticked = re.findall(r'name="(\w+)" value="(\w+)" checked', one.text)
    assert ticked == [("brands", "gone"), ("routes", "fraud")]
    answer = ada.post("/people/sam", csrf=ada.csrf(), role="viewer", brands=["gone"], routes=["fraud"], disabled="1")
    assert answer.status == 200
    user = accounts.user(UserName("sam"))
    assert user is not None
    assert (user.role, user.brands, user.routes, user.disabled) == ("viewer", ("gone",), ("fraud",), True)
    assert ada.post("/people/sam", csrf=ada.csrf(), role="viewer", routes=["other"]).status == 409


def test_what_somebody_else_changed_meanwhile_is_not_undone(here: Installation, ada: Browser) -> None:
    here.user("sam", "agent")
    seen = ada.get("/people/sam").text.partition('name="seen" value="')[2].partition('"')[0]
    programme(here, "root", "admin").patch("/people/sam", {"disabled": True})
    answer = ada.post("/people/sam", csrf=ada.csrf(), seen=seen, role="reviewer")
    assert answer.status == 409
    assert "was changed meanwhile" in answer.words
    user = here.house.people.accounts.user(UserName("sam"))
    assert user is not None
    assert (user.role, user.disabled) == ("agent", True)


def test_what_a_form_may_not_say_is_refused_in_words(here: Installation, ada: Browser) -> None:
    token = ada.csrf()
    for fields, words in (
        ({"name": "x y", "password": PASSWORD}, "can't be a name"),
        ({"name": "sam", "password": "short"}, "at least 12"),
        ({"name": "sam", "password": PASSWORD, "role": "king"}, "no role"),
        ({"name": "sam", "password": PASSWORD, "routes": ["nowhere"]}, "no route"),
    ):
        answer = ada.post("/people", csrf=token, **fields)
        assert answer.status == 409, fields
        assert words in answer.words
    assert [user.name for user in here.house.people.accounts.users()] == ["ada", "root"]


def test_the_last_admin_stays(here: Installation, ada: Browser) -> None:
    token = ada.csrf()
    ada.post("/people/root", csrf=token, role="viewer")
    answer = ada.post("/people/ada", csrf=token, role="viewer")
    assert answer.status == 409
    assert "no admin would be left" in answer.words


def test_a_new_password_signs_somebody_out(here: Installation, ada: Browser) -> None:
    sam = here.user("sam", "viewer")
    ada.post("/people/sam/password", csrf=ada.csrf(), password=OTHER)
    sam.get("/inbox")
    assert sam.at.startswith("/sign-in")
    assert sam.sign_in("sam", OTHER).status == 200
    ada.post("/people/sam/sessions", csrf=ada.csrf())
    sam.get("/inbox")
    assert sam.at.startswith("/sign-in")


def test_an_admin_sees_where_somebody_is_signed_in_and_what_was_done(here: Installation, ada: Browser) -> None:
    assert "Signed in nowhere" in ada.get("/people/root").words
    here.user("sam", "viewer")
    (session,) = here.house.people.accounts.sessions(UserName("sam"))
    assert "a browser" in ada.get("/people/sam").words
    found = told(programme(here, "root", "admin").get("/people/sam/sessions"))["sessions"]
    assert [one["id"] for one in found] == [session.key.hex()[:12]]
    page = ada.post("/people/sam/sessions", csrf=ada.csrf())
    assert "sam is signed out everywhere." in page.words
    assert "Signed in nowhere" in ada.get("/people/sam").words
    for address in ("/people?done=sessions&who=nobody", "/people?done=else&who=sam", "/people?who=sam"):
        assert 'role="status">sam' not in ada.get(address).text
        assert "nobody" not in ada.get(address).words


def test_a_key_is_shown_once_and_can_be_revoked(here: Installation, ada: Browser) -> None:
    page = ada.post("/keys", csrf=ada.csrf(), user="ada", scope="read", days="30", note="metrics board")
    token = page.text.partition('class="token">')[2].partition("<")[0]
    found = here.house.people.signing_in.by_key(token)
    assert found is not None
    assert token not in ada.get("/people").text
    ada.post(f"/keys/{found[0].name}/revoke", csrf=ada.csrf())
    assert here.house.people.signing_in.by_key(token) is None
    for days in ("0", "-1", "many", "9" * 40, "0000019999", ""):
        assert ada.post("/keys", csrf=ada.csrf(), user="ada", scope="read", days=days, note="x").status == 409


@pytest.mark.parametrize("name", ["keys", "new", "KEYS"])
def test_whoever_is_called_like_a_page_is_changed_as_anybody(here: Installation, ada: Browser, name: str) -> None:
    here.user(name, "viewer")
    assert f'action="/people/{name}"' in ada.get(f"/people/{name}").text
    assert ada.post(f"/people/{name}", csrf=ada.csrf(), role="agent").status == 200
    found = here.house.people.team.find(name)
    assert (found.role, here.house.people.accounts.keys()) == ("agent", ())


def test_one_changes_ones_own_password_by_the_old_one(here: Installation) -> None:
    sam = here.user("sam", "viewer")
    token = sam.csrf()
    assert "this one" in sam.get("/me").words
    wrong = sam.post("/me/password", csrf=token, old="wrong wrong wrong", new=OTHER, again=OTHER)
    assert wrong.status == 409
    assert sam.post("/me/password", csrf=token, old=PASSWORD, new=OTHER, again="else else else").status == 409
    sam.post("/me/password", csrf=token, old=PASSWORD, new=OTHER, again=OTHER)
    assert sam.at.startswith("/sign-in")
    assert sam.sign_in("sam", OTHER).status == 200


def test_one_signs_oneself_out_elsewhere(here: Installation) -> None:
    sam = here.user("sam", "viewer")
    phone = here.browser()
    phone.sign_in("sam")
    sam.post("/me/sessions", csrf=sam.csrf())
    assert sam.at == "/me"
    phone.get("/inbox")
    assert phone.at.startswith("/sign-in")


def test_the_audit_log_pages_and_is_taken_along_whole(here: Installation, ada: Browser) -> None:
    from postroom.model.people import Deed

    here.house.people.journal.write([Deed(at=float(n), by="sam", what="tried", to=f"m{n}") for n in range(150)])
    page = ada.get("/audit?by=sam")
    assert page.text.count("<tr><td>") == 100
    older = page.text.partition('class="pages"')[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert ada.get(older).text.count("<tr><td>") == 50
    assert "matches" in ada.get("/audit?by=nobody").words
    assert ada.get("/audit?before=xyz").status == 200
    lines = [json.loads(line) for line in ada.get("/audit.jsonl").text.splitlines()]
    assert [line["number"] for line in lines] == list(range(len(lines), 0, -1))
    assert here.house.people.journal.verify() == len(lines)


def test_the_audit_log_of_some_days(here: Installation, ada: Browser) -> None:
    from postroom.model.people import Deed

    day, start = 86_400.0, 4_070_908_800.0  # 2099-01-01
    here.house.people.journal.write(
        [Deed(at=start + n * day / 2, by="sam", what="tried", to=f"m{n}") for n in range(240)]
    )
    query = "since=2099-01-03&until=2099-03-31"
    page = ada.get(f"/audit?by=sam&{query}")
    assert page.text.count("<tr><td>") == 100
    assert "m179<" in page.text
    assert "m180<" not in page.text
    older = page.words.partition('class="pages"')[2].partition('href="')[2].partition('"')[0]
    older_page = ada.get(older).text
    assert older_page.count("<tr><td>") == 76
    assert "m3<" not in older_page
    assert f'href="/audit.jsonl?by=sam&{query}"' in page.words
    lines = [json.loads(line)["to"] for line in ada.get(f"/audit.jsonl?{query}").text.splitlines()]
    assert lines == [f"m{n}" for n in range(179, 3, -1)]
    assert ada.get("/audit?since=yesterday").status == 409


# -- dead letters


def park(here: Installation, raw: bytes) -> MailId:
    """A mail whose delivery is given up on."""
    reception = here.house.reception()
    from postroom.model.mail import Envelope, Peer

    envelope = Envelope(mail_from="ada@example.net", rcpt_to=("support@shop.test",))
    (mail,) = reception.accept(envelope, raw, Peer(door="pipe", trusted=True)).result()
    store = here.house.store
    here.house.judging().judge(store.claim("judge", 9, "judge.1.1"))
    for name in here.house.destinations:
        for job in store.claim("deliver", 9, "deliver.1.1", destination=name):
            store.settle([Park(job=job, error="550 <b>no</b> such user", why="gave-up")])
    return mail.id


def test_dead_letters_are_seen_and_tried_again(here: Installation, ada: Browser) -> None:
    mail = park(here, APPEAL)
    page = ada.get("/letters").text
    assert mail in page
    assert "550 &lt;b&gt;no" in page
    number = page.partition('name="job" value="')[2].partition('"')[0]
    assert ada.post("/letters", csrf=ada.csrf(), verb="again").status == 409
    assert ada.post("/letters", csrf=ada.csrf(), verb="burn", job=number).status == 409
    assert "No dead letters" in ada.post("/letters", csrf=ada.csrf(), verb="again", job=number).words
    here.work()
    assert [job.state for job in here.house.store.jobs(JobFilter(mail_id=mail, kinds=("deliver",)))] == ["done"]
    assert "letters-tried-again" in ada.get(f"/audit?to={mail}").words
    assert len(here.house.people.journal.deeds(what="letters-tried-again")) == 1


def test_a_letter_is_dropped_only_with_a_reason_and_can_come_back(here: Installation, ada: Browser) -> None:
    mail = park(here, APPEAL)
    number = ada.get("/letters").text.partition('name="job" value="')[2].partition('"')[0]
    assert "Say why" in ada.post("/letters", csrf=ada.csrf(), verb="drop", job=number).words
    ada.post("/letters", csrf=ada.csrf(), verb="drop", job=number, reason="answered by telephone")
    assert mail not in ada.get("/letters").text
    assert "answered by telephone" in ada.get("/letters?state=dropped").words
    ada.post("/letters", csrf=ada.csrf(), verb="again", job=number, state="dropped")
    assert ada.at == "/letters?state=dropped"
    here.work()
    assert [job.state for job in here.house.store.jobs(JobFilter(mail_id=mail, kinds=("deliver",)))] == ["done"]


RESCUE = """
[destination.rescue]
kind = "inbox"
"""


@pytest.fixture
def with_rescue(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path, SETTINGS + RESCUE) as made:
        yield made


def test_letters_are_brought_to_another_destination_of_nobody_else(with_rescue: Installation) -> None:
    here = with_rescue
    ada = here.user("ada", "admin")
    mail = park(here, APPEAL)
    number = ada.get("/letters").text.partition('name="job" value="')[2].partition('"')[0]
    say = {"csrf": ada.csrf(), "verb": "send", "job": number}
    assert "Say where" in ada.post("/letters", **say).words
    assert "no destination" in ada.post("/letters", to="place:rescu", reason="full", **say).words
    assert "say why" in ada.post("/letters", to="place:rescue", reason=" ", **say).words
    assert "to that desk" in ada.post("/letters", to="place:refunds", reason="full", **say).words
    assert "No dead letters" in ada.post("/letters", to="place:rescue", reason="full", **say).words
    here.work()
    jobs = here.house.store.jobs(JobFilter(mail_id=mail, kinds=("deliver",)))
    assert [(job.destination, job.state, job.generation) for job in jobs] == [
        ("appeals", "dropped", 1),
        ("rescue", "done", 1),
    ]
    assert here.house.store.decisions(mail)[-1].generation == 1
    (row,) = here.house.views.rows([mail], Sight()).values()
    assert row.state == "delivered", "what was brought elsewhere instead is not lost"
    assert "redirected:" in ada.get(f"/mail/{mail}").words
    assert "to rescue: full" in ada.get(f"/audit?to={mail}&what=letters-redirected").words
    assert "is dropped" in ada.post("/letters", to="place:rescue", reason="full", **say).words
    assert ada.post(f"/mail/{mail}/move", csrf=ada.csrf(), route="refunds", generation="1").status == 200
    assert not here.house.store.entries("rescue", unread_only=True)


def test_letters_are_moved_to_another_desk_all_at_once(here: Installation, ada: Browser) -> None:
    mails = [park(here, APPEAL), park(here, REFUND)]
    numbers = [job.id for job in here.house.store.jobs(JobFilter(states=("parked",)))]
    ada.post(
        "/letters", csrf=ada.csrf(), verb="send", to="desk:general", reason="for all", job=[str(n) for n in numbers]
    )
    here.work()
    for mail in mails:
        assert here.house.store.decisions(mail)[-1].route == "general"
        assert here.house.store.verdicts_on(mail)[-1].note == "for all"
        states = {
            job.destination: job.state for job in here.house.store.jobs(JobFilter(mail_id=mail, kinds=("deliver",)))
        }
        assert states.pop("general") == "done"
        assert set(states.values()) == {"dropped"}


def test_one_letter_that_can_not_be_moved_keeps_no_other_back(
    here: Installation, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = [park(here, APPEAL), park(here, REFUND)]
    numbers = [str(job.id) for job in here.house.store.jobs(JobFilter(states=("parked",)))]
    give = Reviewing.give

    def refuse_the_first(self: Reviewing, mail: Mail, *args: Any, **more: Any) -> Any:
        if mail.id == mails[0]:
            raise Refused("somebody was faster")
        return give(self, mail, *args, **more)

    monkeypatch.setattr(Reviewing, "give", refuse_the_first)
    page = ada.post("/letters", csrf=ada.csrf(), verb="send", to="desk:general", reason="for all", job=numbers)
    assert page.status == 409
    assert "1 of 2 mails were moved, the others not: somebody was faster" in page.words
    assert here.house.store.decisions(mails[1])[-1].route == "general"


def test_what_was_not_judged_is_at_no_desk(here: Installation, ada: Browser) -> None:
    reception, store = here.house.reception(), here.house.store
    from postroom.model.mail import Envelope, Peer

    envelope = Envelope(mail_from="ada@example.net", rcpt_to=("support@shop.test",))
    reception.accept(envelope, APPEAL, Peer(door="pipe", trusted=True)).result()
    (job,) = store.claim("judge", 9, "judge.1.1")
    store.settle([Park(job=job, error="poison", why="poison")])
    for to in ("desk:refunds", "place:appeals"):
        answer = ada.post("/letters", csrf=ada.csrf(), verb="send", to=to, reason="x", job=str(job.id))
        assert answer.status == 409
        assert "again" in answer.words


def test_letters_of_other_desks_are_neither_seen_nor_changed(here: Installation, ada: Browser) -> None:
    mine, other = park(here, APPEAL), park(here, REFUND)
    lee = here.user("lee", "lead", routes=("appeals",))
    page = lee.get("/letters").text
    assert mine in page
    assert other not in page
    numbers = [job.id for job in here.house.store.jobs(JobFilter(mail_id=other, states=("parked",)))]
    assert lee.post("/letters", csrf=lee.csrf(), verb="again", job=[str(one) for one in numbers]).status == 409
    assert [job.state for job in here.house.store.jobs(JobFilter(mail_id=other, kinds=("deliver",)))] == ["parked"]


def test_letters_of_other_desks_hide_none_of_ones_own(
    here: Installation, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "_AT_ONCE", 2)
    for number in range(5):
        park(here, letter(f"My account was suspended, please restore it. {number}", subject="Suspended account"))
    mine = park(here, REFUND)
    lee = here.user("lee", "lead", routes=("refunds",))
    assert f"/mail/{mine}" in lee.get("/letters").text
    assert f"/mail/{mine}" in ada.get("/letters").text


def test_the_audit_log_leads_to_what_something_was_done_to(here: Installation, ada: Browser) -> None:
    (mail,) = here.receive(APPEAL)
    ada.post(f"/mail/{mail}/move", csrf=ada.csrf(), route="refunds", generation="1", note="secret words")
    page = ada.get("/audit?what=verdict").words
    assert f'<a href="/mail/{mail}">{mail}</a>' in page
    assert "appeals to refunds" in page
    assert "secret words" not in page
    here.house.people.journal.write([Deed(at=1.0, by="ada", what="case-note", to="case 7")])
    assert '<a href="/case/7">case 7</a>' in ada.get("/audit?to=case 7".replace(" ", "%20")).words


def test_health_tells_a_lead_of_one_brand_of_that_alone(here: Installation, ada: Browser) -> None:
    from postroom.model.mail import DestinationName
    from postroom.model.work import Lane

    park(here, APPEAL)
    for name in ("refunds", "appeals"):
        lane = Lane(destination=DestinationName(name), down=True, probe_at=9.0, failures=3, error="ada@example.net: no")
        here.house.store.set_lane(lane)
    lee = here.user("lee", "lead", brands=("video",), routes=("refunds",), urgent=True)
    page = lee.get("/condition").words.partition("<main")[2]
    for word in ("Accepted", "To be judged", "look at them", "On disk", "Urgent that", "appeals", "ada@example.net"):
        assert word not in page, word
    assert "refunds</th>" in page
    assert "<b>0</b><span>with spot checks" in page
    sam = here.user("sam", "lead", brands=("shop",), routes=("appeals",))
    assert '<b>1</b><span><a href="/letters">' in sam.get("/condition").words
    page = lee.get("/letters").words
    assert "refunds is down;" in page
    assert "appeals is down" not in page
    assert "ada@example.net: no" in ada.get("/condition").words
    key = programme(here, "lee", "lead")
    assert key.get("/census").status == 404
    found = told(key.get("/health"))
    assert [(one["destination"], one["down"], one["error"]) for one in found.pop("destinations")] == [
        ("refunds", True, "")
    ]
    assert found == {"waiting": 0, "parked": 0, "urgent": None, "cases": None, "given_up": []}
    assert told(programme(here, "sam", "lead").get("/health"))["parked"] == 1


def test_health_tells_what_waits_and_what_is_down(here: Installation, ada: Browser) -> None:
    from postroom.model.mail import DestinationName
    from postroom.model.work import Lane

    park(here, APPEAL)
    here.house.store.set_lane(
        Lane(destination=DestinationName("refunds"), down=True, probe_at=9.0, failures=3, error="connection refused")
    )
    page = ada.get("/condition").words
    assert "connection refused" in page
    assert "look at them" in page
    assert "refunds is down" in ada.get("/letters").words
    found = told(programme(here, "ada", "lead").get("/health"))
    (failed,) = found["destinations"]
    assert failed == {
        "destination": "refunds", "down": True, "probe_at": 9.0, "failures": 3, "error": "connection refused"
    }  # fmt: skip
    assert found["parked"] == 1


class _Counted:
    def counts(self) -> dict[str, dict[str, int]]:
        return {"desk": {"given-up": 3, "done": 9}}


def test_health_names_webhooks_whose_calls_were_given_up_to_those_who_see_them(here: Installation) -> None:
    hooks = tuple(Hook(name=HookName(name), where="hooks.example") for name in ("desk", "other"))
    room = replace(here.room, known_hooks=hooks, hooks=_Counted())  # type: ignore[arg-type]
    boss, lea = here.user("boss", "admin"), here.user("lena", "lead")
    boss.app = lea.app = site(room)
    page = boss.get("/condition").text
    assert '<a href="/hooks?hook=desk&amp;state=given-up">3 calls of the webhook desk were given up</a>' in page
    assert "webhook other" not in page
    assert "given up" not in lea.get("/condition").text
    asked = replace(here, app=boss.app)
    told_to = {scope: told(programme(asked, "boss", scope).get("/health"))["given_up"] for scope in ("admin", "lead")}
    assert told_to == {"admin": [{"hook": "desk", "calls": 3}], "lead": []}
