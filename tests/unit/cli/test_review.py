"""`postroom review`: from what waits to a verdict, and the figures of many."""

import getpass
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from postroom.adapters.store.sqlite import SqliteStore
from postroom.model.judgement import Verdict
from postroom.model.mail import MailId, RouteName
from tests.unit.flow.house import a_message

from .conftest import SETTINGS, Postroom

VAGUE = "I do not know whether this is the right address for my question at all, can you tell me who could help me?"
UNSURE = SETTINGS.replace('destinations = ["general"]', 'destinations = ["general"]\nthreshold = 0.999', 1)


@pytest.fixture
def asked(folder: Path, postroom: Postroom, work: Callable[[], None]) -> str:
    """Id of a mail that waits in review."""
    (folder / "postroom.toml").write_text(UNSURE)
    (folder / "vague.eml").write_bytes(a_message(VAGUE, Message_ID="<vague@example.com>", Subject="A \x1b[31mquestion"))
    ran = postroom("route", "--deliver", "--json", "vague.eml")
    assert ran.code == 0, ran.err
    work()
    return ran.lines[0]["id"]


def test_what_waits_is_listed_shown_and_moved(
    asked: str, folder: Path, postroom: Postroom, work: Callable[[], None]
) -> None:
    listed = postroom("review", "list")
    assert (listed.code, listed.err) == (0, "")
    assert asked in listed.out
    assert "23h left" in listed.out
    assert "ada@example.com" in listed.out
    assert "\x1b" not in listed.out
    (facts,) = postroom("review", "list", "--json").lines
    assert (facts["id"], facts["asked"], facts["decided"], facts["route"]) == (asked, "review", "general", "review")
    shown = postroom("review", "show", asked[:10])
    assert VAGUE in shown.out.partition("where a person decides")[0], "its text is what a reviewer wants first"
    assert "where a person decides" in shown.out
    assert "generation 1" in shown.out
    moved = postroom("review", "move", asked, "appeals", "--as", "ada", "--note", "reads like one", "--generation", "1")
    assert moved.out == f"{asked}: ada moves it from general to appeals; it is being delivered to appeals.\n"
    assert moved.err == f"Undo: postroom review undo {asked}\n"
    assert postroom("review", "list").out == "Nothing waits for a person.\n"
    work()
    (entry,) = postroom("inbox", "list", "appeals", "--json").lines
    assert (entry["id"], entry["route"], entry["confidence"]) == (asked, "appeals", 1.0)
    assert postroom("inbox", "list", "review", "--json").lines == [], "it has left"
    late = postroom("review", "confirm", asked, "--generation", "1")
    assert late.code == 1
    assert "decided by ada meanwhile" in late.err
    shown = postroom("review", "show", asked)
    assert "ada said appeals; the decision was general (reads like one)" in shown.out
    assert "It goes to appeals: ada says so (reads like one)." in shown.out
    facts = postroom("review", "show", asked, "--json").lines[0]
    assert [v["said"] for v in facts["verdicts"]] == ["appeals"]
    assert facts["decision"]["by"] == "ada"
    told = postroom("explain", asked)
    assert "verdict  ada said appeals: reads like one" in told.out
    again = postroom("explain", "--again", asked)
    assert "it comes to the same: review" in again.out, "a person's word is no judgement"


def test_a_verdict_is_taken_back(asked: str, postroom: Postroom, work: Callable[[], None]) -> None:
    none = postroom("review", "undo", asked, "--as", "bob")
    assert (none.code, none.err) == (1, f"postroom: there is no verdict on {asked} to take back\n")
    assert postroom("review", "move", asked, "appeals", "--as", "ada").code == 0
    work()
    taken = postroom("review", "undo", asked, "--as", "bob", "--note", "wrong mail", "--generation", "2")
    assert (taken.code, taken.err) == (0, "")
    assert taken.out == (
        f"{asked}: that ada said appeals is taken back; it is in review again.\n"
        "it leaves appeals, unless somebody there has touched it\n"
    )
    work()
    assert [e["id"] for e in postroom("inbox", "list", "review", "--json").lines] == [asked]
    assert postroom("inbox", "list", "appeals", "--json").lines == []
    assert [one["id"] for one in postroom("review", "list", "--json").lines] == [asked]
    (said,) = postroom("review", "show", asked, "--json").lines[0]["verdicts"]
    assert (said["said"], said["taken_back"]["by"], said["taken_back"]["note"]) == ("appeals", "bob", "wrong mail")
    assert "ada said appeals; the decision was general; bob took that back" in postroom("review", "show", asked).out
    again = postroom("explain", "--again", asked)
    assert "it comes to the same: review" in again.out, "what stands again is no judgement of its own"
    tasks = [
        job["task"] for job in postroom("queue", "list", "--state", "done", "--json").lines if job["task"] != "deliver"
    ]
    assert tasks == ["withdraw", "correct"]


FORWARD = """
[destination.appeals]
kind = "mbox"
path = "appeals.mbox"
"""


