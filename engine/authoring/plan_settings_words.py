"""What a publication would change of config.toml, line by line: purposes, groups, fields, products,
and what is declared. Apart from plan_words.py, which tells of letters and people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from engine.authoring.publication import Proposal
from engine.i18n.language import Say, counting_translator, grouped, translator
from engine.installation.publishing import OptionChange
from engine.sequence.declared import Declared, Product
from engine.sequence.model import Plan, Purpose
from engine.words import Language

T = TypeVar("T")
TABLES: Mapping[str, str] = {
    "controller": "[controller]",
    "retention": "[retention]",
    "processors": "[[processor]]",
    "partners": "[[partner]]",
    "consent": "[consent]",
}
"""What else is declared, as config.toml heads it."""


def settings_lines(proposal: Proposal, spoken: Language) -> Iterator[str]:
    _ = translator(spoken)
    before, after = proposal.before, proposal.after
    for change, purpose in _changed(_purposes(before), _purposes(after)):
        what = _("purpose “{name}” [{id}]").format(name=purpose.name, id=purpose.id)
        yield in_config(change, what, _)
        if change == "-":
            yield _("    who agreed to it is not written to for it any more")
    for change, group in _changed(before.groups, after.groups):
        yield in_config(change, _("group {group}").format(group=group.name), _)
    for change, name in _changes(before.fields, after.fields):
        yield from _field(change, name, proposal, spoken)
    for what, old, new in (
        (_("time zone"), before.timezone, after.timezone),
        (_("language"), before.language, after.language),
    ):
        if old != new:
            yield in_config("~", f"{what} {old} → {new}", _)
    yield from _declared(before.declared or Declared(), after.declared or Declared(), _)


def in_config(change: OptionChange, what: str, _: Say) -> str:
    """ "+ config.toml: group clients"."""
    return f"{change} " + _("{name}: {value}").format(name="config.toml", value=what)


def _field(change: OptionChange, name: str, proposal: Proposal, spoken: Language) -> Iterator[str]:
    """A field that is new, gone, or another; how many people's values that touches."""
    _, ngettext = translator(spoken), counting_translator(spoken)
    old, new = proposal.before.fields.get(name), proposal.after.fields.get(name)
    what = _("field {field}").format(field=name)
    if old is not None and new is not None:
        changed = (
            f"{old.type} → {new.type}"
            if old.type != new.type
            else _("other options")
            if old.options != new.options
            else _("another label")
        )
        what = _("{name}: {value}").format(name=what, value=changed)
    yield in_config(change, what, _)
    if people := proposal.held.get(name, 0):
        yield ngettext(
            "    {n} person has told it: it stays kept, “My data” shows it, and no letter says it",
            "    {n} people have told it: it stays kept, “My data” shows it, and no letter says it",
            people,
        ).format(n=grouped(people, _))
    if people := proposal.unfit.get(name, 0):
        yield ngettext(
            "    field {field}: the value of {n} person does not fit its type or options; it is"
            " kept as it is",
            "    field {field}: the values of {n} people do not fit its type or options; they"
            " are kept as they are",
            people,
        ).format(field=name, n=grouped(people, _))


def _declared(before: Declared, after: Declared, _: Say) -> Iterator[str]:
    for change, product in _changed(_products(before), _products(after)):
        what = _("product “{name}” [{code}]").format(name=product.name, code=product.code)
        yield in_config(change, what, _)
        if change == "-":
            yield _("    orders of it stay known; segments and new orders do not know it any more")
    tables = [
        table for part, table in TABLES.items() if getattr(before, part) != getattr(after, part)
    ]
    if tables:
        yield in_config("~", ", ".join(tables), _)


def _purposes(plan: Plan) -> Mapping[str, Purpose]:
    """Their caps are told apart."""
    return {name: replace(purpose, caps=()) for name, purpose in plan.purposes.items()}


def _products(declared: Declared) -> Mapping[str, Product]:
    return {product.code: product for product in declared.products}


def _changes(old: Mapping[str, T], new: Mapping[str, T]) -> Iterator[tuple[OptionChange, str]]:
    yield from (("+", name) for name in new if name not in old)
    yield from (("-", name) for name in old if name not in new)
    yield from (("~", name) for name in new if name in old and old[name] != new[name])


def _changed(old: Mapping[str, T], new: Mapping[str, T]) -> Iterator[tuple[OptionChange, T]]:
    for change, name in _changes(old, new):
        yield change, old[name] if change == "-" else new[name]
