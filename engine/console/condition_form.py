"""One line of a segment as a small form: what is chosen and typed in it, its controls, and the line
that comes of it. Pure; what a line means stays with the grammar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never, cast, get_args

from engine.i18n.language import N_, Say
from engine.i18n.phrases import quoted as in_quotes
from engine.i18n.phrases import say_list, subject_of
from engine.sequence.condition import (
    Answered,
    FieldIs,
    FieldOperator,
    InGroup,
    InSegment,
    Joined,
    LetterRef,
    Line,
    Measured,
    On,
    Ordered,
    Received,
    Silent,
    SourceIs,
    quoted,
)
from engine.sequence.condition_grammar import ConditionMistake, Names, read_condition
from engine.sequence.delay import written_delay
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Field, Plan

Kind = Literal[
    "on",
    "joined",
    "answered",
    "received",
    "ordered",
    "silent",
    "group",
    "segment",
    "source",
    "field",
    "measured",
    "text",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Values = Mapping[str, str]
"""What a line's form holds, by the names of its controls and "kind"; several values of one control
stand on lines of their own.
"""
UNKNOWN, ANYTHING = "unknown", "anything"
OPERATOR_WORDS: Mapping[str, str] = {
    "is": N_("is one of"),
    "is not": N_("is known and none of"),
    "over": N_("is over"),
    "under": N_("is under"),
    "before": N_("is before"),
    "after": N_("is after"),
    "starts with": N_("starts with one of"),
    UNKNOWN: N_("is not known"),
}
_OPERATORS: Mapping[str, tuple[FieldOperator, ...]] = {
    "text": ("is", "is not", "starts with"),
    "number": ("is", "is not", "over", "under"),
    "date": ("is", "is not", "before", "after"),
}
Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """`kind`: a choice among `options`, several of them ("ticks"), one box to tick, a line of text,
    or several ("lines").
    """

    name: str
    kind: Literal["choice", "ticks", "tick", "text", "lines"]
    label: str
    value: str = ""
    options: Options = ()
    hint: str = ""


def values_of(line: Line) -> dict[str, str]:
    """The form that makes the line."""
    match line:
        case On(number):
            return {"kind": "on", "list": str(number)}
        case Joined(number, within):
            return {"kind": "joined", "list": str(number), "within": str(within)}
        case Answered(letter, label, times, delay):
            answer = f"{letter} with {quoted(label)}" if label else str(letter or ANYTHING)
            return {
                "kind": "answered",
                "answer": answer,
                "times": _times(times),
                "within": str(delay or ""),
            }
        case Received(within, times, purpose):
            return {
                "kind": "received",
                "times": _times(times),
                "purpose": purpose,
                "within": str(within),
            }
        case Ordered(product, times, delay):
            return {
                "kind": "ordered",
                "product": product,
                "times": _times(times),
                "within": str(delay or ""),
            }
        case Silent(during):
            return {"kind": "silent", "within": str(during)}
        case InGroup(group):
            return {"kind": "group", "group": group}
        case InSegment(segment):
            return {"kind": "segment", "segment": segment}
        case SourceIs(values, or_unknown):
            return {"kind": "source", "values": "\n".join(values), "unknown": _yes(or_unknown)}
        case FieldIs(field, operator, values, or_unknown):
            return {
                "kind": "field",
                "field": field,
                "operator": operator if values else UNKNOWN,
                "values": "\n".join(values),
                "unknown": _yes(or_unknown and bool(values)),
            }
        case Measured(act, within, letter):
            return {
                "kind": "measured",
                "act": act,
                "letter": str(letter or ""),
                "within": str(within),
            }
        case _:
            assert_never(line)


def _times(times: int) -> str:
    return str(times) if times > 1 else ""


def _yes(value: bool) -> str:
    return "yes" if value else ""


def line_of(values: Values) -> str:
    """The line that the form makes, right or not: the grammar says what is missing."""

    def given(name: str, before: str = "") -> str:
        text = " ".join(values.get(name, "").split())
        return f" {before}{text}" if text else ""

    def named(name: str) -> str:
        text = values.get(name, "").strip()
        return f" {text}" if text.replace("-", "").replace("_", "").isalnum() else _quoted(text)

    values = {**values, "within": _in_english(values.get("within", ""))}
    match cast(Kind, values.get("kind", "text")):
        case "on":
            return "on" + given("list")
        case "joined":
            return f"joined{given('list')} within{given('within')}"
        case "answered":
            times = f"{given('times')} times" if given("times") else ""
            return f"answered{given('answer')}{times}{given('within', 'within ')}"
        case "received":
            purpose = f" of{named('purpose')}" if values.get("purpose") else ""
            return f"received{given('times')} letters{purpose} within{given('within')}"
        case "ordered":
            times = f"{given('times')} times" if given("times") else ""
            product = _quoted(values.get("product", ""))
            return f"ordered{product}{times}{given('within', 'within ')}"
        case "silent":
            return "silent for" + given("within")
        case "group":
            return "in group" + named("group")
        case "segment":
            return "in segment" + named("segment")
        case "source":
            return f"source is {_values(values)}".rstrip()
        case "field":
            name, operator = named("field"), values.get("operator", "is")
            if operator == UNKNOWN:
                return f"field{name} is unknown"
            return f"field{name} {operator} {_values(values)}".rstrip()
        case "measured":
            return f"measured{given('act')}{given('letter')} within{given('within')}"
        case "text":
            return values.get("text", "").strip()


def _in_english(within: str) -> str:
    """As the grammar has durations, in whichever language it was typed."""
    try:
        return written_delay(within)
    except Unreadable:
        return within


def _quoted(text: str) -> str:
    return f" {quoted(' '.join(text.split()))}" if text.strip() else ""


def _values(values: Values) -> str:
    texts = [quoted(line.strip()) for line in values.get("values", "").splitlines() if line.strip()]
    return " or ".join((*texts, *([UNKNOWN] if values.get("unknown") else [])))


def values_in(text: str, names: Names) -> dict[str, str]:
    """The form of a line as it is written; as text where it cannot be read. `was` is what is
    written.
    """
    try:
        return {**values_of(read_condition(text, names)), "was": text}
    except ConditionMistake:
        return {"kind": "text", "text": text, "was": text}


def as_written(values: Values, names: Names) -> str:
    """The line, in its author's own words where it means the same. Raises ConditionMistake."""
    line, was = line_of(values), values.get("was", "")
    condition = read_condition(line, names)
    try:
        return was if was and read_condition(was, names) == condition else line
    except ConditionMistake:
        return line


