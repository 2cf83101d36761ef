"""Everything a person has a right to be told (GDPR 15(1) and (3), 20): what is known of them, why,
since when, from where, and who else got it. As JSON, as a table for a spreadsheet, and as the proof
that they may keep (E08): once they are erased here, what they hold still verifies, and nobody else
has it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, get_args

from engine.commands.command_handler import CommandHandler
from engine.config import Config
from engine.desk.clock import Clock
from engine.i18n.language import N_, Language
from engine.i18n.phrases import subject_of
from engine.imports.rejected_rows import inert
from engine.installation.state import Installation
from engine.installation.stream import InstallationStream
from engine.ledger.codec import Entry, EvidenceByCommitment, entry_as_json, iso
from engine.ledger.store import Ledger
from engine.letter.published_letter import letter_of
from engine.privacy.paper_markdown import speech_in
from engine.privacy.processing_register import retention
from engine.proof.bundle import bundle_files, zipped
from engine.proof.bundle_sources import Stores, head_of, holding_of
from engine.proof.errors import ProofRefused
from engine.proof.handover import ledger_tools
from engine.proof.held_reading import missing_facts
from engine.proof.ledger_tree import LedgerTree, refuse_to_sign
from engine.proof.signer import SigningRefused
from engine.secret_files import SecretMissing
from engine.sequence.declared import Declared
from engine.sequence.model import Plan
from engine.subscriber import events as e
from engine.subscriber.agenda_key import letter_ref
from engine.subscriber.person import Person
from engine.subscriber.terms import Right
from engine.subscriber.truth import SegmentConditions
from engine.vault.measured import Measured, measured_of, with_measured
from engine.vault.vault import Vault

SOURCES = (
    "source",
    "file",
    "line",
    "page",
    "order",
    "proof",
    "collected",
    "collected_at",
    "campaign",
    "referrer",
)
"""What evidence says of where something came from."""
OUTCOMES = {
    e.LetterSent: "accepted",
    e.LetterDeferred: "put off",
    e.LetterFailed: "failed",
    e.LetterWithheld: "withheld",
    e.LetterRetried: "put off",
    e.LetterInDoubt: "in doubt",
}
RIGHTS: tuple[Right, ...] = get_args(Right)
AUTHORITY = {
    "name": "CNIL",
    "address": "3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07, France",
    "web": "https://www.cnil.fr/plaintes",
}
"""Where a complaint may be lodged (GDPR 77); in another country, its own authority."""
MAILBOX = N_("the built-in mailbox of this installation")
PROVIDER = N_("your own mail provider")
CSV_HEADER = ("about", "date", "what", "value")
DATE_NAMES = ("at", "since", "begun_at", "asked_at")
WHAT_NAMES = ("event", "id", "name", "letter", "right", "door", "who", "commitment")
UNSIGNED = (SigningRefused, ProofRefused, SecretMissing, OSError)
"""Why there may be no proof: `relance status` says it to the operator."""
Part = list[dict[str, object]]


class ArchiveStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def installation_stream(self) -> InstallationStream: ...


class ExportStores(ArchiveStores, Protocol):
    """`tree` says which checkpoint was signed last."""

    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def tree(self) -> LedgerTree: ...


class ProofStores(Protocol):
    """`tree` signs; `command_handler` knows how many facts there were of a person."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def tree(self) -> LedgerTree: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def command_handler(self) -> CommandHandler: ...


