"""The story of one person: every fact about them in order, with the ground that each letter stood
on, and how they stand now; as a report and as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Protocol

from engine.audit.committed_address import address_lines
from engine.audit.fact_report import FactReport, held_as_json
from engine.audit.identity import Identity
from engine.audit.installation_story import InstallationStores
from engine.audit.ledger_dates import LedgerDates
from engine.audit.person_history import GroundHistory, LetterGround
from engine.audit.pressure_replay import pressure_faults
from engine.audit.published import Published
from engine.audit.report import Line, Note, Report, Section
from engine.audit.standing import letter_names
from engine.audit.vault_check import deletions, evidence_faults
from engine.i18n.dates import shown
from engine.i18n.language import Language, Say, translator
from engine.i18n.phrases import field_in_words, titled_fields
from engine.installation.events import STREAM
from engine.ledger.chronology import Descents
from engine.ledger.codec import Entry, iso
from engine.subscriber.events import LetterBegun, SubscriberErased


def story_report(person: Identity, facts: FactReport, standing: Sequence[str], now: int) -> Report:
    """`standing` says in sentences how they stand at `now` (engine time, ms)."""
    _, zone = facts.say, facts.zone
    sections = (
        *facts.sections(),
        Section(_("Who"), tuple(_who(person, facts, _))),
        Section(
            _("What happened, in order"),
            fact_lines(person.entries, facts),
        ),
        *facts.clock_section(person.entries[0].position),
        Section(
            _("How it stands now"),
            tuple(map(Line, standing)) or (Line(_("on no list, with no ground")),),
        ),
        Section(_("How to read this"), tuple(_limits(_))),
    )
    title = _("The story of {id}, told on {when} ({zone})")
    return Report(
        title.format(id=person.subscriber, when=shown(now, zone), zone=zone),
        sections,
        facts.language,
    )


def nameless_report(person: Identity, facts: FactReport, now: int) -> Report:
    """The same as far as the ledger tells it, which names nobody; `facts` are nameless."""
    _, zone = facts.say, facts.zone
    sections = (
        *facts.sections(),
        Section(_("What happened, in order"), fact_lines(person.entries, facts)),
        *facts.clock_section(person.entries[0].position),
        Section(_("How to read this"), tuple(_limits(_))),
    )
    title = _("The story of {id}, told on {when} ({zone})")
    return Report(
        title.format(id=person.subscriber, when=shown(now, zone), zone=zone),
        sections,
        facts.language,
    )


class StoryStores(InstallationStores, Protocol):
    """What a story is told from."""


def nameless_facts(
    stores: StoryStores, person: Identity, language: Language, descents: Descents | None = None
) -> FactReport:
    """What is told of a person without reading them. The bytes of what is read are held against the
    tree; the columns of the whole ledger are not, as `relance audit story` does.
    `descents` as for `LedgerDates`. Raises SigningRefused where what this machine signed last
    cannot be read.
    """
    read = stores.ledger.stored(STREAM)
    installation = [entry for entry, _octets in read.values()]
    published, zone = Published(installation), stores.config.site.timezone
    octets = {at: state for at, (_entry, state) in (*read.items(), *person.read.items())}
    deleted = deletions(published, zone)
    return FactReport(
        published=published,
        dates=LedgerDates(stores, installation, descents),
        pieces=person.pieces,
        zone=zone,
        language=language,
        letters=letter_names(published.state, {}, person.entries, translator(language)),
        held=stores.tree.held(octets),
        faults=[*evidence_faults(person.entries, person.pieces, deleted)],
        nameless=True,
    )


def story_as_json(
    person: Identity, facts: FactReport, standing: Sequence[str], now: int
) -> dict[str, object]:
    """The same for a program; instants in ISO 8601, UTC."""
    known = person.known
    return {
        "subscriber": person.subscriber,
        "told_at": iso(now),
        "not_as_signed": held_as_json(facts),
        "address": known.address if known else None,
        "fields": dict(known.fields) if known else {},
        "other_addresses": list(person.others),
        "found_by_former_address": bool(person.former),
        "committed_address": asdict(person.committed),
        "facts": [facts.as_json(entry, ground) for entry, ground in with_grounds(person.entries)],
        "pressure_faults": {
            str(position): fault.said()
            for position, fault in pressure_faults(person.entries, facts.published).items()
        },
        "standing": list(standing),
    }


def fact_lines(entries: Sequence[Entry], facts: FactReport) -> tuple[Line, ...]:
    """Each fact of a person, with what is wrong about the pressure they were under."""
    faults = pressure_faults(entries, facts.published)
    lines = ((entry, facts.line(entry, ground)) for entry, ground in with_grounds(entries))
    return tuple(
        replace(line, notes=(*line.notes, Note(faults[entry.position].said(facts.say), "fault")))
        if entry.position in faults
        else line
        for entry, line in lines
    )


def with_grounds(entries: Sequence[Entry]) -> Iterator[tuple[Entry, LetterGround | None]]:
    """Each fact, a letter's beginning with the ground it stood on."""
    history = GroundHistory()
    for entry in entries:
        letter = entry.event if isinstance(entry.event, LetterBegun) else None
        yield entry, history.of_letter(letter) if letter is not None else None
        history.add(entry)


def _who(person: Identity, facts: FactReport, _: Say) -> Iterator[Line]:
    if person.known is None:
        if any(isinstance(entry.event, SubscriberErased) for entry in person.entries):
            yield Line(_("they were erased: the vault holds no address for them any more"))
        else:
            yield Line(
                _("the vault holds no address for them, and the ledger no erasure that says why"),
                mark="fault",
            )
    else:
        yield Line(_("address: {address}").format(address=person.known.address))
        if person.known.fields:
            plan = facts.published.state.plan()
            fields = _("; ").join(
                _("{name}: {value}").format(
                    name=titled_fields(plan, [name], _), value=field_in_words(plan, name, value)
                )
                for name, value in sorted(person.known.fields.items())
            )
            yield Line(_("fields: {fields}").format(fields=fields))
    yield from address_lines(person.committed, _)
    if person.former:
        sentence = _(
            "found by {address}: they are registered under another now, and had this one when an"
            " act was recorded"
        )
        yield Line(sentence.format(address=person.former), mark="pointer")
    for address in person.others:
        yield Line(_("another address in their evidence: {address}").format(address=address))


def _limits(_: Say) -> Iterator[Line]:
    yield Line(
        _(
            "The first date of a fact is what was claimed; the second is when this ledger took it"
            " down. A line with ! is not to be overlooked."
        )
    )
    yield Line(
        _(
            "A fact is no younger than the first signed checkpoint it is in: that date holds as far"
            " as somebody else keeps the checkpoint."
        )
    )
    yield Line(
        _("Whoever was erased and came back has a new story: nothing links it to the former one.")
    )
