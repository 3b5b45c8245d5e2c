"""`postroom import`: a team's past, looked at, rehearsed, and kept to learn from.

Read once: what can be learnt from is put aside in a file. Then in order of time: without what nearly repeats, the first part
taught to a store of its own and the rest judged there, as if it were to come; and last, if that is wanted, all kept.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Protocol

from postroom.adapters.history.sources import Reading, items_in, size_of
from postroom.adapters.history.spool import Place, Spool
from postroom.adapters.history.tables import COLUMNS
from postroom.adapters.status.none import NoStatus
from postroom.adapters.store.sqlite import SqliteStore
from postroom.bootstrap.house import House
from postroom.bootstrap.models import routes_known
from postroom.flow.inventory import Inventory
from postroom.flow.labels import LabelMap, read_map
from postroom.flow.measure import Labelled
from postroom.flow.neardup import Seen, sketch
from postroom.flow.past import LeftOut, Lesson, Sieve, team_domains
from postroom.flow.rehearsal import JUDGED, figures, judged, taught
from postroom.flow.sitting import Judges
from postroom.model import toml
from postroom.model.errors import ConfigError, Refused, unknown
from postroom.model.judgement import REVIEW
from postroom.model.mail import BrandName
from postroom.ports import Store

_BATCH: Final = 64
#: transactions of many are cheap, and nobody waits for a single one
_KEPT_AT_ONCE: Final = 512
#: mistakes of a rehearsal that are told, the surest, and of how much of their subjects
_WORST: Final = 10
_SUBJECT: Final = 100


class Progress(Protocol):
    """Is told how far it is."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """``done`` of ``total`` bytes read, or mails."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asked for."""

    paths: Sequence[str]
    #: ``LABEL=ROUTE``, in their order
    maps: Sequence[str] = ()
    #: TOML with [map] and [columns]
    map_file: Path | None = None
    #: ``body=Beschreibung``
    columns: Sequence[str] = ()
    #: the first when empty
    brand: str = ""
    #: senders of CSV and JSON exports count as authenticated
    believe: bool = False
    keep: bool = False


def import_past(house: House, wanted: Wanted, *, now: float, tell: Progress = lambda _stage, _done, _total: None) -> dict[str, Any]:  # fmt: skip
    """All that `postroom import` says, and what it keeps. Raises `Refused`, `ConfigError`, `TryLater`."""
    run = _Run.begin(house, wanted, now, tell)
    with Spool() as spool:
        places = run.read(spool)
        lessons = run.told_apart(places)
        rehearsal = run.rehearse(spool, lessons)
        facts = {**run.inventory.facts(), "rehearsal": rehearsal, "kept": None}
        if wanted.keep:
            facts["kept"] = run.keep(spool, lessons)
    return facts


