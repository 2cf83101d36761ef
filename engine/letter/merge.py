"""Merge fields: the one door to Jinja2, opened only as far as fields, listed filters and `if`.

A source is read into a syntax tree, the tree is checked node by node, and only then compiled, so
nothing an author writes can call, loop, reach an attribute or compute. Values are plain str, int or
bool and are never templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from jinja2 import Template as JinjaTemplate
from jinja2 import TemplateSyntaxError, Undefined, nodes, pass_environment
from jinja2.environment import Environment
from jinja2.exceptions import TemplateError, UndefinedError
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.filters import do_truncate
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as JINJA_TESTS
from jinja2.utils import missing
from markupsafe import Markup

from engine.letter.typed_fields import (
    FILTERS_OF_TYPES,
    NO_TYPES,
    TYPED_FILTERS,
    FieldTypes,
    typed,
)
from engine.sequence.links import SOURCES_CACHE_SIZE
from engine.sequence.mistakes import Mistake, column_of
from engine.sequence.nearest import nearest, question
from engine.words import N_, WordedError, Words, words

Value = str | int | bool
FILTERS = (
    *("default", "d", "upper", "lower", "title", "capitalize", "trim", "truncate"),
    *TYPED_FILTERS,
)
MAX_CONSTANT_CHARACTERS = 200
MAX_NUMBER = 10**9
MAX_DEPTH = 12
_PLAIN = (str, int, bool)
_FIELD = re.compile(r"[^\W\d_]\w*")
_RESERVED_BY_JINJA = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs"})
_SAMPLE = "Anne-Marie d'Été " * 20
_TAG_ENDS = {"variable_end": "output", "block_end": "statement"}
# Comments of Jinja begin and end with what no text of an author can hold: `{#` stays what it is, in
# words and in CSS.
_NOBODY_TYPES_THIS = ("\0{#", "#}\0")


class MergeMistake(Exception):
    """A source that may not be compiled, and why."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(str(mistake))
        self.mistake = mistake


class MergeFailed(WordedError):
    """This letter cannot be written to this person; the sentence names the field. Other people are
    not concerned.

    `what` names it for the record: "field:town", "filter:town" where a value does not fit, "size"
    for a letter that is too large.
    """

    def __init__(self, message: str, /, **values: str | int) -> None:
        super().__init__(message, **values)
        self.what = (
            f"field:{values['field']}"
            if "field" in values
            else f"filter:{values['fields']}"
            if "fields" in values
            else "size"
        )


@dataclass(frozen=True)
class Piece:
    """A stretch of a source: text, or the inside of `{{ }}` (output) or `{% %}` (statement)."""

    kind: Literal["text", "output", "statement"]
    text: str
    line: int

    @property
    def word(self) -> str:
        """`if`, `elif`, `else` or `endif`."""
        match = re.match(r"\w+", self.text)
        return match[0] if match else ""

    @property
    def source(self) -> str:
        if self.kind == "text":
            return literal(self.text)
        return f"{{{{ {self.text} }}}}" if self.kind == "output" else f"{{% {self.text} %}}"


class _Absent(Undefined):
    """A field the person does not have: false in an `if`, replaced by `default`, a failure when
    written.
    """

    @property
    def _undefined_message(self) -> str:
        return self._undefined_name or ""

    def __str__(self) -> str:
        self._fail_with_undefined_error()


@pass_environment
def _truncate(
    environment: Environment,
    text: Value,
    length: int = 255,
    killwords: bool = False,
    end: str = "...",
    leeway: int | None = None,
) -> str:
    return do_truncate(environment, str(text), length, killwords, end, leeway)


def restricted(autoescape: bool) -> ImmutableSandboxedEnvironment:
    comment_start, comment_end = _NOBODY_TYPES_THIS
    environment = ImmutableSandboxedEnvironment(
        autoescape=autoescape,
        undefined=_Absent,
        keep_trailing_newline=True,
        cache_size=0,
        comment_start_string=comment_start,
        comment_end_string=comment_end,
    )
    environment.globals.clear()
    environment.filters = {name: JINJA_FILTERS[name] for name in FILTERS if name in JINJA_FILTERS}
    environment.filters |= {"truncate": _truncate} | FILTERS_OF_TYPES
    environment.tests = {name: JINJA_TESTS[name] for name in ("defined", "undefined")}
    return environment


