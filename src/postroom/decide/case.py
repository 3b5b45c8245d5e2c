"""Everything a judgement may know, gathered before it begins."""

from dataclasses import dataclass

from postroom.decide.folding import Folded
from postroom.model.judgement import AccountStatus, Advice, Finding, Opinion, SenderHistory, ThreadState
from postroom.model.mail import Mail
from postroom.model.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One mail and what is known around it."""

    mail: Mail
    message: Message
    #: the thread it continues, if its sender may be believed to be in it (`decide.threads.find`)
    thread: ThreadState | None = None
    #: empty unless the sender is authenticated (`decide.history.recall`)
    history: SenderHistory = SenderHistory()
    account: AccountStatus = AccountStatus()
    #: its subject and new text folded, where that was done before
    folded: Folded | None = None
    #: what the classifier thinks of each route; empty when it has no opinion
    classifier: tuple[Opinion, ...] = ()
    #: what it became when the mail was judged before, for a replay: used instead
    classified: tuple[Finding, ...] = ()
    #: names the classifier's model
    model: str = ""
    #: what a second opinion said; None where none was asked, or it had no answer
    advice: Advice | None = None
    #: things noticed while gathering, e.g. a forged reference
    remarks: tuple[Finding, ...] = ()
    #: what people said of nearly the same text (`decide.texts.findings`)
    verdicts: tuple[Finding, ...] = ()
    #: which generation of decisions this is
    generation: int = 1
    #: seconds since the epoch
    now: float
