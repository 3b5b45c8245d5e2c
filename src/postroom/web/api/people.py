"""Who may sign in, and the keys of programmes. A key makes neither keys nor passwords: whoever finds one gets no further."""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from postroom.flow.facts import identity_facts, key_facts, session_facts, user_facts
from postroom.flow.linking import unlink_identities
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import Role, User, UserName
from postroom.web.api.operation import Call, Done, Input, Nothing, Operation, Output
from postroom.web.api.peoplefacts import IdentityFacts, KeyFacts, PersonFacts
from postroom.web.api.shapes import Seconds, told
from postroom.web.render import Missing

Name = Annotated[str, Meta(min_length=1, max_length=64, examples=["ada"])]
Some = Annotated[tuple[Annotated[str, Meta(max_length=100)], ...], Meta(max_length=500)]


class OfPerson(Input, frozen=True):
    """Whom."""

    name: Name


class OfKey(Input, frozen=True):
    """Which key."""

    name: Annotated[str, Meta(min_length=1, max_length=100, description="The letters after pr_.")]


class NewPerson(Input, frozen=True):
    """Somebody new: signs in elsewhere, or gets a password on the page or the command line."""

    name: Name
    role: Role
    shown: Annotated[str, Meta(max_length=100, description="As others see it.")] = ""
    brands: Annotated[Some, Meta(description="Empty for all.")] = ()
    routes: Annotated[Some, Meta(description="Empty for all.")] = ()
    urgent: bool = False


class PersonChange(Input, frozen=True):
    """What is to be otherwise; what is left out stays."""

    role: Role | UnsetType = UNSET
    shown: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET
    brands: Some | UnsetType = UNSET
    routes: Some | UnsetType = UNSET
    urgent: bool | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class People(Output, frozen=True):
    """All who may sign in, and who may no more."""

    people: tuple[PersonFacts, ...]


class Keys(Output, frozen=True):
    """All keys, newest first."""

    keys: tuple[KeyFacts, ...]


class Ended(Output, frozen=True):
    """What came of it."""

    ended: Annotated[int, Meta(description="How many sessions.")]


class Identities(Output, frozen=True):
    """Accounts at an identity provider (OpenID Connect), oldest first."""

    identities: tuple[IdentityFacts, ...]


class SessionFacts(Output, frozen=True):
    """A browser that has signed in."""

    id: Annotated[str, Meta(description="Beginning of the hash of its secret.")]
    user: str
    created_at: Seconds
    seen_at: Annotated[float, Meta(description="Last used, to the minute.")]
    expires_at: Annotated[float, Meta(description="Ends then, whatever happens.")]
    ip: str
    agent: Annotated[str, Meta(description="What it calls itself (User-Agent).")]


class Sessions(Output, frozen=True):
    """Where somebody is signed in."""

    sessions: tuple[SessionFacts, ...]


class Unlinked(Output, frozen=True):
    """What came of it."""

    unlinked: Annotated[int, Meta(description="How many accounts.")]


def list_people(call: Call[Nothing, Nothing]) -> People:
    """List all who may sign in."""
    return People(people=tuple(map(_facts, call.room.accounts.users())))


def get_person(call: Call[OfPerson, Nothing]) -> PersonFacts:
    """One person."""
    return _facts(_found(call))


def add_person(call: Call[Nothing, NewPerson]) -> PersonFacts:
    """Add somebody, without a password."""
    said = call.body
    user = User(
        name=UserName(said.name),
        role=said.role,
        shown=said.shown,
        brands=tuple(map(BrandName, said.brands)),
        routes=tuple(map(RouteName, said.routes)),
        urgent=said.urgent,
    )
    return _facts(call.room.team.add(user, None, call.user.name))


def change_person(call: Call[OfPerson, PersonChange]) -> PersonFacts:
    """Give somebody another role, other brands and desks; disable or enable them."""
    was = _found(call)
    said: dict[str, Any] = {
        name: value for name in call.body.__struct_fields__ if (value := getattr(call.body, name)) is not UNSET
    }
    return _facts(call.room.team.change(was.name, call.user.name, **said))


