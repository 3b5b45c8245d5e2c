"""Files of the team in the pages: rules and templates are listed differently; looked back on, and packed, alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from postroom.flow.sheetwork import Changes, Sheetwork
from postroom.model.people import Role, User
from postroom.model.rulebooks import ANSWERS, KINDS, SheetKind, SheetName, Version, VersionNumber
from postroom.web import ruleview, templateview
from postroom.web.render import Missing
from postroom.web.room import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Files of some kinds, and who may do what with them."""

    #: its place in the menu, and the address that its pages begin with
    name: str
    kinds: tuple[SheetKind, ...]
    #: least role that sees any of it
    role: Role
    files: Callable[[Room], Sheetwork]
    #: of a file's page
    address: Callable[[str], str]
    #: raises `Missing` for who may not see a file
    see: Callable[[Room, User, SheetName], None]
    #: raises `Missing` for who may not take all files along, or bring some in
    see_all: Callable[[User], None]
    #: raises `Refused` for who may not change files to this
    require: Callable[[Room, User, Changes], None]
    #: whether example mails are judged by them
    exemplified: bool

    def version(self, room: Room, user: User, number: VersionNumber) -> Version:
        """One that the user may see. Raises `Missing`."""
        found = self.files(room).versions.version(number)
        try:
            if found is not None:
                self.see(room, user, found.sheet)
                return found
        except Missing:
            pass
        raise Missing("There is no such version, or it is not for you.")


def _rules(_room: Room, user: User, _what: SheetName | Changes) -> None:
    ruleview.require(user)


RULES: Final = Area(
    name="rules",
    kinds=KINDS,
    role="lead",
    files=lambda room: room.rulework,
    address=ruleview.address,
    see=_rules,
    see_all=ruleview.require,
    require=_rules,
    exemplified=True,
)
TEMPLATES: Final = Area(
    name="templates",
    kinds=ANSWERS,
    role="agent",
    files=lambda room: room.templatework.files,
    address=templateview.address,
    see=templateview.see,
    see_all=templateview.see_all,
    require=lambda room, user, changes: room.templatework.require(user, changes),
    exemplified=False,
)
