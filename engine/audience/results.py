"""What came of letters, as an author looks at it: by letter, mailing, dialogue, list, purpose or
week. All of it is added up from the counters of the letters' view, which name nobody.

Shares are of what mail servers accepted. An order counts for one letter, so the orders of several
letters may be added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

from engine.audience.sources import shown_cells
from engine.authoring.dialogue_file import broadcasts_in, find_file, lists_in
from engine.desk.desk import VisitCell
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.sequence.model import Letter, Plan
from engine.subscriber.agenda_key import (
    AgendaKey,
    BroadcastKey,
    ListKey,
    RequestKey,
    decode,
    encode,
    letter_ref,
    list_key,
)
from engine.views import FIRST_WEEK, LAST_WEEK, Grouping, LetterCount, PeopleOfLetter

EPOCH = date(1970, 1, 1)


class CounterViews(Protocol):
    def counted(
        self, letters: Collection[str], since: int = ..., until: int = ..., number: int = ...
    ) -> list[LetterCount]:
        """What became of letters, by their letter_ref ("" among them: of all), all weeks added
        up.
        """

    def counted_weeks(
        self, letters: Collection[str], since: int = ..., until: int = ..., number: int = ...
    ) -> list[LetterCount]:
        """The same by week, all letters but the engine's own added up."""


class VisitCounters(Protocol):
    def visited(
        self, letters: Collection[str], since: int, until: int
    ) -> list[tuple[VisitCell, int, int]]:
        """Visits to letters' links by week, and those presumed to be people's."""


@dataclass(frozen=True, slots=True)
class VisitCount:
    """Visits to a link, whoever came, and those of them that nothing shows to be a robot's; in the
    weeks in which they came. Neither is an act.
    """

    kind: str
    link: str
    visits: int
    presumed_human: int


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """`by_page` are those among `people` whose page acted by itself."""

    label: str
    people: int
    by_page: int


@dataclass(frozen=True, slots=True)
class Sales:
    """Orders in one currency and what was paid back of them, in its minor units."""

    currency: str
    orders: int
    amount: int
    refunds: int
    refunded: int


@dataclass(frozen=True, slots=True)
class Results:
    """`name` is what they are grouped by: a letter_ref, a mailing, a dialogue's file, a list's
    number, a purpose, or a week's Monday. `due` is all that fell due: accepted, refused, withheld,
    put off, in doubt and under way. `sales` follow a letter by at most seven days, `after_act` an
    act of the reader in it.
    """

    name: str
    due: int
    accepted: int
    refused: int
    withheld: int
    put_off: int
    in_doubt: int
    under_way: int
    reasons: Mapping[str, int]
    bounced: Mapping[str, int]
    complained: int
    unsubscribed: int
    answered: int
    answers: tuple[AnswerCount, ...]
    moved: Mapping[int, int]
    copied: Mapping[int, int]
    sales: tuple[Sales, ...]
    after_act: tuple[Sales, ...]

    @property
    def unanswered(self) -> int:
        """Accepted, and neither answered nor yet too late to be."""
        return max(self.accepted - self.answered, 0)


def results(
    views: CounterViews,
    plan: Plan,
    letters: Collection[str] = ("",),
    by: Grouping = "letter",
    since: int = FIRST_WEEK,
    until: int = LAST_WEEK,
) -> list[Results]:
    """Of letters, by their letter_ref ("" for all), begun in the weeks of these Mondays; in the
    order of the plan, what is published no more last.
    """
    counted = views.counted_weeks if by == "week" else views.counted
    return results_of(counted(letters, since, until), plan, by)


def results_of(counts: Iterable[LetterCount], plan: Plan, by: Grouping) -> list[Results]:
    """Of some counters, in the order of `results`."""
    grouped: dict[str, list[LetterCount]] = {}
    files = letter_files(plan)
    for count in of_authors(counts):
        grouped.setdefault(_group(count, by, files, plan), []).append(count)
    order = {name: number for number, name in enumerate(_in_order(plan, by, files))}
    last = len(order)
    names = sorted(grouped, key=lambda name: (order.get(name, last), name))
    return [added(name, grouped[name]) for name in names]


