"""What only this machine can tell of the settings: files, folders, the user, addresses; and whether destinations answer."""

import errno
import importlib.util
import pwd
import socket
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from postroom.adapters.classifier import modelfile
from postroom.adapters.classifier.extras import install
from postroom.adapters.classifier.modelfile import LIGHT
from postroom.adapters.intake.tls import Certificate
from postroom.adapters.opinion.openai import OpenAIOpinion
from postroom.adapters.processes import inside
from postroom.bootstrap import answering, datafolder, federation, hooks, opinion, status
from postroom.bootstrap.datafolder import LOCK
from postroom.bootstrap.house import House
from postroom.bootstrap.weights import read_weights
from postroom.config.listening import host_and_port, listeners
from postroom.config.mistakes import Mistake
from postroom.config.settings import Inbox, Lmtp, Maildir, Mbox, Smtp
from postroom.model.errors import ConfigError, PostroomError, TryLater
from postroom.model.mail import DestinationName

_AGAIN = "Correct the name, put the file back, or make it again: postroom train DATA --out FILE"
_REMEDIES = {
    "learned": "Go back to the one before: postroom models rollback; or choose: postroom models use VERSION",
    "shipped": "Install postroom again",
    "none": "",
}
"""What to do where a model can't be used, for each word that may stand in the place of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Something that was tried."""

    what: str
    ok: bool
    #: in a sentence, what was found
    said: str


def mistakes(house: House) -> Iterator[Mistake]:
    """What can be looked up at once. Nothing is made, nobody is asked, no model is loaded."""
    yield from house.rules.folder_mistakes()
    yield from _certificate(house)
    yield from _user(house.settings.intake.user)
    yield from _files(house)
    if what := status.mistake(house.settings.status, house.base):
        yield Mistake(path="status", message=what, remedy="Correct it, then check again")
    for name, what in house.destinations.mistakes().items():
        yield Mistake(path=f"destination.{name}", message=what, remedy="Correct it, then check again")
    yield from answering.mistakes(house)
    yield from _web(house)
    yield from _learning(house)
    yield from _model_file(house)
    if what := opinion.mistake(house.settings.second_opinion, house.base, house.folder):
        yield Mistake(path="second_opinion", message=what, remedy="Correct it, then check again")
    yield from _weights(house.weights_path)


def address_mistakes(house: House) -> Iterator[Mistake]:
    """What the resolver has to be asked for: where we listen, and whether a destination is ourselves."""
    doors: dict[int, set[str]] = {}
    served = running(house)
    for path, listen in listeners(house.settings):
        place = host_and_port(listen)
        if place is None:
            continue
        try:
            found = _resolved(place[0])
            if not any(map(_is_here, found)):
                raise OSError("this machine has no such address")
        except (OSError, UnicodeError) as error:
            yield Mistake(
                path=path, message=f"can't listen on {listen!r}: {error}", remedy="Use an address of this machine"
            )
        else:
            doors.setdefault(place[1], set()).update(found)
            if not served and any(_is_taken(one, place[1]) for one in found):
                yield Mistake(
                    path=path,
                    message=f"something listens on {listen} already",
                    remedy="End it, or choose another port; leave it when systemd holds the port for postroom",
                    fatal=False,
                )
    for name, destination in house.settings.destination.items():
        if isinstance(destination, Smtp | Lmtp) and destination.port in doors:
            yield from _own_door(f"destination.{name}.host", destination.host, doors[destination.port])


def running(house: House) -> str:
    """Pid of the server that has this house's store; ``""`` for none."""
    return inside(house.folder / LOCK)


def model_mistakes(house: House) -> Iterator[Mistake]:
    """What only loading them tells of the models that judge: one that is damaged, or made for something else.

    What `mistakes` tells of already is left out. None of it keeps a server from starting: it says what it judges by.
    """
    if any(_model_file(house)):
        return
    from postroom.bootstrap import models  # noqa: PLC0415 - the doors need no numpy

    wanted = house.settings.judging.model
    try:
        model = models.in_force(wanted, house.base, house.models)
    except ConfigError as error:
        yield Mistake(path="judging.model", message=str(error), remedy=_REMEDIES.get(wanted, _AGAIN))
        return
    if wanted not in _REMEDIES and model is not None and not set(model.classes) & set(house.taught_routes):
        said = f"{house.base / wanted} knows none of the routes here, but {', '.join(model.classes[:10])}"
        yield Mistake(path="judging.model", message=said, remedy="Train it on mail of these routes, or name another")
    if why := house.heavier_mistake:
        said = f"the heavier model is not used, the light one judges alone: {why}"
        yield Mistake(path="judging.model", message=said, remedy="Correct it, then check again", fatal=False)


