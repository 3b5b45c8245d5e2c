"""Who may sign in and what they may: for admins; and a page about oneself for everybody."""

from dataclasses import replace
from hashlib import sha256
from typing import Final, cast
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from postroom.flow.linking import unlink_identities
from postroom.flow.signin import hash_of
from postroom.model.errors import Refused
from postroom.model.mail import BrandName, RouteName
from postroom.model.people import ROLES, SCOPES, ApiKey, Role, Scope, User, UserName
from postroom.web.render import Missing
from postroom.web.visit import Page, Visit

_DAY = 86_400.0
_MOST_DAYS = 3650
_DIGITS = 9
_DONE: Final = {
    "added": "is added.",
    "changed": "may at once what was chosen.",
    "password": "has another password, and is signed out everywhere.",
    "sessions": "is signed out everywhere.",
    "unlinked": "does not sign in from there any more, and is signed out everywhere.",
}
"""What was done to somebody, in words."""


def people(visit: Visit) -> Response:
    """All users and keys."""
    return _page(visit)


def _page(visit: Visit, *, token: str = "", made: ApiKey | None = None) -> Response:
    room = visit.room
    return visit.page(
        "people.html",
        title="People and keys",
        here="people",
        users=room.accounts.users(),
        keys=room.accounts.keys(),
        roles=ROLES,
        scopes=tuple(SCOPES),
        done=_done(visit),
        token=token,
        made=made,
    )


def one(visit: Visit) -> Response:
    """What an admin changes of somebody: a part of the page, asked for when wanted."""
    user = visit.room.accounts.user(UserName(visit.path["name"]))
    if user is None:
        raise Missing("There is nobody of this name.")
    return visit.page(
        "people_one.html",
        title=user.name,
        here="people",
        one=user,
        seen=_seen(user),
        roles=ROLES,
        identities=visit.room.identities.of(user.name),
        sessions=visit.room.signing_in.sessions(user),
    )


def add(visit: Visit) -> Response:
    """Somebody new; without a password they sign in elsewhere, or get one later."""
    user = replace(_told(visit, User(name=UserName(visit.said("name").strip()), role="viewer")), created_at=visit.now)
    visit.room.team.add(user, visit.said("password") or None, visit.user.name)
    return _back(user.name, "added")


def change(visit: Visit) -> Response:
    """Another role, other brands and desks; disabled or not."""
    was = visit.room.team.find(visit.path["name"])
    if visit.said("seen", _seen(was)) != _seen(was):
        raise Refused(
            f"{was.name} was changed meanwhile, and nothing of this was kept. Open the page again and repeat."
        )
    now = _told(visit, was)
    visit.room.team.change(
        was.name,
        visit.user.name,
        role=now.role,
        shown=now.shown,
        brands=now.brands,
        routes=now.routes,
        urgent=now.urgent,
        disabled="disabled" in visit.form,
    )
    return _back(was.name, "changed")


def password(visit: Visit) -> Response:
    """A new password for somebody: signs them out everywhere."""
    visit.room.team.set_password(visit.path["name"], visit.said("password"), visit.user.name)
    return _back(visit.path["name"], "password")


def end_sessions(visit: Visit) -> Response:
    """Signs somebody out everywhere."""
    visit.room.team.end_sessions(visit.path["name"], visit.user.name)
    return _back(visit.path["name"], "sessions")


def unlink(visit: Visit) -> Response:
    """An account elsewhere signs somebody in no more; they are signed out everywhere."""
    unlink_identities(
        visit.room.identities, visit.room.team, visit.path["name"], visit.user.name, issuer=visit.said("issuer")
    )
    return _back(visit.path["name"], "unlinked")


