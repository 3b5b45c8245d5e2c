"""What the API takes and tells of rules."""

from typing import Annotated, Literal

from msgspec import Meta

from postroom.decide.problems import Severity
from postroom.flow.differ import Mark
from postroom.model.judgement import AccountState
from postroom.model.rulebooks import How
from postroom.web.api.mailfacts import DecisionFacts
from postroom.web.api.mails import Limit, Number
from postroom.web.api.operation import Input, Output
from postroom.web.api.shapes import Seconds

Sheet = Annotated[
    str,
    Meta(
        max_length=200,
        description="Kind and name of a file: rules/…, phrases/…, examples/… or answers/….toml.",
        examples=["rules/press.toml"],
    ),
]
Text = Annotated[str, Meta(max_length=400_000, description="All that the file holds; its lines end with LF.")]
Texts = Annotated[
    dict[Sheet, Text | None],
    Meta(max_length=500, description="Files with the texts that they would get; null for one that is taken away."),
]
Digest = Annotated[str, Meta(max_length=64, description="SHA-256 of its text, hex; empty where there is no file.")]
Why = Annotated[str, Meta(max_length=500, description="Kept with the version.")]
Anyway = Annotated[bool, Meta(description="Also if example mails come out differently that did not before.")]
Kind = Annotated[str, Meta(max_length=20, description="rules, phrases or examples.", examples=["rules"])]
FileName = Annotated[str, Meta(max_length=200, examples=["press.toml"])]
VersionId = Annotated[int, Meta(ge=0, le=2**53, examples=[12])]


class OfSheet(Input, frozen=True):
    """Which file."""

    kind: Kind
    name: FileName


class OfShipped(Input, frozen=True):
    """Which file that comes with postroom."""

    file: Annotated[str, Meta(max_length=200, examples=["starter/rules/appeals.toml"])]


class OfSheetVersions(OfSheet, frozen=True):
    """Which versions."""

    after: Annotated[Number, Meta(description="The after of the page before.")] = 0
    limit: Limit = 50


class OfVersion(Input, frozen=True):
    """Which version."""

    number: VersionId


class OfDiff(OfVersion, frozen=True):
    """Which two versions of one file."""

    before: Annotated[int, Meta(ge=0, le=2**53, description="0 for the one before.")] = 0


class Put(Input, frozen=True):
    """What a file is to hold."""

    text: Text | None
    seen: Annotated[Digest, Meta(description="The digest of the text that this one takes the place of.")] = ""
    why: Why = ""
    anyway: Anyway = False


class Back(Input, frozen=True):
    """How a version is brought back."""

    seen: Annotated[Digest, Meta(description="The digest of the text that it takes the place of.")] = ""
    why: Why = ""
    anyway: Anyway = False


class Some(Input, frozen=True):
    """Texts to check or to keep as a draft; other files stay as they are."""

    texts: Texts


class Sketch(Some, frozen=True):
    """Texts to keep as a draft."""

    name: Annotated[str, Meta(max_length=80, description="Empty: the names of the files.")] = ""


class Trial(Some, frozen=True):
    """A mail, and texts to judge it by."""

    mail: Annotated[str, Meta(min_length=1, max_length=200_000, description="Whole with its headers, or only text.")]
    sheet: Annotated[Sheet, Meta(description="Tell what the rules of this file asked.")] = ""
    sender: Annotated[str, Meta(max_length=320, description="Of a text alone.")] = ""
    subject: Annotated[str, Meta(max_length=400, description="Of a text alone.")] = ""
    brand: Annotated[str, Meta(max_length=100, description="Empty for the first.")] = ""
    authenticated: Annotated[bool, Meta(description="Suppose that its sender is who it says.")] = False
    account: Annotated[AccountState, Meta(description="Counts only then.")] = "unknown"


class Archive(Input, frozen=True):
    """An archive to bring in."""

    archive: Annotated[str, Meta(max_length=900_000, description="A ZIP file as the export gives it, in base64.")]
    seen: Annotated[
        dict[Sheet, Digest],
        Meta(max_length=500, description="Digests of the files that it changes; those that are not there left out."),
    ] = {}  # noqa: RUF012 - msgspec copies it
    dry_run: Annotated[bool, Meta(description="Only tell what it would change.")] = False
    why: Why = ""
    anyway: Anyway = False


