"""The order of judgement, and properties of the blend."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.decide.blend import blend, cap, certain, parts, pool, score, weight
from postroom.decide.evidence import history_findings
from postroom.decide.explain import explain
from postroom.decide.judge import judge
from postroom.decide.policy import Policy, RouteStage
from postroom.decide.rollout import bucket, stage
from postroom.model.judgement import AccountStatus, Clue, Finding, Opinion, SenderHistory, ThreadState
from postroom.model.mail import BounceOf, BrandName, DestinationName, MailId, RouteName
from postroom.model.message import Address, Attachment, Authentication, Defect, Forward, Message, SpamVerdict

from .build import NOW, PASS, ROUTES, book, case, mail

APPEALS, REFUNDS, GENERAL = RouteName("appeals"), RouteName("refunds"), RouteName("general")
SPAM = SpamVerdict(by="rspamd", spam=True, score=15.0)
BOOK = book(
    """
[[rule]]
name = "chargeback"
comment = "a bank took money back"
when = 'words.contains("chargeback")'
route = "refunds"
tags = ["bank"]
[[rule]]
name = "regex"
when = 'new_text.matches("[0-9]{4}") && sender.trusted'
route = "copyright"
[[rule]]
name = "odd"
when = 'headers["x"] == "1" || phrases["account"] > attachments.count'
route = "appeals"
weight = -1
"""
)


def thread(
    route: str = "appeals", *, by: str = "references", confirmed: bool = False, age: float = 3600
) -> ThreadState:
    return ThreadState(
        matched_by=by, first_id=MailId("f"), route=RouteName(route), confirmed=confirmed, last_at=NOW - age, mails=2
    )  # type: ignore[arg-type]


texts = st.text(max_size=80) | st.sampled_from(
    ["unban my account", "refund me, chargeback 1234", "I kill myself", "\ud800\0", "my account … suspended"]
)
addresses = st.builds(Address, name=texts, addr=texts | st.just("ada@example.com"))
messages = st.builds(
    Message,
    message_id=texts, from_=st.none() | addresses, reply_to=st.lists(addresses, max_size=2).map(tuple), to=st.lists(addresses, max_size=2).map(tuple),
    cc=st.just(()), subject=texts, date=st.none() | st.floats(), headers=st.lists(st.tuples(texts, texts), max_size=3).map(tuple), text=texts, new_text=texts,
    quoted_text=texts, signature=texts, disclaimer=texts, hidden_text=texts,
    attachments=st.lists(st.builds(Attachment, name=texts, type=texts, size=st.integers(0), sha256=texts), max_size=2).map(tuple),
    language=texts, kind=st.sampled_from(["person", "auto-reply", "bounce", "list", "none"]), kind_reason=texts, failed_recipient=texts,
    auth=st.builds(Authentication, state=st.sampled_from(["pass", "fail", "none"]), domain=texts), references=st.lists(texts, max_size=2).map(tuple),
    in_reply_to=texts, forward=st.none() | st.builds(Forward, how=st.sampled_from(["colleague", "form"]), customer=st.none() | addresses),
    spam=st.none() | st.builds(SpamVerdict, by=texts, spam=st.booleans(), score=st.none() | st.floats()), received_count=st.integers(0, 200), ticket=texts,
    defects=st.lists(st.builds(Defect, code=texts), max_size=1).map(tuple),
)  # fmt: skip
routes = st.sampled_from([*ROUTES, RouteName("junk"), RouteName("elsewhere"), RouteName("")])
histories = st.builds(
    SenderHistory, first_seen=st.none() | st.floats(0, 2e9), mails=st.integers(0, 99), burst=st.integers(0, 50), last_route=routes,
    counts=st.lists(st.tuples(routes, st.floats(0, 1e6)), max_size=3).map(tuple), domain_counts=st.lists(st.tuples(routes, st.floats(0, 1e6)), max_size=3).map(tuple),
)  # fmt: skip
threads = st.none() | st.builds(
    ThreadState, matched_by=st.sampled_from(["references", "in-reply-to", "subject"]), first_id=st.just(MailId("f")), route=routes,
    confirmed=st.booleans(), last_at=st.floats(0, 3e9), mails=st.integers(1, 99),
)  # fmt: skip
accounts = st.builds(
    AccountStatus,
    state=st.sampled_from(["active", "limited", "suspended", "banned", "closed", "unknown"]),
    since=st.none() | st.floats(0, 3e9),
)
clues = st.lists(st.builds(Clue, word=texts, weight=st.floats(-9, 9), span=st.just((0, 1))), max_size=2).map(tuple)
classes = st.lists(
    st.builds(Opinion, route=routes, share=st.floats(0, 1) | st.just(float("nan")), clues=clues), max_size=4
).map(tuple)


@given(messages, histories, threads, accounts, classes, st.floats(0, 1e12))
@settings(max_examples=200, deadline=None)
def test_any_message_is_judged_and_its_probabilities_sum_to_one(message, history, found, account, classifier, now):
    the_case = dataclasses.replace(
        case(), message=message, history=history, thread=found, account=account, classifier=classifier, now=now
    )
    decision = judge(the_case, BOOK, Policy(protected_domains=("example.com",)))
    assert sum(share for _, share in decision.probabilities) == pytest.approx(1.0)
    assert 0.0 <= decision.confidence <= 1.0
    assert all(0.0 <= finding.score <= 1.0 for finding in decision.findings)
    assert decision.route in {decision.decided, "review"}
    assert decision.because
    assert judge(the_case, BOOK, Policy(protected_domains=("example.com",))) == decision


findings = st.lists(
    st.builds(
        Finding, source=st.sampled_from(["rule", "thread", "phrases", "classifier", "history", "account", "spam", "guard"]), route=routes,
        score=st.floats(0, 1), reason=st.just("r"), veto=st.booleans(),
    ),
    max_size=8,
)  # fmt: skip


@given(
    findings,
    st.sampled_from(ROUTES),
    st.floats(0.5, 1),
    st.sampled_from(["rule", "thread", "phrases", "history", "account", "spam"]),
)
@settings(max_examples=300, deadline=None)
def test_evidence_for_a_route_never_lowers_its_probability(known, route, strength, source):
    more = Finding(source=source, route=route, score=strength, reason="more")
    before, after = dict(blend(known, ROUTES, Policy())), dict(blend([*known, more], ROUTES, Policy()))
    assert after.get(route, 0.0) >= before.get(route, 0.0) - 1e-12
    less = dataclasses.replace(more, score=1.0 - strength)
    assert dict(blend([*known, less], ROUTES, Policy())).get(route, 0.0) <= before.get(route, 0.0) + 1e-12


@given(
    findings, st.sampled_from(["rule", "thread", "phrases", "classifier", "history", "account"]), st.floats(0.5, 1.5)
)
@settings(max_examples=100, deadline=None)
def test_a_scale_multiplies_what_counts_and_its_cap(known, source, scale):
    name = "words" if source in {"phrases", "classifier"} else source
    more = Finding(source=source, route=ROUTES[0], score=0.999999, reason="more")
    plain, scaled = Policy(), Policy(scales={name: scale})
    one, other = (parts([*known, more], policy) for policy in (plain, scaled))
    assert one.keys() == other.keys()
    for family, routes in one.items():
        for route, part in routes.items():
            factor = scale if family == name else 1.0
            assert other[family][route].counts == pytest.approx(factor * part.counts)
            assert abs(other[family][route].counts) <= factor * cap(plain.caps, family) + 1e-12


@given(findings, st.permutations(range(8)))
@settings(max_examples=100, deadline=None)
def test_the_order_of_evidence_does_not_matter(known, order):
    shuffled = [known[index] for index in order if index < len(known)]
    one, other = dict(blend(known, ROUTES, Policy())), dict(blend(shuffled, ROUTES, Policy()))
    assert one.keys() == other.keys()
    assert all(one[route] == pytest.approx(other[route]) for route in one)


@given(st.lists(st.floats(-10, 10), max_size=8), st.floats(0, 10))
def test_one_more_phrase_for_a_route_never_weakens_its_list(weights, more):
    assert pool([*weights, more]) >= pool(weights) - 1e-9
    assert pool([*weights, -more]) <= pool(weights) + 1e-9


@given(st.floats(-20, 20))
def test_a_score_is_its_weight(value):
    assert weight(Finding(source="rule", route=APPEALS, score=score(value), reason="")) == pytest.approx(
        value, abs=1e-5
    )


def test_certainty_leaves_the_rest_to_the_others():
    assert certain(APPEALS, 0.99, ((APPEALS, 1.0),)) == ((APPEALS, 1.0),)
    assert dict(certain(APPEALS, 0.9, ((APPEALS, 0.5), (REFUNDS, 0.5)))) == pytest.approx({APPEALS: 0.9, REFUNDS: 0.1})


def test_phrases_and_classifier_are_one_family_capped_together():
    """However much both say, they say it of the same words."""
    phrases = Finding(source="phrases", route=APPEALS, score=score(4.0), reason="")
    classifier = dataclasses.replace(phrases, source="classifier")
    most = dataclasses.replace(phrases, score=score(Policy().caps.words))
    alone, both, at_most = (
        dict(blend(f, ROUTES, Policy()))[APPEALS]
        for f in ([dataclasses.replace(phrases, score=score(1.0))], [phrases, classifier], [most])
    )
    assert alone < both <= at_most


def test_a_plain_mail_goes_to_the_fallback_and_an_appeal_to_its_desk():
    assert judge(case("When do you open on Sundays?"), BOOK, Policy()).route == "general"
    decision = judge(case("Please unban my account, my account was suspended"), BOOK, Policy())
    assert (decision.route, decision.decided) == ("appeals", "appeals")
    assert decision.because.startswith("appeals at ")


def test_below_its_threshold_a_mail_goes_to_review_with_the_best_guess():
    decision = judge(
        case("restore my account, I appeal"), BOOK, Policy(thresholds={(BrandName("shop"), APPEALS): 0.97})
    )
    assert (decision.route, decision.decided) == ("review", "appeals")
    assert "below its threshold of 97%" in decision.because


def test_a_loop_is_guarded_against():
    decision = judge(case("unban my account, my account was suspended", received_count=101), BOOK, Policy())
    assert (decision.route, decision.findings[0].source) == ("review", "guard")
    assert "101 hops" in decision.because


@pytest.mark.parametrize("kind", ["auto-reply", "bounce", "list"])
def test_automatic_mail_takes_its_own_way(kind):
    decision = judge(case("unban my account", kind=kind, kind_reason="Auto-Submitted: auto-replied"), BOOK, Policy())
    assert (decision.route, decision.confidence) == ("automatic", 0.99)
    assert "Auto-Submitted" in decision.because


def test_what_came_to_a_return_address_is_automatic():
    bounced = mail(bounce_of=BounceOf(mail_id=MailId("m"), destination=DestinationName("d"), generation=1))
    assert judge(case("x", mail_=bounced), BOOK, Policy()).route == "automatic"


def test_an_empty_mail_goes_to_the_fallback():
    assert judge(case("", kind="none"), BOOK, Policy()).route == "general"


def test_any_news_goes_where_its_thread_is_and_a_new_topic_does_not():
    assert judge(case("Any news?", about={"thread": thread()}, auth=PASS), BOOK, Policy()).route == "appeals"
    assert judge(case("Any news?", auth=PASS), BOOK, Policy()).route == "general"
    new_topic = judge(
        case("I was charged twice, I want my money back, a refund", about={"thread": thread()}, auth=PASS),
        BOOK,
        Policy(),
    )
    assert new_topic.decided == "refunds"


def test_threads_weigh_by_how_they_were_found_and_how_old_they_are():
    def share(found: ThreadState, **message: object) -> float:
        return dict(judge(case("ok", about={"thread": found}, **message), BOOK, Policy()).probabilities)[APPEALS]

    assert (
        share(thread(confirmed=True))
        > share(thread())
        > share(thread(by="subject"))
        > share(thread(by="subject", age=200 * 86_400))
    )
    assert share(thread(), ticket="[#123]") > share(thread())
    assert "[#123]" in judge(case("x", ticket="[#123]"), BOOK, Policy()).findings[0].reason


def test_quoted_notices_do_not_decide():
    quoted = "We suspended. unban my account. appeal. restore my account"
    assert (
        judge(
            case("Thanks, all good now", quoted_text=quoted, text=f"Thanks\n> {quoted}", hidden_text=quoted),
            BOOK,
            Policy(),
        ).route
        == "general"
    )


HISTORY = SenderHistory(
    first_seen=NOW - 9e6,
    mails=50,
    counts=((APPEALS, 50.0),),
    last_route=APPEALS,
    domain_counts=((APPEALS, 90.0),),
    burst=25,
)


def test_history_tips_the_scales_but_never_decides_alone():
    policy = Policy(priors={APPEALS: 0.4, REFUNDS: 0.1}, default_threshold=0.5)
    decision = judge(case("hello", about={"history": HISTORY}, auth=PASS), BOOK, policy)
    assert (decision.route, decision.decided) == ("review", "appeals")
    assert "history alone decides nothing" in decision.because
    believed = dataclasses.replace(policy, scales={"history": 1.5})
    more = judge(case("hello", about={"history": HISTORY}, auth=PASS), BOOK, believed)
    assert more.confidence > decision.confidence
    assert more.route == "review", "nor where it was learned to be believed half as much again"
    tipped = judge(case("unban my account", about={"history": HISTORY}, auth=PASS), book(), Policy())
    assert tipped.route == "appeals"
    assert tipped.confidence > judge(case("unban my account"), book(), Policy()).confidence
    assert any(finding.name == "burst" for finding in tipped.findings)


def test_history_and_account_count_for_nobody_who_is_not_authenticated():
    known = {"history": HISTORY, "account": AccountStatus(state="suspended")}
    stranger = judge(case("hello", about=known), BOOK, Policy())
    assert (stranger.history, stranger.account, stranger.findings) == (SenderHistory(), AccountStatus(), ())
    forwarded = judge(case("hello", about=known, auth=PASS, forward=Forward(how="form", customer=None)), BOOK, Policy())
    assert forwarded.findings == ()


def test_the_account_speaks_for_an_authenticated_sender():
    def share(state: str) -> float:
        about = {"account": AccountStatus(state=state)}  # type: ignore[arg-type]
        return dict(judge(case("hello", about=about, auth=PASS), BOOK, Policy()).probabilities)[APPEALS]

    assert share("suspended") > share("unknown") > share("active")


def test_spam_goes_to_junk_only_when_sure_and_never_when_it_may_be_an_appeal():
    junk = judge(case("cheap watches", spam=SPAM), BOOK, Policy())
    assert junk.route == "junk"
    unsure = judge(case("cheap watches", spam=SPAM), BOOK, Policy(junk_threshold=0.99))
    assert (unsure.route, unsure.decided) == ("review", "junk")
    appeal = judge(case("unban my account", spam=SPAM), BOOK, Policy())
    assert appeal.route == "review"
    assert "may be meant for appeals" in appeal.because
    clean = judge(case("cheap watches", spam=dataclasses.replace(SPAM, spam=False, score=None)), BOOK, Policy())
    assert clean.route == "general"


def test_the_classifier_is_heard_and_says_by_which_words():
    clues = (Clue(word="hola", weight=1.25, span=(1, 5)), Clue(word="amigo", weight=-0.5, span=(6, 11)))
    opinions = (
        Opinion(route=APPEALS, share=0.95, clues=clues),
        Opinion(route=GENERAL, share=0.05, remark="asked twice"),
    )
    decision = judge(case("hola amigo", about={"classifier": opinions, "model": "m1"}), BOOK, Policy())
    assert decision.decided == "appeals"
    (said,) = (one for one in decision.findings if one.source == "classifier" and one.route == APPEALS)
    assert said.reason == "the classifier gives appeals 95% by «hola» +1.2, «amigo» -0.5"
    assert said.spans == ((1, 5),)
    (other,) = (one for one in decision.findings if one.source == "classifier" and one.route == GENERAL)
    assert other.reason == "the classifier gives general 5%; asked twice"
    assert decision.versions.model == "m1"


def test_rules_tag_and_speak_against():
    decision = judge(case("chargeback on my account"), BOOK, Policy())
    assert decision.tags == ("bank",)
    assert decision.decided == "refunds"
    assert "a bank took money back" in decision.because
    assert any(finding.name == "odd" and finding.score < 0.5 for finding in decision.findings)


def test_a_fallback_that_is_preferred_for_nothing_in_particular_says_so():
    assert "nothing speaks for another desk" in judge(case("hello"), BOOK, Policy()).because


def test_stages_follow_the_bucket_of_the_thread():
    policy = Policy(stages={APPEALS: RouteStage(stage="canary", percent=30), REFUNDS: RouteStage(stage="shadow")})
    stages = [stage(APPEALS, f"thread-{number}", policy) for number in range(2000)]
    assert 500 < stages.count("canary") < 700
    assert set(stages) == {"canary", "shadow"}
    assert stage(REFUNDS, "x", policy) == "shadow"
    assert stage(GENERAL, "x", policy) == "live"
    assert bucket("thread-1") == bucket("thread-1")
    assert bucket("") in range(100)
    assert bucket("\ud800") in range(100)
    assert judge(case("refund me, money back"), BOOK, policy).stage == "shadow"
    assert judge(case("refund", mail_=mail(thread_key="")), BOOK, policy).stage == "shadow"


@pytest.mark.parametrize(
    "priors",
    [
        {},
        {APPEALS: 0.5},
        {APPEALS: 0.9, REFUNDS: 0.9},
        {GENERAL: 0.3},
        dict.fromkeys(ROUTES, 0.25),
        {APPEALS: 0.0},
        {RouteName("junk"): 0.2},
    ],
)
def test_priors_are_shares(priors):
    for those in (ROUTES, (GENERAL,), (APPEALS, RouteName("junk"))):
        shares = Policy(priors=priors).prior(those)
        assert set(shares) == set(those)
        assert sum(shares.values()) == pytest.approx(1.0)
        assert all(share > 0 for share in shares.values())


def test_thresholds_are_found_by_brand_then_route_then_default():
    policy = Policy(thresholds={(BrandName("shop"), APPEALS): 0.9, (BrandName(""), APPEALS): 0.8})
    assert policy.threshold(BrandName("shop"), APPEALS) == 0.9
    assert policy.threshold(BrandName("other"), APPEALS) == 0.8
    assert policy.threshold(BrandName("shop"), REFUNDS) == policy.default_threshold
    assert policy.threshold(BrandName("shop"), GENERAL) == policy.fallback_threshold
    assert policy.threshold(BrandName("shop"), RouteName("junk")) == policy.junk_threshold


def test_history_of_a_route_that_most_mail_did_not_go_to_says_nothing():
    history = SenderHistory(mails=9, counts=((APPEALS, 8.0), (RouteName("refunds"), 1.0)))
    found = history_findings(case("hello", auth=PASS, about={"history": history}), Policy())
    assert [one.route for one in found] == [APPEALS]


def test_a_mail_about_two_things_names_both_and_goes_as_the_team_wants():
    text = "Please restore my account, my account was suspended, unban my account; and I want my money back."
    first = judge(case(text), BOOK, Policy())
    assert (first.route, first.second, first.copied) == ("appeals", "refunds", False)
    assert "appeals is told that it is also about refunds." in explain(first)
    moved = dataclasses.replace(first, route=REFUNDS, decided=REFUNDS)
    assert not any("also about" in paragraph for paragraph in explain(moved))
    both = judge(case(text), BOOK, Policy(two_matters="copies"))
    assert (both.route, both.copied) == ("appeals", True)
    assert "It is also about refunds: a linked copy goes there too." in explain(both)
    asked = judge(case(text), BOOK, Policy(two_matters="review"))
    assert (asked.route, asked.decided) == ("review", "appeals")
    assert "It is also about refunds." in explain(asked)
    assert "two things, appeals and refunds" in asked.because
    assert judge(case("Please restore my account"), BOOK, Policy()).second == ""
    assert judge(case("hello"), BOOK, Policy(two_matters="copies")).second == ""
