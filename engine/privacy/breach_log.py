"""The log of breaches (GDPR 33(5)): each with its facts, its effects and what was done, in order.
Pure; the vault's words are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.installation.breaches import Breach, evolved
from engine.installation.events import BreachRecorded
from engine.privacy.paper_markdown import Speech, bullets, heading, plain, rows


@dataclass(frozen=True, slots=True)
class StepTaken:
    """`words`: facts, effects, measures, reason; empty where the vault no longer has them."""

    event: BreachRecorded
    recorded_at: int
    words: Mapping[str, str]


def breach_log(taken: Iterable[StepTaken], at: int, speech: Speech) -> str:
    """Markdown, of what was recorded by `at`."""
    _ = speech._
    parts = [
        heading(1, _("Log of personal data breaches")),
        _("As of {day}, as it was known then.").format(day=speech.instant(at)) + "\n",
    ]
    steps: dict[str, list[StepTaken]] = {}
    breaches: Mapping[str, Breach] = {}
    for step in taken:
        if step.recorded_at <= at:
            steps.setdefault(step.event.breach, []).append(step)
            breaches = evolved(breaches, step.event)
    if not steps:
        return "\n".join([*parts, _("No breach has been recorded.") + "\n"])
    for name, breach in breaches.items():
        parts += [
            heading(2, _("Breach {breach}").format(breach=name)),
            rows(_state(breach, speech)),
            bullets(_history(steps[name], speech)),
        ]
    return "\n".join(parts)


def _state(breach: Breach, speech: Speech) -> Iterator[tuple[str, str]]:
    _ = speech._
    risks = {
        "unknown": _("not known yet"),
        "none": _("none"),
        "risk": _("a risk"),
        "high": _("a high risk"),
    }
    yield _("detected"), speech.instant(breach.detected_at)
    yield _("risk for the people"), risks[breach.risk]
    yield _("people affected"), str(breach.people or _("not known"))
    told = speech.instant(breach.authority_told_at) if breach.authority_told_at else ""
    owed = (
        _("to be told before {date}").format(date=speech.instant(breach.authority_due_at))
        if breach.authority_due_at
        else _("need not be told")
    )
    yield _("authority (GDPR 33)"), told or owed
    people = speech.instant(breach.people_told_at) if breach.people_told_at else ""
    yield (
        _("those affected (GDPR 34)"),
        people or (_("to be told without delay") if breach.people_owed else _("need not be told")),
    )
    yield _("closed"), speech.instant(breach.closed_at) if breach.closed_at else _("not yet")


def _history(steps: Iterable[StepTaken], speech: Speech) -> Iterator[str]:
    _ = speech._
    kinds = {
        "detected": _("detected"),
        "assessed": _("what was learnt"),
        "authority-told": _("the authority was told"),
        "people-told": _("those affected were told"),
        "closed": _("closed"),
    }
    names = {
        "facts": _("facts"),
        "effects": _("effects"),
        "measures": _("measures"),
        "reason": _("reason"),
    }
    for step in steps:
        words = " · ".join(
            f"{names[name]} – {plain(text)}" for name, text in step.words.items() if name in names
        )
        yield f"{speech.instant(step.event.at)}, {kinds.get(step.event.step, step.event.step)}" + (
            f". {words}" if words else ""
        )
