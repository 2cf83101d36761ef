"""Who was on which list, and on what ground, as the ledger knew it at an instant: computed by
replaying it person by person, and shown as lines, as a table for a spreadsheet, or as JSON. Rows
come one by one and none is kept.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TextIO

from engine.audit.event_sentences import proof_in_words
from engine.audit.person_history import MembershipAsOf, claimed_at, memberships_as_of
from engine.audit.published import Published
from engine.i18n.dates import shown
from engine.i18n.language import Language, Say, counting_translator, translator
from engine.i18n.phrases import titled_list, titled_purpose
from engine.i18n.printable import printable
from engine.i18n.stored_words import stored_in_words
from engine.imports.rejected_rows import inert
from engine.installation.events import STREAM
from engine.ledger.codec import Entry, iso
from engine.ledger.store import Ledger, histories
from engine.store.database import Database
from engine.vault.vault import Vault

LOWEST_ID, HIGHEST_ID = (
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
)
BATCH = 500
"""Memberships whose addresses are looked up in one query."""
COLUMNS = (
    "list", "name", "address", "subscriber", "recorded", "basis", "proof", "status",
    "ground_claimed", "ground_recorded", "ground_position", "joined_claimed", "joined_recorded",
    "joined_position", "left_claimed", "left_recorded", "away_claimed", "away_recorded", "barred",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """`address` is "" where the vault no longer holds one, `name` where no edition has the list.
    `title` and `purpose` are what readers know list and purpose by.
    """

    membership: MembershipAsOf
    name: str
    address: str
    title: str
    purpose: str


@dataclass(frozen=True, slots=True)
class MembershipReport:
    """`instant` is engine time (ms), shown on the clock of `zone`; `list` 0 is every list."""

    instant: int
    zone: str
    list: int
    rows: Iterator[Row]


def everybody(database: Database, ledger: Ledger) -> Iterator[list[Entry]]:
    """Each person's stream, a batch in memory at a time."""
    for batch in histories(database, LOWEST_ID, HIGHEST_ID, ledger.head()):
        for stream, entries in groupby(batch, key=lambda entry: entry.stream):
            if stream != STREAM:
                yield list(entries)


def membership_rows(
    vault: Vault,
    published: Published,
    streams: Iterable[list[Entry]],
    instant: int,
    known_until: int,
    number: int,
) -> Iterator[Row]:
    """Of list `number` (0: of every list), with the addresses the vault still has. `known_until`
    is the position at which the ledger ended at the instant.
    """
    then, latest = published.plan_known(instant), published.state.plan()

    def purpose_of(list_number: int) -> str:
        declared = then.lists.get(list_number) or latest.lists.get(list_number)
        return declared.purpose if declared else ""

    def with_addresses(memberships: list[MembershipAsOf]) -> Iterator[Row]:
        people = vault.people({membership.subscriber for membership in memberships})
        for membership in memberships:
            declared = then.lists.get(membership.list) or latest.lists.get(membership.list)
            known = people.get(membership.subscriber)
            plan = then if membership.list in then.lists else latest
            yield Row(
                membership=membership,
                name=declared.name if declared else "",
                address=known.address if known else "",
                title=titled_list(plan, membership.list),
                purpose=titled_purpose(plan, membership.purpose),
            )

    waiting: list[MembershipAsOf] = []
    for entries in streams:
        waiting += [
            membership
            for membership in memberships_as_of(entries, instant, known_until, purpose_of)
            if not number
            or number == membership.list
            or (membership.list == 0 and membership.purpose == purpose_of(number))
        ]
        if len(waiting) >= BATCH:
            yield from with_addresses(waiting)
            waiting = []
    yield from with_addresses(waiting)


def as_lines(report: MembershipReport, language: Language) -> Iterator[str]:
    _, ngettext, zone = translator(language), counting_translator(language), report.zone
    head = _(
        "As it was known on {when} ({zone}); ! was recorded later, with a claim to have been so by"
        " then"
    )
    yield head.format(when=shown(report.instant, zone), zone=zone)
    known = later = 0
    for row in report.rows:
        known, later = known + row.membership.known, later + (not row.membership.known)
        yield from map(printable, _lines(row, zone, _))
    yield ngettext("{n} place on a list was known", "{n} places on lists were known", known).format(
        n=known
    )
    if later:
        yield ngettext("{n} was recorded later", "{n} were recorded later", later).format(n=later)