_ENVIRONMENTS = {True: restricted(True), False: restricted(False)}


@lru_cache(maxsize=4)
def _parsed(source: str) -> nodes.Template:
    """The syntax tree, to be read only. Raises TemplateSyntaxError."""
    return _ENVIRONMENTS[True].parse(source)


class _Values(Context):
    """A context of values alone: a letter has no globals, no blocks and no names of its own, and
    what Jinja prepares for them takes as long as a line.
    """

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def resolve_or_missing(self, key: str) -> object:
        return self._values.get(key, missing)


class Template:
    """A compiled source. `fields` are the names it uses, those of the engine included."""

    def __init__(
        self,
        template: JinjaTemplate,
        fields: frozenset[str],
        source: str = "",
        types: FieldTypes = NO_TYPES,
    ) -> None:
        self._template = template
        self.fields, self.source, self.types = fields, source, types

    def render(self, values: Mapping[str, Value], own: Mapping[str, str] | None = None) -> str:
        """Raise MergeFailed when a field is missing; `own` are the engine's values, which win over
        the person's.
        """
        known: dict[str, Value] = {}
        for name in self.fields:
            value = values.get(name)
            if value is None:
                continue
            if type(value) not in _PLAIN:
                raise TypeError(
                    f"the field {name} must be a plain str, int or bool, not {type(value).__name__}"
                )
            known[name] = value
        if own:
            known.update(own)
        try:
            return "".join(self._template.root_render_func(_Values(known)))
        except UndefinedError as missing:
            message = N_("The field `{field}` is empty for this person and has no default.")
            raise MergeFailed(message, field=missing.message or "?") from None
        except (TemplateError, TypeError, ValueError, AssertionError) as error:
            names = ", ".join(sorted(name for name in self.fields if not name.startswith("_")))
            message = N_("A merge field does not fit its filter or comparison ({fields}): {why}")
            raise MergeFailed(message, fields=names, why=str(error)) from None


def fragment(html: str) -> str:
    """HTML that the engine itself made, not to be escaped again."""
    return Markup(html)


def literal(text: str) -> str:
    """Text as template source that renders to exactly that text, whatever braces it holds."""
    return re.sub(r"\{(?=[{%]|$)", "{{ '{' }}", text)


def compile_template(
    source: str, name: str, autoescape: bool, types: FieldTypes = NO_TYPES
) -> Template:
    """Check and compile an author's source; `name` is the file that a mistake names, `types` those
    of the fields that are no texts.
    """
    for mistake in find_merge_mistakes(source, name):
        raise MergeMistake(mistake)
    return compile_joined(source, autoescape, types)


def compile_joined(source: str, autoescape: bool, types: FieldTypes = NO_TYPES) -> Template:
    """Compile what the engine put together from pieces already checked (its own names begin with
    `_`).
    """
    environment = _ENVIRONMENTS[autoescape]
    tree = typed(environment.parse(source), types)
    return Template(environment.from_string(tree), names_in(tree), source, types)


def names_in(tree: nodes.Template) -> frozenset[str]:
    return frozenset(name.name for name in tree.find_all(nodes.Name))


@lru_cache(maxsize=SOURCES_CACHE_SIZE)
def split_pieces(source: str, name: str) -> tuple[Piece, ...]:
    """The source as text and tags; raise MergeMistake where it cannot be read."""
    pieces: list[Piece] = []
    inside: list[str] | None = None
    try:
        for line, token, text in _ENVIRONMENTS[True].lex(source):
            if token == "data":
                pieces.append(Piece("text", text, line))
            elif token.startswith("raw_"):
                message = N_("`raw` may not be used in a letter.")
                raise MergeMistake(
                    Mistake(name, line, message, True, column_of(source, line, "{%"))
                )
            elif token in ("variable_begin", "block_begin"):
                inside, began = [], line
            elif token in _TAG_ENDS and inside is not None:
                kind: Literal["output", "statement"] = (
                    "output" if token == "variable_end" else "statement"
                )
                pieces.append(Piece(kind, "".join(inside).strip(), began))
                inside = None
            elif inside is not None:
                inside.append(text)
    except TemplateSyntaxError as error:
        raise MergeMistake(
            Mistake(name, error.lineno, _UNREADABLE, True, _column_of_tag(source, error.lineno))
        ) from None
    return tuple(pieces)