def test_what_cannot_be_taken_back_waits_and_is_said_beforehand(
    asked: str, folder: Path, postroom: Postroom, work: Callable[[], None]
) -> None:
    settings = re.sub(r"\[destination\.appeals\]\n(?:[^\[].*\n)*", "", (folder / "postroom.toml").read_text())
    (folder / "postroom.toml").write_text(settings + FORWARD)
    moved = postroom("review", "move", asked, "appeals", "--as", "ada")
    assert "appeals can't take it back: it goes there in 60 seconds." in moved.err
    work()
    assert not (folder / "appeals.mbox").exists()
    taken = postroom("review", "undo", asked, "--as", "ada", "--json").lines[0]
    assert taken["consequences"] == [{"destination": "appeals", "what": "waiting", "told": False}]
    assert (taken["route"], taken["deliveries"], taken["waiting"]) == ("review", ["review"], [])
    moved = postroom("review", "move", asked, "appeals", "--as", "ada", "--json").lines[0]
    assert (moved["deliveries"], moved["waiting"]) == (["appeals"], ["appeals"])
    assert postroom("review", "undo", asked, "--as", "ada").out.endswith(
        "it has not gone to appeals, and does not go\n"
    )
    postroom("review", "move", asked, "appeals", "--as", "ada")
    assert postroom("queue", "retry", "--to", "appeals").code == 0
    work()
    assert (folder / "appeals.mbox").read_bytes().count(b"X-Postroom-Id") == 1
    late = postroom("review", "undo", asked, "--as", "ada")
    assert (late.code, late.out) == (1, "")
    assert "appeals has it, and is told that it belongs elsewhere. Take it back all the same with --yes" in late.err
    taken = postroom("review", "undo", asked, "--as", "ada", "--yes")
    assert "appeals has it, and is told that it belongs elsewhere\n" in taken.out
    assert postroom("queue", "retry", "--to", "appeals").code == 0
    work()
    assert b"X-Postroom-Corrects: " + asked.encode() in (folder / "appeals.mbox").read_bytes()


def test_confirming_is_said_with_the_login_name(
    asked: str, postroom: Postroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "carla")
    facts = postroom("review", "confirm", asked, "--json").lines[0]
    assert (facts["by"], facts["said"], facts["right"], facts["deliveries"]) == ("carla", "general", True, ["general"])
    assert (facts["asked"], facts["probability"]) == ("review", 1.0)
    monkeypatch.delenv("SUDO_USER")
    monkeypatch.setattr(getpass, "getuser", lambda: "dora")
    ran = postroom("review", "confirm", asked)
    assert ran.out == f"{asked}: dora confirms general; it lies there already.\n"

    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr(getpass, "getuser", nobody)
    ran = postroom("review", "confirm", asked)
    assert (ran.code, ran.err) == (1, "postroom: nobody knows your login name: say who you are with --as NAME\n")


def test_why_it_is_there_is_shown_with_verdicts_on_its_like(
    asked: str, folder: Path, postroom: Postroom, work: Callable[[], None]
) -> None:
    assert postroom("review", "move", asked, "appeals", "--as", "ada").code == 0
    (folder / "alike.eml").write_bytes(
        a_message(VAGUE + " My account.", Message_ID="<alike@example.com>", Subject="Hi")
    )
    (ran,) = postroom("route", "--deliver", "--json", "alike.eml").lines
    work()
    for command in (("explain",), ("review", "show")):
        told = postroom(*command, ran["id"]).out
        assert "For and against, in log-odds" in told
        assert "how frequent such mail is" in told
        assert "Verdicts on the mails most like it" in told
        assert re.search(rf"\d+% +{asked} .*question +appeals, not general +ada ", told)
        facts = postroom(*command, ran["id"], "--json").lines[0]
        (near,) = facts["nearest"]
        assert (near["id"], near["said"], near["by"]) == (asked, "appeals", "ada")
        assert facts["changes"]
        decision = facts["decision"] if command[0] == "review" else facts["decisions"][-1]
        assert facts["balance"][0]["route"] == decision["decided"]
    facts = postroom("review", "show", ran["id"], "--json").lines[0]
    text = f"{facts['subject']}\n{facts['new_text']}"
    assert [text[one["start"] : one["end"]] for one in facts["telling"]] == [one["text"] for one in facts["telling"]]
    for command in (("explain", "alike.eml"), ("explain", "alike.eml", "--json")):
        assert asked in postroom(*command).out, "of a file too"


