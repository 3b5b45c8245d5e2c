"""Urgent mail: what nobody has comes first, by danger and then by how long it waits, with why it is urgent; then who has which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from postroom.flow.urgency import Doer, by_danger, doer, hooks_told, takers
from postroom.model.alarms import Alarm, AlarmPage
from postroom.model.errors import Refused
from postroom.model.hooks import Hook, HookName
from postroom.model.judgement import Decision
from postroom.model.listing import MailRow
from postroom.model.mail import MailId
from postroom.model.people import User, UserName
from postroom.web.pages.mail import unread
from postroom.web.render import Missing
from postroom.web.seen import listed
from postroom.web.visit import Page, Visit, inside

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An alarm as the page shows it."""

    alarm: Alarm
    row: MailRow
    #: names of the signals
    signals: tuple[str, ...]
    #: what was found, in words
    why: tuple[str, ...]
    #: who else could have it; only of what the visitor has
    takers: tuple[User, ...]
    #: webhooks that are told of it again while nobody has it
    hooks: tuple[HookName, ...]
    #: whoever has it may not see it any more, or not sign in
    left: bool


def urgent(visit: Visit) -> Response:
    """What nobody has, the most dangerous first; below, what somebody has."""
    if not visit.user.urgent:
        return visit.page(
            "problem.html",
            status=403,
            title="Not for you",
            words="This page is for those who may see urgent mail. "
            + (
                "You are an admin: give yourself or somebody else the right at People and keys."
                if visit.user.is_at_least("admin")
                else "An admin says who does, at People and keys."
            ),
        )
    alarms, by = visit.room.urgency.alarms, doer(visit.user)
    after, older = visit.query.get("after", ""), visit.query.get("older", "")
    waiting = by_danger(alarms, visit.room.store, by.sight, after=after, limit=_SHOWN)
    held = alarms.page(by.sight, held=True, after=older, limit=_SHOWN)
    asked = {"after": after, "older": older}
    return visit.page(
        "urgent.html",
        title="Urgent",
        here="urgent",
        taken=_taken(visit, by),
        offered=_shown(visit, by, alarms.offered(by.name, by.sight)),
        waiting=_shown(visit, by, waiting),
        held=[one for one in _shown(visit, by, held) if one.alarm.offered != by.name],
        more=_onward(asked | {"after": waiting.after}) if waiting.after else "",
        more_held=_onward(asked | {"older": held.after}) if held.after else "",
        every=visit.room.neglected_after,
    )


def _taken(visit: Visit, by: Doer) -> MailRow | None:
    """What the visitor has just taken, as the address says, while they have it."""
    mail_id = MailId(visit.query.get("has", "")[:64])
    alarm = visit.room.urgency.alarms.alarm(mail_id, by.sight) if mail_id else None
    if alarm is None or alarm.holder != by.name:
        return None
    rows = visit.room.views.rows([mail_id], by.sight)
    return next(iter(listed(visit.room, visit.user, list(rows.values()))), None)


def _onward(asked: dict[str, str]) -> str:
    return f"/urgent?{urlencode({name: value for name, value in asked.items() if value})}"


def _shown(visit: Visit, by: Doer, page: AlarmPage) -> list[Shown]:
    if not page.alarms:
        return []
    users = {one.name: one for one in visit.room.accounts.users()}
    decisions, known = visit.room.store.in_force([row.id for _, row in page.alarms]), visit.room.known_hooks
    shown = listed(visit.room, visit.user, [row for _, row in page.alarms])
    return [
        _one(by, users, known, decisions.get(row.id), alarm, row, as_shown)
        for (alarm, row), as_shown in zip(page.alarms, shown, strict=True)
    ]


def _one(
    by: Doer,
    users: Mapping[UserName, User],
    known: Sequence[Hook],
    decision: Decision | None,
    alarm: Alarm,
    row: MailRow,
    shown: MailRow,
) -> Shown:
    findings = [one for one in decision.findings if one.source == "urgent"] if decision else []
    holder = users.get(alarm.holder)
    return Shown(
        alarm=alarm,
        row=shown,
        signals=decision.urgent if decision else (),
        why=tuple(dict.fromkeys(one.reason for one in findings)),
        hooks=hooks_told(known, decision) if decision else (),
        takers=takers(users.values(), row, by) if alarm.holder == by.name else (),
        # whoever took it by a command need not be a user
        left=holder is not None and (holder.disabled or not holder.urgent),
    )


def change(visit: Visit) -> Response:
    """One person's word on one mail. One that may not be seen, that is not there or not urgent, and all for who has no right to it: the same."""
    urgency = visit.room.urgency
    if not visit.user.urgent or urgency.alarms.alarm(MailId(visit.path["id"]), visit.sight) is None:
        raise Missing("There is no such urgent mail, or it is not for you.")
    row, _ = unread(visit)
    by, after = doer(visit.user), "/urgent"
    mail_id, note = row.id, visit.said("note")
    match visit.said("verb"):
        case "have":
            urgency.acknowledge(by, mail_id, seen_with=visit.said("holder"), note=note)
            after = f"/urgent?has={mail_id}"
        case "hand-on":
            urgency.hand_on(by, mail_id, visit.said("to"), note=note)
        case "give-back":
            urgency.give_back(by, mail_id, note=note)
        case _:
            raise Refused("This form is damaged: load the page again.")
    return RedirectResponse(inside(visit.said("back", after)), status_code=303)


PAGES = (
    Page(path="/urgent", do=urgent),
    Page(path="/urgent/{id}", do=change, method="POST"),
)
