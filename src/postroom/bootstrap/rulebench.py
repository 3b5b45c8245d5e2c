"""Judges by rules that are not in force, for the pages: checks them, runs the examples, tries a mail.

`Bench` does it; in production within a process of its own (`main`), so that nobody else's page waits meanwhile, and what
takes too long can be stopped.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import msgspec

from postroom.adapters.bench import Answering, is_asked, serve
from postroom.bootstrap.accepted import RuleTexts, last_accepted
from postroom.bootstrap.examples import NOW, case_of, mail_of, raw_of
from postroom.bootstrap.failures import tell_failure
from postroom.bootstrap.house import House
from postroom.config import Settings
from postroom.decide.asking import ask
from postroom.decide.case import Case
from postroom.decide.examples import Example, Expectation, run
from postroom.decide.examples import read as read_examples
from postroom.decide.judge import judge
from postroom.decide.problems import Problem
from postroom.decide.rulebook import Rulebook
from postroom.decide.substance import fold_mail
from postroom.model.codec import decode_decision, encode_decision
from postroom.model.errors import ConfigError, Refused
from postroom.model.judgement import AccountStatus
from postroom.model.mail import Mail
from postroom.model.rulebooks import SheetName, Texts
from postroom.ports.rulebooks import Checked, Exemplified, Pasted, Tried

_REMEMBERED = 3
"""Rulebooks: what is shipped, what is in force, what is being written."""
_Compiled = tuple[Rulebook, tuple[Problem, ...]]


class Bench:
    """Port `Bench`, here and now."""

    def __init__(self, house: House, clock: Callable[[], float] = time.time) -> None:
        self._house = house
        self._clock = clock
        #: what was compiled last, newest first: by its texts, and the minute, as what waits for its day is a problem until then
        self._compiled: list[tuple[tuple[RuleTexts, int], _Compiled]] = []

    def wake(self) -> None:
        """See `postroom.ports.rulebooks.Bench.wake`. It is awake."""

    def prepare(self, asked: Callable[[], bool]) -> None:
        """Work out beforehand what answers need, until somebody has ``asked``."""
        for step in (lambda: self._shipped, lambda: self._in_force, lambda: self._house.classifier):
            if asked():
                break
            step()

    def check(self, texts: Texts) -> Checked:
        """See `postroom.ports.rulebooks.Bench.check`."""
        shelf = self._house.rules
        book, problems = self._compile(shelf.drafted(texts))
        own = {shelf.file(sheet): str(text) for sheet, text in texts.items() if sheet.startswith("examples/")}
        examples, faults = read_examples(own)
        sheets = {shelf.file(sheet): sheet for sheet in texts}
        missing = shelf.missing({sheet: why for sheet, why in shelf.unreadable().items() if sheet not in texts})
        named = tuple(replace(one, file=sheets.get(one.file, one.file)) for one in (*missing, *problems, *faults))
        if any(one.severity == "error" for one in named):
            return Checked(problems=named)
        judged = tuple(self._tested(one, book, sheets) for one in (*self._shipped, *examples))
        return Checked(problems=named, examples=judged)

    def judge(self, mail: Pasted, texts: Texts, sheet: SheetName) -> Tried:
        """See `postroom.ports.rulebooks.Bench.judge`."""
        case = self._case(mail)
        policy = self._house.policy_in_force()
        book, problems = self._compile(self._house.rules.drafted(texts))
        usable = not any(one.severity == "error" for one in problems)
        now = self._in_force
        return Tried(
            now=judge(case, now, policy) if now is not None else None,
            then=judge(case, book, policy) if usable else None,
            asked=ask(case, book, file=self._house.rules.file(sheet)) if sheet.startswith("rules/") else (),
        )

    @cached_property
    def _shipped(self) -> tuple[Example, ...]:
        """Shipped examples that come out as they say without any file of the team: they all do where it has the usual desks."""
        shelf = self._house.rules
        book, _ = self._compile(shelf.drafted({}))
        examples, _ = read_examples(shelf.shipped("examples"))
        return tuple(one for one in examples if not self._tested(one, book, {}).differences)

    @property
    def _in_force(self) -> Rulebook | None:
        """What the judges judge by; where none has started yet, what is on the disk."""
        shelf = self._house.rules
        try:
            texts: RuleTexts = last_accepted(shelf.kept_at()) or shelf.drafted(shelf.written())
        except (ConfigError, OSError):
            return None
        book, problems = self._compile(texts)
        return None if any(one.severity == "error" for one in problems) else book

    def _compile(self, texts: RuleTexts) -> _Compiled:
        """Their rulebook, and what is wrong with them; not again what was compiled just now."""
        key = texts, int(self._clock() // 60)
        found = next((made for known, made in self._compiled if known == key), None) or texts.compile()
        others = [one for one in self._compiled if one[0] != key]
        self._compiled = [(key, found), *others][:_REMEMBERED]
        return found

    def _tested(self, example: Example, book: Rulebook, sheets: Mapping[str, SheetName]) -> Exemplified:
        try:
            case = case_of(self._house, example, self._raw(example), NOW)
            (result,) = run([(example, case)], book, self._house.policy)
            differences = result.differences
        except Refused as error:
            differences = (str(error),)
        file = sheets.get(example.source, example.source)
        return Exemplified(name=example.name, file=file, line=example.line, differences=differences)

    def _raw(self, example: Example) -> bytes:
        """Its bytes. A file that it names must lie beside it: whoever asks may have no shell here. Raises `Refused`."""
        folder = self._house.rules.folder("examples")
        if not example.file:
            return raw_of(example, folder)
        path = (folder / example.file).resolve()
        most = self._house.settings.intake.max_size
        if not path.is_relative_to(folder.resolve()) or not path.is_file() or path.stat().st_size > most:
            raise Refused(f"there is no such file beside it: {example.file}")
        return raw_of(example, folder)

    def _case(self, pasted: Pasted) -> Case:
        """What is judged of a mail, with what the classifier says of it."""
        classifier = self._house.classifier
        case = case_of(self._house, example_of(pasted), pasted.raw, self._clock())
        folded = fold_mail(case.message)
        (opinions,) = classifier.classify([(case.message, folded)])
        return replace(case, folded=folded, classifier=tuple(opinions), model=classifier.version)


def example_of(pasted: Pasted) -> Example:
    """What is supposed of a mail, as an example says it."""
    return Example(
        name="pasted",
        expect=Expectation(),
        authenticated=pasted.authenticated,
        brand=pasted.brand,
        account=AccountStatus(state=pasted.account),
    )


def pasted_mail(house: House, pasted: Pasted, now: float) -> Mail:
    """The mail as the bench judges it."""
    return mail_of(house, example_of(pasted), pasted.raw, now)


# -- in a process of its own ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked, as it goes through the pipe."""

    texts: dict[str, str]
    #: None: check only
    mail: Pasted | None = None
    sheet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What is said; decisions as the store keeps them."""

    checked: Checked | None = None
    tried: Tried | None = None
    now: bytes = b""
    then: bytes = b""


@dataclass(kw_only=True)
class BenchProcess:
    """Port `Bench`, by a process that is started when it may be needed and ends when it is not needed for long."""

    house: House
    #: seconds that an answer may take
    patience: float = 20.0

    @cached_property
    def _answering(self) -> Answering:
        opening = msgspec.msgpack.encode((msgspec.json.encode(self.house.settings), str(self.house.base.resolve())))
        return Answering(module="postroom.bootstrap.rulebench", opening=opening)

    def check(self, texts: Texts) -> Checked:
        """See `postroom.ports.rulebooks.Bench.check`."""
        checked = self._asked(_Question(texts=_plain(texts))).checked
        assert checked is not None
        return checked

    def judge(self, mail: Pasted, texts: Texts, sheet: SheetName) -> Tried:
        """See `postroom.ports.rulebooks.Bench.judge`."""
        answer = self._asked(_Question(texts=_plain(texts), mail=mail, sheet=sheet))
        assert answer.tried is not None
        now, then = (decode_decision(one) if one else None for one in (answer.now, answer.then))
        return replace(answer.tried, now=now, then=then)

    def wake(self) -> None:
        """See `postroom.ports.rulebooks.Bench.wake`."""
        self._answering.wake()

    def _asked(self, question: _Question) -> _Answer:
        said = self._answering.ask(msgspec.msgpack.encode(question), self.patience)
        return msgspec.msgpack.decode(said, type=_Answer)

    def close(self) -> None:
        """End the process, if there is one."""
        self._answering.close()


def _plain(texts: Texts) -> dict[str, str]:
    return {str(sheet): text for sheet, text in texts.items()}


def main() -> None:
    """Answer the questions of the pages' process until it closes the pipe, or asks nothing for long."""

    def begin(opening: bytes) -> Callable[[bytes], bytes]:
        settings, base = msgspec.msgpack.decode(opening, type=tuple[bytes, str])
        house = House(msgspec.json.decode(settings, type=Settings), Path(base), process="rules")
        bench = Bench(house)
        bench.prepare(is_asked)

        def answer(question: bytes) -> bytes:
            try:
                return msgspec.msgpack.encode(_answered(bench, question))
            except Exception as error:  # noqa: BLE001 - its words may be a mail's: no traceback tells them
                tell_failure(house.observer, error)
                raise SystemExit(1) from None

        return answer

    serve(begin)


def _answered(bench: Bench, asked: bytes) -> _Answer:
    question = msgspec.msgpack.decode(asked, type=_Question)
    texts = {SheetName(name): text for name, text in question.texts.items()}
    if question.mail is None:
        return _Answer(checked=bench.check(texts))
    tried = bench.judge(question.mail, texts, SheetName(question.sheet))
    now, then = (encode_decision(one) if one is not None else b"" for one in (tried.now, tried.then))
    return _Answer(tried=replace(tried, now=None, then=None), now=now, then=then)


if __name__ == "__main__":
    main()
