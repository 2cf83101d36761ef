"""How instants are read from and shown on the command line: local dates in the installation's zone."""

from __future__ import annotations

from datetime import date, datetime, time

from engine.language import N_
from engine.sequence.timing import to_instant, to_local
from engine.verbs.refusal import Refusal


def shown(instant: int, zone: str) -> str:
    """ "2026-12-01 09:00:00" on the local clock of a zone."""
    return to_local(instant, zone).strftime("%Y-%m-%d %H:%M:%S")


def read_date(text: str, zone: str) -> int:
    """An instant from "2026-12-01", "01/12/2026" or an ISO date and time; without a zone, local midnight or time. Refusal of status 2."""
    try:
        return _instant(text.strip(), zone)
    except (ValueError, OverflowError):
        raise Refusal(N_('"{text}" is not a date: write 2026-12-01, 01/12/2026 or 2026-12-01T09:00'), 2, text=text) from None


def _instant(text: str, zone: str) -> int:
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day: date = datetime.strptime(text, pattern).date()
        except ValueError:
            continue
        return to_instant(datetime.combine(day, time()), zone)
    moment = datetime.fromisoformat(text)
    return to_instant(moment, zone) if moment.tzinfo is None else int(moment.timestamp() * 1000)
