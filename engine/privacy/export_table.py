"""The dossier as one sheet: a line for each thing that is known, every cell quoted and inert
whatever it holds (G05).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping

from engine.imports.rejects_file import inert

HEADER = ("about", "date", "what", "value")
DATES = ("at", "since", "begun_at", "asked_at")
NAMES = ("event", "id", "name", "letter", "right", "door", "who", "commitment")


def sheet(dossier: Mapping[str, object]) -> str:
    """UTF-8 with its mark, as spreadsheets want it; lines end with CR LF (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(HEADER)
    for about, value in dossier.items():
        for row in _rows(about, value):
            writer.writerow([inert(cell) for cell in row])
    return "\ufeff" + out.getvalue()


def _rows(about: str, value: object) -> Iterator[tuple[str, str, str, str]]:
    if isinstance(value, Mapping):
        yield from ((about, "", str(name), _plain(each)) for name, each in value.items())
    elif isinstance(value, list):
        for each in value:
            date = next((str(each[name]) for name in DATES if name in each), "")
            what = next((str(each[name]) for name in NAMES if name in each), "")
            yield about, date, what, _plain(each)
    else:
        yield about, "", "", _plain(value)


def _plain(value: object) -> str:
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    )
