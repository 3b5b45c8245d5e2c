"""`postroom learn`: a challenger from the corpus and what people said, put into force where it wins; and the models there are."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from postroom import __version__
from postroom.adapters.classifier.model import load
from postroom.adapters.classifier.registry import ROLLBACK, SHIPPED, Registry
from postroom.adapters.intake.labelled import Labelled, read_labelled
from postroom.bootstrap.files import Offline
from postroom.bootstrap.house import House
from postroom.bootstrap.models import APART, HARD, LEARNED, check_can_train, shipped
from postroom.bootstrap.schedule import ERASED_WITHIN, TRIED
from postroom.decide.substance import fold_mail
from postroom.flow.learning import Learning, Learnt, Tell
from postroom.flow.taught import Teachers
from postroom.model.errors import ConfigError
from postroom.model.example import Example, ExampleId
from postroom.model.judgement import AUTOMATIC
from postroom.model.mail import MailId, RouteName
from postroom.ports import Examples, Store, TrainingText

_DAY: Final = 86_400.0
_BATCH: Final = 64

Outcome = Literal["too-few", "stays", "replaced", "renewed", "gone-back", "would-replace"]

_OTHER_CORPUS: Final = (
    "the model in force knew what was erased, and can't be trained again without it: it was trained on another corpus"
    " (name that with --corpus to learn from it anew)"
)


class CorpusFiles:
    """Labelled mail in files: the shipped corpus, or a team's own choice."""

    def __init__(self, house: House, paths: Sequence[Path]) -> None:
        """Raises `Refused` for what can't be read, `ConfigError` when nothing was named and no corpus was shipped."""
        paths = paths or shipped_corpus()
        self._apart = len(paths) >= APART
        self._offline = Offline(house, text_only=True)
        self._labelled: list[Labelled] = [
            one for path in paths for one in read_labelled(path, house.settings.intake.max_size)
        ]

    def digest(self) -> str:
        """Names what it teaches: the same texts in the same order, of the same routes and weights."""
        found = hashlib.sha256()
        for one in self._labelled:
            found.update(f"{one.route} {_weight(one)} {len(one.mail.raw)} ".encode())
            found.update(one.mail.raw)
        return found.hexdigest()

    def weighs(self) -> Mapping[RouteName, float]:
        """What each route of it weighs in all."""
        total: dict[RouteName, float] = defaultdict(float)
        for one in self._labelled:
            total[RouteName(one.route)] += _weight(one)
        return total

    def texts(self) -> Iterator[TrainingText]:
        """Its texts, as judging would see them."""
        for one in self._labelled:
            _, message = self._offline.understood(one.mail)
            yield TrainingText(
                message=message,
                folded=fold_mail(message),
                route=RouteName(one.route),
                weight=_weight(one),
                group=one.mail.path.rpartition("#")[0] if self._apart else "",
            )