def test_shadow_is_said(asked: str, folder: Path, postroom: Postroom) -> None:
    settings = (folder / "postroom.toml").read_text()
    (folder / "postroom.toml").write_text(
        settings.replace('["appeals"]\n[route', '["appeals"]\nstage = "shadow"\nbefore = ["general"]\n[route', 1)
    )
    ran = postroom("review", "move", asked, "appeals", "--as", "ada")
    assert "delivered to general" in ran.out
    assert "appeals is in shadow for this mail" in ran.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("list", "--asked", "nobody"), 2, "use review or audit"),
        (("move", "{}", "refund"), 1, "there is no route 'refund'"),
        (("move", "{}", "review"), 1, "review is no desk"),
        (("show", "zzz"), 1, "no mail with the id zzz"),
        (("confirm", "{}", "--as", " "), 1, "has a name"),
    ],
)
def test_mistakes_are_told(asked: str, postroom: Postroom, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = postroom("review", *(a.format(asked) for a in arguments))
    assert ran.code == code
    assert said in ran.err


def test_what_is_not_judged_yet_can_be_looked_at(folder: Path, postroom: Postroom) -> None:
    (ran,) = postroom("route", "--deliver", "--json", "mail.eml").lines
    shown = postroom("review", "show", ran["id"])
    assert shown.out.endswith("It has not been judged yet.\n")
    assert postroom("review", "show", ran["id"], "--json").lines[0]["decision"] is None


def test_more_than_the_limit_is_said(folder: Path, postroom: Postroom, work: Callable[[], None]) -> None:
    (folder / "postroom.toml").write_text(UNSURE)
    for number in range(3):
        (folder / f"{number}.eml").write_bytes(a_message(f"{VAGUE} {number}", Message_ID=f"<{number}@x.test>"))
    assert postroom("route", "--deliver", *(f"{n}.eml" for n in range(3))).code == 0
    work()
    assert "1 more; see them with --limit 3." in postroom("review", "list", "--limit", "2").out
    assert "more" not in postroom("review", "list", "--limit", "3").out
    assert len(postroom("review", "list", "--asked", "audit", "--json").lines) == 0


def kept(verdicts: list[Verdict]):
    """A store that has these verdicts, as pages."""

    def page(_self: SqliteStore, since: float = 0.0, *, after: int = 0, limit: int = 1000) -> tuple[Verdict, ...]:
        numbered = [replace(one, number=n) for n, one in enumerate(verdicts, 1)]
        return tuple(one for one in numbered if one.number > after and one.at >= since)[:limit]

    return page


@pytest.mark.usefixtures("empty_store")
def test_figures_of_many_verdicts(postroom: Postroom, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Nobody has answered a question in the last 90 days." in postroom("review", "figures").out
    one = Verdict(
        mail_id=MailId("m"),
        generation=1,
        said=RouteName("appeals"),
        decided=RouteName("appeals"),
        confidence=0.9,
        by="ada",
        at=4e9,
        asked="audit",
        probability=0.01,
    )
    many = [replace(one, mail_id=MailId(f"m{n}")) for n in range(1200)]
    many += [
        replace(one, mail_id=MailId(f"r{n}"), decided=RouteName("general"), asked="review", probability=1.0)
        for n in range(3)
    ]
    monkeypatch.setattr(SqliteStore, "verdicts", kept(many))
    ran = postroom("review", "figures", "--days", "30")
    lines = [line.split() for line in ran.out.splitlines()]
    assert [
        "appeals",
        "went",
        "to",
        "a",
        "desk",
        "unseen",
        "1200",
        "1200",
        "100.0%",
        "(99.7%",
        "to",
        "100.0%)",
    ] in lines
    assert ["general", "asked", "in", "review", "3", "0", "not", "enough"] in lines
    facts = json.loads(postroom("review", "figures", "--json").out)
    first = next(row for row in facts["figures"] if row["group"] == "all" and row["route"] is None)
    assert (first["verdicts"], first["right"]) == (1203, 1200)
    assert facts["unanswered"] == {"review": 0, "audit": 0}
    assert facts["corrections"] == 0


def test_a_mail_is_split_and_agreement_is_told(
    asked: str, folder: Path, postroom: Postroom, work: Callable[[], None]
) -> None:
    assert "No mail had a second look in the last 90 days." in postroom("review", "agreement").out
    ran = postroom("review", "split", asked, "general", "appeals", "--as", "ada")
    assert ran.out.startswith(f"{asked}: ada splits it between general and appeals; it is being delivered to ")
    assert "belongs to general and appeals" in postroom("review", "show", asked).out or ran.code == 0
    back = postroom("review", "undo", asked, "--as", "ada")
    assert "that ada said general and appeals is taken back" in back.out
    (facts,) = postroom("review", "agreement", "--json").lines
    assert (facts["all"]["mails"], facts["open"], facts["reviewers"]) == (0, 0, {})


def test_agreement_of_many(asked: str, folder: Path, postroom: Postroom, monkeypatch: pytest.MonkeyPatch) -> None:
    from postroom.adapters.store.secondlooks import SqliteSecondLooks
    from tests.unit.flow.test_reliability import a_look

    looks = [a_look("appeals", "appeals") for _ in range(20)]
    looks += [a_look("appeals", "refunds"), *[a_look("refunds", "refunds", first="cy") for _ in range(9)]]
    monkeypatch.setattr(SqliteSecondLooks, "answered", lambda *_, **__: tuple(looks))
    told = postroom("review", "agreement").out
    assert "96.7%" in told
    assert "1 that one gave to appeals and another to refunds." in told
    assert "not enough" in told, "of cy"
    assert re.search(r"0\.9\d \(0\.\d\d to 1\.00\)", told)
