"""What the pages need to work with templates, put together."""

import time
from typing import TYPE_CHECKING

from postroom.adapters.store.rulebooks import SqliteDrafts, SqliteVersions
from postroom.bootstrap.answering import shipped_texts
from postroom.bootstrap.notices import tellings
from postroom.bootstrap.sheets import TemplateSheets
from postroom.flow.sheetwork import Sheetwork
from postroom.flow.templates import MAX_BYTES
from postroom.flow.templatework import Shelf, Templatework
from postroom.model.mail import RouteName
from postroom.model.rulebooks import ANSWERS

if TYPE_CHECKING:
    from postroom.bootstrap.house import House


def templatework(house: "House") -> Templatework:
    """Of this house."""
    answers = house.settings.answers
    sheets = TemplateSheets(house.base / answers.templates, shipped_texts(answers))
    shelf = Shelf(
        routes=tuple(map(RouteName, house.settings.route)), desks=tellings(house.settings), shipped=sheets.shipped
    )
    files = Sheetwork(
        sheets=sheets,
        versions=SqliteVersions(house.store.units, ANSWERS),
        drafts=SqliteDrafts(house.store.units),
        bench=shelf,
        clock=time.time,
        kinds=ANSWERS,
        called="template",
        largest=MAX_BYTES,
    )
    return Templatework(files=files, shelf=shelf)
