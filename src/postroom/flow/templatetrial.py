"""What a template says once it is filled in, before anybody is answered by it: with an example, or for a mail at hand."""

from dataclasses import dataclass, replace
from typing import Final

from postroom.flow.answering import Answerable, Answering
from postroom.flow.notices import Noticing
from postroom.flow.templates import filled, text_in, unfilled
from postroom.flow.templatework import Kept, Use
from postroom.model.errors import Refused
from postroom.model.people import User

REASON: Final = "(the reason that stands in the case)"

_EXAMPLE: Final = {"name": "Kim Sample", "subject": "My account", "case": "1042", "ticket": "[#1042]"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One text as people would get it."""

    language: str = ""
    text: str = ""
    #: placeholders that nobody knows: whoever answers writes there
    left: tuple[str, ...] = ()
    #: None for an answer that a person begins with it
    use: Use | None = None
    #: why a notice would not be sent; ``""`` where it would
    why_not: str = ""


def by_example(kept: Kept, brand: str, agent: str) -> tuple[Shown, ...]:
    """In each language, then the notices that are told by it. Nothing for one with mistakes. Pure."""
    template = kept.template
    if template is None:
        return ()
    values = {**_EXAMPLE, "brand": brand, "agent": agent}
    decided = {**values, "reason": REASON}
    answers = tuple(_shown(language, filled(text, decided)) for language, text in template.texts.items())
    spoken, text = text_in(template, "en")
    told = {**values, "agent": brand}
    notices = (
        _notice(use, _shown(spoken, filled(text, told | ({"reason": REASON} if use.outcome else {}))))
        for use in kept.uses
    )
    return (*answers, *notices)


def by_mail(kept: Kept, by: User, to: Answerable, answering: Answering, noticing: Noticing) -> tuple[Shown, ...]:
    """The same for a mail. Raises `Refused` for one of another desk, and `TryLater`. Nothing is kept."""
    template = kept.template
    if template is None:
        return ()
    writing = replace(answering, templates=lambda: (template,))
    if template not in writing.offered(to):
        raise Refused("this mail lies at a desk that the template is not for: choose another one")
    answers = tuple(
        _shown(language, writing.draft(by, to, template.name, language).text) for language in template.texts
    )
    telling = replace(noticing, answering=writing)
    assert to.decision is not None  # nothing is offered for a mail before that
    return (*answers, *(_told(use, to, telling) for use in kept.uses if use.route == to.decision.route))


def _told(use: Use, to: Answerable, telling: Noticing) -> Shown:
    try:
        reply = telling.preview(to, use.kind, use.outcome, REASON if use.outcome else "")
    except Refused as error:
        return Shown(use=use, why_not=str(error))
    return Shown(use=use, language=reply.language, text=reply.text)


def _shown(language: str, text: str) -> Shown:
    return Shown(language=language, text=text, left=unfilled(text))


def _notice(use: Use, shown: Shown) -> Shown:
    names = ", ".join(f"{{{one}}}" for one in shown.left)
    return replace(shown, use=use, why_not=f"nobody knows {names}" if names else "")
