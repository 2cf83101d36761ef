"""`[operator]` of config.toml: who is told how a week went, and when. Below config.py, which reads
it.
"""

from __future__ import annotations

from engine.frozen import dataclass
from engine.intake.address import AddressRefused, normalise
from engine.sequence.delay import parse_clock, parse_days
from engine.sequence.mistakes import Unreadable
from engine.sequence.table import Table
from engine.sequence.timing import Hours
from engine.words import N_


@dataclass(frozen=True, slots=True)
class OperatorMail:
    """`address` gets the weekly summary at the hour and on the day of `summary`, on the clock of
    `[site] timezone`; None: none is sent.
    """

    address: str = ""
    summary: Hours | None = None


def read_operator(table: Table) -> OperatorMail:
    address = _address(table)
    summary = table.parsed("summary", parse_weekly, None)
    if summary is not None and not table.get("address", str, ""):
        table.mistake("summary", N_("`summary` needs `address`: who gets it"))
    return OperatorMail(address, summary)


def parse_weekly(text: str) -> Hours | None:
    """ "monday 08:00", "vendredi 17h30". Raises Unreadable."""
    day, _blank, clock = text.strip().partition(" ")
    if not clock or len(days := parse_days(day)) != 1:
        raise Unreadable(N_('write a day of the week and an hour: "monday 08:00"'))
    return Hours(at=parse_clock(clock), days=days)


def _address(table: Table) -> str:
    value = table.get("address", str, "")
    try:
        return normalise(value) if value else ""
    except AddressRefused:
        table.mistake("address", N_("`address` is one address: moi@example.org"))
        return ""
