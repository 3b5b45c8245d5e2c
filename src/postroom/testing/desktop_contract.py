"""What every store must do for pages, as tests. Subclass as `store_contract` shows; the fixture ``house`` has two rooms more."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.model.desktop import BoxCount, Hits, MailPage, Wanted
from postroom.model.errors import Refused
from postroom.model.judgement import REVIEW
from postroom.model.mail import BrandName, DestinationName, MailId, RouteName
from postroom.model.people import ALL, Sight
from postroom.model.work import NewJob, Park
from postroom.ports import Store
from postroom.ports.desktop import Turns, Views
from postroom.testing import store_contract
from postroom.testing.store_contract import accept, ids
from postroom.testing.values import a_judgement, a_mail, a_parcel, a_ruling

HOUR = 3600.0
NOW = 1_800_000_000.0


class House(store_contract.House, Protocol):
    """A store with what pages need of it."""

    def views(self, store: Store) -> Views:
        """Its lists."""
        ...

    def turns(self, store: Store) -> Turns:
        """Its turns."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A mail as a test put it into the store, and what lists are to know of it."""

    number: int
    at: float = NOW
    brand: str = "shop"
    #: ``""`` for one that is not judged yet
    route: str = "appeals"
    decided: str = ""
    urgent: bool = False
    unconfirmed: bool = False
    tags: tuple[str, ...] = ()
    language: str = "en"
    name: str = "Ada Lovelace"
    sender: str = "ada@example.com"
    subject: str = "Please restore my account"
    text: str = "It was closed by mistake."
    #: built-in inboxes that it lies in, and whether it was read there
    inboxes: dict[str, bool] = field(default_factory=dict)

    @property
    def best_guess(self) -> str:
        return self.decided or self.route


def put(store: Store, *known: Known) -> list[MailId]:
    """Put mails into a store, in this order; their ids."""
    accept(store, *(a_mail(one.number, at=one.at, brand=BrandName(one.brand)) for one in known))
    by_id = {a_mail(one.number).id: one for one in known}
    aside = []
    while jobs := store.claim("judge", 100, "setup"):
        judged = []
        for job in jobs:
            one = by_id[job.mail_id]
            if not one.route:
                aside.append(job)
                continue
            made = a_judgement(
                job,
                brand=BrandName(one.brand),
                route=RouteName(one.route),
                decided=RouteName(one.best_guess),
                urgent=("threat",) if one.urgent else (),
                unconfirmed=one.unconfirmed,
                tags=one.tags,
            )
            judged.append(
                replace(
                    made,
                    subject=one.subject,
                    from_addr=one.sender,
                    language=one.language,
                    name=one.name,
                    text=one.text,
                )
            )
        store.record(judged)
    for mail in store.read(list(by_id)):
        for inbox, read in by_id[mail.id].inboxes.items():
            store.file(a_parcel(mail, inbox)).result(timeout=30)
            if read:
                store.mark_read(mail.id, inbox)
    return list(by_id)


def all_of(views: Views, wanted: Wanted, sight: Sight, limit: int = 50) -> list[MailId]:
    """Every page of a list."""
    found: list[MailId] = []
    after: str = ""
    while True:
        page = views.mails(wanted, sight, after=after, limit=limit)
        assert len(page.rows) <= limit
        assert page.after != after or not after, "it does not go on"
        found += [row.id for row in page.rows]
        if not page.after:
            assert page.back_to is None
            return found
        after = page.after


def expected(known: Sequence[Known], wanted: Wanted, sight: Sight) -> list[MailId]:
    """What a list is, newest first."""
    return [a_mail(one.number).id for one in reversed(known) if _visible(one, sight) and _is_wanted(one, wanted)]


def _visible(one: Known, sight: Sight) -> bool:
    return sight.sees(BrandName(one.brand), RouteName(one.route), RouteName(one.best_guess))


