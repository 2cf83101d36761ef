"""A line of a segment, and what uses one, in words. Fields, lists and letters keep the names that
their author gave them.
"""

from __future__ import annotations

from typing import assert_never

from engine.i18n.language import Say, counting_translator, translator
from engine.i18n.phrases import (
    letter_at,
    quoted,
    say_delay,
    say_list,
    subject_of,
    titled_products,
)
from engine.sequence.condition import (
    Answered,
    Combined,
    Condition,
    FieldIs,
    FieldOperator,
    InGroup,
    InSegment,
    Joined,
    LetterRef,
    Measured,
    On,
    Ordered,
    Received,
    Silent,
    SourceIs,
)
from engine.sequence.delay import Delay
from engine.sequence.model import Plan
from engine.sequence.segment_uses import SegmentUse
from engine.subscriber.agenda_key import BroadcastKey, ListKey, encode
from engine.words import Language


def line_in_words(condition: Condition, plan: Plan, language: Language) -> str:
    """ "stands on list 10 (semis)", "answered 10/question with “Oui” within 30 days"."""
    _ = translator(language)
    match condition:
        case On(number):
            return _("stands on list {list}").format(list=say_list(plan, number))
        case InGroup(group):
            return _("stands on a list of group {group}").format(group=group)
        case InSegment(segment):
            name = plan.segments[segment].name if segment in plan.segments else segment
            return _("is in the segment “{segment}”").format(segment=name)
        case Joined(number, within):
            joined = _("joined list {list}").format(list=say_list(plan, number))
            return joined + _within(within, language)
        case Answered():
            what = _letter(condition.letter, language)
            sentence = _("answered {letter}").format(letter=what)
            if condition.label:
                sentence = _("answered {letter} with “{label}”").format(
                    letter=what, label=condition.label
                )
            return (
                sentence + _times(condition.times, language) + _within(condition.within, language)
            )
        case Received(within, times, purpose):
            ngettext = counting_translator(language)
            letters = ngettext("was sent {n} letter", "was sent {n} letters", times).format(n=times)
            if purpose:
                letters += _(" of “{purpose}”").format(purpose=_purpose(plan, purpose))
            return letters + _within(within, language)
        case Ordered(product, times, within):
            titled = titled_products(plan, [product]) if product else ""
            ordered = _("ordered {product}").format(product=titled) if product else _("ordered")
            return ordered + _times(times, language) + _within(within, language)
        case Silent(during):
            silent = _("has done nothing themselves for {delay}")
            return silent.format(delay=say_delay(during, language))
        case SourceIs(values, or_unknown):
            source = _("their address comes from {values}")
            return source.format(values=_values(values, or_unknown, language))
        case FieldIs():
            return _field(condition, plan, language)
        case Measured(act, within, letter):
            clicked, opened = _("clicked {letter}"), _("loaded the images of {letter}")
            sentence = (clicked if act == "clicked" else opened).format(
                letter=_letter(letter, language)
            )
            return sentence + _within(within, language)
        case Combined():
            return _("several conditions together")
        case _:
            assert_never(condition)


def _field(line: FieldIs, plan: Plan, language: Language) -> str:
    _ = translator(language)
    field = plan.fields.get(line.field)
    label = field.label if field is not None else line.field
    if not line.values:
        return _("{field} is not known").format(field=label)
    sentences: dict[FieldOperator, str] = {
        "is": _("{field} is {values}"),
        "is not": _("{field} is known and is not {values}"),
        "over": _("{field} is over {values}"),
        "under": _("{field} is under {values}"),
        "before": _("{field} is before {values}"),
        "after": _("{field} is after {values}"),
        "starts with": _("{field} starts with {values}"),
    }
    values = _values(line.values, line.or_unknown, language)
    return sentences[line.operator].format(field=label, values=values)


def _values(values: tuple[str, ...], or_unknown: bool, language: Language) -> str:
    _ = translator(language)
    texts = [_("“{text}”").format(text=value) for value in values]
    return _(" or ").join((*texts, *([_("unknown")] if or_unknown else [])))


def _letter(letter: LetterRef | None, language: Language) -> str:
    _ = translator(language)
    return _("any letter") if letter is None else str(letter)


def _purpose(plan: Plan, purpose: str) -> str:
    return plan.purposes[purpose].name if purpose in plan.purposes else purpose


def _times(times: int, language: Language) -> str:
    _ = translator(language)
    return _(" {n} times").format(n=times) if times > 1 else ""


def _within(within: Delay | None, language: Language) -> str:
    _ = translator(language)
    return _(" within {delay}").format(delay=say_delay(within, language)) if within else ""


def use_in_words(use: SegmentUse, _: Say, plan: Plan | None = None) -> str:
    """By what it is called where the plan is given, else by its id."""
    match use.how:
        case "broadcast":
            sentence = _("broadcast {name}")
        case "only":
            sentence = _("letter {name} (only)")
        case "unless":
            sentence = _("letter {name} (unless)")
        case "inside":
            sentence = _("segment {name} inside it")
        case "condition":
            sentence = _("a condition of segment {name}")
        case "rule":
            sentence = _("a rule about list {name}")
        case "form":
            sentence = _("form {name}")
        case "webhook":
            sentence = _("webhook {name}")
        case "programme":
            sentence = _("programme {name}")
        case _:
            assert_never(use.how)
    return sentence.format(name=_called(use, plan, _) if plan is not None else use.name)


def _called(use: SegmentUse, plan: Plan, _: Say) -> str:
    place, _slash, letter_id = use.name.partition("/")
    match use.how:
        case "broadcast" if (broadcast := plan.broadcasts.get(use.name)) is not None:
            return quoted(subject_of(broadcast.letter, plan=plan), _)
        case "only" | "unless":
            key = encode(ListKey(int(place)) if letter_id else BroadcastKey(place))
            letter = letter_at(plan, key, letter_id or place)
            return quoted(subject_of(letter, plan=plan), _) if letter is not None else use.name
        case "inside" | "condition" if use.name in plan.segments:
            return quoted(plan.segments[use.name].name, _)
        case "rule" if use.name.isdecimal():
            return say_list(plan, int(use.name))
        case "form" if use.name in plan.forms:
            return quoted(plan.forms[use.name].title, _)
        case _:
            return use.name
