"""What each operation does."""

import json

import pytest

from postroom.model.people import ALL, Deed
from postroom.model.work import Park
from postroom.web.api.document import document
from postroom.web.api.table import OPERATIONS
from tests.api_house import Programme, problem, programme, told
from tests.pages_house import APPEAL, QUESTION, REFUND, Installation, letter

HTML = (
    b"From: Ada <ada@example.net>\r\nTo: support@shop.test\r\nSubject: =?utf-8?q?bad_=ED=A0=80?=\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>Hello <script>alert(1)</script>there</p>\r\n"
    b"--x\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=a.png\r\n\r\n"
    b"AAEC\r\n--x--\r\n"
)


def park(here: Installation, raw: bytes) -> tuple[str, int]:
    """A mail whose delivery was given up on: its id, and the job's number."""
    reception = here.house.reception()
    from postroom.model.mail import Envelope, Peer

    envelope = Envelope(mail_from="ada@example.net", rcpt_to=("support@shop.test",))
    (mail,) = reception.accept(envelope, raw, Peer(door="pipe", trusted=True)).result()
    store = here.house.store
    here.house.judging().judge(store.claim("judge", 10, "judge.1.1"))
    for name in here.house.destinations:
        jobs = store.claim("deliver", 10, "deliver.1.1", destination=name)
        store.settle([Park(job=job, error="it is full", why="gave-up") for job in jobs])
        if jobs:
            return mail.id, jobs[0].id
    raise AssertionError


# -- mails


def test_lists_come_in_pages(here: Installation, root: Programme) -> None:
    mails = here.receive(APPEAL, REFUND, QUESTION)
    found, after = [], ""
    for _ in range(3):
        page = told(root.get(f"/mails?limit=1&after={after}"))
        found += [one["id"] for one in page["mails"]]
        after = page["after"]
    assert found == mails[::-1]
    assert after == ""


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("route=appeals", 1),
        ("words=suspended", 1),
        ("words=zebra", 0),
        ("from=@example.net", 3),
        ("from=bob@example.net", 0),
        ("brand=video", 0),
        ("reading=unread", 3),
        ("since=1", 3),
        ("until=1", 0),
        ("urgent=true", 0),
        ("language=en", 3),
    ],
)
def test_lists_are_searched(here: Installation, root: Programme, query: str, count: int) -> None:
    here.receive(APPEAL, REFUND, QUESTION)
    assert len(told(root.get(f"/mails?{query}"))["mails"]) == count


def test_words_that_can_not_be_searched_for_are_refused(root: Programme) -> None:
    assert problem(root.get("/mails?words=%22"))["status"] == 422


