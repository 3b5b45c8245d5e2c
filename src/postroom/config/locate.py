"""Where in a TOML text a setting stands, so that a mistake can be shown with its line."""

import re

_HEADER = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*([A-Za-z0-9_\-."']+)\s*=""")


def lines(text: str) -> dict[str, int]:
    """Dotted path of every table and key of a TOML text -> its line, from 1. Array tables keep their first line."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _plain(header.group(1))
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            name = _plain(key.group(1))
            found.setdefault(f"{table}.{name}" if table else name, number)
    return found


def line_of(path: str, known: dict[str, int]) -> int:
    """Line of a setting, or of the nearest table around it; 1 when nothing of it is there."""
    while path:
        if path in known:
            return known[path]
        path = path.rpartition(".")[0]
    return 1


def _plain(path: str) -> str:
    return path.replace('"', "").replace("'", "").replace(" ", "")
