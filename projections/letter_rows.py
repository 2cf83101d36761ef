"""What the letters' view holds of each letter, answer and order, and how a fact changes it. Pure.

A row's numbers are added to the counters by `counters.py`: they come from the row as it stands, so
that a fact taken back is counted no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields

from engine.ledger.codec import Entry
from engine.sequence.delay import DAY
from engine.sequence.model import HOLDOUT, MEASURE
from engine.subscriber import events as e
from engine.subscriber.agenda_key import BroadcastKey, RequestKey, decode
from engine.subscriber.terms import HELD_OUT
from engine.views import ORDER_DAYS, week_of

ORDER_WINDOW = ORDER_DAYS * DAY
OUTCOMES = (e.LetterSent, e.LetterDeferred, e.LetterFailed, e.LetterWithheld, e.LetterRetried)
ANSWERS = (e.ListMoved, e.ListCopied, e.LetterAnswered)
ORDERS = (e.OrderRecorded, e.OrderRefunded)
CONCERNED = frozenset({
    e.LetterBegun, *OUTCOMES, e.LetterInDoubt, *ANSWERS, e.MoveUndone, e.MailBounced,
    e.MailComplained, e.ConsentWithdrawn, *ORDERS,
})  # fmt: skip
"""The only events this view reads; most are of other kinds."""
DOORS_OF_A_LETTER = ("click", "one-click", "mailto")
"""Where a withdrawal's cause names the message it answers."""


@dataclass(slots=True)
class LetterRow:
    """One letter begun or withheld. The first twelve never change. `version`: of a letter that is
    tried in several, "holdout" of who does not get it. `sent_at` (ms): when the server accepted it,
    0 where it has not; `why` it was put off, withheld or given up; `bounce`: "hard", "soft",
    "blocked" (refused for the sender's sake), "gave-up", or "".
    """

    message: str
    subscriber: str
    position: int
    key: str
    letter: str
    list: int
    run: int
    kind: str
    edition: int
    purpose: str
    week: int
    version: str
    status: str
    at: int
    sent_at: int = 0
    why: str = ""
    bounce: str = ""
    complained: bool = False
    unsubscribed: bool = False
    link: int = -1
    act: str = ""


@dataclass(slots=True)
class AnswerRow:
    """A link chosen in a letter, and when last. `target`: the list it led to, 0 where it changed
    nothing; `label`: the link's words, "" of answers that were recorded without them.
    """

    message: str
    link: int
    act: str
    moved: bool
    at: int
    label: str = ""
    target: int = 0


@dataclass(slots=True)
class OrderRow:
    """An order at `at` (ms). It counts for a letter: for the last one accepted in the days before
    it (`after_letter`), and for the one in which the person last acted in those days (`after_act`);
    message ids, "" for none. Amounts in minor units.
    """

    order: str
    subscriber: str
    at: int
    after_letter: str
    after_act: str
    currency: str
    amount: int
    refunds: int = 0
    refunded: int = 0


LETTER_COLUMNS = tuple(column.name for column in fields(LetterRow))
ANSWER_COLUMNS = tuple(column.name for column in fields(AnswerRow))
ORDER_COLUMNS = tuple(column.name for column in fields(OrderRow))


@dataclass(slots=True)
class Needed:
    """What has to be known before some entries are taken: rows by message (`answered`: with their
    answers), orders by id, and by subscriber the instants (ms) between which their letters and acts
    matter.
    """

    messages: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)

    def of(self, subscriber: str, since: int, upto: int) -> None:
        first, last = self.spans.get(subscriber, (since, upto))
        self.spans[subscriber] = min(first, since), max(last, upto)


