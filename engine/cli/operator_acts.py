"""What verbs that change something have in common: whose doing it is, the values they are given,
how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.commands import operators
from engine.commands.command_handler import Result
from engine.i18n.in_words import in_words
from engine.i18n.language import N_, Say
from engine.i18n.user_error import UserError
from engine.intake.body_reader import MAX_FIELD_CHARACTERS
from engine.intake.field_reader import FieldRefused, read_value
from engine.intake.instants import DateRefused
from engine.sequence.model import Field
from engine.subscriber.events import Cause
from engine.subscriber.outcome import NothingToDo, Refused
from engine.vault.evidence import Evidence


def operator_cause(particulars: Mapping[str, object]) -> tuple[Cause, Evidence]:
    """What whoever types this causes."""
    return operators.operator_cause(operators.at_the_command_line(), particulars)


def report(result: Result, done: str, _: Say) -> int:
    """Say how a request ended; the exit status."""
    if result.conflict:
        raise UserError(N_("too much is changing for this person at once; try again"))
    match result.outcome:
        case Refused() as refused:
            raise UserError(refused)
        case NothingToDo() as unchanged:
            print(in_words(unchanged, _))
        case _:
            print(done)
    return 0


def fields_of(pairs: list[str], declared: Mapping[str, Field]) -> dict[str, str]:
    """Values of NAME=VALUE as they are kept; a date in figures has the day first. Raises UserError
    of status 2.
    """
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in declared:
            known = ", ".join(sorted(declared)) or "-"
            raise UserError(
                N_("--field {name}: write NAME=VALUE with a field of [fields]: {known}"),
                2,
                name=name,
                known=known,
            )
        value = value.strip()
        if not value.isprintable() or len(value) > MAX_FIELD_CHARACTERS or "=?" in value:
            raise UserError(
                N_("--field {name}: a value is one line of at most {most} characters, without =?"),
                2,
                name=name,
                most=MAX_FIELD_CHARACTERS,
            )
        try:
            fields[name] = read_value(declared[name], value, "day-first")
        except (DateRefused, FieldRefused) as error:
            raise UserError(N_("--field {name}: {why}"), 2, name=name, why=error.reason) from None
    return fields