def shipped_corpus() -> list[Path]:
    """The files of the corpus: within the package, or beside the sources of it. Raises `ConfigError` when it is nowhere."""
    inside = Path(str(resources.files("postroom.starter").joinpath("corpus")))
    for folder in (inside, inside.parents[3] / "corpus"):
        if found := sorted(folder.glob("*.jsonl")):
            return found
    raise ConfigError(f"the corpus is not at {inside}: install postroom again, or name labelled mail with --corpus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asked for."""

    #: labelled mail instead of the shipped corpus
    corpus: Sequence[Path] = ()
    #: compare, and change nothing
    dry_run: bool = False


def learn(house: House, wanted: Wanted, *, now: float, tell: Tell = lambda stage, done: None) -> dict[str, Any]:
    """Learn, and put into force what wins. All that there is to say. Raises `ConfigError`, `Refused`, `TryLater`."""
    check_can_train()
    assert house.data.is_dir()
    with house.models.alone():
        corpus = CorpusFiles(house, wanted.corpus)
        learning = _learning(house, corpus, tell)
        learnt = learning.run(now)
        run = _Run(house=house, learning=learning, corpus=corpus.digest(), now=now, dry_run=wanted.dry_run)
        found = run.settle(learnt)
        if not wanted.dry_run:
            house.models.mark(TRIED)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What follows from what was learned."""

    house: House
    learning: Learning
    #: digest of the corpus
    corpus: str
    now: float
    dry_run: bool

    def settle(self, learnt: Learnt) -> dict[str, Any]:
        champion = self.learning.champion.version
        registry, lost = self.house.models, self._gone()
        erased = len(lost.intersection(registry.sources(registry.current)))
        won = learnt.contest is not None and learnt.contest.won
        outcome: Outcome = "too-few" if learnt.contest is None else "stays"
        version = ""
        if won and self.dry_run:
            outcome = "would-replace"
        elif won:
            outcome, version = "replaced", self._into_force(learnt, "learn", self.now, self.learning.half_life)
        elif erased and not self.dry_run:
            outcome, version = self._without_what_is_gone()
        removed: tuple[str, ...] = ()
        if not self.dry_run:
            most = self.house.settings.learning.keep
            removed = registry.prune(most, lambda one: lost.isdisjoint(registry.sources(one)))
        return {
            "outcome": outcome,
            "why": [*_why(learnt), *([_OTHER_CORPUS] if outcome == "gone-back" else [])],
            "champion": champion,
            "model": version or None,
            "in_force": self.house.settings.judging.model == LEARNED,
            "erased": erased,
            "removed": list(removed),
            **_facts(learnt),
        }

    def _into_force(self, learnt: Learnt, by: str, trained_at: float, half_life: float) -> str:
        registry = self.house.models
        card = {
            "made_by": f"postroom {__version__}",
            "made_at": self.now,
            "trained_at": trained_at,
            "until": learnt.until,
            "half_life_days": half_life,
            "corpus": self.corpus,
            "champion": self.learning.champion.version,
            "how": by,
            **_facts(learnt),
        }
        version = registry.keep(learnt.model, card, learnt.sources)
        registry.use(version, by=by, now=self.now)
        return version

    def _without_what_is_gone(self) -> tuple[Outcome, str]:
        """The model in force trained again as it was, without what was erased; the shipped one where its corpus is another."""
        registry = self.house.models
        card = registry.load(registry.current).card
        if card.get("corpus") != self.corpus:
            registry.use(SHIPPED, by="erasure", now=self.now)
            return "gone-back", SHIPPED
        until, trained_at, half_life = (float(card[name]) for name in ("until", "trained_at", "half_life_days"))
        as_then = replace(self.learning, half_life=half_life)
        learnt = as_then.renew(registry.sources(registry.current), until, trained_at)
        return "renewed", self._into_force(learnt, "erasure", trained_at, half_life)

    def _gone(self) -> frozenset[str]:
        """What any model that is kept was trained on, and is not there any more."""
        registry = self.house.models
        known = dict.fromkeys(source for one in registry.kept() for source in registry.sources(one.version))
        return frozenset(gone(self.house.store, list(known)))


def overdue(house: House, now: float) -> str:
    """What a person should do because the model in force still knows what was erased; ``""`` for nothing.

    A model younger than `ERASED_WITHIN` days is looked into only when something was erased since it was made.
    """
    current = house.models.current
    if current == SHIPPED or house.settings.judging.model != LEARNED:
        return ""
    card = house.models.load(current).card
    made_at = float(card["made_at"]) if isinstance(card.get("made_at"), int | float) else now - ERASED_WITHIN * _DAY
    age = (now - made_at) / _DAY
    first = house.eraser.keeping.first_erased(made_at)
    if age < ERASED_WITHIN and first is None:
        return ""
    if not (lost := len(gone(house.store, house.models.sources(current)))):
        return ""
    said = f"the model {current} was trained {age:.0f} days ago, and {lost} of its texts were erased since"
    left = 0.0 if first is None else ERASED_WITHIN - (now - first) / _DAY
    return f"{said}: they must be out of it in {left:.0f} days" if left > 0.0 else said


def knows(house: House, ids: Collection[str]) -> int:
    """How many of these mails and examples the model in force was trained on."""
    if house.settings.judging.model != LEARNED:
        return 0
    return len(set(ids).intersection(house.models.sources(house.models.current)))


def gone(store: Store, sources: Sequence[str]) -> list[str]:
    """Which of these mails and examples are not there any more, or have no text left."""
    lost: list[str] = []
    for start in range(0, len(sources), _BATCH):
        some = sources[start : start + _BATCH]
        there: set[str] = {mail.id for mail in store.read([MailId(one) for one in some]) if mail.raw}
        there |= store.known_examples([ExampleId(one) for one in some])
        lost += [one for one in some if one not in there]
    return lost


def listed(registry: Registry) -> list[dict[str, Any]]:
    """What `postroom models list` says: the shipped model first, then the newest."""
    current = registry.current
    rows: list[dict[str, Any]] = [{"version": SHIPPED, "current": current == SHIPPED, "made_at": None, "card": {}}]
    rows += [
        {
            "version": one.version,
            "current": one.version == current,
            "made_at": one.made_at,
            "bytes": one.bytes,
            "card": dict(one.card),
        }
        for one in registry.kept()
    ]
    return rows


def shipped_routes() -> tuple[str, ...]:
    """What the shipped model tells apart."""
    return tuple(load(shipped()).classes)


def choose(house: House, version: str, *, by: str, now: float) -> str:
    """Put a model into force by a person's word; its version. Raises `Refused`, `ConfigError`."""
    assert house.data.is_dir()
    with house.models.alone():
        found = house.models.named(version)
        house.models.use(found, by=f"use {by}", now=now)
    return found


def roll_back(house: House, *, by: str, now: float) -> str:
    """Put the model into force that was before the present one; its version. Raises `Refused`, `ConfigError`."""
    assert house.data.is_dir()
    with house.models.alone():
        found = house.models.before()
        house.models.use(found, by=f"{ROLLBACK} {by}", now=now)
    return found


def _learning(house: House, corpus: CorpusFiles, tell: Tell) -> Learning:
    from postroom.adapters.classifier.training import LinearTrainer  # noqa: PLC0415 - takes seconds to import

    store = house.store
    return Learning(
        teachers=Teachers(
            store=store,
            past=lambda: _past(store),
            trust=house.trust,
            routes=frozenset(house.taught_routes) - {AUTOMATIC},
        ),
        decisions=store.decisions,
        corpus=corpus,
        trainer=LinearTrainer(f"postroom {__version__}"),
        champion=house.classifier,
        book=house.rules.book,
        policy=house.policy,
        half_life=house.settings.learning.half_life_days,
        tell=tell,
    )


def _past(store: Examples) -> Iterator[Example]:
    last: Example | None = None
    while page := store.examples(last):
        yield from page
        last = page[-1]


def _weight(one: Labelled) -> float:
    return HARD if one.hard else 1.0


def _why(learnt: Learnt) -> list[str]:
    """Why the champion stays, in sentences."""
    few = learnt.too_few
    if few is None:
        return list(learnt.contest.against) if learnt.contest is not None else []
    if not (few.route or few.audited or few.besides):
        return [f"not enough verdicts yet: {few.have} of {few.need} that were asked for"]
    what = f" that say {few.route}" if few.route else ""
    what += " on mail that the audit drew (review.audit_share says how much)" if few.audited else ""
    what += f" by others than {few.besides}" if few.besides else ""
    return [f"not enough verdicts yet{what}: {few.have} of {few.need}, in the later half of those asked for"]


def _facts(learnt: Learnt) -> dict[str, Any]:
    return {
        "team": asdict(learnt.counts),
        "contest": learnt.contest.facts() if learnt.contest is not None else None,
    }