class RuleProblem(Output, frozen=True):
    """Something that is wrong, or likely is."""

    file: str
    line: int
    column: int
    severity: Severity
    message: str
    remedy: str
    field: Annotated[str, Meta(description="Of a template: the text whose lines are counted; empty for the file.")] = ""


class RuleExample(Output, frozen=True):
    """An example mail that comes out differently than it says."""

    name: str
    file: str
    line: int
    differences: tuple[str, ...]


class RulesChecked(Output, frozen=True):
    """What is to be said of all files together."""

    problems: tuple[RuleProblem, ...]
    examples: Annotated[int, Meta(description="Example mails that were judged; 0 where there are errors.")]
    different: tuple[RuleExample, ...]


class RuleEntry(Output, frozen=True):
    """A rule, a list of phrases, or an example."""

    name: str
    does: Annotated[str, Meta(description="In words.")]
    comment: str
    line: int


class RuleFile(Output, frozen=True):
    """One file."""

    sheet: Sheet
    digest: Digest
    shipped: Annotated[bool, Meta(description="Comes with postroom, and can't be changed.")]
    version: Annotated[int, Meta(description="Number of its last version; 0 for what is shipped.")]
    holds: tuple[RuleEntry, ...]


class RuleFiles(Output, frozen=True):
    """All files."""

    files: tuple[RuleFile, ...]
    unreadable: Annotated[
        tuple[Sheet, ...],
        Meta(
            description="What has the name of a file and is none, such as a link that leads nowhere: no change comes into force."
        ),
    ]
    in_force: Annotated[bool, Meta(description="Whether mail is judged by them.")]


class RuleText(Output, frozen=True):
    """What a file holds."""

    sheet: Sheet
    text: str
    digest: Digest


class VersionFacts(Output, frozen=True):
    """One text that a file had."""

    number: int
    sheet: Sheet
    how: How
    at: Seconds
    by: Annotated[str, Meta(description="Empty for whoever can write to the disk.")]
    why: str
    digest: Digest


class VersionText(VersionFacts, frozen=True):
    """The same, with its text."""

    text: Annotated[str | None, Meta(description="null where the file was taken away, or its text erased.")]


class RuleVersions(Output, frozen=True):
    """Versions of a file, newest first."""

    versions: tuple[VersionFacts, ...]
    after: Annotated[int, Meta(description="Ask with it for those that follow; 0 when there are none.")]


class DiffLine(Output, frozen=True):
    """One line; of a gap the text is how many are left out."""

    mark: Mark
    before: int | None
    after: int | None
    text: str


class RuleDiff(Output, frozen=True):
    """What differs, with three lines around."""

    sheet: Sheet
    lines: tuple[DiffLine, ...]


class PartFacts(Output, frozen=True):
    """A condition or a part of one."""

    text: str
    holds: bool
    error: str
    joined: Literal["", "all", "any"]
    parts: "tuple[PartFacts, ...]"


class AskedFacts(Output, frozen=True):
    """What a rule asked."""

    rule: str
    line: int
    silent: Annotated[str, Meta(description="Why it does not count although its condition may hold.")]
    condition: PartFacts


class TrialFacts(Output, frozen=True):
    """Where the mail goes; nothing of it is kept."""

    now: Annotated[DecisionFacts | None, Meta(description="By the rules in force.")]
    then: Annotated[DecisionFacts | None, Meta(description="By the texts; null where they have errors.")]
    asked: tuple[AskedFacts, ...]


class DraftFacts(Output, frozen=True):
    """A draft: what all files would hold."""

    number: int
    name: str
    at: Seconds
    by: str
    texts: dict[str, str]


class DraftLine(Output, frozen=True):
    """A draft, and the files that it has otherwise than they are."""

    number: int
    name: str
    at: Seconds
    by: str
    changes: tuple[str, ...]


class Drafts(Output, frozen=True):
    """Drafts that would change anything, newest first: the newest twenty."""

    drafts: tuple[DraftLine, ...]


class Drafted(Output, frozen=True):
    """Where the draft is."""

    number: int


class RulesSaved(Output, frozen=True):
    """What was changed, or would be."""

    changed: Annotated[dict[str, Digest], Meta(description="File -> digest of what it holds now, or held before a dry run.")]  # fmt: skip
    checked: RulesChecked
