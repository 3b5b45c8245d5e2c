"""Builds the second opinion from its settings."""

import time
from pathlib import Path

from postroom.adapters.destination.guard import Guard
from postroom.adapters.observer.logs import LogObserver
from postroom.adapters.opinion.budget import Budget
from postroom.adapters.opinion.openai import Endpoint, OpenAIOpinion
from postroom.bootstrap.destinations import secret
from postroom.config.settings import SecondOpinion
from postroom.flow.seconding import Seconding
from postroom.model.errors import ConfigError
from postroom.model.mail import BrandName, RouteName
from postroom.ports import Observer

#: in the data folder: what was asked today
BUDGET = "second-opinion.budget"


def build_opinion(wanted: SecondOpinion, base: Path, data: Path, observer: Observer) -> OpenAIOpinion | None:
    """Who is asked; None while no URL is set. Nothing is made and nobody asked yet. Raises `ConfigError`."""
    if not wanted.url:
        return None
    return OpenAIOpinion(
        Endpoint(
            url=wanted.url,
            model=wanted.model,
            key=_key(wanted.key_file, base) if wanted.key_file else "",
            about=wanted.about,
            concurrency=wanted.concurrency,
        ),
        guard=Guard(allow=wanted.allow),
        budget=Budget(data / BUDGET, requests=wanted.requests_per_day, tokens=wanted.tokens_per_day, clock=time.time),
        observer=observer,
    )


def mistake(wanted: SecondOpinion, base: Path, data: Path) -> str:
    """What is wrong with its settings that only building it shows, e.g. a key that can't be read; ``""`` when nothing is."""
    try:
        build_opinion(wanted, base, data, LogObserver())
    except ConfigError as error:
        return str(error)
    return ""


def build_seconding(wanted: SecondOpinion, other: OpenAIOpinion) -> Seconding:
    """When it is asked for."""
    return Seconding(
        other=other,
        timeout=wanted.timeout,
        max_text=wanted.max_text,
        brands=frozenset(map(BrandName, wanted.brands)),
        routes=frozenset(map(RouteName, wanted.routes)),
    )


def _key(file: str, base: Path) -> str:
    key = secret(file, base)
    if not key or not key.isascii():
        raise ConfigError(f"the key in {base / file} must be one line of ASCII")
    return key.decode("ascii")