def new_values(choice: str) -> dict[str, str]:
    """An empty form for a choice of `kind_choices`."""
    kind, _, field = choice.partition(":")
    if kind not in KINDS:
        return {"kind": "text"}
    values: dict[str, str] = {"kind": kind}
    if kind == "field":
        values["field"] = field
    if kind in ("joined", "received", "silent", "measured"):
        values["within"] = "30 days"
    return values


def kind_choices(plan: Plan, _: Say) -> Iterator[tuple[str, str]]:
    """What a new line may be about."""
    yield "on", _("stands on a list")
    yield "joined", _("joined a list lately")
    yield "answered", _("answered a letter")
    yield "received", _("was sent letters")
    yield "ordered", _("ordered something")
    yield "silent", _("has been silent")
    for field in plan.fields.values():
        yield f"field:{field.name}", _("the field “{field}”").format(field=field.label)
    if plan.groups:
        yield "group", _("is in a group")
    if plan.segments:
        yield "segment", _("is in another segment")
    yield "source", _("comes from a source")
    yield "measured", _("clicked or opened, among who agreed to be measured")
    yield "text", _("a line written by hand")


def controls(values: Values, names: Names, _: Say, own: str = "") -> Iterator[Control]:
    """Of a line's form; `own` is the segment it belongs to."""
    plan = names.plan

    def choice(name: str, label: str, options: Options) -> Control:
        value = values.get(name, "")
        known = options if value in dict(options) or not value else [(value, value), *options]
        return Control(name=name, kind="choice", label=label, value=value, options=known)

    def text(name: str, label: str, hint: str = "") -> Control:
        return Control(name=name, kind="text", label=label, value=values.get(name, ""), hint=hint)

    lists = [(str(number), say_list(plan, number)) for number in plan.lists]
    within = text("within", _("Within"), _("For example: 30 days, 6 weeks, 1 year"))
    at_any_time = text("within", _("Within"), _("Left empty: at any time"))
    times = text("times", _("How many times"), _("Left empty: once is enough"))
    match cast(Kind, values.get("kind", "text")):
        case "on":
            yield choice("list", _("List"), lists)
        case "joined":
            yield choice("list", _("List"), lists)
            yield within
        case "answered":
            yield choice("answer", _("Letter and answer"), list(_answers(names, _)))
            yield times
            yield at_any_time
        case "received":
            purposes = [(purpose.id, purpose.name) for purpose in plan.purposes.values()]
            yield text("times", _("How many letters"), _("Left empty: one is enough"))
            yield choice("purpose", _("Purpose"), [("", _("any purpose")), *purposes])
            yield within
        case "ordered":
            products = plan.declared.products if plan.declared is not None else ()
            known = [(product.code, product.name) for product in products]
            if known:
                yield choice("product", _("Product"), [("", _("anything")), *known])
            else:
                yield text("product", _("Product"), _("Its code; left empty: anything"))
            yield times
            yield at_any_time
        case "silent":
            hint = _("Nothing of their own: no answer, no order. For example: 3 months")
            yield text("within", _("For how long"), hint)
        case "group":
            yield choice("group", _("Group"), [(group, group) for group in plan.groups])
        case "segment":
            yield choice("segment", _("Segment"), segment_choices(plan, own))
        case "source":
            yield Control(
                name="values",
                kind="lines",
                label=_("Sources, one on each line"),
                value=values.get("values", ""),
            )
            yield _or_unknown(values, _)
        case "field":
            field = plan.fields.get(values.get("field", ""))
            yield from _field(field, values, _)
        case "measured":
            acts = (("clicked", _("clicked")), ("opened", _("loaded the images of")))
            letters = [(str(ref), _letter(ref, plan, _)) for ref in names.labels]
            yield choice("act", _("Act"), acts)
            yield choice("letter", _("Letter"), [("", _("any letter")), *letters])
            yield within
        case "text":
            yield text("text", _("Line"), _("For example: answered anything within 30 days"))