def make_key(visit: Visit) -> Response:
    """A key for a programme: its token is shown this once."""
    days = visit.said("days")
    if not (days.isdecimal() and len(days) < _DIGITS and 0 < int(days) <= _MOST_DAYS):
        raise Refused(f"Say for how many days the key works: 1 to {_MOST_DAYS}.")
    scope = cast("Scope", visit.said("scope"))  # Team checks it
    token, key = visit.room.team.make_key(
        visit.said("user"), scope, visit.said("note"), visit.now + int(days) * _DAY, visit.user.name
    )
    return _page(visit, token=token, made=key)


def revoke_key(visit: Visit) -> Response:
    """A key works no more."""
    visit.room.team.revoke_key(visit.path["key"], visit.user.name)
    return RedirectResponse("/people", status_code=303)


def me(visit: Visit) -> Response:
    """Oneself: sessions, password."""
    return visit.page(
        "me.html",
        title="You",
        here="me",
        sessions=visit.room.signing_in.sessions(visit.user),
        this=hash_of(visit.secret),
        identities=visit.room.identities.of(visit.user.name),
        by_password=visit.room.signing_in.by_password,
    )


def my_password(visit: Visit) -> Response:
    """A new password of one's own, by the old one; all sessions end."""
    room, name = visit.room, visit.user.name
    if visit.said("new") != visit.said("again"):
        raise Refused("The new password was not the same twice. Nothing has changed.")
    room.signing_in.check(name, visit.said("old"), visit.ip)
    room.team.set_password(name, visit.said("new"), name)
    return RedirectResponse("/sign-in", status_code=303)


def my_sessions(visit: Visit) -> Response:
    """Signs oneself out elsewhere."""
    for session in visit.room.accounts.sessions(visit.user.name):
        if session.key != hash_of(visit.secret):
            visit.room.team.end_sessions(visit.user.name, visit.user.name, key=session.key)
    return RedirectResponse("/me", status_code=303)


def _back(name: str, done: str) -> Response:
    """To the list, which says what was done."""
    return RedirectResponse(f"/people?{urlencode({'done': done, 'who': name})}", status_code=303)


def _done(visit: Visit) -> str:
    """What was done, by an address that anybody may have written: of people that there are alone."""
    user, done = visit.room.accounts.user(UserName(visit.query.get("who", ""))), visit.query.get("done", "")
    return f"{user.name} {_DONE[done]}" if user is not None and done in _DONE else ""


def _seen(user: User) -> str:
    """What the form of a user began with: it says all anew, so what somebody else changed meanwhile would be undone."""
    begun = (user.role, user.shown, user.brands, user.routes, user.urgent, user.disabled)
    return sha256(repr(begun).encode("utf-8", "replace")).hexdigest()


def _told(visit: Visit, user: User) -> User:
    """The user with what the form says."""
    return replace(
        user,
        role=cast("Role", visit.said("role", user.role)),  # Team checks it
        shown=visit.said("shown"),
        brands=tuple(map(BrandName, visit.form.get("brands", ()))),
        routes=tuple(map(RouteName, visit.form.get("routes", ()))),
        urgent="urgent" in visit.form,
    )


PAGES = (
    Page(path="/people", do=people, role="admin"),
    Page(path="/people", do=add, method="POST", role="admin"),
    # Beside /people, where every name may be somebody's.
    Page(path="/keys", do=people, role="admin"),
    Page(path="/keys", do=make_key, method="POST", role="admin"),
    Page(path="/keys/{key}/revoke", do=revoke_key, method="POST", role="admin"),
    Page(path="/people/{name}", do=one, role="admin"),
    Page(path="/people/{name}", do=change, method="POST", role="admin"),
    Page(path="/people/{name}/password", do=password, method="POST", role="admin"),
    Page(path="/people/{name}/unlink", do=unlink, method="POST", role="admin"),
    Page(path="/people/{name}/sessions", do=end_sessions, method="POST", role="admin"),
    Page(path="/me", do=me),
    Page(path="/me/password", do=my_password, method="POST"),
    Page(path="/me/sessions", do=my_sessions, method="POST"),
)
