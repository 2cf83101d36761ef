"""A person as values: what their events add up to. Bounded by what is open, however long the stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LetterState:
    """`status`: "begun", "sent", "deferred", "failed", "withheld", "doubt". `at` is when that became so."""

    message: str
    status: str
    at: int
    attempts: int = 1
    first_begun: int = 0
    retry_at: int = 0
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of how a membership came about: from which run, by which link of which message ("" for a rule or an operator)."""

    run: int
    message: str = ""
    link: int = -1


@dataclass(frozen=True, slots=True)
class Membership:
    """One person on one list, in one run. `since` is what delays count from, `trail` how they came here.

    Letters due before `skip_before` are left out.
    """

    list: int
    run: int
    since: int
    joined_at: int
    start: str = "welcome"
    hold_until: int = 0
    trail: tuple[Hop, ...] = ()
    letters: Mapping[str, LetterState] = field(default_factory=dict)

    @property
    def skip_before(self) -> int:
        return self.joined_at if self.start == "by-date" else 0


@dataclass(frozen=True, slots=True)
class Ground:
    """Why we may write for a purpose. `basis`: consent, soft-optin, b2b, service. `status`: "live" or "withdrawn"."""

    basis: str
    status: str
    since: int
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A double opt-in under way. `letters` holds the confirmation mail ("ask") and its reminder ("ask-again")."""

    request: str
    purpose: str
    lists: tuple[int, ...]
    asked_at: int
    expires_at: int
    form: str = ""
    notice: str = ""
    letters: Mapping[str, LetterState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mailing:
    """A broadcast occurrence as one person got it, and its reminder."""

    list: int
    run: int
    letters: Mapping[str, LetterState] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InFlight:
    """A letter begun without an outcome."""

    key: str
    kind: str
    letter: str
    edition: int
    list: int
    run: int
    begun_at: int
    sender: str = ""
    attempt: int = 1
    doubt: bool = False
    first_begun: int = 0


@dataclass(frozen=True, slots=True)
class LastMove:
    message: str
    link: int
    at: int
    act: str
    target: int
    run: int
    joined: bool
    closed: tuple[Membership, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Everything a decision needs to know about one person; `version` is the number of their last event, 0 for nobody yet."""

    version: int = 0
    timezone: str = ""
    language: str = ""
    erased: bool = False
    restricted: bool = False
    objected: bool = False
    suppressed: str = ""
    grounds: Mapping[str, Ground] = field(default_factory=dict)
    requests: Mapping[str, Request] = field(default_factory=dict)
    memberships: Mapping[int, Membership] = field(default_factory=dict)
    left_at: Mapping[int, int] = field(default_factory=dict)
    mailings: Mapping[str, Mailing] = field(default_factory=dict)
    in_flight: Mapping[str, InFlight] = field(default_factory=dict)
    last_move: LastMove | None = None
    runs: int = 0
    calls: Mapping[str, int] = field(default_factory=dict)
    last_contact: int = 0
    soft_bounces: int = 0
    soft_since: int = 0

    @property
    def registered(self) -> bool:
        return self.version > 0

    def standing_from(self, run: int) -> Membership | None:
        """The open membership that is run `run` or descends from it."""
        for membership in self.memberships.values():
            if membership.run == run or any(hop.run == run for hop in membership.trail):
                return membership
        return None


NOBODY = Person()
