"""How people are answered, as the settings describe it: templates, voices, the server, and the thread that sends."""

import random
import time
from collections.abc import Callable, Iterator
from importlib import resources
from os import urandom
from pathlib import Path
from typing import TYPE_CHECKING, Final

from postroom.adapters.destination.replies_smtp import SmtpSender
from postroom.adapters.destination.smtp import SmtpDestination
from postroom.adapters.destination.smtp_server import SmtpServer
from postroom.bootstrap.destinations import password
from postroom.bootstrap.turns import take_turns
from postroom.config.answers import Answers, answer_address
from postroom.config.mistakes import Mistake
from postroom.flow.answering import Answering, Voice
from postroom.flow.outbox import Sending
from postroom.flow.templates import Template, TemplateMistake, parse, shipped
from postroom.model.errors import ConfigError
from postroom.model.mail import BrandName, RouteName
from postroom.model.replies import Reply

if TYPE_CHECKING:
    from postroom.bootstrap.house import House

_LOOK: Final = 0.5
"""Seconds between two looks for answers to send."""
_MOST_TEMPLATES: Final = 500
_OFF: Final = "answers are not set up: name the server that sends them, as [answers] host in postroom.toml"


def answering(house: "House") -> Answering:
    """What people, and answers by themselves, do. Raises what the store does."""
    settings = house.settings
    return Answering(
        replies=house.replies,
        voices=voices(house),
        templates=Shelf(house).templates,
        trust=house.trust,
        key=house.key,
        clock=time.time,
        entropy=urandom,
        undo=settings.answers.undo_seconds,
        off="" if settings.answers.host else _OFF,
    )


def voices(house: "House") -> dict[BrandName, Voice]:
    """The address and name of each brand that has one."""
    found = {name: (answer_address(brand), brand.answer_name) for name, brand in house.settings.brand.items()}
    return {BrandName(name): Voice(addr=addr, name=shown) for name, (addr, shown) in found.items() if addr}


class Shelf:
    """The templates, read again when a file changes."""

    def __init__(self, house: "House") -> None:
        self._settings = house.settings
        self._answers = house.settings.answers
        self._folder = house.base / house.settings.answers.templates
        self._shipped = shipped_texts(house.settings.answers)
        self._routes = tuple(map(RouteName, house.settings.route))
        self._seen: object = None
        self._known: tuple[Template, ...] = ()

    def templates(self) -> tuple[Template, ...]:
        """Those without mistakes that are not retired."""
        seen = _stamps(self._folder)
        if seen != self._seen or self._seen is None:
            self._known = tuple(one for one in self._read() if isinstance(one, Template) and not one.retired)
            self._seen = seen
        return self._known

    def mistakes(self) -> Iterator[Mistake]:
        """What is wrong with them; none keeps postroom from starting: what is wrong is not offered."""
        if self._answers.templates != Answers().templates and not self._folder.is_dir():
            yield Mistake(
                path="answers.templates",
                message=f"there is no folder {self._folder}",
                remedy="Make it, or correct its name",
                fatal=False,
            )
        known = {one.name for one in self.templates()}
        for route, settings in self._settings.route.items():
            named = {"acknowledge": settings.acknowledge} | {
                f"outcomes.{end}": t for end, t in settings.outcomes.items()
            }
            for path, name in named.items():
                if name and name not in known:
                    yield Mistake(
                        path=f"route.{route}.{path}",
                        message=f"there is no template {name!r}",
                        remedy=f"Use one of {', '.join(sorted(known)) or 'those that you make'}",
                    )
        for one in self._read():
            if isinstance(one, TemplateMistake):
                yield Mistake(
                    path=f"answers.templates: {one.name}.toml", message=one.message, remedy=one.remedy, fatal=False
                )

    def _read(self) -> Iterator[Template | TemplateMistake]:
        found: dict[str, Template | TemplateMistake] = {
            name: one for name, text in self._shipped.items() if (one := shipped(name, text, self._routes)) is not None
        }
        for path in _files(self._folder)[:_MOST_TEMPLATES]:
            name = path.stem
            try:
                found[name] = parse(name, path.read_text(encoding="utf-8"), self._routes)
            except (OSError, UnicodeDecodeError) as error:
                found[name] = TemplateMistake(name=name, message=f"can't be read: {error}", remedy="Correct it there")
        yield from (found[name] for name in sorted(found))


def shipped_texts(answers: Answers) -> dict[str, str]:
    """What postroom brings along, by name; nothing where it is not wanted."""
    folder = resources.files("postroom.starter").joinpath("answers")
    entries = (one for one in folder.iterdir() if one.name.endswith(".toml")) if answers.shipped else ()
    return {one.name.removesuffix(".toml"): one.read_text(encoding="utf-8") for one in entries}


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.toml"))
    except OSError:
        return []


def _stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    found = []
    for path in _files(folder):
        try:
            facts = path.stat()
        except OSError:
            continue
        found.append((path.name, facts.st_mtime_ns, facts.st_size))
    return tuple(found)


# -- sending -----------------------------------------------------------------------------------------------------


def sender(house: "House") -> SmtpSender:
    """Who sends. Raises `ConfigError`."""
    wanted = house.settings.answers
    server = SmtpServer(
        wanted.host,
        wanted.port,
        greet_as=house.settings.hostname,
        tls=wanted.tls,
        user=wanted.user,
        password=password(wanted.password_file, house.base) if wanted.password_file else "",
    )
    return SmtpSender(SmtpDestination("answers", server, concurrency=1, timeout=wanted.timeout))


def mistakes(house: "House") -> Iterator[Mistake]:
    """What only this machine can tell."""
    yield from Shelf(house).mistakes()
    if house.settings.answers.host:
        try:
            sender(house).close()
        except ConfigError as error:
            yield Mistake(path="answers", message=str(error), remedy="Correct it, then check again")


def sending(house: "House", failed: Callable[[Exception], None]) -> Sending:
    """What sends. Raises `ConfigError`."""

    def tell(reply: Reply) -> None:
        sent_at = reply.at if reply.settled_at is None else reply.settled_at
        house.casework.heard(reply.mail_id, reply.by, at=reply.at, sent_at=sent_at, asks=reply.asks)

    return Sending(
        outbox=house.replies,
        sender=sender(house),
        tell=tell,
        observer=house.observer,
        patience=house.patience,
        clock=time.time,
        random=random.random,
        failed=failed,
    )


def send_all(
    sending: Sending,
    stopping: Callable[[], bool],
    failed: Callable[[Exception], None],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Send until told to stop; what can't be done now is tried again."""
    take_turns(sending.turn, stopping, failed, rest=_LOOK, pause=pause)
    sending.sender.close()