@lru_cache(maxsize=SOURCES_CACHE_SIZE)
def find_merge_mistakes(source: str, name: str) -> tuple[Mistake, ...]:
    """Everything in the source that is neither a field, a listed filter nor an `if`."""
    pieces: tuple[Piece, ...] = ()
    try:
        pieces = split_pieces(source, name)
        tree = _parsed(source)
        return tuple(
            Mistake(name, line, why, True, _column_of_tag(source, line))
            for line, why in _refusals(tree.body, 0)
        )
    except MergeMistake as refused:
        return (refused.mistake,)
    except TemplateSyntaxError as error:
        line, why = _unbalanced_statement(pieces) or (error.lineno, words(_UNREADABLE))
        return (Mistake(name, line, why, True, _column_of_tag(source, line)),)
    except (RecursionError, MemoryError):
        return (Mistake(name, 1, N_("The merge tags are nested too deeply.")),)
    except (ValueError, OverflowError):
        return (Mistake(name, 1, N_("A number in a merge tag is too large.")),)


def _unbalanced_statement(pieces: tuple[Piece, ...]) -> tuple[int, Words] | None:
    """The statement that is no `if`, or whose `if` or `endif` is missing."""
    opened: list[int] = []
    for piece in pieces:
        if piece.kind != "statement":
            continue
        if piece.word not in ("if", "elif", "else", "endif"):
            return piece.line, words(_ONLY, tag=piece.word)
        if piece.word == "if":
            opened.append(piece.line)
        elif not opened:
            return piece.line, words(N_("This `{tag}` has no {% if %} before it."), tag=piece.word)
        elif piece.word == "endif":
            opened.pop()
    return (opened[-1], words(N_("This `if` has no {% endif %}."))) if opened else None


@lru_cache(maxsize=SOURCES_CACHE_SIZE)
def parsed(source: str) -> nodes.Template:
    """The syntax tree of a source without mistakes."""
    return _ENVIRONMENTS[True].parse(source)


def field_lines(source: str) -> tuple[tuple[str, int], ...]:
    """The names in a source without mistakes, each with its line."""
    return tuple((name.name, name.lineno) for name in _parsed(source).find_all(nodes.Name))


_UNREADABLE = N_(
    "This merge tag cannot be read: write {{ first_name }}, or {% if town %}…{% endif %}."
)
_ONLY = N_("A letter may use {{ field }} and {% if %} only, not `{tag}`.")
# What a syntax tree holds, as it is written.
_AS_WRITTEN = {
    "AssignBlock": "set",
    "Assign": "set",
    "FromImport": "from",
    "CallBlock": "call",
    "FilterBlock": "filter",
    "ScopedEvalContextModifier": "autoescape",
    "ExprStmt": "do",
    "Getattr": "a.b",
    "Getitem": "a[b]",
    "Call": "a()",
    "Add": "a + b",
    "Sub": "a - b",
    "Mul": "a * b",
    "Div": "a / b",
    "FloorDiv": "a // b",
    "Mod": "a % b",
    "Pow": "a ** b",
    "Concat": "a ~ b",
    "Compare": "a == b",
    "And": "a and b",
    "Or": "a or b",
    "Not": "not a",
    "Test": "a is b",
    "CondExpr": "a if b",
    "List": "[a]",
    "Tuple": "a, b",
    "Dict": "{a: b}",
}


def _written(node: nodes.Node) -> str:
    name = type(node).__name__
    return _AS_WRITTEN.get(name, name.lower())


def _column_of_tag(source: str, line: int) -> int:
    """Where the first merge tag of a line begins."""
    places = [place for mark in ("{{", "{%") if (place := column_of(source, line, mark))]
    return min(places, default=0)


_Refusals = Iterator[tuple[int, Words]]


def _refusals(body: list[nodes.Node], depth: int) -> _Refusals:
    for node in body:
        if depth > MAX_DEPTH:
            yield node.lineno, words(N_("`if` may be nested {most} deep at most."), most=MAX_DEPTH)
        elif isinstance(node, nodes.Output):
            for child in node.nodes:
                if not isinstance(child, nodes.TemplateData):
                    yield from _refusals_in_output(child, 0)
        elif isinstance(node, nodes.If):
            yield from _refusals_in_condition(node.test, 0)
            for branch in (node.body, node.elif_, node.else_):
                yield from _refusals(list(branch), depth + 1)
        else:
            # Jinja gives the scope it puts around `autoescape` no line of its own.
            line = node.lineno or next((child.lineno for child in node.iter_child_nodes()), 1)
            yield line, words(_ONLY, tag=_written(node))


