"""Why we may write: what can happen to a ground, from its asking to its end. Part of `events`, and
kept as those are.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.subscriber.fact import Event


@dataclass(frozen=True, slots=True)
class ConsentRequested(Event):
    """A person asked to join `lists`; a mail asks them to confirm before `expires_at`. `request` is
    a random id.

    The mail leaves at `hold_until`, where too many requests came at once; 0 for at once.
    """

    purpose: str
    request: str
    lists: tuple[int, ...]
    expires_at: int
    notice: str = ""
    form: str = ""
    hold_until: int = 0


@dataclass(frozen=True, slots=True)
class ConsentGiven(Event):
    """`proof`: "declared" (someone says so), "declared-with-proof", "single" (the person's own act,
    not confirmed by mail), "page".

    `partner` is whom a consent to somebody else's messages names, `partners` the version of the
    list it stood in (D07).
    """

    purpose: str
    proof: str
    notice: str = ""
    act: str = ""
    partner: str = ""
    partners: str = ""


@dataclass(frozen=True, slots=True)
class GroundDeclared(Event):
    """A ground other than consent: `basis` is "soft-optin" (CPCE L34-5 al. 4), "b2b" or
    "service".
    """

    purpose: str
    basis: str
    proof: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class ConsentConfirmed(Event):
    """`partner` and `partners` as for ConsentGiven."""

    purpose: str
    request: str
    act: str = ""
    notice: str = ""
    partner: str = ""
    partners: str = ""


@dataclass(frozen=True, slots=True)
class ConsentExpired(Event):
    """A request ended unconfirmed: its time was over or, where its cause is a click, whoever got
    its mail said that they had not asked.
    """

    purpose: str
    request: str


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn(Event):
    """`purpose` "*" is everything: every purpose, now and to come, until a new act of the
    person.
    """

    purpose: str
    act: str = ""