def dossier(stores: ExportStores, subscriber: str) -> dict[str, object]:
    """JSON-ready, for somebody who is not erased; nothing is left out. Times are ISO 8601 UTC."""
    entries = stores.ledger.stream(subscriber)
    evidence = stores.vault.evidence_of(subscriber)
    person = stores.command_handler.load([subscriber])[subscriber]
    installation, site = stores.installation_stream.current(), stores.config.site
    people = with_measured(stores.vault.database, stores.vault.people([subscriber]))
    plan, known = installation.plan(), people.get(subscriber)
    fields, declared = known.fields if known else {}, plan.declared or Declared()
    smtp = stores.config.smtp
    relay = MAILBOX if smtp.is_mailbox else smtp.relay or PROVIDER
    signed = stores.tree.latest()
    return {
        "made_at": iso(stores.clock.now()),
        "controller": {
            "name": site.name,
            "postal_address": site.postal_address,
            "email": site.reply_to or site.sender,
        },
        "person": {
            "subscriber": subscriber,
            "email": known.address if known else None,
            "fields": dict(fields),
            "source": (known.source or None) if known else None,
            "form": (known.form or None) if known else None,
            "timezone": person.timezone or None,
            "language": person.language or None,
            "suppressed": person.suppressed or None,
            "restricted": person.restricted,
            "last_contact": iso(person.last_contact) if person.last_contact else None,
            "measured_since": iso(person.measured_since) if person.measured_since else None,
        },
        "purposes": [
            {
                "id": name,
                "name": plan.purposes[name].name if name in plan.purposes else name,
                "basis": ground.basis,
                "status": ground.status,
                "since": iso(ground.since),
                "proof": ground.proof,
            }
            for name, ground in person.grounds.items()
        ],
        "asked": [
            {
                "id": name,
                "name": plan.purposes[name].name if name in plan.purposes else name,
                "asked_at": iso(request.asked_at),
            }
            for name, request in person.requests.items()
        ],
        "lists": [
            {"list": m.list, "name": plan.title_for_readers(m.list), "since": iso(m.joined_at)}
            for m in person.memberships.values()
        ],
        "segments": [
            {"segment": segment.id, "name": segment.name}
            for segment in SegmentConditions(plan).segments_of(person, known, stores.clock.now())
        ],
        "stopped": [
            {
                "id": name,
                "name": plan.purposes[name].name if name in plan.purposes else name,
                "since": iso(stopped.at),
                "silent_since": iso(stopped.silent_since),
            }
            for name, stopped in person.stopped.items()
        ],
        "preferences": {
            "themes": list(person.preferences.themes),
            "contents": list(person.preferences.contents),
            "frequency": person.preferences.frequency,
            "paused_until": iso(until) if (until := person.preferences.paused_until) else None,
        },
        "requests": open_requests(person),
        "letters": list(_letters(entries, installation, fields)),
        "measured": _measured(
            measured_of(stores.vault.database, subscriber), entries, installation, fields
        ),
        "orders": list(_orders(entries, evidence)),
        "sources": list(_sources(entries, evidence)),
        "recipients": [
            {"who": relay, "what": "the address and the letters, to hand them over by SMTP"},
            *_recipients(declared, plan, person),
        ],
        "retention": _durations(declared, site.language),
        "rights": [{"right": right} for right in RIGHTS],
        "authority": AUTHORITY,
        "ledger": {
            "position": stores.ledger.head(),
            "checkpoint": signed
            and {
                "origin": signed.origin,
                "size": signed.size,
                "signed_at": iso(signed.signed_at),
            },
        },
        "notices": notices(entries, installation),
        "evidence": [
            {"commitment": commitment, "kept": piece} for commitment, piece in evidence.items()
        ],
        "events": [entry_as_json(entry, evidence) for entry in entries],
    }


def open_requests(person: Person) -> Part:
    """Rights asked for and not answered yet."""
    return [
        {
            "request": request,
            "right": asked.right,
            "asked_at": iso(asked.asked_at),
            "due_at": iso(asked.due_at),
        }
        for request, asked in person.rights.items()
    ]


def _durations(declared: Declared, language: Language) -> Part:
    """How long what is kept, as the register says it (GDPR 15(1)(d))."""
    rows = retention(declared.retention, speech_in(language, "UTC"))
    return [{"what": what, "how_long": time} for what, time in rows]


def _recipients(declared: Declared, plan: Plan, person: Person) -> Iterator[dict[str, object]]:
    """Whoever else gets to see something, as the register lists them (GDPR 15(1)(c)), with what
    allows it outside the European Economic Area (15(2)); and the partners whose messages the person
    agreed to.
    """
    for processor in declared.processors:
        guarantee = {"guarantee": processor.guarantee} if processor.guarantee else {}
        yield {
            "who": processor.name,
            "what": processor.task,
            "data": list(processor.data),
            "country": processor.country,
            **guarantee,
        }
    purposes = (plan.purposes[name] for name in person.grounds if name in plan.purposes)
    for identifier in dict.fromkeys(purpose.partner for purpose in purposes if purpose.partner):
        if (partner := declared.partner(identifier)) is not None:
            yield {"who": partner.name, "what": "partner", "address": partner.address}