@dataclass(slots=True, kw_only=True)
class _Run:
    """One import under way."""

    house: House
    paths: Sequence[str]
    sieve: Sieve
    columns: Mapping[str, str]
    tell: Progress
    inventory: Inventory = field(init=False)

    def __post_init__(self) -> None:
        self.inventory = Inventory(self.sieve.labels)

    @classmethod
    def begin(cls, house: House, wanted: Wanted, now: float, tell: Progress) -> "_Run":
        """Find every mistake before anything is read."""
        table = _map_file(wanted.map_file)
        brands = tuple(house.settings.brand)
        if wanted.brand and wanted.brand not in brands:
            raise Refused(unknown("brand", wanted.brand, brands))
        sieve = Sieve(
            labels=_labels(house, wanted.maps, table.get("map", {})),
            trust=house.trust,
            team_domains=team_domains(house.trust),
            brand=BrandName(wanted.brand or brands[0]),
            believe=wanted.believe,
            now=now,
            tombs=house.tombs,
        )
        return cls(
            house=house, paths=wanted.paths, sieve=sieve, columns=_columns(wanted.columns, table.get("columns", {})), tell=tell
        )  # fmt: skip

    def read(self, spool: Spool) -> list[Place]:
        """Everything, once; what can be learnt from is in the spool."""
        total, done = size_of(self.paths), 0
        places: list[Place] = []

        def advance(size: int) -> None:
            nonlocal done
            done += size
            self.tell("reading", done, total)

        reading = Reading(most=self.house.settings.intake.max_size, columns=self.columns, advance=advance)
        for item in items_in(self.paths, reading):
            if isinstance(item, LeftOut):
                self.inventory.left_out(item)
                continue
            self.inventory.labelled(item.labels)
            lesson = self.sieve.sift(item)
            if isinstance(lesson, LeftOut):
                self.inventory.left_out(lesson)
            else:
                said = f"{lesson.example.subject}\n{lesson.example.new_text}"
                places.append(spool.put(lesson, sketch(said)))
        return places

    def told_apart(self, places: list[Place]) -> list[Place]:
        """In order of time, without those that are there already, or nearly."""
        ids: set[str] = set()
        seen = Seen()
        kept = []
        for place in sorted(places, key=lambda place: (place.at, place.id)):
            if place.id in ids:
                self.inventory.left_out(LeftOut(source="", why="again"))
            elif not seen.is_new(place.sketch):
                self.inventory.left_out(LeftOut(source="", why="nearly-again"))
            else:
                kept.append(place)
            ids.add(place.id)
        return kept

    def rehearse(self, spool: Spool, places: Sequence[Place]) -> dict[str, Any] | None:
        """Teach the first part, judge the rest; None when there is too little."""
        judges = self._judges()
        begin = len(places) - round(len(places) * JUDGED)
        labelled: list[Labelled] = []
        follow_ups: list[bool] = []
        wrong: list[tuple[float, Lesson, Labelled]] = []
        with _own_store() as store:
            for number, batch in _batches(spool, places, cuts=begin):
                for lesson in batch:
                    self.inventory.learnt(lesson)
                if number < begin:
                    store.keep_examples((), taught(store, batch))
                else:
                    ones, added = judged(judges, store, batch)
                    store.keep_examples((), added)
                    labelled += ones
                    wrong += [
                        (one.confidence, lesson, one) for lesson, one in zip(batch, ones, strict=True) if not one.right
                    ]
                    wrong = nlargest(_WORST, wrong, key=itemgetter(0))
                    follow_ups += [lesson.follow_up for lesson in batch]
                self.tell("rehearsing", number + len(batch), len(places))
        if not labelled:
            return None
        known = routes_known(judges.classifier)
        return {
            "taught": begin,
            "model": judges.classifier.version,
            "unknown_to_model": sorted({one.route for one in labelled} - known) if known else [],
            "mistakes": [_mistake(lesson, one) for _, lesson, one in wrong],
            **figures(labelled, follow_ups),
        }

    def keep(self, spool: Spool, places: Sequence[Place]) -> dict[str, int]:
        """Keep all in the store; memory only of what was not there before."""
        store: Store = self.house.store
        new = seeded = 0
        for number, batch in _batches(spool, places, size=_KEPT_AT_ONCE):
            known = store.known_examples([lesson.example.id for lesson in batch])
            remember = taught(store, [lesson for lesson in batch if lesson.example.id not in known])
            new += store.keep_examples([lesson.example for lesson in batch], remember)
            seeded += len(remember)
            self.tell("keeping", number + len(batch), len(places))
        return {"new": new, "known": len(places) - new, "remembered": seeded}

    def _judges(self) -> Judges:
        house = self.house
        return Judges(
            book=house.rules.book,
            policy=house.policy,
            classifier=house.classifier,
            statuses=NoStatus(),
            status_deadline=house.settings.judging.status_deadline,
        )


def _mistake(lesson: Lesson, one: Labelled) -> dict[str, Any]:
    return {
        "source": lesson.source,
        "subject": lesson.example.subject[:_SUBJECT],
        "label": one.route,
        "decided": one.decided,
        "route": REVIEW if one.review else one.decided,
        "confidence": round(one.confidence, 4),
    }


def _batches(
    spool: Spool, places: Sequence[Place], *, size: int = _BATCH, cuts: int = 0
) -> Iterator[tuple[int, list[Lesson]]]:
    """Lessons a batch at a time, each with the number of its first; none reaches over ``cuts``."""
    for start, end in ((0, cuts), (cuts, len(places))):
        lessons = spool.read(places[start:end])
        at = start
        while batch := list(islice(lessons, size)):
            yield at, batch
            at += len(batch)


@contextmanager
def _own_store() -> "Iterator[SqliteStore]":
    """A store for the time of a rehearsal: memory beyond what fits into the process."""
    with tempfile.TemporaryDirectory(prefix="postroom-import-") as folder:
        store = SqliteStore.open(Path(folder) / "rehearsal.db")
        try:
            yield store
        finally:
            store.close()


def _labels(house: House, lines: Sequence[str], table: object) -> LabelMap:
    if not isinstance(table, dict):
        raise ConfigError("[map] of the map file must be a table: 'LABEL' = \"ROUTE\"")
    return read_map(lines, table, house.routes)


def _columns(lines: Sequence[str], table: object) -> dict[str, str]:
    if not isinstance(table, dict):
        raise ConfigError('[columns] of the map file must be a table: body = "name of the column"')
    given = {str(what): str(name) for what, name in table.items()}
    for line in lines:
        what, equals, name = line.partition("=")
        if not (equals and name):
            raise Refused(f"{line!r} names no column: write body=NAME")
        given[what.strip()] = name.strip()
    for what in given:
        if what not in COLUMNS:
            raise Refused(unknown("meaning of a column", what, tuple(COLUMNS)))
    return given


def _map_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return toml.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"can't read the map file {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is no TOML: {error}") from error


__all__ = ["Progress", "Wanted", "import_past"]