def needed_by(entries: Iterable[Entry]) -> Needed:
    needed = Needed()
    begun: set[str] = set()
    for entry in entries:
        event = entry.event
        if type(event) not in CONCERNED:
            continue
        match event:
            case e.LetterBegun(attempt=1, message=message):
                begun.add(message)
            case e.LetterWithheld(message=""):
                needed.messages.add(_never_begun(entry.stream, event))
            case e.ConsentWithdrawn(purpose=purpose) if purpose != MEASURE:
                if entry.cause.door in DOORS_OF_A_LETTER:
                    needed.messages.add(entry.cause.ref)
            case e.OrderRecorded(at):
                needed.of(entry.stream, at - ORDER_WINDOW, at)
            case e.OrderRefunded(order=order):
                needed.orders.add(order)
            case e.MailComplained(at):
                needed.messages.add(entry.cause.ref)
                needed.of(entry.stream, 0, at)
            case (
                e.LetterBegun() | e.LetterSent() | e.LetterDeferred() | e.LetterFailed()
                | e.LetterWithheld() | e.LetterRetried() | e.LetterInDoubt() | e.MailBounced()
            ):  # fmt: skip
                needed.messages.add(event.message)
            case e.ListMoved() | e.ListCopied() | e.LetterAnswered() | e.MoveUndone():
                needed.messages.add(event.message)
                needed.answered.add(event.message)
    needed.messages -= begun
    needed.answered -= begun
    return needed


def _never_begun(subscriber: str, event: e.LetterWithheld) -> str:
    """A letter withheld before it was begun has no message id: its row is named by what it was and
    for whom.
    """
    return f"{subscriber}/{event.key}/{event.letter}/{event.run}"


