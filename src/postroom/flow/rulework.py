"""What people do with rules in the pages and by the API, beside what is done with any file of theirs: try them on a mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from postroom.decide.outline import Entry, outline
from postroom.flow.sheetwork import Changes, Sheetwork
from postroom.model.people import User
from postroom.model.rulebooks import SheetName, Version
from postroom.ports.rulebooks import Bench, Pasted, Tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulework(Sheetwork):
    """Works with the team's rules, phrases and examples."""

    bench: Bench

    def judge(self, mail: Pasted, changes: Changes, sheet: SheetName) -> Tried:
        """Where a mail goes, and would go with these changes; with what the rules of a sheet asked. Raises as `check`."""
        return self.bench.judge(mail, self._changed(changes), sheet)


def may_work(user: User) -> bool:
    """Who sees and changes rules: leads and admins of all desks and brands, as a rule decides about all mail."""
    return user.is_at_least("lead") and user.sight.routes is None and user.sight.brands is None


def unchanged_since(entries: Sequence[Entry], versions: Sequence[Version]) -> Mapping[str, Version]:
    """Name of a rule -> the version from which on it stands as it does; ``versions`` are of its sheet, newest first."""
    found: dict[str, Version] = {}
    left = {entry.name: entry.text for entry in entries}
    for version in versions:
        if not left:
            break
        then = {entry.name: entry.text for entry in outline(version.text or "")}
        left = {name: text for name, text in left.items() if then.get(name) == text}
        found |= dict.fromkeys(left, version)
    return found
