"""The form that answers a mail, and the answers there are, as the pages of a mail and of a case show them."""

import email
import email.policy
from dataclasses import dataclass, replace

from postroom.flow.addressee import Addressee, on_the_wire
from postroom.flow.answering import Answerable, Wish
from postroom.flow.templates import Template, spoken_in, text_in, unfilled
from postroom.model.cases import OUTCOMES, Case
from postroom.model.errors import Refused
from postroom.model.mail import Mail, MailId
from postroom.model.message import Message
from postroom.model.people import Sight
from postroom.model.replies import Reply, ReplyId
from postroom.model.rulebooks import normal_text
from postroom.web.room import Room
from postroom.web.templateview import language_name
from postroom.web.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerForm:
    """What the form stands on."""

    mail_id: MailId
    #: where to go on afterwards
    back: str
    #: oldest first
    replies: tuple[Reply, ...]
    #: whether the visitor may answer at all
    may: bool
    #: why nobody can; ``""`` where it can be
    off: str
    addressees: tuple[Addressee, ...]
    templates: tuple[Template, ...]
    #: (code, name)
    languages: tuple[tuple[str, str], ...]
    #: the one of these to begin with
    language: str
    #: name of the mail's language where no template is in it; ``""`` where one is
    lacks: str
    #: number of the mail's case; 0 for none
    case: int
    #: it began as a template with the reason of the case in it, as somebody wrote it there
    reasoned: bool
    wish: Wish
    #: what is wrong with what was said
    wrong: str = ""

    @property
    def newest(self) -> str:
        """The newest answer of a person that counts."""
        return self.people[-1].id if self.people else ""

    @property
    def people(self) -> tuple[Reply, ...]:
        """Answers of people that count, oldest first."""
        return tuple(one for one in self.replies if one.state != "withdrawn" and not one.automatic)

    @property
    def to(self) -> Addressee | None:
        """Whom it goes to."""
        return next((one for one in self.addressees if one.addr == self.wish.to), next(iter(self.addressees), None))


def answerable(room: Room, sight: Sight, mail: Mail, message: Message) -> Answerable:
    """The mail with what an answer needs to know of it."""
    decisions = room.store.decisions(mail.id)
    case = room.cases.of_mail(mail.id, sight)
    return Answerable(
        mail=mail,
        message=message,
        decision=decisions[-1] if decisions else None,
        case=case.number if case else 0,
        reason=reason_of(case) if case else "",
    )


def reason_of(case: Case) -> str:
    """Why people decided a case as they did; ``""`` while they have not."""
    return case.reason if case.state == "decided" and case.outcome in OUTCOMES else ""


def form(visit: Visit, to: Answerable, back: str, *, wish: Wish | None = None, wrong: str = "") -> AnswerForm:
    """The form for a mail: with what was said already, or the template that the address asks for."""
    answering = visit.room.answering
    may = visit.user.is_at_least("agent") and to.decision is not None
    if wish is None:
        wish, wrong = _begun(visit, to) if may else (Wish(text=""), "")
    templates = answering.offered(to) if may else ()
    addressees = answering.addressees(to.message)
    languages = sorted({language for one in templates for language in one.texts})
    own = to.message.language
    return AnswerForm(
        mail_id=to.mail.id,
        back=back,
        replies=answering.replies.of_mails([to.mail.id]).get(to.mail.id, ()),
        may=may,
        off=answering.off
        or ("" if addressees else "Nobody reads answers to this mail: it names no address to write to."),
        addressees=addressees,
        templates=templates,
        languages=tuple((one, language_name(one)) for one in languages),
        language=spoken_in(languages, wish.language or own) if languages else "",
        lacks=language_name(own) if own and languages and own not in languages else "",
        case=to.case,
        reasoned=_gives_reason(templates, to, wish),
        wish=wish,
        wrong=wrong,
    )


def _begun(visit: Visit, to: Answerable) -> tuple[Wish, str]:
    name, language = visit.query.get("template", ""), visit.query.get("language", "")
    if "again" in visit.query:
        return _again(visit, to, ReplyId(visit.query["again"])), ""
    if not name:
        return Wish(text="", language=language or to.message.language), ""
    try:
        return visit.room.answering.draft(visit.user, to, name, language), ""
    except Refused as error:
        return Wish(text=""), str(error)


def _again(visit: Visit, to: Answerable, reply_id: ReplyId) -> Wish:
    """What was wished with an answer to this mail that was taken back; nothing for any other."""
    reply = visit.room.answering.replies.reply(reply_id)
    if reply is None or reply.mail_id != to.mail.id or reply.state != "withdrawn":
        return Wish(text="", language=to.message.language)
    known = visit.room.answering.addressees(to.message)
    return Wish(
        text=reply.text,
        to=next((one.addr for one in known if on_the_wire(one.addr) == reply.to), ""),
        template=reply.template,
        language=reply.language,
        quote=sent(reply).body.strip() != reply.text,
        asks=reply.asks,
    )


def _gives_reason(templates: tuple[Template, ...], to: Answerable, wish: Wish) -> bool:
    """Whether the words began as a template into which the reason of the case was filled."""
    template = next((one for one in templates if one.name == wish.template), None)
    return template is not None and bool(to.reason) and "reason" in unfilled(text_in(template, wish.language)[1])


def with_template(visit: Visit, to: Answerable, said: Wish) -> tuple[Wish, bool]:
    """What the form says with the template that it chooses, below what was typed; and whether nothing was: what a template
    left as it is counts as nothing. Raises `Refused`."""
    if not visit.said("begin"):
        raise Refused("Choose a template first.")
    answering, typed = visit.room.answering, normal_text(said.text).strip()
    drafted = answering.draft(visit.user, to, visit.said("begin"), visit.said("in"))
    if not typed or typed == _left(visit, to, said):
        return drafted, True
    text = f"{typed}\n\n{drafted.text}"
    return replace(said, text=text, template=drafted.template, language=drafted.language, asks=said.asks or drafted.asks), False  # fmt: skip


def _left(visit: Visit, to: Answerable, said: Wish) -> str:
    """What the template that it began as says by itself."""
    try:
        return visit.room.answering.draft(visit.user, to, said.template, said.language).text.strip()
    except Refused:
        return ""


def said(visit: Visit) -> Wish:
    """What the form says."""
    return Wish(
        text=visit.said("text"),
        to=visit.said("to"),
        template=visit.said("template"),
        language=visit.said("language"),
        quote=bool(visit.said("quote")),
        asks=bool(visit.said("asks")),
        after=visit.said("after"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message as whoever gets it reads it."""

    sender: str
    to: str
    subject: str
    in_reply_to: str
    body: str


def sent(reply: Reply) -> Sent:
    """What the bytes of an answer say."""
    found = email.message_from_string(reply.raw.decode("utf-8", "replace"), policy=email.policy.default)
    return Sent(
        sender=str(found["From"]),
        to=str(found["To"]),
        subject=str(found["Subject"]),
        in_reply_to=str(found["In-Reply-To"] or ""),
        body=found.get_content().replace("\r\n", "\n"),
    )
