"""One fact as an auditor reads it, as a line with notes or as a value for JSON: both dates, what
happened, its door and evidence, the words shown, the first signed checkpoint over it (F16), and
what must not be overlooked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import assert_never

from engine.audit.event_sentences import BY_ID, door_in_words, proof_in_words, sentence
from engine.audit.evidence import HeldEvidence, held_evidence
from engine.audit.ledger_dates import LedgerDates
from engine.audit.person_history import LetterGround
from engine.audit.published import Published
from engine.audit.report import Line, Note, Section
from engine.audit.vault_check import EvidenceFault
from engine.audit.words_seen import WordsSeen, words_seen
from engine.i18n.dates import moment_in_words, shown
from engine.i18n.evidence_words import EvidenceWords
from engine.i18n.language import Language, Say, translator
from engine.i18n.phrases import say_delay, titled_list, titled_purpose
from engine.i18n.stored_words import stored_in_words
from engine.ledger.codec import Entry, entry_as_json, iso
from engine.proof.held_reading import HeldReading
from engine.sequence.delay import DAY, HOUR, MINUTE, Delay
from engine.sequence.model import MEASURE, Plan
from engine.subscriber.events import ConsentConfirmed, LetterBegun
from engine.vault.evidence import Evidence

LARGE_GAP = HOUR


@dataclass
class FactReport:
    """One person's facts as lines and as JSON. `pieces` are their evidence by commitment. Words and
    evidence are shown once, and named by their position afterwards. `letters` names a letter by its
    message; one that is not in it is named by its id. `held` is what came of holding against the
    tree all that is read: a fact whose bytes are not those that were written is not told as one.
    `in_words` writes instants out.
    `faults` are those of the person's evidence. `nameless`: nothing of the vault is told, only
    whether each piece is there and is what the ledger commits to.
    """

    published: Published
    dates: LedgerDates
    pieces: Mapping[str, Evidence]
    zone: str
    language: Language
    letters: Mapping[str, str] = field(default_factory=lambda: BY_ID)
    held: HeldReading = field(default_factory=HeldReading)
    in_words: bool = False
    faults: Sequence[EvidenceFault] = ()
    nameless: bool = False
    _shown: dict[str, int] = field(default_factory=dict)

    def moment(self, instant: int) -> str:
        """To the second."""
        if self.in_words:
            return moment_in_words(instant, self.zone, self.language, seconds=True)
        return shown(instant, self.zone)

    @property
    def say(self) -> Say:
        return translator(self.language)

    def line(self, entry: Entry, ground: LetterGround | None = None) -> Line:
        """`ground` for a letter's beginning: what it stood on."""
        _ = self.say
        plan = self.published.plan_at(entry.position)
        at, recorded = self.moment(entry.event.at), self.moment(entry.recorded_at)
        both = _("{at} (recorded {recorded})").format(at=at, recorded=recorded)
        dates = at if self.in_words and at == recorded else both
        place = _("through: {door} · position {position} · {name}").format(
            door=door_in_words(entry, _), position=entry.position, name=entry.name
        )
        now_says = sentence(entry.event, plan, self.moment, _, self.letters)
        if self.held.altered(entry.position):
            return Line(
                _("{dates}  these are not the bytes that were signed: no fact").format(dates=dates),
                (Note(place), Note(_("they now say: {said}").format(said=now_says))),
                "fault",
            )
        notes = [Note(f"{place} · {self._covered(entry)}"), *self._dates(entry)]
        notes += (
            self._letter(entry)
            + self._evidence(entry, held_evidence(entry, self.pieces))
            + [Note(fault.said(_), "fault") for fault in self._faults(entry)]
            + self._gap(entry)
            + self._words(entry)
        )
        if ground is not None:
            notes.append(self.ground(ground, plan))
        written_out = _("{name}: {value}").format(name=dates, value=now_says)
        return Line(written_out if self.in_words else f"{dates}  {now_says}", tuple(notes))

    def sections(self) -> tuple[Section, ...]:
        """What is not as it was signed, where anything is not: told before everything else."""
        _ = self.say
        differences = (*self.held.differences, *self.published.altered.values())
        lines = tuple(Line(item.words.said(_), mark="fault") for item in differences)
        return (Section(_("NOT as it was signed"), lines),) if lines else ()

    def clock_section(self, position: int) -> tuple[Section, ...]:
        """How the clock was changed after a position, where it was: dates hang on it."""
        _ = self.say
        lines = tuple(
            Line(
                _("{at} (position {position})  {words}").format(
                    at=self.moment(entry.recorded_at),
                    position=entry.position,
                    words=sentence(event, Plan(), self.moment, _),
                ),
                mark="pointer",
            )
            for entry, event in self.dates.clock_changes
            if entry.position > position
        )
        return (Section(_("The clock"), lines),) if lines else ()

    def _dates(self, entry: Entry) -> list[Note]:
        """Why the date at which it was recorded cannot be true."""
        faults = self.dates.faults_of(entry, self.moment)
        return [Note(fault.said(self.say), "fault") for fault in faults]

    def _covered(self, entry: Entry) -> str:
        _, signed = self.say, self.dates.checkpoints.first_over(entry.position)
        if signed is None:
            return _("in no signed checkpoint yet")
        return _("in the checkpoint of {size} entries, signed {when}").format(
            size=signed.size, when=self.moment(signed.signed_at)
        )

    def _letter(self, entry: Entry) -> list[Note]:
        """What `relance audit letter` takes, and which edition's words went out."""
        if not isinstance(entry.event, LetterBegun):
            return []
        _, letter = self.say, entry.event
        return [
            Note(
                _("message {message}, in the words of edition {edition}").format(
                    message=letter.message, edition=letter.edition
                )
            )
        ]

    def _evidence(self, entry: Entry, evidence: HeldEvidence) -> list[Note]:
        _ = self.say
        if evidence.state == "none":
            return []
        if evidence.state == "gone" and self._faults(entry):
            return []
        if evidence.state == "gone":
            return [
                Note(
                    _(
                        "its evidence is no longer held; the ledger keeps only a commitment that"
                        " nobody can open"
                    )
                )
            ]
        if self.nameless and evidence.state == "altered":
            return [Note(_("the evidence in the vault is NOT what the ledger commits to"), "fault")]
        if self.nameless:
            return [Note(_("evidence is held, and is what the ledger commits to"))]
        words = self.evidence_words(entry.position)
        particulars = _joined(words.particulars(evidence.particulars), _)
        digests = _joined(words.digests(evidence.particulars), _)
        of_digests = [Note(_("digests (SHA-256): {said}").format(said=digests))] if digests else []
        if evidence.state == "altered":
            altered = _("the evidence in the vault is NOT what the ledger commits to: {said}")
            return [Note(altered.format(said=particulars), "fault"), *of_digests]
        first = self._shown.setdefault(entry.cause.evidence, entry.position)
        if first != entry.position:
            return [Note(_("evidence: the same as at position {position}").format(position=first))]
        return [Note(_("evidence: {said}").format(said=particulars)), *of_digests]

    def _faults(self, entry: Entry) -> list[EvidenceFault]:
        return [fault for fault in self.faults if fault.position == entry.position]

    def evidence_words(self, position: int) -> EvidenceWords:
        """With the author's words as they were published when this position was written."""
        plan = self.published.plan_at(position)
        return EvidenceWords(
            language=self.language,
            zone=self.zone,
            fields=plan.fields,
            purposes={
                name: agreed.name
                for name in (*plan.purposes, MEASURE)
                if (agreed := plan.agreed_to(name)) is not None
            },
            list_named=partial(titled_list, plan),
            forms={name: form.title for name, form in plan.forms.items()},
            choices={
                "themes": {theme.id: theme.name for theme in plan.themes.values()},
                "contents": {content.id: content.name for content in plan.contents.values()},
            },
        )

    def _gap(self, entry: Entry) -> list[Note]:
        _, gap = self.say, large_gap(entry)
        if not gap:
            return []
        length = say_delay(
            Delay(days=abs(gap) // DAY) if abs(gap) >= DAY else Delay(minutes=abs(gap) // MINUTE),
            self.language,
        )
        if gap > 0:
            return [
                Note(
                    _(
                        "recorded {length} after the date it claims: that date is a declaration"
                    ).format(length=length),
                    "pointer",
                )
            ]
        return [
            Note(_("recorded {length} before the date it claims").format(length=length), "pointer")
        ]

    def _words(self, entry: Entry) -> list[Note]:
        _, seen = self.say, words_seen(self.published, entry, self.pieces)
        if seen is None or (self.nameless and seen.place == "mail"):
            return []
        plan = self.published.plan_at(entry.position)
        place, notice, notes = _place(seen, plan, _), seen.notice, []
        asked_at = self._shown.get(getattr(entry.event, "notice", ""))
        if isinstance(entry.event, ConsentConfirmed) and asked_at is not None:
            sentence = _("confirms what was asked for under the words at position {position}")
            notes.append(Note(sentence.format(position=asked_at)))
        if not notice.digest:
            return [*notes, Note(_("{place}: not known any more").format(place=place))]
        if not notice.words:
            return [*notes, Note(_lost(seen, _), "fault")]
        if notice.digest in self.published.altered:
            sentence = _("{place}: these words (SHA-256 {digest}) are others in this ledger now")
            return [*notes, Note(sentence.format(place=place, digest=notice.digest), "fault")]
        first = self._shown.setdefault(notice.digest, entry.position)
        if first != entry.position:
            sentence = _("{place}: the same as at position {position}")
            return [*notes, Note(sentence.format(place=place, position=first))]
        values = {
            "place": place,
            "language": notice.language,
            "when": self.moment(notice.published_at),
        }
        sentence = (
            _("{place} ({language}, published {when}):") if notice.published_at else _("{place}:")
        )
        notes.append(Note(sentence.format(**values), verbatim=notice.words))
        notes.append(Note(f"SHA-256: {notice.digest}"))
        if seen.place != "mail" and not notice.in_force:
            notes.append(Note(_("other words were in force there by then"), "pointer"))
        return notes

    def ground(self, ground: LetterGround, plan: Plan) -> Note:
        """`plan` names the purpose."""
        _ = self.say
        if ground.why_not:
            why = stored_in_words(ground.why_not, _)
            return Note(_("NO live ground when it was begun: {why}").format(why=why), "fault")
        at, position = (
            (self.moment(ground.fact.event.at), ground.fact.position) if ground.fact else ("?", 0)
        )
        if ground.basis == "asked":
            sentence = (
                _(
                    "ground in force: a mail that asks, once, whether a declared consent is theirs"
                    " ({at}, position {position})"
                )
                if ground.fact and getattr(ground.fact.event, "declared", False)
                else _("ground in force: they had asked for it on {at} (position {position})")
            )
            return Note(sentence.format(at=at, position=position))
        words = _(
            "ground in force: “{purpose}” — {basis}, {proof}, since {at} (position {position})"
        )
        basis, proof = stored_in_words(ground.basis, _), proof_in_words(ground.proof, _)
        return Note(
            words.format(
                purpose=titled_purpose(plan, ground.purpose),
                basis=basis,
                proof=proof,
                at=at,
                position=position,
            )
        )

    def as_json(self, entry: Entry, ground: LetterGround | None = None) -> dict[str, object]:
        """`ground` for a letter's beginning: what it stood on."""
        evidence = held_evidence(entry, self.pieces)
        kept = (
            {entry.cause.evidence: evidence.particulars}
            if evidence.state in ("held", "altered")
            else {}
        )
        plan = self.published.plan_at(entry.position)
        more: dict[str, object] = {
            "words": sentence(entry.event, plan, self.moment, self.say, self.letters),
            "evidence": evidence.state,
            "evidence_faults": [fault.code for fault in self._faults(entry)],
            "as_signed": not self.held.altered(entry.position),
            "large_gap_ms": large_gap(entry),
        }
        if (signed := self.dates.checkpoints.first_over(entry.position)) is not None:
            more["checkpoint"] = {
                "origin": signed.origin,
                "size": signed.size,
                "signed_at": iso(signed.signed_at),
            }
        if faults := self.dates.faults_of(entry, self.moment):
            more["date_faults"] = [fault.said(self.say) for fault in faults]
        if (seen := words_seen(self.published, entry, self.pieces)) is not None:
            more["notice"] = {"place": seen.place, **asdict(seen.notice)}
        if ground is not None:
            more["ground"] = ground_as_json(ground)
        return entry_as_json(entry, kept) | more


def _joined(told: Iterable[tuple[str, str]], _: Say) -> str:
    return _("; ").join(_("{name}: {value}").format(name=name, value=value) for name, value in told)


def held_as_json(facts: FactReport) -> list[dict[str, object]]:
    """What is not as it was signed."""
    differences = (*facts.held.differences, *facts.published.altered.values())
    return [
        {
            "code": item.code,
            "positions": list(item.positions),
            "words": item.words.said(facts.say),
        }
        for item in differences
    ]


def ground_as_json(ground: LetterGround) -> dict[str, object]:
    return {
        "purpose": ground.purpose,
        "live": not ground.why_not,
        "why_not": ground.why_not,
        "basis": ground.basis,
        "proof": ground.proof,
        "given_at_position": ground.fact.position if ground.fact else None,
        "withdrawn_at_position": ground.withdrawn.position if ground.withdrawn else None,
    }


def large_gap(entry: Entry) -> int:
    """Milliseconds from when a fact is said to have been so to when it was recorded, where that is
    an hour or more; 0 for less.
    """
    gap = entry.recorded_at - entry.event.at
    return gap if abs(gap) >= LARGE_GAP else 0


def _place(seen: WordsSeen, plan: Plan, _: Say) -> str:
    match seen.place:
        case "form":
            form = seen.notice.form
            titled = plan.forms.get(form)
            return (
                _("words shown by the form “{form}”").format(form=titled.title if titled else form)
                if form
                else _("words shown")
            )
        case "mail":
            return _("words of the mail that asked to confirm")
        case "page":
            return _("words of the page on which they pressed")
        case unreachable:
            assert_never(unreachable)


def _lost(seen: WordsSeen, _: Say) -> str:
    if seen.place == "mail":
        return _("the mail that is held is NOT the one that was handed over")
    sentence = _("the words it refers to ({digest}) were never published in this ledger")
    return sentence.format(digest=seen.notice.digest)
