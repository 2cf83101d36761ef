"""Checks of letters: whether each is sent, at a permitted hour, can be answered, and uses the
fields that are collected for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.sequence.anchors import PersonalDate
from engine.sequence.condition import FieldIs, lines_of
from engine.sequence.cron import falls_due
from engine.sequence.delay import parse_clock, parse_window
from engine.sequence.links import find_links
from engine.sequence.mistakes import Mistake, Unreadable, column_of
from engine.sequence.model import HOLDOUT, Letter
from engine.sequence.parse_forms import CONFIRMATION_BODY
from engine.sequence.plan_source import CONFIG, PlanSource
from engine.sequence.timing import read_local_minute, to_instant
from engine.words import N_

LAYOUT = "layout.html"
_MERGED = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.S)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_WORD = re.compile(r"[^\W\d]\w*")


def reminders_nobody_can_answer(source: PlanSource) -> Iterator[Mistake]:
    for listed in source.plan.lists.values():
        for letter in listed.letters:
            reminded = listed.letter(letter.reminds) if letter.reminds else None
            if reminded is not None and not reminded.links:
                message = N_('"{letter}" reminds of "{reminded}", which has no link to answer with')
                place = ("letter", str(listed.id), letter.id)
                yield source.mistake(
                    place, "reminds", message, True, letter=letter.id, reminded=reminded.id
                )
    for broadcast in source.plan.broadcasts.values():
        if broadcast.reminder is not None and not broadcast.letter.links:
            message = N_('"{broadcast}" has a reminder, but no link to answer with')
            yield source.mistake(
                ("broadcast", broadcast.id), "reminder", message, True, broadcast=broadcast.id
            )


def letters_nobody_can_reach(source: PlanSource) -> Iterator[Mistake]:
    """A file with a letter's words that no list and no broadcast sends."""
    sent = {entry.letter.body for entry in source.letters_in_plan()} | {
        source.plan.confirmation.body,
        LAYOUT,
    }
    for file in source.files:
        if file.endswith((".md", ".html")) and file not in sent:
            yield Mistake(file, 1, N_("no list and no broadcast sends this letter"), False)


def trials_that_show_nothing(source: PlanSource) -> Iterator[Mistake]:
    """Letters that are tried in versions which nobody gets, or which nothing could tell apart."""
    declared = source.plan.declared
    has_products = declared is not None and bool(declared.products)
    for entry in source.letters_in_plan():
        letter = entry.letter
        given = [name for name, share in letter.arms if share]
        if not given or entry.path[0] == "version":
            continue
        if given == [HOLDOUT]:
            yield source.mistake(entry.path, "holdout", N_("nobody gets this letter"), True)
        elif len(given) == 1:
            message = N_('everybody gets version "{version}": nothing is compared')
            yield source.mistake(entry.path, "version", message, version=given[0])
        elif not (letter.links or has_products):
            message = N_(
                "nothing can tell the versions apart: the letter asks nothing, and no [[product]]"
                " is declared that could be ordered"
            )
            yield source.mistake(entry.path, "version", message)
        for version in letter.versions:
            labels = [link.label for link in letter.links]
            if [link.label for link in version.links] != labels:
                message = N_(
                    "its links have other words than those of the letter: answers are kept under"
                    " the words that were pressed"
                )
                yield source.mistake(("version", *entry.path, version.id), "body", message)


def hours_outside_the_window(source: PlanSource) -> Iterator[Mistake]:
    """A letter's own `at` overrides the list's `between`; where it lies outside that window, one of
    the two is a mistake.
    """
    for listed in source.plan.lists.values():
        window = source.tables.get(("list", str(listed.id)), {}).get("between")
        for letter in listed.letters:
            own = source.tables.get(("letter", str(listed.id), letter.id), {})
            at = own.get("at")
            if isinstance(window, str) and isinstance(at, str) and not _within(at, window):
                message = N_("`at` {at} lies outside the list's `between` {window}")
                yield source.mistake(
                    ("letter", str(listed.id), letter.id), "at", message, at=at, window=window
                )


def _within(at: str, window: str) -> bool:
    try:
        minute, (start, end) = parse_clock(at), parse_window(window)
    except ValueError:
        return True
    return start <= minute < end if start < end else minute >= start or minute < end


