"""The only place that names adapters: from settings to a working house.

Each process builds just the rooms that it works in: the doors need no rules, the judges no destinations.
"""

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from postroom.adapters.intake.options import TlsOptions
from postroom.adapters.observer.logs import LogObserver, Observers
from postroom.adapters.observer.metrics import FOLDER, MetricsObserver
from postroom.adapters.opinion.openai import OpenAIOpinion
from postroom.adapters.store.aging import SqliteAging
from postroom.adapters.store.answers import SqliteAnswers
from postroom.adapters.store.cases import SqliteCases
from postroom.adapters.store.erasing import SqliteErasing
from postroom.adapters.store.hooks import SqliteHooks
from postroom.adapters.store.keeping import SqliteKeeping
from postroom.adapters.store.lists import SqliteViews
from postroom.adapters.store.replies import SqliteReplies
from postroom.adapters.store.sqlite import SqliteStore
from postroom.adapters.store.turns import SqliteTurns
from postroom.adapters.tombstones import TombstoneFile
from postroom.bootstrap import datafolder, meaning
from postroom.bootstrap.casework import case_desks
from postroom.bootstrap.destinations import Destinations, can_withdraw
from postroom.bootstrap.failures import tell_failure
from postroom.bootstrap.opinion import build_opinion, build_seconding
from postroom.bootstrap.people import People
from postroom.bootstrap.pressing import Pressing
from postroom.bootstrap.reviewers import second_look
from postroom.bootstrap.shelf import Shelf
from postroom.bootstrap.status import build_status
from postroom.bootstrap.weights import PolicyInForce, read_weights, weighed
from postroom.config import Settings, load
from postroom.config.settings import Destination as DestinationSettings
from postroom.decide.policy import Policy
from postroom.flow.addressbook import AddressBook
from postroom.flow.audit import Audit
from postroom.flow.casedesks import CaseDesks
from postroom.flow.cases import Casework
from postroom.flow.desks import Desks
from postroom.flow.erasure import Eraser
from postroom.flow.filing import Filing
from postroom.flow.moves import Mover
from postroom.flow.outbox import Returns
from postroom.flow.retry import Patience
from postroom.flow.router import Dispatch, Judging, Reception
from postroom.flow.seconding import Seconding
from postroom.flow.verdicts import Reviewing
from postroom.flow.worker import Bell, JudgeWorker, LaneBell, LaneWorker
from postroom.model.errors import Refused
from postroom.model.mail import DestinationName, Mail, RouteName
from postroom.model.privacy import Tombs
from postroom.model.trust import Trust
from postroom.model.work import Job
from postroom.ports import Classifier, Destination, Observer, StatusProvider
from postroom.understand.reader import read

if TYPE_CHECKING:
    from postroom.adapters.classifier.registry import Registry


