"""What a person's rights ask of their stream (GDPR 15 to 22); as in `commands`."""

from __future__ import annotations

from engine.frozen import dataclass
from engine.subscriber.command import Command
from engine.subscriber.terms import AccessRight, ErasureBasis, Right, RightOutcome


@dataclass(frozen=True, slots=True)
class ExerciseRight(Command):
    """A right exercised, to be answered later. `received_at` (ms) is when the request came in (0 =
    now): the month counts from there.
    """

    right: Right
    request: str
    received_at: int = 0
    call: str = ""


@dataclass(frozen=True, slots=True)
class ExtendRight(Command):
    """The person has been informed that the answer takes up to two months more."""

    request: str


@dataclass(frozen=True, slots=True)
class AnswerRight(Command):
    """An open request is answered."""

    request: str
    how: RightOutcome


@dataclass(frozen=True, slots=True)
class GrantAccess(Command):
    """Everything held about the person is handed to them. Here and in the commands below, `request`
    is a fresh random id for a right not recorded before; an open one is answered instead. `act` is
    the class of evidence when the person pressed a button (C05).
    """

    right: AccessRight
    request: str
    call: str = ""
    act: str = ""


@dataclass(frozen=True, slots=True)
class Rectify(Command):
    """`fields` names what the vault is given; "email" among them means another address. `own_act`:
    the person made the correction themselves; other corrections they asked for stay open.
    """

    request: str
    fields: tuple[str, ...] = ()
    timezone: str = ""
    language: str = ""
    call: str = ""
    own_act: bool = False


@dataclass(frozen=True, slots=True)
class Restrict(Command):
    request: str
    lifted: bool = False
    call: str = ""


@dataclass(frozen=True, slots=True)
class Object(Command):
    """To marketing, which is absolute and takes effect at once (GDPR 21(2) and (3)): everything is
    withdrawn.
    """

    request: str
    call: str = ""


@dataclass(frozen=True, slots=True)
class Erase(Command):
    """`archived_until` is not 0 where proof is sealed and
    kept until then: of the first `sealed` facts, which must be all there are.
    """

    request: str
    basis: ErasureBasis = "asked"
    archived_until: int = 0
    sealed: int = 0

    def __post_init__(self) -> None:
        if self.archived_until and self.archived_until < self.at:
            raise ValueError("a proof is not kept until a time that has passed")


@dataclass(frozen=True, slots=True)
class OpenProof(Command):
    """The sealed proof of someone who was erased is handed out."""


@dataclass(frozen=True, slots=True)
class NoteReading(Command):
    """Somebody of the house reads what is known of the person."""
