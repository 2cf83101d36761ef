"""`relance show`: a person's whole story from the ledger, in order, in words or as JSON; what the
vault still knows is joined when it is read.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from engine.audit.event_sentences import line
from engine.cli.find_person import person_of
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.dates import shown
from engine.i18n.language import N_, Say, translator
from engine.i18n.phrases import language_of, named, say_letter, say_list, subject_of
from engine.i18n.refused import in_words
from engine.i18n.withheld_words import what_is_wanting
from engine.ledger.codec import Entry
from engine.letter.published_letter import letter_of
from engine.privacy.fact_values import fact
from engine.sequence.model import Plan
from engine.subscriber.agenda import Act, acts, matter_of
from engine.subscriber.events import LetterBegun

DATE_WIDTH = len("2026-12-01 09:00:00")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "address", help=N_("of the person, or their opaque id, as `relance status` has it")
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help=N_("a list of facts in order: name, both dates, cause, payload"),
    )


def show(context: AppContext, args: argparse.Namespace) -> int:
    subscriber = person_of(context, args.address)
    entries = context.ledger.stream(subscriber)
    evidence = context.vault.evidence_of(subscriber)
    if args.json:
        print(json_text([fact(entry, evidence) for entry in entries]))
        return 0
    _ = translator(language_of(context.config))
    zone = context.config.site.timezone
    print(f"{_('when it was so'):<{DATE_WIDTH}}  {_('when it was recorded'):<{DATE_WIDTH}}")
    plan = context.installation_stream.current().plan()
    letters = letter_names(context, subscriber, entries, _)
    for entry in entries:
        print(line(entry, plan, zone, _, evidence, letters))
    print()
    for said in standing(context, subscriber, zone, _):
        print(said)
    return 0


def letter_names(
    context: AppContext, subscriber: str, entries: Sequence[Entry], _: Say
) -> dict[str, str]:
    """What to call each letter, by its message: its subject, in the words it was begun in, as this
    person reads it, and its id.
    """
    installation, fields = context.installation_stream.current(), _fields(context, subscriber)
    names: dict[str, str] = {}
    for entry in entries:
        if isinstance(event := entry.event, LetterBegun):
            letter = letter_of(installation.plan(event.edition), event)
            names[event.message] = named(
                event.letter, subject_of(letter, fields) if letter is not None else "", _
            )
    return names


def _fields(context: AppContext, subscriber: str) -> Mapping[str, str]:
    known = context.vault.people([subscriber]).get(subscriber)
    return known.fields if known is not None else {}


def standing(context: AppContext, subscriber: str, zone: str, _: Say) -> list[str]:
    """How the person stands at this moment: grounds, lists, what comes next."""
    if why := context.views.why_aside(subscriber):
        return [_("Set aside, nothing is sent: {why}").format(why=in_words(why, _))]
    person = context.command_handler.load([subscriber])[subscriber]
    installation = context.installation_stream.current()
    plan, fields, said = installation.plan(), _fields(context, subscriber), []
    for purpose, ground in person.grounds.items():
        basis, status = in_words(ground.basis, _), in_words(ground.status, _)
        said.append(
            _("Ground: “{purpose}” — {basis}, {status}").format(
                purpose=purpose, basis=basis, status=status
            )
        )
    for membership in person.memberships.values():
        listed = plan.lists.get(membership.list)
        name = f"{membership.list} ({listed.name if listed else '?'})"
        said.append(
            _("On list {list} since {when}").format(
                list=name, when=shown(membership.joined_at, zone)
            )
        )
    if person.suppressed:
        said.append(
            _("Suppressed: never to be written to ({why})").format(
                why=in_words(person.suppressed, _)
            )
        )
    for key, act in acts(person, plan, installation.calendar).items():
        if act.kind == "withheld":
            letter = say_letter(plan, matter_of(key, act.letter), act.letter, _, fields)
            said.append(
                _("Withheld: {letter}: {wanting}").format(
                    letter=letter, wanting=what_is_wanting(act.why, _)
                )
            )
            said.append(
                "    " + _("mended, `relance retry-withheld {id}` sends it").format(id=act.letter)
            )
        if act.due:
            said.append(
                _("Next: {what} on {when}").format(
                    what=what(key, act, plan, fields, _), when=shown(act.due, zone)
                )
            )
    return said


def what(key: str, act: Act, plan: Plan, fields: Mapping[str, str], _: Say) -> str:
    """What the agenda has for this person."""
    _kind, _colon, name = key.partition(":")
    where = say_list(plan, act.list)
    if act.kind == "end":
        return _("the end of list {list}").format(list=where)
    if act.kind == "expire":
        return _("the request for “{purpose}” expires").format(purpose=name)
    if act.kind == "settle":
        return _("the outcome of the letter under way is looked for")
    return say_letter(plan, key, act.letter, _, fields)
