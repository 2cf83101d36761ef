"""What the vault keeps, held against what the ledger commits to (E06): each piece is the one that a
fact committed to, and what is gone was deleted by a fact that says so: an erasure, or a night of
retention that it was past its time for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from engine.audit.evidence import GroundProof, ground_proofs, live_proofs, read_payload
from engine.audit.published import Published
from engine.i18n.language import N_, Say
from engine.ledger.codec import Entry, EntryRefused
from engine.ledger.store import Ledger
from engine.privacy.retention import terms
from engine.proof.bundle_sources import digests_of
from engine.sequence.delay import DAY
from engine.subscriber import events as e
from engine.subscriber.inactivity import retention_of
from engine.vault.evidence import Evidence, committed
from engine.vault.vault import KnownPerson, Vault
from engine.words import Words, words

PAGE = 500
"""People whose streams and evidence are in memory at a time."""
MONTH = 30 * DAY
SLACK = DAY
"""Milliseconds that a piece may have been kept before its fact was recorded."""
OTHER_EVIDENCE = N_(
    "the evidence in the vault under {commitment} is NOT what the ledger commits to"
)
UNNAMED = N_("the vault holds evidence about {stream} under {commitment}, and no fact names it")
UNREADABLE = N_("the facts of {stream} cannot be read: {why}")
Code = Literal["altered", "missing", "without-visitor"]


@dataclass(frozen=True, slots=True)
class EvidenceFault:
    """A piece that the fact at `position` commits to. `code`: it is another ("altered"); it is gone
    and no fact says why ("missing"); so are the IP address and the browser that the act commits to
    ("without-visitor").
    """

    code: Code
    position: int
    commitment: str

    def said(self, _: Say) -> str:
        sentences = {
            "altered": _("evidence {commitment}… is NOT what the ledger commits to"),
            "missing": _(
                "evidence {commitment}… is gone, and no fact says why: neither an erasure nor a"
                " night of retention for which its time had come"
            ),
            "without-visitor": _(
                "the IP address and the browser that evidence {commitment}… commits to are gone,"
                " and no night of retention says why"
            ),
        }
        return sentences[self.code].format(commitment=self.commitment[:16])


@dataclass(frozen=True, slots=True)
class Deletions:
    """Each night on which retention was enforced: the position of its fact, and the instants (ms)
    before which IP addresses, and mail servers' words, were past their time.
    """

    nights: tuple[tuple[int, int, int], ...]

    def of_visitor(self, entry: Entry) -> bool:
        """Whether the IP address and browser behind a fact may be gone."""
        return any(
            position > entry.position and entry.recorded_at - SLACK < visitor
            for position, visitor, _ in reversed(self.nights)
        )

    def of_relay(self, entry: Entry) -> bool:
        """Whether the words of a mail server behind a fact may be gone. Those of a mail that was
        accepted are kept like an act.
        """
        if entry.cause.door != "relay" or isinstance(entry.event, e.LetterSent):
            return False
        return any(
            position > entry.position and entry.recorded_at - SLACK < relay
            for position, _, relay in reversed(self.nights)
        )


def deletions(published: Published, zone: str) -> Deletions:
    """`zone` is the installation's, in which nights are counted."""
    nights = []
    for position, night in published.nights:
        if night.mode == "enforce":
            past = terms(retention_of(published.plan_at(position)), night.at, zone)
            nights.append((position, past.visitor, past.relay))
    return Deletions(tuple(nights))


def evidence_faults(
    entries: Sequence[Entry], pieces: Mapping[str, Evidence], deleted: Deletions
) -> Iterator[EvidenceFault]:
    """`entries` are a person's whole stream, `pieces` what the vault has of them, by commitment in
    hexadecimal. Each piece is named once, with the first fact that commits to it.
    """
    erased = any(isinstance(entry.event, e.SubscriberErased) for entry in entries)
    seen: set[str] = set()
    for entry in entries:
        for commitment in {entry.cause.evidence, getattr(entry.event, "mail", "")} - {"", *seen}:
            seen.add(commitment)
            piece = pieces.get(commitment)
            if piece is None:
                if not erased and not deleted.of_relay(entry):
                    yield EvidenceFault("missing", entry.position, commitment)
                continue
            visitor = str(read_payload(piece.payload).get("visitor", ""))
            if not _sound(piece, commitment) or (
                visitor in pieces and not _sound(pieces[visitor], visitor)
            ):
                yield EvidenceFault("altered", entry.position, commitment)
            elif visitor and visitor not in pieces and not (erased or deleted.of_visitor(entry)):
                yield EvidenceFault("without-visitor", entry.position, commitment)


