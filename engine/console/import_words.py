"""What an import did, or would do, and why a file is not taken, in the words of a page: where the
command line names an option, a page speaks of what stands on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from engine.i18n.in_words import as_words, in_words
from engine.i18n.language import N_, Language, Say, grouped, translator
from engine.imports.refusals import RowFault, TableFault
from engine.imports.rejected_rows import Counted, lines_in_words
from engine.imports.report import (
    ASKED_FIRST,
    LABELS,
    LEFT_EMPTY,
    SEVERAL,
    TAKEN_AT_ITS_WORD,
    TOLD,
    ImportReport,
    SuppressReport,
)
from engine.subscriber.terms import Start
from engine.words import LANGUAGES, Reason, Words, full_sentence

WHICH_ADDRESS = N_("Say which column holds the e-mail addresses.")
TABLES: Mapping[TableFault, str] = MappingProxyType(
    {
        TableFault.ADDRESSES_IN_SEVERAL_COLUMNS: WHICH_ADDRESS,
        TableFault.DATES_CONTRADICT: N_(
            "The dates of column {column} contradict each other: on line {one} the day comes first,"
            " on line {other} the month. Say which is right; rows that do not follow it are"
            " rejected."
        ),
        TableFault.DATES_READ_BOTH_WAYS: N_(
            "The dates of column {column} can be read with the day or with the month first (line"
            " {line}): say which is right."
        ),
        TableFault.MEANING_UNKNOWN: N_(
            "This file may hold people who refused. Say of each of these columns what it means:"
            " {columns}."
        ),
        TableFault.NAMED_AS_REFUSALS: N_(
            "“{file}” is named as a file of people who must not be written to. If it is one, say so"
            " above; if they are to be imported, say what one of its columns means, or send it"
            " under another name."
        ),
        TableFault.NO_ADDRESS_COLUMN: WHICH_ADDRESS,
        TableFault.NO_ADDRESS_HEADING: WHICH_ADDRESS,
        TableFault.NO_COLUMN_LEFT: WHICH_ADDRESS,
        TableFault.YES_SEEMS_AGREEMENT: N_(
            "A yes in the column {column} seems to be an agreement, not a refusal."
        ),
        TableFault.YES_SEEMS_REFUSAL: N_(
            "A yes in the column {column} seems to be a refusal, not an agreement."
        ),
    }
)
ROWS: Mapping[RowFault, str] = MappingProxyType(
    {
        RowFault.OBJECTION_MISSING: N_(
            "nothing says how people could object when their address was collected"
        ),
        RowFault.SEVERAL_ADDRESSES: N_(
            "the cell holds several addresses: the first is taken where you say so"
        ),
    }
)
START_WORDS: Mapping[Start, str] = MappingProxyType(
    {
        "none": N_("no letter of the list; broadcasts reach them"),
        "welcome": N_("every letter of the list, counted from now"),
        "by-date": N_(
            "letters counted from the date of collection, but for those whose day is past"
        ),
    }
)
AGREED_AT = N_(
    "When they agreed may stand in {columns}: say of such a column that it holds when each was"
    " collected, and each date is kept."
)


def refusal_sentence(reason: Reason[StrEnum], _: Say) -> str:
    return full_sentence(refusal_in_words(reason, _))


def refusal_in_words(reason: Reason[StrEnum], _: Say) -> str:
    """Why a file or a row is not taken."""
    code = reason.code
    message = (
        TABLES.get(code)
        if isinstance(code, TableFault)
        else ROWS.get(code)
        if isinstance(code, RowFault)
        else None
    )
    if message is None:
        return in_words(reason, _)
    return Words(message, tuple((name, as_words(value)) for name, value in reason.values)).said(_)


def in_every_language(
    report: ImportReport | SuppressReport, columns: Mapping[Language, Sequence[tuple[str, str]]]
) -> dict[str, dict[str, object]]:
    """A report as it is kept: by language, of numbers, words and lists of both. `columns` are what
    each holds.
    """
    return {
        language: {**_shown(report, translator(language)), "columns": columns[language]}
        for language in LANGUAGES
    }


def counted(counts: Mapping[str, int], _: Say) -> list[tuple[int, str]]:
    """What became of how many rows."""
    return [(counts[key], _(label)) for key, label in LABELS.items() if counts.get(key)]


def _shown(report: ImportReport | SuppressReport, _: Say) -> dict[str, object]:
    rejections = report.rejections
    shown: dict[str, object] = {
        "counted": counted(report.counts, _),
        "rejected": rejections.count,
        "reasons": _reasons(rejections.reasons, _),
        "values": rejections.values,
        "value_reasons": _reasons(rejections.value_reasons, _),
        "notes": [],
        "letters": [],
        "cells": [],
    }
    if isinstance(report, ImportReport):
        shown["notes"] = list(_notes(report, _))
        shown["letters"] = list(report.first_letters(_))
        shown["cells"] = [
            (
                count,
                _(LEFT_EMPTY).format(field=name) if name else _(SEVERAL),
                lines_in_words(count, lines, _),
            )
            for name, (count, lines) in report.cells.items()
        ]
    return shown


def _reasons(reasons: Counted, _: Say) -> list[tuple[int, str, str]]:
    """The most frequent first."""
    return [
        (count, refusal_in_words(reason, _), lines_in_words(count, lines, _))
        for reason, (count, lines) in sorted(reasons.items(), key=lambda one: -one[1][0])
    ]


def _notes(report: ImportReport, _: Say) -> Iterator[str]:
    if passed_over := report.table.passed_over:
        yield (
            _("  rows before the headings, passed over: {rows}")
            .strip()
            .format(rows=grouped(passed_over, _))
        )
    yield _(START_WORDS[report.start])
    if report.unproved:
        yield _(ASKED_FIRST if report.asks_first else TAKEN_AT_ITS_WORD).strip()
    if report.start == "none":
        yield _(TOLD).strip()
    if tags := report.tags_in_words(_):
        yield tags
    if report.agreed_at:
        yield _(AGREED_AT).format(columns=", ".join(f"“{name}”" for name in report.agreed_at))