def _is_wanted(one: Known, wanted: Wanted) -> bool:
    """A mail that is not judged yet has its brand and its time, and nothing else."""
    reading = "" if not one.inboxes else "read" if all(one.inboxes.values()) else "unread"
    in_time = (wanted.since is None or one.at >= wanted.since) and (wanted.until is None or one.at < wanted.until)
    if not in_time or wanted.brand not in ("", one.brand):
        return False
    if not one.route:
        return wanted == Wanted(brand=wanted.brand, since=wanted.since, until=wanted.until)
    return (
        wanted.route in ("", one.route)
        and (not wanted.sender or _is_from(one, wanted.sender))
        and (not wanted.tag or wanted.tag in one.tags)
        and wanted.language in ("", one.language)
        and wanted.reading in ("", reading)
        and (one.urgent or not wanted.urgent)
        and (one.unconfirmed or not wanted.unconfirmed)
        and (not wanted.words or _has(one, wanted.words))
    )


def _is_from(one: Known, sender: str) -> bool:
    address = one.sender.lower()
    return address.endswith(sender.lower()) if sender.startswith("@") else address == sender.lower()


def _has(one: Known, words: str) -> bool:
    texts = [_tokens(f"{one.name} {one.sender}"), _tokens(one.subject), _tokens(one.text)]
    terms = re.findall(r'"[^"]*"\*?|[^\s"]+', words)
    return all(any(_in_a_row(text, _tokens(term), term.endswith("*")) for text in texts) for term in terms)


