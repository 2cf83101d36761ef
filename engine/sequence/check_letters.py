"""Whether letters are reached, asked at a possible hour, can be answered, and use what is collected for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from engine.sequence.delay import parse_clock, parse_window
from engine.sequence.links import find_links
from engine.sequence.mistakes import Mistake
from engine.sequence.model import Letter
from engine.sequence.parse_broadcasts import ON
from engine.sequence.parse_forms import CONFIRMATION_BODY
from engine.sequence.timing import to_instant
from engine.sequence.written import CONFIG, Written, letters_of

LAYOUT = "layout.html"
_MERGED = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.S)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_WORD = re.compile(r"[^\W\d]\w*")


def reminders_nobody_can_answer(written: Written) -> Iterator[Mistake]:
    for listed in written.plan.lists.values():
        for letter in listed.letters:
            reminded = listed.letter(letter.reminds) if letter.reminds else None
            if reminded is not None and not reminded.links:
                text = f'"{letter.id}" reminds of "{reminded.id}", which has no link to answer with'
                yield written.mistake(("letter", str(listed.id), letter.id), "reminds", text, fatal=True)
    for broadcast in written.plan.broadcasts.values():
        if broadcast.reminder is not None and not broadcast.letter.links:
            text = f'"{broadcast.id}" has a reminder, but no link to answer with'
            yield written.mistake(("broadcast", broadcast.id), "reminder", text, fatal=True)


def letters_nobody_can_reach(written: Written) -> Iterator[Mistake]:
    """A file of words that no list and no broadcast sends."""
    sent = {sender.letter.body for sender in written.senders()} | {written.plan.confirmation.body, LAYOUT}
    for file in written.files:
        if file.endswith((".md", ".html")) and file not in sent:
            yield Mistake(file, 1, "no list and no broadcast sends this letter", False)


def hours_outside_the_window(written: Written) -> Iterator[Mistake]:
    """A letter's own `at` wins over the list's `between`; where it lies outside, one of the two is not meant."""
    for listed in written.plan.lists.values():
        window = written.tables.get(("list", str(listed.id)), {}).get("between")
        for letter in listed.letters:
            own = written.tables.get(("letter", str(listed.id), letter.id), {})
            at = own.get("at")
            if isinstance(window, str) and isinstance(at, str) and not _within(at, window):
                text = f"`at` {at} lies outside the list's `between` {window}"
                yield written.mistake(("letter", str(listed.id), letter.id), "at", text)


def _within(at: str, window: str) -> bool:
    try:
        minute, (start, end) = parse_clock(at), parse_window(window)
    except ValueError:
        return True
    return start <= minute < end if start < end else minute >= start or minute < end


def broadcasts_in_the_past(written: Written) -> Iterator[Mistake]:
    for broadcast in written.plan.broadcasts.values():
        if not broadcast.on or not written.now:
            continue
        try:
            moment = to_instant(datetime.strptime(broadcast.on, ON), written.plan.timezone)
        except ValueError:
            continue
        if moment < written.now:
            yield written.mistake(("broadcast", broadcast.id), "on", "this date is past: if it has not left, it never will")


def confirmations_that_confirm_nothing(written: Written) -> Iterator[Mistake]:
    """`===confirm===` has its place in the confirmation, and nothing else that acts has."""
    body = written.plan.confirmation.body
    for sender in written.senders():
        for link in find_links(written.files.get(sender.letter.body, "")):
            if link.kind == "confirm" and sender.letter.body != body:
                text = "===confirm=== has its place in the confirmation only: here nothing waits to be confirmed"
                yield Mistake(sender.letter.body, link.line, text)
    if body == CONFIRMATION_BODY or body not in written.files:
        return
    found = find_links(written.files[body])
    if not any(link.kind == "confirm" for link in found):
        yield Mistake(body, 1, "a confirmation needs a link to confirm with: [Je confirme](===confirm===)")
    for link in found:
        if link.kind != "confirm":
            yield Mistake(body, link.line, "a confirmation asks one thing: its only action link is ===confirm===")


def fields_collected_and_never_used(written: Written) -> Iterator[Mistake]:
    used = _fields_used(written)
    asked: set[str] = set()
    for form in written.plan.forms.values():
        for index, field in enumerate(form.fields):
            asked.add(field.name)
            if field.name not in used:
                text = f'the field "{field.name}" is collected here and no letter uses it: ask for less'
                yield written.mistake(("form", form.name), f"field[{index}].name", text)
    for name in written.plan.fields:
        if name not in used | asked:
            yield written.at(CONFIG, f"fields.{name}", f'no letter uses the field "{name}", and no form asks for it')


def _fields_used(written: Written) -> set[str]:
    confirmation = written.plan.confirmation
    letters = [each for listed in written.plan.lists.values() for each in listed.letters]
    letters += [each for broadcast in written.plan.broadcasts.values() for each in letters_of(broadcast)]
    letters += [Letter("", confirmation.subject, confirmation.body, confirmation.preheader), Letter("", confirmation.remind_subject, "")]
    texts = {text for each in letters for text in (each.subject, each.preheader, written.files.get(each.body, ""))}
    texts.add(written.files.get(LAYOUT, ""))
    tags = [found[1] or found[2] for text in texts for found in _MERGED.finditer(text)]
    return {word for tag in tags for word in _WORD.findall(_QUOTED.sub("", tag))}
