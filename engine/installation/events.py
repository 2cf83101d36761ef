"""What can happen to the installation. All of it lies in one stream; fields are only ever added,
with a default. `at` as in subscriber.events.
"""

from __future__ import annotations

from engine.frozen import dataclass
from engine.subscriber.events import Event

STREAM = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True, slots=True)
class WordsPublished(Event):
    """A piece of a text named by the SHA-256 of its UTF-8 whole; `part` of `parts`, so that no
    entry exceeds what a tile holds (F06).
    """

    digest: str
    part: int
    parts: int
    text: str


@dataclass(frozen=True, slots=True)
class SequencePublished(Event):
    """The engine runs these files (path, digest of the text) from here on. `edition` counts from 1;
    `rolled_back_to` is one taken up again.
    """

    edition: int
    files: tuple[tuple[str, str], ...]
    backfill: bool = False
    rolled_back_to: int = 0


@dataclass(frozen=True, slots=True)
class ConfigurationPublished(Event):
    """Purposes, groups, fields, zone and program in force from here on. `digest` names the
    canonical JSON among the published words.
    """

    edition: int
    digest: str
    program: str


@dataclass(frozen=True, slots=True)
class VersionsPublished(Event):
    """From this edition on `letter` (a letter_ref) is tried in these versions: each with its share
    of a hundred people, in the order in which they are drawn; none where the trial is over.
    """

    edition: int
    letter: str
    arms: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class NoticePublished(Event):
    """The exact words shown where data is collected by `form`; `digest` is their SHA-256 and names
    them among the published words.
    """

    form: str
    digest: str
    language: str


@dataclass(frozen=True, slots=True)
class FormPublished(Event):
    """`digest` is that of the file it is written in; `rendered` that of the page as a visitor gets
    it, in `language` (D02); both among the words.
    """

    form: str
    digest: str
    rendered: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class BroadcastFellDue(Event):
    """Claimed once for everybody: `occurrence` is the local date (and time, for more than one a
    day).
    """

    broadcast: str
    occurrence: str


@dataclass(frozen=True, slots=True)
class SendingPaused(Event):
    """`list` 0 is everything. `why`: "operator", "first-start", "outage", "restored", "blocked"; or
    "complaints" and "bounces", for which confirmations go on.
    """

    why: str
    list: int = 0


@dataclass(frozen=True, slots=True)
class SendingResumed(Event):
    list: int = 0


@dataclass(frozen=True, slots=True)
class LedgerRestored(Event):
    """The ledger came back from a copy that ended at `position`."""

    position: int


@dataclass(frozen=True, slots=True)
class RetentionApplied(Event):
    """What the round of `night` (a local date) found past its time, and did (D14). `rules`: name,
    how many were past it, for how many something was done, the oldest that was kept until then (ms,
    0: none). `mode` "report" does nothing; `enforce` at most so many people a night.
    """

    night: str
    mode: str
    rules: tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class BreachRecorded(Event):
    """A step in the log of a breach (GDPR 33(5)): its facts, effects and measures lie in the vault
    under the cause's commitment.

    `breach` is a random id. `step`: "detected", "assessed", "authority-told", "people-told",
    "closed". `risk`: "unknown", "none", "risk", "high"; `people`: how many are affected. "" and 0:
    as before.
    """

    breach: str
    step: str
    risk: str = ""
    people: int = 0


@dataclass(frozen=True, slots=True)
class PeopleExported(Event):
    """A list of so many people was handed to an operator as a file, or to a program page by page,
    with these fields of theirs. By which conditions they were chosen lies in the vault under the
    cause's commitment: a condition may name somebody.
    """

    people: int
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicationProposed(Event):
    """Somebody asks another to approve what is named by `digest`, the SHA-256 of the plan over the
    edition in force: any change makes it another plan. `by` is the random id of their account, ""
    at the command line.
    """

    digest: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class PublicationApproved(Event):
    """The plan named by `digest` may be put in force, says an account that did not propose it."""

    digest: str
    by: str


@dataclass(frozen=True, slots=True)
class RoleGiven(Event):
    """An account of the console may from here on what its `role` may: "author", "operator",
    "rights" or "auditor". `account` is its random id, its name lies in the vault under the cause's
    commitment; `reads`: an author who may read people.
    """

    account: str
    role: str
    reads: bool = False


@dataclass(frozen=True, slots=True)
class AccountRemoved(Event):
    """An account of the console opens nothing from here on."""

    account: str


@dataclass(frozen=True, slots=True)
class DoctorRan(Event):
    """How the installation looks from outside was examined: the codes of what does not hold, each
    once, in order (docs/doctor.md).
    """

    failing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SuppressionLifted(Event):
    """An operator has taken an address of nobody who is known off the suppression list, where it
    stood for `reason`. Which one is said nowhere; why, and by whom, lies in the vault.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class FormTried(Event):
    """The installation's own robot went through `form` and left by `way`: "link", "one-click",
    "mail", or "" where no letter follows soon enough to leave by. `failed`: the step that did not
    come about, "form", "confirmation", "confirming", "letter" or "leaving"; "" for none.
    """

    form: str
    way: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class OriginBegun(Event):
    """From here on checkpoints are signed in the name `origin`, by the key `vkey` (C2SP
    signed-note). `previous` is the origin before it, "" for the first, of which a checkpoint of
    `size` and `root` (hexadecimal) was the last one signed: the ledger was put back, and may not
    hold all of it.
    """

    origin: str
    vkey: str
    previous: str = ""
    size: int = 0
    root: str = ""


@dataclass(frozen=True, slots=True)
class SigningKeyChanged(Event):
    """From here on `vkey` signs in the name of the same origin; `note` is signed by the key before
    it and names it (F13).
    """

    vkey: str
    note: str


@dataclass(frozen=True, slots=True)
class ClockChanged(Event):
    """From here on engine time runs `rate` times as fast as the wall clock, `ahead` ms after it
    (negative: before). `trial`: the installation is one.

    `jumped`: by how many ms the machine's wall clock was found to have moved by itself, `at` being
    what it would have shown without. `behind`: by how many ms of engine time the clock was found to
    stand before the last fact.
    """

    rate: int = 1
    trial: bool = False
    ahead: int = 0
    jumped: int = 0
    behind: int = 0


InstallationEvent = (
    WordsPublished
    | SequencePublished
    | ConfigurationPublished
    | VersionsPublished
    | NoticePublished
    | FormPublished
    | BroadcastFellDue
    | SendingPaused
    | SendingResumed
    | LedgerRestored
    | RetentionApplied
    | BreachRecorded
    | PeopleExported
    | PublicationProposed
    | PublicationApproved
    | RoleGiven
    | AccountRemoved
    | DoctorRan
    | FormTried
    | SuppressionLifted
    | OriginBegun
    | SigningKeyChanged
    | ClockChanged
)
