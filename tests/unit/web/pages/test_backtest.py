"""Rules tried on the past, in the browser and by the API: from asking to what it came to, for those who may see it."""

import csv
import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.adapters.store.backtests import SqliteBacktests
from postroom.adapters.store.rulebooks import SqliteDrafts
from postroom.bootstrap.backtesting import work_off
from postroom.model.mail import MailId
from postroom.model.rulebooks import SheetName
from tests.api_house import Programme, problem, programme, told
from tests.pages_house import APPEAL, QUESTION, REFUND, Browser, Installation, installation, letter

RULE = """
[[rule]]
name = "=order"
when = 'new_text.contains("order")'
route = "general"
stop = true
tags = ["order"]
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as made:
        made.house.rules.load()  # as a judge does
        yield made


@pytest.fixture
def lea(here: Installation) -> Browser:
    return here.user("lea", "lead")


@pytest.fixture
def mails(here: Installation) -> list[MailId]:
    """A refund, which the draft sends elsewhere, and others."""
    return here.receive(REFUND, APPEAL, QUESTION)


def draft(here: Installation, text: str = RULE) -> int:
    return SqliteDrafts(here.house.store.units).keep({SheetName("rules/mine.toml"): text}, "lea", time.time())


def done(here: Installation, who: Browser, **fields: object) -> str:
    """The address of one that has ended."""
    who.post("/backtest", csrf=who.csrf(), **({"days": 14, "brand": "", "draft": 0} | fields))
    assert work_off(here.house)
    return who.at


def test_from_asking_to_what_it_came_to(here: Installation, lea: Browser, mails: list[MailId]) -> None:
    number = draft(here)
    form = lea.get(f"/backtest?draft={number}")
    assert f'<option value="{number}">draft {number}</option>' in form.text
    (back,) = re.findall(r'href="(/rules/[^"]+\?draft=\d+)"', form.text)
    assert RULE.splitlines()[1].replace('"', "&#34;") in lea.get(back).text
    assert lea.get(back.partition("=")[0] + "=99").status == 409
    page = lea.post("/backtest", csrf=lea.csrf(), days=14, brand="", draft=number)
    assert "It begins in a moment" in page.words
    assert "data-running" in page.text
    assert work_off(here.house)
    page = lea.get(lea.at)
    assert "1 of 3 mails would go elsewhere." in page.words
    assert page.text.count("<svg") == 2
    assert "refunds to general: 1" in page.text
    assert f"/mail/{mails[0]}" in page.text
    assert f"/mail/{mails[1]}" not in page.text
    assert "new: rule «=order» for general" in page.words
    assert "data-running" not in page.text
    assert "lea" in lea.get("/backtest").words
    audit = here.room.journal.deeds(what="backtest-asked")
    assert [(deed.by, deed.to, deed.detail) for deed in audit] == [("lea", "1", f"draft {number}, 14 days")]


def test_the_list_is_chosen_from_and_taken_along(here: Installation, lea: Browser, mails: list[MailId]) -> None:
    address = done(here, lea, draft=draft(here))
    for query, found in (
        ("kind=moved", True), ("kind=urgent", False), ("source=refunds", True), ("target=refunds", False), ("kind=nonsense", True),
        ("after=1", False), ("after=x", True),
    ):  # fmt: skip
        assert (f"/mail/{mails[0]}" in lea.get(f"{address}?{query}").text) == found, query
    answer = lea.get(f"{address}/mails.csv?kind=moved")
    assert answer.headers["content-disposition"] == 'attachment; filename="backtest-1.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["mail"], row["in_force"], row["tried"], row["tags_tried"]) == (mails[0], "refunds", "general", "order")
    assert lea.get(f"{address}/mails.csv?kind=urgent").text.count("\n") == 1
    (fact,) = json.loads(lea.get(f"{address}/mails.json").text)
    assert (fact["mail_id"], fact["brand"], fact["after"]["route"]) == (mails[0], "shop", "general")
    assert "order 4711" not in lea.get(f"{address}/mails.json").text


def test_no_cell_is_a_formula(here: Installation, lea: Browser, mails: list[MailId]) -> None:
    tag = draft(here, RULE.replace('"order"]', '"=1+1"]'))
    (row,) = csv.DictReader(io.StringIO(lea.get(f"{done(here, lea, draft=tag)}/mails.csv").text))
    assert row["tags_tried"] == "'=1+1"


def test_what_people_said_is_beside_it(here: Installation, lea: Browser, mails: list[MailId]) -> None:
    lea.post(f"/mail/{mails[0]}/move", csrf=lea.csrf(), route="general", generation=1)
    here.work()
    page = lea.get(done(here, lea, draft=draft(here)))
    assert "people had moved 1 of them, and 1 of these would now go where people put them" in page.words
    assert "as said" in page.words
    assert "moved by hand" in page.words


def test_the_files_on_the_disk_are_those_in_force_at_first(
    here: Installation, lea: Browser, mails: list[MailId]
) -> None:
    assert "nothing would change" in lea.get(done(here, lea)).words
    (here.house.base / "rules").mkdir()
    (here.house.base / "rules" / "mine.toml").write_text(RULE)
    assert "1 of 3 mails would go elsewhere." in lea.get(done(here, lea)).words


def test_mail_that_is_erased_leaves_the_list(here: Installation, lea: Browser, mails: list[MailId]) -> None:
    address = done(here, lea, draft=draft(here))
    root = here.user("eve", "admin")
    root.post("/person/erase", csrf=root.csrf(), what="ada@example.net", again="ada@example.net")
    page = lea.get(address)
    assert f"/mail/{mails[0]}" not in page.text
    assert "1 of 3 mails would go elsewhere." in page.words
    assert "3 mails could not be judged again" in lea.get(done(here, lea, draft=draft(here))).words


def test_it_can_be_cancelled_and_asked_for_again(here: Installation, lea: Browser) -> None:
    lea.post("/backtest", csrf=lea.csrf(), days=3, brand="shop", draft=0)
    address = lea.at
    second = lea.post("/backtest", csrf=lea.csrf(), days=3, brand="", draft=0)
    assert (second.status, "another back-test waits or runs" in second.words) == (409, True)
    page = lea.post(f"{address}/cancel", csrf=lea.csrf())
    assert "It was cancelled" in page.words
    assert lea.post(f"{address}/cancel", csrf=lea.csrf()).status == 409
    assert 'name="days" value="3"' in page.text
    assert not work_off(here.house)
    lea.post("/backtest", csrf=lea.csrf(), days=3, brand="shop", draft=0)
    assert lea.at != address


@pytest.mark.parametrize(
    ("state", "said"), [("failed", "It failed"), ("lost", "It was lost"), ("running", "Looking for the mails")]
)
def test_how_it_is(here: Installation, lea: Browser, state: str, said: str) -> None:
    lea.post("/backtest", csrf=lea.csrf(), days=3, brand="", draft=0)
    runs = SqliteBacktests(here.house.store.units)
    test = runs.begin(1.0)
    assert test is not None
    if state != "running":
        runs.give_up(state, "rules/a.toml:1:1: error: so\n  and so", 2.0)  # type: ignore[arg-type]
    assert said in lea.get(lea.at).words
    if state == "running":
        runs.advance(test.number, 1234, 5000)
        page = lea.get(lea.at)
        assert '<meter min="0" max="5000" value="1234"' in page.text
        assert "1,234 of 5,000 mails" in page.words


@pytest.mark.parametrize("fields", [{"days": 0}, {"days": 91}, {"days": "x"}, {"days": 5, "brand": "nope"}])
def test_what_can_not_be_asked_for(lea: Browser, fields: dict[str, object]) -> None:
    answer = lea.post("/backtest", csrf=lea.csrf(), **({"brand": "", "draft": 0} | fields))
    assert answer.status == 409


def test_mistakes_in_what_is_tried_are_told(here: Installation, lea: Browser, mails: list[MailId]) -> None:
    page = lea.get(done(here, lea, draft=draft(here, RULE.replace("general", "nowhere"))))
    assert "It failed" in page.words
    assert "rules/mine.toml:5" in page.words
    assert "this draft is not kept any more" in lea.get(done(here, lea, draft=99)).words


def test_only_those_who_see_as_much_find_it(here: Installation, lea: Browser, mails: list[MailId]) -> None:
    address = done(here, lea, draft=draft(here))
    less = here.user("leo", "lead", routes=("refunds", "general"))
    for path in ("", "/mails.csv", "/mails.json"):
        assert less.get(address + path).status == 404
    assert less.post(f"{address}/cancel", csrf=less.csrf()).status == 404
    assert "draft" not in less.get("/backtest").words.partition("The last ones")[2]
    assert "Only mail that you may see is looked at" in less.get("/backtest").words
    own = done(here, less, draft=draft(here))
    assert "1 of 2 mails would go elsewhere" in less.get(own).words
    assert lea.get(own).status == 200
    assert less.get("/backtest/999").status == less.get("/backtest/x").status == 404
    agent = here.user("ann", "agent")
    assert agent.get("/backtest").status == agent.get(own).status == 403


def test_the_api_does_the_same(here: Installation, mails: list[MailId]) -> None:
    root: Programme = programme(here, "root", "lead")
    asked = told(root.post("/backtests", {"days": 7, "draft": draft(here)}))
    assert (asked["number"], asked["state"], asked["days"], asked["report"]) == (1, "waiting", 7, None)
    assert problem(root.post("/backtests", {"days": 7}))["status"] == 409
    assert work_off(here.house)
    found = told(root.get("/backtests/1"))
    report = found["report"]
    assert (found["state"], report["mails"], report["moved"]) == ("done", 3, 1)
    assert report["words"] == "1 of 3 mails would go elsewhere. The new rule «=order» was found in 1 of 3 mails."
    assert report["flows"] == [{"source": "refunds", "target": "general", "mails": 1, "fixed": 0, "broken": 0}]
    page = told(root.get("/backtests/1/changes?kind=moved&limit=1"))
    (change,) = page["changes"]
    assert (change["mail_id"], change["mail"]["subject"], page["after"]) == (mails[0], "Charged twice", 1)
    assert told(root.get("/backtests/1/changes?after=1")) == {"changes": [], "after": 0}
    assert [one["report"] for one in told(root.get("/backtests"))["backtests"]] == [None]
    assert told(root.post("/backtests/1/cancel")) == {}
    assert told(root.get("/backtests/1"))["state"] == "done"
    for path in ("/backtests/2", "/backtests/2/changes"):
        assert problem(root.get(path))["status"] == 404
    assert problem(root.post("/backtests/2/cancel"))["status"] == 404
    assert problem(root.post("/backtests", {"days": 91}))["status"] == 422
    assert problem(programme(here, "root", "review").get("/backtests"))["status"] == 403


def test_a_mail_of_hostile_words_shows_none_of_them_in_a_report(here: Installation, lea: Browser) -> None:
    here.receive(letter("order <script>alert(1)</script>", subject="<b>order</b>\u202e"))
    page = lea.get(done(here, lea, draft=draft(here)))
    assert "<script>alert" not in page.text
    assert "&lt;b&gt;order&lt;/b&gt;" in page.text
