"""Bytes to `Message`: all of understanding in one function.

Invariant: `read` is pure and total. Any bytes give a message with its defects, without surrogates, in bounded time and
memory; never an exception. Every limit that was met is a defect of the message.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Final

from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer
from postroom.model.message import Address, Authentication, Defect, Message, SpamVerdict
from postroom.model.trust import Trust
from postroom.understand import (
    addresses,
    authenticity,
    body,
    charset,
    dates,
    forwards,
    headers,
    html,
    html_scan,
    kind,
    language,
    mime,
    newtext,
    references,
    spam,
    trace,
)

#: what a person should know of each defect that is known by its code alone
DETAILS: Final = {
    "8bit-header": "header bytes that are neither ASCII nor UTF-8",
    "bad-date": "the Date can't be read",
    "bad-header-line": "a line in the header that is no field",
    "bare-cr": "CR without LF in the header",
    "charset-missing": "8-bit text without a charset",
    "charset-refused": "a charset that is refused, e.g. UTF-7",
    "charset-unknown": "a charset that is not known",
    "charset-wrong": "the text is not in the charset it claims",
    "encrypted": "the content is encrypted or opaquely signed",
    "forms-differ": "its plain text says something else than its HTML, which many mail programs show",
    "header-field-too-long": f"a header field beyond {headers.FIELD_BYTES} bytes was cut",
    "header-too-long": f"the header beyond {headers.HEADER_BYTES} bytes was left out",
    "html-styles": "style sheets beyond measure: what they may hide counts as hidden",
    "html-truncated": f"HTML beyond {html.MAX_CHARS} characters or {html_scan.MAX_TAGS} tags was left out",
    "html-unreadable": "HTML that the reader could not take apart; its source is shown as it stands",
    "many-from": "more than one From address or field",
    "mbox-from-line": "starts with an mbox From line",
    "mime-irregular": "the MIME structure is broken or excessive; read by the forgiving reader",
    "mixed-line-ends": "lines of the header end in CRLF, the header itself in LF",
    "nested-too-deep": f"parts nested deeper than {mime.NESTING} were left out",
    "no-blank-line": "no blank line between header and body",
    "no-boundary": "a multipart without its parts",
    "no-from": "no From address",
    "nul-in-header": "NUL bytes in the header",
    "reader-bug": "the reader failed; only the bytes are known",
    "text-truncated": f"the text beyond {body.TEXT_CHARS} characters was left out",
    "tnef": "has winmail.dat: Outlook hid attachments in it",
    "too-many-header-fields": f"more than {headers.FIELDS} header fields",
    "too-many-parts": f"parts beyond {mime.PARTS} were left out",
}

_WARMING: Final = (
    b"From: a@example.com\nSubject: Out of office\nAuto-Submitted: no\n\n"
    b"Hello, thank you for your mail. I am out of the office until Monday. Please call us if it is urgent.\n"
)


def warm() -> None:
    """Load what reading needs (language model, public suffix list, pattern automata), so that no mail waits for it."""
    language.load()
    authenticity.load()
    # patterns are compiled, and their automata built, when they are first used; this mail uses those that take long
    read_bytes(_WARMING)


def read_bytes(raw: bytes, trust: Trust | None = None, *, trusted: bool = False) -> Message:
    """Understand a message from a file; ``trusted`` says that it was handed in by one of our own hops."""
    peer = Peer(door="files", trusted=trusted)
    mail = Mail(
        id=MailId(""),
        received_at=0.0,
        brand=BrandName(""),
        envelope=Envelope(mail_from="", rcpt_to=()),
        peer=peer,
        raw=raw,
    )
    return read(mail, trust or Trust())


def read(mail: Mail, trust: Trust) -> Message:
    """Understand a mail. Pure, total, bounded."""
    return read_all([mail], trust)[0]


def read_all(mails: Sequence[Mail], trust: Trust, begin: Callable[[Mail], None] = lambda _mail: None) -> list[Message]:
    """Understand mails, each as `read` does, and faster than one by one; ``begin`` is told which is taken up next.

    Languages are told for all of them at the end: the model is large, and so is only once brought to the processor.
    """
    drafts: list[_Draft | Message] = []
    for mail in mails:
        begin(mail)
        try:
            drafts.append(_read(mail, trust))
        except Exception as bug:  # noqa: BLE001 - promise 9: whatever it is, the mail must still be seen by a person
            drafts.append(_unreadable(mail.raw, type(bug).__name__))
    messages: list[Message] = []
    for mail, draft in zip(mails, drafts, strict=True):
        try:
            messages.append(
                draft if isinstance(draft, Message) else draft.message(language=language.detect(draft.words))
            )
        except Exception as bug:  # noqa: BLE001 - as above
            messages.append(_unreadable(mail.raw, type(bug).__name__))
    return messages


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A message that lacks its language."""

    #: makes the message, given ``language``
    message: "partial[Message]"
    #: of which the language is to be told
    words: str


