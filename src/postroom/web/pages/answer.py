"""Answering a mail: seen before it is sent, taken back while that can be, and what becomes of an answer that nobody would take."""

from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from postroom.model.errors import Refused
from postroom.model.replies import Reply, ReplyId
from postroom.web import answerform, conversation
from postroom.web.bulk import each
from postroom.web.pages.mail import opened
from postroom.web.render import Missing
from postroom.web.seen import refuse_blind
from postroom.web.visit import Page, Visit, inside

_SHOWN = 3
"""Newest answers of people that stand beside one that is written."""


def answer(visit: Visit) -> Response:
    """Show an answer as it would be sent, or send it, or begin it with a template. What can't be is told beside its words, which stay."""
    one = opened(visit, visit.path["id"])
    refuse_blind(visit.room, visit.user, one.row.id)
    to = answerform.answerable(visit.room, visit.sight, one.mail, one.message)
    wish, back = answerform.said(visit), inside(visit.said("back", f"/mail/{one.row.id}"))
    preview, wrong = None, ""
    try:
        match visit.said("verb"):
            case "send":
                visit.room.answering.send(visit.user, to, wish)
                return RedirectResponse(f"{back}#answers", status_code=303)
            case "template":
                wish, fresh = answerform.with_template(visit, to, wish)
                if fresh:
                    asked = urlencode({"template": wish.template, "language": wish.language})
                    return RedirectResponse(f"{back.partition('?')[0]}?{asked}", status_code=303)
            case _:
                preview = visit.room.answering.preview(visit.user, to, wish)
    except Refused as error:
        wrong = str(error)
    form = answerform.form(visit, to, back, wish=wish, wrong=wrong)
    return visit.page(
        "answer.html",
        status=409 if wrong else 200,
        title="Answer",
        here=one.row.route,
        row=one.row,
        answer=form,
        preview=preview,
        sent=answerform.sent(preview) if preview else None,
        undo=round(visit.room.answering.undo),
        letter=conversation.of_mail(one.row, one.message),
        before=conversation.of_replies(form.people[-_SHOWN:]),
        unseen=form.newest != wish.after,
    )


def take_back(visit: Visit) -> Response:
    """An answer that waits is not sent: its words stand in the form again."""
    reply = found(visit)
    visit.room.answering.take_back(visit.user, reply)
    back = inside(visit.said("back", f"/mail/{reply.mail_id}")).partition("?")[0]
    return RedirectResponse(f"{back}?{urlencode({'again': reply.id})}", status_code=303)


def found(visit: Visit) -> Reply:
    """The answer with this id, to a mail that the visitor may see. Raises `Missing`."""
    reply = visit.room.answering.replies.reply(ReplyId(visit.path["reply"]))
    if reply is None or visit.room.views.row(reply.mail_id, visit.sight) is None:
        raise Missing("There is no such answer, or it is not for you.")
    return reply


def change(visit: Visit) -> Response:
    """Try answers again that could not be sent, or give them up: those that were ticked."""
    answering = visit.room.answering
    ids = [ReplyId(one) for one in visit.form.get("reply", ())[:200]]
    replies = [one for one in map(answering.replies.reply, ids) if one is not None]
    rows = visit.room.views.rows({one.mail_id for one in replies}, visit.sight)
    chosen = [one for one in replies if one.mail_id in rows]
    if not chosen:
        raise Refused("Tick the answers that you mean.")
    match visit.said("verb"):
        case "again":
            each(chosen, lambda one: answering.again(visit.user, one), "answers are sent again")
        case "drop":
            reason = visit.said("reason")
            each(chosen, lambda one: answering.give_up(visit.user, one, reason), "answers are given up")
        case _:
            raise Refused("This form is damaged: load the page again.")
    return RedirectResponse("/letters", status_code=303)


PAGES = (
    Page(path="/mail/{id}/answer", do=answer, method="POST", role="agent"),
    Page(path="/answer/{reply}/take-back", do=take_back, method="POST", role="agent"),
    Page(path="/letters/answers", do=change, method="POST", role="lead"),
)
