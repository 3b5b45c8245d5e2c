"""Rules, compiled, and what they say of one mail. Evaluation is bounded and total: a failing rule does not match, and says so."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from cel_expr_python import cel

from postroom.decide.context import TYPES, Facts, HeadersRead, values
from postroom.decide.prefilter import Atom, Need, Prefilter, build, is_common
from postroom.model.mail import RouteName

_CHUNK = 40
_WORTHWHILE = 4


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
    need: Need = ()
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
    #: context fields that its rules read
    reads: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """All rules in the order they are read, compiled."""

    rules: tuple[Rule, ...]
    _environment: cel.Env
    _programs: tuple[cel.Expression, ...]
    _chunks: tuple[_Chunk, ...]
    #: of each rule, what must hold if it does
    _needs: tuple[Need, ...]
    #: rules that nothing rules out beforehand
    _free: frozenset[int]
    #: atom -> rules that need it, or another in its place, before all else
    _by_atom: Mapping[Atom, tuple[int, ...]]
    _prefilter: Prefilter
    _headers: HeadersRead

    def matches(self, facts: Facts) -> tuple[Match, ...]:
        """Rules that match or fail, in order, up to and with the first that matches and says ``stop``. Never raises."""
        if not self.rules:
            return ()
        automatic = facts.case.message.kind not in {"person", "none"}
        known = values(facts, self._prefilter.fields, self._headers)
        possible = self._possible(self._prefilter.holding(known, facts.phrases))
        if not possible:
            return ()
        chunks = [one for one in self._chunks if len(possible.intersection(one.numbers)) >= _WORTHWHILE]
        reads = frozenset[str]().union(
            *[self.rules[number].reads for number in possible], *[one.reads for one in chunks]
        )
        known |= values(facts, reads - known.keys(), self._headers)
        activation = self._environment.Activation({name: known[name] for name in reads})
        possible, certain = _together(chunks, possible, activation)
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

    def answer(self, condition: str, facts: Facts) -> bool | str:
        """Whether a condition holds, or why that can't be told. Never raises; for people, as it is compiled each time."""
        try:
            program = self._environment.compile(condition)
        except (RuntimeError, ValueError) as error:
            return f"it does not compile by itself: {_first_line(error)}"
        known = values(facts, TYPES.keys(), HeadersRead(optional=self._headers.optional))
        return _evaluate(program, self._environment.Activation(known))

    def _possible(self, holding: Set[Atom]) -> set[int]:
        """Rules whose every need is met by the atoms that hold."""
        possible = set(self._free)
        for atom in holding:
            for number in self._by_atom.get(atom, ()):
                if not any(one.isdisjoint(holding) for one in self._needs[number]):
                    possible.add(number)
        return possible


def _together(chunks: Sequence[_Chunk], possible: set[int], activation: cel.Activation) -> tuple[set[int], set[int]]:
    """What is still possible after asking whole chunks, and what of it is certain.

    A chunk in which any rule fails answers nothing: its rules are asked one by one, and say what failed.
    """
    certain: set[int] = set()
    for chunk in chunks:
        try:
            given = chunk.program.eval(activation).plain_value()
        except RuntimeError:
            continue
        if isinstance(given, list):
            possible = possible.difference(chunk.numbers)
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


def compile_rules(
    rules: Sequence[Rule], environment: cel.Env, headers: HeadersRead, programs: Mapping[str, cel.Expression]
) -> RuleSet:
    """Make checked rules ready; they are read by priority, then in the order given. ``programs`` are by condition."""
    ordered = tuple(sorted(rules, key=lambda rule: rule.priority))
    needs = [_safe(rule.need, headers) for rule in ordered]
    by_atom: dict[Atom, list[int]] = {}
    for number, needed in enumerate(needs):
        for atom in needed[0] if needed else ():
            by_atom.setdefault(atom, []).append(number)
    # Rules with the same needs stand together, so that a chunk is either worth asking or not; those with rare needs
    # are few at a time, and asked one by one.
    plain = sorted(
        (sorted(needed[0]) if needed else [], number)
        for number, needed in enumerate(needs)
        if not ordered[number].regex and is_common(needed)
    )
    chunks = tuple(
        _Chunk(
            numbers=tuple(number for _, number in part),
            program=environment.compile("[" + ",\n".join(f"({ordered[number].when}\n)" for _, number in part) + "]"),
            reads=frozenset(name for _, number in part for name in ordered[number].reads),
        )
        for part in (plain[start : start + _CHUNK] for start in range(0, len(plain), _CHUNK))
    )
    return RuleSet(
        rules=ordered,
        _environment=environment,
        _programs=tuple(programs.get(rule.when) or environment.compile(rule.when) for rule in ordered),
        _chunks=chunks,
        _needs=tuple(needs),
        _free=frozenset(number for number, needed in enumerate(needs) if not needed),
        _by_atom={atom: tuple(numbers) for atom, numbers in by_atom.items()},
        _prefilter=build({atom for needed in needs for one in needed for atom in one}),
        _headers=headers,
    )


def _safe(needed: Need, headers: HeadersRead) -> Need:
    """A need without headers whose absence is an error: a rule that asks for one must be evaluated, to say so."""
    return tuple(one for one in needed if not any(atom.header and atom.header not in headers.optional for atom in one))