def _read(mail: Mail, trust: Trust) -> _Draft:
    block = headers.parse(mail.raw)
    tree = mime.parse(mail.raw, block)
    content = body.compose(tree.root)
    values = tuple([(name, headers.decode(raw) if "=?" in raw else raw) for name, raw in block.fields])
    first = dict(reversed(values))
    from_ = tuple(chain.from_iterable(addresses.parse(raw) for raw in block.all("from")))
    reply_to = addresses.parse(block.first("reply-to"))
    subject = first.get("subject", "")
    parts = newtext.split(content.text, subject=subject)
    facts = kind.Facts(
        headers=first,
        subject=subject,
        text=content.text,
        new_text=parts.new,
        quoted=parts.quoted,
        body=content,
        media_type=tree.root.type,
        report_type=tree.root.params.get("report-type", "").lower(),
        null_path=_null_path(mail, first),
        from_=from_[0] if from_ else None,
        trust=trust,
    )
    verdict = kind.judge(facts)
    found = None
    if verdict.kind in {"person", "list"}:
        found = forwards.find(content.text, subject, facts.from_, reply_to, trust, content.attached)
    ids, in_reply_to = references.chain(
        " ".join(block.all("references"))[: headers.FIELD_BYTES], block.first("in-reply-to")
    )
    auth, spam_verdict, forged = _trusted_facts(mail, block, from_, trust)
    date = next((when for raw in block.all("date")[:5] if (when := dates.parse(raw)) is not None), None)
    new_text = found.new_text if found is not None else parts.new
    codes = [*block.defects, *tree.defects, *content.defects, *_address_defects(block, from_)]
    if date is None:
        codes.append("bad-date")
    message = partial(
        Message,
        message_id=references.message_id(block.first("message-id")),
        from_=facts.from_,
        reply_to=reply_to,
        to=_addresses(block, "to"),
        cc=_addresses(block, "cc"),
        subject=subject,
        date=date,
        headers=values,
        text=content.text,
        new_text=new_text,
        quoted_text=parts.quoted,
        signature=parts.signature,
        disclaimer=parts.disclaimer,
        hidden_text=content.hidden,
        attachments=content.attachments,
        has_html=mime.layout(tree.root) is not None,
        kind=verdict.kind,
        kind_reason=verdict.reason,
        failed_recipient=verdict.failed_recipient,
        auth=auth,
        references=ids,
        in_reply_to=in_reply_to,
        forward=found.forward if found is not None else None,
        spam=spam_verdict,
        received_count=len(block.all("received")),
        ticket=references.ticket(subject, content.text),
        defects=(*_defects(codes), *forged),
    )
    return _Draft(message=message, words=new_text if len(new_text) > 20 else f"{subject}\n{new_text}")


def _null_path(mail: Mail, first: dict[str, str]) -> bool:
    """Whether the reverse-path is known to be ``<>``: from the envelope, or from the Return-Path our hop wrote."""
    if mail.peer.door in {"smtp", "lmtp"}:
        return mail.envelope.mail_from == ""
    return not mail.envelope.mail_from and first.get("return-path", "").strip() == "<>"


def _trusted_facts(
    mail: Mail, block: headers.Block, from_: tuple[Address, ...], trust: Trust
) -> tuple[Authentication, SpamVerdict | None, tuple[Defect, ...]]:
    """What only a trusted hop may say."""
    believed = trace.believed(block.fields, trust, mail.peer.helo) if mail.peer.trusted else 0
    judged = authenticity.judge(block, believed, from_, trust)
    return judged.auth, spam.judge(block.fields, believed), judged.defects


def _addresses(block: headers.Block, name: str) -> tuple[Address, ...]:
    """Mailboxes of all fields of a name, at most `addresses.ADDRESSES`."""
    found = chain.from_iterable(addresses.parse(raw) for raw in block.all(name)[:10])
    return tuple(found)[: addresses.ADDRESSES]


def _address_defects(block: headers.Block, from_: tuple[Address, ...]) -> list[str]:
    if not from_:
        return ["no-from"]
    return ["many-from"] if len(from_) > 1 or len(block.all("from")) > 1 else []


def _defects(codes: list[str]) -> list[Defect]:
    return [Defect(code=code, detail=DETAILS.get(code, "")) for code in dict.fromkeys(codes)]


def _unreadable(raw: bytes, error: str) -> Message:
    """What is left when the reader has a bug: enough to show the mail to a person."""
    empty = Message(
        message_id="", from_=None, reply_to=(), to=(), cc=(), subject="", date=None, headers=(),
        text=charset.scrub(raw[:4000].decode("utf-8", "replace")), new_text="", quoted_text="", signature="", disclaimer="",
        hidden_text="", attachments=(), language="", kind="person", kind_reason="the reader failed", failed_recipient="",
        auth=Authentication(), references=(), in_reply_to="", forward=None, spam=None, received_count=0, ticket="", defects=(),
    )  # fmt: skip
    return replace(empty, defects=(Defect(code="reader-bug", detail=error),))
