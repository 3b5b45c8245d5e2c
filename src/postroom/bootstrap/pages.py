"""The pages' process: a web server of its own, so that whoever looks at pages slows down neither doors nor judges."""

import gc
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from postroom.adapters.destination.guard import read_url
from postroom.adapters.intake.sockets import address_of
from postroom.adapters.processes import PipeBell, Pulse
from postroom.adapters.store.savedviews import SqliteSavedViews
from postroom.bootstrap import elsewhere, hooks, notices
from postroom.bootstrap.answering import answering
from postroom.bootstrap.backtesting import trials
from postroom.bootstrap.casework import keep_up
from postroom.bootstrap.failures import tell_failure
from postroom.bootstrap.federation import federation
from postroom.bootstrap.house import House
from postroom.bootstrap.letters import redirecting
from postroom.bootstrap.patience import PatientProtocol
from postroom.bootstrap.pressing import look_after
from postroom.bootstrap.privacy import export, held, lifetimes
from postroom.bootstrap.reviewers import second_looking, staffing
from postroom.bootstrap.rulebench import pasted_mail
from postroom.bootstrap.rulework import rulework
from postroom.bootstrap.templates import templatework
from postroom.bootstrap.webserver import WebServer
from postroom.flow.explanation import Explanation, explained
from postroom.flow.nearest import Neighbour, nearest
from postroom.flow.savedviews import SavedViews
from postroom.model.errors import ConfigError
from postroom.model.judgement import Decision
from postroom.model.mail import BrandName, Mail, RouteName
from postroom.model.message import Message
from postroom.model.people import Sight
from postroom.understand.reader import read
from postroom.web.api.informing import Informing
from postroom.web.api.pace import Pace
from postroom.web.room import Room
from postroom.web.site import site
from postroom.web.visit import COOKIE, SECURE_COOKIE

#: seconds that answers under way get when the server ends
_DRAIN = 5.0
_LOOK = 1.0
#: seconds that a helpdesk waits for an account's status: it gives up after fifteen for all
_STATUS_DEADLINE = 5.0


def serve_pages(house: House, sockets: Sequence[int], bell: PipeBell, pulse: Pulse) -> None:
    """Serve until the parent says stop."""
    # Whoever waits for the store or reads little must not wait 5 ms for each turn of whoever computes.
    sys.setswitchinterval(0.001)
    opened = [socket.socket(fileno=number) for number in sockets]
    server = WebServer(
        uvicorn.Config(
            site(room(house, opened), warm=True),
            log_config=None,
            log_level="error",
            access_log=False,
            lifespan="off",
            http=PatientProtocol,
            ws="none",
            server_header=False,
            proxy_headers=bool(house.settings.pages.url),
            forwarded_allow_ips="127.0.0.1,::1",
            timeout_graceful_shutdown=int(_DRAIN),
            limit_concurrency=500,
            h11_max_incomplete_event_size=65_536,
        )
    )

    def stopping() -> bool:
        return server.should_exit

    def failed(error: Exception) -> None:
        tell_failure(house.observer, error)

    def until_told() -> None:
        while not bell.stopping:
            bell.wait(_LOOK)
        server.should_exit = True

    threading.Thread(target=until_told, name="until-told", daemon=True).start()
    filing = threading.Thread(target=keep_up, args=(house.casework.filing, house.observer, stopping), name="cases")
    filing.start()
    threading.Thread(target=look_after, args=(house.pressing, stopping, failed), name="pressing", daemon=True).start()
    hooks.start(house, stopping, failed)
    notices.start(house, stopping, failed)
    elsewhere.start(house, stopping, failed)
    gc.freeze()
    pulse.ready()
    told = house.settings.pages.url or " ".join(f"http://{address_of(one)}/" for one in opened)
    house.observer.note("pages-open", url=told)
    try:
        server.run(sockets=opened)
    finally:
        server.should_exit = True
        filing.join()


