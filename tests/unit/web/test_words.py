"""How pages put things."""

from postroom.decide.changes import Change
from postroom.model.judgement import Finding
from postroom.model.listing import Event
from postroom.model.mail import MailId, RouteName
from postroom.testing.values import a_decision
from postroom.web import words


def test_words_of_a_mail_keep_their_direction_inside_our_sentences() -> None:
    assert words.quoted("phrases: «حسابي», «<b>»") == "phrases: <bdi>«حسابي»</bdi>, <bdi>«&lt;b&gt;»</bdi>"
    assert words.quoted("no\u202ene «left open") == "none «left open"


def test_spans_and_shares_round_down_to_what_people_say() -> None:
    assert [words.span(seconds) for seconds in (5, 61, 7300, 200_000)] == ["< 1 min", "1 min", "2 h", "2 d"]
    assert words.ago(100.0, 130.0) == "now"
    assert words.ago(0.0, 7300.0) == "2 h ago"
    assert [words.percent(share) for share in (0.0, 0.994, 0.9999, 1.0)] == ["0 %", "99 %", "99 %", "100 %"]
    assert [words.size(count) for count in (7, 1500, 2_500_000, 3_000_000_000)] == ["7 B", "1.5 kB", "2.5 MB", "3 GB"]
    assert (words.stamp(0.0), words.machine(0.0)) == ("1970-01-01 00:00", "1970-01-01T00:00:00Z")


def test_fields_of_a_search_and_hits_are_said() -> None:
    said = {"urgent": "1", "reading": "unread", "answering": "soon", "days": "7", "since": "2026-01-01", "until": "2026-02-01", "route": "appeals", "words": "a\u202eb", "sender": "@example.com"}  # fmt: skip
    assert [words.wanted(field, value) for field, value in said.items()] == [
        "urgent", "unread", "answer due soon", "last 7 days", "from 2026-01-01", "to 2026-02-01", "at appeals", "“ab”", "sender @example.com",
    ]  # fmt: skip
    assert [words.hits(n, more=more) for n, more in ((0, False), (1, False), (1000, True), (37, True))] == [
        "0 mails", "1 mail", "more than 1,000 mails", "37 mails or more",
    ]  # fmt: skip


def test_one_is_one() -> None:
    assert [words.many(count, "mail") for count in (0, 1, 2, 1000)] == ["0 mails", "1 mail", "2 mails", "1,000 mails"]
    assert words.wanted("days", "1") == "last day"


def test_what_happened_is_said_once_and_in_words() -> None:
    def one(what: str, detail: str = "") -> tuple[str, str]:
        return words.happened(Event(at=1.0, what=what, detail=detail))

    assert one("judge done") == ("", "")
    assert (one("decided", "generation 1"), one("decided", "generation 2")) == (
        ("decided", ""),
        ("decided", "generation 2"),
    )
    assert one("deliver done", "appeals inbox appeals") == ("delivered to", "appeals")
    assert one("deliver parked", "far 550 no such user") == ("not delivered to", "far 550 no such user")
    for word in ("withdraw done", "correct done"):
        assert one(word, "appeals withdrawn") == ("taken back from", "appeals")
    told = "far too late to withdraw it; told so: 250 kept"
    assert one("correct done", told) == ("told that it belongs elsewhere:", "far 250 kept")
    late = ("not taken back from", "far: too late to withdraw it")
    assert one("withdraw done", "far too late to withdraw it") == late
    assert one("verdict", "lea said refunds") == ("a person’s word:", "lea said refunds")


def test_findings_that_say_next_to_nothing_of_another_desk_are_apart() -> None:
    def one(route: str, score: float, reason: str = "why", *, veto: bool = False) -> Finding:
        return Finding(source="classifier", route=RouteName(route), score=score, reason=reason, veto=veto)

    findings = [one("appeals", 0.01), one("", 0.0), one("refunds", 0.3), one("general", 0.004), one("copyright", 0.0, veto=True), one("junk", 0.9, "")]  # fmt: skip
    some, rest = words.counted(findings, "appeals")
    assert ([f.route for f in some], [f.route for f in rest]) == (["appeals", "", "refunds", "copyright"], ["general"])


def test_findings_are_told_in_plain_words() -> None:
    said = {
        "the classifier gives appeals 96% by «account» +1.4, «will» -0.3": "96 % appeals, by the words «account», «will»",
        "the classifier gives general 4%": "4 % general",
        "the sender's domain wrote to general before (3.0 of 5.0 mails, older ones counted less)": "others of their domain wrote to general before (3 of 5 mails)",
        "phrases of appeals: «account near closed», near it": "phrases of appeals: «account … closed», near it",
        "rule «near»: keep 1.0 of 2.0 mails": "rule «near»: keep 1.0 of 2.0 mails",
    }
    assert {reason: words.plainly(reason) for reason in said} == said
    assert (words.source("classifier"), words.source("rule")) == ("the model", "rule")


def test_what_would_have_come_out_the_same_is_not_told() -> None:
    def change(what: str, route: str, decided: str) -> Change:
        return Change(
            kind="finding", what=what, route=RouteName(route), decided=RouteName(decided), confidence=0.8, size=1.0
        )

    changes = [change("a", "appeals", "appeals"), change("b", "review", "appeals"), change("c", "review", "review"), change("d", "refunds", "refunds")]  # fmt: skip
    decision = a_decision(MailId("m"))
    assert words.otherwise(changes, decision) == [
        ("b", "review, as perhaps appeals (80 %)"),
        ("c", "review (80 %)"),
        ("d", "refunds (80 %)"),
    ]


def test_lengths_of_time_as_people_say_them() -> None:
    said = {3.0: "less than a minute", 200.0: "3 min", 3600.0: "1 hour", 86_400.0: "1 day", 180_000.0: "2 days 2 hours"}
    assert {seconds: words.in_words(seconds) for seconds in said} == said


def test_lengths_of_time_have_two_units() -> None:
    said = {
        59.0: "< 1 min",
        1500.0: "25 min",
        7200.0: "2 h",
        7800.0: "2 h 10 min",
        90_000.0: "1 d 1 h",
        86_400.0: "1 d",
    }
    assert {seconds: words.lasting(seconds) for seconds in said} == said


def test_a_moment_has_its_day_where_that_is_not_today() -> None:
    new_year = 1_767_225_600.0
    assert words.clock_time(new_year + 17 * 3600, new_year, "Europe/Berlin") == "18:00"
    assert words.clock_time(new_year + 24 * 3600, new_year, "UTC") == "Friday 00:00"


def test_browsers_are_called_as_people_call_them() -> None:
    chrome = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
    )
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/604.1"
    said = [words.browser(agent) for agent in (chrome, f"{chrome} Edg/131.0", phone, "curl/8.5.0", "", "<b>Linux")]
    assert said == ["Chrome on Windows", "Edge on Windows", "Safari on an iPhone", "a browser", "a browser", "a browser on Linux"]  # fmt: skip
