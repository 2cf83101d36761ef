"""How who stood where is shown: lines for a reader, a table for a sheet, or JSON. Rows come one by
one and none is kept.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.audit.event_sentences import proof_in_words
from engine.audit.known_then import Stood, claimed
from engine.cli.private_file import private_file
from engine.cli.terminal import json_text
from engine.i18n.dates import shown
from engine.i18n.language import Language, Say, counting_translator, translator
from engine.i18n.printable import printable
from engine.i18n.refused import in_words
from engine.imports.rejects_file import inert
from engine.ledger.codec import Entry
from engine.privacy.fact_values import iso

COLUMNS = (
    "list", "name", "address", "subscriber", "recorded", "basis", "proof", "status", "ground_claimed", "ground_recorded", "ground_position",
    "joined_claimed", "joined_recorded", "joined_position", "left_claimed", "left_recorded", "barred",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """`address` is "" where the vault no longer holds one, `name` where no edition has the list."""

    stood: Stood
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Everything that was asked for; `list` 0 is every list. `instant` in ms, shown on the clock of
    `zone`.
    """

    instant: int
    zone: str
    list: int
    rows: Iterator[Row]


def as_lines(asked: Rows, language: Language) -> int:
    _, ngettext, zone = translator(language), counting_translator(language), asked.zone
    head = _(
        "As it was known on {when} ({zone}); ! was recorded later, with a claim to have been so by"
        " then"
    )
    print(head.format(when=shown(asked.instant, zone), zone=zone))
    known = later = 0
    for row in asked.rows:
        known, later = known + row.stood.known, later + (not row.stood.known)
        for said in _lines(row, zone, _):
            print(printable(said))
    print(
        ngettext("{n} place on a list was known", "{n} places on lists were known", known).format(
            n=known
        )
    )
    if later:
        print(ngettext("{n} was recorded later", "{n} were recorded later", later).format(n=later))
    return 0


def _lines(row: Row, zone: str, _: Say) -> Iterator[str]:
    stood, mark = row.stood, "" if row.stood.known else "! "
    where = (
        _("list {list} ({name})").format(list=stood.list, name=row.name or "?")
        if stood.list
        else _("no list, a ground alone")
    )
    yield f"{mark}{where}  {row.address or _('(no longer held)')}  {stood.subscriber}"
    if stood.joined is not None:
        yield "    " + _("on it since {at} (recorded {recorded}, position {position})").format(
            **_dates(stood.joined, zone)
        )
    if stood.ground is None:
        yield "    " + _("no ground was known")
    elif stood.given is not None:
        said = _(
            "ground: “{purpose}” — {basis}, {proof}, {status}, since {at} (recorded {recorded},"
            " position {position})"
        )
        ground = stood.ground
        words = {
            "purpose": stood.purpose,
            "basis": in_words(ground.basis, _),
            "proof": proof_in_words(ground.proof, _),
        }
        yield "    " + said.format(
            status=in_words(ground.status, _), **words, **_dates(stood.given, zone)
        )
    if stood.barred:
        yield "    " + _("nothing could be sent: {why}").format(why=in_words(stood.barred, _))
    if stood.left is not None:
        yield "  ! " + _(
            "gone by then, as was recorded later: {at} (recorded {recorded}, position {position})"
        ).format(**_dates(stood.left, zone))


def _dates(entry: Entry, zone: str) -> dict[str, object]:
    return {
        "at": shown(claimed(entry), zone),
        "recorded": shown(entry.recorded_at, zone),
        "position": entry.position,
    }


def as_csv(asked: Rows, path: Path, language: Language) -> int:
    """UTF-8 with its mark, every cell quoted, what a sheet would run made inert (G05); dates in ISO
    8601, UTC.
    """
    ngettext, count = counting_translator(language), 0
    with private_file(path, "utf-8-sig") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(COLUMNS)
        for row in asked.rows:
            plain = _plain(row) | {"address": row.address}
            writer.writerow(
                inert("" if plain[name] is None else str(plain[name])) for name in COLUMNS
            )
            count += 1
    print(
        ngettext("{n} row written: {file}", "{n} rows written: {file}", count).format(
            n=count, file=path
        )
    )
    return 0


def as_json(asked: Rows, *, with_addresses: bool) -> int:
    """One object; its rows are written as they come, however many there are."""
    head = json_text(
        {"as_of": iso(asked.instant), "zone": asked.zone, "list": asked.list or None}, indent=None
    )
    sys.stdout.write(head[:-1] + ', "rows": [')
    between = "\n"
    for row in asked.rows:
        plain = _plain(row) | ({"address": row.address or None} if with_addresses else {})
        sys.stdout.write(between + json_text(plain, indent=None))
        between = ",\n"
    sys.stdout.write("\n]}\n")
    return 0


def _plain(row: Row) -> dict[str, object]:
    stood, ground = row.stood, row.stood.ground
    return {
        "list": stood.list or None,
        "name": row.name,
        "subscriber": stood.subscriber,
        "recorded": "then" if stood.known else "later",
        "purpose": stood.purpose,
        "basis": ground.basis if ground else None,
        "proof": ground.proof if ground else None,
        "status": ground.status if ground else None,
        **_moments("ground", stood.given),
        **_moments("joined", stood.joined),
        **_moments("left", stood.left),
        "barred": stood.barred,
    }


def _moments(what: str, entry: Entry | None) -> dict[str, object]:
    if entry is None:
        return {f"{what}_claimed": None, f"{what}_recorded": None, f"{what}_position": None}
    return {
        f"{what}_claimed": iso(claimed(entry)),
        f"{what}_recorded": iso(entry.recorded_at),
        f"{what}_position": entry.position,
    }
