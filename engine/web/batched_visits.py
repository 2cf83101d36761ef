"""Visits that come at the same time share what they cost. Each is a generator that says what it
needs next; what several need is done at once.

A visit that fails, fails alone: what cannot be done for many is tried for each.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import TypeVar

from engine.ledger.store import LOST

Answer = TypeVar("Answer")
Need = tuple[int, object]
"""The number of an errand, and what it is run for."""
Steps = Generator[Need, object, Answer]
Errand = Callable[[Sequence[object]], Sequence[object]]


def done_together(
    visits: Iterable[Steps[Answer]], errands: Mapping[int, Errand]
) -> list[Answer | Exception]:
    """How each visit ended. Of the errands that are needed, the one with the lowest number is run
    first, so that as many as can be share it.
    """
    under_way = list(visits)
    ended: dict[int, Answer | Exception] = {}
    needs: dict[int, Need] = {}

    def go_on(number: int, found: object = None) -> None:
        try:
            needs[number] = (
                under_way[number].throw(found)
                if isinstance(found, Exception)
                else under_way[number].send(found)
            )
        except StopIteration as end:
            ended[number] = end.value
        except Exception as error:
            ended[number] = error

    for number in range(len(under_way)):
        go_on(number)
    while needs:
        errand = min(need[0] for need in needs.values())
        chosen = [number for number, need in needs.items() if need[0] == errand]
        asked = [needs.pop(number)[1] for number in chosen]
        for number, found in zip(chosen, _run(errands[errand], asked), strict=True):
            go_on(number, found)
    return [ended[number] for number in range(len(under_way))]


def _run(errand: Errand, asked: Sequence[object]) -> Sequence[object]:
    try:
        return errand(asked)
    except LOST as error:
        return [error] * len(asked)
    except Exception as error:
        return (
            [error]
            if len(asked) == 1
            else [found for each in asked for found in _run(errand, [each])]
        )
