"""Everything a person has a right to be told (GDPR 15(1) and (3), 20): what is known of them, why,
since when, from where, and who else got it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.context import AppContext
from engine.i18n.language import N_
from engine.installation.state import Installation
from engine.ledger.codec import Entry
from engine.ledger.entry_json import EvidenceByCommitment, entry_as_json, iso
from engine.sending.compose import letter_of
from engine.subscriber import events as e
from engine.subscriber.person import Person

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
MAILBOX = N_("the built-in mailbox of this installation")
Part = list[dict[str, object]]


def dossier(context: AppContext, subscriber: str) -> dict[str, object]:
    """JSON-ready, for somebody who is not erased; nothing is left out. Times are ISO 8601 UTC."""
    entries = context.ledger.stream(subscriber)
    evidence = context.vault.evidence_of(subscriber)
    person = context.command_handler.load([subscriber])[subscriber]
    installation, site = context.installation_stream.current(), context.config.site
    plan, known = installation.plan(), context.vault.people([subscriber]).get(subscriber)
    relay = MAILBOX if context.config.smtp.is_mailbox else context.config.smtp.host
    return {
        "made_at": iso(context.clock.now()),
        "controller": {
            "name": site.name,
            "postal_address": site.postal_address,
            "email": site.reply_to or site.sender,
        },
        "person": {
            "subscriber": subscriber,
            "email": known.address if known else None,
            "fields": dict(known.fields) if known else {},
            "source": (known.source or None) if known else None,
            "timezone": person.timezone or None,
            "language": person.language or None,
            "suppressed": person.suppressed or None,
            "restricted": person.restricted,
            "last_contact": iso(person.last_contact) if person.last_contact else None,
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
        "requests": open_requests(person),
        "letters": list(_letters(entries, installation)),
        "sources": list(_sources(entries, evidence)),
        "recipients": [
            {"who": relay, "what": "the address and the letters, to hand them over by SMTP"}
        ],
        "notices": notices(entries, installation),
        "evidence": [
            {"commitment": commitment, "kept": said} for commitment, said in evidence.items()
        ],
        "events": [entry_as_json(entry, evidence) for entry in entries],
    }


def open_requests(person: Person) -> Part:
    """Rights asked for and not answered yet."""
    return [
        {
            "request": request,
            "right": each.right,
            "asked_at": iso(each.asked_at),
            "due_at": iso(each.due_at),
        }
        for request, each in person.rights.items()
    ]


def _letters(entries: Sequence[Entry], installation: Installation) -> Iterator[dict[str, object]]:
    """Each letter once, with the subject as it was published and the last that is known of it."""
    begun: dict[str, dict[str, object]] = {}
    for entry in entries:
        event = entry.event
        match event:
            case e.LetterBegun():
                letter = letter_of(installation.plan(event.edition), event)
                said: dict[str, object] = {
                    "message": event.message,
                    "letter": event.letter,
                    "kind": event.kind,
                    "purpose": event.purpose,
                }
                said |= {
                    "subject": letter.subject if letter else "",
                    "begun_at": iso(event.at),
                    "outcome": "under way",
                }
                begun.setdefault(event.message, said)
            case (
                e.LetterSent()
                | e.LetterDeferred()
                | e.LetterFailed()
                | e.LetterWithheld()
                | e.LetterRetried()
                | e.LetterInDoubt()
            ):
                if event.message in begun:
                    begun[event.message] |= {
                        "outcome": OUTCOMES[type(event)],
                        "outcome_at": iso(event.at),
                    }
    yield from begun.values()


def _sources(
    entries: Sequence[Entry], evidence: EvidenceByCommitment
) -> Iterator[dict[str, object]]:
    """Where the data came from (GDPR 14(2)(f), 15(1)(g)): the doors, and what was said there of its
    origin.
    """
    told: dict[str, None] = {}
    for entry in entries:
        kept = evidence.get(entry.cause.evidence, {})
        origin = {name: kept[name] for name in SOURCES if kept.get(name)}
        if (
            entry.cause.door in ("form", "import", "api", "operator")
            and (origin or entry.version == 1)
            and entry.cause.ref not in told
        ):
            told[entry.cause.ref] = None
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