def _refusals_in_output(node: nodes.Node, depth: int) -> _Refusals:
    if depth > MAX_DEPTH:
        yield (
            node.lineno,
            words(N_("At most {most} filters may follow one another."), most=MAX_DEPTH),
        )
    elif isinstance(node, nodes.Name):
        if not _FIELD.fullmatch(node.name) or node.name in _RESERVED_BY_JINJA:
            yield (
                node.lineno,
                words(N_("`{field}` cannot be the name of a field."), field=node.name),
            )
    elif isinstance(node, nodes.Const):
        yield from _refusals_of_constant(node)
    elif isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const):
        yield from _refusals_of_constant(node.node)
    elif isinstance(node, nodes.Filter) and node.node is not None:
        yield from _refusals_of_filter(node)
        yield from _refusals_in_output(node.node, depth + 1)
    else:
        yield (
            node.lineno,
            words(
                N_("Between braces stand a field and filters only, not `{tag}`."),
                tag=_written(node),
            ),
        )


def _refusals_in_condition(node: nodes.Node, depth: int) -> _Refusals:
    if depth > MAX_DEPTH:
        yield node.lineno, words(N_("This condition is nested too deeply."))
    elif isinstance(node, (nodes.And, nodes.Or)):
        yield from _refusals_in_condition(node.left, depth + 1)
        yield from _refusals_in_condition(node.right, depth + 1)
    elif isinstance(node, nodes.Not):
        yield from _refusals_in_condition(node.node, depth + 1)
    elif isinstance(node, nodes.Test):
        if node.name not in ("defined", "undefined") or not isinstance(node.node, nodes.Name):
            yield (
                node.lineno,
                words(N_("`is {test}` may not be used; only `field is defined`."), test=node.name),
            )
        yield from _refusals_in_output(node.node, 0)
    elif isinstance(node, nodes.Compare):
        yield from _refusals_in_output(node.expr, 0)
        for operand in node.ops:
            choices = isinstance(operand.expr, (nodes.Tuple, nodes.List)) and operand.op in (
                "in",
                "notin",
            )
            for item in operand.expr.items if choices else [operand.expr]:  # type: ignore[attr-defined]
                yield from _refusals_in_output(item, 0)
    else:
        yield from _refusals_in_output(node, 0)


def _refusals_of_constant(node: nodes.Const) -> _Refusals:
    value = node.value
    if isinstance(value, str) and len(value) > MAX_CONSTANT_CHARACTERS:
        yield (
            node.lineno,
            words(
                N_("A text inside a merge tag has {most} characters at most."),
                most=MAX_CONSTANT_CHARACTERS,
            ),
        )
    elif isinstance(value, (int, float)) and not abs(value) <= MAX_NUMBER:
        yield (
            node.lineno,
            words(N_("A number inside a merge tag is {most} at most."), most=MAX_NUMBER),
        )
    elif value is None:
        yield node.lineno, words(N_("`none` may not be used; write `field is defined`."))


def _refusals_of_filter(node: nodes.Filter) -> _Refusals:
    if node.name not in FILTERS:
        message = N_("The filter `{filter}` may not be used; there are {filters}.{hint}")
        close = question(nearest(node.name, FILTERS))
        yield node.lineno, words(message, filter=node.name, filters=", ".join(FILTERS), hint=close)
        return
    values = [*node.args, *(pair.value for pair in node.kwargs)]
    if (
        node.dyn_args
        or node.dyn_kwargs
        or not all(isinstance(value, nodes.Const) for value in values)
    ):
        yield (
            node.lineno,
            words(N_("The filter `{filter}` takes constants only."), filter=node.name),
        )
        return
    for value in values:
        yield from _refusals_of_constant(value)  # type: ignore[arg-type]
    try:
        _ENVIRONMENTS[False].call_filter(
            node.name,
            _SAMPLE,
            [value.as_const() for value in node.args],
            {str(pair.key): pair.value.as_const() for pair in node.kwargs},
            Context(_ENVIRONMENTS[False], {}, None, {}),
        )
    except (TypeError, ValueError, AssertionError):
        yield (
            node.lineno,
            words(N_("The filter `{filter}` cannot be used in this way."), filter=node.name),
        )