def overdue(house: House) -> Iterator[Mistake]:
    """What was erased and is still in the model in force, where there is a store to look into. Wrong, but no reason not to begin."""
    if house.settings.judging.model != "learned" or not house.has_store:
        return
    from postroom.bootstrap import teaching  # noqa: PLC0415 - the doors need no numpy

    try:
        said = teaching.overdue(house, time.time())
    except (ConfigError, TryLater):
        return  # for `model_mistakes`, or the trial of the store, to tell of
    else:
        if said:
            yield Mistake(path="judging.model", message=said, remedy="Run: postroom learn", fatal=False)


def unreached(house: House) -> Iterator[Mistake]:
    """Desks that nothing sends mail to but a person. They may be meant so."""
    from postroom.bootstrap.models import routes_known  # noqa: PLC0415 - the doors need no numpy

    try:
        known, book = set(routes_known(house.classifier)), house.rules.book
    except ConfigError:
        return  # told of elsewhere
    known |= {one.route for one in book.phrases.lists}
    known |= {rule.route for rule in book.rules.rules if not rule.veto and (rule.stop or rule.weight > 0.0)}
    for name in house.settings.route:
        if name not in known and name != house.settings.judging.fallback:
            yield Mistake(
                path=f"route.{name}",
                message=f"no phrase, rule or model sends mail to {name}",
                remedy="Write phrases for it in phrases/, or teach it: postroom import --keep, then postroom learn",
                fatal=False,
            )


def trials(house: House, leave_out: Collection[str] = ()) -> Iterator[Trial]:
    """Open the store if there is one, and try each destination without delivering anything. Nothing is made."""
    store = _try_store(house)
    yield store
    for name, wanted in house.destination_settings.items():
        if name not in leave_out and ((store.ok and house.has_store) or not isinstance(wanted, Inbox)):
            yield _try_destination(house, name)
    wrong_hooks = {name for name, _ in hooks.mistakes(house)}
    yield from (_try_hook(house, hook) for hook in house.settings.hook if hook not in wrong_hooks)
    if house.settings.answers.host and not any(one.fatal for one in answering.mistakes(house)):
        yield _try_answers(house)
    if house.settings.status.kind != "none" and not status.mistake(house.settings.status, house.base):
        yield _try_status(house)
    if house.settings.pages.oidc.issuer and not federation.mistake(house):
        yield _try_provider(house)
    yield _of_rules(house)
    yield from _try_model(house)
    if house.heavier_mistake == "":
        yield Trial(what="heavier model", ok=True, said="is asked about what the light model is unsure of")
    if not opinion.mistake(house.settings.second_opinion, house.base, house.folder) and house.opinion is not None:
        yield _try_opinion(house.opinion)


def _try_store(house: House) -> Trial:
    if said := datafolder.refusal(house.folder):
        return Trial(what="store", ok=False, said=f"{said}; set `data` to a folder that postroom may write")
    try:
        return Trial(what="store", ok=True, said=house.try_store())
    except PostroomError as error:
        return Trial(what="store", ok=False, said=str(error))


def _try_destination(house: House, name: DestinationName) -> Trial:
    built = house.destinations
    try:
        wanted = built[name] if house.has_store else built.without_key(name)
        return Trial(what=f"destination {name}", ok=True, said=wanted.check())
    except PostroomError as error:
        return Trial(what=f"destination {name}", ok=False, said=str(error))


def _try_hook(house: House, name: str) -> Trial:
    try:
        return Trial(what=f"hook {name}", ok=True, said=hooks.check(house, name))
    except PostroomError as error:
        return Trial(what=f"hook {name}", ok=False, said=str(error))


def _try_answers(house: House) -> Trial:
    sender = answering.sender(house)
    try:
        return Trial(what="answers", ok=True, said=sender.check())
    except PostroomError as error:
        return Trial(what="answers", ok=False, said=str(error))
    finally:
        sender.close()


def _of_rules(house: House) -> Trial:
    """How many rules and phrase lists there are; what is wrong with them is told by their problems."""
    book = house.rules.book
    rules, lists = len(book.rules.rules), len(book.phrases.lists)
    return Trial(what="rules", ok=True, said=f"{rules} rules and {lists} lists of phrases, with those that are shipped")


def _try_model(house: House) -> Iterator[Trial]:
    """Which model judges; what is wrong with it is told by `model_mistakes`."""
    from postroom.bootstrap import models  # noqa: PLC0415 - the doors need no numpy

    with suppress(ConfigError):
        if (model := models.in_force(house.settings.judging.model, house.base, house.models)) is not None:
            yield Trial(what="model", ok=True, said=f"{model.version}, knows {', '.join(model.classes)}")


def _try_status(house: House) -> Trial:
    try:
        return Trial(what="account status", ok=True, said=house.statuses.check())
    except PostroomError as error:
        return Trial(what="account status", ok=False, said=str(error))


