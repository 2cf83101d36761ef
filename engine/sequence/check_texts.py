"""Checks of what stands in quotes, wherever it is written in config.toml and in dialogues: what
nobody sees, what nobody fills in, what is too long, what is there and says nothing. They look at
the files and not at the plan: an edition that was published before them is read as ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from unicodedata import category

from engine.sequence.delay import NONE, Delay
from engine.sequence.mistakes import Mistake
from engine.sequence.nearest import nearest_field
from engine.sequence.plan_source import CONFIG, PlanSource
from engine.sequence.toml import read_tables
from engine.words import N_

ONE_LINE = frozenset(("name", "label", "title", "what", "to", "button", "code", "first_name"))
MERGED = frozenset(("subject", "preheader", "remind_subject"))
"""Where fields are filled in. What is no line there is told by the letter itself."""
CONDITIONS = frozenset(("all", "any", "none"))
SHORT, LONG = 500, 20_000
"""Characters, of a line and of a text of several."""
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They show what follows in another order than it is written (Unicode TR9)."""
MARKS = frozenset("\u061c\u200e\u200f")
SAYING_NOTHING = frozenset(
    (
        *("after", "wait", "before", "since", "at", "between", "days", "min_gap", "max_lateness"),
        *("rejoin", "only", "unless", "theme", "content", "anchor", "programme", "in", "segment"),
        *("on", "every", "feast", "reminds", "group", "purpose", "basis"),
    )
)
TERMS = frozenset(("retention", "fields"))
"""Tables of config.toml in which no key is empty; in others that may be its default."""
FURTHEST_YEAR = 2200
_TAG = re.compile(r"\{[{%]-?\s*(?:if\s+)?(\w+)")
_YEAR = re.compile(r"(\d{4})-\d{2}")


def _texts(source: PlanSource) -> Iterator[tuple[str, str, str, str]]:
    """Every text in quotes: its file, its path there, its key, and itself."""
    for file in sorted(source.files):
        if file.endswith(".toml"):
            try:
                values = read_tables(source.files[file])
            except ValueError:
                continue
            for path, key, text in _in_table(values, ""):
                yield file, path, key, text


def _in_table(values: Mapping[str, object], path: str) -> Iterator[tuple[str, str, str]]:
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        for number, entry in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(entry, dict):
                inner = f"{here}[{number}]" if isinstance(value, list) else here
                yield from _in_table(entry, inner)
            elif isinstance(entry, str):
                yield here, key, entry


def characters_nobody_sees(source: PlanSource) -> Iterator[Mistake]:
    """Control characters, and what turns the direction of writing round: readers, and whoever
    looks at a list of names, would see other words than stand there.
    """
    for file, path, key, text in _texts(source):
        lines = key not in ONE_LINE and not path.startswith("fields.")
        for sign in dict.fromkeys(text):
            code = f"U+{ord(sign):04X}"
            if sign in TURNING or (category(sign) == "Cc" and not (lines and sign in "\n\t")):
                if key in MERGED and sign not in TURNING:
                    continue
                message = (
                    N_("`{key}` is one line: write it without line breaks")
                    if sign == "\n"
                    else N_("`{key}` holds a character that nobody sees ({code}): take it out")
                )
                yield source.at(file, path, message, True, key=key, code=code)
            elif sign in MARKS:
                message = N_(
                    "`{key}` holds a mark that nobody sees and that turns the direction of writing"
                    " ({code}): take it out where it is not meant"
                )
                yield source.at(file, path, message, False, key=key, code=code)


def fields_nobody_fills_in(source: PlanSource) -> Iterator[Mistake]:
    labels = {name: field.label for name, field in source.plan.fields.items()}
    for file, path, key, text in _texts(source):
        names = () if key in MERGED | CONDITIONS else _TAG.findall(text)
        if any(name in labels or nearest_field(name, labels) for name in names):
            message = N_(
                "`{key}`: nothing is filled in here, readers would see the braces; fields stand in"
                " subjects, preheaders and letters"
            )
            yield source.at(file, path, message, False, key=key)


def texts_too_long(source: PlanSource) -> Iterator[Mistake]:
    for file, path, key, text in _texts(source):
        is_line = key in ONE_LINE | MERGED or path.startswith("fields.")
        most = SHORT if is_line else LONG
        if len(text) > most:
            message = N_("`{key}` has {count:,} characters: {most:,} at most")
            yield source.at(file, path, message, True, key=key, count=len(text), most=most)


def keys_that_say_nothing(source: PlanSource) -> Iterator[Mistake]:
    """`only = ""` is no letter to nobody: a key that is there says something, or the line goes."""
    for file, path, key, text in _texts(source):
        asked = path.partition(".")[0] in TERMS if file == CONFIG else key in SAYING_NOTHING
        if asked and not text.strip():
            message = N_("`{key}` is empty: write what it says, or take the line out")
            yield source.at(file, path, message, True, key=key)


def times_of_no_length(source: PlanSource) -> Iterator[Mistake]:
    """`max_lateness`, and what an answer is waited for."""
    plan = source.plan
    late: list[tuple[tuple[str, ...], Delay]] = [
        *((("list", str(listed.id)), listed.max_lateness) for listed in plan.lists.values()),
        *((("broadcast", one.id), one.max_lateness) for one in plan.broadcasts.values()),
    ]
    for place, delay in late:
        if delay == NONE:
            message = N_(
                "`max_lateness` of no time at all: every letter would be too late to leave"
            )
            yield source.mistake(place, "max_lateness", message, True)
    asked: list[tuple[tuple[str, ...], str, Delay | None]] = [
        *(
            (("letter", str(listed.id), letter.id), "wait", letter.wait)
            for listed in plan.lists.values()
            for letter in listed.letters
            if letter.reminds
        ),
        *(
            (("broadcast", one.id), "reminder.wait", one.reminder.wait)
            for one in plan.broadcasts.values()
            if one.reminder is not None
        ),
        *(
            (("reactivation", str(number)), "wait", ends.after)
            for number in plan.reactivations
            if (ends := plan.lists[number].ends) is not None
        ),
    ]
    for place, key, wait in asked:
        if wait == NONE:
            message = N_("`wait` of no time at all: nobody could answer before it is over")
            yield source.mistake(place, key, message, True)


def dates_too_far(source: PlanSource) -> Iterator[Mistake]:
    for file, path, key, text in _texts(source):
        year = _YEAR.match(text) if key in ("on", "at") and file != CONFIG else None
        if year and int(year[1]) > FURTHEST_YEAR:
            message = N_("`{key}`: the year {year} is too far away; 2200 is the last")
            yield source.at(file, path, message, True, key=key, year=year[1])
