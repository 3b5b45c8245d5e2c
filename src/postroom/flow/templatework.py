"""What people do with templates in the pages and by the API: look, check, save, bring back. Start at `Templatework.save`.

The files are the truth (docs/decisions/0010); what is shipped stands beside them, and a file of the team takes the place of the
shipped one of its name. Who works at a desk reads its templates; a lead changes those whose desks are all theirs, wherever
else they are told by themselves.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from postroom.decide.problems import Problem
from postroom.flow.notices import Telling
from postroom.flow.sheetwork import Changes, Looked, Sheetwork
from postroom.flow.templates import Template, lacking, read, shipped, unfilled
from postroom.model.errors import Refused
from postroom.model.mail import RouteName
from postroom.model.notices import NoticeKind
from postroom.model.people import User
from postroom.model.rulebooks import SheetName, Texts
from postroom.ports.rulebooks import Checked

Origin = Literal["shipped", "yours", "changed"]
"""postroom brings it along; the team wrote it; the team's stands in the place of a shipped one."""

_DAYS_30: Final = 30 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A notice that is told by a template."""

    route: RouteName
    kind: NoticeKind
    #: how the case ended; ``""`` for an acknowledgement
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One template as it is now."""

    name: str
    #: what its file holds; of a shipped one, what that does
    text: str
    origin: Origin
    #: None where the file has mistakes
    template: Template | None
    problems: tuple[Problem, ...] = ()
    #: notices that are told by it
    uses: tuple[Use, ...] = ()

    @property
    def sheet(self) -> SheetName:
        """Its file."""
        return sheet_of(self.name)


def sheet_of(name: str) -> SheetName:
    """The team's file of a template."""
    return SheetName(f"answers/{name}.toml")