def broadcasts_in_the_past(source: PlanSource) -> Iterator[Mistake]:
    for broadcast in source.plan.broadcasts.values():
        if not broadcast.on or not source.now:
            continue
        try:
            moment = to_instant(read_local_minute(broadcast.on), source.plan.timezone)
        except ValueError:
            continue
        if moment < source.now:
            message = N_("this date is past: if it has not left, it never will")
            yield source.mistake(("broadcast", broadcast.id), "on", message)


def broadcasts_that_never_fall_due(source: PlanSource) -> Iterator[Mistake]:
    for broadcast in source.plan.broadcasts.values():
        try:
            due = not broadcast.every or falls_due(broadcast.every)
        except Unreadable:
            continue
        if not due:
            message = N_('"{text}" falls due never: none of these months has such a day')
            yield source.mistake(
                ("broadcast", broadcast.id), "every", message, True, text=broadcast.every
            )


def confirmations_that_confirm_nothing(source: PlanSource) -> Iterator[Mistake]:
    """`===confirm===` has its place in the confirmation, and nothing else that acts has."""
    body = source.plan.confirmation.body
    for entry in source.letters_in_plan():
        for link in find_links(source.files.get(entry.letter.body, "")):
            if link.kind == "confirm" and entry.letter.body != body:
                message = N_(
                    "===confirm=== has its place in the confirmation only: here nothing waits to be"
                    " confirmed"
                )
                column = column_of(source.files[entry.letter.body], link.line, "===confirm===")
                yield Mistake(entry.letter.body, link.line, message, True, column)
    if body == CONFIRMATION_BODY or body not in source.files:
        return
    links = find_links(source.files[body])
    if not any(link.kind == "confirm" for link in links):
        yield Mistake(
            body, 1, N_("a confirmation needs a link to confirm with: [Je confirme](===confirm===)")
        )
    for link in links:
        if link.kind != "confirm":
            yield Mistake(
                body,
                link.line,
                N_("a confirmation asks one thing: its only action link is ===confirm==="),
            )


def forms_confirmed_in_another_language(source: PlanSource) -> Iterator[Mistake]:
    """There is one confirmation for every form; in its author's words, they may say both."""
    confirmation = source.plan.confirmation
    if confirmation.subject and confirmation.body != CONFIRMATION_BODY:
        return
    for form in source.plan.forms.values():
        if form.confirm and form.language != source.plan.language:
            message = N_(
                "the form speaks {language}, the mail that asks to confirm {other}: write a subject"
                " and a body in [confirmation] that say it in both"
            )
            yield source.mistake(
                ("form", form.name),
                "language",
                message,
                language=form.language,
                other=source.plan.language,
            )


def fields_collected_and_never_used(source: PlanSource) -> Iterator[Mistake]:
    used = _fields_used(source)
    collected: set[str] = set()
    for form in source.plan.forms.values():
        for index, field in enumerate(form.fields):
            collected.add(field.name)
            if field.name not in used:
                message = N_(
                    'the field "{field}" is collected here and no letter uses it: ask for less'
                )
                yield source.mistake(
                    ("form", form.name), f"field[{index}].name", message, field=field.name
                )
    for name in source.plan.fields:
        if name not in used | collected:
            yield source.at(
                CONFIG,
                f"fields.{name}",
                N_('no letter uses the field "{field}", and no form asks for it'),
                field=name,
            )


def _fields_used(source: PlanSource) -> set[str]:
    confirmation = source.plan.confirmation
    letters = [entry.letter for entry in source.letters_in_plan()]
    letters += [
        Letter("", confirmation.subject, confirmation.body, confirmation.preheader),
        Letter("", confirmation.remind_subject, ""),
    ]
    texts = {
        text
        for letter in letters
        for text in (letter.subject, letter.preheader, source.files.get(letter.body, ""))
    }
    texts.add(source.files.get(LAYOUT, ""))
    dates = {
        broadcast.anchored.date.field
        for broadcast in source.plan.broadcasts.values()
        if broadcast.anchored is not None and isinstance(broadcast.anchored.date, PersonalDate)
    }
    compared = {
        line.field
        for segment in source.plan.segments.values()
        for line in lines_of(segment.own)
        if isinstance(line, FieldIs)
    }
    tags = [match[1] or match[2] for text in texts for match in _MERGED.finditer(text)]
    return dates | compared | {word for tag in tags for word in _WORD.findall(_QUOTED.sub("", tag))}
