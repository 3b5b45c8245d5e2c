"""One mail: its words, what was decided of it and why, what happened to it, and what a person does with it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import RedirectResponse, Response

from postroom.flow import within
from postroom.flow.explanation import Explanation
from postroom.flow.verdicts import Given
from postroom.model.cases import Case
from postroom.model.errors import Refused
from postroom.model.judgement import AUTOMATIC, JUNK
from postroom.model.listing import MailRow
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.message import Message
from postroom.web import answerform, conversation, mailview
from postroom.web.correspondence import written
from postroom.web.marks import marked
from postroom.web.pieces import piece
from postroom.web.render import Missing
from postroom.web.seen import (
    Known,
    alike_to,
    events_of,
    explanation_of,
    known,
    read_by,
    refuse_blind,
    saw,
    seen,
    to_take_back,
)
from postroom.web.visit import Page, Visit, inside

PARTS: Mapping[str, Callable[[Message], str]] = {
    "written": lambda message: message.new_text,
    "signature": lambda message: message.signature,
    "quoted": lambda message: message.quoted_text,
    "disclaimer": lambda message: message.disclaimer,
    "hidden": lambda message: message.hidden_text,
}
"""What the reader has told apart."""
PARTS_BYTES = {"written": 32_000, "signature": 8_000, "quoted": 16_000, "disclaimer": 8_000, "hidden": 16_000}
"""So much of each stands in the mail's page; the rest is read on pages of its own."""
_PIECE = 40_000
_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Known):
    """A mail that its reader may see, read."""

    message: Message


def opened(visit: Visit, mail_id: str) -> Opened:
    """The mail with this id, read. Raises as `known` does."""
    one = known(visit.room, visit.user, MailId(mail_id))
    return Opened(
        row=one.row,
        mail=one.mail,
        decisions=one.decisions,
        blind=one.blind,
        whole=one.whole,
        message=visit.room.read(one.mail),
    )


def unread(visit: Visit) -> tuple[MailRow, Mail]:
    """The mail of the address, without the work of reading it. Raises `Missing` as `seen` does."""
    return seen(visit.room, visit.sight, MailId(visit.path["id"]))


def mail(visit: Visit) -> Response:
    """The mail; read from now on, if who looks at it works there."""
    one = opened(visit, visit.path["id"])
    if visit.user.is_at_least("agent"):
        read_by(visit.room, visit.sight, one.row)
    desk = desk_of(visit, one.row)
    title, told = one.message.subject[:_TITLE] or "(no subject)", facts(visit, one)
    return visit.page(
        "mail.html",
        title=title,
        here=desk,
        desk=desk,
        before=conversation.before(visit.room, visit.user, one, told["cases"], told["written"]),
        back=next((one for one in visit.room.routes if one == visit.query.get("from")), desk),
        answer=None
        if one.blind
        else answerform.form(
            visit, answerform.answerable(visit.room, visit.sight, one.mail, one.message), f"/mail/{one.row.id}"
        ),
        **told,
    )


def desk_of(visit: Visit, row: MailRow) -> RouteName:
    """The visitor's own of the desks at which a mail lies."""
    seen_routes = visit.sight.routes
    return row.also if row.also and seen_routes is not None and row.route not in seen_routes else row.route


def _lacks_a_case(visit: Visit, row: MailRow, cases: Collection[Case]) -> bool:
    """Whether a desk of the visitor's with cases, at which the mail lies, has none of it."""
    desks = {route for route in (row.route, row.also) if visit.sight.sees(row.brand, route, route)}
    return not desks.isdisjoint(visit.room.casework.desks.desks.keys() - {case.route for case in cases})


