"""The statement that nothing is held about an address or a mail, with what it does not say: a note
(C2SP signed-note) signed with the key that signs the installation's checkpoints.

Its first line is the origin, as a checkpoint's is; its second is no number, so that nobody can take
it for a checkpoint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.audit.letter_search import forged_links
from engine.audit.report import Line, Note, Report, Section
from engine.desk.clock import Clock
from engine.i18n.dates import moment_in_words
from engine.i18n.language import Language, translator
from engine.i18n.printable import printable
from engine.i18n.stored_words import stored_in_words
from engine.ledger.codec import iso
from engine.ledger.store import Ledger
from engine.privacy.paper_markdown import paper_foot
from engine.proof.ledger_tree import LedgerTree
from engine.vault.vault import Vault

KIND = "nothing-held/v1"


class StatementStores(Protocol):
    """`tree` signs."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def tree(self) -> LedgerTree: ...
    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True, slots=True)
class Question:
    """`kind`: "address", "message-id" or "mail" (then `value` is the SHA-256 of the file)."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Head:
    """How far the ledger was read: the last position, and the RFC 6962 leaf hash of the entry there
    ("" for an empty ledger).
    """

    size: int
    leaf: str = ""


def head_of(ledger: Ledger) -> Head:
    size = ledger.head()
    state = ledger.bytes_at(size)
    return Head(size, hashlib.sha256(b"\0" + state).hexdigest() if state is not None else "")


def statement(
    origin: str,
    questions: Sequence[Question],
    at: str,
    head: Head,
    suppressed: str | None,
    sentences: Sequence[str],
) -> str:
    """`at` is ISO 8601 in UTC; `suppressed` the reason on the suppression list, "" for not on it,
    None where no address was asked about.
    """
    lines = [
        origin,
        KIND,
        *(f"{question.kind} {printable(question.value)}" for question in questions),
        f"at {at}",
        f"ledger {head.size} {head.leaf}".rstrip(),
    ]
    if suppressed is not None:
        lines.append(f"suppressed {suppressed or 'no'}")
    return "\n".join([*lines, "", *map(printable, sentences)]) + "\n"


def nothing_held_about_address(
    stores: StatementStores, address: str, language: Language
) -> NothingHeld:
    """`address` is normalised. Raises SigningRefused, ProofRefused where nothing may be signed
    (F07).
    """
    _, vault = translator(language), stores.vault
    reason = next(iter(vault.suppressed([vault.hash(address)]).values()), "")
    listed = _(
        "Its keyed hash is on the suppression list ({why}): that is all that is kept of it."
    ).format(why=stored_in_words(reason, _))
    sentences = (
        _(
            "Nobody is registered under this address in this installation, and no evidence that is"
            " still held names it."
        ),
        listed if reason else _("Its keyed hash is not on the suppression list."),
        _(
            "Somebody who was erased without that hash cannot be told apart from somebody never"
            " known: what stays of them is linked to no address."
        ),
        _(
            "This speaks of one installation at one moment, and not of what others may have sent in"
            " its name."
        ),
    )
    return _signed(stores, [Question("address", address)], reason, sentences)


def nothing_held_about_mail(
    stores: StatementStores, questions: Sequence[Question], forged: int, language: Language
) -> NothingHeld:
    """`forged` counts links of Relance's form that are none of this installation's. Raises as
    `nothing_held_about_address` does.
    """
    _ = translator(language)
    sentences = (
        *((forged_links(forged, language),) if forged else ()),
        _(
            "No letter with this Message-ID, and none that a genuine link of this mail leads to,"
            " was ever begun in this ledger."
        ),
        _("The beginning of a letter stays in the ledger when the person it went to is erased."),
        _(
            "A ledger that was put back from an older copy no longer holds what was written after"
            " that copy."
        ),
        _(
            "It does not say who wrote the mail: anybody can put this site's name and address into"
            " a mail of their own."
        ),
    )
    return _signed(stores, questions, None, sentences)


def _signed(
    stores: StatementStores,
    questions: Sequence[Question],
    suppressed: str | None,
    sentences: Sequence[str],
) -> NothingHeld:
    origin, _vkey = stores.tree.begin()
    # The head is read once the origin is there: it may have begun just now.
    head, signed = head_of(stores.ledger), stores.tree.latest()
    text = statement(origin, questions, iso(stores.clock.now()), head, suppressed, sentences)
    return NothingHeld(
        questions=tuple(questions),
        suppressed=suppressed,
        note=stores.tree.sign(text).decode(),
        origin=origin,
        position=head.size,
        checkpoint=(signed.size, signed.signed_at) if signed is not None else None,
    )


@dataclass(frozen=True, slots=True)
class NothingHeld:
    """The signed `note`, and what it answers. `suppressed` as in `statement`; `checkpoint` is the
    last that was signed, its size and date (ms).
    """

    questions: tuple[Question, ...]
    suppressed: str | None
    note: str
    origin: str
    position: int
    checkpoint: tuple[int, int] | None

    def as_json(self) -> dict[str, object]:
        return {
            "held": False,
            "suppressed": self.suppressed,
            "note": self.note,
            **{question.kind: printable(question.value) for question in self.questions},
        }

    def report(self, language: Language) -> Report:
        _ = translator(language)
        sentence = _(
            "This signed note can be verified with the key that `relance audit key` prints:"
        )
        foot = paper_foot(
            self.origin,
            self.position,
            self.checkpoint,
            lambda instant: f"{moment_in_words(instant, 'UTC', language)} (UTC)",
            _,
        )
        section = Section(
            _("Statement"), (Line(sentence, (Note("", verbatim=self.note),)), Line(foot))
        )
        return Report(_("Nothing held"), (section,), language)
