"""What was written before a mail in its conversation."""

from typing import Annotated

from msgspec import Meta

from postroom.model.mail import MailId
from postroom.web import conversation
from postroom.web.api.mails import OfMail
from postroom.web.api.operation import Call, Nothing, Operation, Output
from postroom.web.api.shapes import Id, Seconds
from postroom.web.correspondence import written
from postroom.web.seen import known


class SaidFacts(Output, frozen=True):
    """A mail, or an answer to one."""

    mail: Id
    reply: Annotated[str, Meta(description="Id of the answer to that mail; empty for the mail itself.")]
    at: Seconds
    who: Annotated[str, Meta(description="Address, or name of a colleague; empty for postroom itself.")]
    language: str
    text: Annotated[str, Meta(description="How it begins.")]
    more: Annotated[bool, Meta(description="There is more of it: ask for the mail, or for its replies.")]


class ConversationFacts(Output, frozen=True):
    """What was written, oldest first: at most ten."""

    said: tuple[SaidFacts, ...]
    left_out: Annotated[int, Meta(description="So many are left out after the first.")]


def get_conversation(call: Call[OfMail, Nothing]) -> ConversationFacts:
    """What was written before a mail: the mails of its thread and its cases that you may see, and the answers to them.

    Of the thread are its first mail and what the same sender wrote. Only authenticated senders have one.
    """
    room, one = call.room, known(call.room, call.user, MailId(call.asked.id))
    cases = room.cases.all_of_mail(one.row.id, call.sight)
    found = conversation.before(room, call.user, one, cases, written(room, call.sight, one.row, room.read(one.mail)))
    return ConversationFacts(
        said=tuple(
            SaidFacts(
                mail=said.mail_id,
                reply=said.reply.id if said.reply else "",
                at=said.at,
                who=said.who,
                language=said.language,
                text=said.text,
                more=said.more,
            )
            for said in found.said
        ),
        left_out=found.left_out,
    )


OPERATIONS = (Operation(do=get_conversation, path="/mails/{id}/conversation", scope="read"),)
