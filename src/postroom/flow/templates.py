"""Answers prepared in advance: files of texts a language, with placeholders that are filled in from the mail at hand."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from postroom.model import toml
from postroom.model.mail import RouteName

PLACEHOLDERS: Final[Mapping[str, str]] = {
    "name": "display name of the person, as their mail has it",
    "subject": "subject of their mail, without Re:",
    "case": "number of the case",
    "ticket": "ticket mark of another system in their subject",
    "brand": "name of the brand, as its answers have it",
    "agent": "name of whoever answers",
    "reason": "never filled in: whoever answers writes it there",
    "question": "never filled in: whoever answers writes it there",
}
"""What may stand in braces in a template."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_IN_BRACES: Final = re.compile(r"\{([^{}\s]{0,40})\}")
_KEYS: Final = frozenset({"title", "routes", "asks", "text"})
_MOST_WORDS: Final = 20_000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateMistake:
    """What is wrong with a file."""

    #: of the file
    name: str
    message: str
    remedy: str


def parse(name: str, content: str, routes: Iterable[RouteName]) -> Template | TemplateMistake:
    """A template of a file's content; ``name`` is the file's without ``.toml``. Pure, total."""
    known = set(routes)

    def wrong(message: str, remedy: str) -> TemplateMistake:
        return TemplateMistake(name=name, message=message, remedy=remedy)

    if _NAME.fullmatch(name) is None:
        return wrong(f"{name!r} is no name for a template", "Name the file with small letters, digits and hyphens")
    try:
        said = toml.loads(content)
    except ValueError as error:
        return wrong(f"is no TOML: {error}", "Correct it there")
    if unknown := sorted(said.keys() - _KEYS):
        return wrong(f"nothing is called {unknown[0]!r}", f"Use {', '.join(sorted(_KEYS))}")
    title, asks, wanted, texts = (
        said.get("title", name),
        said.get("asks", False),
        said.get("routes", []),
        said.get("text"),
    )
    if not isinstance(title, str) or not isinstance(asks, bool) or not isinstance(wanted, list):
        return wrong("title is a string, asks true or false, routes a list", "Correct it")
    if others := [one for one in wanted if not isinstance(one, str) or one not in known]:
        return wrong(f"no route is called {others[0]!r}", f"Use some of {', '.join(sorted(known))}")
    if not isinstance(texts, dict) or not texts:
        return wrong("has no text", 'Add [text] with en = """…"""')
    for language, text in texts.items():
        if what := _wrong_text(language, text):
            return wrong(f"text.{language}: {what[0]}", what[1])
    return Template(
        name=name,
        title=" ".join(title.split())[:100] or name,
        texts={language: text.strip() for language, text in texts.items()},
        routes=frozenset(wanted),
        asks=asks,
    )


def _wrong_text(language: str, text: object) -> tuple[str, str] | None:
    if _LANGUAGE.fullmatch(language) is None:
        return "is no language", "Use codes of ISO 639, such as en or de"
    if not isinstance(text, str) or not text.strip():
        return "is empty", "Write the answer, or leave the language out"
    if len(text) > _MOST_WORDS:
        return f"has more than {_MOST_WORDS} characters", "Shorten it"
    if unknown := [one for one in _IN_BRACES.findall(text) if one not in PLACEHOLDERS]:
        return f"nothing fills in {{{unknown[0]}}}", f"Use {', '.join(f'{{{one}}}' for one in PLACEHOLDERS)}"
    return None


def offered(templates: Iterable[Template], route: RouteName) -> tuple[Template, ...]:
    """Those for a desk: its own first, then those for all, each by title."""
    found = [one for one in templates if not one.routes or route in one.routes]
    return tuple(sorted(found, key=lambda one: (not one.routes, one.title.casefold(), one.name)))


def text_in(template: Template, language: str) -> tuple[str, str]:
    """(language, text) in the language wanted; else in English, else in the first that there is."""
    for one in (language, "en"):
        if one in template.texts:
            return one, template.texts[one]
    return next(iter(template.texts.items()))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with what is known in place of its placeholders; what is not known stays in braces.

    Nothing that is filled in is a placeholder itself, whatever somebody calls themselves.
    """
    known = {name: _IN_BRACES.sub(r"(\1)", value) for name, value in values.items()}
    return _IN_BRACES.sub(lambda found: known.get(found[1], "") or found[0], text)


def unfilled(text: str) -> tuple[str, ...]:
    """Placeholders that are left, in order, each once."""
    return tuple(dict.fromkeys(one for one in _IN_BRACES.findall(text) if one in PLACEHOLDERS))
