"""Reading `[fields]` of config.toml: what is known of a person besides their address."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from engine.sequence.field_values import BETWEEN_OPTIONS
from engine.sequence.model import FIELD_TYPES, Field
from engine.sequence.table import Table
from engine.words import N_

RESERVED = frozenset({"email", "address", "timezone", "language"})
WITH_OPTIONS = ("choice", "choices")
MAX_OPTIONS, MAX_OPTION_CHARACTERS = 100, 100
MAX_BOXES = 60
"""The options of all choices together: the page of one's own data shows a box for each."""


def read_fields(root: Table) -> tuple[Field, ...]:
    """`name = "Label"` is a text; `[fields.name]` says its `type` and, of a choice, its
    `options`.
    """
    table = root.table("fields")
    fields = tuple(_fields(table)) if table is not None else ()
    if sum(len(field.options) for field in fields if field.type == "choices") > MAX_BOXES:
        message = N_("the fields of type choices have more than {most} options together")
        root.mistake("fields", message, most=MAX_BOXES)
    return fields


def _fields(table: Table) -> Iterator[Field]:
    for name, value in table.values.items():
        if not name.isidentifier() or name in RESERVED:
            table.mistake(
                name, N_('"{field}" cannot be the name of a field'), True, True, field=name
            )
        if isinstance(value, str):
            yield Field(name, value)
        elif isinstance(value, dict):
            typed = table.table(name)
            if typed is not None:
                yield _typed(name, typed)
        else:
            message = N_(
                '"{field}" is a label in quotes, `{field} = "Label"`, or a table [fields.{field}]'
                " with `label` and `type`"
            )
            table.mistake(name, message, field=name)


def _typed(name: str, table: Table) -> Field:
    label, kind = table.need("label", str, name), table.one_of("type", FIELD_TYPES, "text")
    options = tuple(_options(table)) if "options" in table.values else ()
    if (
        "options" in table.values
        and kind not in WITH_OPTIONS
        and table.values.get("type", kind) == kind
    ):
        message = N_("only a choice or choices have `options`, and this is a field of type {type}")
        table.mistake("options", message, True, True, type=kind)
        options = ()
    elif kind in WITH_OPTIONS and "options" not in table.values:
        message = N_('a field of type {type} needs `options = ["…", "…"]`: what to choose from')
        table.mistake("type", message, type=kind)
    table.known.add("options")
    table.finish()
    return Field(name, label, kind, options)


def _options(table: Table) -> Iterator[str]:
    """Options that people and files can tell apart, whatever their case and accents."""
    told: dict[str, str] = {}
    given = table.get("options", list, [])
    if isinstance(table.values["options"], list) and not 2 <= len(given) <= MAX_OPTIONS:
        message = N_("`options` are at least two and at most {most} texts")
        table.mistake("options", message, most=MAX_OPTIONS)
    for option in given[:MAX_OPTIONS]:
        if not isinstance(option, str) or not option.strip():
            table.mistake("options", N_("`{key}` is a list of texts in quotes"), key="options")
            continue
        kept = unicodedata.normalize("NFC", option.strip())
        if BETWEEN_OPTIONS in kept or not kept.isprintable() or len(kept) > MAX_OPTION_CHARACTERS:
            message = N_(
                'the option "{option}" holds a semicolon or a line break, or more than {most}'
                " characters: several chosen ones are kept side by side, with semicolons between"
            )
            table.mistake("options", message, option=kept, most=MAX_OPTION_CHARACTERS)
        elif folded(kept) in told:
            message = N_(
                'the options "{option}" and "{other}" are the same but for case and accents'
            )
            table.mistake("options", message, option=told[folded(kept)], other=kept)
        else:
            told[folded(kept)] = kept
            yield kept


def folded(text: str) -> str:
    """Without case, accents and doubled blanks, and with straight apostrophes: how options are
    told apart.
    """
    apart = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).casefold()
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(plain.split())
