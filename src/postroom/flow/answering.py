"""Answering a mail: from the words of a person, or of a program, to a message in the outbox.

`Answering.send` is for people and leaves a deed in their name; `Answering.post` is for answers by themselves. Both put the
same `Reply` into the same outbox, from which `flow.outbox` sends.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from postroom.flow.addressee import Addressee, addressees, on_the_wire
from postroom.flow.ids import new_id
from postroom.flow.letter import Outgoing, bare, chain, compose, one_line, plain, quoted, subject_of
from postroom.flow.templates import Template, filled, offered, text_in, unfilled
from postroom.model.deeds import unnamed
from postroom.model.errors import Refused, unknown
from postroom.model.judgement import Decision
from postroom.model.mail import BrandName, Mail, MailId
from postroom.model.marks import loop_mark, reply_message_id
from postroom.model.message import Message
from postroom.model.people import Deed, User
from postroom.model.replies import Reply, ReplyId
from postroom.model.trust import Trust
from postroom.ports.replies import Replies

MOST_WORDS: Final = 50_000
"""Characters of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How a brand writes to people."""

    #: its address, which mail is accepted for
    addr: str
    #: display name
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerable:
    """A mail that may be answered, with what is known of it."""

    mail: Mail
    message: Message
    #: in force; None before it is judged
    decision: Decision | None
    #: number of its case; 0 for none
    case: int = 0
    #: why that was decided as it was, as somebody wrote it there; ``""`` where it is not decided
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to answer."""

    text: str
    #: one of the mail's addressees; ``""`` for the first
    to: str = ""
    #: of the template that it began as
    template: str = ""
    language: str = ""
    #: the person's words are quoted below
    quote: bool = False
    #: the person is asked for something
    asks: bool = False
    #: the newest answer that was seen when this was written
    after: ReplyId | str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """All that is done with answers before they are sent. Every verb raises `Refused`, with what to do, and `TryLater`."""

    replies: Replies
    #: by brand
    voices: Mapping[BrandName, Voice]
    #: as they are now, without those that are retired
    templates: Callable[[], tuple[Template, ...]]
    trust: Trust
    #: makes Message-IDs that nobody can guess
    key: bytes
    #: seconds since the epoch
    clock: Callable[[], float]
    entropy: Callable[[int], bytes]
    #: seconds in which an answer can be taken back
    undo: float
    #: why nothing can be sent, and what to set; ``""`` where it can
    off: str = ""

    # -- before ----------------------------------------------------------------------------------------------------

    def addressees(self, message: Message) -> tuple[Addressee, ...]:
        """Whom an answer can go to, the one that it goes to first."""
        return addressees(message, self.trust)

    def offered(self, to: Answerable) -> tuple[Template, ...]:
        """Templates for the desk of a mail."""
        return offered(self.templates(), to.decision.route) if to.decision is not None else ()

    def draft(self, by: User, to: Answerable, name: str, language: str = "") -> Wish:
        """A template with what is known filled in, in the language wanted, else in that of the mail."""
        known = {one.name: one for one in self.offered(to)}
        if name not in known:
            raise Refused(unknown("template", name, known))
        spoken, text = text_in(known[name], language or to.message.language)
        values = self._values(to) | {"agent": by.shown or by.name}
        return Wish(text=filled(text, values), template=name, language=spoken, asks=known[name].asks)

    def prepared(self, to: Answerable, name: str, more: Mapping[str, str]) -> Wish:
        """A template for an answer by itself, with what is known and ``more`` filled in. Raises `Refused` when there is none."""
        known = {one.name: one for one in self.templates()}
        if name not in known:
            raise Refused(unknown("template", name, known))
        spoken, text = text_in(known[name], to.message.language)
        values = self._values(to)
        return Wish(text=filled(text, {**values, "agent": values["brand"], **more}), template=name, language=spoken)

    def _values(self, to: Answerable) -> dict[str, str]:
        """What stands for placeholders."""
        voice = self.voices.get(to.mail.brand)
        first = next(iter(self.addressees(to.message)), None)
        return {
            "name": one_line(first.name, 60) if first is not None and "@" not in first.name else "",
            "subject": bare(to.message.subject),
            "case": str(to.case or ""),
            "reason": to.reason,
            "ticket": one_line(to.message.ticket, 60),
            "brand": (voice.name if voice else "") or to.mail.brand,
        }

    def preview(self, by: User, to: Answerable, wish: Wish) -> Reply:
        """The answer as it would be sent. Nothing is kept."""
        _check(by, to)
        return self._reply(to, wish, by=by.name, automatic=False)

    # -- writing ---------------------------------------------------------------------------------------------------

    def send(self, by: User, to: Answerable, wish: Wish) -> Reply:
        """Put a person's answer into the outbox: until the undo window has passed it can be taken back."""
        _check(by, to)
        reply = self._reply(to, wish, by=by.name, automatic=False)
        return self._put(replace(reply, due_at=reply.at + self.undo), wish)

    def post(self, to: Answerable, wish: Wish) -> Reply:
        """Put an answer of postroom's own into the outbox, to be sent at once.

        It goes to the first addressee, and only where that is believed to be the person; never to a program or a list
        (RFC 3834 §2). How often somebody gets one is for the caller to say.
        """
        return self._put(self.unsent(to, wish), wish)

    def unsent(self, to: Answerable, wish: Wish) -> Reply:
        """What `post` would send; nothing is kept."""
        return self._reply(to, self._by_itself(to, wish), by="", automatic=True)

    def check_unsent(self, to: Answerable, wish: Wish) -> None:
        """Raises `Refused` where `unsent` does, without the work of writing the message."""
        self._parties(to, self._by_itself(to, wish))

    def _by_itself(self, to: Answerable, wish: Wish) -> Wish:
        """The same to whom it may go without a person's doing. Raises `Refused`."""
        first = next(iter(self.addressees(to.message)), None)
        if to.message.kind != "person":
            raise Refused(f"no person wrote this mail: {to.message.kind_reason}")
        if first is None or not first.believed:
            raise Refused("nothing proves whose address it is")
        return replace(wish, to=first.addr)

    def _put(self, reply: Reply, wish: Wish) -> Reply:
        detail = f"by template {wish.template}" if wish.template else ""
        deed = Deed(at=reply.at, by=reply.by, what="answered", to=reply.mail_id, detail=detail)
        self.replies.put(reply, deed, after=wish.after)
        return reply

    def _parties(self, to: Answerable, wish: Wish) -> tuple[Voice, Addressee, str]:
        """Who writes to whom, and what. Raises `Refused`."""
        if self.off:
            raise Refused(self.off)
        voice = self.voices.get(to.mail.brand)
        if voice is None:
            raise Refused(
                f"the brand {to.mail.brand} has no address to answer from: set brand.{to.mail.brand}.answer_from"
            )
        return voice, self._addressee(to.message, wish.to), _words(wish.text)

    def _reply(self, to: Answerable, wish: Wish, *, by: str, automatic: bool) -> Reply:
        voice, addressee, words = self._parties(to, wish)
        now = self.clock()
        reply_id = ReplyId(new_id(now, self.entropy))
        sender = on_the_wire(voice.addr)
        message_id = reply_message_id(reply_id, sender.rpartition("@")[2], self.key)
        in_reply_to, references = chain(to.message)
        below = quoted(to.message, addressee.name or addressee.addr, to.mail.received_at) if wish.quote else ""
        what = Outgoing(
            sender=sender,
            sender_name=voice.name,
            to=on_the_wire(addressee.addr),
            subject=subject_of(to.message),
            text="\n\n".join(filter(None, (words, below))) + "\n",
            message_id=message_id,
            in_reply_to=in_reply_to,
            references=references,
            at=now,
            mark=loop_mark(MailId(reply_id), self.key),
            automatic=automatic,
        )
        return Reply(
            id=reply_id,
            mail_id=to.mail.id,
            brand=to.mail.brand,
            by=by,
            at=now,
            to=what.to,
            sender=sender,
            subject=one_line(what.subject, 200),
            text=words,
            message_id=message_id,
            raw=compose(what),
            automatic=automatic,
            asks=wish.asks,
            template=wish.template,
            language=wish.language,
            due_at=now,
            since=now,
        )

    def _addressee(self, message: Message, wanted: str) -> Addressee:
        known = self.addressees(message)
        if not known:
            raise Refused("nobody reads answers to this mail: it names no address that could be written to")
        found = next((one for one in known if one.addr == wanted), None) if wanted else known[0]
        if found is None:
            raise Refused("an answer goes to an address of the mail alone: choose one of those")
        return found

    # -- after -----------------------------------------------------------------------------------------------------

    def take_back(self, by: User, reply: Reply) -> None:
        """An answer that was not sent yet is not sent."""
        _check_role(by)
        deed = Deed(at=self.clock(), by=by.name, what="answer-taken-back", to=reply.mail_id)
        if reply.state == "failed" or not self.replies.withdraw(reply.id, deed):
            raise Refused("it is too late to take this answer back: write another one instead")

    def again(self, by: User, reply: Reply) -> None:
        """Send one that had failed after all."""
        _check_role(by)
        deed = Deed(at=self.clock(), by=by.name, what="answer-tried-again", to=reply.mail_id)
        if not self.replies.again(reply.id, deed):
            raise Refused("this answer does not lie aside any more")

    def give_up(self, by: User, reply: Reply, reason: str) -> None:
        """Never send one that had failed."""
        _check_role(by)
        why = one_line(reason, 400)
        if not why:
            raise Refused("say why it is given up: whoever asks for it later reads that")
        deed = Deed(at=self.clock(), by=by.name, what="answer-given-up", to=reply.mail_id, detail=unnamed(why))
        if reply.state != "failed" or not self.replies.withdraw(reply.id, deed, reason=f"{by.name}: {why}"):
            raise Refused("this answer does not lie aside any more")


def _check(by: User, to: Answerable) -> None:
    _check_role(by)
    decision = to.decision
    if decision is None:
        raise Refused("this mail is not judged yet: answer it in a moment")
    if not by.sight.sees(to.mail.brand, decision.route, decision.decided, decision.copy):
        raise Refused("there is no such mail, or it is not for you")


def _check_role(by: User) -> None:
    if not by.is_at_least("agent"):
        raise Refused(f"this takes the role agent; {by.name} has {by.role}")


def _words(text: str) -> str:
    """What is sent. Raises `Refused` for none, for too much, and for what was not filled in."""
    words = plain(text[: 2 * MOST_WORDS]).strip()
    if not words:
        raise Refused("write the answer first")
    if len(words) > MOST_WORDS:
        raise Refused(f"an answer has at most {MOST_WORDS} characters: shorten it")
    if left := unfilled(words):
        raise Refused(f"write what stands for {', '.join(f'{{{one}}}' for one in left)} first: nobody knows it")
    return words