def _letters(
    entries: Sequence[Entry], installation: Installation, fields: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """Each letter once, with its subject as the person with these fields reads it, and the last
    that is known of it.
    """
    begun: dict[str, dict[str, object]] = {}
    for entry in entries:
        event = entry.event
        match event:
            case e.LetterBegun():
                plan = installation.plan(event.edition)
                letter = letter_of(plan, event)
                described: dict[str, object] = {
                    "message": event.message,
                    "letter": event.letter,
                    "kind": event.kind,
                    "purpose": event.purpose,
                    "subject": subject_of(letter, fields, plan) if letter else "",
                    "begun_at": iso(event.at),
                    "outcome": "under way",
                }
                begun.setdefault(event.message, described)
            case (
                e.LetterSent()
                | e.LetterDeferred()
                | e.LetterFailed()
                | e.LetterWithheld()
                | e.LetterRetried()
                | e.LetterInDoubt()
            ):
                if event.message in begun:
                    waits = isinstance(event, e.LetterWithheld) and event.until
                    begun[event.message] |= {
                        "outcome": "put off" if waits else OUTCOMES[type(event)],
                        "outcome_at": iso(event.at),
                    }
    yield from begun.values()


def _measured(
    acts: Sequence[Measured],
    entries: Sequence[Entry],
    installation: Installation,
    fields: Mapping[str, str],
) -> Part:
    """What they clicked and loaded, where they agreed to that being noted, oldest first."""
    subjects: dict[str, str] = {}
    wanted = {act.letter for act in acts}
    for event in (entry.event for entry in entries):
        if isinstance(event, e.LetterBegun) and letter_ref(event.key, event.letter) in wanted:
            plan = installation.plan(event.edition)
            letter = letter_of(plan, event)
            subject = subject_of(letter, fields, plan) if letter else ""
            subjects[letter_ref(event.key, event.letter)] = subject
    return [
        {
            "at": iso(act.at),
            "what": act.act,
            "letter": act.letter,
            "subject": subjects.get(act.letter, ""),
            "link": act.link,
        }
        for act in acts
    ]


def _orders(
    entries: Sequence[Entry], evidence: EvidenceByCommitment
) -> Iterator[dict[str, object]]:
    """Each order with its number, as far as it is known, and what was paid back of it. Amounts are
    in minor units of their currency.
    """
    refunded: dict[str, int] = {}
    for entry in entries:
        if isinstance(refund := entry.event, e.OrderRefunded):
            refunded[refund.order] = refunded.get(refund.order, 0) + refund.amount
    for entry in entries:
        if isinstance(order := entry.event, e.OrderRecorded):
            yield {
                "order": evidence.get(entry.cause.evidence, {}).get("order"),
                "at": iso(order.at),
                "amount": order.amount,
                "currency": order.currency,
                "products": list(order.products),
                "refunded": refunded.get(order.order, 0),
            }


def _sources(
    entries: Sequence[Entry], evidence: EvidenceByCommitment
) -> Iterator[dict[str, object]]:
    """Where the data came from (GDPR 14(2)(f), 15(1)(g)): the doors, and what was said there of its
    origin.
    """
    causes: set[str] = set()
    for entry in entries:
        kept = evidence.get(entry.cause.evidence, {})
        origin = {name: kept[name] for name in SOURCES if kept.get(name)}
        if (
            not isinstance(entry.event, e.OrderRecorded | e.OrderRefunded)
            and entry.cause.door in ("form", "import", "api", "operator")
            and (origin or entry.version == 1)
            and entry.cause.ref not in causes
        ):
            causes.add(entry.cause.ref)
            yield {"at": iso(entry.event.at), "door": entry.cause.door} | origin


def notices(entries: Sequence[Entry], installation: Installation) -> Mapping[str, str]:
    """The very words the person was shown, by their digest."""
    digests = {
        digest
        for entry in entries
        for digest in (getattr(entry.event, "notice", ""), getattr(entry.event, "form", ""))
        if digest
    }
    return {
        digest: installation.words[digest]
        for digest in sorted(digests)
        if digest in installation.words
    }


def as_csv(dossier: Mapping[str, object]) -> str:
    """A line for each thing that is known, every cell quoted and inert whatever it holds (G05).
    UTF-8 with its mark, as spreadsheets want it; lines end with CR LF (RFC 4180).
    """
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(CSV_HEADER)
    for about, value in dossier.items():
        for row in _rows(about, value):
            writer.writerow([inert(cell) for cell in row])
    return "\ufeff" + out.getvalue()


def _rows(about: str, value: object) -> Iterator[tuple[str, str, str, str]]:
    if isinstance(value, Mapping):
        yield from ((about, "", str(name), _cell(part)) for name, part in value.items())
    elif isinstance(value, list):
        for row in value:
            date = next((str(row[name]) for name in DATE_NAMES if name in row), "")
            what = next((str(row[name]) for name in WHAT_NAMES if name in row), "")
            yield about, date, what, _cell(row)
    else:
        yield about, "", "", _cell(value)


def _cell(value: object) -> str:
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    )


def own_proof(stores: ProofStores, subscriber: str) -> bytes:
    """The zip that `relance audit prove` writes, as of a checkpoint made now. Raises one of
    UNSIGNED.

    What is in it is held against the tree, and the number of facts against what was known of the
    person. Unlike `audit prove` it does not read the whole ledger, which a visitor could ask for
    again and again.
    """
    sources = Stores(stores.ledger, stores.vault, stores.tree, stores.installation_stream)
    known = stores.command_handler.load([subscriber])[subscriber].version
    own = stores.ledger.stored(subscriber)
    held = stores.tree.held({position: octets for position, (_, octets) in own.items()})
    refuse_to_sign(held, missing_facts(subscriber, [entry for entry, _ in own.values()], known))
    signed = stores.tree.sign_now()
    holding = holding_of(sources, subscriber, signed)
    refuse_to_sign(stores.tree.held(holding.entries))
    return zipped(bundle_files(head_of(sources, signed), holding, ledger_tools(), stores.tree.sign))
