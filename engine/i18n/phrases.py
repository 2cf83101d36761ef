"""How dates, durations, letters and commands to be copied are said on the command line, in the
author's language.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from engine.i18n.dates import Moment
from engine.i18n.language import (
    N_,
    Say,
    counting_translator,
    day_in_words,
    month_in_words,
    ordinal,
    translator,
    weekday_in_words,
)
from engine.i18n.stored_words import stored_in_words
from engine.letter.field_words import in_words
from engine.sequence.anchors import Anchored, PersonalDate
from engine.sequence.cron import WEEKDAYS, read_cron
from engine.sequence.delay import EVERY_DAY, NONE, Delay, written_clock, written_parts
from engine.sequence.feasts import NAMES
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Broadcast, FieldType, Letter, List, Plan
from engine.sequence.pressure import Cap
from engine.sequence.timing import Hours, read_local_minute, to_local
from engine.subscriber.agenda_key import BroadcastKey, ListKey, RequestKey, decode
from engine.subscriber.events import PreferencesSet
from engine.subscriber.person import Preferences
from engine.words import Language

if TYPE_CHECKING:
    from engine.letter.merge import Template

NOBODYS_FIELDS: Mapping[str, str] = MappingProxyType({})
SUBJECTS_KEPT = 1024


@cache
def weekdays(language: Language) -> tuple[str, ...]:
    _ = translator(language)
    return (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


def say_moment(instant: int, zone: str, language: Language) -> str:
    """ "Tue 2026-12-01 09:00" on the local clock of a zone."""
    local = to_local(instant, zone)
    return f"{weekdays(language)[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def say_delay(delay: Delay, language: Language) -> str:
    """ "2 days", "1 month", "at once"."""
    _, ngettext = translator(language), counting_translator(language)
    counts = (
        (delay.months // 12, ngettext("{n} year", "{n} years", delay.months // 12)),
        (delay.months % 12, ngettext("{n} month", "{n} months", delay.months % 12)),
        (delay.days, ngettext("{n} day", "{n} days", delay.days)),
        (delay.minutes // 60, ngettext("{n} hour", "{n} hours", delay.minutes // 60)),
        (delay.minutes % 60, ngettext("{n} minute", "{n} minutes", delay.minutes % 60)),
    )
    return " ".join(words.format(n=n) for n, words in counts if n) or _("at once")


def written_delay_in_words(text: str, language: Language) -> str:
    """A duration as a form shows it, part by part: of "1 week" in French "1 semaine". What is none
    stays as it is.
    """
    ngettext = counting_translator(language)
    try:
        parts = written_parts(text)
    except Unreadable:
        return text

    def part(n: int, unit: str) -> str:
        words = {
            "year": ngettext("{n} year", "{n} years", n),
            "month": ngettext("{n} month", "{n} months", n),
            "week": ngettext("{n} week", "{n} weeks", n),
            "day": ngettext("{n} day", "{n} days", n),
            "hour": ngettext("{n} hour", "{n} hours", n),
            "minute": ngettext("{n} minute", "{n} minutes", n),
        }
        return words[unit].format(n=n)

    return " ".join(part(n, unit) for n, unit in parts)


def say_cap(cap: Cap, language: Language) -> str:
    """ "3 per 7 days"."""
    return cap_in_words(str(cap), translator(language))


def cap_in_words(cap: str, _: Say) -> str:
    """ "3 per 7 days", as a cap is published and facts name it; in French "3 par 7 jours"."""
    count, _per, window = cap.partition(" per ")
    within = " ".join(_(part) for part in window.split(" "))
    return _("{n} per {window}").format(n=count, window=within) if window else cap


UNITS = (
    N_("minute"), N_("minutes"), N_("hour"), N_("hours"), N_("day"), N_("days"), N_("month"),
    N_("months"),
)  # fmt: skip
"""Of the window of a cap, as `str` of a Delay writes it."""


def say_anchored(anchored: Anchored, language: Language) -> str:
    """ "1 day before webinaire", "on birthday", "1 day after Saints de glace"."""
    _ = translator(language)
    if isinstance(anchored.date, PersonalDate):
        date = anchored.date.field
    else:
        date = NAMES.get(anchored.date.feast, anchored.date.id)
    if anchored.offset == NONE:
        return _("on {date}").format(date=date)
    sentence = _("{delay} before {date}") if anchored.before else _("{delay} after {date}")
    return sentence.format(delay=say_delay(anchored.offset, language), date=date)


def say_hours(hours: Hours, language: Language) -> str:
    """ "09:00 Mon-Fri", "09:00-18:00"; "" for any hour of any day."""
    parts = []
    if hours.at is not None:
        parts.append(written_clock(hours.at))
    if hours.between is not None:
        parts.append(f"{written_clock(hours.between[0])}-{written_clock(hours.between[1])}")
    if hours.days != EVERY_DAY:
        parts.append(_days(sorted(hours.days), weekdays(language)))
    return " ".join(parts)


def say_due_hours(hours: Hours, language: Language) -> list[str]:
    """The same in words of a page, part by part: "9:00" or "9 h", "Mon-Fri"."""
    parts = []
    if hours.at is not None:
        parts.append(clock_in_words(hours.at, language))
    if hours.between is not None:
        parts.append("–".join(clock_in_words(minute, language) for minute in hours.between))
    if hours.days != EVERY_DAY:
        parts.append(_days(sorted(hours.days), weekdays(language)))
    return parts


def say_due(letter: Letter, language: Language) -> str:
    """ "Day 2, 9:00", "5 days later", "no answer after 1 day": as short as a line is."""
    _ = translator(language)
    if letter.anchored is not None:
        moment = say_anchored(letter.anchored, language)
    elif letter.reminds:
        assert letter.wait is not None
        moment = _("no answer after {delay}").format(delay=say_delay(letter.wait, language))
    elif letter.after is None:
        assert letter.wait is not None
        moment = _("{delay} later").format(delay=say_delay(letter.wait, language))
    elif letter.after.months or letter.after.minutes:
        moment = _("{delay} after joining").format(delay=say_delay(letter.after, language))
    elif letter.after.days:
        moment = _("Day {n}").format(n=letter.after.days)
    else:
        moment = _("At once")
    return ", ".join(filter(None, (moment, *say_due_hours(letter.hours, language))))


def say_mailing(broadcast: Broadcast, language: Language) -> str:
    """When a broadcast goes out: "3 September 2026, 9:00", "on the 1st of each month, 9:00"."""
    if broadcast.anchored is not None:
        return say_due(broadcast.letter, language)
    if not broadcast.on:
        return say_every(broadcast.every, language)
    moment = read_local_minute(broadcast.on)
    clock = say_due_hours(Hours(at=moment.hour * 60 + moment.minute), language)
    return ", ".join([day_in_words(moment.date(), language), *clock])


def say_every(cron: str, language: Language) -> str:
    """A cron line in words: "every day, 9:00", "on the 1st of each month, 9:00", "every Monday,
    Thursday, 9:00"; as it is written where it says more than that.
    """
    _ = translator(language)
    try:
        minute, hour, day, month, weekday = read_cron(cron)
    except Unreadable:
        return cron
    if not (minute.isdecimal() and hour.isdecimal()):
        return _("every {cron} (cron)").format(cron=cron)
    days = [] if day == "*" else [ordinal(int(number), language) for number in day.split(",")]
    if month == "*" and days:
        when = _("on the {days} of each month").format(days=", ".join(days))
    elif month == "*" and weekday != "*":
        names = [WEEKDAYS[1:].index(name) for name in weekday.split(",")]
        when = _("every {days}").format(
            days=", ".join(weekday_in_words(number, language) for number in names)
        )
    elif month == "*":
        when = _("every day")
    elif days:
        months = ", ".join(month_in_words(int(number), language) for number in month.split(","))
        when = _("on the {days} of {months}").format(days=", ".join(days), months=months)
    else:
        return _("every {cron} (cron)").format(cron=cron)
    return f"{when}, {clock_in_words(int(hour) * 60 + int(minute), language)}"


def clock_in_words(minute: int, language: Language) -> str:
    """ "9:00", "9 h", "9 h 30", of a minute of the day."""
    if language == "en":
        return f"{minute // 60}:{minute % 60:02d}"
    return f"{minute // 60}\u00a0h" + (f"\u00a0{minute % 60:02d}" if minute % 60 else "")


def _days(days: list[int], names: tuple[str, ...]) -> str:
    in_a_row = days == list(range(days[0], days[-1] + 1)) and len(days) > 2
    return (
        f"{names[days[0]]}-{names[days[-1]]}" if in_a_row else ",".join(names[day] for day in days)
    )


def say_list(plan: Plan, number: int) -> str:
    """ "11 liste-creee" """
    listed: List | None = plan.lists.get(number)
    return f"{number} {listed.name}" if listed is not None else str(number)


def say_place(plan: Plan, number: int, _: Say) -> str:
    """Where letters that are due belong, by the number in `Views.due_until`."""
    if number < 0:
        return _("broadcasts to segments")
    if number == 0:
        return _("requests to confirm")
    return _("list {list}").format(list=say_list(plan, number))


def say_segment(plan: Plan, segment: str, _: Say) -> str:
    """ "the segment “Potagers autour de Lyon”", by its id where it is not published."""
    published = plan.segments.get(segment)
    return _("the segment “{segment}”").format(segment=published.name if published else segment)


def titled_list(plan: Plan, number: int) -> str:
    """ "10 (Prise en main)": as its readers know it, with its name where several lists have that
    title; by its name alone where it has none.
    """
    listed = plan.lists.get(number)
    name, title = listed.name if listed is not None else "", plan.title_for_readers(number)
    if (
        title
        and name
        and any(plan.title_for_readers(n) == title for n in plan.lists if n != number)
    ):
        return f"{number} ({title}, {name})"
    return f"{number} ({title or name})" if title or name else str(number)


def titled_purpose(plan: Plan, purpose: str) -> str:
    """The name of a purpose as its readers know it, its id where it was never published."""
    declared = plan.agreed_to(purpose)
    return declared.name if declared is not None else purpose


def titled_products(plan: Plan, codes: Iterable[str]) -> str:
    """Products by the names that [[product]] declares; others by their codes."""
    declared = plan.declared.products if plan.declared else ()
    names = {product.code: product.name for product in declared}
    return ", ".join(names.get(code, code) for code in codes)


def titled_fields(plan: Plan, names: Iterable[str], _: Say) -> str:
    """Fields by the author's labels, the address by its name."""
    labels = {name: declared.label for name, declared in plan.fields.items()}
    return ", ".join(
        labels.get(name) or (_("address") if name == "email" else name) for name in names
    )


