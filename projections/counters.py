"""What letters come to, in numbers that name nobody: each row of the letters' view adds to the
counters of its letter, mailing, edition, list, purpose and week. Pure.

Everything that becomes of a letter counts in the week in which it was begun, so that shares of
what was accepted are shares of the same letters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from engine.ledger.codec import Entry
from engine.subscriber.agenda_key import BroadcastKey, decode, letter_ref
from engine.subscriber.own_robot import is_own_robot
from engine.views import week_of
from projections.letter_rows import AnswerRow, LetterRow, LetterRows, OrderRow
from projections.members import CHANGING, Joined, changes


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
            if is_own_robot(letter.subscriber):
                continue
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


class Arrival(NamedTuple):
    """When somebody came onto a list for the first time: the entry's position, and the Monday of
    the week (see week_of).
    """

    position: int
    week: int


def arrivals_in(entries: Iterable[Entry]) -> dict[str, Arrival]:
    """By subscriber, of those who come onto a list in these entries: the first time in them."""
    found: dict[str, Arrival] = {}
    for entry in entries:
        if (
            type(entry.event) in CHANGING
            and entry.stream not in found
            and not is_own_robot(entry.stream)
        ):
            for change in changes(entry.event):
                if isinstance(change, Joined):
                    found[entry.stream] = Arrival(entry.position, week_of(change.at))
                    break
    return found


class PersonCell(NamedTuple):
    """A letter of somebody, by the position at which it was begun and its week; `what`: "accepted",
    "answered" or "unsubscribed".
    """

    subscriber: str
    position: int
    week: int
    what: str


class CohortTally:
    """What letters come to for each person; the engine's own letters aside."""

    def __init__(self) -> None:
        self.counts: Counter[PersonCell] = Counter()

    def add(self, rows: LetterRows, sign: int) -> None:
        for row in rows.letters.values():
            if row.kind in ("letter", "broadcast") and not is_own_robot(row.subscriber):
                for what, holds in (
                    ("accepted", row.status == "sent"),
                    ("answered", bool(rows.answers.get(row.message))),
                    ("unsubscribed", row.unsubscribed),
                ):
                    if holds:
                        cell = PersonCell(row.subscriber, row.position, row.week, what)
                        self.counts[cell] += sign

    def changed(self) -> dict[PersonCell, int]:
        return {cell: n for cell, n in sorted(self.counts.items()) if n}

    def by_week(self, arrivals: Mapping[str, Arrival]) -> Counter[tuple[int, int, str]]:
        """By week of arrival, week and what, of letters begun after it; with who arrived."""
        found = Counter((arrival.week, arrival.week, "joined") for arrival in arrivals.values())
        for cell, n in self.changed().items():
            arrival = arrivals.get(cell.subscriber)
            if arrival is not None and arrival.position < cell.position:
                found[arrival.week, cell.week, cell.what] += n
        return found


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