def _tokens(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+|[\u3040-\u9fff]", text.lower())


def _in_a_row(text: list[str], words: list[str], beginning: bool) -> bool:
    for at in range(len(text) - len(words) + 1):
        some = text[at : at + len(words)]
        if some == words or (beginning and some[:-1] == words[:-1] and some[-1].startswith(words[-1])):
            return True
    return False


_BRANDS = ("shop", "play", "ärger")
_ROUTES = ("appeals", "refunds", "general", "review", "junk")
_SENDERS = ("ada@example.com", "Ada@example.com", "bob@mail.example.com", "bob@example.org", "x@y@example.com", "")
_SUBJECTS = ("Refund please", "My ACCOUNT was closed", "账号被封了", "Re: order 4711", "")
_TEXTS = (
    "please restore my account",
    "I want a refund for order 4711, please!",
    "请恢复我的账号 now",
    "account.closed",
    "",
)
_WORDS = (
    "account", "ACC*", '"my account"', '"restore my acc"*', "refund order", "账号", "的账", "order 471*", "please -refund", "example", "ada example",
    "please OR nothing", "account NOT closed", "subject:order", "(please)", "plea* *",
)  # fmt: skip
_TAGS = ("vip", "dm's", 'a"b')
_LANGUAGES = ("en", "de", "zh")


def some_mails(dice: Random, count: int) -> list[Known]:
    """Mails of every sort, the clock set forth and back now and then."""
    known, at = [], NOW
    for number in range(count):
        at += dice.choice((0.0, 60.0, 1700.0, 9000.0, -8000.0))
        route = dice.choice((*_ROUTES, "review", ""))
        inboxes = {name: dice.random() < 0.5 for name in ("desk", "people") if route and dice.random() < 0.4}
        known.append(
            Known(
                number=number,
                at=at,
                brand=dice.choice((*_BRANDS, "")),
                route=route,
                decided=dice.choice(_ROUTES[:3]) if route == REVIEW else route,
                urgent=bool(route) and dice.random() < 0.2,
                unconfirmed=dice.random() < 0.2,
                tags=tuple(tag for tag in _TAGS if dice.random() < 0.3),
                language=dice.choice(_LANGUAGES),
                name=dice.choice(("Ada", "Bob Hope", "王")),
                sender=dice.choice(_SENDERS),
                subject=dice.choice(_SUBJECTS),
                text=dice.choice(_TEXTS),
                inboxes=inboxes,
            )
        )
    return known


def _maybe(values: Sequence[Any], nothing: Any = "") -> st.SearchStrategy[Any]:
    return st.one_of(st.just(nothing), st.just(nothing), st.sampled_from(values))


_times = st.one_of(st.none(), st.none(), st.integers(-2, 60).map(lambda hours: NOW + hours * HOUR / 2))
_wanted = st.builds(
    Wanted,
    route=_maybe((*_ROUTES, "nowhere")),
    brand=_maybe((*_BRANDS, "nobody")),
    words=_maybe(_WORDS[:13]),
    sender=_maybe(("ada@example.com", "@example.com", "@EXAMPLE.org", "bob@mail.example.com", "a@b", "ada")),
    tag=_maybe(_TAGS),
    language=_maybe(_LANGUAGES),
    reading=_maybe(("unread", "read")),
    urgent=st.sampled_from((False, False, True)),
    unconfirmed=st.sampled_from((False, False, True)),
    since=_times,
    until=_times,
)
_some_brands = st.one_of(st.none(), st.frozensets(st.sampled_from((*_BRANDS, "", "nobody"))))
_some_routes = st.one_of(st.none(), st.frozensets(st.sampled_from((*_ROUTES[:3], "nowhere"))))
_sight = st.builds(Sight, brands=_some_brands, routes=_some_routes, review=st.booleans())


class ViewsContract:
    """Lists show what was asked for, in order, to those who may see it, and nothing else."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    @pytest.fixture
    def views(self, store: Store, house: House) -> Views:
        return house.views(store)

    @pytest.mark.parametrize("seed", [1, 2])
    def test_every_list_is_what_going_through_all_mails_finds(self, store: Store, views: Views, seed: int) -> None:
        dice = Random(seed)  # noqa: S311 - a test
        known = some_mails(dice, 70)
        put(store, *known)
        judged = [number for number, one in enumerate(known) if one.route]
        for number in dice.sample(judged, 8):
            known[number] = self._moved(store, known[number], dice.choice(_ROUTES[:3]))

        @settings(max_examples=200, deadline=None, database=None)
        @given(wanted=_wanted, sight=_sight, limit=st.sampled_from((1, 3, 50)))
        def check(wanted: Wanted, sight: Sight, limit: int) -> None:
            found = expected(known, wanted, sight)
            assert all_of(views, wanted, sight, limit) == found
            hits = views.hits(wanted, sight, most=limit)
            assert hits.number <= min(len(found), limit)
            assert hits.more or hits.number == len(found)

        check()

        @settings(max_examples=50, deadline=None, database=None)
        @given(sight=_sight)
        def check_counts_and_rows(sight: Sight) -> None:
            boxes = {(box.route, box.brand): box.unread for box in views.counts(sight)}
            unread = [one for one in known if _visible(one, sight) and _is_wanted(one, Wanted(reading="unread"))]
            desks = {(RouteName(one.route), BrandName(one.brand)) for one in unread}
            assert boxes == {desk: sum(desk == (one.route, one.brand) for one in unread) for desk in desks}
            for one in known[::7]:
                row = views.row(a_mail(one.number).id, sight)
                assert (row is not None) == _visible(one, sight)

        check_counts_and_rows()

    @staticmethod
    def _moved(store: Store, one: Known, to: str) -> Known:
        """A person moves a mail; it leaves the desk's inbox."""
        ruling = a_ruling(a_mail(one.number).id, to, leaves=("desk",))
        decision = replace(ruling.decision, brand=BrandName(one.brand), tags=("moved",))
        store.rule(replace(ruling, decision=decision))
        inboxes = one.inboxes | ({"desk": True} if "desk" in one.inboxes else {})
        return replace(one, route=to, decided=to, unconfirmed=False, tags=("moved",), inboxes=inboxes)

    def test_a_row_is_what_lists_show(self, store: Store, views: Views) -> None:
        (mail_id,) = put(store, Known(number=1, urgent=True, tags=("vip",)))
        row = views.row(mail_id, ALL)
        assert row is not None
        assert views.mails(Wanted(), ALL) == MailPage(rows=(row,), after="")
        assert (row.id, row.brand, row.route, row.subject, row.from_addr, row.urgent, row.generation, row.state) == (
            mail_id, "shop", "appeals", "Please restore my account", "ada@example.com", True, 1, "delivered",
        )  # fmt: skip
        assert views.row(MailId("nobody"), ALL) is None
        assert views.rows([mail_id, MailId("nobody"), mail_id], ALL) == {mail_id: row}
        assert views.rows([], ALL) == {}
        assert views.worded([mail_id, MailId("nobody")], ALL) == {mail_id: (row, Known(number=1).text)}
        assert views.worded([mail_id], Sight(brands=frozenset({BrandName("play")}))) == {}
        assert views.rows([mail_id], Sight(brands=frozenset({BrandName("play")}))) == {}
        assert views.row(mail_id, Sight(brands=frozenset({BrandName("play")}))) is None

    def test_a_list_shows_how_each_text_begins(self, store: Store, views: Views) -> None:
        texts = ("Hi,\n\n  my account\tis locked.", "계정이 정지되었습니다. iPhone를 쓰고 있어요", "a" * 300, "")
        known = put(store, *(Known(number=number, text=text) for number, text in enumerate(texts)))
        rows = views.rows(known, ALL)
        assert [rows[one].preview for one in known] == [
            "Hi, my account is locked.",
            "계정이 정지되었습니다. iPhone를 쓰고 있어요",
            "a" * 159 + "…",
            "",
        ]

    def test_a_page_goes_on_where_the_last_one_ended_whatever_came_meanwhile(self, store: Store, views: Views) -> None:
        put(store, *(Known(number=number) for number in range(6)))
        first = views.mails(Wanted(route=RouteName("appeals")), ALL, limit=2)
        assert [row.id for row in first.rows] == ids(5, 4)
        put(store, Known(number=6))
        second = views.mails(Wanted(route=RouteName("appeals")), ALL, after=first.after, limit=2)
        assert [row.id for row in second.rows] == ids(3, 2)
        last = views.mails(Wanted(), ALL, after=second.after, limit=2)
        assert ([row.id for row in last.rows], last.after) == (ids(1, 0), "")

    def test_after_a_mail_that_is_not_there_come_those_before_it(self, store: Store, views: Views) -> None:
        put(store, Known(number=1), Known(number=3))
        assert [row.id for row in views.mails(Wanted(), ALL, after=a_mail(2).id).rows] == ids(1)
        assert views.mails(Wanted(), ALL, after="00").rows == ()

    def test_a_mail_that_comes_to_an_inbox_again_is_unread_again(self, store: Store, views: Views) -> None:
        (mail_id,) = put(store, Known(number=1, inboxes={"desk": True}))
        assert views.counts(ALL) == ()
        (mail,) = store.read([mail_id])
        store.file(a_parcel(mail, "desk", 2)).result(timeout=30)
        assert views.counts(ALL) == (BoxCount(route=RouteName("appeals"), brand=BrandName("shop"), unread=1),)
        store.mark_read(mail_id)
        assert [row.id for row in views.mails(Wanted(reading="read"), ALL).rows] == [mail_id]

    def test_hits_are_counted_so_far(self, store: Store, views: Views) -> None:
        put(store, *(Known(number=number, subject="Locked") for number in range(3)))
        wanted = Wanted(words="locked")
        assert views.hits(wanted, ALL, most=2) == Hits(number=2, more=True)
        assert views.hits(Wanted(words="unheard"), ALL) == Hits(number=0)
        assert views.hits(wanted, Sight(brands=frozenset())) == Hits(number=0)

    def test_a_copy_for_those_who_are_told_of_a_mail_says_nothing_of_its_desk(self, store: Store, views: Views) -> None:
        (mail_id,) = put(store, Known(number=1))
        (mail,) = store.read([mail_id])
        store.file(replace(a_parcel(mail, "on-call"), beside=True)).result(timeout=30)
        assert (views.counts(ALL), views.mails(Wanted(reading="unread"), ALL).rows) == ((), ())
        assert [row.reading for row in views.mails(Wanted(), ALL).rows] == [""]
        store.file(a_parcel(mail, "desk")).result(timeout=30)
        store.mark_read(mail_id, "on-call")
        assert [row.reading for row in views.mails(Wanted(), ALL).rows] == ["unread"]
        store.file(replace(a_parcel(mail, "on-call", 2), beside=True)).result(timeout=30)
        store.mark_read(mail_id, "desk")
        assert (views.counts(ALL), [row.reading for row in views.mails(Wanted(), ALL).rows]) == ((), ["read"])
        store.withdraw(mail_id, DestinationName("desk"), 1)
        assert [row.reading for row in views.mails(Wanted(), ALL).rows] == [""]

    def test_a_mail_that_has_left_an_inbox_is_read_as_the_others_say(self, store: Store, views: Views) -> None:
        (mail_id,) = put(store, Known(number=1, inboxes={"desk": False, "copy": True}))
        unread = Wanted(reading="unread")
        assert [row.id for row in views.mails(unread, ALL).rows] == [mail_id]
        store.withdraw(mail_id, DestinationName("desk"), 1)
        assert [row.id for row in views.mails(Wanted(reading="read"), ALL).rows] == [mail_id]
        store.withdraw(mail_id, DestinationName("copy"), 1)
        assert views.mails(unread, ALL).rows == views.mails(Wanted(reading="read"), ALL).rows == ()

    def test_what_is_judged_again_is_found_by_its_new_tags_and_once(self, store: Store, views: Views) -> None:
        put(store, Known(number=1, tags=("old", "both")))
        again = NewJob(kind="judge", mail_id=a_mail(1).id, generation=2)
        accept(store, a_mail(2))
        (other,) = store.claim("judge", 1, "w")
        store.record([a_judgement(other, again)])
        (second,) = store.claim("judge", 1, "w")
        store.record([a_judgement(second, tags=("both", "new"))])
        tagged = {tag: [row.id for row in views.mails(Wanted(tag=tag), ALL).rows] for tag in ("old", "both", "new")}
        assert tagged == {"old": [], "both": ids(1), "new": ids(1)}
        assert [row.id for row in views.mails(Wanted(words="mistake"), ALL).rows] == ids(1)

    def test_a_mail_that_came_again_is_listed_and_said_to_be_one(self, store: Store, views: Views) -> None:
        mail = a_mail(1)
        accept(store, mail)
        accept(store, replace(mail, id=a_mail(2).id))
        assert [(row.id, row.state) for row in views.mails(Wanted(), ALL).rows] == [
            (a_mail(2).id, "duplicate"), (mail.id, "waiting"),
        ]  # fmt: skip

    def test_given_up_deliveries_are_counted_of_what_may_be_seen(self, store: Store, views: Views) -> None:
        desks = [("shop", "appeals"), ("shop", "refunds"), ("play", "appeals"), ("play", "review")]
        accept(store, *(a_mail(n, brand=BrandName(brand)) for n, (brand, _) in enumerate([*desks, ("play", "")], 1)))
        *judged, lost = store.claim("judge", 9, "setup")
        for job, (brand, route) in zip(judged, desks, strict=True):
            to = [
                NewJob(kind="deliver", mail_id=job.mail_id, generation=1, destination=DestinationName(name))
                for name in ("a", "b")
            ]
            made = a_judgement(job, *to, brand=BrandName(brand), route=RouteName(route), decided=RouteName("appeals"))
            store.record([made])
        deliveries = [
            job
            for name in map(DestinationName, ("a", "b"))
            for job in store.claim("deliver", 9, f"lost.{name}", destination=name)
        ]
        store.settle([Park(job=job, error="no", why="gave-up") for job in (lost, *deliveries)])
        shop, play = frozenset({BrandName("shop")}), frozenset({BrandName("play")})
        appeals = frozenset({RouteName("appeals")})
        for sight, number in (
            (ALL, 9),
            (Sight(brands=shop), 4),
            (Sight(brands=play), 5),
            (Sight(routes=appeals), 6),
            (Sight(routes=appeals, review=False), 4),
            (Sight(review=False), 7),
        ):
            assert views.parked(sight) == number, sight

    @pytest.mark.parametrize("words", _WORDS)
    def test_words_mean_words_and_no_syntax(self, store: Store, views: Views, words: str) -> None:
        """``OR``, ``NOT``, a name with a colon and brackets are words, or part the words beside them."""
        known = [Known(number=0, subject="please or nothing (not closed) subject order re", text="an account")]
        put(store, *known)
        found = all_of(views, Wanted(words=words), ALL)
        plain = words.replace("(", "").replace(")", "").replace(":", '" "').replace("-", "").replace(" *", "")
        assert found == expected(known, Wanted(words=plain), ALL)

    @pytest.mark.parametrize("words", ["!!", '"', '""', "*", '"*"* ~', "\U0001f600", "\0", " - ( ) "])
    def test_a_search_for_no_word_is_refused(self, views: Views, words: str) -> None:
        with pytest.raises(Refused, match="letters or digits"):
            views.mails(Wanted(words=words), ALL)

    @pytest.mark.parametrize(
        ("wanted", "what"),
        [
            (Wanted(words=" ".join(map(str, range(50)))), "too many words"),
            (Wanted(words='"' + "a b " * 50 + '"'), "too many words"),
            (Wanted(words="的" * 500), "too many words"),
            (Wanted(words="abc* bcd* cde* def*"), "too many beginnings"),
            (Wanted(words="ab*"), "at least 3 letters"),
            (Wanted(words='"not of a"*'), "at least 3 letters"),
            (Wanted(sender="@"), "address"),
            (Wanted(sender="a." * 100 + "@example.com"), "address"),
        ],
    )
    def test_what_would_take_too_long_or_means_nothing_is_refused(
        self, views: Views, wanted: Wanted, what: str
    ) -> None:
        with pytest.raises(Refused, match=what):
            views.mails(wanted, ALL)

    def test_any_input_is_taken_or_refused(self, store: Store, views: Views) -> None:
        put(store, Known(number=1))
        any_words = st.text(st.one_of(st.characters(), st.sampled_from('"*():^+-{}\0 ANDORTNE中')))

        @settings(max_examples=300, deadline=None, database=None)
        @given(words=any_words, sender=st.text())
        def check(words: str, sender: str) -> None:
            wanted = Wanted(words=words, sender=sender, tag=words, language=sender, brand=BrandName(words))
            try:
                assert views.mails(wanted, ALL).after == ""
            except Refused:
                assert words.strip() or sender.strip()

        check()


class TurnsContract:
    """A question is in one person's hands at a time, and comes to everybody in the order that is most pressing."""

    @pytest.fixture
    def store(self, house: House) -> Store:
        return house.open()

    @pytest.fixture
    def turns(self, store: Store, house: House) -> Turns:
        return house.turns(store)

    @staticmethod
    def ask(store: Store, *questions: tuple[str, float, bool], first: int = 1) -> None:
        """Questions about mails ``first``, …: why, when its clock is up, and whether it is urgent."""
        accept(store, *(a_mail(number) for number in range(first, first + len(questions))))
        jobs = store.claim("judge", len(questions), "setup")
        store.record(
            [
                a_judgement(
                    job,
                    *([NewJob(kind="clock", mail_id=job.mail_id, generation=1, due_at=due)] if why == "review" else []),
                    asked=why,
                    route="review" if why == "review" else "refunds",
                    decided="refunds",
                    urgent=("threat",) if urgent else (),
                )
                for job, (why, due, urgent) in zip(jobs, questions, strict=True)
            ]
        )

    def test_urgent_ones_come_first_then_by_the_clock_then_the_audit_oldest_first(
        self, store: Store, turns: Turns
    ) -> None:
        self.ask(
            store,
            ("audit", 0, False),
            ("review", 2e9 + 5, False),
            ("review", 2e9, False),
            ("audit", 0, True),
            ("audit", 0, False),
            ("review", 3e9, True),
        )
        taken = [turns.take(f"person {number}", ALL, lease=60) for number in range(7)]
        assert [one and one.waiting.mail_id for one in taken] == [*ids(6, 4, 3, 2, 1, 5), None]
        by_mail = {one.mail_id: one for one in store.waiting()}
        assert [one.waiting for one in taken if one] == [by_mail[one.waiting.mail_id] for one in taken if one]

    def test_who_holds_one_gets_it_again_with_a_new_lease(self, store: Store, turns: Turns, house: House) -> None:
        self.ask(store, ("review", 2e9, False), ("review", 2e9, False))
        first = turns.take("ada", ALL, lease=60)
        house.clock.advance(50)
        self.ask(store, ("review", 2e9, True), first=3)
        again = turns.take("ada", ALL, lease=60)
        assert first is not None
        assert again == replace(first, until=house.clock.now() + 60)
        assert turns.held() == (again,)

    def test_a_lease_ends_by_time(self, store: Store, turns: Turns, house: House) -> None:
        self.ask(store, ("review", 2e9, False))
        assert turns.take("ada", ALL, lease=60) is not None
        house.clock.advance(59)
        assert turns.take("bob", ALL, lease=60) is None
        house.clock.advance(1)
        assert turns.held() == ()
        taken = turns.take("bob", ALL, lease=60)
        assert taken is not None
        assert (taken.by, taken.until) == ("bob", house.clock.now() + 60)
        assert turns.take("ada", ALL, lease=60) is None

    def test_a_clock_that_is_set_back_ends_a_lease_that_would_last_for_ever(
        self, store: Store, turns: Turns, house: House
    ) -> None:
        self.ask(store, ("review", 2e9, False))
        turns.take("ada", ALL, lease=60)
        house.clock.jump(-10)
        assert turns.take("bob", ALL, lease=60) is None
        house.clock.jump(-86400)
        assert turns.held() == ()
        assert turns.take("bob", ALL, lease=60) is not None

    def test_a_lease_outlives_the_server(self, store: Store, turns: Turns, house: House) -> None:
        self.ask(store, ("review", 2e9, False))
        taken = turns.take("ada", ALL, lease=600)
        assert house.turns(house.reboot()).held() == (taken,)

    def test_an_answered_question_leaves_everybodys_hands(self, store: Store, turns: Turns) -> None:
        self.ask(store, ("review", 2e9, False))
        turns.take("ada", ALL, lease=60)
        store.rule(a_ruling(a_mail(1).id))
        assert turns.held() == ()
        assert turns.take("ada", ALL, lease=60) is None
        assert turns.open_questions(ALL) == 0

    def test_a_question_about_a_later_decision_is_a_new_one(self, store: Store, turns: Turns) -> None:
        self.ask(store, ("audit", 0, False))
        turns.take("ada", ALL, lease=60)
        again = NewJob(kind="judge", mail_id=a_mail(1).id, generation=2)
        accept(store, a_mail(2))
        (other,) = store.claim("judge", 1, "w")
        store.record([a_judgement(other, again)])
        (second,) = store.claim("judge", 1, "w")
        store.record([a_judgement(second, asked="audit")])
        assert turns.held() == ()
        taken = turns.take("bob", ALL, lease=60)
        assert taken is not None
        assert taken.waiting.generation == 2

    def test_what_is_skipped_is_given_back_and_comes_again_after_all_others(self, store: Store, turns: Turns) -> None:
        self.ask(store, ("review", 2e9, False), ("review", 2e9 + 1, False), ("review", 2e9 + 2, False))
        skipped: tuple[MailId, ...] = ()
        seen = []
        for _ in range(5):
            taken = turns.take("ada", ALL, lease=60, skip=skipped)
            assert taken is not None
            assert turns.held() == (taken,)
            seen.append(taken.waiting.mail_id)
            skipped = (*(one for one in skipped if one != seen[-1]), seen[-1])
        assert seen == ids(1, 2, 3, 1, 2)
        other = turns.take("bob", ALL, lease=60)
        assert other is not None
        assert other.waiting.mail_id == a_mail(1).id

    def test_what_is_skipped_is_given_back_when_there_is_nothing_else(self, store: Store, turns: Turns) -> None:
        self.ask(store, ("review", 2e9, False))
        taken = turns.take("ada", ALL, lease=60)
        blind = Sight(brands=frozenset())
        assert turns.take("ada", blind, lease=60, skip=(a_mail(1).id,)) is None
        assert turns.held() == (taken,)
        assert turns.take("ada", ALL, lease=60, skip=(a_mail(1).id,)) == taken
        assert turns.take("bob", ALL, lease=60, skip=(a_mail(1).id,)) is None

    def test_that_very_question_can_be_taken_unless_another_holds_it(self, store: Store, turns: Turns) -> None:
        self.ask(store, ("review", 2e9, False), ("audit", 0, False), ("", 0, False))
        taken = turns.take_one(a_mail(2).id, "ada", ALL, lease=60)
        assert taken is not None
        assert taken == turns.take_one(a_mail(2).id, "ada", ALL, lease=60)
        assert turns.take_one(a_mail(2).id, "bob", ALL, lease=60) is None
        assert turns.take_one(a_mail(3).id, "bob", ALL, lease=60) is None
        assert turns.take_one(MailId("nobody"), "bob", ALL, lease=60) is None
        assert turns.take_one(a_mail(1).id, "bob", Sight(review=False), lease=60) is None
        turns.give_back(a_mail(2).id, "bob")
        assert turns.held() == (taken,)
        turns.give_back(a_mail(2).id, "ada")
        turns.give_back(a_mail(2).id, "ada")
        assert turns.held() == ()
        assert turns.take_one(a_mail(2).id, "bob", ALL, lease=60) is not None

    def test_nobody_holds_all_questions(self, store: Store, turns: Turns) -> None:
        self.ask(store, *[("review", 2e9, False)] * 8)
        for number in range(1, 9):
            assert turns.take_one(a_mail(number).id, "ada", ALL, lease=60) is not None
        assert len(turns.held()) == 5
        assert a_mail(8).id in [one.waiting.mail_id for one in turns.held()]
        assert turns.take("bob", ALL, lease=60) is not None

    def test_nobody_is_asked_about_what_they_may_not_see(self, store: Store, turns: Turns) -> None:
        self.ask(store, ("review", 2e9, False), ("audit", 0, False))
        elsewhere = Sight(brands=frozenset({BrandName("elsewhere")}))
        appeals = Sight(routes=frozenset({RouteName("appeals")}))
        refunds = Sight(routes=frozenset({RouteName("refunds")}))
        unasked = Sight(review=False)
        assert [turns.open_questions(one) for one in (ALL, elsewhere, appeals, refunds, unasked)] == [2, 0, 0, 2, 1]
        assert turns.take("bob", elsewhere, lease=60) is None
        assert turns.take("bob", appeals, lease=60) is None
        taken = turns.take("bob", unasked, lease=60)
        assert taken is not None
        assert taken.waiting.asked == "audit"

    def test_what_they_hold_and_may_not_see_any_more_is_not_given_to_them_again(
        self, store: Store, turns: Turns
    ) -> None:
        self.ask(store, ("review", 2e9, False), ("audit", 0, False))
        turns.take("ada", ALL, lease=60)
        taken = turns.take("ada", Sight(review=False), lease=60)
        assert taken is not None
        assert taken.waiting.mail_id == a_mail(2).id
