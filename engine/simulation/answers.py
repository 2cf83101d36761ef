"""The answers and orders of a simulated reader as the author writes them: `LETTER=LINK`,
`LETTER=LINK@2 hours`, `PRODUCT@3d`. A second answer to one letter is a change of mind, a day later
unless stated. An unknown name is refused with the known ones, never guessed. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from engine.sequence.condition import MEASURED_ACTS
from engine.sequence.delay import DAY, HOUR, parse_delay
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Letter, Link, List, Plan
from engine.sequence.nearest import hint, nearest
from engine.sequence.parse_declared import PRODUCT_CODE
from engine.sequence.timing import to_instant
from engine.simulation.live import GivenAnswer, SimulatedAct, SimulatedActs, SimulatedOrder
from engine.subscriber.person import NO_PREFERENCES, Preferences, frequency_of
from engine.subscriber.terms import FREQUENCIES
from engine.words import N_

_SHORT = re.compile(r"(\d{1,5})\s*(min|m|h|d|w)")
_LONG = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_ACTION = re.compile(r"(===|\+\+\+)([^=+]+)\1")


def read_answers(
    plan: Plan, options: Sequence[str], nearby: Collection[int] = ()
) -> Mapping[str, Sequence[GivenAnswer]]:
    """What `live` wants, in the order given, from "welcome=Oui", "welcome=1",
    "10/welcome====11===", "welcome=liste-creee@2h".

    Where several lists have the letter, the one on a list of `nearby` is meant. Raises Unreadable.
    """
    answers: dict[str, list[GivenAnswer]] = {}
    for option in options:
        name, equals, rest = option.partition("=")
        if not equals or not rest:
            raise Unreadable(
                N_('"{answer}" is not an answer: write LETTER=LINK, for example {example}'),
                answer=option,
                example=_example(plan),
            )
        link, at, delay = rest.rpartition("@")
        key, letter = _letter(plan, name.strip(), nearby)
        chosen = _link(plan, letter, (link if at else rest).strip())
        before = answers.setdefault(key, [])
        after = _delay(delay) if at else before[-1].after + DAY if before else HOUR
        before.append(GivenAnswer(chosen, after))
    return answers


def read_orders(plan: Plan, options: Sequence[str]) -> tuple[SimulatedOrder, ...]:
    """What the reader buys, from "livre@3d": three days after joining, a day where nothing is said.
    Raises Unreadable.
    """
    declared = {product.code for product in plan.declared.products} if plan.declared else set()
    orders = []
    for option in options:
        product, at, delay = option.partition("@")
        code = product.strip()
        if PRODUCT_CODE.fullmatch(code) is None:
            raise Unreadable(
                N_('"{order}" is not an order: write PRODUCT@DAY, for example livre@3d'),
                order=option,
            )
        if declared and code not in declared:
            close = hint(nearest(code, declared))
            message = N_("no [[product]] has the code {product}{hint}")
            raise Unreadable(message, product=code, hint=close)
        orders.append(SimulatedOrder(code, _delay(delay)) if at else SimulatedOrder(code))
    return tuple(orders)


def read_measured(
    plan: Plan, options: Sequence[str], nearby: Collection[int] = ()
) -> SimulatedActs | None:
    """What a reader who agrees to be measured does, from "welcome=clicked", "welcome=opened@2h";
    "yes" of who agrees and does nothing of it. None where nothing is said. Raises Unreadable.
    """
    if not options:
        return None
    if plan.measured is None:
        raise Unreadable(
            N_("nobody is asked to be measured: [measure] people is off in config.toml")
        )
    acts: dict[str, list[SimulatedAct]] = {}
    for option in options:
        if option.strip() == "yes":
            continue
        name, _, rest = option.partition("=")
        word, at, delay = rest.partition("@")
        act = next((known for known in MEASURED_ACTS if known == word.strip()), None)
        if act is None:
            raise Unreadable(
                N_(
                    '"{act}" is nothing that is measured: write LETTER=clicked or LETTER=opened@2h,'
                    " or yes for who agrees and does nothing"
                ),
                act=option,
            )
        key, _letter_there = _letter(plan, name.strip(), nearby)
        noted = SimulatedAct(act, _delay(delay)) if at else SimulatedAct(act)
        acts.setdefault(key, []).append(noted)
    return acts


def read_preferences(plan: Plan, options: Sequence[str], zone: str) -> Preferences:
    """What the reader chooses to receive, from "theme=semis", "content=video", "frequency=weekly",
    "pause=2026-07-01" (a day on the clock of `zone`). Raises Unreadable.
    """
    chosen = NO_PREFERENCES
    for option in options:
        kind, _, value = (part.strip() for part in option.partition("="))
        if kind == "theme" and value in plan.themes:
            chosen = replace(chosen, themes=(*chosen.themes, value))
        elif kind == "content" and value in plan.contents:
            chosen = replace(chosen, contents=(*chosen.contents, value))
        elif kind == "frequency" and value in FREQUENCIES:
            chosen = replace(chosen, frequency=frequency_of(value))
        elif kind == "pause" and (until := _day(value, zone)):
            chosen = replace(chosen, paused_until=until)
        else:
            known = [f"theme={code}" for code in plan.themes]
            known += [f"content={code}" for code in plan.contents]
            known += [f"frequency={frequency}" for frequency in FREQUENCIES]
            raise Unreadable(
                N_('"{choice}" is no choice of a reader; there are: {known}, pause=2026-07-01'),
                choice=option,
                known=", ".join(known),
            )
    return chosen


def _day(text: str, zone: str) -> int:
    """Its beginning (ms), 0 for what is no day."""
    try:
        return to_instant(datetime.fromisoformat(text), zone) if len(text) == 10 else 0
    except ValueError:
        return 0


def _delay(text: str) -> int:
    short = _SHORT.fullmatch(text.strip().lower())
    return parse_delay(f"{short[1]} {_LONG[short[2]]}" if short else text).nominal_ms


def _letters(plan: Plan) -> Iterator[tuple[List | None, Letter]]:
    for listed in plan.lists.values():
        yield from ((listed, letter) for letter in listed.letters)
    for broadcast in plan.broadcasts.values():
        yield None, broadcast.letter
        if broadcast.reminder is not None:
            yield None, broadcast.reminder


def _letter(plan: Plan, reference: str, nearby: Collection[int]) -> tuple[str, Letter]:
    """The letter, and how `live` knows it: as it was named, or with its list."""
    where, _, name = reference.rpartition("/")
    every = [(listed, letter) for listed, letter in _letters(plan) if letter.id == name]
    letters = [
        letter
        for listed, letter in every
        if not where or (listed is not None and str(listed.id) == where)
    ]
    if len(letters) == 1:
        return reference, letters[0]
    here = [listed.id for listed, letter in every if listed is not None and listed.id in nearby]
    if len(here) == 1 and not where:
        return _letter(plan, f"{here[0]}/{name}", nearby)
    if letters:
        choices = ", ".join(
            f"{listed.id}/{letter.id}" for listed, letter in every if listed is not None
        )
        raise Unreadable(
            N_('several lists have a letter "{letter}": say one of {choice}'),
            letter=reference,
            choice=choices,
        )
    asking = [letter.id for _, letter in _letters(plan) if letter.links]
    raise Unreadable(
        N_('there is no letter "{letter}"; letters with answers: {known}'),
        letter=reference,
        known=", ".join(asking) or "–",
    )


def _link(plan: Plan, letter: Letter, answer: str) -> int:
    ways = {link.index: link for link in letter.links}
    if not ways:
        raise Unreadable(N_('the letter "{letter}" has no link to answer with'), letter=letter.id)
    for meant in (_by_label(letter, answer), _by_beginning(letter, answer)):
        if len(meant) == 1:
            return meant[0].index
    meant = _by_target(plan, letter, answer) + _by_position(letter, answer)
    if len({link.index for link in meant}) == 1:
        return meant[0].index
    shown = ", ".join(
        f'{place} "{link.label}" ({action(link)})' for place, link in enumerate(letter.links, 1)
    )
    several = N_('"{link}" may mean several links of the letter "{letter}"; it has: {known}')
    none = N_('there is no link "{link}" of the letter "{letter}"; it has: {known}')
    raise Unreadable(several if meant else none, link=answer, letter=letter.id, known=shown)


def action(link: Link) -> str:
    """As an author writes it: "===11===" or "+++11+++"."""
    sign = "===" if link.kind == "move" else "+++"
    return f"{sign}{link.target}{sign}"


def _by_label(letter: Letter, answer: str) -> list[Link]:
    return [link for link in letter.links if _plain(link.label) == _plain(answer)]


def _by_beginning(letter: Letter, answer: str) -> list[Link]:
    words = (
        re.compile(rf"{re.escape(_plain(answer))}\b")
        if _plain(answer) and not answer.isdigit()
        else None
    )
    return [link for link in letter.links if words is not None and words.match(_plain(link.label))]


def _by_position(letter: Letter, answer: str) -> list[Link]:
    return [link for place, link in enumerate(letter.links, 1) if answer == str(place)]


def _by_target(plan: Plan, letter: Letter, answer: str) -> list[Link]:
    action = _ACTION.fullmatch(answer)
    listed = plan.list_named(action[2] if action else answer)
    kinds = ("move", "copy") if not action else ("move",) if action[1] == "===" else ("copy",)
    return [
        link
        for link in letter.links
        if listed is not None and link.target == listed.id and link.kind in kinds
    ]


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())


def _example(plan: Plan) -> str:
    for _, letter in _letters(plan):
        if letter.links:
            return f'"{letter.id}={letter.links[0].label or 1}"'
    return '"question=1"'
