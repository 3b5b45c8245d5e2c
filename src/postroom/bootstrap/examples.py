"""`postroom rules test`: reads the example mails kept beside the rules, and judges them."""

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

from postroom.bootstrap.house import House
from postroom.decide.case import Case
from postroom.decide.examples import Example, Result, run
from postroom.decide.examples import read as read_examples
from postroom.decide.problems import Problem
from postroom.model.errors import Refused
from postroom.model.judgement import AccountStatus
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer
from postroom.model.message import Authentication, Message
from postroom.understand.envelope import peek
from postroom.understand.reader import read

#: the moment at which examples are judged, so that they come out the same every day
NOW = 1_800_000_000.0


def test_rules(house: House) -> tuple[tuple[Result, ...], tuple[Problem, ...]]:
    """Every example beside the team's rules, and beside the shipped ones where they are used; and what is wrong with them."""
    folder = house.rules.folder("examples")
    own = {str(path): path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.toml"))}
    folders = dict.fromkeys(own, folder)
    examples, problems = read_examples({**house.rules.shipped("examples"), **own})
    cases = [(one, case_of(house, one, raw_of(one, folders.get(one.source)), NOW)) for one in examples]
    return run(cases, house.rules.book, house.policy), problems


def case_of(house: House, example: Example, raw: bytes, now: float) -> Case:
    """What is judged of an example, at a moment."""
    mail = mail_of(house, example, raw, now)
    message = read(mail, house.trust)
    if example.authenticated and message.from_ is not None:
        passed = Authentication(state="pass", method="dkim", domain=message.from_.domain, reason="the example says so")
        message = replace(message, auth=passed)
    return Case(mail=mail, message=message, account=_account(example, message), now=now)


def _account(example: Example, message: Message) -> AccountStatus:
    """As for real mail: nothing is known of an account whose owner is not authenticated."""
    return example.account if message.trusted_sender else AccountStatus()


def mail_of(house: House, example: Example, raw: bytes, now: float) -> Mail:
    """The mail that an example stands for."""
    seen = peek(raw)
    return Mail(
        id=MailId("example"),
        received_at=now,
        brand=example.brand or BrandName(next(iter(house.settings.brand), "")),
        envelope=Envelope(mail_from=example.sender, rcpt_to=()),
        peer=Peer(door="files", trusted=True),
        raw=raw,
        digest=seen.digest,
        message_id=seen.message_id,
        thread_key=seen.thread_key,
        sender_key=seen.sender_key,
    )


def raw_of(example: Example, folder: Path | None) -> bytes:
    """Its bytes; a file that it names lies in ``folder``. Raises `Refused`."""
    if example.raw:
        return example.raw.encode("utf-8", "surrogateescape")
    if example.file:
        if folder is None:
            raise Refused(f"{example.source}: a shipped example can't name a file")
        try:
            return (folder / example.file).read_bytes()
        except OSError as error:
            raise Refused(f"{example.source}:{example.line}: can't read {example.file}: {error.strerror}") from error
    made = EmailMessage()
    try:
        made["From"] = " ".join(example.sender.split())
        made["Subject"] = " ".join(example.subject.split())
        made["Message-ID"] = "<example@postroom.test>"
        made.set_content(example.text)
        return made.as_bytes()
    except (ValueError, IndexError) as error:  # what the library makes of some addresses
        raise Refused(f"{example.source}:{example.line}: no mail can be made of it: {error}") from error
