"""`postroom rules test`: reads the example mails kept beside the rules, and judges them."""

from dataclasses import replace
from email.message import EmailMessage
from importlib import resources
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
_NOW = 1_800_000_000.0


def test_rules(house: House) -> tuple[tuple[Result, ...], tuple[Problem, ...]]:
    """Every example beside the team's rules, and beside the shipped ones where they are used; and what is wrong with them."""
    texts, folders = _texts(house)
    examples, problems = read_examples(texts)
    cases = [(example, _case(house, example, folders[example.source])) for example in examples]
    return run(cases, house.rules.book, house.policy), problems


def _texts(house: House) -> tuple[dict[str, str], dict[str, Path | None]]:
    texts: dict[str, str] = {}
    folders: dict[str, Path | None] = {}
    if house.settings.judging.starter:
        for entry in resources.files("postroom.starter").joinpath("rules", "examples").iterdir():
            if entry.name.endswith(".toml"):
                name = f"starter/rules/examples/{entry.name}"
                texts[name], folders[name] = entry.read_text(encoding="utf-8"), None
    for path in sorted((house.base / house.settings.judging.rules / "examples").glob("*.toml")):
        texts[str(path)], folders[str(path)] = path.read_text(encoding="utf-8", errors="replace"), path.parent
    return texts, folders


def _case(house: House, example: Example, folder: Path | None) -> Case:
    mail = _mail(house, example, _raw(example, folder))
    message = read(mail, house.trust)
    if example.authenticated and message.from_ is not None:
        passed = Authentication(state="pass", method="dkim", domain=message.from_.domain, reason="the example says so")
        message = replace(message, auth=passed)
    return Case(mail=mail, message=message, account=_account(example, message), now=_NOW)


def _account(example: Example, message: Message) -> AccountStatus:
    """As for real mail: nothing is known of an account whose owner is not authenticated."""
    return example.account if message.trusted_sender else AccountStatus()


def _mail(house: House, example: Example, raw: bytes) -> Mail:
    seen = peek(raw)
    return Mail(
        id=MailId("example"),
        received_at=_NOW,
        brand=example.brand or BrandName(next(iter(house.settings.brand), "")),
        envelope=Envelope(mail_from=example.sender, rcpt_to=()),
        peer=Peer(door="files", trusted=True),
        raw=raw,
        digest=seen.digest,
        message_id=seen.message_id,
        thread_key=seen.thread_key,
        sender_key=seen.sender_key,
    )


def _raw(example: Example, folder: Path | None) -> bytes:
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
    made["From"] = example.sender
    made["Subject"] = example.subject.replace("\n", " ")
    made["Message-ID"] = "<example@postroom.test>"
    made.set_content(example.text)
    return made.as_bytes()
