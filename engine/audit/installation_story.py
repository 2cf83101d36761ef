"""The story of the installation: what was published, held, exported and changed, when, and by whom.
Who it was lies in the vault; the ledger has an opaque id and a commitment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, get_args

from engine.audit.fact_report import FactReport, held_as_json
from engine.audit.ledger_dates import DatedStores, LedgerDates
from engine.audit.published import Published
from engine.audit.report import Report, Section
from engine.config import Config
from engine.i18n.dates import shown
from engine.i18n.language import Language
from engine.installation.events import (
    STREAM,
    FormPublished,
    InstallationEvent,
    NoticePublished,
    WordsPublished,
)
from engine.ledger.chronology import Descents
from engine.ledger.codec import Entry, iso
from engine.vault.vault import Vault

PIECES = (WordsPublished, NoticePublished, FormPublished)
"""Of a publication, which is told as one; words are shown where somebody was shown them."""
TOLD = tuple(kind for kind in get_args(InstallationEvent) if kind not in PIECES)


class InstallationStores(DatedStores, Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def vault(self) -> Vault: ...


def installation_facts(
    stores: InstallationStores, language: Language, descents: Descents | None = None
) -> tuple[list[Entry], FactReport]:
    """What there is to tell, in order, and how it is told; `descents` as for `LedgerDates`. Raises
    SigningRefused where what this machine signed last cannot be read.
    """
    read = stores.ledger.stored(STREAM)
    entries = [entry for entry, _octets in read.values()]
    facts = FactReport(
        published=Published(entries),
        dates=LedgerDates(stores, entries, descents),
        pieces=stores.vault.pieces_of(STREAM),
        zone=stores.config.site.timezone,
        language=language,
        held=stores.tree.held({at: octets for at, (_entry, octets) in read.items()}),
    )
    return [entry for entry in entries if isinstance(entry.event, TOLD)], facts


def installation_report(entries: Sequence[Entry], facts: FactReport, now: int) -> Report:
    """`now` is engine time (ms)."""
    _ = facts.say
    title = _("The story of the installation, told on {when} ({zone})")
    lines = tuple(facts.line(entry) for entry in entries)
    sections = (*facts.sections(), Section(_("What happened, in order"), lines))
    return Report(
        title.format(when=shown(now, facts.zone), zone=facts.zone), sections, facts.language
    )


def installation_as_json(
    entries: Sequence[Entry], facts: FactReport, now: int
) -> dict[str, object]:
    """The same for a program; instants in ISO 8601, UTC."""
    return {
        "told_at": iso(now),
        "not_as_signed": held_as_json(facts),
        "facts": [facts.as_json(entry) for entry in entries],
    }
