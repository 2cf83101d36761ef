"""The calendar of a simulated reader in words: a line for each thing that happens to them."""

from __future__ import annotations

from engine.i18n.dates import shown
from engine.i18n.in_words import in_words
from engine.i18n.language import N_, Say
from engine.i18n.phrases import (
    cap_in_words,
    in_favour_of,
    quoted,
    say_list,
    subject_of,
    titled_products,
)
from engine.i18n.stored_words import stored_in_words
from engine.sequence.model import Letter, Plan
from engine.simulation.calendar_entries import CalendarEntry
from engine.simulation.live import MAX_ROUNDS

AT_REST = (
    N_("every letter of this list has been sent"),
    N_("on no list any more"),
    N_("this list is no longer published"),
)


def in_calendar_words(
    entry: CalendarEntry, plan: Plan, zone: str, _: Say, *, with_id: bool = True
) -> str:
    """What happens at an entry, without its moment; letters by their id and their subject."""
    letter = letter_of_entry(plan, entry)
    subject = quoted(subject_of(letter), _) if letter is not None else ""
    there, target = say_list(plan, entry.list), say_list(plan, entry.target)
    match entry.kind:
        case "joins":
            return _("joins list {list}").format(list=there)
        case "letter" | "broadcast":
            kind = (
                _("reminder")
                if entry.reminder
                else _("broadcast")
                if entry.kind == "broadcast"
                else _("letter")
            )
            return f"{kind} {entry.letter} {subject}" if with_id else f"{kind} {subject}"
        case "answers":
            return _("answers {label} → {list}").format(label=quoted(entry.label, _), list=target)
        case "orders":
            return _("orders {product}").format(product=titled_products(plan, [entry.label]))
        case "measured":
            act = _("clicks in") if entry.label == "clicked" else _("opens")
            return _("{act} {letter} (measured)").format(act=act, letter=entry.letter)
        case "moves" | "passes":
            return _("moves to list {list}").format(list=target)
        case "copies":
            return _("joins list {list} too").format(list=target)
        case "agrees":
            return _("agrees on the page to receive “{purpose}”").format(
                purpose=plan.purposes[entry.why].name
            )
        case "stops":
            return _("is not written to for “{purpose}” any more, until they do something").format(
                purpose=plan.purposes[entry.why].name
            )
        case "enters":
            return _("enters segment {segment}: its rules apply").format(
                segment=quoted(plan.segments[entry.label].name, _)
            )
        case "is out":
            return _("is no longer in segment {segment}: its rules apply").format(
                segment=quoted(plan.segments[entry.label].name, _)
            )
        case "leaves":
            return _leaving(entry, there, _)
        case "withheld" if entry.cap:
            return _without_room(entry, plan, zone, _)
        case "withheld":
            return _("letter {letter} is left out: {why}").format(
                letter=entry.letter, why=stored_in_words(entry.why, _)
            )
        case "refused" if entry.refused is not None:
            return _("refused: {why}").format(why=in_words(entry.refused, _))
        case "rests":
            return _("nothing follows: {why}").format(why=_(entry.why))
        case "circles":
            sentence = _("stopped here: an answer has led to list {list} {n} times")
            return sentence.format(n=MAX_ROUNDS, list=there)
        case "goes on":
            return _("and so on: the end of the time asked for")
        case _:
            return _("stopped here: this goes on without end")


def _without_room(entry: CalendarEntry, plan: Plan, zone: str, _: Say) -> str:
    sentence = (
        _("letter {letter} waits until {until}: at most {cap}")
        if entry.until
        else _("letter {letter} is left out: at most {cap}")
    )
    told = sentence.format(
        letter=entry.letter,
        until=shown(entry.until, zone),
        cap=quoted(cap_in_words(entry.cap, _), _),
    )
    return told + in_favour_of(entry.favoured, plan, _)


def _leaving(entry: CalendarEntry, there: str, _: Say) -> str:
    if entry.why == "rule":
        return _("leaves list {list}, by a rule").format(list=there)
    return _("leaves list {list}").format(list=there)


def letter_of_entry(plan: Plan, entry: CalendarEntry) -> Letter | None:
    """The letter that came, None for what is none."""
    listed = plan.lists.get(entry.list)
    of_list = listed.letter(entry.letter) if listed is not None and entry.kind == "letter" else None
    every = [
        letter
        for broadcast in plan.broadcasts.values()
        for letter in (broadcast.letter, broadcast.reminder)
        if letter is not None
    ]
    return of_list or next((letter for letter in every if letter.id == entry.letter), None)
