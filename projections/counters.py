"""What letters come to, in numbers that name nobody: each row of the letters' view adds to the
counters of its letter, mailing, edition, list, purpose and week. Pure.

Everything that becomes of a letter counts in the week in which it was begun, so that shares of
what was accepted are shares of the same letters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from engine.subscriber.agenda_key import BroadcastKey, decode, letter_ref
from projections.letter_rows import AnswerRow, LetterRow, LetterRows, OrderRow


class Cell(NamedTuple):
    """What is counted together. `letter`: a letter_ref; `occurrence`: a mailing's, "" for lists';
    `week`: see week_of; `what` and `detail`: see `_of_letter`, `_of_order`.
    """

    letter: str
    occurrence: str
    edition: int
    list: int
    purpose: str
    week: int
    what: str
    detail: str


class Tally:
    """Counts and amounts (minor units) by cell; what is taken away is negative."""

    def __init__(self) -> None:
        self.counts: Counter[Cell] = Counter()
        self.amounts: Counter[Cell] = Counter()

    def add(self, rows: LetterRows, sign: int) -> None:
        """All that these rows come to."""
        for letter in rows.letters.values():
            for what, detail in _of_letter(letter, rows.answers.get(letter.message, {})):
                self.counts[_cell(letter, what, detail)] += sign
        for order in rows.orders.values():
            for message, what, count, amount in _of_order(order):
                cell = _cell(rows.letters[message], what, order.currency)
                self.counts[cell] += sign * count
                self.amounts[cell] += sign * amount

    def changed(self) -> dict[Cell, tuple[int, int]]:
        return {
            cell: (self.counts[cell], self.amounts[cell])
            for cell in sorted(self.counts)
            if self.counts[cell] or self.amounts[cell]
        }


def _cell(row: LetterRow, what: str, detail: str) -> Cell:
    letter, occurrence = _names(row.key, row.letter)
    return Cell(letter, occurrence, row.edition, row.list, row.purpose, row.week, what, detail)


@lru_cache(maxsize=4096)
def _names(key: str, letter: str) -> tuple[str, str]:
    decoded = decode(key)
    occurrence = decoded.occurrence if isinstance(decoded, BroadcastKey) else ""
    return letter_ref(key, letter), occurrence


def _of_letter(row: LetterRow, answers: Mapping[int, AnswerRow]) -> Iterator[tuple[str, str]]:
    yield "became", row.status
    if row.status == "withheld":
        yield "withheld", row.why
    if row.bounce:
        yield "bounced", row.bounce
    if row.complained:
        yield "complained", ""
    if row.unsubscribed:
        yield "unsubscribed", ""
    if answers:
        yield "answered", ""
        yield from _of_answers(answers)


def _of_answers(answers: Mapping[int, AnswerRow]) -> Iterator[tuple[str, str]]:
    """Of moves the latest holds; copies are independent."""
    moves = [answer for answer in answers.values() if answer.moved]
    holds = [max(moves, key=lambda answer: (answer.at, answer.link))] if moves else []
    for answer in (*holds, *(answer for answer in answers.values() if not answer.moved)):
        label = answer.label or f"#{answer.link + 1}"
        yield "answer", label
        if answer.act == "auto_submit":
            yield "answer-by-page", label
        if answer.target:
            yield ("moved" if answer.moved else "copied"), str(answer.target)


def _of_order(row: OrderRow) -> Iterator[tuple[str, str, int, int]]:
    """Message, what, how many and how much, in the order's currency."""
    for message, ordered, refunded in (
        (row.after_letter, "ordered", "refunded"),
        (row.after_act, "ordered-after-act", "refunded-after-act"),
    ):
        if message:
            yield message, ordered, 1, row.amount
            if row.refunds:
                yield message, refunded, row.refunds, row.refunded
