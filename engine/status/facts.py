"""How an installation stands at one moment, as values. Seconds are wall-clock. Nothing personal:
people are their opaque ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal, NamedTuple

from engine import __version__
from engine.desk.totals import Total
from engine.frozen import dataclass
from engine.hooks.report import Standing
from engine.words import Words

NO_WORDS = Words("")
PARTS = ("web", "follow", "send")


@dataclass(frozen=True, slots=True)
class Process:
    """`since` and `seen` are how many seconds ago it began and was last heard of, `version` is the
    release of its program.
    """

    parts: tuple[str, ...]
    host: str
    pid: int
    since: float
    seen: float
    lives: bool = True
    version: str = __version__


@dataclass(frozen=True, slots=True)
class Trouble:
    """`what`: "relay", "blocked", "console", "proof", "witness", "cosigner", "stamp", "imap-" and a
    fault of the mailbox; `why` in its own words, for `since` seconds.
    """

    what: str
    why: str
    since: float


@dataclass(frozen=True, slots=True)
class ViewState:
    """`behind` counts entries (negative: it knows of entries the ledger does not have), `late` the
    seconds since the first of them was written.
    """

    name: str
    position: int
    behind: int = 0
    late: float = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Letters of one list (0: requests to confirm; -1: broadcasts to segments) due now and within
    the hour of engine time; `held` is why they wait, "" when they do not.
    """

    list: int
    now: int
    hour: int
    held: str = ""


@dataclass(frozen=True, slots=True)
class Stuck:
    """Somebody, and the matter of theirs that was set aside: a key of the agenda, or "agenda" where
    their whole history cannot be taken in.
    """

    subscriber: str
    key: str
    why: str
    since: float


@dataclass(frozen=True, slots=True)
class Withheld:
    """A letter that waits until somebody mends `what` ("field:town", "smtputf8"), from so many
    people. `key`: "list:10", "broadcast:enfants", "ask:conseils"; `list` is 0 for a request.
    """

    key: str
    list: int
    letter: str
    what: str
    people: int


@dataclass(frozen=True, slots=True)
class TreeState:
    """The tree holds the entries of positions 1 to `size`; `behind` it is by so many. The last
    checkpoint of `origin` covers `signed` of them, made `age` wall-clock seconds ago; None for
    none.
    """

    size: int = 0
    behind: int = 0
    origin: str = ""
    signed: int = 0
    age: float | None = None


@dataclass(frozen=True, slots=True)
class HeldProvider:
    """A mailbox provider that gets no letters for `left` seconds more, by `rule`. `to_mend`:
    somebody has to mend something; `waiting` letters wait for it.
    """

    title: str
    rule: str
    left: float
    to_mend: bool
    waiting: int


@dataclass(frozen=True, slots=True)
class ExpiringKey:
    """A key for the API that expires in `left` seconds; negative: did so long ago."""

    id: str
    name: str
    left: float


@dataclass(frozen=True, slots=True)
class SilentWebhook:
    """A connection of which nothing is taken: a file of it cannot be used (`why`), or its last
    `calls` calls were all refused, the first of them `since` seconds ago (0 calls: none was).
    """

    name: str
    why: Words | None = None
    calls: int = 0
    since: float = 0


@dataclass(frozen=True, slots=True)
class ClockState:
    """`now` is the engine's present (ms), `ahead` by how many seconds it lies after the wall
    clock's, `rate` how many times faster it runs; `behind` by how many it lies before the last
    fact. `jumped`: by how many seconds the machine's clock was found to have moved by itself, in
    the last week.

    `trial`: "" for none, "whole" where nobody was registered before it, "over people" otherwise.
    """

    now: int = 0
    ahead: float = 0
    rate: int = 1
    trial: Literal["", "whole", "over people"] = ""
    behind: float = 0
    jumped: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundState:
    """Mail that comes back. `doors` are those that the configuration opens: "lmtp", "smtp", "imap".
    `handled` within seven days, by what it was; `unknown` were not understood, the first
    `unknown_for` seconds of engine time ago; `waiting` are to be handed on, the first since
    `waiting_for` seconds.
    """

    doors: tuple[str, ...] = ()
    handled: Mapping[str, int] = field(default_factory=dict)
    unknown: int = 0
    unknown_for: float = 0
    is_full: bool = False
    waiting: int = 0
    waiting_for: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """What became of letters to one provider within seven days. `complaints` and `bounces`: "warn"
    or "over" where a guard is passed. `waiting` are to be tried again, `refused` of them because
    it refuses our mail as such, by `answer` (a code).
    """

    provider: str
    title: str
    sent: int = 0
    tried: int = 0
    bounced: int = 0
    complained: int = 0
    complaints: str = ""
    bounces: str = ""
    waiting: int = 0
    refused: int = 0
    answer: str = ""


