"""Answering: whom an answer goes to, what it says, how it leaves, and what becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, message_from_string, policy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.adapters.store.replies import SqliteReplies
from postroom.flow.addressee import addressees, on_the_wire
from postroom.flow.answering import MOST_WORDS, Answerable, Answering, Voice, Wish
from postroom.flow.letter import Outgoing, bare, chain, compose, one_line, plain, quoted, subject_of
from postroom.flow.outbox import Returns, Sending
from postroom.flow.templates import Template, TemplateMistake, filled, offered, parse, text_in, unfilled
from postroom.model.errors import GiveUp, PostroomError, Refused, TryLater
from postroom.model.mail import BrandName, RouteName
from postroom.model.marks import read_reply_message_id
from postroom.model.message import Message
from postroom.model.people import User, UserName
from postroom.model.replies import Reply, ReplyId
from postroom.model.trust import Trust
from postroom.testing.values import a_mail
from postroom.understand.reader import read_bytes
from postroom.understand.returned import IDS, returned_ids
from tests.unit.flow.house import KEY, House, a_message

TRUST = Trust(
    authserv_ids=frozenset({"mx.shop.test"}),
    team_domains=frozenset({"shop.test"}),
    form_senders=frozenset({"form@forms.test"}),
    own_addresses=frozenset({"support@shop.test", "@whole.test"}),
)
PASS = "Authentication-Results: mx.shop.test; dkim=pass header.d=example.com; dmarc=pass header.from=example.com\n"
ADA = User(name=UserName("ada"), role="agent", shown="Ada L.")
APPEALS = RouteName("appeals")


def a_letter(
    fields: str = "From: Ada <ada@example.com>\n", body: str = "Please help me.", *, passed: bool = True
) -> Message:
    """A message read from its fields."""
    raw = f"{PASS if passed else ''}{fields}Subject: Re: AW: Help\nMessage-ID: <1@example.com>\n\n{body}\n"
    return read_bytes(raw.encode(), TRUST, trusted=True)


def whom(fields: str, **more: Any) -> list[tuple[str, bool]]:
    return [(one.addr, one.believed) for one in addressees(a_letter(fields, **more), TRUST)]


# -- whom


@pytest.mark.parametrize(
    ("fields", "passed", "expected"),
    [
        ("From: Ada <ada@example.com>\n", True, [("ada@example.com", True)]),
        ("From: Ada <ada@example.com>\n", False, [("ada@example.com", False)]),
        # in the domain that is authenticated: theirs to say
        ("From: ada@example.com\nReply-To: home@example.com\n", True, [("home@example.com", True), ("ada@example.com", True)]),
        # elsewhere: may have been added to a signed mail
        ("From: ada@example.com\nReply-To: eve@example.org\n", True, [("ada@example.com", True), ("eve@example.org", False)]),
        # forged: leads to the forger
        ("From: ada@example.com\nReply-To: eve@example.com\n", False, [("ada@example.com", False), ("eve@example.com", False)]),
        ("From: ada@example.com\nReply-To: Ada@example.com\n", True, [("ada@example.com", True)]),
        ("From: ada@example.com\nReply-To: a@example.com, b@example.com\n", True, [("ada@example.com", True)]),
        ("From: no-reply@example.com\nReply-To: ada@example.net\n", True, [("ada@example.net", False)]),
        ("From: noreply@example.com\n", True, []),
        ("From: do_not_reply@example.com\n", True, []),
        ("From: support@shop.test\n", False, []),
        ("From: support+x@shop.test\n", False, []),
        ("From: anybody@whole.test\n", False, []),
        ("From: bounce-01@mx.test\n", False, []),
        ("From: ada@localhost\n", False, []),
        ("From: ada@-.com\n", False, []),
        ("From: nobody\n", False, []),
        ("Reply-To: ada@example.net\n", False, [("ada@example.net", False)]),
        ("From: form@forms.test\nReply-To: ada@example.net\n", False, [("ada@example.net", False)]),
        (f"From: {'a' * 65}@example.com\n", False, []),
        (f"From: {'a' * 60}@{'.'.join(['b' * 60] * 4)}.com\n", False, []),
    ],
)  # fmt: skip
def test_whom_an_answer_goes_to(fields: str, passed: bool, expected: list[tuple[str, bool]]) -> None:
    assert whom(fields, passed=passed) == expected


def test_of_a_colleague_s_forward_it_goes_to_the_customer() -> None:
    body = "Please see below.\n\n---------- Forwarded message ----------\nFrom: Eve <eve@example.org>\nSubject: My account\n\nHelp me please, I am locked out.\n"
    message = read_bytes(
        b"Authentication-Results: mx.shop.test; dkim=pass header.d=shop.test; dmarc=pass header.from=shop.test\n"
        b"From: Bob <bob@shop.test>\nSubject: Fwd: My account\n\n" + body.encode(),
        TRUST,
        trusted=True,
    )
    assert message.forward is not None
    (one,) = addressees(message, TRUST)
    assert (one.addr, one.believed, one.why) == (
        "eve@example.org",
        False,
        "named in a colleague's forward, which proves nothing",
    )
    form = replace(message, forward=replace(message.forward, how="form"))
    assert "contact form" in addressees(form, TRUST)[0].why
    nobody = replace(message, forward=replace(message.forward, customer=None))
    assert addressees(nobody, TRUST) == ()


def test_nobody_answers_a_bounce() -> None:
    assert addressees(replace(a_letter(), kind="bounce"), TRUST) == ()


def test_a_domain_leaves_as_a_labels() -> None:
    assert on_the_wire("ada@müller.example") == "ada@xn--mller-kva.example"
    assert on_the_wire("ada@faß.example") == "ada@xn--fa-hia.example"
    assert on_the_wire("ada@example.com") == "ada@example.com"


# -- templates

GOOD = 'title = "Granted"\nroutes = ["appeals"]\nasks = true\n[text]\nde = "Hallo {name}"\nen = "Hello {name}, {subject}"\n'


def test_a_template_is_read() -> None:
    found = parse("granted", GOOD, [APPEALS])
    assert found == Template(
        name="granted",
        title="Granted",
        texts={"de": "Hallo {name}", "en": "Hello {name}, {subject}"},
        routes=frozenset({APPEALS}),
        asks=True,
    )
    assert isinstance(parse("x", '[text]\nen = "Hi"\n', []), Template)
    assert parse("x", 'title = " "\n[text]\nen = "Hi"\n', []).title == "x"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("Big Name", GOOD, "is no name"),
        ("x", "= 1", "is no TOML"),
        ("x", 'words = "a"\n[text]\nen = "Hi"', "nothing is called 'words'"),
        ("x", 'title = 1\n[text]\nen = "Hi"', "title is a string"),
        ("x", 'routes = ["moon"]\n[text]\nen = "Hi"', "no route is called 'moon'"),
        ("x", 'routes = [["moon"]]\n[text]\nen = "Hi"', "no route is called ['moon']"),
        ("x", f"title = {'[' * 5000}", "nested too deeply"),
        ("x", 'title = "a"', "has no text"),
        ("x", 'text = "a"', "has no text"),
        ("x", '[text]\nenglish = "Hi"', "text.english: is no language"),
        ("x", '[text]\nen = " "', "text.en: is empty"),
        ("x", "[text]\nen = 1", "text.en: is empty"),
        ("x", f'[text]\nen = "{"a" * 20001}"', "more than 20000"),
        ("x", '[text]\nen = "Hi {nme}"', "nothing fills in {nme}"),
    ],
)
def test_what_is_wrong_with_a_template_is_said(name: str, content: str, said: str) -> None:
    found = parse(name, content, [APPEALS])
    assert isinstance(found, TemplateMistake)
    assert said in found.message
    assert found.remedy


def test_a_desk_s_own_come_first() -> None:
    of_all = Template(name="a", title="A", texts={"en": "a"})
    own = Template(name="b", title="B", texts={"en": "b"}, routes=frozenset({APPEALS}))
    other = Template(name="c", title="C", texts={"en": "c"}, routes=frozenset({RouteName("refunds")}))
    assert offered([of_all, own, other], APPEALS) == (own, of_all)


def test_the_language_wanted_else_english_else_what_there_is() -> None:
    one = Template(name="a", title="A", texts={"de": "d", "en": "e"})
    assert text_in(one, "de") == ("de", "d")
    assert text_in(one, "fr") == ("en", "e")
    assert text_in(replace(one, texts={"pt": "p"}), "fr") == ("pt", "p")


def test_what_is_known_is_filled_in() -> None:
    text = filled("{name}: {subject} {own} {name}", {"name": "Ada", "subject": ""})
    assert text == "Ada: {subject} {own} Ada"
    assert unfilled(text + " {reason} {subject}") == ("subject", "reason")


# -- the letter

OUT = Outgoing(
    sender="support@shop.test",
    sender_name="Shop",
    to="ada@example.com",
    subject="Re: Help",
    text="Hello\n",
    message_id="x@shop.test",
    in_reply_to="1@example.com",
    references=("0@example.com", "1@example.com"),
    at=1_800_000_000.0,
    mark="mark",
)


def test_a_letter_is_as_rfc_5322_has_it() -> None:
    raw = compose(OUT)
    assert raw.split(b"\r\n\r\n")[0].split(b"\r\n") == [
        b"From: Shop <support@shop.test>",
        b"To: ada@example.com",
        b"Subject: Re: Help",
        b"Date: Fri, 15 Jan 2027 08:00:00 +0000",
        b"Message-ID: <x@shop.test>",
        b"In-Reply-To: <1@example.com>",
        b"References: <0@example.com>",
        b" <1@example.com>",
        b"X-Postroom-Mark: mark",
        b'Content-Type: text/plain; charset="utf-8"',
        b"Content-Transfer-Encoding: quoted-printable",
        b"MIME-Version: 1.0",
    ]
    alone = message_from_bytes(compose(replace(OUT, in_reply_to="", references=(), automatic=True)))
    assert (alone["In-Reply-To"], alone["References"]) == (None, None)
    assert (alone["Auto-Submitted"], alone["X-Auto-Response-Suppress"]) == ("auto-replied", "All")


def test_a_local_part_that_is_not_ascii_leaves_as_it_is() -> None:
    raw = compose(replace(OUT, to="jürgen@example.com", subject="Größe"))
    assert "To: jürgen@example.com\r\nSubject: Größe\r\n".encode() in raw


@given(
    st.text(max_size=300),
    st.text(max_size=300),
    st.text(max_size=500),
    st.lists(st.from_regex(r"[!-;=?-~]{1,150}@[!-;=?-~]{1,100}", fullmatch=True), max_size=25),
)
def test_nothing_begins_a_line_of_its_own(subject: str, name: str, text: str, ids: list[str]) -> None:
    message = replace(a_letter(), subject=subject, references=tuple(ids))
    in_reply_to, references = chain(message)
    raw = compose(
        replace(
            OUT,
            subject=subject_of(message),
            sender_name=name,
            text=text,
            in_reply_to=in_reply_to,
            references=references,
        )
    )
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    names = [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))]
    assert names[:2] == ["From", "To"]
    assert len(names) == len(set(names)) <= 11
    told = message_from_string(raw.decode(), policy=policy.default)
    assert [one.addr_spec for one in told["To"].addresses] == ["ada@example.com"]
    assert [one.addr_spec for one in told["From"].addresses] == ["support@shop.test"]
    assert [one.strip("<>") for one in str(told["References"] or "").split()] == list(references)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize(
    "hidden", ["=?utf-8?q?=0D=0AReply-To:_eve@example.net?=", "=?utf-8?b?DQoNCkhp?=", "=\x01?utf-8?q?=0AX:_y?="]
)
def test_an_encoded_word_in_an_encoded_word_begins_no_line(hidden: str) -> None:
    raw = compose(replace(OUT, subject=subject_of(replace(a_letter(), subject=f"Help {hidden}")), sender_name=hidden))
    plain_one = compose(OUT)
    assert raw.count(b"\r\n") == plain_one.count(b"\r\n")
    told = message_from_bytes(raw, policy=policy.default)
    assert told.keys() == message_from_bytes(plain_one, policy=policy.default).keys()
    assert "utf-8?" in told["Subject"]


def test_the_subject_has_one_re() -> None:
    assert subject_of(a_letter()) == "Re: Help"
    assert bare("RE[2]: Sv: a\r\nBcc: x") == "a Bcc: x"
    assert bare("return it") == "return it"


def test_a_long_chain_keeps_its_first_and_its_newest() -> None:
    message = replace(a_letter(), references=tuple(f"{n}@a" for n in range(30)), message_id="own@a")
    in_reply_to, references = chain(message)
    assert in_reply_to == "own@a"
    assert (references[0], references[1], references[-1], len(references)) == ("0@a", "12@a", "own@a", 20)
    assert chain(replace(message, message_id="no id", references=("bad id", "own@a"))) == ("", ("own@a",))


def test_what_was_written_is_quoted() -> None:
    message = a_letter(body="One\n\nTwo")
    assert quoted(message, "Ada\n", 1_800_000_000.0) == "Ada, Fri, 15 Jan 2027 08:00:00 +0000:\n> One\n>\n> Two"
    assert quoted(replace(message, new_text=" "), "Ada", 0.0) == ""


def test_texts_lose_controls_and_keep_their_letters() -> None:
    assert plain("a\x00b\r\nc\td  \r") == "ab\nc d"
    assert one_line("a\u202eb\r\nc\u200dd\u00a0e", 20) == "ab c\u200dd e"


# -- writing


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.store.close()


@dataclass(slots=True)
class Bench:
    """A house that answers."""

    house: House
    replies: SqliteReplies
    answering: Answering

    def answerable(self, raw: bytes, trust: Trust = TRUST) -> Answerable:
        (mail,) = self.house.accept(raw)
        self.house.judge()
        decision = self.house.store.decisions(mail.id)[-1]
        message = read_bytes(mail.raw, trust, trusted=True)
        return Answerable(mail=mail, message=message, decision=decision)


@pytest.fixture
def bench(house: House) -> Bench:
    replies = SqliteReplies(house.store.units)
    answering = Answering(
        replies=replies,
        voices={BrandName("shop"): Voice(addr="support@shop.test", name="Shop")},
        templates=lambda: (
            Template(name="hello", title="Hello", texts={"en": "Hi {name} {ticket} {case} {brand} {agent}"}, asks=True),
        ),
        trust=TRUST,
        key=KEY,
        clock=house.clock.now,
        entropy=lambda count: next(house.entropy).to_bytes(count, "big"),
        undo=10.0,
    )
    return Bench(house=house, replies=replies, answering=answering)


SIGNED = {"Authentication_Results": "mx.shop.test; dkim=pass header.d=example.com; dmarc=pass header.from=example.com"}


def test_a_person_s_answer_waits_for_the_undo_window(bench: Bench) -> None:
    to = bench.answerable(a_message(**SIGNED))
    seen = bench.answering.preview(ADA, to, Wish(text="Yes."))
    assert bench.replies.of_mails([to.mail.id]) == {}
    reply = bench.answering.send(ADA, to, Wish(text="Yes.", quote=True))
    assert (reply.by, reply.due_at - reply.at, reply.envelope_sender) == ("ada", 10.0, "support@shop.test")
    assert seen.text == reply.text
    assert read_reply_message_id(reply.message_id, KEY) == reply.id
    bench.answering.take_back(ADA, reply)
    with pytest.raises(Refused, match="too late"):
        bench.answering.take_back(ADA, reply)


def test_a_draft_knows_what_is_known(bench: Bench) -> None:
    to = replace(bench.answerable(a_message(From="Ada <ada@example.com>", Subject="[#12] Help")), case=7)
    wish = bench.answering.draft(ADA, to, "hello")
    assert (wish.text, wish.asks, wish.language, wish.template) == ("Hi Ada [#12] 7 Shop Ada L.", True, "en", "hello")
    nameless = replace(
        to, message=a_letter("From: <no-reply@x.test>\n"), case=0, mail=replace(to.mail, brand=BrandName("play"))
    )
    text = bench.answering.draft(replace(ADA, shown=""), nameless, "hello").text
    assert text == "Hi {name} {ticket} {case} play ada"
    poser = replace(to, message=a_letter('From: "eve@example.org" <ada@example.com>\n'))
    assert "eve" not in bench.answering.draft(ADA, poser, "hello").text
    assert bench.answering.offered(replace(to, decision=None)) == ()
    with pytest.raises(Refused, match="there is no template 'helo'"):
        bench.answering.draft(ADA, to, "helo")


@pytest.mark.parametrize(
    ("by", "text", "changes", "said"),
    [
        (replace(ADA, role="viewer"), "Yes.", {}, "takes the role agent"),
        (replace(ADA, routes=(RouteName("refunds"),)), "Yes.", {}, "not for you"),
        (ADA, " \n", {}, "write the answer first"),
        (ADA, "x" * (MOST_WORDS + 1), {}, "at most 50000"),
        (ADA, "{case}, {reason}", {}, "what stands for {case}, {reason} first"),
        (ADA, "Yes.", {"decision": None}, "not judged yet"),
    ],
)
def test_what_can_not_be_answered_says_what_to_do(
    bench: Bench, by: User, text: str, changes: dict[str, Any], said: str
) -> None:
    to = replace(bench.answerable(a_message()), **changes)
    with pytest.raises(Refused, match=said.replace("{", r"\{")):
        bench.answering.send(by, to, Wish(text=text))


def test_who_can_not_be_written_to_is_told(bench: Bench) -> None:
    to = bench.answerable(a_message())
    with pytest.raises(Refused, match="an address of the mail alone"):
        bench.answering.send(ADA, to, Wish(text="Yes.", to="eve@example.org"))
    with pytest.raises(Refused, match="nobody reads answers"):
        bench.answering.send(ADA, replace(to, message=replace(to.message, kind="bounce")), Wish(text="Yes."))
    with pytest.raises(Refused, match=r"set brand\.play\.answer_from"):
        bench.answering.send(ADA, replace(to, mail=replace(to.mail, brand=BrandName("play"))), Wish(text="Yes."))
    with pytest.raises(Refused, match="not set up"):
        replace(bench.answering, off="not set up").send(ADA, to, Wish(text="Yes."))


def test_an_answer_by_itself_goes_to_believed_people_alone(bench: Bench) -> None:
    to = bench.answerable(a_message(**SIGNED))
    reply = bench.answering.post(to, Wish(text="We have it."))
    assert (reply.by, reply.automatic, reply.envelope_sender, reply.due_at) == ("", True, "", reply.at)
    assert b"Auto-Submitted: auto-replied\r\n" in reply.raw
    with pytest.raises(Refused, match="nothing proves"):
        bench.answering.post(bench.answerable(a_message("Another.")), Wish(text="We have it."))
    with pytest.raises(Refused, match="no person wrote"):
        bench.answering.post(replace(to, message=replace(to.message, kind="list")), Wish(text="We have it."))
    with pytest.raises(Refused, match="nothing proves"):
        bench.answering.post(replace(to, message=a_letter("From: no-reply@x.test\n")), Wish(text="We have it."))


def test_an_agent_of_the_second_desk_answers_too(bench: Bench) -> None:
    to = bench.answerable(a_message(**SIGNED))
    assert to.decision is not None
    agent = replace(ADA, routes=(RouteName("refunds"),))
    with pytest.raises(Refused, match="not for you"):
        bench.answering.preview(agent, to, Wish(text="Yes."))
    split = replace(to, decision=replace(to.decision, route=APPEALS, second=RouteName("refunds"), copied=True))
    assert bench.answering.preview(agent, split, Wish(text="Yes.")).by == "ada"


def test_who_only_reads_settles_no_answer(bench: Bench) -> None:
    viewer = replace(ADA, role="viewer")
    reply = bench.answering.send(ADA, bench.answerable(a_message(**SIGNED)), Wish(text="Yes."))
    for verb in (bench.answering.take_back, bench.answering.again):
        with pytest.raises(Refused, match="takes the role agent"):
            verb(viewer, reply)
    with pytest.raises(Refused, match="takes the role agent"):
        bench.answering.give_up(viewer, replace(reply, state="failed"), "why")


def test_only_what_failed_is_tried_again_or_given_up(bench: Bench) -> None:
    reply = bench.answering.send(ADA, bench.answerable(a_message(**SIGNED)), Wish(text="Yes."))
    with pytest.raises(Refused, match="does not lie aside"):
        bench.answering.again(ADA, reply)
    with pytest.raises(Refused, match="say why"):
        bench.answering.give_up(ADA, reply, " ")
    with pytest.raises(Refused, match="does not lie aside"):
        bench.answering.give_up(ADA, reply, "gone")
    with pytest.raises(Refused, match="takes the role"):
        bench.answering.take_back(replace(ADA, role="viewer"), reply)


# -- sending


@dataclass(slots=True)
class Server:
    """Answers as it is told and keeps what it got."""

    answers: list[Exception | str] = field(default_factory=list)
    got: list[ReplyId] = field(default_factory=list)
    #: seconds
    longest: float = 30.0

    def send(self, reply: Reply) -> str:
        self.got.append(reply.id)
        answer = self.answers.pop(0) if self.answers else "250 ok"
        if isinstance(answer, Exception):
            raise answer
        return answer

    def check(self) -> str:
        return "there"

    def close(self) -> None:
        """Nothing."""


@dataclass(slots=True)
class Post:
    """An outbox with one answer in it, and who sends it."""

    bench: Bench
    reply: Reply
    server: Server
    sending: Sending
    told: list[tuple[str, bool]]
    refusals: list[PostroomError]
    bugs: list[Exception]

    def now(self) -> Reply:
        found = self.bench.replies.reply(self.reply.id)
        assert found is not None
        return found


@pytest.fixture
def post(bench: Bench) -> Post:
    reply = bench.answering.send(ADA, bench.answerable(a_message(**SIGNED)), Wish(text="Yes.", asks=True))
    bench.house.clock.advance(10)
    server, told, refusals, bugs = Server(), [], [], []  # type: ignore[var-annotated]

    def tell(one: Reply) -> None:
        if refusals:
            raise refusals.pop(0)
        told.append((one.mail_id, one.asks))

    sending = Sending(
        outbox=bench.replies,
        sender=server,
        tell=tell,
        observer=bench.house.told,
        patience=bench.house.patience,
        clock=bench.house.clock.now,
        random=lambda: 0.5,
        failed=bugs.append,
    )
    return Post(bench=bench, reply=reply, server=server, sending=sending, told=told, refusals=refusals, bugs=bugs)


def test_it_is_sent_once_and_its_case_told(post: Post) -> None:
    assert post.sending.turn()
    assert (post.now().state, post.now().said) == ("sent", "250 ok")
    assert post.sending.turn()
    assert post.told == [(post.reply.mail_id, True)]
    assert not post.sending.turn()
    assert post.server.got == [post.reply.id]
    assert post.bench.house.told.of("answer-sent") == [{"automatic": False}]


def test_nobody_else_sends_it_while_a_slow_server_may_take_it_yet(post: Post) -> None:
    post.server.longest = 300.0
    (taken,) = post.bench.replies.take(post.bench.house.clock.now(), lease=post.sending.lease, limit=1)
    post.bench.house.clock.advance(post.server.longest + 1)
    assert not post.sending.turn()
    assert post.server.got == []
    post.bench.house.clock.advance(60)
    assert post.sending.turn()
    assert post.server.got == [taken.id]


def test_a_case_that_is_changed_all_the_time_holds_nobody_up(post: Post) -> None:
    post.refusals += [Refused("changed"), Refused("changed")]
    post.sending.turn()
    post.sending.turn()
    assert len(post.told) == 1
    assert post.bench.replies.untold(10) == ()


def test_after_three_refusals_a_case_is_left_alone(post: Post) -> None:
    post.refusals += [Refused("changed")] * 3
    post.sending.turn()
    post.sending.turn()
    assert post.told == []
    assert post.bench.replies.untold(10) == ()


def test_an_automatic_answer_answers_no_case(post: Post) -> None:
    post.sending.turn()
    post.sending.turn()
    bench = post.bench
    bench.answering.post(bench.answerable(a_message("Two", **SIGNED)), Wish(text="We have it."))
    while post.sending.turn():
        pass
    assert len(post.server.got) == 2
    assert len(post.told) == 1
    assert bench.replies.untold(10) == ()


def test_what_is_refused_for_now_is_tried_again(post: Post) -> None:
    post.server.answers += [TryLater("451 later")]
    post.sending.turn()
    assert (post.now().state, post.now().tries, post.now().said) == ("waiting", 1, "451 later")
    assert not post.sending.turn()
    post.bench.house.clock.advance(60)
    assert post.sending.turn()
    assert post.now().state == "sent"


def test_while_the_server_is_down_all_wait_for_one_probe(post: Post) -> None:
    bench = post.bench
    bench.answering.send(ADA, bench.answerable(a_message("Two", **SIGNED)), Wish(text="Yes."))
    bench.house.clock.advance(10)
    post.server.answers += [TryLater("no connection", lane_down=True)]
    assert post.sending.turn()
    assert not post.sending.turn()
    assert len(post.server.got) == 1
    bench.house.clock.advance(60)
    while post.sending.turn():
        pass
    assert len(post.server.got) == 3
    assert post.now().state == "sent"


def test_a_server_that_is_down_for_days_makes_no_answer_fail(post: Post) -> None:
    post.server.answers += [TryLater("no connection", lane_down=True)] * 8
    for _ in range(8):
        post.sending.turn()
        post.bench.house.clock.advance(300_000)
    assert post.now().state == "waiting"
    post.sending.turn()
    assert post.now().state == "sent"


def test_what_is_refused_for_good_or_for_too_long_failed(post: Post) -> None:
    post.server.answers += [GiveUp("550 no such user")]
    post.sending.turn()
    assert (post.now().state, post.now().said) == ("failed", "550 no such user")
    assert len(post.bench.house.told.of("answer-failed")) == 1
    post.bench.answering.again(ADA, post.now())
    post.server.answers += [TryLater("451")] * 3
    for _ in range(3):
        post.sending.turn()
        post.bench.house.clock.advance(300_000)
    post.sending.turn()
    assert (post.now().state, post.now().said) == ("failed", "451")


def test_a_bug_that_one_brings_out_does_not_stop_the_others(post: Post) -> None:
    post.server.answers += [ValueError("oh")]
    post.sending.turn()
    assert [str(one) for one in post.bugs] == ["oh"]
    assert post.now().state == "failed"
    post.bench.answering.give_up(ADA, post.now(), "never mind")
    assert (post.now().state, post.now().said) == ("withdrawn", "ada: never mind")


# -- coming back


def a_bounce(*ids: str) -> bytes:
    returned = "".join(f"Message-ID: <{one}>\r\n" for one in ids)
    return (
        "From: MAILER-DAEMON@mx.example.com\r\nTo: support@shop.test\r\nSubject: Undelivered mail\r\nMessage-ID: <own@mx>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nIt failed.\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        "Final-Recipient: rfc822; ada@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n{returned}Subject: Re: x\r\n\r\nYes.\r\n--b--\r\n"
    ).encode()


def test_a_bounce_is_known_by_what_it_returns(post: Post) -> None:
    house = post.bench.house
    house.judging = replace(
        house.judging,
        returns=Returns(outbox=post.bench.replies, key=KEY, observer=house.told, clock=house.clock.now),
    )
    house.accept(a_bounce(post.reply.message_id))
    house.judge()
    assert post.now().state == "waiting"  # it was not sent yet: a lie
    post.sending.turn()
    house.accept(a_bounce("other@shop.test", post.reply.message_id), mail_from="")
    house.judge()
    assert post.now().state == "bounced"
    assert (
        post.now().said
        == "a bounce says that ada@example.com was not reached: a delivery report (RFC 3464): failed, status 5.1.1"
    )
    assert len(house.told.of("answer-bounced")) == 1


def test_a_bounce_that_names_nobody(bench: Bench, post: Post) -> None:
    returns = Returns(outbox=bench.replies, key=KEY, observer=bench.house.told, clock=bench.house.clock.now)
    post.sending.turn()
    message = replace(a_letter(), failed_recipient="", kind_reason="words")
    returns.bounced(a_mail(1, raw=a_bounce(post.reply.message_id), brand=BrandName("shop")), message)
    assert post.now().said == "a bounce says that the recipient was not reached: words"


def test_our_own_answer_goes_in_no_circle(post: Post) -> None:
    house = post.bench.house
    house.judging = replace(
        house.judging,
        returns=Returns(outbox=post.bench.replies, key=KEY, observer=house.told, clock=house.clock.now),
    )
    head, _, body = post.reply.raw.partition(b"X-Postroom-Mark:")
    house.accept(head + body.partition(b"\r\n")[2])
    house.judge()
    assert house.told.of("parked")[-1]["why"] == "loop"


@given(st.binary(max_size=2000))
def test_any_bytes_return_ids(raw: bytes) -> None:
    assert len(returned_ids(raw)) <= IDS


def test_what_a_bounce_returns_is_found_where_servers_put_it() -> None:
    assert returned_ids(a_bounce("1@a", "2@a")) == ("1@a", "2@a")
    assert returned_ids(b"Message-ID: <own@a>\n\nIt said:\n> Message-Id:\n>  <x@a>\n> MESSAGE-ID: <3@a>\n") == ("3@a",)
    many = "".join(f"Message-ID: <{n}@a>\n" for n in range(50))
    assert len(returned_ids(b"Subject: x\n\n" + many.encode())) == IDS


def test_a_message_id_of_ours_can_not_be_guessed() -> None:
    assert read_reply_message_id("01jdab3c4d5e6f7g8h9jkmnpqr.aaaaaaaaaaaaaaaa@shop.test", KEY) == ""
    assert read_reply_message_id("1@shop.test", KEY) == ""


def test_a_name_that_looks_like_a_placeholder_fills_in_nothing() -> None:
    assert filled("Hi {name}, {case}", {"name": "{reason}", "case": "7"}) == "Hi (reason), 7"


@pytest.mark.parametrize("content", ['[text]\nen = "Hi {name"\n', '[text]\nen = "Hi name}"\n', '[text]\nen = "Hi { name }"\n', 'routes = [[1]]\n[text]\nen = "x"\n', f"x = {'[' * 5000}"])  # fmt: skip
def test_unclosed_braces_and_odd_values_are_mistakes(content: str) -> None:
    assert isinstance(parse("x", content, []), TemplateMistake)