def facts(visit: Visit, one: Opened) -> dict[str, Any]:
    """What a template needs to show a mail with its evidence."""
    explanation = explained(visit, one)
    message = one.message
    cases = () if one.blind else visit.room.cases.all_of_mail(one.row.id, visit.sight)
    of_sender = written(visit.room, visit.sight, one.row, message)
    shown = {part: piece(text(message), PARTS_BYTES[part]) for part, text in PARTS.items()}
    subject, new_text = marked(message.subject, message.new_text, explanation, shown["written"])
    return {
        "row": one.row,
        "mail": one.mail,
        "message": message,
        "decision": one.decision,
        "explanation": explanation,
        "subject": subject,
        "new_text": new_text,
        "shown": shown,
        "has_html": one.message.has_html,
        "blind": one.blind,
        "events": events_of(visit.room, visit.sight, one),
        "written": of_sender,
        "may_move": visit.user.is_at_least("agent") and one.decision is not None and not one.blind,
        "cases": cases,
        "may_open": visit.user.is_at_least("agent") and not one.blind and _lacks_a_case(visit, one.row, cases),
        "alarm": visit.room.urgency.alarms.alarm(one.row.id, visit.sight) if visit.user.urgent else None,
        "may_undo": may_undo(visit, one),
        "desks": [r for r in visit.room.routes if r not in (JUNK, AUTOMATIC)],
        "others": [r for r in visit.room.routes if one.decision is None or r != one.decision.route],
    }


def explained(visit: Visit, one: Opened) -> Explanation | None:
    """Why it is where it is; None before it was judged."""
    return explanation_of(visit.room, visit.sight, one, one.message)


def alike(visit: Visit) -> Response:
    """What people said of the mails most like it, as far as the reader may see them: a part of the page, asked for when wanted."""
    one = opened(visit, visit.path["id"])
    return visit.page(
        "alike.html",
        title="Most like it",
        here=one.row.route,
        nearest=alike_to(visit.room, visit.user, one.mail, one.message),
    )


def text(visit: Visit) -> Response:
    """One part of a long text, a piece at a time."""
    one = opened(visit, visit.path["id"])
    part = visit.query.get("part", "written")
    if part not in PARTS:
        raise Missing("A mail has no such part.")
    whole, begin = PARTS[part](one.message), visit.query.get("from", "0")
    start = min(int(begin), len(whole)) if begin.isdecimal() and len(begin) < 10 else 0
    end = piece(whole, _PIECE, start)
    return visit.page(
        "text.html",
        title=one.message.subject[:_TITLE] or "(no subject)",
        here=one.row.route,
        row=one.row,
        language=one.message.language,
        part=part,
        words=whole[start:end],
        start=start,
        end=end,
        length=len(whole),
    )


def html(visit: Visit) -> Response:
    """The mail's HTML, made harmless, to be shown in a frame that can do nothing."""
    _, found = unread(visit)
    return Response(mailview.document(found.raw), media_type="text/html", headers=mailview.HEADERS)


def part(visit: Visit) -> Response:
    """One attachment, to be kept: never shown by the browser."""
    one = opened(visit, visit.path["id"])
    number = visit.path["number"]
    if number.isdecimal() and len(number) < 5 and int(number) < len(one.message.attachments):
        attachment = one.message.attachments[int(number)]
        content = mailview.content(one.mail.raw, attachment.sha256)
        if content is not None:
            return mailview.download(attachment.name or "attachment", content)
    raise Missing("This mail has no such attachment.")


def raw(visit: Visit) -> Response:
    """The bytes as they came, to be kept."""
    row, found = unread(visit)
    return mailview.download(f"{row.id}.eml", found.raw)


def move(visit: Visit) -> Response:
    """A person says where it belongs."""
    row, found = unread(visit)
    given(visit, found, visit.said("route"), visit.said("generation"))
    page = f"/mail/{row.id}"
    back = inside(visit.said("to", page))
    if back.startswith(page) and visit.room.views.row(row.id, visit.sight) is None:
        back = f"{page}/undo" if visit.room.reviewing.own_move(row.id, visit.user.name) else "/inbox"
    return RedirectResponse(back, status_code=303)


def split(visit: Visit) -> Response:
    """A person gives it to two desks."""
    row, found = unread(visit)
    if not visit.said("also"):
        raise Refused("Name the second desk.")
    given(visit, found, visit.said("route"), visit.said("generation"))
    return RedirectResponse(inside(visit.said("to", f"/mail/{row.id}")), status_code=303)