def room(house: House, opened: Sequence[socket.socket]) -> Room:
    """What pages work with, of this house."""
    settings = house.settings.pages
    secure = settings.url.startswith("https://")

    def explain(decision: Decision, message: Message, sight: Sight) -> Explanation:
        told = house.settings.urgent.destinations
        return explained(decision, message, house.policy_in_force(), alerted=told, sight=sight)

    def alike(mail: Mail, message: Message, sight: Sight) -> tuple[Neighbour, ...]:
        def may_see(brand: BrandName, route: RouteName) -> bool:
            return sight.sees(brand, route, route)

        found = nearest(house.store, mail.id, message, may_see=may_see)
        seen = house.views.rows([one.verdict.mail_id for one in found], sight)
        return tuple(one for one in found if one.verdict.mail_id in seen)

    def export_for_page(address: str, by: str) -> bytes:
        with tempfile.TemporaryDirectory(prefix="export-", dir=house.data) as folder:
            out = Path(folder) / "person.zip"
            export(house, address, out, by)
            return out.read_bytes()

    return Room(
        store=house.store,
        accounts=house.people.accounts,
        journal=house.people.journal,
        identities=house.people.identities,
        federation=federation(house),
        signing_in=house.people.signing_in,
        team=house.people.team,
        views=house.views,
        saved=SavedViews(kept=SqliteSavedViews(house.store.units), clock=time.time),
        turns=house.turns,
        second_looks=second_looking(house),
        staffing=staffing(house),
        reviewing=house.reviewing(),
        redirecting=redirecting(house),
        cases=house.cases,
        casework=house.casework,
        answering=answering(house),
        noticing=notices.noticing(house),
        urgency=house.pressing.urgency,
        neglected_after=house.pressing.neglected_after,
        deadlines=house.pressing.deadlines,
        first_answers=house.pressing.first_answers,
        eraser=house.eraser,
        lifetimes=lifetimes(house),
        trials=trials(house),
        held=lambda address: held(house, address),
        export=export_for_page,
        read=lambda mail: read(mail, house.trust),
        explain=explain,
        alike=alike,
        events=house.store.events,
        routes=house.taught_routes,
        brands=tuple(map(BrandName, house.settings.brand)),
        answers=house.answers,
        hooks=house.hooks,
        known_hooks=hooks.known(house),
        informing=informing(house),
        rulework=rulework(house),
        templatework=templatework(house),
        pasted=lambda pasted: pasted_mail(house, pasted, time.time()),
        pace=Pace(settings.api_per_minute, time.monotonic),
        hosts=hosts(settings.url, [address_of(one) for one in opened]),
        cookie=SECURE_COOKIE if secure else COOKIE,
        secure=secure,
        lease=settings.lease_minutes * 60.0,
        clock=time.time,
        failed=lambda error: tell_failure(house.observer, error),
    )


def informing(house: House) -> Informing | None:
    """What a helpdesk is told of customers, if anything. Raises `ConfigError`."""
    settings = house.settings.pages
    if not settings.customer_info_secret_file:
        return None
    return Informing(
        secret=hooks.customer_info_secret(house),
        views=house.views,
        sight=Sight(
            brands=frozenset(map(BrandName, settings.customer_info_brands)) or None,
            routes=frozenset(map(RouteName, settings.customer_info_routes)) or None,
        ),
        account=lambda email: house.statuses.statuses([email], _STATUS_DEADLINE)[0],
        url=settings.url.rstrip("/"),
    )


def hosts(url: str, listening: Sequence[str]) -> frozenset[str]:
    """Values of the Host field (RFC 9110 §7.2) that are ours: of the public address, and of loopback where we listen there.

    Browsers leave the usual port out, and write other letters than those of ASCII in ASCII.
    """
    found = {urlsplit(url).netloc.lower()} if url else set()
    with suppress(ConfigError):
        found |= {read_url(url).authority} if url else set()
    for address in listening:
        port = address.rpartition(":")[2]
        found |= {address, f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"}
    return frozenset(found)