def field_in_words(plan: Plan, name: str, kept: str) -> str:
    """A kept value in the plan's language; of a field that is no longer declared as it is."""
    declared = plan.fields.get(name)
    return in_words(declared, kept, plan.language) if declared is not None else kept


def values_in_words(plan: Plan, fields: Mapping[str, str]) -> list[str]:
    """Those of the plan's fields, in its order; "" where nothing is known."""
    return [field_in_words(plan, name, fields.get(name, "")) for name in plan.fields]


def subject_of(
    letter: Letter, fields: Mapping[str, str] = NOBODYS_FIELDS, plan: Plan | None = None
) -> str:
    """The subject as someone of these fields reads it, or of whom nothing is known; as written
    where one is wanting that has no default. Typed fields of the `plan` are in its language.
    """
    # Here, because most of what is said of letters renders none.
    from engine.letter.merge import MergeFailed, MergeMistake

    types, own = (plan.field_types(), {"language": plan.language}) if plan else ({}, None)
    try:
        return _subject(letter.subject, letter.body, tuple(types.items())).render(fields, own)
    except (MergeFailed, MergeMistake):
        return letter.subject


@lru_cache(maxsize=SUBJECTS_KEPT)
def _subject(text: str, file: str, types: tuple[tuple[str, FieldType], ...]) -> Template:
    """Pages name a hundred letters, and compiling each takes a millisecond. Raises MergeMistake."""
    from engine.letter.merge import compile_template

    return compile_template(text, file, False, dict(types))