def _field(field: Field | None, values: Values, _: Say) -> Iterator[Control]:
    label = field.label if field is not None else values.get("field", "")
    operators = _OPERATORS.get(field.type if field is not None else "text", ("is", "is not"))
    yield Control(
        name="operator",
        kind="choice",
        label=label,
        value=values.get("operator", ""),
        options=[(name, _(OPERATOR_WORDS[name])) for name in (*operators, UNKNOWN)],
    )
    given = values.get("values", "")
    if field is not None and field.type in ("choice", "choices", "yes-no"):
        options = [(option, option) for option in field.options]
        if field.type == "yes-no":
            options = [("yes", _("yes")), ("no", _("no"))]
        yield Control(name="values", kind="ticks", label=_("Values"), value=given, options=options)
    else:
        kind = field.type if field is not None else "text"
        hints = {"date": _("For example: 1980-09-03"), "number": _("For example: 12.5")}
        yield Control(
            name="values",
            kind="lines",
            label=_("Values, one on each line"),
            value=given,
            hint=hints.get(kind, ""),
        )
    yield _or_unknown(values, _)


def _or_unknown(values: Values, _: Say) -> Control:
    return Control(
        name="unknown", kind="tick", label=_("or not known"), value=values.get("unknown", "")
    )


def segment_choices(plan: Plan, own: str = "") -> list[tuple[str, str]]:
    return [(s.id, s.name or s.id) for s in plan.segments.values() if s.id != own]


def _answers(names: Names, _: Say) -> Iterator[tuple[str, str]]:
    yield ANYTHING, _("any letter")
    for ref, labels in names.labels.items():
        if not labels:
            continue
        words = _letter(ref, names.plan, _)
        yield str(ref), words
        for label in labels:
            answer = _("{letter}: {answer}").format(letter=words, answer=in_quotes(label, _))
            yield f"{ref} with {quoted(label)}", answer


def _letter(ref: LetterRef, plan: Plan, _: Say) -> str:
    if ref.broadcast:
        broadcast = plan.broadcasts[ref.broadcast]
        letters = (broadcast.letter, *([broadcast.reminder] if broadcast.reminder else []))
    else:
        letters = plan.lists[ref.list].letters
    letter = next(letter for letter in letters if letter.id == ref.letter)
    return f"{ref} {in_quotes(subject_of(letter, plan=plan), _)}"
