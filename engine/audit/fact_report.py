"""One fact as an auditor is told of it: both dates, what happened, its door and evidence, the words
shown, and what must not be overlooked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.audit.covering_checkpoint import Covering
from engine.audit.event_sentences import door_in_words, proof_in_words, sentence
from engine.audit.grounds_then import GroundThen
from engine.audit.held_evidence import Held, held, particulars
from engine.audit.published import Notice, Published
from engine.audit.report import Line, Note
from engine.i18n.dates import shown
from engine.i18n.evidence_words import in_detail
from engine.i18n.language import Language, Say, translator
from engine.i18n.phrases import say_delay
from engine.i18n.refused import in_words
from engine.ledger.codec import Entry
from engine.sequence.delay import DAY, HOUR, MINUTE, Delay
from engine.subscriber.events import LetterBegun
from engine.vault.commitment import Evidence

LARGE_GAP = HOUR


@dataclass
class Telling:
    """`pieces` are the person's evidence by commitment. Words and evidence are shown once, and
    named by their place afterwards. `letters` names them by their message; without it they are
    named by their ids.
    """

    published: Published
    covering: Covering
    pieces: Mapping[str, Evidence]
    zone: str
    language: Language
    letters: Mapping[str, str] = field(default_factory=dict)
    _shown: dict[str, int] = field(default_factory=dict)

    @property
    def say(self) -> Say:
        return translator(self.language)

    def line(self, entry: Entry, ground: GroundThen | None = None) -> Line:
        """`ground` for a letter's beginning: what it stood on."""
        _ = self.say
        plan = self.published.plan_at(entry.position)
        both = _("{at} (recorded {recorded})").format(
            at=shown(entry.event.at, self.zone), recorded=shown(entry.recorded_at, self.zone)
        )
        where = _("through: {door} · position {position} · {name}")
        place = where.format(door=door_in_words(entry, _), position=entry.position, name=entry.name)
        notes = [Note(f"{place} · {self._covered(entry)}")]
        notes += (
            self._letter(entry)
            + self._evidence(entry, held(entry, self.pieces))
            + self._gap(entry)
            + self._notice(entry)
        )
        if ground is not None:
            notes.append(self.ground(ground))
        return Line(
            f"{both}  {sentence(entry.event, plan, self.zone, _, self.letters)}", tuple(notes)
        )

    def _covered(self, entry: Entry) -> str:
        _, signed = self.say, self.covering.of(entry.position)
        if signed is None:
            return _("in no signed checkpoint yet")
        return _("in the checkpoint of {size} entries, signed {when}").format(
            size=signed.size, when=shown(signed.signed_at, self.zone)
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

    def _evidence(self, entry: Entry, found: Held) -> list[Note]:
        _ = self.say
        if found.state == "none":
            return []
        if found.state == "gone":
            return [
                Note(
                    _(
                        "its evidence is no longer held; the ledger keeps only a commitment that"
                        " nobody can open"
                    )
                )
            ]
        said = _("; ").join(
            _("{name}: {value}").format(name=name, value=value)
            for name, value in in_detail(particulars(found.said), _)
        )
        if found.state == "altered":
            return [
                Note(
                    _("the evidence in the vault is NOT what the ledger commits to: {said}").format(
                        said=said
                    ),
                    alarm=True,
                )
            ]
        before = self._shown.setdefault(entry.cause.evidence, entry.position)
        if before != entry.position:
            return [Note(_("evidence: the same as at position {position}").format(position=before))]
        return [Note(_("evidence: {said}").format(said=said))]

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
                    alarm=True,
                )
            ]
        return [
            Note(_("recorded {length} before the date it claims").format(length=length), alarm=True)
        ]

    def _notice(self, entry: Entry) -> list[Note]:
        _, found = self.say, notice_of(self.published, entry)
        if found is None:
            return []
        if not found.words:
            return [
                Note(
                    _(
                        "the words it refers to ({digest}) were never published in this ledger"
                    ).format(digest=found.digest),
                    alarm=True,
                )
            ]
        before = self._shown.setdefault(found.digest, entry.position)
        if before != entry.position:
            return [
                Note(_("words shown: the same as at position {position}").format(position=before))
            ]
        if not found.form:
            return [
                Note(
                    _("words shown (SHA-256 {digest}), published with no form:").format(
                        digest=found.digest
                    ),
                    verbatim=found.words,
                )
            ]
        said = _(
            "words shown by the form “{form}” ({language}, published {when}, SHA-256 {digest}):"
        )
        values = {
            "form": found.form,
            "language": found.language,
            "when": shown(found.published_at, self.zone),
            "digest": found.digest,
        }
        notes = [Note(said.format(**values), verbatim=found.words)]
        if not found.in_force:
            notes.append(Note(_("other words were in force for this form by then"), alarm=True))
        return notes

    def ground(self, ground: GroundThen) -> Note:
        _ = self.say
        if ground.why_not:
            said = _("NO live ground when it was begun: {why}").format(
                why=in_words(ground.why_not, _)
            )
            return Note(said, alarm=True)
        at, position = (
            (shown(ground.fact.event.at, self.zone), ground.fact.position)
            if ground.fact
            else ("?", 0)
        )
        if ground.basis == "asked":
            return Note(
                _("ground in force: they had asked for it on {at} (position {position})").format(
                    at=at, position=position
                )
            )
        said = _(
            "ground in force: “{purpose}” — {basis}, {proof}, since {at} (position {position})"
        )
        basis, proof = in_words(ground.basis, _), proof_in_words(ground.proof, _)
        return Note(
            said.format(purpose=ground.purpose, basis=basis, proof=proof, at=at, position=position)
        )


def large_gap(entry: Entry) -> int:
    """Milliseconds from when a fact is said to have been so to when it was recorded, where that is
    an hour or more; 0 for less.
    """
    gap = entry.recorded_at - entry.event.at
    return gap if abs(gap) >= LARGE_GAP else 0


def notice_of(published: Published, entry: Entry) -> Notice | None:
    """The words a fact refers to, None where it refers to none."""
    digest, form = getattr(entry.event, "notice", ""), getattr(entry.event, "form", "")
    return published.notice(digest, entry.position, form) if digest else None