def of_authors(counts: Iterable[LetterCount]) -> Iterator[LetterCount]:
    """Without those of the engine's own letters."""
    return (count for count in counts if not isinstance(_matter(count.letter), RequestKey))


def visits_of(
    desk: VisitCounters,
    letters: Collection[str] = ("",),
    since: int = FIRST_WEEK,
    until: int = LAST_WEEK,
) -> dict[str, tuple[VisitCount, ...]]:
    """By letter_ref, the link that was visited most first."""
    return visits_in(desk.visited(letters, since, until))


def visits_in(cells: Iterable[tuple[VisitCell, int, int]]) -> dict[str, tuple[VisitCount, ...]]:
    visits: Counter[tuple[str, str, str]] = Counter()
    people: Counter[tuple[str, str, str]] = Counter()
    for cell, visited, presumed in cells:
        visits[cell[:3]] += visited
        people[cell[:3]] += presumed
    found: dict[str, tuple[VisitCount, ...]] = {}
    for (letter, kind, link), visited in visits.most_common():
        one = VisitCount(kind, link, visited, people[letter, kind, link])
        found[letter] = (*found.get(letter, ()), one)
    return found


class PeopleViews(Protocol):
    def letters_of(
        self, subscribers: Collection[str], since: int = ..., until: int = ...
    ) -> list[PeopleOfLetter]:
        """What became of letters among some people."""


def results_among(
    views: PeopleViews, plan: Plan, people: Iterable[Sequence[str]], since: int, until: int
) -> dict[str, dict[str, int | None]]:
    """By letter_ref, in the order of the plan, the people of each cell by its name; None where it
    could tell of one of them (`shown_cells`). `people` come some at a time, each once.
    """
    sums: dict[str, Counter[str]] = {}
    for some in people:
        for letter in views.letters_of(some, since, until):
            cells = {name: n for name, n in asdict(letter).items() if name != "letter"}
            sums.setdefault(letter.letter, Counter(dict.fromkeys(cells, 0))).update(cells)
    order = {ref: number for number, ref in enumerate(letter_files(plan))}
    return {
        ref: shown_cells(sums[ref])
        for ref in sorted(sums, key=lambda ref: (order.get(ref, len(order)), ref))
    }


def _group(count: LetterCount, by: Grouping, files: Mapping[str, str], plan: Plan) -> str:
    match by:
        case "letter":
            return count.letter
        case "mailing":
            return f"{count.letter} {count.occurrence}".rstrip()
        case "dialogue":
            return files.get(count.letter, "")
        case "list":
            return str(count.list)
        case "group":
            return plan.lists[count.list].group if count.list in plan.lists else ""
        case "purpose":
            return count.purpose or _purpose_now(count.letter, plan)
        case "week":
            return (EPOCH + timedelta(days=count.week)).isoformat()


def _purpose_now(ref: str, plan: Plan) -> str:
    """Of a letter that was withheld before it was begun, which says no purpose; "" for one that is
    published no more.
    """
    match _matter(ref):
        case ListKey(number):
            return plan.lists[number].purpose if number in plan.lists else ""
        case BroadcastKey(name):
            return plan.broadcasts[name].purpose if name in plan.broadcasts else ""
        case _:
            return ""


def _in_order(plan: Plan, by: Grouping, files: Mapping[str, str]) -> Iterable[str]:
    match by:
        case "letter":
            return files
        case "dialogue":
            return plan.titles
        case "list":
            return map(str, plan.lists)
        case "group":
            return plan.groups
        case "purpose":
            return plan.purposes
        case "mailing" | "week":
            return ()


def letter_files(plan: Plan) -> dict[str, str]:
    """Each published letter, by its letter_ref, with the file of its dialogue."""
    return {ref: file for file in plan.titles for ref, _letter in letters_in(plan, file)}


