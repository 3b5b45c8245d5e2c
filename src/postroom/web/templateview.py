"""What pages and the API tell of templates: what there is and who may change it, what is wrong with one, what it looks like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from postroom.flow.answering import Answerable
from postroom.flow.sheetwork import Looked
from postroom.flow.templates import Template, head_of, in_file, lacking, written
from postroom.flow.templatetrial import Shown, by_example, by_mail
from postroom.flow.templatework import Kept, Use, may_add, may_edit, may_read, name_of, of_all, sheet_of
from postroom.model.desktop import Wanted
from postroom.model.errors import Refused
from postroom.model.listing import MailRow
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import Sight, User
from postroom.model.rulebooks import ANSWERS, SheetName, Version, normal_text, sheet_name
from postroom.ports.rulebooks import Checked
from postroom.web.render import Missing
from postroom.web.room import Room

LANGUAGES: Final[Mapping[str, str]] = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
_NONE: Final = "There is no such template, or it is not for you."
_OFFERED: Final = 15
"""Mails that a template can be looked at with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One template in the list."""

    kept: Kept
    #: the last of its file; None where it never had one
    version: Version | None
    #: languages that others for its desks have
    lacks: tuple[str, ...]
    #: answers of the last 30 days that began as it
    used: int
    may_edit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A template by which notices ought to be told."""

    name: str
    sheet: SheetName
    uses: tuple[Use, ...]
    #: in words: what of it
    why: str


def address(sheet: str) -> str:
    """Where a template is shown."""
    return f"/templates/file/{quote(name_of(SheetName(sheet)), safe='')}"


def see(room: Room, user: User, wanted: SheetName) -> None:
    """Raises `Missing` for who may not see a template; one that is gone is seen by who sees all."""
    kept = room.templatework.look()[1].get(name_of(wanted))
    if not (of_all(user) if kept is None else may_read(user, kept)):
        raise Missing(_NONE)


def see_all(user: User) -> None:
    """Raises `Missing`."""
    if not of_all(user):
        raise Missing("All templates are taken along, and brought in, by leads and admins of all desks and brands.")


def opened(room: Room, user: User, name: str) -> tuple[Looked, Kept]:
    """A template that the user may read, or may begin. Raises `Missing`."""
    looked, known = room.templatework.look()
    kept = known.get(name)
    if kept is None and may_add(user) and sheet_name(sheet_of(name), ANSWERS) is not None:
        return looked, Kept(name=name, text="", origin="yours", template=None, uses=room.templatework.shelf.uses(name))
    if kept is None or not may_read(user, kept):
        raise Missing(_NONE)
    return looked, kept


def is_there(looked: Looked, kept: Kept) -> bool:
    """Whether it is the team's or shipped, and not only thought of."""
    return kept.origin == "shipped" or kept.sheet in looked.texts


def rows(room: Room, user: User) -> tuple[Row, ...]:
    """Those that a user may read: with mistakes first, then by desk and title, retired ones last. Raises `TryLater`."""
    looked, known = room.templatework.look()
    used = room.answering.replies.used(room.templatework.since(), user.sight)
    there = [one.template for one in known.values() if one.template is not None]
    found = [
        Row(
            kept=one,
            version=looked.newest.get(one.sheet) if one.origin != "shipped" else None,
            lacks=lacking(one.template, there) if one.template is not None and not one.template.retired else (),
            used=used.get(one.name, 0),
            may_edit=may_edit(user, one),
        )
        for one in known.values()
        if may_read(user, one)
    ]
    return tuple(sorted(found, key=lambda row: _order(row.kept)))


def _order(kept: Kept) -> tuple[Any, ...]:
    one = kept.template
    if one is None:
        return (0, "", "", kept.name)
    return (2 if one.retired else 1, "" if not one.routes else min(one.routes), one.title.casefold(), kept.name)


def gone(room: Room, user: User) -> list[SheetName]:
    """Files that are not there any more, for who sees all."""
    looked, _ = room.templatework.look()
    return sorted(one for one, last in looked.newest.items() if not last.digest) if of_all(user) else []


def missing(room: Room, user: User) -> tuple[Missed, ...]:
    """Templates that the settings name for notices of the user's desks, and by which nothing is told. Raises `TryLater`."""
    work, routes = room.templatework, user.sight.routes
    known = work.look()[1]
    mine = (
        (name, tuple(one for one in uses if routes is None or one.route in routes))
        for name, uses in work.shelf.missing(known).items()
    )
    return tuple(
        Missed(name=name, uses=uses, why=_why_missing(known.get(name)), sheet=sheet_of(name))
        for name, uses in mine
        if uses
    )


def _why_missing(kept: Kept | None) -> str:
    if kept is None:
        return "is not there"
    return "has mistakes" if kept.template is None else "is retired"


def languages(found: Sequence[Row]) -> list[str]:
    """All that they are written in."""
    return sorted({code for row in found if row.kept.template is not None for code in row.kept.template.texts})


def language_name(code: str) -> str:
    """As people call it."""
    return LANGUAGES.get(code, code)


def filled_in(fields: Mapping[str, tuple[str, ...]], name: str) -> str:
    """The file that somebody means by a form of fields. Raises `Refused` for a language that is there twice."""
    texts: dict[str, str] = {}
    for said, words in zip(fields.get("language", ()), fields.get("words", ()), strict=False):
        code = said.strip()
        if not words.strip():
            continue
        if code in texts:
            raise Refused(f"{language_name(code)} is there twice: put both into one")
        texts[code] = normal_text(words)
    template = Template(
        name=name,
        title=fields.get("title", ("",))[-1].strip() or name,
        texts=texts,
        routes=frozenset(map(RouteName, fields.get("route", ()))),
        asks="asks" in fields,
        retired="retired" in fields,
    )
    return written(template, head_of(normal_text(fields.get("head", ("",))[-1])))


def placed(checked: Checked, content: str) -> Checked:
    """With each problem of a text at its place in the file, for who sees the file."""
    return replace(checked, problems=tuple(in_file(content, one) for one in checked.problems))


def mails(room: Room, sight: Sight, template: Template | None) -> Iterator[MailRow]:
    """The newest mails that an answer could begin with it for, as far as the reader sees them."""
    routes = sorted(template.routes) if template is not None and template.routes else [RouteName("")]
    wanted = [route for route in routes if not route or sight.routes is None or route in sight.routes]
    for route in wanted:
        yield from room.views.mails(Wanted(route=route), sight, limit=max(1, _OFFERED // len(wanted))).rows


def example(room: Room, user: User, kept: Kept) -> tuple[Shown, ...]:
    """A template filled in with an example, in the voice of a brand of the user's."""
    brand = next((one for one in room.brands if user.sight.brands is None or one in user.sight.brands), BrandName(""))
    voice = room.answering.voices.get(brand)
    return by_example(kept, (voice.name if voice else "") or brand, user.shown or user.name)


def on_mail(room: Room, user: User, kept: Kept, to: Answerable) -> tuple[Shown, ...]:
    """A template filled in for a mail. Raises `Refused`, and `TryLater`."""
    return by_mail(kept, user, to, room.answering, room.noticing)