def name_of(sheet: SheetName) -> str:
    """The template of a file."""
    return sheet.rpartition("/")[2].removesuffix(".toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What templates there are, were these the team's files."""

    #: desks of the team
    routes: tuple[RouteName, ...]
    #: of the desks that tell anything by themselves
    desks: Mapping[RouteName, Telling]
    #: texts that postroom brings along
    shipped: Callable[[], Texts]

    def all(self, texts: Texts) -> dict[str, Kept]:
        """Every template by its name. Shipped ones for desks that the team has not are not theirs."""
        found = {}
        for sheet, text in sorted(self.shipped().items()):
            name = name_of(sheet)
            if (template := shipped(name, text, self.routes)) is not None:
                found[name] = Kept(name=name, text=text, origin="shipped", template=template, uses=self.uses(name))
        for sheet, text in sorted(texts.items()):
            name = name_of(sheet)
            template, problems = read(name, text, self.routes)
            problems = tuple(replace(one, file=sheet) for one in problems)
            origin: Origin = "changed" if name in found else "yours"
            found[name] = Kept(
                name=name, text=text, origin=origin, template=template, problems=problems, uses=self.uses(name)
            )
        return found

    def uses(self, name: str) -> tuple[Use, ...]:
        """Notices that are told by a template of this name."""
        found = [
            *((Use(route=route, kind="received"), desk.received) for route, desk in self.desks.items()),
            *(
                (Use(route=route, kind="outcome", outcome=outcome), by)
                for route, desk in self.desks.items()
                for outcome, by in desk.outcomes.items()
            ),
        ]
        return tuple(use for use, by in found if by == name)

    def missing(self, kept: Mapping[str, Kept]) -> dict[str, tuple[Use, ...]]:
        """Templates by which the settings tell notices, and that nobody can be told anything by: not there, with mistakes, or retired."""
        offered = {one.name for one in kept.values() if one.template is not None and not one.template.retired}
        named = {by for desk in self.desks.values() for by in (desk.received, *desk.outcomes.values()) if by}
        return {name: self.uses(name) for name in sorted(named - offered)}

    def check(self, texts: Texts) -> Checked:
        """What is wrong with these texts. No mail is judged by them. See `postroom.ports.rulebooks.Checker.check`."""
        kept = self.all(texts)
        problems = [problem for one in kept.values() for problem in one.problems]
        there = [one.template for one in kept.values() if one.template is not None]
        for one in kept.values():
            if one.template is not None and one.origin != "shipped":
                problems += _remarks(one, one.template, there)
        for name, uses in self.missing(kept).items():
            routes = ", ".join(sorted({use.route for use in uses}))
            message = f"notices of {routes} are told by it: without it nobody is told anything"
            problems.append(_problem(sheet_of(name), "error", message, "Name another in the settings first"))
        return Checked(problems=tuple(problems))


def _remarks(kept: Kept, template: Template, all_there: list[Template]) -> Iterator[Problem]:
    """What is likely not meant."""
    if template.retired:
        return
    if missed := lacking(template, all_there):
        spoken = "English" if "en" in template.texts else "another language"
        message = (
            f"others for its desks are there in {', '.join(missed)}: people who write that are answered in {spoken}"
        )
        yield _problem(kept.sheet, "note", message, "Add it")
    for use in kept.uses:
        filled = {"subject", "case", "brand", "agent", "ticket"} | ({"reason"} if use.kind == "outcome" else set())
        for language, text in template.texts.items():
            if never := [f"{{{one}}}" for one in unfilled(text) if one not in filled]:
                what = f"case {use.outcome}" if use.outcome else "mail received"
                message = f"the notice of {use.route} ({what}) is not sent where nobody knows {', '.join(never)}"
                yield _problem(kept.sheet, "warning", message, "Leave it out", f"text.{language}")


def _problem(
    sheet: SheetName, severity: Literal["error", "warning", "note"], message: str, remedy: str, where: str = ""
) -> Problem:
    return Problem(file=sheet, line=1, column=1, severity=severity, message=message, remedy=remedy, field=where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Templatework:
    """Works with templates."""

    files: Sheetwork
    shelf: Shelf

    def look(self) -> tuple[Looked, dict[str, Kept]]:
        """The files, and every template. Raises `TryLater`."""
        looked = self.files.look()
        return looked, self.shelf.all(looked.texts)

    def drafted(self, name: str, text: str) -> dict[str, Kept]:
        """Every template, were this the text of one. Raises `TryLater`."""
        return self.shelf.all({**self.files.sheets.texts(), sheet_of(name): text})

    def check(self, name: str, text: str) -> Checked:
        """What is to be said of one with this text, and of nothing else. Raises `Refused`, `TryLater`."""
        sheet = sheet_of(name)
        found = self.files.check({sheet: text})
        return Checked(problems=tuple(one for one in found.problems if one.file == sheet))

    def require(self, user: User, changes: Changes) -> None:
        """Raises `Refused` for who may not change these files to this."""
        before = self.files.sheets.texts()
        after = {sheet: text for sheet, text in {**before, **changes}.items() if text is not None}
        was, will = self.shelf.all(before), self.shelf.all(after)
        for name in map(name_of, changes):
            if name in was:
                require_edit(user, was[name])
            # With mistakes it is not saved, and they are what to tell.
            if name in will and will[name].template is not None:
                require_edit(user, will[name])

    def save(self, user: User, changes: Changes, *, seen: Mapping[SheetName, str], why: str) -> None:
        """Change the team's files. Raises as `require`, and as `Sheetwork.save`."""
        self.require(user, changes)
        self.files.save(changes, seen=seen, by=user.name, why=why)

    def since(self) -> float:
        """From when on uses are counted, seconds since the epoch."""
        return self.files.clock() - _DAYS_30


def may_read(user: User, kept: Kept) -> bool:
    """Who works at one of its desks; one with mistakes is for who could mend it."""
    if kept.template is None:
        return may_edit(user, kept)
    seen = user.sight.routes
    return user.is_at_least("agent") and (seen is None or not kept.template.routes or bool(kept.template.routes & seen))


def may_edit(user: User, kept: Kept) -> bool:
    """Leads and admins of all its desks, and of those whose notices are told by it; of all brands, as it speaks for each."""
    if not may_add(user):
        return False
    seen = user.sight.routes
    if seen is None:
        return True
    desks = kept.template.routes if kept.template is not None else frozenset()
    return bool(desks) and {*desks, *(use.route for use in kept.uses)} <= seen


def may_add(user: User) -> bool:
    """Who may write one at all."""
    return user.is_at_least("lead") and user.sight.brands is None


def of_all(user: User) -> bool:
    """Who takes all templates along, or brings some in."""
    return may_add(user) and user.sight.routes is None


def require_edit(user: User, kept: Kept) -> None:
    """Raises `Refused`."""
    if not may_edit(user, kept):
        raise Refused(f"{kept.name} is changed by leads who work for all of its desks, and for all brands")
