"""One mail: its words, what was decided of it and why, what happened to it, and what a person does with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import RedirectResponse, Response

from postroom.flow.explanation import Explanation
from postroom.flow.verdicts import Given
from postroom.model.errors import Refused
from postroom.model.judgement import Decision
from postroom.model.listing import MailRow
from postroom.model.mail import Mail, MailId, RouteName
from postroom.model.message import Message
from postroom.web import mailview
from postroom.web.marks import marked
from postroom.web.pieces import piece
from postroom.web.render import Missing
from postroom.web.seen import seen
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
class Opened:
    """A mail that its reader may see."""

    row: MailRow
    mail: Mail
    message: Message
    #: oldest first
    decisions: tuple[Decision, ...]

    @property
    def decision(self) -> Decision | None:
        """In force; None before there is one."""
        return self.decisions[-1] if self.decisions else None


def opened(visit: Visit, mail_id: str) -> Opened:
    """The mail with this id, read. Raises `Missing` as `seen` does."""
    row, found = seen(visit.room, visit.sight, MailId(mail_id))
    return Opened(row=row, mail=found, message=visit.room.read(found), decisions=visit.room.store.decisions(row.id))


def mail(visit: Visit) -> Response:
    """The mail; read from now on, if who looks at it works there."""
    one = opened(visit, visit.path["id"])
    if visit.user.is_at_least("agent"):
        visit.room.store.mark_read(one.row.id)
    return visit.page(
        "mail.html", title=one.message.subject[:_TITLE] or "(no subject)", here=one.row.route, **facts(visit, one)
    )


def facts(visit: Visit, one: Opened) -> dict[str, Any]:
    """What a template needs to show a mail with its evidence."""
    explanation = explained(visit, one)
    message = one.message
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
        "has_html": mailview.has_html(one.mail.raw),
        "events": visit.room.events(one.row.id),
        "verdicts": visit.room.store.verdicts_on(one.row.id),
        "may_move": visit.user.is_at_least("agent") and one.decision is not None,
        "case": visit.room.cases.of_mail(one.row.id, visit.sight),
        "may_open": one.row.route in visit.room.casework.desks.desks and visit.user.is_at_least("agent"),
        "may_undo": may_undo(visit, one),
        "others": [r for r in visit.room.routes if one.decision is None or r != one.decision.route],
    }


def explained(visit: Visit, one: Opened) -> Explanation | None:
    """Why it is where it is; None before it was judged."""
    if one.decision is None:
        return None
    return visit.room.explain(one.decision, one.message)


def alike(visit: Visit) -> Response:
    """What people said of the mails most like it, as far as the reader may see them: a part of the page, asked for when wanted."""
    one = opened(visit, visit.path["id"])
    return visit.page(
        "alike.html",
        title="Most like it",
        here=one.row.route,
        nearest=visit.room.alike(one.mail, one.message, visit.sight),
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
    one = opened(visit, visit.path["id"])
    return Response(mailview.document(one.mail.raw), media_type="text/html", headers=mailview.HEADERS)


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
    one = opened(visit, visit.path["id"])
    return mailview.download(f"{one.row.id}.eml", one.mail.raw)


def move(visit: Visit) -> Response:
    """A person says where it belongs."""
    one = opened(visit, visit.path["id"])
    given(visit, one, visit.said("route"), visit.said("generation"))
    back = inside(visit.said("to", f"/mail/{one.row.id}"))
    return RedirectResponse(back, status_code=303)


def given(visit: Visit, one: Opened, route: str, generation: str) -> Given:
    """The verdict, kept. ``""`` confirms the best guess; ``generation`` is of the decision that was looked at. Raises `Refused`."""
    return visit.room.reviewing.give(
        one.mail,
        RouteName(route) if route else None,
        visit.user.name,
        generation=_generation(generation),
        note=visit.said("note"),
    )


def _generation(said: str) -> int:
    if not (said.isdecimal() and len(said) < 10):
        raise Refused("This form is damaged: load the page again.")
    return int(said)


def may_undo(visit: Visit, one: Opened) -> bool:
    """Whether the decision in force is a person's word, and the visitor's to take back."""
    return visit.user.is_at_least("agent") and one.decision is not None and bool(one.decision.by)


def before_undo(visit: Visit) -> Response:
    """What taking the newest verdict back would come to: said before it is done."""
    one = opened(visit, visit.path["id"])
    return visit.page(
        "undo.html",
        title="Take back",
        here=one.row.route,
        row=one.row,
        decision=one.decision,
        message=one.message,
        consequences=visit.room.reviewing.consequences(one.mail),
        to=inside(visit.query.get("to", f"/mail/{one.row.id}")),
    )


def undo(visit: Visit) -> Response:
    """The newest verdict counts no more."""
    one = opened(visit, visit.path["id"])
    visit.room.reviewing.take_back(
        one.mail, visit.user.name, generation=_generation(visit.said("generation")), note=visit.said("note")
    )
    return RedirectResponse(inside(visit.said("to", f"/mail/{one.row.id}")), status_code=303)


PAGES = (
    Page(path="/mail/{id}", do=mail),
    Page(path="/mail/{id}/alike", do=alike),
    Page(path="/mail/{id}/text", do=text),
    Page(path="/mail/{id}/html", do=html),
    Page(path="/mail/{id}/part/{number}", do=part),
    Page(path="/mail/{id}/raw", do=raw),
    Page(path="/mail/{id}/move", do=move, method="POST", role="agent"),
    Page(path="/mail/{id}/undo", do=before_undo, role="agent"),
    Page(path="/mail/{id}/undo", do=undo, method="POST", role="agent"),
)
