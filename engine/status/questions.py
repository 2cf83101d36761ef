"""How a dialogue's questions are answered, and what became of its mailings, counted by people.

Whoever was asked and has not answered is waited for while a reminder is to come to them, and after
the last letter for as long again as its reminder waits (a week where nothing reminds of it); from
then on they are silent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from engine.authoring.dialogue_file import broadcasts_in, lists_in
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.i18n.phrases import subject_of
from engine.sequence.delay import DAY, Delay
from engine.sequence.model import Letter, Link, Plan
from engine.subscriber.agenda_key import BroadcastKey, encode, letter_ref, list_key
from engine.views import LetterCount, QuestionQuery, QuestionTally

WINDOW = 7 * DAY
PATIENCE = 7 * DAY
"""For an answer to a question that nothing reminds of."""


class AnswerViews(Protocol):
    def question(self, query: QuestionQuery) -> QuestionTally:
        """How a question was answered."""

    def counted(self, letters: Collection[str]) -> list[LetterCount]:
        """What became of letters, by their letter_ref."""


class QuestionStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def views(self) -> AnswerViews: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind` is "move" or "copy"; `automatic` are those among `people` whose page acted by
    itself.
    """

    label: str
    kind: str
    target: int
    people: int
    automatic: int


@dataclass(frozen=True, slots=True)
class MailingOutcomes:
    """What became of a mailing, over all its dates: people by outcome. `refused`: by mail servers;
    `withheld`: for whatever reason.
    """

    sent: int = 0
    refused: int = 0
    withheld: int = 0
    in_doubt: int = 0
    put_off: int = 0
    under_way: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A letter that asks, or a mailing, which need not. `lost` are among the waiting and the
    silent: they opened a link and never pressed. `became` is None for a letter of a list.
    """

    where: str
    letter: str
    subject: str
    asked: int
    reminded: int
    answers: tuple[Answer, ...]
    waiting: int
    silent: int
    lost: int
    became: MailingOutcomes | None = None


def questions(stores: QuestionStores, plan: Plan, file: str) -> Iterator[Question]:
    """Each question and mailing of a file in the dialogue in force, as far as the views have
    followed.
    """
    now, lost = stores.clock.now(), stores.desk.lost_messages()
    for listed in lists_in(plan, file):
        for letter in listed.letters:
            if letter.links and not letter.reminds:
                reminders = _reminders(letter, listed.letters)
                since = now - _reminded_within(reminders, listed.max_lateness)
                yield _question(
                    stores, list_key(listed.id), letter, reminders, (listed.id,), since, lost
                )
    for broadcast in broadcasts_in(plan, file):
        reminders = [broadcast.reminder] if broadcast.reminder is not None else []
        since = now - _reminded_within(reminders, broadcast.max_lateness)
        key = encode(BroadcastKey(broadcast.id))
        question = _question(stores, key, broadcast.letter, reminders, broadcast.to, since, lost)
        yield replace(question, became=_outcomes_of(stores, key, broadcast.letter.id))


def _outcomes_of(stores: QuestionStores, key: str, letter: str) -> MailingOutcomes:
    counts = Counter[str]()
    for count in stores.views.counted([letter_ref(key, letter)]):
        if count.what == "became":
            counts[count.detail] += count.n
    return MailingOutcomes(
        sent=counts["sent"],
        refused=counts["failed"],
        withheld=counts["withheld"],
        in_doubt=counts["doubt"],
        put_off=counts["deferred"],
        under_way=counts["begun"],
    )


def _reminders(letter: Letter, letters: Sequence[Letter]) -> list[Letter]:
    """What reminds of a letter, and what reminds of that."""
    names, reminders = {letter.id}, []
    for other in letters:
        if other.reminds in names:
            names.add(other.id)
            reminders.append(other)
    return reminders


def _reminded_within(reminders: Sequence[Letter], lateness: Delay) -> int:
    """Milliseconds after which no reminder comes any more: every wait, the lateness allowed, and a
    week for hours and days.
    """
    waits = sum(reminder.wait.nominal_ms for reminder in reminders if reminder.wait is not None)
    return waits + len(reminders) * (lateness.nominal_ms + WINDOW)


def _question(
    stores: QuestionStores,
    key: str,
    letter: Letter,
    reminders: Sequence[Letter],
    lists: tuple[int, ...],
    since: int,
    lost: tuple[str, ...],
) -> Question:
    answers: dict[tuple[str, int, int], tuple[int, Link]] = {}
    links: list[tuple[str, int, int, bool]] = []
    for asking in (letter, *reminders):
        for link in asking.links:
            name = _answer_name(asking, link)
            number = answers.setdefault(name, (len(answers), link))[0]
            links.append((asking.id, link.index, number, link.kind == "move"))
    waits = [reminder.wait.nominal_ms for reminder in reminders if reminder.wait is not None]
    tally = stores.views.question(
        QuestionQuery(
            key=key,
            letter=letter.id,
            reminders=tuple(reminder.id for reminder in reminders),
            links=tuple(links),
            lists=lists,
            since=since,
            lost=lost,
            patient=stores.clock.now() - max(waits, default=PATIENCE),
        )
    )
    return Question(
        where=key,
        letter=letter.id,
        subject=subject_of(letter),
        asked=tally.sent.get(letter.id, 0),
        reminded=sum(tally.sent.get(reminder.id, 0) for reminder in reminders),
        answers=tuple(
            Answer(link.label, link.kind, link.target, *tally.given.get(number, (0, 0)))
            for number, link in answers.values()
        ),
        waiting=tally.waiting,
        silent=tally.silent,
        lost=tally.lost,
    )


def _answer_name(letter: Letter, link: Link) -> tuple[str, int, int]:
    """The same answer in a question and its reminder, whatever its words; two links of one letter
    to one list are two answers.
    """
    before = [
        other
        for other in letter.links
        if (other.kind, other.target) == (link.kind, link.target) and other.index < link.index
    ]
    return link.kind, link.target, len(before)