def letter_at(plan: Plan, key: str, letter: str) -> Letter | None:
    """The published letter of an agenda key; None for the engine's own, or one that is gone."""
    match decode(key):
        case ListKey(number):
            listed = plan.lists.get(number)
            return listed.letter(letter) if listed is not None else None
        case BroadcastKey(name) if (broadcast := plan.broadcasts.get(name)) is not None:
            both = (broadcast.letter, broadcast.reminder)
            return next((one for one in both if one is not None and one.id == letter), None)
        case _:
            return None


def named(letter: str, subject: str, _: Say) -> str:
    """ "“Bienvenue” [welcome]" """
    return f"{quoted(subject, _)} [{letter}]" if subject else quoted(letter, _)


def say_letter(
    plan: Plan, key: str, letter: str, _: Say, fields: Mapping[str, str] = NOBODYS_FIELDS
) -> str:
    """A letter by its subject, its id, and where it belongs; as somebody reads it where their
    fields are given.
    """
    if isinstance(request := decode(key), RequestKey):
        sentence = _("the letter that asks to confirm for “{purpose}”")
        return sentence.format(purpose=request.purpose)
    published = letter_at(plan, key, letter)
    letter_named = named(
        letter, subject_of(published, fields, plan) if published is not None else "", _
    )
    return f"{letter_named} ({say_matter(plan, key, _)})"


