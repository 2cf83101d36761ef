"""The languages of Relance: messages are written in English in the code, and translated into French
by the catalogue.

The catalogue is `locale/fr/LC_MESSAGES/relance.po` beside this file, compiled on first use and
kept: there is no build step. English needs no catalogue and does not import babel, which keeps the
command line quick. A message that the catalogue lacks stays English. French spacing is applied
here, whatever the catalogue has.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.util import cache_from_source
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from engine.intake.amounts import decimal
from engine.letter import french_spacing
from engine.letter.french_spacing import spaced
from engine.words import LANGUAGES as LANGUAGES
from engine.words import Language as Language

Say = Callable[[str], str]
SayCounted = Callable[[str, str, int], str]

_CATALOGUES: Final = Path(__file__).parent / "locale"


def translator(language: Language) -> Say:
    """What turns an English message into its words in `language`; usually named `_` where it is
    used.

    Raises ValueError for a language Relance does not speak.
    """
    gettext = _catalogue(language).gettext
    # A catalogue's header stands under the empty message; nothing said is nothing in any language.
    return lambda message: gettext(message) if message else ""


def counting_translator(language: Language) -> SayCounted:
    """The same for messages that count: `ngettext("{n} letter", "{n} letters", n)`; usually named
    `ngettext`.
    """
    return _catalogue(language).ngettext


def language_here() -> Language:
    """The terminal's, where no installation says which: LC_ALL, LC_MESSAGES or LANG, in this order;
    English where Relance does not speak it.
    """
    locale = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    return "fr" if locale.lower().startswith("fr") else "en"


def day_in_words(day: date, language: Language) -> str:
    """ "1 November 2026", "1er novembre 2026"."""
    from babel.dates import format_date

    if language == "fr" and day.day == 1:
        return format_date(day, "'1er' MMMM y", locale="fr")
    return format_date(day, "long", locale="fr" if language == "fr" else "en_GB")


def month_in_words(month: int, language: Language) -> str:
    """ "May", "mai"; January is 1."""
    from babel.dates import get_month_names

    return str(get_month_names("wide", "stand-alone", locale=language)[month])


def weekday_in_words(weekday: int, language: Language) -> str:
    """ "Monday", "lundi"; Monday is 0."""
    from babel.dates import get_day_names

    return str(get_day_names("wide", "stand-alone", locale=language)[weekday])


def ordinal(number: int, language: Language) -> str:
    """A day of the month: "1st", "22nd"; "1er", "22"."""
    if language == "fr":
        return "1er" if number == 1 else str(number)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number % 100 < 14 else ending}"


def town_in_words(zone: str, language: Language) -> str:
    """The town that a time zone is named after: "Athens", "Athènes". A name that Unicode's tables
    lack is read from the zone's own.
    """
    from babel.core import Locale

    names = Locale(language).time_zones.get(zone, {})
    return str(names.get("city") or zone.partition("/")[2].replace("_", " ").replace("/", ", "))


def country_in_words(code: str, language: Language) -> str:
    """ "Germany", "Allemagne", of two letters (ISO 3166-1); a code that Unicode's tables lack as it
    is.
    """
    from babel.core import Locale

    return str(Locale(language).territories.get(code.upper(), code))


def grouped(number: int, _: Say) -> str:
    """ "3,002"; in French "3 002", with a narrow space that no line is broken at: the catalogue
    has what stands between thousands.
    """
    return f"{number:,}".replace(",", _(","))


def amount_in_words(amount: int, currency: str, _: Say) -> str:
    """ "EUR 1,234.50"; in French "1 234,50 €": minor units of a currency (ISO 4217)."""
    whole, fraction = decimal(amount, currency)
    figures = grouped(int(whole), _)
    if fraction:
        figures = _("{whole}.{fraction}").format(whole=figures, fraction=fraction)
    sign = _("EUR") if currency == "EUR" else currency
    return _("{currency} {amount}").format(currency=sign, amount=figures)


def N_(message: str) -> str:
    """Marks a message for the catalogue where it is written, when it is said (with `_`)
    elsewhere.
    """
    return message


@cache
def _catalogue(language: Language) -> NullTranslations:
    if language not in LANGUAGES:
        raise ValueError(
            f"Relance does not speak {language!r}: choose one of {', '.join(LANGUAGES)}."
        )
    if language == "en":
        return NullTranslations()
    return _kept_or_compiled(_CATALOGUES / language / "LC_MESSAGES" / "relance.po", language)


def _kept_or_compiled(source: Path, language: Language) -> GNUTranslations:
    """Compiled once, as Python compiles a module once, and kept where that is kept: it takes a
    third of a second, which every verb would wait. Made anew where the catalogue, or the spacing
    that is applied to it, is another.
    """
    made_of = [path.stat() for path in (source, Path(french_spacing.__file__))]
    stamp = b" ".join(b"%d %d" % (one.st_mtime_ns, one.st_size) for one in made_of) + b"\n"
    kept = Path(cache_from_source(str(source))).with_suffix(".mo")
    with suppress(OSError):
        octets = kept.read_bytes()
        if octets.startswith(stamp):
            return GNUTranslations(BytesIO(octets.removeprefix(stamp)))
    with source.open("rb") as file:
        octets = compiled(file, language)
    if not sys.dont_write_bytecode:
        with suppress(OSError):
            _keep(kept, stamp + octets)
    return GNUTranslations(BytesIO(octets))


def _keep(path: Path, octets: bytes) -> None:
    """Whole, or not at all: another process may read or write it at the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        beside.write_bytes(octets)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def compiled(source: IO[bytes], language: Language) -> bytes:
    """The catalogue written in `source` (a `.po` file, UTF-8) as a `.mo` file."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    target, catalogue = BytesIO(), read_po(source, locale=language, abort_invalid=True)
    if language == "fr":
        for entry in catalogue:
            entry.string = (
                spaced(entry.string)
                if isinstance(entry.string, str)
                else tuple(map(spaced, entry.string or ()))
            )
    write_mo(target, catalogue)
    return target.getvalue()
