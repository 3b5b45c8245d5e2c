"""What rule and phrase files may say: the keys that they are checked against, and the reference is made from."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

MAX_WEIGHT = 10.0
MAX_WITHIN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a table."""

    #: what its value is, as people say it
    words: str
    #: what it does
    meaning: str
    #: what stands for it when it is left out, as it would be written; ``required`` where nothing does
    default: str = ""
    #: what TOML makes of its value; of a rule's keys
    types: tuple[type, ...] = ()


def _key(words: str, meaning: str, default: str = "", *types: type) -> Key:
    return Key(words=words, meaning=meaning, default=default, types=types)


_CONDITIONS = "a list of CEL conditions"
_LOG_ODDS = f"log-odds, from -{MAX_WEIGHT:g} to {MAX_WEIGHT:g}: 1.5 is a good sign, 3 a strong one, 6 all but certain; negative speaks against"

RULE: Mapping[str, Key] = {
    "name": _key("a string", "what decisions call it; each rule has its own", "required", str),
    "comment": _key("a string", "why it is there, for people", "", str),
    "when": _key("a CEL condition in quotes", "must hold; of `when`, `any`, `all` and `not` there is at least one", "", str),
    "any": _key(_CONDITIONS, "one of them must hold; each is CEL in quotes, or a table of these four again", "", list),
    "all": _key(_CONDITIONS, "each of them must hold", "", list),
    "not": _key(_CONDITIONS, "none of them may hold", "", list),
    "route": _key("the name of a route", "the desk that it speaks for; may be left out beside `tags` or `urgent`", "", str),
    "weight": _key("a number", _LOG_ODDS, "3.0", int, float),
    "stop": _key("true or false", "decides its route surely when it matches, and no later rule is read", "false", bool),
    "veto": _key("true or false", "takes its route out of the running", "false", bool),
    "tags": _key("a list of strings", "labels that the mail gets", "[]", list),
    "urgent": _key("the name of a signal", "raises this urgent signal: people named in `[urgent]` are told at once", "", str),
    "priority": _key("a whole number", "lower is read earlier; at the same, shipped rules before yours, then by file and place", "0", int),
    "enabled_from": _key("a date, such as 2026-12-01", "it does not count before that day begins (UTC)", "", datetime.date),
}  # fmt: skip
"""Of ``[[rule]]`` in a rule file."""

PHRASE_FILE: Mapping[str, Key] = {
    "route": _key("the name of a route", "its phrases speak for this desk; of `route`, `signal` and `concept` there is one"),
    "signal": _key("the name of a signal", "its phrases raise this urgent signal"),
    "concept": _key("a name", "its phrases decide nothing: rules count them, and groups join them with `near`"),
    "comment": _key("a string", "why it is there, for people"),
    "group": _key("[[group]] tables", "the phrases", "required"),
}  # fmt: skip
"""Of a phrase file, at its top."""

GROUP: Mapping[str, Key] = {
    "language": _key("a string", 'for people, such as "en"; phrases are searched in mail of any language'),
    "weight": _key("a number", f"{_LOG_ODDS}; of each different phrase found", "1.0"),
    "where": _key('"any", "subject" or "text"', "where its phrases are searched", '"any"'),
    "phrases": _key("a list of strings", "words to find, whole, without case or accents; `word*` also finds longer words, ` … ` stands for up to six"),
    "near": _key("two names of concepts", "instead of `phrases`: found where words of both stand near each other, in any order"),
    "within": _key(f"a whole number from 0 to {MAX_WITHIN}", "of `near`: the most words between the two", "6"),
    "comment": _key("a string", "why it is there, for people"),
}  # fmt: skip
"""Of ``[[group]]`` in a phrase file."""
