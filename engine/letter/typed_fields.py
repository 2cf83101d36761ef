"""Typed fields in a letter: what is written between braces is said in words in the reader's
language, and what an `if` asks is asked of the value's meaning.

A published source is rewritten as a syntax tree, so that the plain way and the precompiled one do
the same: `{{ birthday }}` becomes `{{ birthday | date }}`, `{% if garden %}` asks whether it is a
yes, `points > 10` compares numbers and `"Ail" in crops` asks for a whole option. What a value was
while its field had another type is said as it was kept; an `if` takes it for no yes and no option,
and a comparison of numbers fails with the field named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeGuard, TypeVar, cast

from jinja2 import nodes, pass_context
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

from engine.letter.field_words import (
    DATE_STYLES,
    DateStyle,
    date_in_words,
    number_in_words,
    typed_in_words,
)
from engine.sequence.field_values import NO, YES, day_of, number_of, options_of, yes_of
from engine.sequence.model import Field, FieldType
from engine.sequence.nearest import hint, nearest
from engine.words import N_, Language, Words, words

FieldTypes = Mapping[str, FieldType]
NO_TYPES: FieldTypes = MappingProxyType({})
TYPED_FILTERS = ("date", "number")
_WRITTEN: Mapping[FieldType, str] = {
    "date": "date",
    "number": "number",
    "choices": "_options_in_words",
    "yes-no": "_yes_in_words",
}
_LIKE: Mapping[FieldType, str] = {
    "number": "1000",
    "date": '"1980-09-03"',
    "yes-no": '"yes"',
}
Template = TypeVar("Template", bound=nodes.Template)


def _language(context: Context) -> Language | None:
    """The reader's; None where a line is only looked at, and nobody reads it."""
    language = context.get("language")
    return "fr" if language == "fr" else "en" if language == "en" else None


@pass_context
def _date(context: Context, value: object, style: DateStyle = "long") -> object:
    if style not in DATE_STYLES:
        raise ValueError(f"a date is written in one of {', '.join(DATE_STYLES)}")
    language = _language(context)
    return date_in_words(value, language, style) if isinstance(value, str) and language else value


@pass_context
def _number(context: Context, value: object) -> object:
    language = _language(context)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return number_in_words(value, language) if isinstance(value, str) and language else value


@pass_context
def _options_in_words(context: Context, value: object) -> object:
    language = _language(context)
    known = isinstance(value, str) and language
    return typed_in_words("choices", value, language) if known else value  # type: ignore[arg-type]


@pass_context
def _yes_in_words(context: Context, value: object) -> object:
    language = _language(context)
    known = isinstance(value, str) and language
    return typed_in_words("yes-no", value, language) if known else value  # type: ignore[arg-type]


def _is_yes(value: object) -> bool:
    return isinstance(value, str) and yes_of(value) is True


def _amount(value: object) -> object:
    """A number to compare, what is no number as it is."""
    number = number_of(value) if isinstance(value, str) else None
    if number is None:
        return value
    return int(number) if number == number.to_integral_value() else float(number)


def _options(value: object) -> object:
    return options_of(value) if isinstance(value, str) else value


FILTERS_OF_TYPES = {
    "date": _date,
    "number": _number,
    "_options_in_words": _options_in_words,
    "_yes_in_words": _yes_in_words,
    "_is_yes": _is_yes,
    "_amount": _amount,
    "_options": _options,
}


def typed(tree: Template, types: FieldTypes) -> Template:
    """The tree of a source without mistakes, rewritten for fields of these types."""
    if types:
        _Rewriting(types).visit(tree)
    return tree