def test_a_mail_is_told_whole_and_stays_unread(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(HTML)
    whole = told(root.get(f"/mails/{mail}"))
    assert whole["line"]["id"] == whole["arrival"]["id"] == whole["decision"]["id"] == mail
    assert whole["message"]["from"] == {"name": "Ada", "address": "ada@example.net"}
    assert [one["name"] for one in whole["message"]["attachments"]] == ["a.png"]
    assert whole["has_html"]
    assert told(root.get("/mails?reading=unread"))["mails"]
    assert root.post(f"/mails/{mail}/read").status == 200
    assert not told(root.get("/mails?reading=unread"))["mails"]


def test_the_bytes_of_a_mail_are_downloads(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(HTML)
    html = root.get(f"/mails/{mail}/html")
    assert "script" not in html.text
    assert html.headers["content-security-policy"].startswith("sandbox")
    for path in ("raw", "attachments/0"):
        answer = root.get(f"/mails/{mail}/{path}")
        assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.text == "\x00\x01\x02"
    assert problem(root.get(f"/mails/{mail}/attachments/1"))["status"] == 404


def test_a_mail_says_why_it_is_where_it_is(here: Installation, root: Programme) -> None:
    first, mail = here.receive(APPEAL, letter("My account was suspended, please restore it", subject="again"))
    assert told(root.get(f"/mails/{mail}/explanation"))["words"]
    assert [one["what"] for one in told(root.get(f"/mails/{mail}/events"))["events"]][:2] == ["accepted", "decided"]
    assert told(root.get(f"/mails/{mail}/alike")) == {"nearest": []}
    root.post(f"/mails/{first}/verdict", {})
    (near,) = told(root.get(f"/mails/{mail}/alike"))["nearest"]
    assert (near["id"], near["said"]) == (first, "appeals")


def test_a_mail_that_was_not_judged_has_no_decision(here: Installation, root: Programme) -> None:
    here.receive(APPEAL)
    (again,) = here.receive(APPEAL)
    assert told(root.get(f"/mails/{again}"))["decision"] is None
    assert problem(root.get(f"/mails/{again}/explanation"))["status"] == 404
    assert problem(root.post(f"/mails/{again}/verdict", {}))["status"] == 409


def test_a_verdict_moves_a_mail_and_says_what_came_of_it(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    given = told(root.post(f"/mails/{mail}/verdict", {"route": "refunds", "generation": 1, "note": "about money"}))
    assert given["verdict"]["said"] == given["decision"]["route"] == "refunds"
    assert given["deliveries"] == ["refunds"]
    stale = root.post(f"/mails/{mail}/verdict", {"route": "general", "generation": 1})
    assert "meanwhile" in problem(stale)["detail"]
    assert stale.status == 409
    wrong = problem(root.post(f"/mails/{mail}/verdict", {"route": "refund"}))
    assert wrong["errors"][0]["pointer"] == "/route"
    assert "refunds" in wrong["detail"]


def test_a_verdict_is_taken_back_and_said_beforehand_what_that_comes_to(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    assert problem(root.get(f"/mails/{mail}/undo"))["status"] == 404
    root.post(f"/mails/{mail}/verdict", {"route": "refunds"})
    here.work()
    before = told(root.get(f"/mails/{mail}/undo"))["consequences"]
    assert [(one["destination"], one["what"]) for one in before] == [("refunds", "withdrawn")]
    back = told(root.post(f"/mails/{mail}/undo", {"generation": 2, "note": "a slip"}))
    assert back["decision"]["route"] == "appeals"
    assert back["consequences"] == before
    (verdict,) = told(root.get(f"/mails/{mail}"))["verdicts"]
    assert (verdict["taken_back"]["by"], verdict["taken_back"]["note"]) == ("root", "a slip")


# -- review


def test_a_verdict_that_leads_out_of_sight_is_taken_back_by_who_gave_it(here: Installation, root: Programme) -> None:
    for name in ("sam", "rob"):
        here.user(name, "agent", routes=("appeals",))
    sam, rob = programme(here, "sam", "work"), programme(here, "rob", "work")
    (mail,) = here.receive(APPEAL)
    assert sam.post(f"/mails/{mail}/verdict", {"route": "refunds"}).status == 200
    assert sam.get(f"/mails/{mail}").status == rob.get(f"/mails/{mail}/undo").status == 404
    assert rob.post(f"/mails/{mail}/undo", {}).status == 404
    assert told(sam.get(f"/mails/{mail}/undo"))["consequences"]
    assert told(sam.post(f"/mails/{mail}/undo", {}))["decision"]["route"] == "appeals"


def test_a_move_in_another_system_is_told_once_and_delivered_nowhere(here: Installation, root: Programme) -> None:
    (mail,) = here.receive(APPEAL)
    said = {"route": "refunds", "note": "in the helpdesk"}
    assert told(root.post(f"/mails/{mail}/moved-elsewhere", said)) == {"changed": True, "deliveries": []}
    assert told(root.post(f"/mails/{mail}/moved-elsewhere", said)) == {"changed": False, "deliveries": []}
    here.work()
    assert [entry.destination for entry in here.house.store.entries("")] == []
    (verdict,) = here.house.store.verdicts_on(mail)  # type: ignore[arg-type]
    assert (verdict.by, verdict.said, verdict.note) == ("root", "refunds", "in the helpdesk")
    assert told(root.get(f"/audit?to={mail}"))["deeds"][0]["what"] == "verdict"
    for wrong in ({"route": "refund"}, {"route": "refunds", "destinations": ["nowhere"]}):
        assert problem(root.post(f"/mails/{mail}/moved-elsewhere", wrong))["status"] == 422
    elsewhere = {"route": "general", "destinations": ["refunds"]}
    assert told(root.post(f"/mails/{mail}/moved-elsewhere", elsewhere)) == {"changed": True, "deliveries": ["general"]}


def test_a_question_is_in_one_hand_at_a_time(here: Installation, root: Programme) -> None:
    here.user("rea", "reviewer")
    rea = programme(here, "rea", "review")
    mail = asked(here)
    assert told(root.get("/review")) == {"open": 1}
    taken = told(root.post("/review/take", {}))
    assert (taken["question"]["id"], taken["until"] > 0) == (mail, True)
    assert told(rea.post("/review/take", {})) == {"question": None, "until": None}
    for path in ("take", "answer"):
        assert problem(rea.post(f"/review/{mail}/{path}", {}))["status"] == 409
    assert root.post(f"/review/{mail}/give-back").status == 200
    assert told(rea.post(f"/review/{mail}/take"))["question"]["id"] == mail
    given = told(rea.post(f"/review/{mail}/answer", {"route": "refunds"}))
    assert given["verdict"]["by"] == "rea"
    assert told(root.get("/review")) == {"open": 0}


def test_a_question_that_is_skipped_comes_last(here: Installation, root: Programme) -> None:
    first, second = asked(here), asked(here, "another block")
    assert told(root.post("/review/take", {}))["question"]["id"] == first
    assert told(root.post("/review/take", {"skip": [first]}))["question"]["id"] == second


def asked(here: Installation, text: str = "a block") -> str:
    """A mail that waits in review."""
    from postroom.flow.audit import Audit

    reception, store = here.house.reception(), here.house.store
    from dataclasses import replace

    from postroom.model.mail import Envelope, Peer

    envelope = Envelope(mail_from="ada@example.net", rcpt_to=("support@shop.test",))
    (mail,) = reception.accept(envelope, letter(text), Peer(door="pipe", trusted=True)).result()
    judging = replace(here.house.judging(), audit=Audit(share=1.0, key=b"k"))
    judging.judge(store.claim("judge", 10, "judge.1.1"))
    here.work()
    return mail.id


# -- letters


def test_letters_are_listed_tried_again_and_dropped(here: Installation, root: Programme) -> None:
    mail, number = park(here, APPEAL)
    _, other = park(here, REFUND)
    page = told(root.get("/letters?limit=1"))
    assert [one["number"] for one in page["letters"]] == [number]
    assert page["letters"][0]["mail"]["id"] == mail
    assert page["letters"][0]["error"] == "it is full"
    page = told(root.get(f"/letters?after={page['after']}"))
    assert ([one["number"] for one in page["letters"]], page["after"]) == ([other], 0)
    assert told(root.post("/letters/retry", {"numbers": [number]})) == {"changed": 1}
    assert told(root.post("/letters/drop", {"numbers": [other], "reason": "a test"})) == {"changed": 1}
    assert told(root.get("/letters"))["letters"] == []
    assert [one["number"] for one in told(root.get("/letters?state=dropped"))["letters"]] == [other]
    deeds = told(root.get("/audit?by=root&limit=2"))["deeds"]
    assert {one["what"] for one in deeds} == {"letters-tried-again", "letters-dropped"}


def test_letters_are_brought_elsewhere(here: Installation, root: Programme) -> None:
    _, number = park(here, APPEAL)
    said = {"numbers": [number], "reason": "full", "to": "refunds"}
    assert "another desk's" in problem(root.post("/letters/redirect", said))["detail"]
    assert told(root.post("/letters/redirect", said | {"to": "appeals"})) == {"changed": 0}
    assert problem(root.post("/letters/redirect", said | {"numbers": [number, 999]}))["status"] == 422


def test_all_letters_are_changed_or_none(here: Installation, root: Programme) -> None:
    _, number = park(here, APPEAL)
    answer = problem(root.post("/letters/retry", {"numbers": [number, 999]}))
    assert (answer["status"], answer["errors"][0]["pointer"]) == (422, "/numbers/1")
    assert len(told(root.get("/letters"))["letters"]) == 1
    for body in ({"numbers": []}, {"numbers": [number], "reason": " "}, {"numbers": [2**80]}):
        assert problem(root.post("/letters/drop", body))["status"] == 422


# -- people


def test_people_are_added_changed_and_signed_out(here: Installation, root: Programme) -> None:
    added = told(root.post("/people", {"name": "eve", "role": "agent", "brands": ["shop"]}))
    assert added == told(root.get("/people/eve"))
    assert added["password"] is False
    assert problem(root.post("/people", {"name": "eve", "role": "agent"}))["status"] == 422
    assert problem(root.post("/people", {"name": "eva", "role": "king"}))["errors"][0]["pointer"] == "/role"
    changed = told(root.patch("/people/eve", {"role": "lead", "brands": []}))
    assert (changed["role"], changed["brands"]) == ("lead", [])
    assert problem(root.patch("/people/root", {"disabled": True}))["status"] == 422
    assert problem(root.patch("/people/nobody", {}))["status"] == 404
    here.user("ada", "agent")
    assert told(root.post("/people/ada/sign-out")) == {"ended": 1}
    assert {one["name"] for one in told(root.get("/people"))["people"]} == {"ada", "eve", "root"}


def test_ones_own_browsers_are_listed_and_signed_out(here: Installation) -> None:
    sam, ada = here.user("sam", "agent"), here.user("ada", "agent")
    key = programme(here, "sam", "work")
    assert [one["user"] for one in told(key.get("/me/sessions"))["sessions"]] == ["sam"]
    assert told(key.post("/me/sign-out")) == {"ended": 1}
    assert told(key.get("/me/sessions"))["sessions"] == []
    assert told(key.get("/me"))["person"]["name"] == "sam", "the key is no browser"
    assert (sam.get("/inbox").text != ada.get("/inbox").text, "Sign in" in sam.get("/inbox").words) == (True, True)
    assert programme(here, "sam", "read").post("/me/sign-out").status == 403


def test_keys_are_listed_and_revoked_but_never_made(root: Programme) -> None:
    (key,) = told(root.get("/keys"))["keys"]
    assert key["name"] == told(root.get("/me"))["key"]
    assert root.token not in root.get("/keys").text
    assert problem(root.post("/keys", {}))["status"] == 405
    assert problem(root.post("/keys/nothing/revoke"))["status"] == 404
    assert not any("key" in one.name and one.method == "POST" and one.name != "revoke_key" for one in OPERATIONS)
    root.here.house.people.team.revoke_key(key["name"], "root")
    other = programme(root.here, "root", "admin")
    assert problem(other.post(f"/keys/{key['name']}/revoke"))["status"] == 409


def test_views_are_kept_by_a_key_that_may_change_something(here: Installation) -> None:
    here.user("ada", "agent")
    read, work = programme(here, "ada", "read"), programme(here, "ada", "work")
    wanted = {"name": "German", "search": {"language": "de"}}
    assert problem(read.post("/views", wanted))["status"] == 403
    number = told(work.post("/views", wanted))["number"]
    assert [one["name"] for one in told(read.get("/views"))["views"]] == ["German"]
    for path in (f"/views/{number}/delete", "/views/first", "/views/order"):
        assert read.post(path, {}).status == 403
    assert read.patch(f"/views/{number}", {"name": "x"}).status == 403


# -- the house


def test_who_asks_is_told_what_they_may(here: Installation) -> None:
    here.user("ada", "lead", brands=("shop",), routes=("appeals",))
    me = told(programme(here, "ada", "work").get("/me"))
    assert (me["person"]["name"], me["person"]["role"], me["scope"]) == ("ada", "agent", "work")
    desks = told(programme(here, "ada", "read").get("/desks"))
    assert desks == {"routes": ["appeals"], "brands": ["shop"], "unread": [], "elsewhere": [], "to_confirm": 0}


def test_numbers_for_instruments(here: Installation, root: Programme) -> None:
    here.receive(APPEAL, REFUND)
    census = told(root.get("/census"))
    assert (census["arrivals"], census["jobs"]["deliver"]["done"]) == (2, 2)
    assert told(root.get("/desks"))["unread"] == [
        {"route": "appeals", "brand": "shop", "unread": 1},
        {"route": "refunds", "brand": "shop", "unread": 1},
    ]


def test_several_mails_are_moved_at_once_each_with_its_own_outcome(here: Installation, root: Programme) -> None:
    one, two, decided_since, taken = here.receive(
        APPEAL, REFUND, QUESTION, letter("How do I pay by card?", subject="Pay")
    )
    told(root.post(f"/mails/{decided_since}/verdict", {"route": "appeals"}))
    here.user("sam", "agent", routes=("general", "refunds", "appeals"), brands=("shop",))
    sam, other = programme(here, "sam", "work"), here.receive(QUESTION, to="help@video.test")[0]
    named = [{"id": mail, "generation": 1} for mail in (one, two, decided_since, other, taken)]
    said = {"mails": named, "route": "copyright", "note": "all of it"}
    answer = sam.post("/verdicts", said, idempotency_key="k")
    found = told(answer)
    assert [(line["id"], line["status"], line["generation"]) for line in found["mails"]] == [
        (one, 200, 2), (two, 200, 2), (decided_since, 409, 0), (other, 404, 0), (taken, 200, 2),
    ]  # fmt: skip
    assert found["moved"] == 3
    assert "meanwhile" in found["mails"][2]["detail"]
    for mail in (one, two, taken):
        assert here.house.store.decisions(mail)[-1].route == "copyright"
        assert here.house.store.verdicts_on(mail)[-1].by == "sam"
    assert here.house.store.decisions(decided_since)[-1].route == "appeals"
    again = sam.post("/verdicts", said, idempotency_key="k")
    assert (again.text, again.headers["idempotency-replayed"]) == (answer.text, "true")
    assert len(here.house.store.decisions(one)) == 2
    for wrong, pointer in (({"route": "nowhere"}, "/route"), ({"mails": [*named, named[0]]}, "/mails")):
        assert problem(sam.post("/verdicts", said | wrong))["errors"][0]["pointer"] == pointer
    assert problem(sam.post("/verdicts", said | {"mails": named * 41}))["status"] == 422


def test_the_audit_log_comes_in_pages(here: Installation, root: Programme) -> None:
    here.house.people.journal.write([Deed(at=1.0, by="", what=f"w{n}") for n in range(3)])
    found, after = [], 0
    while True:
        page = told(root.get(f"/audit?limit=2&after={after}"))
        found += [one["number"] for one in page["deeds"]]
        after = page["after"]
        if not after:
            break
    assert found == list(range(found[0], 0, -1))
    assert told(root.get("/audit?what=w1"))["deeds"][0]["what"] == "w1"
    later = 4_070_908_800.0
    here.house.people.journal.write([Deed(at=later + n, by="", what=f"late{n}") for n in range(3)])
    some = told(root.get(f"/audit?since={later + 1}&until={later + 2}"))["deeds"]
    assert [one["what"] for one in some] == ["late1"]


# -- the document


def test_answers_are_as_the_document_says(here: Installation, root: Programme) -> None:
    """Every field that an answer has is in its schema: what facts tell is not lost on the way."""
    from postroom.flow.facts import decision_facts, explanation_facts, mail_facts, message_facts

    (mail_id,) = here.receive(HTML)
    (mail,) = here.house.store.read([mail_id])
    message, decision = here.room.read(mail), here.house.store.decisions(mail_id)[-1]
    whole = told(root.get(f"/mails/{mail_id}"))
    without_path = message_facts("", message)
    without_path.pop("path")
    assert whole["message"].keys() == without_path.keys()
    decided = decision_facts("", decision)
    decided.pop("path")
    assert whole["decision"].keys() == decided.keys()
    assert whole["arrival"].keys() == mail_facts(mail).keys()
    explained = explanation_facts(here.room.explain(decision, message, ALL))
    assert told(root.get(f"/mails/{mail_id}/explanation")) == json.loads(json.dumps(explained))
    assert document(OPERATIONS)["components"]["schemas"]["MailFacts"]["properties"].keys() == whole.keys()
