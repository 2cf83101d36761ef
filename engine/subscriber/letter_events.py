"""What can happen to a letter, from its claim to its outcome. Part of `events`, and kept as those
are.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.subscriber.fact import Event

CANNOT_BE_RENDERED = "cannot be rendered"
CANNOT_BE_CARRIED = "cannot be carried"


@dataclass(frozen=True, slots=True)
class LetterBegun(Event):
    """The claim: this letter, in this edition's words, is about to be handed over by `sender` under
    `message`.

    `kind`: "letter", "confirmation", "broadcast", "permission". `key` names the agenda row.
    `attempt` counts from 1; every attempt has the same `message`.
    """

    key: str
    kind: str
    letter: str
    message: str
    edition: int
    list: int = 0
    run: int = 0
    purpose: str = ""
    sender: str = ""
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class LetterSent(Event):
    """`mail`: for a letter that asked for consent, the commitment to its very bytes, which the
    vault keeps.
    """

    message: str
    code: int = 0
    enhanced: str = ""
    mail: str = ""


@dataclass(frozen=True, slots=True)
class LetterDeferred(Event):
    message: str
    retry_at: int
    code: int = 0
    enhanced: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class LetterFailed(Event):
    message: str
    code: int = 0
    enhanced: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class LetterWithheld(Event):
    """Not sent: `why` is "too late", "not eligible: …", or what somebody can mend:
    `CANNOT_BE_RENDERED`, `CANNOT_BE_CARRIED`.

    `message` is "" when it was never begun. `what` says what to mend: the field that was empty
    ("field:town"), or what the relay could not carry ("smtputf8").
    """

    key: str
    letter: str
    why: str
    list: int = 0
    run: int = 0
    message: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class LetterRetried(Event):
    """One that was withheld for what has been mended since is due again, under the same `message`.
    `late`: it counts from now, however late it is.
    """

    message: str
    key: str
    letter: str
    list: int = 0
    run: int = 0
    late: bool = False


@dataclass(frozen=True, slots=True)
class LetterInDoubt(Event):
    """The final dot was written and no answer read. `settled`: "" (waiting), "resend",
    "taken-as-sent". `mail` as for LetterSent.
    """

    message: str
    settled: str = ""
    mail: str = ""
