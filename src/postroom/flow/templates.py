"""Answers prepared in advance: files of texts a language, with placeholders that are filled in from the mail at hand."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from postroom.decide.problems import Problem, Source, toml_problem
from postroom.flow.letter import one_line, plain
from postroom.model.mail import RouteName
from postroom.model.toml import loads

PLACEHOLDERS: Final[Mapping[str, str]] = {
    "name": "display name of the person, as their mail has it",
    "subject": "subject of their mail, without Re:",
    "case": "number of the case",
    "ticket": "ticket mark of another system in their subject",
    "brand": "name of the brand, as its answers have it",
    "agent": "name of whoever answers",
    "reason": "why their case was decided as it was; where it is not decided, whoever answers writes it there",
    "question": "never filled in: whoever answers writes it there",
}
"""What may stand in braces in a template."""

WRITTEN: Final = frozenset({"question"})
"""Those of `PLACEHOLDERS` that nothing fills in."""

MAX_BYTES: Final = 200_000
"""Of a file."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_IN_BRACES: Final = re.compile(r"\{([^{}\s]{0,40})\}")
_BRACE: Final = re.compile(r"\{([^{}\s]{0,40})\}|[{}]")
_STRING_OR_COMMENT: Final = re.compile(
    "|".join(
        (r'"""(?:\\.|[^\\])*?"{3,5}', r"'''.*?'{3,5}", r'"(?:\\.|[^"\\\n])*"', r"'[^'\n]*'", r"#[^\n]*"),
    ),
    re.DOTALL,
)
_OPENING: Final = r"(?:\"\"\"|''')\n"
_ROUTES_OF_SHIPPED: Final = frozenset(map(RouteName, ("appeals", "refunds", "copyright", "general")))
_KEYS: Final = frozenset({"title", "routes", "asks", "retired", "text"})
_MOST_WORDS: Final = 20_000
_MOST_LANGUAGES: Final = 40
_MOST_PROBLEMS: Final = 50
"""Nobody reads more of one file; each brace of it might be one."""
_LONGEST_TITLE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One answer, in each language that it was written in."""

    name: str
    #: what people choose it by
    title: str
    #: language (ISO 639-1) -> text
    texts: Mapping[str, str]
    #: desks that it is for; empty: all
    routes: frozenset[RouteName] = field(default_factory=frozenset)
    #: it asks the person for something: their case then waits for them
    asks: bool = False
    #: nobody is offered it any more
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateMistake:
    """What is wrong with a file."""

    #: of the file
    name: str
    message: str
    remedy: str


def parse(name: str, content: str, routes: Iterable[RouteName]) -> Template | TemplateMistake:
    """A template of a file's content; ``name`` is the file's without ``.toml``. Pure, total."""
    found, problems = read(name, content, routes)
    if found is not None:
        return found
    first = problems[0]
    message = f"{first.field}: {first.message}" if first.field else first.message
    return TemplateMistake(name=name, message=message, remedy=first.remedy)


def read(name: str, content: str, routes: Iterable[RouteName]) -> tuple[Template | None, tuple[Problem, ...]]:
    """A template and nothing, or None and all that is wrong with a file. Pure, total."""

    def wrong(message: str, remedy: str) -> tuple[None, tuple[Problem, ...]]:
        return None, (_problem(name, message, remedy),)

    if _NAME.fullmatch(name) is None:
        return wrong(f"{name!r} is no name for a template", "Name the file with small letters, digits and hyphens")
    if len(content) > MAX_BYTES:
        return wrong(f"has more than {MAX_BYTES} characters", "Make two of it")
    try:
        said = loads(content)
    except ValueError as error:
        found = toml_problem(Source(name=name, text=content), error)
        return None, (replace(found, message=f"is no TOML: {error}", remedy="Correct it there"),)
    problems = tuple(islice(_mistakes(name, said, set(routes)), _MOST_PROBLEMS))
    return (None, problems) if problems else (_template(name, said), ())


def shipped(name: str, content: str, routes: Collection[RouteName]) -> Template | None:
    """A shipped template for those of these desks that it is for; None where it is for none of them."""
    found, problems = read(name, content, {*routes, *_ROUTES_OF_SHIPPED})
    assert found is not None, problems
    ours = found.routes & set(routes)
    return replace(found, routes=ours) if ours or not found.routes else None


def _template(name: str, said: Mapping[str, Any]) -> Template:
    return Template(
        name=name,
        title=" ".join(said.get("title", name).split())[:_LONGEST_TITLE] or name,
        texts={language: text.strip() for language, text in said["text"].items()},
        routes=frozenset(map(RouteName, said.get("routes", ()))),
        asks=said.get("asks", False),
        retired=said.get("retired", False),
    )


def _mistakes(name: str, said: Mapping[str, Any], known: Collection[str]) -> Iterator[Problem]:
    if unknown := sorted(said.keys() - _KEYS):
        yield _problem(name, f"nothing is called {unknown[0]!r}", f"Use {', '.join(sorted(_KEYS))}")
    title, wanted, texts = said.get("title", name), said.get("routes", []), said.get("text")
    flags = said.get("asks", False), said.get("retired", False)
    if not isinstance(title, str) or not all(isinstance(one, bool) for one in flags) or not isinstance(wanted, list):
        yield _problem(name, "title is a string, asks and retired are true or false, routes a list", "Correct it")
    elif others := [one for one in wanted if not isinstance(one, str) or one not in known]:
        yield _problem(name, f"no route is called {others[0]!r}", f"Use some of {', '.join(sorted(known))}")
    if not isinstance(texts, dict) or not texts:
        yield _problem(name, "has no text", 'Add [text] with en = """…"""')
        return
    if len(texts) > _MOST_LANGUAGES:
        yield _problem(name, f"has more than {_MOST_LANGUAGES} languages", "Leave some out")
        return
    for language, text in texts.items():
        yield from _of_text(name, language, text)


def _of_text(name: str, language: str, text: object) -> Iterator[Problem]:
    where = f"text.{language}"
    if _LANGUAGE.fullmatch(language) is None:
        yield _problem(name, "is no language", "Use codes of ISO 639, such as en or de", where[:50])
    elif not isinstance(text, str) or not text.strip():
        yield _problem(name, "is empty", "Write the answer, or leave the language out", where)
    elif len(text) > _MOST_WORDS:
        yield _problem(name, f"has more than {_MOST_WORDS} characters", "Shorten it", where)
    else:
        yield from _braces(name, where, text)


def _braces(name: str, where: str, text: str) -> Iterator[Problem]:
    """Braces that hold what nothing fills in, and those that nothing closes or opens."""
    usable = f"Use {', '.join(f'{{{one}}}' for one in PLACEHOLDERS)}"
    for found in _BRACE.finditer(text):
        if found[1] in PLACEHOLDERS:
            continue
        if found[1] is not None:
            message, remedy = f"nothing fills in {{{found[1]}}}", usable
        elif found[0] == "{":
            message, remedy = "this brace holds no placeholder, or is not closed", f"{usable}, without blanks"
        else:
            message, remedy = "this brace closes nothing", "Take it away"
        lines = text[: found.start()].split("\n")
        yield _problem(name, message, remedy, where, len(lines), len(lines[-1]) + 1)


def _problem(name: str, message: str, remedy: str, where: str = "", line: int = 1, column: int = 1) -> Problem:
    return Problem(file=name, line=line, column=column, severity="error", message=message, remedy=remedy, field=where)


def written(template: Template, head: str = "") -> str:
    """The file of a template, that `parse` makes the same of; ``head`` are comments to stand above it. Pure."""
    lines = [head.rstrip("\n")] if head.strip() else []
    lines.append(f"title = {_quoted(template.title)}")
    if template.routes:
        lines.append(f"routes = [{', '.join(map(_quoted, sorted(template.routes)))}]")
    lines += [f"{key} = true" for key in ("asks", "retired") if getattr(template, key)]
    lines += ["", "[text]"]
    lines += [f'{_key(language)} = """\n{_escaped(text)}\n"""' for language, text in template.texts.items()]
    return "\n".join(lines) + "\n"


def in_file(content: str, problem: Problem) -> Problem:
    """A problem of one text at its place in the file: its line where the text begins below its key, else that of the key."""
    key = re.escape(problem.field.removeprefix("text."))
    found = re.search(rf"^[ \t]*{key}[ \t]*=[ \t]*({_OPENING})?", content, re.MULTILINE) if problem.field else None
    if found is None:
        return replace(problem, field="")
    line = content.count("\n", 0, found.start()) + 1
    if found[1] is None:
        return replace(problem, field="", line=line, column=1)
    return replace(problem, field="", line=line + problem.line)


def head_of(content: str) -> str:
    """Comments that a file begins with."""
    lines = content.split("\n")
    count = next((n for n, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))
    return "\n".join(lines[:count]).strip()


def has_comments_below(content: str) -> bool:
    """Whether a file that is a template has comments elsewhere than on top: `written` makes a file without them. Pure."""
    return any(one[0].startswith("#") for one in _STRING_OR_COMMENT.finditer(content.strip()[len(head_of(content)) :]))


def _key(language: str) -> str:
    return language if _LANGUAGE.fullmatch(language) else _quoted(language)


def _quoted(text: str) -> str:
    """A string of TOML on one line."""
    escaped = one_line(text, _LONGEST_TITLE).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _escaped(text: str) -> str:
    """As it stands in a string of TOML over several lines."""
    return plain(text).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def lacking(template: Template, others: Iterable[Template]) -> tuple[str, ...]:
    """Languages that others for one of its desks are written in, and it is not."""
    theirs = {
        language
        for one in others
        if not one.retired and (not one.routes or not template.routes or one.routes & template.routes)
        for language in one.texts
    }
    return tuple(sorted(theirs - template.texts.keys()))


def offered(templates: Iterable[Template], route: RouteName) -> tuple[Template, ...]:
    """Those for a desk: its own first, then those for all, each by title."""
    found = [one for one in templates if not one.routes or route in one.routes]
    return tuple(sorted(found, key=lambda one: (not one.routes, one.title.casefold(), one.name)))


def text_in(template: Template, language: str) -> tuple[str, str]:
    """(language, text) in the language wanted; else in English, else in the first that there is."""
    spoken = spoken_in(template.texts, language)
    return spoken, template.texts[spoken]


def spoken_in(languages: Collection[str], language: str) -> str:
    """Which of these languages is spoken where this one is wanted: itself, else English, else the first."""
    return next((one for one in (language, "en") if one in languages), next(iter(languages)))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with what is known in place of its placeholders; what is not known stays in braces.

    Nothing that is filled in is a placeholder itself, whatever somebody calls themselves.
    """
    known = {name: _IN_BRACES.sub(r"(\1)", value) for name, value in values.items()}
    return _IN_BRACES.sub(lambda found: known.get(found[1], "") or found[0], text)


def unfilled(text: str) -> tuple[str, ...]:
    """Placeholders that are left, in order, each once."""
    return tuple(dict.fromkeys(one for one in _IN_BRACES.findall(text) if one in PLACEHOLDERS))