def _lines(row: Row, zone: str, _: Say) -> Iterator[str]:
    membership, mark = row.membership, "" if row.membership.known else "! "
    where = (
        _("list {list}").format(list=row.title) if membership.list else _("no list, a ground alone")
    )
    yield f"{mark}{where}  {row.address or _('(no longer held)')}  {membership.subscriber}"
    if membership.joined is not None:
        yield "    " + _("on it since {at} (recorded {recorded}, position {position})").format(
            **_dates(membership.joined, zone)
        )
    for gone, back in membership.away:
        yield "    " + _(
            "away from {at} (recorded {recorded}, position {position}) to {back_at} (recorded"
            " {back_recorded}, position {back_position}): moved, and the move taken back"
        ).format(
            **_dates(gone, zone),
            **{f"back_{name}": value for name, value in _dates(back, zone).items()},
        )
    if membership.ground is None:
        yield "    " + _("no ground was known")
    elif membership.given is not None:
        sentence = _(
            "ground: “{purpose}” — {basis}, {proof}, {status}, since {at} (recorded {recorded},"
            " position {position})"
        )
        ground = membership.ground
        words = {
            "purpose": row.purpose,
            "basis": stored_in_words(ground.basis, _),
            "proof": proof_in_words(ground.proof, _),
        }
        yield "    " + sentence.format(
            status=stored_in_words(ground.status, _), **words, **_dates(membership.given, zone)
        )
    if membership.barred:
        yield "    " + _("nothing could be sent: {why}").format(
            why=stored_in_words(membership.barred, _)
        )
    if membership.left is not None:
        yield "  ! " + _(
            "gone by then, as was recorded later: {at} (recorded {recorded}, position {position})"
        ).format(**_dates(membership.left, zone))


def _dates(entry: Entry, zone: str) -> dict[str, object]:
    return {
        "at": shown(claimed_at(entry), zone),
        "recorded": shown(entry.recorded_at, zone),
        "position": entry.position,
    }


def write_csv(report: MembershipReport, file: TextIO) -> int:
    """How many rows. Every cell is quoted, what a spreadsheet would run made inert (G05); dates in
    ISO 8601, UTC.
    """
    writer, count = csv.writer(file, quoting=csv.QUOTE_ALL), 0
    writer.writerow(COLUMNS)
    for row in report.rows:
        values = row_as_json(row) | {"address": row.address} | _away_in_columns(row)
        writer.writerow(
            inert("" if values[name] is None else str(values[name])) for name in COLUMNS
        )
        count += 1
    return count


def _away_in_columns(row: Row) -> dict[str, str]:
    """Intervals of ISO 8601, several one after the other."""
    away = row.membership.away
    return {
        "away_claimed": " ".join(f"{iso(claimed_at(a))}/{iso(claimed_at(b))}" for a, b in away),
        "away_recorded": " ".join(f"{iso(a.recorded_at)}/{iso(b.recorded_at)}" for a, b in away),
    }


def head_as_json(report: MembershipReport) -> dict[str, object]:
    return {"as_of": iso(report.instant), "zone": report.zone, "list": report.list or None}


def row_as_json(row: Row) -> dict[str, object]:
    """Without the address."""
    membership, ground = row.membership, row.membership.ground
    return {
        "list": membership.list or None,
        "name": row.name,
        "subscriber": membership.subscriber,
        "recorded": "then" if membership.known else "later",
        "purpose": membership.purpose,
        "basis": ground.basis if ground else None,
        "proof": ground.proof if ground else None,
        "status": ground.status if ground else None,
        **_moments("ground", membership.given),
        **_moments("joined", membership.joined),
        **_moments("left", membership.left),
        "away": [_moments("gone", gone) | _moments("back", back) for gone, back in membership.away],
        "barred": membership.barred,
    }


def _moments(what: str, entry: Entry | None) -> dict[str, object]:
    if entry is None:
        return {f"{what}_claimed": None, f"{what}_recorded": None, f"{what}_position": None}
    return {
        f"{what}_claimed": iso(claimed_at(entry)),
        f"{what}_recorded": iso(entry.recorded_at),
        f"{what}_position": entry.position,
    }