class _Rewriting(NodeTransformer):
    def __init__(self, types: FieldTypes) -> None:
        self._types = types

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        node.nodes = [self._written(child) for child in node.nodes]
        return node

    def visit_If(self, node: nodes.If) -> nodes.If:
        node.test = self._asked(cast("nodes.Expr", node.test))
        self.generic_visit(node)
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Test:
        return node

    def _written(self, node: nodes.Expr) -> nodes.Expr:
        if isinstance(node, nodes.Name):
            return _filtered(node, _WRITTEN.get(self._types.get(node.name, "text"), ""))
        if isinstance(node, nodes.Filter) and node.node is not None and not _says_how(node):
            node.node = self._written(node.node)
        return node

    def _asked(self, node: nodes.Expr) -> nodes.Expr:
        """What an `if` asks, of what is a yes, a number or options."""
        if isinstance(node, nodes.Name):
            known = self._types.get(node.name, "text")
            return _filtered(node, {"yes-no": "_is_yes", "number": "_amount"}.get(known, ""))
        if isinstance(node, nodes.Not):
            node.node = self._asked(node.node)
        elif isinstance(node, (nodes.And, nodes.Or)):
            node.left, node.right = self._asked(node.left), self._asked(node.right)
        elif isinstance(node, nodes.Compare):
            node.expr = self._compared(node.expr, "")
            for operand in node.ops:
                operand.expr = self._compared(operand.expr, operand.op)
        return node

    def _compared(self, node: nodes.Expr, operator: str) -> nodes.Expr:
        known = self._types.get(node.name, "text") if isinstance(node, nodes.Name) else "text"
        if known == "number":
            return _filtered(node, "_amount")
        within = known == "choices" and operator in ("in", "notin")
        return _filtered(node, "_options" if within else "")


def _says_how(node: nodes.Node | None) -> bool:
    """Whether one of the filters that follow one another is for a type."""
    return isinstance(node, nodes.Filter) and (node.name in TYPED_FILTERS or _says_how(node.node))


def _filtered(node: nodes.Expr, name: str) -> nodes.Expr:
    if not name:
        return node
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def comparison_mistakes(tree: nodes.Template, types: FieldTypes) -> Iterator[tuple[int, Words]]:
    """Typed fields compared with what no value of theirs can be, each with its line."""
    for compare in tree.find_all(nodes.Compare):
        sides = [compare.expr, *(operand.expr for operand in compare.ops)]
        constants = [const.value for side in sides for const in _constants(side)]
        for side in sides:
            known = types.get(side.name, "text") if isinstance(side, nodes.Name) else "text"
            if known in _LIKE and not all(_is_like(known, value) for value in constants):
                message = N_("`{field}` is of type {type}: compare it with {value}")
                name = cast("nodes.Name", side).name
                yield compare.lineno, words(message, field=name, type=known, value=_LIKE[known])


def unknown_options(
    tree: nodes.Template, fields: Mapping[str, Field]
) -> Iterator[tuple[int, Words]]:
    """Fields with options compared with something else, each with its line; whoever still has an
    option that was taken away is why this is for the author to judge.
    """
    message = N_(
        "`{field}` is compared with “{option}”, which is none of its options: this never"
        " holds{hint}"
    )
    for compare in tree.find_all(nodes.Compare):
        sides = [compare.expr, *(operand.expr for operand in compare.ops)]
        written = [const.value for side in sides for const in _constants(side)]
        for side in sides:
            options = fields[side.name].options if _is_one_of(side, fields) else ()
            for value in written if options else ():
                if isinstance(value, str) and value and value not in options:
                    name, close = cast("nodes.Name", side).name, hint(nearest(value, options))
                    yield compare.lineno, words(message, field=name, option=value, hint=close)


def _is_one_of(node: nodes.Node, fields: Mapping[str, Field]) -> TypeGuard[nodes.Name]:
    return isinstance(node, nodes.Name) and node.name in fields


def _constants(node: nodes.Node) -> Iterator[nodes.Const]:
    if isinstance(node, nodes.Const):
        yield node
    yield from node.find_all(nodes.Const)


def _is_like(kind: FieldType, value: object) -> bool:
    match kind:
        case "number":
            return not isinstance(value, str)
        case "date":
            return isinstance(value, str) and day_of(value) is not None
        case "yes-no":
            return value in (YES, NO)
        case _:
            return True


def filter_mistakes(tree: nodes.Template, types: FieldTypes) -> Iterator[tuple[int, Words]]:
    """The filters for one type on a field of another, each with its line."""
    message = N_(
        "`{{ {field} | {filter} }}`: this field is of type {type}. Declare it in config.toml with"
        ' `type = "{filter}"`, or take the filter away.'
    )
    for node in tree.find_all(nodes.Filter):
        within: nodes.Node | None = node
        while isinstance(within, nodes.Filter):
            within = within.node
        if node.name in TYPED_FILTERS and isinstance(within, nodes.Name):
            known = types.get(within.name, "text")
            if known != node.name:
                yield (
                    node.lineno,
                    words(message, field=within.name, filter=node.name, type=known),
                )
