"""The programme as a calendar file (RFC 5545). Apart, because it is where icalendar comes in.

Words of authors go into it as text alone: control characters become dots, and the package escapes
the rest, so that no subject begins a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event

from engine.audience.programme import Entry, Programme
from engine.i18n.printable import printable

PRODUCT = "-//Relance//Programme//FR"


def calendar_file(programme: Programme, host: str, now: int, say: Callable[[Entry], str]) -> bytes:
    """Every entry that has a day or a month, as an event; the same entry has the same UID in every
    file. `say` words an entry, `now` (ms) is when the file is made, `host` the installation's.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for entry in programme.entries:
        if entry.day:
            calendar.add_component(_event(entry, host, now, say(entry)))
    return bytes(calendar.to_ical())


def _event(entry: Entry, host: str, now: int, words: str) -> Event:
    event = Event()
    name = printable(f"{entry.kind}-{entry.id or entry.what}-{entry.day}".replace(" ", "-"))
    event.add("uid", f"{name}@{printable(host)}")
    event.add("dtstamp", datetime.fromtimestamp(now / 1000, UTC))
    event.add("summary", printable(words))
    event.add("categories", [entry.kind])
    event.add("transp", "TRANSPARENT")
    if entry.at:
        event.add("dtstart", datetime.fromtimestamp(entry.at / 1000, UTC))
        return event
    first, last = _span(entry.day)
    event.add("dtstart", first)
    event.add("dtend", last + timedelta(days=1))
    return event


def _span(day: str) -> tuple[date, date]:
    """The first and the last day of "2027-05-12" or "2027-05"."""
    if len(day) == len("2027-05-12"):
        return date.fromisoformat(day), date.fromisoformat(day)
    first = date.fromisoformat(f"{day}-01")
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