def given(visit: Visit, found: Mail, route: str, generation: str) -> Given:
    """The verdict, kept, with a second desk where the form names one. ``""`` confirms the best guess; ``generation`` is of the decision that was looked at. Raises `Refused`."""
    refuse_blind(visit.room, visit.user, found.id)
    return visit.room.reviewing.give(
        found,
        RouteName(route) if route else None,
        visit.user.name,
        also=RouteName(visit.said("also")),
        generation=number_of(generation),
        note=visit.said("note"),
    )


def number_of(said: str) -> int:
    if not (said.isdecimal() and len(said) < 10):
        raise Refused("This form is damaged: load the page again.")
    return int(said)


def may_undo(visit: Visit, one: Opened) -> bool:
    """Whether the decision in force is a person's word, and the visitor's to take back."""
    return visit.user.is_at_least("agent") and one.decision is not None and bool(one.decision.by)


def before_undo(visit: Visit) -> Response:
    """What taking the newest verdict back would come to: said before it is done.

    Of a mail that the visitor moved to where they don't see it, no more is shown than where that is.
    """
    mail_id = MailId(visit.path["id"])
    row, found = to_take_back(visit.room, visit.user, mail_id)
    decisions = visit.room.store.decisions(mail_id)
    saw(visit.room, visit.user, [mail_id])
    return visit.page(
        "undo.html",
        title="Take back" if row else "Moved",
        here=row.route if row else "",
        mail_id=mail_id,
        seen=row is not None,
        decision=decisions[-1] if decisions else None,
        subject=visit.room.read(found).subject if row else "",
        consequences=within.of_consequences(
            visit.room.reviewing.consequences(found), visit.room.reviewing.desks.hidden_from(visit.sight)
        ),
        until=decisions[-1].decided_at + visit.room.reviewing.mover.undo_seconds if decisions else 0.0,
        to=inside(visit.query.get("to", f"/mail/{mail_id}" if row else "/inbox")),
    )


def undo(visit: Visit) -> Response:
    """The newest verdict counts no more."""
    mail_id = MailId(visit.path["id"])
    _, found = to_take_back(visit.room, visit.user, mail_id)
    visit.room.reviewing.take_back(
        found, visit.user.name, generation=number_of(visit.said("generation")), note=visit.said("note")
    )
    return RedirectResponse(inside(visit.said("to", f"/mail/{mail_id}")), status_code=303)


def answered(visit: Visit) -> Response:
    """Somebody says that it is answered, needs no answer, or is not answered after all."""
    row, _ = unread(visit)
    say_of(visit, [row.id], visit.said("verb"))
    return RedirectResponse(f"/mail/{row.id}", status_code=303)


def say_of(visit: Visit, ids: list[MailId], verb: str) -> None:
    """What a person says of answers to these mails. Raises `Refused`."""
    answers = visit.room.first_answers
    match verb:
        case "elsewhere" | "needless":
            answers.say(visit.user, ids, verb)
        case "unanswered":
            answers.take_back(visit.user, ids)
        case _:
            raise Refused("This form is damaged: load the page again.")


PAGES = (
    Page(path="/mail/{id}", do=mail),
    Page(path="/mail/{id}/alike", do=alike),
    Page(path="/mail/{id}/text", do=text),
    Page(path="/mail/{id}/html", do=html),
    Page(path="/mail/{id}/part/{number}", do=part),
    Page(path="/mail/{id}/raw", do=raw),
    Page(path="/mail/{id}/answered", do=answered, method="POST", role="agent"),
    Page(path="/mail/{id}/move", do=move, method="POST", role="agent"),
    Page(path="/mail/{id}/split", do=split, method="POST", role="agent"),
    Page(path="/mail/{id}/undo", do=before_undo, role="agent"),
    Page(path="/mail/{id}/undo", do=undo, method="POST", role="agent"),
)
