"""How a person stands now, in words: grounds, lists, what comes next, and what each letter they got
is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, assert_never

from engine.commands.command_handler import CommandHandler
from engine.desk.clock import Clock
from engine.i18n.dates import Moment
from engine.i18n.language import Say
from engine.i18n.phrases import (
    cap_in_words,
    in_favour_of,
    named,
    preferences_in_words,
    quoted,
    say_letter,
    say_list,
    subject_of,
    titled_purpose,
)
from engine.i18n.printable import printable
from engine.i18n.stored_words import stored_in_words, what_is_wanting
from engine.installation.state import Installation
from engine.installation.stream import InstallationStream
from engine.ledger.codec import Entry
from engine.letter.published_letter import letter_of
from engine.sequence.model import Plan
from engine.subscriber.act import Act
from engine.subscriber.agenda import acts
from engine.subscriber.agenda_key import RequestKey, decode, matter_of
from engine.subscriber.events import LetterBegun
from engine.subscriber.person import NO_PREFERENCES
from engine.subscriber.pressure import held_back
from engine.subscriber.terms import PRESSURE
from engine.subscriber.truth import SegmentConditions
from engine.vault.measured import with_measured
from engine.vault.vault import Vault


class StandingStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def views(self) -> QuarantineView: ...
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def installation_stream(self) -> InstallationStream: ...


class QuarantineView(Protocol):
    def why_quarantined(self, subscriber: str) -> str:
        """Why nothing can be made of their facts; "" where something can."""


def letter_names(
    installation: Installation,
    fields: Mapping[str, str],
    entries: Sequence[Entry],
    _: Say,
    *,
    ids: bool = True,
) -> dict[str, str]:
    """What to call each letter, by its message: its subject, in the words it was begun in, as the
    person with these fields reads it, and its id if `ids`.
    """
    names: dict[str, str] = {}
    for entry in entries:
        if isinstance(event := entry.event, LetterBegun):
            plan = installation.plan(event.edition)
            letter = letter_of(plan, event)
            subject = subject_of(letter, fields, plan) if letter is not None else ""
            names[event.message] = (
                quoted(subject, _) if subject and not ids else named(event.letter, subject, _)
            )
    return names


def standing(stores: StandingStores, subscriber: str, moment: Moment, _: Say) -> Iterator[str]:
    """How the person stands now, a sentence each: grounds, lists, what comes next. Dates are said
    by `moment`.
    """
    if why := stores.views.why_quarantined(subscriber):
        yield _("Set aside, nothing is sent: {why}").format(why=stored_in_words(why, _))
        return
    person = stores.command_handler.load([subscriber])[subscriber]
    installation = stores.installation_stream.current()
    known = with_measured(stores.vault.database, stores.vault.people([subscriber]))
    plan, fields = installation.plan(), known[subscriber].fields if subscriber in known else {}
    source = known[subscriber].source or known[subscriber].form if subscriber in known else ""
    if source:
        yield _("Source: {source}").format(source=printable(source))
    for purpose, ground in person.grounds.items():
        yield _("Ground: “{purpose}” — {basis}, {status}").format(
            purpose=titled_purpose(plan, purpose),
            basis=stored_in_words(ground.basis, _),
            status=stored_in_words(ground.status, _),
        )
    if person.measured_since:
        yield _("Agreed to be measured, since {when}").format(when=moment(person.measured_since))
    for purpose, stopped in person.stopped.items():
        yield _("Stopped: “{purpose}”, since {when}: not heard of after {silent}").format(
            purpose=titled_purpose(plan, purpose),
            when=moment(stopped.at),
            silent=moment(stopped.silent_since),
        )
    for membership in person.memberships.values():
        yield _("On list {list} since {when}").format(
            list=say_list(plan, membership.list),
            when=moment(membership.joined_at),
        )
    now, of_person = stores.clock.now(), known.get(subscriber)
    for segment in SegmentConditions(plan).segments_of(person, of_person, now):
        yield _("In the segment “{segment}”").format(segment=segment.name)
    if person.preferences != NO_PREFERENCES:
        former = installation.former_options()
        chosen = _("; ").join(preferences_in_words(person.preferences, plan, moment, _, former))
        yield _("Chooses to receive: {chosen}").format(chosen=chosen)
    if person.suppressed:
        yield _("Suppressed: never to be written to ({why})").format(
            why=stored_in_words(person.suppressed, _)
        )
    next_acts = acts(person, plan, installation.calendar, known.get(subscriber))
    for key, act in next_acts.items():
        if act.kind == "withheld":
            yield _("Withheld: {letter}: {wanting}").format(
                letter=say_letter(plan, matter_of(key), act.letter, _, fields),
                wanting=what_is_wanting(act.why, _),
            )
            yield "    " + _("mended, `relance retry-withheld {id}` sends it").format(id=act.letter)
        if act.due:
            yield _("Next: {what} on {when}").format(
                what=act_in_words(key, act, plan, fields, _), when=moment(act.due)
            )
        if act.due and act.why == PRESSURE:
            refusal = held_back(person, plan, installation.calendar, next_acts, key, now)
            if refusal is not None:
                held = "    " + _("held back until then: at most {cap}").format(
                    cap=quoted(cap_in_words(str(refusal.cap), _), _)
                )
                yield held + in_favour_of(refusal.favoured, plan, _)


def act_in_words(key: str, act: Act, plan: Plan, fields: Mapping[str, str], _: Say) -> str:
    """What the agenda has for the person with these fields, without its date."""
    match act.kind:
        case "end":
            return _("the end of list {list}").format(list=say_list(plan, act.list))
        case "expire":
            request = decode(key)
            purpose = request.purpose if isinstance(request, RequestKey) else ""
            return _("the request for “{purpose}” expires").format(
                purpose=titled_purpose(plan, purpose)
            )
        case "settle":
            return _("the outcome of the letter under way is looked for")
        case "letter" | "idle" | "right" | "withheld":
            return say_letter(plan, key, act.letter, _, fields)
        case _:
            assert_never(act.kind)
