"""Templates as files: read, written, and what is wrong with one, at its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.decide.problems import Problem
from postroom.flow.templates import (
    Template,
    has_comments_below,
    head_of,
    in_file,
    lacking,
    parse,
    read,
    shipped,
    written,
)
from postroom.model.mail import RouteName

APPEALS, REFUNDS = RouteName("appeals"), RouteName("refunds")
ROUTES = (APPEALS, REFUNDS)

WORDS = st.text(st.characters(exclude_characters="{}\r\x00"), min_size=1, max_size=60).filter(lambda one: one.strip())
TEMPLATES = st.builds(
    Template,
    name=st.just("x"),
    title=WORDS,
    texts=st.dictionaries(st.sampled_from(["en", "de", "gsw"]), WORDS, min_size=1),
    routes=st.sets(st.sampled_from(ROUTES)).map(frozenset),
    asks=st.booleans(),
    retired=st.booleans(),
)


@given(TEMPLATES)
def test_what_is_written_is_read_as_the_same(template: Template) -> None:
    content = written(template, "# on top")
    once, problems = read("x", content, ROUTES)
    if once is not None:  # words of controls alone are none
        assert (once.routes, once.asks, once.retired, once.texts.keys()) == (
            template.routes,
            template.asks,
            template.retired,
            template.texts.keys(),
        )
        assert (
            written(once, head_of(content)) == content or once.title != template.title or once.texts != template.texts
        )
        again, _ = read("x", written(once, head_of(content)), ROUTES)
        assert again == once
    else:
        assert all("is empty" in one.message for one in problems)


@given(st.text(max_size=300))
def test_any_text_is_a_template_or_has_problems(content: str) -> None:
    found, problems = read("x", content, ROUTES)
    assert (found is None) == bool(problems)
    for one in problems:
        assert in_file(content, one).field == ""


def test_quotes_and_backslashes_are_kept() -> None:
    text = 'a """ b \\ c "'
    (found,) = [read("x", written(Template(name="x", title='say "x" \\', texts={"en": text})), ())[0]]
    assert found is not None
    assert (found.texts["en"], found.title) == (text, 'say "x" \\')


def test_comments_on_top_are_kept() -> None:
    assert head_of("# one\n\n# two\ntitle = 1\n# three\n") == "# one\n\n# two"
    assert head_of("# alone") == "# alone"
    assert written(Template(name="x", title="X", texts={"en": "a"})).startswith("title")


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        ('[text]\nen = """\nHi\n {nmae}\n"""\n', 4, 2, "nothing fills in {nmae}"),
        ("[text]\nde = 'x'\nen = '{'\n", 3, 1, "this brace holds no placeholder"),
        ('title = "a\n', 1, 11, "is no TOML"),
        ('titel = "a"\n[text]\nen = "a"\n', 1, 1, "nothing is called 'titel'"),
        ('[text]\n"e n" = "a"\n', 1, 1, "is no language"),
        ('[text]\nen = ""\n', 2, 1, "is empty"),
        ("[text]\nen = 'a}'\n", 2, 1, "this brace closes nothing"),
        (f"[text]\nen = '{'a' * 20_001}'\n", 2, 1, "more than 20000 characters"),
    ],
)
def test_problems_are_told_at_their_line(content: str, line: int, column: int, message: str) -> None:
    found, (problem,) = read("x", content, ROUTES)
    assert found is None
    placed = in_file(content, problem)
    assert (placed.line, placed.column) == (line, column)
    assert message in placed.message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("X", "", "is no name"),
        ("x", "#" * 200_001, "more than 200000"),
        ("x", "title = 1\n[text]\nen = 'a'\n", "title is a string"),
        ("x", "retired = 1\n[text]\nen = 'a'\n", "title is a string"),
        ("x", "routes = ['none']\n[text]\nen = 'a'\n", "no route is called 'none'"),
        ("x", "title = 'a'", "has no text"),
        (
            "x",
            "[text]\n" + "".join(f"a{chr(97 + n // 26)}{chr(97 + n % 26)} = 'a'\n" for n in range(41)),
            "40 languages",
        ),
        ("x", "[text]\nen = 7\n", "text.en: is empty"),
    ],
)
def test_mistakes_of_a_whole_file(name: str, content: str, message: str) -> None:
    found = parse(name, content, ROUTES)
    assert message in found.message  # type: ignore[union-attr]


def test_shipped_ones_are_for_desks_that_there_are() -> None:
    content = 'routes = ["appeals", "copyright"]\n[text]\nen = "a"\n'
    found = shipped("x", content, ROUTES)
    assert found is not None
    assert found.routes == {APPEALS}
    assert shipped("x", content, [REFUNDS]) is None
    assert shipped("x", '[text]\nen = "a"\n', []) is not None


def test_what_others_of_its_desks_have_lacks() -> None:
    one = Template(name="a", title="A", texts={"en": "a"}, routes=frozenset({APPEALS}))
    same = Template(name="b", title="B", texts={"de": "b"}, routes=frozenset({APPEALS}))
    other = Template(name="c", title="C", texts={"fr": "c"}, routes=frozenset({REFUNDS}))
    of_all = Template(name="d", title="D", texts={"es": "d"})
    gone = Template(name="e", title="E", texts={"it": "e"}, retired=True)
    assert lacking(one, [one, same, other, of_all, gone]) == ("de", "es")
    assert lacking(of_all, [one, same, other]) == ("de", "en", "fr")


def test_a_problem_of_no_field_stays_where_it_is() -> None:
    problem = Problem(file="x", line=7, column=3, severity="error", message="m")
    assert in_file("a = 1", problem) == problem


@pytest.mark.parametrize(
    ("more", "there"),
    [
        ("", False),
        ("asks = true # it waits\n", True),
        ("  # alone\n", True),
        ("title = 'a # b'\n", False),
        ('title = "a \\" # b"\n', False),
        ("[text]\nen = '''\n# no comment\n'''\n", False),
        ('[text]\nen = """\nsaid \\""" # no comment\n"""\n', False),
        ('[text]\nen = """said "no"""""\n# a comment "x\n', True),
    ],
)
def test_comments_below_the_top_of_a_file_are_found(more: str, there: bool) -> None:
    for head in ("", "# on top\n\n# and more\n"):
        assert has_comments_below(f"{head}routes = ['appeals']\n{more}") == there


def test_of_a_text_in_which_everything_is_wrong_no_more_is_told_than_anybody_reads() -> None:
    found, problems = read("x", f'title = "x"\n[text]\nen = "{"{" * 5000}"\nde = "{"}" * 5000}"\n', ROUTES)
    assert found is None
    assert len(problems) == 50