def letters_in(plan: Plan, file: str) -> list[tuple[str, Letter]]:
    """The letters of a dialogue with their letter_refs, in the order they are written."""
    letters = [
        (letter_ref(list_key(listed.id), letter.id), letter)
        for listed in lists_in(plan, file)
        for letter in listed.letters
    ]
    for broadcast in broadcasts_in(plan, file):
        key = encode(BroadcastKey(broadcast.id))
        both = (broadcast.letter, broadcast.reminder)
        letters += [(letter_ref(key, letter.id), letter) for letter in both if letter is not None]
    return letters


def letters_meant(plan: Plan, counted: Collection[str], text: str) -> list[str]:
    """The letter_refs that "welcome", "prise-en-main/welcome", a broadcast's id or a dialogue's
    file stand for; `counted` are those of letters that are published no more. Raises UserError.
    """
    known = {**dict.fromkeys(letter_files(plan)), **dict.fromkeys(sorted(counted))}
    meant = [ref for ref in known if text in names_of(plan, ref)]
    if len(meant) == 1 or (meant and all(isinstance(_matter(ref), BroadcastKey) for ref in meant)):
        return meant
    if meant:
        choice = ", ".join(name_of(plan, ref) for ref in meant)
        raise UserError(
            N_('several lists have a letter "{letter}": say one of {choice}'),
            2,
            letter=text,
            choice=choice,
        )
    try:
        return [ref for ref, _letter in letters_in(plan, find_file(plan.titles, text))]
    except UserError:
        names = ", ".join([*plan.titles, *(name_of(plan, ref) for ref in known)])
        raise UserError(
            N_("there is no letter or dialogue {name}; there are: {known}"),
            2,
            name=text,
            known=names,
        ) from None


@lru_cache(maxsize=4096)
def _matter(ref: str) -> AgendaKey:
    return decode(ref.rpartition("/")[0])


def name_of(plan: Plan, ref: str) -> str:
    """ "prise-en-main/welcome", "enfants", "enfants/rappel": as an author names a letter."""
    return names_of(plan, ref)[0]


def names_of(plan: Plan, ref: str) -> Sequence[str]:
    letter = ref.rpartition("/")[2]
    match _matter(ref):
        case ListKey(number):
            listed = plan.lists.get(number)
            name = listed.name if listed is not None else str(number)
            return f"{name}/{letter}", f"{number}/{letter}", letter, ref
        case BroadcastKey(broadcast):
            name = broadcast if letter == broadcast else f"{broadcast}/{letter}"
            return name, broadcast, ref
        case _:
            return (ref,)


def added(name: str, counts: Iterable[LetterCount]) -> Results:
    numbers, amounts = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for count in counts:
        numbers[count.what, count.detail] += count.n
        amounts[count.what, count.detail] += count.amount

    def details(what: str) -> dict[str, int]:
        return {detail: n for (kind, detail), n in sorted(numbers.items()) if kind == what}

    def sales(ordered: str, refunded: str) -> tuple[Sales, ...]:
        return tuple(
            Sales(
                currency=currency,
                orders=orders,
                amount=amounts[ordered, currency],
                refunds=numbers[refunded, currency],
                refunded=amounts[refunded, currency],
            )
            for currency, orders in details(ordered).items()
        )

    became = Counter(details("became"))
    by_page = details("answer-by-page")
    answers = sorted(details("answer").items(), key=lambda answer: -answer[1])
    return Results(
        name=name,
        due=became.total(),
        accepted=became["sent"],
        refused=became["failed"],
        withheld=became["withheld"],
        put_off=became["deferred"],
        in_doubt=became["doubt"],
        under_way=became["begun"],
        reasons=details("withheld"),
        bounced=details("bounced"),
        complained=numbers["complained", ""],
        unsubscribed=numbers["unsubscribed", ""],
        answered=numbers["answered", ""],
        answers=tuple(AnswerCount(label, n, by_page.get(label, 0)) for label, n in answers),
        moved={int(number): n for number, n in details("moved").items()},
        copied={int(number): n for number, n in details("copied").items()},
        sales=sales("ordered", "refunded"),
        after_act=sales("ordered-after-act", "refunded-after-act"),
    )