def _try_provider(house: House) -> Trial:
    try:
        back = f"browsers come back to {federation.address(house)}{federation.BACK}"
        return Trial(what="sign-in elsewhere", ok=True, said=f"{federation.provider(house).check()}; {back}")
    except PostroomError as error:
        return Trial(what="sign-in elsewhere", ok=False, said=str(error))


def _try_opinion(opinion: OpenAIOpinion) -> Trial:
    try:
        return Trial(what="second opinion", ok=True, said=opinion.check())
    except PostroomError as error:
        return Trial(what="second opinion", ok=False, said=str(error))


def _learning(house: House) -> Iterator[Mistake]:
    if house.settings.learning.every_days and importlib.util.find_spec("sklearn") is None:
        remedy = f"Run: {install('train')}"
        yield Mistake(path="learning.every_days", message="learning needs scikit-learn", remedy=remedy)


def _model_file(house: House) -> Iterator[Mistake]:
    """A file that is not there, or begins as none of a model does."""
    wanted = house.settings.judging.model
    if wanted not in _REMEDIES:
        try:
            modelfile.read(house.base / wanted, LIGHT, lambda content: modelfile.header(content, LIGHT, len))
        except ConfigError as error:
            yield Mistake(path="judging.model", message=str(error), remedy=_AGAIN)


def _web(house: House) -> Iterator[Mistake]:
    if what := federation.mistake(house):
        yield Mistake(path="pages.oidc", message=what, remedy="Correct it, then check again")
    for name, what in hooks.mistakes(house):
        yield Mistake(path=f"hook.{name}", message=what, remedy="Correct it, then check again")
    if house.settings.pages.customer_info_secret_file:
        try:
            hooks.customer_info_secret(house)
        except ConfigError as error:
            yield Mistake(
                path="pages.customer_info_secret_file",
                message=str(error),
                remedy="Make one: openssl rand -hex 32, and give it to the helpdesk as well",
            )


def _certificate(house: House) -> Iterator[Mistake]:
    if house.tls is not None:
        try:
            Certificate(house.tls)
        except ConfigError as error:
            said, _, remedy = str(error).partition("; ")
            yield Mistake(path="intake.tls_certificate", message=said, remedy=remedy)


def _weights(path: Path) -> Iterator[Mistake]:
    try:
        read_weights(path)
    except ConfigError as error:
        said, _, remedy = str(error).partition(": ")
        yield Mistake(path="data", message=said, remedy=remedy or "Make it readable")


def _user(name: str) -> Iterator[Mistake]:
    if not name:
        return
    try:
        is_root = pwd.getpwnam(name).pw_uid == 0
    except KeyError:
        yield Mistake(
            path="intake.user", message=f"there is no user {name!r}", remedy="Add it, or name another to run as"
        )
    else:
        if is_root:
            yield Mistake(path="intake.user", message=f"user {name!r} is root", remedy="Name another to run as")


def _files(house: House) -> Iterator[Mistake]:
    """Paths of destinations at which something else is already."""
    for name, destination in house.settings.destination.items():
        path = f"destination.{name}.path"
        match destination:
            case Mbox(path=given):
                place = house.base / given
                if S_ISDIR(_mode(place)) or (S_ISREG(_mode(place)) and not _is_mbox(place)):
                    yield Mistake(path=path, message=f"{place} is there, and no mbox", remedy="Name a file of its own")
            case Maildir(path=given) if S_ISREG(_mode(house.base / given)):
                yield Mistake(path=path, message=f"{house.base / given} is a file", remedy="Name a folder")
            case _:
                pass


def _mode(path: Path) -> int:
    """What stands at a path; 0 for nothing that could be looked at."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _is_mbox(path: Path) -> bool:
    """Whether mail can be appended to a file; one that can't be read is for the trial to tell of."""
    try:
        with path.open("rb") as file:
            start = file.read(64).lstrip(b"\r\n")
    except OSError:
        return True
    return not start or start.startswith(b"From ")


def _own_door(path: str, host: str, doors: Collection[str]) -> Iterator[Mistake]:
    try:
        found = _resolved(host)
    except (OSError, UnicodeError):
        return  # for the trial to tell of
    if any(place in doors or (_anywhere(place) in doors and _is_here(place)) for place in found):
        yield Mistake(
            path=path,
            message=f"{host} is postroom itself: mail would come back",
            remedy="Name the server behind postroom, with its port",
        )


def _resolved(host: str) -> set[str]:
    """Addresses of a host. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return {str(address[0]) for family, _, _, _, address in found if family in (socket.AF_INET, socket.AF_INET6)}


def _anywhere(address: str) -> str:
    return "::" if ":" in address else "0.0.0.0"  # noqa: S104 - compared, not listened on


def _is_taken(address: str, port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((address, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
        return False


def _is_here(address: str) -> bool:
    """Whether this machine has the address."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as tried:
        try:
            tried.bind((address, 0))
        except OSError:
            return False
        return True
