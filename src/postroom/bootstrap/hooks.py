"""What other systems are told by a house: its outgoing webhooks, in threads of the pages' process, and a helpdesk's secret."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from postroom.adapters.destination.guard import Guard
from postroom.adapters.destination.webhook import SignedPost
from postroom.bootstrap.destinations import secret
from postroom.bootstrap.turns import take_turns
from postroom.config.settings import Hook as HookSettings
from postroom.flow.hooks import Calling, Records, Spreading
from postroom.model.errors import ConfigError
from postroom.model.hooks import Hook, HookName
from postroom.model.mail import BrandName, RouteName

if TYPE_CHECKING:
    from postroom.bootstrap.house import House

_LOOK = 1.0
"""Seconds between two looks for work."""
_LEAST_SECRET = 16
_SETTLING = 10.0
"""Seconds between the end of a call and its being settled, at most."""


def known(house: "House") -> tuple[Hook, ...]:
    """The hooks of the settings. Raises `ConfigError`."""
    return tuple(
        Hook(
            name=HookName(name),
            where=_post(house, wanted).where,
            events=wanted.events,
            brands=tuple(map(BrandName, wanted.brands)),
            routes=tuple(map(RouteName, wanted.routes)),
        )
        for name, wanted in house.settings.hook.items()
    )


def mistakes(house: "House") -> Iterator[tuple[str, str]]:
    """(name, what is wrong) of hooks whose settings only building them shows to be wrong."""
    for name, wanted in house.settings.hook.items():
        try:
            _post(house, wanted)
        except ConfigError as error:
            yield name, str(error)


def check(house: "House", name: str) -> str:
    """Ask where a hook leads whether somebody is there: a sentence. Raises `ConfigError`, `TryLater`."""
    return _post(house, house.settings.hook[name]).check()


def start(house: "House", stopping: Callable[[], bool], failed: Callable[[Exception], None]) -> None:
    """Work for the hooks in threads until told to stop."""
    hooks = known(house)
    if not hooks:
        return
    turns: dict[str, Callable[[], bool]] = {"hooks": spreading(house, failed).turn}
    for one in hooks:
        turns[f"hook-{one.name}"] = calling(house, one).turn
    for name, turn in turns.items():
        threading.Thread(
            target=take_turns, args=(turn, stopping, failed), kwargs={"rest": _LOOK}, name=name, daemon=True
        ).start()


def customer_info_secret(house: "House") -> bytes:
    """The secret that is shared with the helpdesk. Raises `ConfigError`."""
    found = secret(house.settings.pages.customer_info_secret_file, house.base)
    if len(found) < _LEAST_SECRET:
        raise ConfigError(f"the secret for customer info has at least {_LEAST_SECRET} bytes")
    return found


def spreading(house: "House", failed: Callable[[Exception], None]) -> Spreading:
    """What makes calls of what happened."""
    return Spreading(hooks=house.hooks, records=_records(house), known=known(house), clock=time.time, failed=failed)


def calling(house: "House", hook: Hook) -> Calling:
    """What makes the calls of one hook."""
    return Calling(
        hook=hook,
        caller=_post(house, house.settings.hook[hook.name]),
        hooks=house.hooks,
        records=_records(house),
        observer=house.observer,
        lease=house.settings.hook[hook.name].timeout + _SETTLING,
        url=house.settings.pages.url.rstrip("/"),
        clock=time.time,
        random=random.random,
    )


def _records(house: "House") -> Records:
    return Records(store=house.store, views=house.views, cases=house.cases, deadlines=house.pressing.deadlines)


def _post(house: "House", wanted: HookSettings) -> SignedPost:
    return SignedPost(
        wanted.url,
        secret=secret(wanted.secret_file, house.base),
        guard=Guard(allow=wanted.allow),
        timeout=wanted.timeout,
    )
