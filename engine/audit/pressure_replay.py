"""Pressure, recomputed from one person's facts and the editions then published: letters that were
begun though there was no room for them, and refusals that do not follow. The same decision as at
the claim, so heavier letters that were planned count too, which the stand-alone verifier cannot
know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from engine.audit.published import Published
from engine.ledger.codec import Entry
from engine.subscriber import events as e
from engine.subscriber.agenda import acts
from engine.subscriber.evolve import evolve
from engine.subscriber.letters import COUNTED
from engine.subscriber.person import NOBODY, Person
from engine.subscriber.pressure import NoRoom, caps_for, held_back
from engine.subscriber.terms import PRESSURE
from engine.words import N_, Words, words

Claimed = e.LetterBegun | e.LetterWithheld


def pressure_faults(entries: Sequence[Entry], published: Published) -> dict[int, Words]:
    """What does not follow from the facts before it, by position. `entries` are one person's, from
    the first. A letter that no plan of its edition has due is not judged.
    """
    person: Person = NOBODY
    found: dict[int, Words] = {}
    for entry in entries:
        event = cast(e.PersonEvent, entry.event)
        if _is_judged(event):
            fault = _fault(person, entry, published)
            if fault is not None:
                found[entry.position] = fault
        person = evolve(person, event)
    return found


def _is_judged(event: e.PersonEvent) -> bool:
    if isinstance(event, e.LetterBegun):
        return event.kind in COUNTED
    return isinstance(event, e.LetterWithheld) and event.why == PRESSURE


def _fault(person: Person, entry: Entry, published: Published) -> Words | None:
    """None where it follows from the broadcasts of any position that may have been known: one may
    have fallen due while the claim was decided.
    """
    faults = []
    for position in published.may_have_known(entry):
        fault = _fault_under(person, cast(Claimed, entry.event), published, position)
        if fault is None:
            return None
        faults.append(fault)
    return faults[0]


def _fault_under(
    person: Person, event: Claimed, published: Published, position: int
) -> Words | None:
    plan, calendar = published.plan(event.edition), published.calendar_at(position)
    if isinstance(event, e.LetterBegun) and not caps_for(person, plan, event.purpose):
        return None
    next_acts = acts(person, plan, calendar)
    act = next_acts.get(event.key)
    if act is None or (act.kind, act.letter) != ("letter", event.letter):
        return None
    refusal = held_back(person, plan, calendar, next_acts, event.key, event.at)
    if isinstance(event, e.LetterBegun):
        return _beyond(refusal)
    if refusal is None:
        return words(N_("recomputed: there was room for this letter then"))
    if (str(refusal.cap), refusal.favoured) != (event.cap, event.favoured):
        return words(
            N_("recomputed: there was no room, but under “{cap}” and in favour of “{letter}”"),
            cap=str(refusal.cap),
            letter=refusal.favoured or "-",
        )
    return None


def _beyond(refusal: NoRoom | None) -> Words | None:
    if refusal is None:
        return None
    return words(
        N_("recomputed: under “{cap}” there was no room for this letter then"),
        cap=str(refusal.cap),
    )