def list_sessions(call: Call[OfPerson, Nothing]) -> Sessions:
    """List the browsers in which somebody is signed in."""
    found = call.room.signing_in.sessions(_found(call))
    return Sessions(sessions=tuple(told(SessionFacts, session_facts(one)) for one in found))


def sign_out_person(call: Call[OfPerson, Nothing]) -> Ended:
    """Sign somebody out everywhere."""
    return Ended(ended=call.room.team.end_sessions(_found(call).name, call.user.name))


def list_my_sessions(call: Call[Nothing, Nothing]) -> Sessions:
    """List the browsers in which the key's owner is signed in."""
    return Sessions(
        sessions=tuple(told(SessionFacts, session_facts(one)) for one in call.room.signing_in.sessions(call.user))
    )


def sign_out(call: Call[Nothing, Nothing]) -> Ended:
    """Sign the key's owner out of every browser."""
    return Ended(ended=call.room.team.end_sessions(call.user.name, call.user.name))


def list_identities(call: Call[OfPerson, Nothing]) -> Identities:
    """List the accounts elsewhere that sign somebody in."""
    linked = call.room.identities.of(_found(call).name)
    return Identities(identities=tuple(told(IdentityFacts, identity_facts(one)) for one in linked))


def unlink_person(call: Call[OfPerson, Nothing]) -> Unlinked:
    """Let no account elsewhere sign somebody in any more, and sign them out everywhere. Nothing happens where none does."""
    gone = call.room.identities.of(_found(call).name)
    if gone:
        unlink_identities(call.room.identities, call.room.team, _found(call).name, call.user.name)
    return Unlinked(unlinked=len(gone))


def list_keys(call: Call[Nothing, Nothing]) -> Keys:
    """List the keys of programmes, without their secrets. New ones are made on the page or the command line."""
    known = call.room.accounts.keys()
    return Keys(keys=tuple(told(KeyFacts, key_facts(one)) for one in known))


def revoke_key(call: Call[OfKey, Nothing]) -> Done:
    """Let a key work no more."""
    known = call.room.accounts.keys()
    if all(one.name != call.asked.name for one in known):
        raise Missing("There is no such key.")
    call.room.team.revoke_key(call.asked.name, call.user.name)
    return Done()


def _found(call: Call[OfPerson, Nothing] | Call[OfPerson, PersonChange]) -> User:
    user = call.room.accounts.user(UserName(call.asked.name))
    if user is None:
        raise Missing("There is no such person.")
    return user


def _facts(user: User) -> PersonFacts:
    return told(PersonFacts, user_facts(user))


OPERATIONS = (
    Operation(do=list_my_sessions, path="/me/sessions", scope="work"),
    Operation(do=sign_out, path="/me/sign-out", scope="work", method="POST"),
    Operation(do=list_people, path="/people", scope="admin"),
    Operation(
        do=add_person,
        path="/people",
        scope="admin",
        method="POST",
        idempotent=False,
        refused=422,
        example=NewPerson(name="ada", role="agent", brands=("shop",)),
    ),
    Operation(do=get_person, path="/people/{name}", scope="admin"),
    Operation(
        do=change_person,
        path="/people/{name}",
        scope="admin",
        method="PATCH",
        refused=422,
        example=PersonChange(role="reviewer", disabled=False),
    ),
    Operation(do=list_sessions, path="/people/{name}/sessions", scope="admin"),
    Operation(do=sign_out_person, path="/people/{name}/sign-out", scope="admin", method="POST"),
    Operation(do=list_identities, path="/people/{name}/identities", scope="admin"),
    Operation(do=unlink_person, path="/people/{name}/unlink", scope="admin", method="POST"),
    Operation(do=list_keys, path="/keys", scope="admin"),
    Operation(do=revoke_key, path="/keys/{name}/revoke", scope="admin", method="POST"),
)
