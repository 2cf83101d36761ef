"""Who went which way of a dialogue, in words; and what finds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.audience.results import name_of
from engine.console.drawing_model import DrawnCard, Way
from engine.console.places import dialogue_url
from engine.i18n.language import N_, Say
from engine.i18n.phrases import say_list
from engine.i18n.stored_words import stored_in_words
from engine.sequence.condition import quoted
from engine.sequence.model import Plan
from engine.vault.vault import KnownPerson
from engine.views import Came, CameQuery, TransitionCount

HOW: Mapping[str, str] = {
    "joined": N_("signed up, or was brought in"),
    "moved": N_("by an answer"),
    "copied": N_("by an answer, and stayed where they were"),
    "transferred": N_("moved on"),
    "reopened": N_("took an answer back"),
}
WHY: Mapping[str, str] = {
    "ended": N_("after the last letter"),
    "rule": N_("by a rule"),
    "asked": N_("left by themselves"),
    "withdrawn": N_("unsubscribed"),
    "operator": N_("by an operator"),
    "api": N_("by a call"),
    "form": N_("by a form"),
    "import": N_("by an import"),
    "click": N_("by a click"),
    "engine": N_("by Relance itself"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a list; `name` is their address, "" where the vault knows it no more."""

    came: Came
    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A way in or out of a list, in words, with how many went it."""

    words: str
    place: str
    url: str
    people: int


def person(came: Came, known: KnownPerson | None, plan: Plan, _: Say) -> Person:
    how = _(HOW[came.how])
    if came.how in ("moved", "copied") and came.label:
        how = _("“{label}”, from {list}").format(label=came.label, list=say_list(plan, came.source))
    elif came.how == "transferred":
        why = _(WHY.get(came.label, came.label))
        how = f"{why} · {say_list(plan, came.source)}" if came.source else why
    return Person(came, known.address if known is not None else "", how)


def came_by(card: DrawnCard, way: Way, since: int) -> CameQuery:
    """Who went a way; whatever the words were, where no other leads from the letter to the list."""
    match way.kind:
        case "joined":
            return CameQuery(way.target, since, "joined")
        case "ended" | "rule":
            return CameQuery(way.target, since, "transferred", way.source, "", way.kind)
        case "moved" | "copied":
            alike = [
                line
                for line in card.lines
                if line.way is not None
                and (line.way.question, line.way.target) == (way.question, way.target)
            ]
            label = way.label if len(alike) > 1 else ""
            return CameQuery(way.target, since, way.kind, way.source, way.question, label)


def search_of(plan: Plan, way: Way, days: int) -> str:
    """What finds everybody who gave an answer, wherever they stand by now; "" for another way."""
    if way.kind not in ("moved", "copied") or not way.label:
        return ""
    letter = name_of(plan, way.question)
    return f"answered {letter} with {quoted(way.label)} within {days} days"


def passages(
    plan: Plan, counts: Iterable[TransitionCount], number: int, _: Say, *, inwards: bool
) -> list[Passage]:
    """The ways into a list or out of it, those that most went first."""
    found = []
    for count in counts:
        here, other = count.target, count.source
        if not inwards:
            here, other = other, here
        if here == number:
            place = say_list(plan, other) if other else ""
            listed = plan.lists.get(other)
            url = f"{dialogue_url(listed.file)}/list/{other}" if listed is not None else ""
            found.append(Passage(_words(count, _), place, url, count.n))
    return sorted(found, key=lambda passage: (-passage.people, passage.words, passage.place))


def _words(count: TransitionCount, _: Say) -> str:
    match count.kind:
        case "moved":
            return _("“{text}”").format(text=count.label or "…")
        case "copied" if not count.question:
            return _(WHY.get(count.label, count.label))
        case "copied":
            copied = _("“{label}”, and stays where they were")
            return copied.format(label=count.label or "…")
        case "ended" | "rule":
            return _(WHY[count.kind])
        case _:
            known = WHY.get(count.label)
            return _(known) if known is not None else stored_in_words(count.label, _)


def share(part: int, whole: int, _: Say) -> str:
    """ "37 %", "<1 %", "" of nothing."""
    if not whole:
        return ""
    hundredths = min(100 * part / whole, 100)
    return _("{n}%").format(n="<1" if 0 < hundredths < 1 else f"{hundredths:.0f}")
