"""What pages work with: ports and use cases, put together by `bootstrap`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from postroom.flow.answering import Answering
from postroom.flow.cases import Casework
from postroom.flow.erasure import Eraser
from postroom.flow.explanation import Explanation
from postroom.flow.federation import Federation
from postroom.flow.nearest import Neighbour
from postroom.flow.notices import Noticing
from postroom.flow.redirecting import Redirecting
from postroom.flow.rulework import Rulework
from postroom.flow.savedviews import SavedViews
from postroom.flow.secondlooks import SecondLooking
from postroom.flow.signin import SigningIn
from postroom.flow.staffing import Staffing
from postroom.flow.targets import FirstAnswers
from postroom.flow.team import Team
from postroom.flow.templatework import Templatework
from postroom.flow.trials import Trials
from postroom.flow.urgency import Urgency
from postroom.flow.verdicts import Reviewing
from postroom.model.hooks import Hook
from postroom.model.judgement import Decision
from postroom.model.listing import Event
from postroom.model.mail import BrandName, Mail, MailId, RouteName
from postroom.model.message import Message
from postroom.model.people import Sight
from postroom.model.privacy import Lifetimes
from postroom.ports import Store
from postroom.ports.accounts import Accounts, Journal
from postroom.ports.answers import Answers
from postroom.ports.cases import Cases
from postroom.ports.deadlines import Deadlines
from postroom.ports.desktop import Turns, Views
from postroom.ports.hooks import Hooks
from postroom.ports.identity import Identities
from postroom.ports.rulebooks import Pasted
from postroom.web.api.informing import Informing
from postroom.web.api.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What pages work with."""

    store: Store
    accounts: Accounts
    journal: Journal
    #: accounts elsewhere that sign people in
    identities: Identities
    #: the provider that vouches for people; None where they sign in here alone
    federation: Federation | None
    signing_in: SigningIn
    team: Team
    views: Views
    saved: SavedViews
    turns: Turns
    second_looks: SecondLooking
    staffing: Staffing
    reviewing: Reviewing
    redirecting: Redirecting
    cases: Cases
    casework: Casework
    answering: Answering
    noticing: Noticing
    urgency: Urgency
    #: seconds after which urgent mail that nobody has is told again
    neglected_after: float
    deadlines: Deadlines
    first_answers: FirstAnswers
    eraser: Eraser
    #: how long mail is kept
    lifetimes: Lifetimes
    #: rules tried on the past
    trials: Trials
    #: how much is held of an address, by what it is; raises `Refused`
    held: Callable[[str], Mapping[str, Any]]
    #: all that is held of an address as a ZIP file; and who asks for it. Raises `Refused`
    export: Callable[[str, str], bytes]
    #: bytes to a message; total
    read: Callable[[Mail], Message]
    #: why a decision was made, as far as a reader may know it
    explain: Callable[[Decision, Message, Sight], Explanation]
    #: verdicts on the mails most like one, as far as a reader may see them; takes its time
    alike: Callable[[Mail, Message, Sight], tuple[Neighbour, ...]]
    #: the way of a mail, in order of time
    events: Callable[[MailId], tuple[Event, ...]]
    #: desks in the order of the settings, then junk and automatic
    routes: tuple[RouteName, ...]
    brands: tuple[BrandName, ...]
    #: answers of the API that may be asked for again
    answers: Answers
    #: outgoing webhooks
    hooks: Hooks
    known_hooks: tuple[Hook, ...]
    #: what a helpdesk is told of customers; None for nothing
    informing: Informing | None
    #: what people do with rules
    rulework: Rulework
    #: what people do with templates of answers
    templatework: Templatework
    #: a mail that somebody pasted, as it is judged
    pasted: Callable[[Pasted], Mail]
    #: how often each key may call
    pace: Pace
    #: hosts, with port where it is not the usual one, under which the pages may be asked for
    hosts: frozenset[str]
    #: name of the session's cookie
    cookie: str
    #: whether browsers come by TLS
    secure: bool
    #: seconds that a question of review stays in one person's hands
    lease: float
    clock: Callable[[], float]
    #: is told of bugs
    failed: Callable[[Exception], None]