def _sound(piece: Evidence, commitment: str) -> bool:
    return committed(piece.salt, piece.payload).hex() == commitment


@dataclass(frozen=True, slots=True)
class AuditedPerson:
    """One person's live grounds, and what is wrong with their evidence. `untold`: somebody else
    brought them more than a month ago, and no letter has said from where (GDPR 14(3)(a)).
    `nameless`: the vault holds no address, and the ledger no erasure that says why.
    """

    subscriber: str
    grounds: tuple[GroundProof, ...]
    faults: tuple[EvidenceFault, ...]
    untold: bool
    nameless: bool


def audited_people(
    streams: Iterable[Sequence[Entry]], ledger: Ledger, vault: Vault, deleted: Deletions, now: int
) -> Iterator[AuditedPerson]:
    """`streams` are people's, each whole; `now` is engine time in milliseconds. Whoever has a fault
    is looked at again as the ledger has them by then: somebody erased meanwhile has none.
    """
    waiting = iter(streams)
    while page := list(islice(waiting, PAGE)):
        people = [entries[0].stream for entries in page]
        pieces, known = vault.pieces_of_many(people), vault.people(people)
        for entries in page:
            subscriber = entries[0].stream
            person, kept = known.get(subscriber), pieces[subscriber]
            audited = _audited(entries, person, kept, deleted, now)
            if audited.faults or audited.nameless:
                audited = _audited(ledger.stream(subscriber), person, kept, deleted, now)
            yield audited


def _audited(
    entries: Sequence[Entry],
    person: KnownPerson | None,
    pieces: Mapping[str, Evidence],
    deleted: Deletions,
    now: int,
) -> AuditedPerson:
    payloads = {digest: read_payload(piece.payload) for digest, piece in pieces.items()}
    proofs = list(ground_proofs(entries, payloads)) if person is not None else []
    told = any(isinstance(entry.event, e.LetterSent) for entry in entries)
    brought = person is not None and bool(person.source)
    return AuditedPerson(
        subscriber=entries[0].stream,
        grounds=tuple(live_proofs(entries, proofs)),
        faults=tuple(evidence_faults(entries, pieces, deleted)),
        untold=brought and now - entries[0].recorded_at > MONTH and not told,
        nameless=person is None
        and not any(isinstance(entry.event, e.SubscriberErased) for entry in entries),
    )


def vault_faults(ledger: Ledger, vault: Vault) -> Iterator[Words]:
    """Every piece in the vault that is not what its commitment says, or that no fact names; people
    by the hundred, so that memory does not grow. The mail of a letter under way is named by its
    outcome, and until then by the letter.
    """
    after = ""
    while owners := vault.evidence_owners(after):
        # The facts last: what a transaction meanwhile keeps comes with its fact.
        kept = vault.pieces_of_many(owners)
        try:
            streams = ledger.after(dict.fromkeys(owners, 0))
        except EntryRefused:
            streams = {}
        for owner in owners:
            try:
                entries = streams[owner] if streams else ledger.stream(owner)
            except EntryRefused as error:
                yield words(UNREADABLE, stream=owner, why=str(error))
            else:
                yield from _faults_of(owner, entries, kept[owner])
        after = owners[-1]


def _faults_of(
    owner: str, entries: Sequence[Entry], pieces: Mapping[str, Evidence]
) -> Iterator[Words]:
    salted = {digest: (piece.salt, piece.payload) for digest, piece in pieces.items()}
    named = {digest for entry in entries for digest in digests_of(entry, salted)}
    begun = {entry.event.message for entry in entries if isinstance(entry.event, e.LetterBegun)}
    for commitment, piece in pieces.items():
        if not _sound(piece, commitment):
            yield words(OTHER_EVIDENCE, commitment=commitment)
        elif commitment not in named and not (
            piece.kind == "mail" and read_payload(piece.payload).get("message") in begun
        ):
            yield words(UNNAMED, stream=owner, commitment=commitment)
