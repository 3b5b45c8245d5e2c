"""A mail that somebody asks for by its id, on a page or by the API; and mails in lists, to whoever has a second look at one in hand."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from postroom.flow import within
from postroom.flow.explanation import Explanation
from postroom.flow.nearest import Neighbour
from postroom.model.cases import Case
from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.listing import Event, MailRow
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.message import Message
from postroom.model.people import Sight, User
from postroom.web.render import Missing
from postroom.web.room import Room
from postroom.web.words import stamp

_BLIND = "you are asked for a second look at this mail: answer it in review first, or leave it to others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A mail with what its reader may know of it."""

    row: MailRow
    mail: Mail
    #: oldest first, as far as its reader may know them
    decisions: tuple[Decision, ...]
    #: they have it in hand for a second look: it is as it was when it was asked about, and nothing that came of it is told
    blind: bool
    #: the decision in force, whole: to be explained, never to be told
    whole: Decision | None

    @property
    def decision(self) -> Decision | None:
        """In force; None before there is one."""
        return self.decisions[-1] if self.decisions else None


def known(room: Room, user: User, mail_id: MailId) -> Known:
    """The mail with this id, and what was decided of it. Raises `Missing` as `seen` does, and `Refused`.

    Whoever looks at it so has seen what came of it: they are not asked for a second look at it.
    """
    row, mail = seen(room, user.sight, mail_id)
    asked, decisions = in_hand(room, user).get(row.id), room.store.decisions(row.id)
    if asked is not None:
        row, decisions = as_asked(row, asked), tuple(one for one in decisions if one.generation <= asked.generation)
    else:
        saw(room, user, [row.id])
    return Known(
        row=row,
        mail=mail,
        decisions=tuple(_told(room, user.sight, one) for one in decisions),
        blind=asked is not None,
        whole=decisions[-1] if decisions else None,
    )


def _told(room: Room, sight: Sight, decision: Decision) -> Decision:
    """As the reader may know it, with the first mail of its thread where they may see that."""
    told = within.of_decision(decision, sight)
    if told.thread is None or decision.thread is None or told.thread.first_id == decision.thread.first_id:
        return told
    first = decision.thread.first_id
    return replace(told, thread=replace(told.thread, first_id=first)) if room.views.row(first, sight) else told


def explanation_of(room: Room, sight: Sight, one: Known, message: Message) -> Explanation | None:
    """Why it is where it is, as far as the reader may know it; None before it was judged."""
    return None if one.whole is None else room.explain(one.whole, message, sight)


def events_of(room: Room, sight: Sight, one: Known) -> tuple[Event, ...]:
    """What happened to it, as far as the reader may know it."""
    if one.blind:
        return ()
    found = within.of_events(room.events(one.row.id), sight, room.reviewing.desks.hidden_from(sight))
    if one.row.duplicate_of is not None:
        return found
    return tuple(replace(event, detail="") if event.what == "duplicate" else event for event in found)


def in_hand(room: Room, user: User) -> Mapping[MailId, Decision]:
    """The mails of which they have a second look in hand, with the decision that they are asked about. Raises `Refused`."""
    if not user.is_at_least("reviewer"):
        return {}
    return {look.mail_id: room.second_looks.asked(look) for look in room.second_looks.looks.held(user.name)}


def saw(room: Room, user: User, ids: Collection[MailId]) -> None:
    """They have seen what came of these mails."""
    if user.is_at_least("reviewer"):
        room.second_looks.looks.seen(ids, user.name)


def as_asked(row: MailRow, asked: Decision) -> MailRow:
    """A line of a list as it was when a mail was asked about."""
    return replace(
        row,
        route=asked.route,
        also=RouteName(""),
        decided=asked.decided,
        confidence=asked.confidence,
        generation=asked.generation,
        unconfirmed=asked.unconfirmed,
        due_at=None,
        near_at=None,
        answered_at=None,
        how="",
        untold=False,
    )