class ProviderCount(NamedTuple):
    """Letters since the first, by what became of them: see engine/delivery/figures.py."""

    provider: str
    what: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFacts:
    """`whole` is one, of all providers together, or none where nothing was sent. `unheard`: mail
    comes back, or may, and nothing in its envelope says which letter it is about.
    """

    whole: tuple[ProviderFacts, ...] = ()
    providers: tuple[ProviderFacts, ...] = ()
    ever: tuple[ProviderCount, ...] = ()
    unheard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HookFacts:
    """A program that is told of facts. `since` seconds it has taken nothing, or is switched off;
    `answer` is what it answered last, `fault` why its secret cannot be used. `behind`: entries of
    the ledger that it was not looked through for; `taken` and `failed` tries since it began.
    """

    name: str
    standing: Standing
    since: float = 0
    answer: Words = NO_WORDS
    fault: Words | None = None
    behind: int = 0
    waiting: int = 0
    given_up: int = 0
    first_given_up: int = 0
    taken: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """`paused` maps a list (0: everything) to the reason; `tick` is how many seconds ago a round of
    sending ended, None for never. `checkpoint_every` are the seconds after which one is due;
    `requests` are rights that people have asked for and that wait for an answer, `requests_late` of
    them past their deadline. `witnessed` and `stamped` are how many wall-clock seconds ago the last
    mail to a witness left and the last checkpoint was stamped, None for never. `forms_held`
    requests to confirm are held because too many forms were posted, the last of them for
    `forms_held_for` seconds more; `form_traps` posts of forms within thirty days filled in the
    input hidden from people. `held_back` are letters that wait for room under a cap, by list (0:
    by none), `held_back_today` how often a letter found none today. `not_sent` counts letters that
    were withheld since the Monday `not_sent_since` (YYYY-MM-DD) for what is not mended, by reason;
    `stopped` people nothing is written to for a purpose because they were silent.
    `ailments`: what the doctor found last not to hold, each for how many seconds; `forms_failing`:
    of forms that the robot tried last in vain, the step that failed.
    `webhooks`: those of which nothing is taken.
    `signing`: what is due with a key that signs letters, or why it cannot be used ("unusable").
    """

    head: int
    processes: tuple[Process, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    views: tuple[ViewState, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    paused: Mapping[int, str] = field(default_factory=dict)
    in_doubt: int = 0
    stuck: tuple[Stuck, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    breaches_late: tuple[str, ...] = ()
    breaches_waiting: tuple[str, ...] = ()
    tick: float | None = None
    relay: str = ""
    comes_back: bool = True
    """Whether what providers answer can be known: they answer us, or bounces are read."""
    tree: TreeState = TreeState()
    checkpoint_every: float = 3600
    database_bytes: int = 0
    disk_free: int = 0
    disk_total: int = 0
    requests: int = 0
    requests_late: int = 0
    witnessed: float | None = None
    stamped: float | None = None
    clock: ClockState = ClockState()
    forms_held: int = 0
    forms_held_for: float = 0
    form_traps: int = 0
    held_back: Mapping[int, int] = field(default_factory=dict)
    held_back_today: int = 0
    not_sent: Mapping[str, int] = field(default_factory=dict)
    not_sent_since: str = ""
    stopped: Mapping[str, int] = field(default_factory=dict)
    keys: tuple[ExpiringKey, ...] = ()
    signing: tuple[tuple[str, Words], ...] = ()
    webhooks: tuple[SilentWebhook, ...] = ()
    ailments: Mapping[str, float] = field(default_factory=dict)
    forms_failing: Mapping[str, str] = field(default_factory=dict)
    inbound: InboundState = InboundState()
    delivery: DeliveryFacts = DeliveryFacts()
    held_providers: tuple[HeldProvider, ...] = ()
    hooks: tuple[HookFacts, ...] = ()
    oldest_due: float = 0
    """Seconds of the engine's time by which the oldest act that is due is late."""
    totals: Mapping[Total, int] = field(default_factory=dict)

    @property
    def live(self) -> frozenset[str]:
        """The parts that somebody does."""
        return frozenset(
            part for process in self.processes if process.lives for part in process.parts
        )