class House:
    """One installation, as the settings describe it. Rooms are built when they are first asked for."""

    def __init__(self, settings: Settings, base: Path, *, process: str = "") -> None:
        self.settings = settings
        #: folder that relative paths in the settings start from
        self.base = base
        self._process = process

    # -- ground: folder, key, store, observer ---------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Where the data folder is, or will be."""
        return self.base / self.settings.data

    @cached_property
    def data(self) -> Path:
        """The data folder, made when missing. Raises `ConfigError` when it can't be."""
        return datafolder.made(self.folder, self.settings.intake.user)

    @cached_property
    def key(self) -> bytes:
        """The key of return addresses and loop marks."""
        return datafolder.key(self.data)

    @cached_property
    def store(self) -> SqliteStore:
        """The store, opened and migrated. Raises `ConfigError` for a network filesystem, `TryLater` when it can't be used now."""
        assert self.data.is_dir()
        return SqliteStore.open(self.store_path)

    @cached_property
    def views(self) -> SqliteViews:
        """Lists of mails. Raises what `store` does."""
        return SqliteViews(self.store.units)

    @cached_property
    def turns(self) -> SqliteTurns:
        """Who answers which question. Raises what `store` does."""
        return SqliteTurns(self.store.units)

    @cached_property
    def cases(self) -> SqliteCases:
        """Cases, and the mails that may concern them. Raises what `store` does."""
        return SqliteCases(self.store.units)

    @cached_property
    def eraser(self) -> Eraser:
        """What erases people, and holds back what must not be. Raises what `store` does."""
        return Eraser(
            store=self.store,
            erasing=SqliteErasing(self.store.units, self.store_path),
            keeping=SqliteKeeping(self.store.units),
            aging=SqliteAging(self.store.units),
            tombstones=self.tombstones,
            trust=self.trust,
            key=self.key,
            clock=time.time,
            pause=time.sleep,
        )

    @property
    def tombstones(self) -> TombstoneFile:
        """Beside the store: what was erased from it."""
        return TombstoneFile(self.folder / datafolder.ERASED)

    @property
    def tombs(self) -> Tombs:
        """What was erased, as it is known again. Raises `TryLater`, and `PostroomError` for a file that is damaged."""
        stones = self.tombstones.all()
        return Tombs((self.key,) if stones else (), stones)

    @cached_property
    def observer(self) -> Observer:
        """Logs, and metrics when this process belongs to a server."""
        wanted = self.settings.log
        log = LogObserver(form=wanted.format, level=wanted.level, process=self._process, addresses=wanted.addresses)
        return Observers(log, MetricsObserver()) if os.environ.get(FOLDER) else log

    @classmethod
    def without_settings(cls) -> "House":
        """A house of the shipped settings, for judging files where nothing was set up; it has no store."""
        settings, _ = load(resources.files("postroom.starter").joinpath("postroom.toml").read_text(encoding="utf-8"))
        assert settings is not None, "the shipped settings are tested"
        return cls(settings, Path("/nonexistent"))

    @property
    def has_store(self) -> bool:
        """Whether there is a store already."""
        return self.store_path.exists()

    def try_store(self) -> str:
        """Open the store, if there is one: a sentence for people. Raises what `store` does."""
        if not self.has_store:
            return f"none yet; `postroom serve` makes it at {self.store_path}"
        self.store.census()
        return f"opened in {self.data}"

    @property
    def store_path(self) -> Path:
        """The file of the store."""
        return self.folder / datafolder.STORE

    def mail(self, some: str) -> Mail | None:
        """The mail whose id begins so or, if none does, ends so. Raises `Refused` when several do."""
        ids = self.store.find(some.lower(), 2)
        if len(ids) > 1:
            raise Refused(f"several mails have ids with {some}: write more of it, or the last letters")
        return self.store.read(ids)[0] if ids else None

    # -- what the settings mean -----------------------------------------------------------------------------------

    @cached_property
    def trust(self) -> Trust:
        """Whom we believe."""
        return meaning.trust(self.settings)

    @property
    def tls(self) -> TlsOptions | None:
        """The certificate of the doors; None when there is none."""
        return meaning.tls(self.settings, self.base)

    @cached_property
    def addressbook(self) -> AddressBook:
        """The recipients that are ours."""
        return AddressBook(
            addresses=meaning.addresses(self.settings),
            return_domain=meaning.return_domain(self.settings),
            key=self.key,
            destinations=tuple(self.destination_settings),
        )

    @cached_property
    def patience(self) -> Patience:
        """How long deliveries are tried."""
        return meaning.patience(self.settings)

    @cached_property
    def desks(self) -> Desks:
        """Where each route's mail goes."""
        return meaning.desks(self.settings)

    @cached_property
    def policy(self) -> Policy:
        """Thresholds, priors and stages, with what verdicts taught of how far each source is believed. Raises `ConfigError`."""
        return weighed(self.settled_policy, read_weights(self.weights_path))

    @cached_property
    def policy_in_force(self) -> PolicyInForce:
        """The same, for processes that live long: it follows what is learned meanwhile, and raises nothing."""
        return PolicyInForce(path=self.weights_path, settled=self.settled_policy, observer=lambda: self.observer)

    @property
    def weights_path(self) -> Path:
        """The file that `postroom weigh` writes."""
        return self.folder / datafolder.WEIGHTS

    @cached_property
    def settled_policy(self) -> Policy:
        """What the settings alone say."""
        return meaning.policy(self.settings)

    # -- rules ----------------------------------------------------------------------------------------------------

    @cached_property
    def routes(self) -> tuple[RouteName, ...]:
        """All routes that rules may name."""
        return meaning.routes(self.settings)

    @cached_property
    def rules(self) -> Shelf:
        """The rules and phrases, on disk and in force."""
        return Shelf(
            settings=self.settings,
            base=self.base,
            routes=self.routes,
            kept_at=lambda: self.data / datafolder.RULES,
            observer=lambda: self.observer,
        )

    # -- destinations ---------------------------------------------------------------------------------------------

    @cached_property
    def destination_settings(self) -> dict[DestinationName, DestinationSettings]:
        """What each destination is, the built-in inboxes with them."""
        return meaning.destinations(self.settings)

    @cached_property
    def destinations(self) -> Destinations:
        """Every destination by its name."""
        return Destinations(self.settings, self.base, store=lambda: self.store, key=lambda: self.key)

    # -- judges ---------------------------------------------------------------------------------------------------

    @cached_property
    def classifier(self) -> Classifier:
        """What judges by the words, for the workers and for files alike. Raises `ConfigError` for a model that can't be used."""
        from postroom.bootstrap import models  # noqa: PLC0415 - the doors need no numpy

        if self.settings.judging.model == models.LEARNED:
            return models.learned(self.models, lambda: self.observer)
        return models.classifier(self.settings.judging.model, self.base, self.observer)

    @cached_property
    def models(self) -> "Registry":
        """The models that were learned."""
        from postroom.adapters.classifier.registry import Registry  # noqa: PLC0415 - the doors need no numpy

        return Registry(self.folder / datafolder.MODELS)

    @cached_property
    def heavier_mistake(self) -> str | None:
        """Why the heavier model beside `judging.model` is not used; ``""`` if it is, None if there is none."""
        from postroom.bootstrap import cascades, models  # noqa: PLC0415 - the doors need no numpy

        if self.settings.judging.model in models.NO_FILES:
            return None
        return cascades.mistake(self.base / self.settings.judging.model)

    @cached_property
    def statuses(self) -> StatusProvider:
        """Who knows the accounts, for the workers and for files alike. Raises `ConfigError`."""
        return build_status(self.settings.status, self.base, self.observer)

    @cached_property
    def opinion(self) -> OpenAIOpinion | None:
        """Who is asked for a second opinion, by the workers alone; None for nobody. Raises `ConfigError`."""
        return build_opinion(self.settings.second_opinion, self.base, self.folder, self.observer)

    @property
    def seconding(self) -> Seconding | None:
        """When a second opinion is asked for. Raises `ConfigError`."""
        return None if self.opinion is None else build_seconding(self.settings.second_opinion, self.opinion)

    # -- the way of a mail ----------------------------------------------------------------------------------------

    def reception(self) -> Reception:
        """What the doors hand mail to."""
        return Reception(
            store=self.store,
            book=self.addressbook,
            observer=self.observer,
            clock=time.time,
            entropy=os.urandom,
            max_received=self.settings.intake.max_received,
        )

    def addresses(self, mail: Mail) -> dict[str, str]:
        """Who wrote to whom, as facts of an event; nothing unless the settings ask for it."""
        if not self.settings.log.addresses:
            return {}
        return {"sender": mail.envelope.mail_from, "recipients": ",".join(mail.envelope.rcpt_to)}

    def judging(self, in_hand: Callable[[Job | None], None] = lambda _job: None) -> Judging:
        """What judge workers do."""
        return Judging(
            store=self.store,
            trust=self.trust,
            rulebook=lambda: self.rules.book,
            policy=self.policy_in_force,
            classifier=self.classifier,
            statuses=self.statuses,
            desks=self.desks,
            observer=self.observer,
            clock=time.time,
            key=self.key,
            patience=self.patience,
            audit=Audit(share=self.settings.review.audit_share, key=self.key),
            status_deadline=self.settings.judging.status_deadline,
            seconding=self.seconding,
            returns=Returns(outbox=self.replies, key=self.key, observer=self.observer, clock=time.time),
            in_hand=in_hand,
        )

    @cached_property
    def taught_routes(self) -> tuple[RouteName, ...]:
        """Routes that a person may name."""
        return meaning.taught_routes(self.settings)

    def reviewing(self) -> Reviewing:
        """What takes people's verdicts."""
        return Reviewing(
            store=self.store,
            trust=self.trust,
            policy=self.policy_in_force(),
            mover=Mover(
                desks=self.desks,
                can_withdraw={name: can_withdraw(wanted) for name, wanted in self.destination_settings.items()},
                undo_seconds=self.settings.review.undo_seconds,
            ),
            routes=self.taught_routes,
            clock=time.time,
            pause=time.sleep,
            second_look=second_look(self.settings, self.key),
        )

    def judge_worker(
        self, name: str, bell: Bell, *, in_hand: Callable[[Job | None], None], ring_delivery: Callable[[], None]
    ) -> JudgeWorker:
        """One judge worker."""
        return JudgeWorker(
            name=name,
            store=self.store,
            judging=self.judging(in_hand),
            observer=self.observer,
            bell=bell,
            batch=self.settings.workers.batch,
            ring_delivery=ring_delivery,
        )

    def lane_worker(self, name: str, destination: Destination, bell: LaneBell) -> LaneWorker:
        """The lane of one destination, with threads of its own."""
        return LaneWorker(
            name=name,
            store=self.store,
            dispatch=self.dispatch(),
            destination=destination,
            executor=ThreadPoolExecutor(destination.concurrency, thread_name_prefix=f"to-{destination.name}"),
            observer=self.observer,
            bell=bell,
            clock=time.time,
            random=random.random,
            patience=self.patience,
        )

    def dispatch(self) -> Dispatch:
        """What lanes do with one mail."""
        return Dispatch(
            store=self.store,
            desks=self.desks,
            observer=self.observer,
            clock=time.time,
            random=random.random,
            hostname=self.settings.hostname,
            key=self.key,
            patience=self.patience,
        )

    # -- people ---------------------------------------------------------------------------------------------------

    @cached_property
    def people(self) -> People:
        """Who may sign in, and what they did."""
        return People(self.settings, lambda: self.store)

    @cached_property
    def answers(self) -> SqliteAnswers:
        """Answers of the API that may be asked for again."""
        return SqliteAnswers(self.store.units)

    @cached_property
    def replies(self) -> SqliteReplies:
        """Answers to people. Raises what `store` does."""
        return SqliteReplies(self.store.units)

    @cached_property
    def hooks(self) -> SqliteHooks:
        """The outbox and the log of outgoing webhooks."""
        return SqliteHooks(self.store.units)

    @cached_property
    def pressing(self) -> Pressing:
        """Urgent mail, clocks that run out, first answers."""
        return Pressing(self)

    @cached_property
    def case_desks(self) -> CaseDesks:
        """Desks with cases, with their clocks."""
        return case_desks(self.settings)

    @cached_property
    def casework(self) -> Casework:
        """What people do with cases, and what opens them."""
        filing = Filing(
            cases=self.cases,
            store=self.store,
            read=lambda mail: read(mail, self.trust),
            desks=self.case_desks,
            clock=time.time,
            failed=lambda error: tell_failure(self.observer, error),
        )
        return Casework(
            cases=self.cases, filing=filing, accounts=self.people.accounts, desks=self.case_desks, clock=time.time
        )

    def close(self) -> None:
        """Let go of what was opened."""
        if "destinations" in self.__dict__:
            self.destinations.close()
        if "store" in self.__dict__:
            self.store.close()
