"""Every letter ever begun or withheld, what became of it, how it was answered and which orders
followed it; and the counters of all that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import cast

from engine.ledger.codec import Entry
from engine.store.binary import (
    Column,
    bigint,
    bigints,
    boolean,
    booleans,
    integer,
    integers,
    row,
    texts,
    uuid_of,
    uuids,
)
from engine.store.sql import beside
from projections.counters import Cell, CohortTally, PersonCell, Tally, arrivals_in
from projections.letter_rows import (
    ANSWER_COLUMNS,
    LETTER_COLUMNS,
    ORDER_COLUMNS,
    AnswerRow,
    LetterRow,
    LetterRows,
    Needed,
    OrderRow,
    needed_by,
)
from projections.view import LIVE, Cursor, schema_of

SQL = beside(__file__)
CHANGING = LETTER_COLUMNS[LETTER_COLUMNS.index("status") :]
TALLY_COLUMNS = (*Cell._fields, "n", "amount")
ARRIVAL_COLUMNS = ("subscriber", "position", "week")
COHORT_COLUMNS = ("joined", "week", "what", "n")
BIGINTS = frozenset({"position", "at", "sent_at", "amount", "refunded", "n"})
INTEGERS = frozenset({"list", "run", "edition", "week", "link", "target", "refunds", "joined"})
BOOLEANS = frozenset({"complained", "unsubscribed", "moved"})
UUIDS = frozenset({"subscriber"})
"""Columns by type; all others are text."""


def _arrays(names: Sequence[str], rows: Iterable[Sequence[object]]) -> dict[str, Column]:
    """Each column of some rows as an array, by its name."""
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return {name: _array(name, values) for name, values in zip(names, columns, strict=True)}


def _array(name: str, values: Sequence[object]) -> Column:
    if name in BIGINTS:
        return bigints(cast("Sequence[int]", values))
    if name in INTEGERS:
        return integers(cast("Sequence[int]", values))
    if name in BOOLEANS:
        return booleans(cast("Sequence[bool]", values))
    return (uuids if name in UUIDS else texts)(cast("Sequence[str]", values))


def _copied(names: Sequence[str], values: Sequence[object]) -> bytes:
    """A row as COPY takes it."""
    return row(*map(_octets, names, values))


def _octets(name: str, value: object) -> bytes:
    if name in BIGINTS:
        return bigint(value)
    if name in INTEGERS:
        return integer(value)
    if name in BOOLEANS:
        return boolean(value)
    return uuid_of(cast(str, value)) if name in UUIDS else cast(str, value).encode()


_letter_values = attrgetter(*LETTER_COLUMNS)
_changing_values = attrgetter("message", *CHANGING)
_answer_values = attrgetter(*ANSWER_COLUMNS)
_order_values = attrgetter(*ORDER_COLUMNS)


class Letters:
    name = "letters"
    version = 5
    tables: tuple[str, ...] = ("letter", "answer", "purchase", "tally", "arrival", "cohort")
    of_everybody = True

    def __init__(self, prefix: str = LIVE) -> None:
        self.schema = schema_of(Letters, prefix)
        self.sql = SQL.within(schema=self.schema)

    def begin(self, position: int) -> None:
        """Nothing is cached in memory."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        needed = needed_by(entries)
        rows = self._known(cursor, needed)
        tally, cohorts = Tally(), CohortTally()
        tally.add(rows, -1)
        cohorts.add(rows, -1)
        before = {m: _changing_values(letter) for m, letter in rows.letters.items()}
        answers = {message: dict(given) for message, given in rows.answers.items()}
        for entry in entries:
            rows.take(entry)
        tally.add(rows, +1)
        cohorts.add(rows, +1)
        self._put_letters(cursor, rows, before)
        self._put_answers(cursor, rows, answers)
        if rows.orders:
            orders = _arrays(ORDER_COLUMNS, map(_order_values, rows.orders.values()))
            cursor.execute(self.sql["put_purchases"], orders)
        self.put_tally(cursor, tally)
        self._put_cohorts(cursor, entries, cohorts)

    def _put_cohorts(self, cursor: Cursor, entries: Sequence[Entry], cohorts: CohortTally) -> None:
        if arrivals := sorted(arrivals_in(entries).items()):
            values = [(subscriber, *arrival) for subscriber, arrival in arrivals]
            cursor.execute(self.sql["arrive"], _arrays(ARRIVAL_COLUMNS, values))
        if changed := cohorts.changed():
            cells = [(*cell, n) for cell, n in changed.items()]
            cursor.execute(self.sql["count_cohorts"], _arrays((*PersonCell._fields, "n"), cells))
            if min(changed.values()) < 0:
                cursor.execute(self.sql["clear_cohorts"])

    def _known(self, cursor: Cursor, needed: Needed) -> LetterRows:
        rows = LetterRows(needed.spans)
        if needed.orders:
            found = cursor.execute(
                self.sql["purchases"], {"orders": texts(needed.orders)}
            ).fetchall()
            for values in found:
                order = OrderRow(*cast("tuple[str, str, int, str, str, str, int]", values))
                rows.orders[order.order] = order
                needed.messages |= {order.after_letter, order.after_act} - {""}
        if needed.messages:
            messages = {"messages": texts(needed.messages)}
            _add(rows, cursor.execute(self.sql["known"], messages, binary=True).fetchall())
        if needed.spans:
            since, upto = zip(*needed.spans.values(), strict=True)
            spans = {
                "subscribers": uuids(needed.spans), "since": bigints(since), "upto": bigints(upto)
            }  # fmt: skip
            _add(rows, cursor.execute(self.sql["recent"], spans).fetchall())
            needed.answered |= rows.letters.keys()
        if needed.answered:
            # Of other letters answers neither change nor are counted anew.
            messages = {"messages": texts(needed.answered)}
            for values in cursor.execute(self.sql["answers_known"], messages).fetchall():
                answer = AnswerRow(*cast("tuple[str, int, str, bool, int]", values))
                rows.answers.setdefault(answer.message, {})[answer.link] = answer
        return rows

    def _put_letters(
        self, cursor: Cursor, rows: LetterRows, before: dict[str, tuple[object, ...]]
    ) -> None:
        """Begun and settled within one batch: the row is written once."""
        new = [letter for message, letter in rows.letters.items() if message not in before]
        if new:
            cursor.execute(self.sql["begun"], _arrays(LETTER_COLUMNS, map(_letter_values, new)))
        changed = [
            values
            for message, known in before.items()
            if (values := _changing_values(rows.letters[message])) != known
        ]
        if changed:
            cursor.execute(self.sql["change"], _arrays(("message", *CHANGING), changed))

    def _put_answers(
        self, cursor: Cursor, rows: LetterRows, before: dict[str, dict[int, AnswerRow]]
    ) -> None:
        gone = [
            (message, link)
            for message, given in before.items()
            for link in given.keys() - rows.answers[message].keys()
        ]
        if gone:
            cursor.execute(self.sql["undone"], _arrays(("message", "link"), gone))
        given = [
            answer
            for message, given in rows.answers.items()
            for link, answer in given.items()
            if before.get(message, {}).get(link) != answer
        ]
        if given:
            cursor.execute(self.sql["given"], _arrays(ANSWER_COLUMNS, map(_answer_values, given)))

    def put_tally(self, cursor: Cursor, tally: Tally) -> None:
        """Add to the counters, or take away."""
        changed = tally.changed()
        if changed:
            values = [(*cell, *numbers) for cell, numbers in changed.items()]
            cursor.execute(self.sql["count"], _arrays(TALLY_COLUMNS, values))
        taken = [cell for cell, (n, _) in changed.items() if n < 0]
        if taken:
            cursor.execute(self.sql["clear"], _arrays(Cell._fields, taken))

    def whole(self, cursor: Cursor, entries: Sequence[Entry]) -> dict[str, list[bytes]]:
        rows, tally, cohorts = LetterRows(needed_by(entries).spans), Tally(), CohortTally()
        for entry in entries:
            rows.take(entry)
        tally.add(rows, +1)
        cohorts.add(rows, +1)
        arrivals = arrivals_in(entries)
        return {
            "letter": [_copied(LETTER_COLUMNS, _letter_values(r)) for r in rows.letters.values()],
            "answer": [
                _copied(ANSWER_COLUMNS, _answer_values(answer))
                for given in rows.answers.values()
                for answer in given.values()
            ],
            "purchase": [_copied(ORDER_COLUMNS, _order_values(r)) for r in rows.orders.values()],
            "tally": [
                _copied(TALLY_COLUMNS, (*cell, *numbers))
                for cell, numbers in tally.changed().items()
            ],
            "arrival": [
                _copied(ARRIVAL_COLUMNS, (subscriber, *arrival))
                for subscriber, arrival in arrivals.items()
            ],
            "cohort": [
                _copied(COHORT_COLUMNS, (*cell, n)) for cell, n in cohorts.by_week(arrivals).items()
            ],
        }

    def tidy(self, cursor: Cursor) -> bool:
        return False


def _add(rows: LetterRows, known: Iterable[Sequence[object]]) -> None:
    for values in known:
        letter = LetterRow(*values)  # type: ignore[arg-type]
        if letter.message not in rows.letters:
            rows.add(letter)