def in_favour_of(letter_ref: str, plan: Plan, _: Say) -> str:
    """ ", in favour of “Soldes” [soldes] (broadcast soldes)"; "" for no letter."""
    key, _slash, letter = letter_ref.rpartition("/")
    if not letter:
        return ""
    return _(", in favour of {letter}").format(letter=say_letter(plan, key, letter, _))


def say_matter(plan: Plan, key: str, _: Say) -> str:
    """The list or the broadcast of an agenda key."""
    decoded = decode(key)
    if isinstance(decoded, ListKey):
        return _("list {list}").format(list=say_list(plan, decoded.list))
    name = decoded.broadcast if isinstance(decoded, BroadcastKey) else key
    return _("broadcast {name}").format(name=name)


def quoted(text: str, _: Say) -> str:
    return _("“{text}”").format(text=text)


def command(folder: Path, *words: str) -> str:
    """The installed program's name; where it is not installed, a call of the interpreter."""
    installed = Path(sys.executable).with_name("relance")
    program = [str(installed)] if installed.exists() else [sys.executable, "-m", "engine"]
    return shlex.join([*program, "-C", str(folder.resolve()), *words])


FormerOptions = Mapping[tuple[str, str], str]
"""Names of themes and types of content that were ever published, by kind and code."""
NO_FORMER_OPTIONS: FormerOptions = MappingProxyType({})


def preferences_in_words(
    chosen: PreferencesSet | Preferences,
    plan: Plan,
    moment: Moment,
    _: Say,
    former: FormerOptions = NO_FORMER_OPTIONS,
) -> list[str]:
    """Themes, types of content, frequency and pause, each in words. What is offered no longer has
    the name that it had last, if it is one of the `former`.
    """
    lines = []
    for kind, codes, options, sentence in (
        ("theme", chosen.themes, plan.themes, _("themes: {chosen}")),
        ("content", chosen.contents, plan.contents, _("types of content: {chosen}")),
    ):
        names = [
            options[code].name
            if code in options
            else _("{name} (no longer offered)").format(name=former.get((kind, code), code))
            for code in codes
        ]
        if names or options:
            lines.append(sentence.format(chosen=", ".join(names) or _("all")))
    lines.append(stored_in_words(chosen.frequency, _))
    if chosen.paused_until:
        lines.append(_("paused until {when}").format(when=moment(chosen.paused_until)))
    return lines
