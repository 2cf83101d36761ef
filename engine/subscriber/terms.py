"""The closed sets of values in commands and decisions, each spelt as it is stored.

Fields of events are plain strings all the same: a later version of the program may have written a
value that this one does not know, and it is read and kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeVar, get_args

Basis = Literal["consent", "soft-optin", "b2b", "service"]
"""The legal ground to write: consent, CPCE L34-5 al. 4, B2B, or a service that was asked for."""
Proof = Literal["declared", "declared-with-proof", "single", "page"]
"""How consent is known: someone says so, with a document, by the person's own act that no mail
confirms, or by a press on a page.
"""
GroundStatus = Literal["live", "withdrawn"]
Start = Literal["welcome", "none", "by-date"]
"""Which letters of a list a person gets who joins it: every letter from now, none, or those not
past, counted from a date.
"""
Frequency = Literal["as-it-comes", "weekly", "monthly"]
"""How often a person wants letters at most: no cap of their own, one in a week, one in a month."""
MailKind = Literal["letter", "broadcast", "confirmation", "permission"]
ActKind = Literal["letter", "settle", "end", "expire", "idle", "right", "withheld"]
"""settle: a begun letter without outcome; end: of a list; expire: of a request."""
LetterStatus = Literal["begun", "sent", "deferred", "failed", "withheld"]
LetterVerdict = Literal[
    "sent", "temporary", "hard", "soft", "blocked", "doubt", "cannot-render", "cannot-carry",
    "not-eligible", "released", "resend", "taken-as-sent",
]  # fmt: skip
"""What became of a begun letter. released: never handed over; resend, taken-as-sent: how one in
doubt is settled.
"""
Fault = Literal["mailbox", "sender", "unknown"]
BounceKind = Literal["hard", "soft", "blocked"]
"""Whom a refusal by a mail server blames: it counts against the address only if it blames the
mailbox.
"""
CANNOT_BE_RENDERED = "cannot be rendered"
CANNOT_BE_CARRIED = "cannot be carried"
NOT_CHOSEN = "preferences"
"""A letter is withheld because of a theme or a content type that the person did not choose."""
PAUSED = "paused"
"""A broadcast is withheld because it fell into the person's pause."""
NOT_IN_SEGMENT = "segment"
HELD_OUT = "holdout"
"""A letter is withheld because the person is not in the segment it goes to, or is in one that it
spares.
"""
PRESSURE = "pressure"
"""Why a letter is withheld for which a cap has no room."""
NOT_ELIGIBLE = "not eligible: "
"""Prefix of the reason why a letter that was due might not be sent."""
AnswerKind = Literal["move", "copy"]
SuppressionReason = Literal["bounced", "complained", "operator", "imported"]
LIFTABLE: frozenset[str] = frozenset({"bounced", "operator", "imported"})
"""Suppressions that say nothing of a person's own wish: an operator may lift them."""
LIFTED = "lifted by an operator"
"""Why a person can be written to again, in such a case."""
ErasureBasis = Literal["asked", "retention", "unconfirmed"]
"""Erased on request (GDPR 17(1)), at the end of retention, or because a request was never
confirmed.
"""
Right = Literal[
    "access", "rectification", "restriction", "objection", "withdrawal", "erasure", "portability"
]
"""GDPR 7(3) and 15 to 21."""
AccessRight = Literal["access", "portability"]
RightOutcome = Literal["done", "refused"]

ACCESS_RIGHTS: tuple[AccessRight, ...] = get_args(AccessRight)
FREQUENCIES: tuple[Frequency, ...] = get_args(Frequency)
BASES: tuple[Basis, ...] = get_args(Basis)
STARTS: tuple[Start, ...] = get_args(Start)
SUPPRESSION_REASONS: tuple[SuppressionReason, ...] = get_args(SuppressionReason)
RIGHT_OUTCOMES: tuple[RightOutcome, ...] = get_args(RightOutcome)
RIGHTS: tuple[Right, ...] = get_args(Right)
MAIL_KINDS: tuple[MailKind, ...] = get_args(MailKind)


T = TypeVar("T")


def one_of(text: str, values: Iterable[T]) -> T:
    """The value that `text` spells; ValueError where it is none of them."""
    for value in values:
        if value == text:
            return value
    raise ValueError(f"{text!r} is none of {', '.join(map(str, values))}")


def mail_kind(stored: str) -> MailKind:
    """The kind of a begun mail. A kind that is not known is treated as a list's letter."""
    return stored if stored in MAIL_KINDS else "letter"
