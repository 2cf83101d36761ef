"""What the members of a segment depend on besides people: for the view that builds one anew when it
changes, and for the plan of a publication that says so beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.sequence.condition import Answered, Condition, FieldIs, InGroup, is_timed, lines_of
from engine.subscriber.truth import SegmentConditions


def definition_of(condition: Condition, conditions: SegmentConditions) -> str:
    """A text that changes when others may satisfy a resolved condition, though no fact has come: by
    its words, by the lists of a group, by what reminds of a letter, by the type and options of a
    field, by the zone in which days are counted.
    """
    parts = [repr(condition), *dict.fromkeys(_declared(condition, conditions))]
    if is_timed(condition):
        parts.append(conditions.plan.timezone)
    return " ".join(parts)


def _declared(condition: Condition, conditions: SegmentConditions) -> Iterator[str]:
    for line in lines_of(condition):
        match line:
            case InGroup(group):
                yield f"{group}={sorted(conditions.lists_of_group(group))}"
            case Answered(letter) if letter is not None:
                yield f"{letter}={sorted(conditions.questions(letter))}"
            case FieldIs(name) if name in conditions.plan.fields:
                field = conditions.plan.fields[name]
                yield f"{name}={field.type}{list(field.options)}"
            case _:
                pass
