"""Rules, compiled, and what they say of one mail. Evaluation is bounded and total: a failing rule does not match, and says so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cel_expr_python import cel

from postroom.decide.context import Facts, values
from postroom.decide.prefilter import Atom, Need, Prefilter, build
from postroom.model.mail import RouteName

_CHUNK = 40
_WORTHWHILE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, checked."""

    name: str
    comment: str = ""
    #: its whole condition as one CEL expression
    when: str
    #: ``""`` for a rule that only tags or alerts
    route: RouteName = RouteName("")
    #: log-odds; negative speaks against the route
    weight: float = 3.0
    #: if it matches, its route is decided and no later rule is read
    stop: bool = False
    #: takes the route out of the running
    veto: bool = False
    tags: tuple[str, ...] = ()
    #: urgent signal that it raises
    urgent: str = ""
    #: lower is read earlier
    priority: int = 0
    #: seconds since the epoch; it does not count before
    enabled_from: float = 0.0
    #: where it is written
    file: str = ""
    line: int = 1
    #: context fields that it reads
    reads: frozenset[str] = frozenset()
    #: what must hold if it does (`decide.prefilter`)
    need: Need = None
    #: it calls ``matches``, which is dear
    regex: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A rule that matched, or that failed."""

    rule: Rule
    #: what went wrong; ``""`` when it matched
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """Rules that are evaluated together as one list when several of them may match: far faster than one by one."""

    numbers: tuple[int, ...]
    program: cel.Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All rules in the order they are read, compiled."""

    rules: tuple[Rule, ...]
    _environment: cel.Env
    _programs: tuple[cel.Expression, ...]
    _chunks: tuple[_Chunk, ...]
    #: rules that nothing rules out beforehand
    _free: frozenset[int]
    #: atom -> rules that it makes possible
    _by_atom: Mapping[Atom, tuple[int, ...]]
    _prefilter: Prefilter
    _reads: frozenset[str]
    _headers: frozenset[str]

    def matches(self, facts: Facts) -> tuple[Match, ...]:
        """Rules that match or fail, in order, up to and with the first that matches and says ``stop``. Never raises."""
        if not self.rules:
            return ()
        automatic = facts.case.message.kind not in {"person", "none"}
        known = values(facts, self._reads, self._headers)
        texts = {name: known[name] for name in self._prefilter.fields}
        possible = set(self._free)
        for atom in self._prefilter.holding(texts, facts.phrases):
            possible.update(self._by_atom.get(atom, ()))
        activation = self._environment.Activation(known)
        possible, certain = self._together(possible, activation)
        found: list[Match] = []
        for number in sorted(possible):
            rule = self.rules[number]
            if rule.enabled_from > facts.case.now or (automatic and "kind" not in rule.reads):
                continue
            answer = number in certain or _evaluate(self._programs[number], activation)
            if answer is False:
                continue
            found.append(Match(rule=rule, error="" if answer is True else str(answer)))
            if answer is True and rule.stop:
                break
        return tuple(found)

    def _together(self, possible: set[int], activation: cel.Activation) -> tuple[set[int], set[int]]:
        """What is still possible after asking whole chunks, and what of it is certain.

        A chunk in which any rule fails answers nothing: its rules are asked one by one, and say what failed.
        """
        certain: set[int] = set()
        for chunk in self._chunks:
            if len(possible.intersection(chunk.numbers)) < _WORTHWHILE:
                continue
            try:
                given = chunk.program.eval(activation).plain_value()
            except RuntimeError:
                continue
            if isinstance(given, list):
                possible.difference_update(chunk.numbers)
                certain.update(number for number, answer in zip(chunk.numbers, given, strict=True) if answer)
        return possible | certain, certain


def _evaluate(program: cel.Expression, activation: cel.Activation) -> bool | str:
    """The answer, or what went wrong."""
    try:
        value = program.eval(activation)
        given = value.plain_value()
    except RuntimeError as error:
        return f"it was stopped: {_first_line(error)}"
    return given if isinstance(given, bool) else f"it failed: {_first_line(given)}"


def _first_line(said: object) -> str:
    return str(said).partition("\n")[0][:200]


def compile_rules(rules: Sequence[Rule], environment: cel.Env, optional_headers: Collection[str]) -> RuleSet:
    """Make checked rules ready; they are read by priority, then in the order given."""
    ordered = tuple(sorted(rules, key=lambda rule: rule.priority))
    by_atom: dict[Atom, list[int]] = {}
    for number, rule in enumerate(ordered):
        for atom in rule.need or ():
            by_atom.setdefault(atom, []).append(number)
    # Rules with the same needs stand together, so that a chunk is either worth asking or not.
    plain = sorted((sorted(rule.need or ()), number) for number, rule in enumerate(ordered) if not rule.regex)
    chunks = tuple(
        _Chunk(
            numbers=tuple(number for _, number in part),
            program=environment.compile("[" + ",\n".join(f"({ordered[number].when}\n)" for _, number in part) + "]"),
        )
        for part in (plain[start : start + _CHUNK] for start in range(0, len(plain), _CHUNK))
    )
    return RuleSet(
        rules=ordered,
        _environment=environment,
        _programs=tuple(environment.compile(rule.when) for rule in ordered),
        _chunks=chunks,
        _free=frozenset(number for number, rule in enumerate(ordered) if rule.need is None),
        _by_atom={atom: tuple(numbers) for atom, numbers in by_atom.items()},
        _prefilter=build(by_atom.keys()),
        _reads=frozenset(name for rule in ordered for name in rule.reads),
        _headers=frozenset(optional_headers),
    )
