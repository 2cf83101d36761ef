"""The papers of whoever answers for the data, as of any day: the register of processing, the
annexes of processors and the log of breaches; complete, or refused with what is missing. And the
steps of that log, each breach written down whatever its risk (GDPR 30, 28, 33(5)).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast

from engine.commands.operators import Operator, execute_for, operator_cause
from engine.config import Config
from engine.desk.clock import Clock
from engine.i18n.dates import shown
from engine.i18n.language import N_, Say
from engine.i18n.user_error import UserError
from engine.installation.breaches import Breach, Risk, Step, evolved
from engine.installation.events import STREAM, BreachRecorded, InstallationEvent
from engine.installation.stream import InstallationStream
from engine.ledger.store import Ledger
from engine.privacy.breach_log import StepTaken, breach_log
from engine.privacy.paper_markdown import Speech, paper_foot, plain
from engine.privacy.processing_register import (
    InForce,
    annex,
    in_force,
    missing_in_annex,
    missing_in_register,
    register,
)
from engine.proof.ledger_tree import LedgerTree
from engine.vault.vault import Vault

PaperName = Literal["register", "processor", "breaches"]
PAPERS: tuple[PaperName, ...] = ("register", "processor", "breaches")
TEXTS = ("facts", "effects", "measures", "reason")
MAX_TEXT_CHARACTERS = 20_000


class PaperStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def config(self) -> Config: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def tree(self) -> LedgerTree: ...
    @property
    def vault(self) -> Vault: ...


class IncompletePaper(UserError):
    """`missing`: English sentences, marked for the catalogue, that name what to declare where."""

    def __init__(self, missing: tuple[str, ...], speech: Speech) -> None:
        self.missing = missing
        super().__init__(
            N_(
                "this paper would not be complete. Missing in what was published from"
                " config.toml:{missing}"
            ),
            missing="".join(f"\n  {speech._(sentence)}" for sentence in missing),
        )


def paper(
    stores: PaperStores,
    name: PaperName,
    at: int,
    speech: Speech,
    *,
    processor: str = "",
    breach_words: bool = True,
) -> str:
    """Markdown, as of `at` (engine time, ms). `processor`: the annex of this one alone, "" for all.
    Without `breach_words`, what was written of a breach stays in the vault. Raises IncompletePaper,
    and UserError where nothing had been published by then or the processor is none.
    """
    match name:
        case "register":
            text = _register(stores, _in_force(stores, at), speech)
        case "processor":
            text = _annexes(_in_force(stores, at), processor, speech)
        case "breaches":
            text = breach_log(steps_taken(stores, words=breach_words), at, speech)
    return f"{text}\n---\n\n{plain(foot(stores, speech))}\n"


def foot(stores: PaperStores, speech: Speech) -> str:
    """How far the ledger was read, and the last checkpoint signed over it."""
    signed = stores.tree.latest()
    return paper_foot(
        stores.config.site.name,
        stores.ledger.head(),
        (signed.size, signed.signed_at) if signed is not None else None,
        speech.instant,
        speech._,
    )


def _in_force(stores: PaperStores, at: int) -> InForce:
    """What was in force. Raises UserError where nothing had been published by then."""
    entries = stores.ledger.stream(STREAM)
    then = in_force(
        ((entry.recorded_at, cast(InstallationEvent, entry.event)) for entry in entries), at
    )
    if then is None:
        raise UserError(
            N_("nothing had been published by {date}"), date=shown(at, stores.config.site.timezone)
        )
    return then


def _register(stores: PaperStores, then: InForce, speech: Speech) -> str:
    smtp = stores.config.smtp
    _complete(missing_in_register(then, relay=smtp.relay), speech)
    return register(then, speech, measure=stores.config.measure)


def _annexes(then: InForce, name: str, speech: Speech) -> str:
    _complete(missing_in_annex(then), speech)
    chosen = [processor for processor in then.declared.processors if name in ("", processor.name)]
    if not chosen:
        known = ", ".join(processor.name for processor in then.declared.processors)
        raise UserError(
            N_("no processor {name} was declared; there are: {known}"), 2, name=name, known=known
        )
    return "\n".join(annex(then, processor, speech) for processor in chosen)


def _complete(missing: Iterable[str], speech: Speech) -> None:
    wanting = tuple(missing)
    if wanting:
        raise IncompletePaper(wanting, speech)


def steps_taken(stores: PaperStores, *, words: bool = True) -> list[StepTaken]:
    """Every step of every breach in order, with what the vault still knows of it if `words`."""
    kept = stores.vault.evidence_of(STREAM) if words else {}
    steps = []
    for entry in stores.ledger.stream(STREAM):
        if isinstance(entry.event, BreachRecorded):
            texts = kept.get(entry.cause.evidence, {}).get("words", {})
            steps.append(StepTaken(entry.event, entry.recorded_at, cast(Mapping[str, str], texts)))
    return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """What is written down of a breach. `breach`: "" for one that is new; `at`: engine time in ms,
    0 for now; an empty risk, no people and missing words stay as they were.
    """

    breach: str = ""
    step: Step = "detected"
    at: int = 0
    risk: Risk | Literal[""] = ""
    people: int = 0
    words: Mapping[str, str] = field(default_factory=dict)


class StepRefused(UserError):
    """`about`: which part of the step is wrong."""

    def __init__(self, about: str, sentence: str, **values: object) -> None:
        self.about = about
        super().__init__(sentence, 2, **values)


def write_step(stores: PaperStores, new: NewStep, operator: Operator) -> Breach:
    """The breach as it is known then. Words may name people: they lie in the vault, and the ledger
    commits to them. Raises StepRefused.
    """
    zone, now = stores.config.site.timezone, stores.clock.now()
    known = stores.installation_stream.current().breaches
    if new.breach and new.breach not in known:
        raise StepRefused(
            "breach",
            N_("no breach {breach} was recorded; there are: {known}"),
            breach=new.breach,
            known=", ".join(known) or "-",
        )
    at = new.at or now
    if at > now:
        sentence = N_("{date} is still to come: a breach is written down as it was")
        raise StepRefused("at", sentence, date=shown(at, zone))
    if new.breach and at < known[new.breach].detected_at:
        sentence = N_("{date} lies before the breach was detected")
        raise StepRefused("at", sentence, date=shown(at, zone))
    if new.people < 0:
        sentence = N_("the number of people is a whole number, 0 where it is not known")
        raise StepRefused("people", sentence)
    for name, text in new.words.items():
        if len(text) > MAX_TEXT_CHARACTERS or not _is_text(text):
            sentence = N_("{name}: text of at most {most} characters")
            raise StepRefused(name, sentence, name=name, most=MAX_TEXT_CHARACTERS)
    name = new.breach or secrets.token_hex(8)
    event = BreachRecorded(at, name, new.step, new.risk, new.people)
    made = operator_cause(operator, {"words": dict(new.words)} if new.words else {})
    execute_for(stores, made, lambda state: [event], now)
    return evolved(known, event)[name]


def _is_text(text: str) -> bool:
    return all(character.isprintable() or character in "\n\t" for character in text)


def what_is_owed(known: Breach, zone: str, _: Say) -> list[str]:
    """Sentences, none where nothing is."""
    lines: list[str] = []
    if known.closed_at:
        return lines
    if known.authority_due_at:
        sentence = _(
            "the authority (CNIL) must be told before {date}, unless there is no risk for the"
            " people (GDPR 33)"
        )
        lines.append(sentence.format(date=shown(known.authority_due_at, zone)))
    if known.people_owed:
        sentence = _(
            "the risk is high: tell those affected without delay, in plain words, what may come of"
            " it and how they protect themselves (GDPR 34)"
        )
        lines.append(sentence)
    return lines