class LetterRows:
    """The rows that some entries concern, as they stand after those taken so far. `traced` are the
    people whose letters are looked for by person.
    """

    def __init__(self, traced: Collection[str]) -> None:
        self.letters: dict[str, LetterRow] = {}
        self.answers: dict[str, dict[int, AnswerRow]] = {}
        self.orders: dict[str, OrderRow] = {}
        self._traced = traced
        self._of_person: dict[str, list[LetterRow]] = {}

    def add(self, row: LetterRow) -> None:
        self.letters[row.message] = row
        if row.subscriber in self._traced:
            self._of_person.setdefault(row.subscriber, []).append(row)

    def take(self, entry: Entry) -> None:
        event = entry.event
        if type(event) not in CONCERNED:
            return
        match event:
            case e.LetterBegun():
                self._begin(entry, event)
            case e.LetterWithheld(until=until, message="") if until:
                pass  # It waits for room and was never begun: the agenda has it.
            case e.LetterWithheld(message=""):
                self._withhold(entry, event)
            case e.ConsentWithdrawn(purpose=purpose) if purpose != MEASURE:
                if entry.cause.door in DOORS_OF_A_LETTER and (
                    row := self.letters.get(entry.cause.ref)
                ):
                    row.unsubscribed = True
            case e.MailComplained(at):
                named = self.letters.get(entry.cause.ref)
                if row := named or self._last_accepted(entry.stream, 0, at):
                    row.complained = True
            case e.OrderRecorded():
                self._order(entry.stream, event)
            case e.OrderRefunded(order=order, amount=amount):
                if placed := self.orders.get(order):
                    placed.refunds += 1
                    placed.refunded += amount
            case (
                e.LetterSent() | e.LetterDeferred() | e.LetterFailed() | e.LetterWithheld()
                | e.LetterRetried() | e.LetterInDoubt() | e.MailBounced() | e.ListMoved()
                | e.ListCopied() | e.LetterAnswered() | e.MoveUndone()
            ):  # fmt: skip
                if row := self.letters.get(event.message):
                    self._change(row, event)

    def _begin(self, entry: Entry, event: e.LetterBegun) -> None:
        """A second attempt carries the same message id: the first one's beginning stays."""
        if row := self.letters.get(event.message):
            row.status, row.at = "begun", event.at
            return
        self.add(
            LetterRow(
                event.message, entry.stream, entry.position, event.key, event.letter, event.list,
                event.run, event.kind, event.edition, event.purpose, week_of(event.at),
                event.version, "begun", event.at,
            )
        )  # fmt: skip

    def _withhold(self, entry: Entry, event: e.LetterWithheld) -> None:
        name = _never_begun(entry.stream, event)
        if row := self.letters.get(name):
            row.at, row.why = event.at, event.why
            return
        key = decode(event.key)
        kind = (
            "broadcast"
            if isinstance(key, BroadcastKey)
            else "confirmation"
            if isinstance(key, RequestKey)
            else "letter"
        )
        held_out = event.why == HELD_OUT
        edition, version = (event.edition, HOLDOUT) if held_out else (0, "")
        self.add(
            LetterRow(
                name, entry.stream, entry.position, event.key, event.letter, event.list, event.run,
                kind, edition, event.purpose, week_of(event.at), version, "withheld", event.at,
                why=event.why,
            )
        )  # fmt: skip

    def _change(self, row: LetterRow, event: e.PersonEvent) -> None:
        match event:
            case e.LetterSent(at):
                row.status, row.at, row.sent_at, row.why = "sent", at, at, ""
            case e.LetterDeferred(at, why=why):
                row.status, row.at, row.why = "deferred", at, why
            case e.LetterFailed(at, why=why):
                row.bounce = "gave-up" if why == "gave up" and row.why != "blocked" else "blocked"
                row.status, row.at, row.why = "failed", at, why
            case e.LetterWithheld(at, why=why, until=until):
                row.status, row.at, row.why = "deferred" if until else "withheld", at, why
            case e.LetterRetried(at):
                row.status, row.at, row.why = "deferred", at, ""
            case e.LetterInDoubt(at, settled="taken-as-sent"):
                row.status, row.at, row.sent_at, row.why = "sent", at, at, ""
            case e.LetterInDoubt(at, settled=settled):
                row.status, row.at = "deferred" if settled == "resend" else "doubt", at
            case e.MailBounced(kind=kind):
                row.bounce = kind
            case e.ListMoved() | e.ListCopied() | e.LetterAnswered():
                self._answer(row, event)
            case e.MoveUndone():
                # A move taken back was no answer after all; what was copied stays.
                row.link, row.act = -1, ""
                answers = self.answers.get(row.message, {})
                for link in [link for link, answer in answers.items() if answer.moved]:
                    del answers[link]

    def _answer(self, row: LetterRow, event: e.ListMoved | e.ListCopied | e.LetterAnswered) -> None:
        row.link, row.act = event.link, event.act
        answers = self.answers.setdefault(row.message, {})
        earlier = answers.get(event.link)
        target = 0 if isinstance(event, e.LetterAnswered) else event.target
        answers[event.link] = AnswerRow(
            message=row.message,
            link=event.link,
            act=event.act,
            moved=isinstance(event, e.ListMoved) or (earlier is not None and earlier.moved),
            at=event.at,
            label=event.label or (earlier.label if earlier is not None else ""),
            target=target or (earlier.target if earlier is not None else 0),
        )

    def _order(self, subscriber: str, event: e.OrderRecorded) -> None:
        since = event.at - ORDER_WINDOW
        letter = self._last_accepted(subscriber, since, event.at)
        act = self._last_act(subscriber, since, event.at)
        self.orders[event.order] = OrderRow(
            order=event.order,
            subscriber=subscriber,
            at=event.at,
            after_letter=letter.message if letter is not None else "",
            after_act=act,
            currency=event.currency,
            amount=event.amount,
        )

    def _last_accepted(self, subscriber: str, since: int, upto: int) -> LetterRow | None:
        """Of the letters accepted between two instants, the last; of two at once, the later one in
        the ledger.
        """
        accepted = [
            row
            for row in self._of_person.get(subscriber, ())
            if row.sent_at and since <= row.sent_at <= upto
        ]
        return max(accepted, key=lambda row: (row.sent_at, row.position), default=None)

    def _last_act(self, subscriber: str, since: int, upto: int) -> str:
        """The message of the letter in which they last acted themselves between two instants."""
        acts = [
            (answer.at, row.position, row.message)
            for row in self._of_person.get(subscriber, ())
            for answer in self.answers.get(row.message, {}).values()
            if answer.act != "auto_submit" and since <= answer.at <= upto
        ]
        return max(acts, default=(0, 0, ""))[2]
