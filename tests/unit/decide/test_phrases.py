"""Folding, phrase syntax, phrase files and urgent signals."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.decide import rulebook
from postroom.decide.folding import BREAK, MAX_CHARACTERS, fold, fold_words
from postroom.decide.judge import judge
from postroom.decide.phrases import Phrase, PhraseList, compile_lists, parse_phrase
from postroom.decide.policy import Policy

from .build import PHRASES, ROUTES, book, case

WILD = st.text(
    st.one_of(
        st.characters(), st.sampled_from("aéßſﬁİıłŒ\u200b\u0301´¨…½ \u00a0\u3000\n\r\t\x01\x1c¶0345аeсΑ한국 が漢ﷺ")
    ),
    max_size=60,
)


def found(phrase: str, text: str, *, subject: str = "", where: str = "any") -> bool:
    one = Phrase(text=phrase, fragments=parse_phrase(phrase), weight=1.0, where=where, language="")  # type: ignore[arg-type]
    return bool(compile_lists([PhraseList(name="x", kind="concept", phrases=(one,))]).find(fold(subject, text)))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("unban my account", "Please UNBAN\n  my   Account!"),
        ("réactiver", "REACTIVER s'il vous plaît"),
        ("reactiver", "réactiver"),
        ("can't log in", "I can’t log in"),
        ("don't", "I don´t know"),
        ("suspend*", "my account was suspended"),
        ("suspend*", "suspend"),
        ("my account … banned", "my account has been wrongly banned"),
        ("my account ... banned", "my account banned"),
        ("suspend* account*", "they suspended accounts"),
        ("account", "acc0unt"),
        ("banned", "b4nned"),
        ("account", "аccоunt"),
        ("account", "a\u200bcco\u00adunt"),
        ("аккаунт", "аkkаунт"),
        ("strasse", "Straße"),
        ("ｆｕｌｌ", "full width"),
        ("封号", "我的账号被封号了"),
        ("ログイン", "ログインできません"),
        ("ระงับ", "บัญชีของฉันถูกระงับแล้ว"),
        ("계정", "제 계정이 정지되었습니다"),
        ("حسابي", "تم إيقاف حِسابي"),
        ("e-mail", "my e‑mail"),
        ("#1", "#1 fan"),
        ("封", "封"),
    ],
)
def test_a_phrase_is_found_however_it_is_spelt(phrase, text):
    assert found(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("ban", "urban turban bank"),
        ("appeal", "appealing"),
        ("appeal", "reappeal"),
        ("my account … banned", "my account is fine. It is my brother who is banned"),
        ("my account … banned", "my account is one two three four five six seven banned"),
        ("my account … banned", "my account\n\nbanned"),
        ("my account … banned", "banned my account"),
        ("suspend* account*", "they suspended the accounts"),
        ("my account", "my, account"),
        ("계정", "무계정"),
        ("ka", "か"),
        ("か", "が"),
        ("가", "각"),
        ("one two", f"one {BREAK} two"),
        ("mp3", "mpe"),
    ],
)
def test_a_phrase_is_not_found_where_it_is_not(phrase, text):
    assert not found(phrase, text)


def test_a_phrase_keeps_to_its_place():
    assert found("refund", "x", subject="refund", where="subject")
    assert not found("refund", "refund", subject="x", where="subject")
    assert found("refund", "refund", subject="x", where="text")
    assert not found("refund", "x", subject="refund", where="text")
    assert not found("my refund", "refund", subject="my")


@given(WILD, WILD)
@settings(max_examples=400, deadline=None)
def test_folding_is_total_and_every_offset_leads_back_into_the_original(subject, text):
    folded = fold(subject, text)
    assert folded.original == f"{subject}\n{text}"
    for start in range(len(folded.text)):
        if folded.text[start] in {" ", BREAK}:
            continue
        first, last = folded.span(start, start + 1)
        assert 0 <= first < last <= len(folded.original)


@given(
    st.lists(
        st.sampled_from(
            [
                "Ünï",
                "Straße",
                "ﬁn",
                "a\u200bb",
                "\u200b",
                "´",
                "½x",
                "ﷺ",
                "plain",
                "한국",
                "аcc0unt",
                "¨",
                "x…y",
                "\n\n",
                "漢字",
            ]
        ),
        max_size=12,
    ),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_a_word_is_found_again_at_its_own_place(words, in_subject):
    marked = [*words, "Réfund", *words]
    text = " ".join(marked)
    folded = fold(text, "") if in_subject else fold("", text)
    at = folded.text.find("refund")
    start, end = folded.span(at, at + 6)
    assert folded.original[start:end] == "Réfund"


@given(WILD)
@settings(max_examples=200, deadline=None)
def test_folding_twice_changes_nothing_for_plain_words(text):
    once = " ".join(fold_words(text).split())
    assert isinstance(once, str)
    once.encode()


def test_long_texts_are_searched_at_their_beginning():
    folded = fold("", "a " * MAX_CHARACTERS)
    assert len(folded.text) <= MAX_CHARACTERS + 10
    assert len(folded.original) <= MAX_CHARACTERS + 1


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_phrase_can_be_parsed_and_searched(text):
    fragments = parse_phrase(text)
    assert all(fragment.text for fragment in fragments)
    one = Phrase(text=text, fragments=fragments, weight=1.0, where="any", language="")
    compile_lists([PhraseList(name="x", kind="concept", phrases=(one,))]).find(fold(text, text))


def test_a_hostile_repetition_costs_little():
    texts = ["my account " * 3000, "a" * 40_000, "my " * 13_000 + "banned"]
    compiled = book(
        phrases=PHRASES
        | {
            "gap.toml": "concept='g'\n[[group]]\nphrases=['my … account … banned', 'aa … aa … aa', 'my … banned', 'aa', 'xy']"
        }
    )
    for text in texts:
        judge(case(text), compiled, Policy())


def test_a_longer_phrase_takes_back_the_shorter_inside_it():
    assert judge(case("an appealing offer"), book(), Policy()).decided == "general"
    decision = judge(case("an appealing offer, and I appeal"), book(), Policy())
    assert {"appeals"} == {finding.route for finding in decision.findings}


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("I will kill myself", ("self-harm",)),
        ("This game is killing me", ()),
        ("This game is killing me. I want to kill myself", ()),
        ("This game is killing me. I want to kill myself. It is killing me", ("self-harm",)),
        ("hello", ()),
    ],
)
def test_urgent_signals_weigh_hard_negatives(text, urgent):
    assert judge(case(text), book(), Policy()).urgent == urgent


def test_quotes_hidden_text_and_machines_raise_no_alarm():
    words = "I will kill myself"
    assert (
        judge(case("fine", quoted_text=words, hidden_text=words, text=f"fine\n> {words}"), book(), Policy()).urgent
        == ()
    )
    assert judge(case(words, kind="auto-reply"), book(), Policy()).urgent == ()
    assert judge(case(words, kind="list"), book(), Policy()).urgent == ("self-harm",)


def test_an_alarm_changes_neither_route_nor_confidence():
    calm, loud = (
        judge(case("refund please"), book(), Policy()),
        judge(case("refund please. I kill myself"), book(), Policy()),
    )
    assert (calm.route, calm.probabilities) == (loud.route, loud.probabilities)
    assert loud.urgent


GROUP = "[[group]]\nphrases = ['refund me']\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("route = ", 1, "not TOML"),
        (GROUP, 1, "names one route, signal or concept"),
        ("route = 'refunds'\nsignal = 'x'\n" + GROUP, 1, "names one"),
        ("route = 3\n" + GROUP, 1, "names one"),
        ('route = "nope"\n' + GROUP, 1, "no route «nope»"),
        ('\nconcept = "appeals"\n' + GROUP, 2, "is a route in another file"),
        ("route = 'refunds'\ncolour = 1\n" + GROUP, 2, "no «colour»"),
        ("route = 'refunds'", 1, "holds groups"),
        ("route = 'refunds'\ngroup = 3", 1, "holds groups"),
        ("route = 'refunds'\n[[group]]\nphrases = 3", 3, "a list of strings"),
        ("route = 'refunds'\n[[group]]\nweight = 1", 2, "a list of strings"),
        ("route = 'refunds'\n[[group]]\nphrases = ['ab cd']\nweight = 'x'", 4, "must be a number"),
        ("route = 'refunds'\n[[group]]\nphrases = ['ab cd']\nweight = true", 4, "must be a number"),
        ("route = 'refunds'\n[[group]]\nphrases = ['ab cd']\nweight = 99", 4, "must be a number"),
        ("route = 'refunds'\n[[group]]\nphrases = ['ab cd']\nwhere = 'body'", 4, "must be one of"),
        ("route = 'refunds'\n[[group]]\nphrases = ['ab cd']\nlanguage = 3", 4, "must be a string"),
        ("route = 'refunds'\n[[group]]\nphrases = ['ab cd']\nlang = 'en'", 4, "no «lang»"),
        ("route = 'refunds'\n[[group]]\nphrases = [\n 'ab cd',\n '*']", 5, "can't be searched"),
        ("route = 'refunds'\n[[group]]\nphrases = [\n 'ab cd',\n 'a']", 5, "too short"),
        ("group = [{phrases = ['a']}]\nroute = 'refunds'", 1, "too short"),
    ],
)
def test_each_mistake_in_a_phrase_file_has_its_line(text, line, said):
    _, found_problems = rulebook.compile({}, {"a.toml": PHRASES["appeals.toml"], "z.toml": text}, ROUTES)
    errors = [one for one in found_problems if one.severity == "error"]
    assert errors, text
    assert said in errors[0].message
    assert (errors[0].file, errors[0].line) == ("z.toml", line)


def test_doubtful_phrases_are_named():
    files = {
        "a.toml": "route = 'appeals'\n[[group]]\nphrases = [\n'money back',\n'Money  Back',\n'ban']",
        "b.toml": "route = 'refunds'\n[[group]]\nphrases = [\n'money back']",
        "c.toml": "signal = 'calm'\n[[group]]\nweight = -1\nphrases = ['nothing here']",
        "d.toml": 'signal = "quiet"\n[[group]]\nphrases = []',
    }
    _, said = rulebook.compile({}, files, ROUTES)
    lines = "\n".join(map(str, said))
    assert "a.toml:5:2: warning: «Money  Back» is already in «appeals» (a.toml:4)" in lines
    assert "b.toml:4:2: warning: «money back» speaks for both appeals and refunds" in lines
    assert "a.toml:6:2: warning: «ban» is so short" in lines
    assert "«calm» has no phrase that raises it" in lines
    assert "d.toml:1:11: warning: the signal «quiet» has no phrase" in lines


def test_a_phrase_written_with_escapes_is_named_all_the_same():
    files = {"a.toml": "route = 'refunds'\n[[group]]\nphrases = [\"b\\u0061n\"]"}
    _, said = rulebook.compile({}, files, ROUTES)
    assert "a.toml:1:1: warning: «ban» is so short" in str(said[0])


def test_two_phrases_at_one_place_both_count():
    compiled = book(
        phrases={"c.toml": "concept = 'c'\n[[group]]\nphrases = ['refund', 'refund*', 'a refund', 'refund now']"}
    )
    hits = compiled.phrases.find(fold("", "refund"))
    assert [hit.phrase.text for hit in hits["c"]] == ["refund", "refund*"]
    hits = compiled.phrases.find(fold("", "a refund now"))
    assert [hit.phrase.text for hit in hits["c"]] == ["a refund", "refund now"]


def test_the_order_of_files_groups_and_phrases_does_not_matter():
    text = (
        "Please unban my account, it was suspended. I was charged twice and want my money back. My account is suspended"
    )
    expected = judge(case(text), book(), Policy())
    for seed in range(10):
        names = list(PHRASES)
        random.Random(seed).shuffle(names)
        files = {f"{number}.toml": PHRASES[name] for number, name in enumerate(names)}
        decision = judge(case(text), book(phrases=files), Policy())
        assert decision.probabilities == expected.probabilities
        assert decision.findings == expected.findings


def test_a_finding_points_at_the_words_in_subject_and_text():
    decision = judge(case("Please UNBAN my  account.", "An Appeál"), book(), Policy())
    text = "An Appeál\nPlease UNBAN my  account."
    (finding,) = [one for one in decision.findings if one.source == "phrases"]
    assert [text[start:end] for start, end in finding.spans] == ["Appeál", "UNBAN my  account"]


def test_an_empty_rulebook_judges_too():
    decision = judge(case("hello"), rulebook.compile({}, {}, ())[0], Policy())
    assert decision.route == "general"


@given(st.text(alphabet="aé0 \n\u200bЁß字ﬁ", max_size=60), st.data())
def test_a_place_is_the_same_whatever_was_asked_before(text, data):
    folded = fold("sübject", text)
    ends = st.integers(0, max(len(folded.text) - 1, 0))
    for start, end in data.draw(st.lists(st.tuples(ends, ends), max_size=6)):
        if start < end and folded.text[start] not in (" ", BREAK):
            assert folded.span(start, end) == fold("sübject", text).span(start, end)


@given(st.text(alphabet="aé0 \n\u200bЁß字ﬁ", max_size=20), st.integers(0, 60), st.integers(0, 60))
def test_a_place_is_in_the_original_even_where_no_word_ends(text, start, length):
    folded = fold("sübject", text)
    start = min(start, len(folded.text) - 1)
    first, last = folded.span(start, min(start + 1 + length, len(folded.text)))
    assert 0 <= first <= last <= len(folded.original)


def test_marks_that_stand_together_once_others_are_gone_are_put_in_order():
    first, gone, second = "\U0001d186", "\U000e0882", "\U0001d18a"
    assert fold_words(f"a{first}{gone}{second}") == fold_words(f"a{second}{first}")
