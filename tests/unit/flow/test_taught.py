"""What people said, gathered: the last word of a mail, why it was asked for first, and only texts that are still there."""

from dataclasses import replace

from postroom.flow import taught
from postroom.model.mail import RouteName
from postroom.testing.values import a_mail, an_example
from tests.unit.flow.school import NOW, School, prose, raw_mail


def test_the_last_word_counts_and_why_it_was_asked_for_first() -> None:
    school = School()
    first = school.teach(prose("appeals", 1), "general", asked="audit", probability=0.02, by="ada")
    school.again(first.mail_id, "appeals", by="Bob", over="ada", asked="correction", probability=None, generation=2)
    school.teach(prose("refunds", 2), "refunds", asked="correction", probability=None)
    one, two = school.teachers().taught(0.0)
    assert (one.route, one.by, one.why, one.probability, one.generation) == ("appeals", "bob", "audit", 0.02, 1)
    assert (two.route, two.why, two.probability, two.generation) == ("refunds", "correction", None, 0)


def test_pages_are_followed_and_what_is_older_is_left(monkeypatch) -> None:
    monkeypatch.setattr(taught, "_PAGE", 2)
    monkeypatch.setattr(taught, "_BATCH", 2)
    school = School()
    school.lessons(5)
    since = school.said[1].at
    told: list[int] = []
    found = school.teachers().taught(since, told.append)
    assert [one.id for one in found] == [one.mail_id for one in school.said[1:]]
    assert told == [1, 2, 3, 4]
    monkeypatch.setattr(taught, "MOST", 3)
    assert [one.id for one in school.teachers().taught(0.0)] == [one.mail_id for one in school.said[2:]]


def test_what_is_gone_empty_automatic_or_of_no_route_is_not_learned() -> None:
    school = School()
    school.lessons(6)
    erased, emptied, blank, automatic, strange, kept = (one.mail_id for one in school.said)
    del school.mails[erased]
    school.mails[emptied] = replace(school.mails[emptied], raw=b"")
    school.mails[blank] = a_mail(3, raw=raw_mail(" ", 3, subject=""))
    school.mails[automatic] = a_mail(4, raw=raw_mail("I am away", 4, Auto_Submitted="auto-replied"))
    school.again(strange, "gone-route")
    assert [one.id for one in school.teachers().taught(0.0)] == [kept]


def test_whose_it_is_and_what_it_shares_with_others() -> None:
    school = School()
    mail = a_mail(
        1, raw=raw_mail("please look at my case again", 1, "Ada <Ada@Firm.Example>", References="<r1@x.test> <r2@x.test>")
    )  # fmt: skip
    school.mails[mail.id] = mail
    school.again(mail.id, "appeals")
    school.teach(prose("appeals", 2), "appeals", sender="bob@gmail.com")
    nobody = a_mail(3, raw=b"Subject: hi\r\n\r\nI was banned for nothing at all\r\n", thread_key="")
    school.mails[nobody.id] = nobody
    school.again(nobody.id, "appeals")
    firm, public, unknown = school.teachers().taught(0.0)
    assert firm.sender == "firm.example"
    assert set(firm.ties) == {
        "thread thread-1", "thread 1@example.com", "thread r1@x.test", "thread r2@x.test", "from ada@firm.example",
    }  # fmt: skip
    assert public.sender == "bob@gmail.com"
    assert (unknown.sender, unknown.ties) == ("", ())
    assert (bool(firm.keys), firm.sketch != public.sketch) == (False, True)
    assert public.keys


def test_the_past_is_labelled_for_certain() -> None:
    school = School()
    school.past = [
        an_example(1, at=NOW - 1000.0, weight=0.5),
        an_example(2, at=0.0, sender=""),
        an_example(3, at=5.0),
        an_example(4, route=RouteName("nowhere")),
    ]
    found = school.teachers().taught(100.0)
    assert [one.id for one in found] == ["example-0002", "example-0001"]
    unknown, one = found
    assert (one.why, one.probability, one.worth, one.by) == ("import", 1.0, 0.5, "")
    assert one.ties == ("thread thread-1", "from ada1@example.com")
    assert (unknown.sender, unknown.ties) == ("", ("thread thread-2",))
    (reading, _) = school.teachers().read(found)
    assert (reading.mail, reading.message.new_text) == (None, school.past[1].new_text)