def listed(room: Room, user: User, rows: Sequence[MailRow], route: str = "") -> tuple[MailRow, ...]:
    """Lines of a list for this reader. What they have in hand for a second look is as it was when it was asked about: in a
    list of one ``route``, only there."""
    held = in_hand(room, user) if rows else {}
    told = (as_asked(row, held[row.id]) if row.id in held else row for row in rows)
    return _without_others(room, user.sight, [row for row in told if row.id not in held or route in ("", row.route)])


def open_to(room: Room, user: User, ids: Iterable[MailId]) -> frozenset[MailId]:
    """Those of these mails that they have no second look at in hand: what lists about outcomes may name."""
    return frozenset(ids) - in_hand(room, user).keys()


def alike_to(room: Room, user: User, mail: Mail, message: Message) -> tuple[Neighbour, ...]:
    """Verdicts on the mails most like one that they may know of."""
    found = room.alike(mail, message, user.sight)
    known = open_to(room, user, [one.verdict.mail_id for one in found])
    return tuple(one for one in found if one.verdict.mail_id in known)


def refuse_blind(room: Room, user: User, mail_id: MailId) -> None:
    """Raises `Refused` for whoever has a second look at this mail in hand, as what they do otherwise would tell what the first said."""
    if mail_id in in_hand(room, user):
        raise Refused(_BLIND)


def cases_open_to(room: Room, user: User, cases: Iterable[Case]) -> tuple[Case, ...]:
    """Those of these cases that have no mail of which they have a second look in hand."""
    held = {case.number for mail_id in in_hand(room, user) for case in room.cases.all_of_mail(mail_id, user.sight)}
    return tuple(case for case in cases if case.number not in held)


def refuse_blind_case(room: Room, user: User, case: Case) -> None:
    """The same for a case with such a mail: that it is there tells where the mail lies. Who sees a case saw what came of its mails."""
    ids = [mail.id for mail in case.mails]
    if len(open_to(room, user, ids)) < len(set(ids)):
        raise Refused(
            "you are asked for a second look at a mail of this case: answer it in review first, or leave it to others"
        )
    saw(room, user, ids)


def read_by(room: Room, sight: Sight, row: MailRow) -> None:
    """Somebody has read it: it leaves the unread of their desk, not of another where a linked copy lies."""
    desks = [desk for desk in (row.route, row.also) if sight.routes is None or desk in sight.routes]
    if not row.also or len(desks) == 2:
        room.store.mark_read(row.id)
        return
    for desk in desks:
        for place in room.reviewing.desks.lies_at(desk):
            room.store.mark_read(row.id, place)


def seen(room: Room, sight: Sight, mail_id: MailId) -> tuple[MailRow, Mail]:
    """The mail with this id. Raises `Missing` when there is none, none for this reader, or it was erased."""
    gone = room.eraser.erased(mail_id)
    if gone is not None and sight.sees(gone.brand, gone.route, gone.decided):
        raise Missing(f"This mail was erased on {stamp(gone.at)}. Nothing is left of it but that it came.")
    row = room.views.row(mail_id, sight)
    mails = room.store.read([mail_id]) if row else ()
    if row is None or not mails or gone is not None:
        raise Missing("There is no such mail, or it is not for you.")
    (told,) = _without_others(room, sight, [row])
    return told, replace(mails[0], duplicate_of=told.duplicate_of)


def _without_others(room: Room, sight: Sight, rows: Sequence[MailRow]) -> tuple[MailRow, ...]:
    """Lines that name of the mails that they repeat none that this reader may not see."""
    firsts = {row.duplicate_of for row in rows if row.duplicate_of is not None}
    there = room.views.rows(firsts, sight) if firsts else {}
    return tuple(row if row.duplicate_of in there else replace(row, duplicate_of=None) for row in rows)


def to_take_back(room: Room, user: User, mail_id: MailId) -> tuple[MailRow | None, Mail]:
    """The mail with this id; its row None where this user has just moved it to where they don't see it. Raises as `seen`, and `refuse_blind`.

    Of such a mail nothing may be shown but where it went.
    """
    refuse_blind(room, user, mail_id)
    try:
        return seen(room, user.sight, mail_id)
    except Missing:
        if room.eraser.erased(mail_id) is not None or room.reviewing.own_move(mail_id, user.name) is None:
            raise
    (mail,) = room.store.read([mail_id])
    return None, mail
