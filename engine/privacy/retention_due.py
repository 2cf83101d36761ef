"""When the night comes round, and from which instants on what is kept is past its time. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from engine.sequence.declared import Retention
from engine.sequence.delay import Delay
from engine.sequence.timing import earlier, to_local

HOUR_OF_THE_NIGHT = 3
"""Local: after midnight anywhere in one zone, before anybody is at work."""


def night_of(now: int, zone: str) -> str:
    """The local date of the last night that has begun."""
    return to_local(earlier(now, Delay(minutes=60 * HOUR_OF_THE_NIGHT), zone), zone).strftime(
        "%Y-%m-%d"
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """What is older than these instants (ms) is past its time. A day more than declared for people,
    whose own zone may lie behind: they are looked at one by one. `suppression` 0: never.
    """

    silent: int
    unanswered: int
    unconfirmed: int
    visitor: int
    relay: int
    archive: int
    suppression: int


def terms(declared: Retention, now: int, zone: str) -> Terms:
    def ago(delay: Delay) -> int:
        return earlier(now, delay, zone)

    day = 86_400_000
    suppression = ago(declared.suppression) if declared.suppression is not None else 0
    silent, unconfirmed = ago(declared.silent_after) + day, ago(declared.unconfirmed)
    return Terms(
        silent, now, unconfirmed, ago(declared.ip), ago(declared.delivery), now, suppression
    )
