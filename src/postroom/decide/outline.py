"""What a file of rules, phrases or examples holds, in words: read from its text alone, without compiling anything."""

from dataclasses import dataclass
from typing import Any

from postroom.decide.problems import Section, Source, sections_for
from postroom.model import toml

_STRONG, _SURE = 3.0, 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rule, one list of phrases, or one example."""

    name: str
    #: what it does, in words
    does: str
    #: what its author wrote about it
    comment: str = ""
    #: where it begins
    line: int = 1
    #: as it is written, to see whether it has changed
    text: str = ""


def outline(text: str) -> tuple[Entry, ...]:
    """What a file holds, in its order; what can't be understood is left out. Total."""
    try:
        data = toml.loads(text)
    except ValueError:
        return ()
    source = Source(name="", text=text)
    for key, entry in (("rule", _rule), ("mail", _example)):
        items = data.get(key)
        if isinstance(items, list):
            pairs = zip(items, sections_for(source, key, items), strict=True)
            return tuple(entry(source, section, item) for item, section in pairs if isinstance(item, dict))
    return _phrases(data, text)


def _rule(source: Source, section: Section | None, item: dict[str, Any]) -> Entry:
    return Entry(
        name=_said(item.get("name")) or "(without a name)",
        does=rule_in_words(item),
        comment=_said(item.get("comment")),
        line=_line(source, section),
        text=_text(source, section),
    )


def _example(source: Source, section: Section | None, item: dict[str, Any]) -> Entry:
    expect = item.get("expect")
    wanted = expect if isinstance(expect, dict) else {}
    said = [f"{key} {_listed(value)}" for key, value in wanted.items()]
    return Entry(
        name=_said(item.get("name")) or "(without a name)",
        does=f"expects {', '.join(said)}" if said else "expects nothing",
        comment=_said(item.get("comment")),
        line=_line(source, section),
        text=_text(source, section),
    )


def _phrases(data: dict[str, Any], text: str) -> tuple[Entry, ...]:
    kind, name = next(
        ((key, _said(data[key])) for key in ("route", "signal", "concept") if _said(data.get(key))), ("", "")
    )
    if not kind:
        return ()
    given = data.get("group")
    groups = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    phrases = sum(len(one["phrases"]) for one in groups if isinstance(one.get("phrases"), list))
    pairs = sum("near" in one for one in groups)
    does = {"route": f"speaks of {name}", "signal": f"raises {name}", "concept": "is there for rules"}[kind]
    counts = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in ((phrases, "phrase"), (pairs, "pair")) if count]  # fmt: skip
    return (Entry(name=name, does=f"{does}: {', '.join(counts) or 'nothing yet'}", text=text),)


def rule_in_words(item: dict[str, Any]) -> str:
    """What a rule does when it matches."""
    route, weight = _said(item.get("route")), item.get("weight", 3.0)
    said = []
    if item.get("stop") is True:
        said.append(f"decides {route}: no later rule is read")
    elif item.get("veto") is True:
        said.append(f"rules out {route}")
    elif route and isinstance(weight, int | float) and not isinstance(weight, bool):
        said.append(f"speaks {'for' if weight >= 0 else 'against'} {route}{_how(abs(weight))} ({weight:+.1f})")
    if _said(item.get("urgent")):
        said.append(f"raises {_said(item.get('urgent'))}")
    if item.get("tags"):
        said.append(f"tags {_listed(item.get('tags'))}")
    if item.get("enabled_from") is not None:
        said.append(f"counts from {item['enabled_from']} on")
    return ", ".join(said) or "does nothing"


def _how(strength: float) -> str:
    return " all but surely" if strength >= _SURE else " strongly" if strength >= _STRONG else ""


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _line(source: Source, section: Section | None) -> int:
    return source.place(section.start)[0] if section else 1


def _text(source: Source, section: Section | None) -> str:
    return source.text[section.start : section.end].strip() if section else source.text
