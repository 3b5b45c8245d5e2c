"""Mail that could not be delivered and came back: delivery status notifications (RFC 3464) and their lookalikes.

Invariant: any parts and texts are read in linear time, never an exception.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, Literal

_STATUS_BYTES: Final = 64 * 1024
_TEXT_CHARS: Final = 20_000
_FIELD = re.compile(r"^([A-Za-z-]{1,40})[ \t]*:[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,253}\w")

SENDERS: Final = frozenset({"mailer-daemon", "mailer_daemon", "mailerdaemon", "mail-daemon", "maildaemon"})
_OFFICES: Final = frozenset({"postmaster", "microsoftexchange", "mail delivery subsystem", "mail delivery system"})

_SUBJECT = re.compile(
    r"""undeliver|(?:mail|message|delivery)\s(?:delivery\s)?(?:failed|failure|status\snotification|error|has\sfailed)|returned\smail|failure\snotice|delivery\s(?:status\snotification|failure|problem|report)|mail\ssystem\serror|returning\smessage|could\snot\sbe\sdelivered|non\sremis|unzustellbar|nicht\szugestellt|zustell(?:ung)?\w*\s?fehl|no\s(?:se\s)?(?:ha\spodido\s)?entrega|não\sentreg|mancato\srecapito|onbestelbaar|не\sдоставлен|недоставлен|配信不能|退信|전송\s?실패|niedostarczon""",
    re.IGNORECASE | re.VERBOSE,
)
_WORDS = re.compile(
    r"""this\sis\sthe\s(?:qmail-send\sprogram|mail\ssystem\sat\shost)|message\swas\screated\sautomatically\sby\s(?:the\s)?mail\s(?:delivery\ssoftware|system)|delivery\shas\sfailed\sto\sthese|(?:following\saddress(?:es)?\s(?:had|failed))|(?:could\snot|couldn['’]t|unable\sto|wasn['’]t|was\snot|cannot|can['’]t)\s(?:be\s)?(?:deliver)|permanent\s(?:fatal\s)?error|did\snot\sreach\sthe\sfollowing\srecipient|delivery\sto\sthe\sfollowing\srecipient|address\snot\sfound|message\s(?:blocked|not\sdelivered)|recipient\saddress\srejected|user\sunknown|mailbox\s(?:is\s)?(?:full|unavailable|not\sfound)|no\ssuch\s(?:user|mailbox|recipient)|konnte\snicht\szugestellt|n['’]a\spas\spu\s[êe]tre|no\sse\spudo\sentregar|não\spôde\sser\sentreg|impossibile\srecapitare|не\sудалось\sдоставить|undeliverable""",
    re.IGNORECASE | re.VERBOSE,
)
_FAILED = re.compile(
    r"""^[^\S\n]*+<([^<>\s]{1,64}@[^<>\s]{1,255})>\s*:|RCPT\sTO:\s?<([^<>\s]{1,320})>|(?:deliver(?:ed|y)?\s(?:to|has\sfailed\sto)|recipients?|address(?:es)?|to)[^\n@]{0,80}[:\s]\s{0,9}<?([^<>\s:;,()"']{1,64}@[\w.-]{1,255}\w)""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a delivery report says of the recipients."""

    #: ``delayed`` means that the sender's server is still trying
    action: Literal["failed", "delayed", "delivered"]
    #: the first recipient of that fate, ``""`` if unknown
    recipient: str
    #: RFC 3463 status or ``""``
    status: str


def read_report(content: bytes) -> Report | None:
    """Read a message/delivery-status part (RFC 3464 §2); the worst fate of any recipient wins. None if it has none."""
    text = content[:_STATUS_BYTES].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    found: dict[str, Report] = {}
    for group in re.split(r"\n[ \t]*\n", text):
        fields = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(group)}
        action = fields.get("action", "").lower().partition(" ")[0]
        recipient = fields.get("original-recipient") or fields.get("final-recipient") or ""
        if not action and not recipient:
            continue
        fate: Literal["failed", "delayed", "delivered"]
        status = fields.get("status", "")[:20]
        if action == "failed" or (not action and status.startswith("5")):
            fate = "failed"
        elif action == "delayed":
            fate = "delayed"
        else:
            fate = "delivered"
        found.setdefault(fate, Report(action=fate, recipient=_typed_address(recipient), status=status))
    return found.get("failed") or found.get("delayed") or found.get("delivered")


def looks_like_one(*, from_local: str, from_name: str, null_path: bool, subject: str, text: str) -> bool:
    """Whether a mail without a machine-readable report is a bounce: a mail server's sender *and* a bounce's words."""
    local = from_local.lower()
    server = local in SENDERS or null_path
    office = local in _OFFICES or local.startswith("microsoftexchange") or from_name.lower() in _OFFICES
    if not server and not office:
        return False
    said = _SUBJECT.search(subject[:500]) is not None
    told = _WORDS.search(text[:_TEXT_CHARS]) is not None
    return (said and told) or (local in SENDERS and (said or told))


def failed_recipient(failed_header: str, text: str, not_these: Collection[str]) -> str:
    """The recipient that failed: from X-Failed-Recipients, else from the words; ``""`` if unknown."""
    for address in _ADDRESS.findall(failed_header[:2000]):
        return str(address)
    return next(_candidates(text[:_TEXT_CHARS], not_these), "")


def _candidates(text: str, not_these: Collection[str]) -> Iterator[str]:
    for found in _FAILED.finditer(text):
        address = next(str(group) for group in found.groups() if group).strip(".'\"")
        if address.lower() not in not_these and "@" in address:
            yield address


def _typed_address(value: str) -> str:
    """The address of ``rfc822; ada@example.com`` (RFC 3464 §2.3.2)."""
    address = value.rpartition(";")[2].strip().strip("<>")
    found = _ADDRESS.search(address)
    return found[0] if found else address[:320]
