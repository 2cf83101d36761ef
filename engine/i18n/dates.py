"""Parses instants, time zones and languages given on the command line, and formats instants in the
installation's time zone.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.i18n.language import N_, Language, day_in_words
from engine.i18n.user_error import UserError
from engine.intake.instants import DateRefused, read_instant
from engine.intake.locales import read_language, read_zone
from engine.sequence.timing import to_local


def shown(instant: int, zone: str) -> str:
    """ "2026-12-01 09:00:00" on the local clock of a zone."""
    return to_local(instant, zone).strftime("%Y-%m-%d %H:%M:%S")


Moment = Callable[[int], str]
"""How a report says an instant (ms)."""


def on_clock(zone: str) -> Moment:
    """As `shown` does."""
    return lambda instant: shown(instant, zone)


def moment_in_words(instant: int, zone: str, language: Language, *, seconds: bool = False) -> str:
    """ "12 March 2026 at 14:05", "12 mars 2026 à 14 h 05", on the local clock of a zone; no line is
    broken within a time.
    """
    local = to_local(instant, zone)
    day = day_in_words(local.date(), language)
    if language == "fr":
        last = f"\u00a0min\u00a0{local:%S}\u00a0s" if seconds else ""
        return f"{day} à {local.hour}\u00a0h\u00a0{local:%M}{last}"
    return f"{day} at {local:%H:%M:%S}" if seconds else f"{day} at {local:%H:%M}"


def read_date(text: str, zone: str) -> int:
    """An instant as `read_instant` reads it, the day first (01/12/2026 is the first of December).
    Raises UserError of status 2.
    """
    try:
        return read_instant(text, zone, "day-first")
    except DateRefused:
        raise UserError(
            N_('"{text}" is not a date: write 2026-12-01, 01/12/2026 or 2026-12-01T09:00'),
            2,
            text=text,
        ) from None


def zone_argument(text: str) -> str:
    """The IANA name of a zone, "" for an empty argument. Raises UserError of status 2."""
    zone = read_zone(text.strip())
    if text.strip() and not zone:
        raise UserError(
            N_('"{zone}" is no time zone: write for example "Europe/Paris"'), 2, zone=text
        )
    return zone


def language_argument(text: str) -> str:
    """The code of a language, "" for an empty argument. Raises UserError of status 2."""
    language = read_language(text.strip())
    if text.strip() and not language:
        raise UserError(
            N_('"{language}" is no language: write a code such as fr or en'), 2, language=text
        )
    return language
