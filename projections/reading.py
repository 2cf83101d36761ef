"""The queries that the rest of the program is handed as functions, and when live views are rebuilt
and held against their twins.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import cast

from engine.ledger.store import Ledger
from engine.sequence.delay import DAY
from engine.sequence.model import Plan
from engine.store.binary import texts, uuids
from engine.store.database import Database
from engine.store.sql import beside
from engine.subscriber.agenda_key import (
    BroadcastKey,
    ListKey,
    RequestKey,
    decode,
    encode,
    letter_ref,
    request_of,
)
from engine.subscriber.due_rows import BEGINNING
from engine.subscriber.person import Person
from engine.views import (
    FIRST_WEEK,
    LAST_WEEK,
    ORDER_DAYS,
    ArmCount,
    ArrivalCount,
    Came,
    CameQuery,
    DueCount,
    Figures,
    FormCount,
    LetterCount,
    PeopleOfLetter,
    QuestionQuery,
    QuestionTally,
    RowDifference,
    TransitionCount,
)
from projections.agenda import Agenda
from projections.build import SQL as BUILDING
from projections.build import every_view
from projections.choices import Choices
from projections.comparing import differences_at
from projections.delivery import DeliveryReading
from projections.folds import read_folds
from projections.follow import Follower
from projections.inactivity import Inactivity
from projections.letters import Letters
from projections.members import Members
from projections.segment_reading import SegmentReading
from projections.segments import PersonalHome
from projections.taking import DueReading
from projections.view import LIVE, View

SQL = beside(__file__)
Progress = Callable[[int, int], None]
BESIDE, REPLAY = "building", "replay"


class ReadViews(DueReading):
    """Implements engine.views.Views."""

    def __init__(
        self,
        ledger: Ledger,
        database: Database,
        now: Callable[[], int],
        personal: PersonalHome,
        plan: Callable[[], Plan],
    ) -> None:
        """`now` is the engine's time (ms); `personal` what the vault knows of people, for segments
        that read it; `plan` the one in force.
        """
        self.ledger, self.database, self.personal = ledger, database, personal
        self._now, self._moment = now, 0
        self.agenda = Agenda(ledger, now=self.now, personal=personal)
        self.members, self.letters = Members(), Letters()
        self.silence = Inactivity()
        self.choices = Choices()
        self.asking = SQL.within(letters=self.letters.schema, members=self.members.schema)
        self.segments = SegmentReading(database, self.agenda, plan)
        self.delivery = DeliveryReading(database)
        self.follower = Follower(ledger, database, self._views())
        super().__init__(database, self.agenda.schema)

    def _views(self) -> tuple[View, ...]:
        people = self.agenda, self.members, self.letters, self.silence, self.choices
        return (*people, self.delivery.view)

    def now(self) -> int:
        """The engine's time, or the moment at which views are compared."""
        return self._moment or self._now()

    def prepare(self, *, may_be_broken: bool = False) -> None:
        """Create what is missing and, unless they `may_be_broken`, let PostgreSQL check every
        statement. Raises ViewBroken.
        """
        self.follower.prepare()
        if not may_be_broken:
            with self.database.connection() as connection:
                self.follower.check(connection)
                for queries in (self.taking, self.asking):
                    queries.check(connection)

    def folds(self, subscribers: Collection[str]) -> Mapping[str, Person]:
        if not subscribers:
            return {}
        with self.database.connection() as connection:
            rows = connection.execute(
                self.agenda.sql["folds"], {"subscribers": uuids(subscribers)}, binary=True
            ).fetchall()
        return read_folds(rows)[0]

    def next_due(self, now: int) -> int | None:
        return cast("int | None", self._ask(self.agenda.sql["next_due"], now=now)[0][0])

    def next_due_beside(self, paused: Collection[int]) -> int | None:
        if not paused:
            return self.next_due(0)
        rows = self._ask(self.agenda.sql["next_due_beside_pauses"], paused=list(paused))
        return cast("int | None", rows[0][0])

    def due_until(self, upto: int) -> list[tuple[int, str, int]]:
        return [(place, kind, count) for place, kind, (count,) in self.due_within((upto,))]

    def due_within(self, instants: Sequence[int]) -> list[DueCount]:
        after = [instant + 1 for instant in instants[:-1]]
        rows = self._ask(self.agenda.sql["due_between"], after=after, upto=instants[-1])
        spans: dict[tuple[int, str], list[int]] = {}
        for place, kind, span, count in cast(list[tuple[int, str, int, int]], rows):
            spans.setdefault((place, kind), [0] * len(instants))[span] = count
        return [DueCount(*of, tuple(accumulate(counts))) for of, counts in spans.items()]

    def cohorts(self, most: int) -> list[tuple[str, int, int]]:
        return cast(list[tuple[str, int, int]], self._ask(self.agenda.sql["cohorts"], most=most))

    def figures(self, lists: Collection[int], since: int, week: int) -> Figures:
        asked = {"lists": [*lists], "since": since, "week": week}
        (row,) = self._ask(self.asking["figures"], **asked)
        return Figures(*row)  # type: ignore[arg-type]

    def standing(self) -> dict[int, int]:
        return dict(cast(list[tuple[int, int]], self._ask(self.members.sql["counts"])))

    def transitions(self, lists: Collection[int], since: int) -> list[TransitionCount]:
        rows = self._ask(self.members.sql["transitions"], lists=[*lists], since=since)
        return [TransitionCount(*row) for row in rows]  # type: ignore[arg-type]

    def came(self, query: CameQuery, limit: int) -> list[Came]:
        at, subscriber = query.before
        values = {
            "list": query.list,
            "since": query.since,
            "how": query.how,
            "source": query.source,
            "question": query.question,
            "label": query.label,
        }
        rows = self._ask(
            self.members.sql["came"], **values, before=at, before_subscriber=subscriber, limit=limit
        )
        return [Came(str(who), *how) for who, *how in rows]  # type: ignore[arg-type]

    def choosing(self) -> dict[tuple[str, str], int]:
        rows = cast(list[tuple[str, str, int]], self._ask(self.choices.sql["holders"]))
        return {(kind, code): count for kind, code, count in rows}

    def form_weeks(self, since: int) -> list[FormCount]:
        rows = self._ask(self.choices.sql["form_weeks"], since=since)
        return [FormCount(*row) for row in rows]  # type: ignore[arg-type]

    def members_of(self, number: int, batch: int) -> Iterator[list[str]]:
        with self.database.transaction() as connection, connection.cursor(name="members") as cursor:
            cursor.execute(self.members.sql["of_list"], {"list": number})
            while rows := cursor.fetchmany(batch):
                yield [str(row[0]) for row in rows]

    def on_lists(self, lists: Collection[int]) -> int:
        return cast(int, self._ask(self.members.sql["on_lists"], lists=[*lists])[0][0])

    def due_of(self, key: str, now: int) -> int:
        return cast(int, self._ask(self.agenda.sql["due_of"], key=key, now=now)[0][0])

    def outcomes(self, key: str, letter: str) -> dict[str, int]:
        decoded = decode(key)
        occurrence = decoded.occurrence if isinstance(decoded, BroadcastKey) else ""
        rows = self._ask(
            self.letters.sql["outcomes"], letter=letter_ref(key, letter), occurrence=occurrence
        )
        return dict(cast(list[tuple[str, int]], rows))

    def matters(self, subscriber: str) -> list[tuple[str, str, str, int, str]]:
        return cast(
            list[tuple[str, str, str, int, str]],
            self._ask(self.agenda.sql["of_person"], subscriber=subscriber),
        )

    def quarantined(self, limit: int) -> list[tuple[str, int, str]]:
        return cast(
            list[tuple[str, int, str]], self._ask(self.agenda.sql["quarantined"], limit=limit)
        )

    def why_quarantined(self, subscriber: str) -> str:
        return "".join(
            str(why)
            for (why,) in self._ask(self.agenda.sql["why_quarantined"], subscriber=subscriber)
        )

    def withheld(self) -> list[tuple[str, int, str, str, int]]:
        return cast(list[tuple[str, int, str, str, int]], self._ask(self.agenda.sql["withheld"]))

    def held_back(self) -> dict[int, int]:
        return dict(cast(list[tuple[int, int]], self._ask(self.agenda.sql["held_back"])))

    def stopped(self) -> dict[str, int]:
        return dict(cast(list[tuple[str, int]], self._ask(self.silence.sql["stopped"])))

    def not_sent(self, since: int) -> dict[str, int]:
        rows = self._ask(self.letters.sql["not_sent"], since=since)
        return dict(cast(list[tuple[str, int]], rows))

    def withheld_from(
        self, letter: str, after: tuple[str, str, str], limit: int
    ) -> list[tuple[str, str, str]]:
        name, subscriber, key = after if after[1] else ("", BEGINNING[1], "")
        values: dict[str, object] = {
            "letter": letter,
            "after_letter": name,
            "after": subscriber,
            "after_key": key,
            "limit": limit,
        }
        return cast(
            list[tuple[str, str, str]], self._ask(self.agenda.sql["withheld_from"], **values)
        )

    def open_rights(self, limit: int = 1000) -> list[tuple[str, str, str, int]]:
        rows = self._ask(self.agenda.sql["open_rights"], limit=limit)
        return [
            (str(who), request_of(cast(str, key)), cast(str, right), cast(int, due))
            for who, key, right, due in rows
        ]

    def long_silent(self, rule: str, upto: int, limit: int) -> list[tuple[str, int]]:
        rows = self._ask(self.silence.sql[rule], upto=upto, limit=limit)
        return [(str(who), cast(int, at)) for who, at in rows]

    def heard_before(self, upto: int, after: tuple[int, str], limit: int) -> list[tuple[str, int]]:
        heard_at, subscriber = after
        rows = self._ask(
            self.silence.sql["heard_before"],
            upto=upto,
            heard_at=heard_at,
            subscriber=subscriber,
            limit=limit,
        )
        return [(str(who), cast(int, at)) for who, at in rows]

    def silences(
        self, silent: int, unanswered: int, unconfirmed: int
    ) -> dict[str, tuple[int, int]]:
        rows = self._ask(
            self.silence.sql["counted"],
            silent=silent,
            unanswered=unanswered,
            unconfirmed=unconfirmed,
        )
        return {
            cast(str, rule): (cast(int, count), cast(int, oldest)) for rule, count, oldest in rows
        }

    def counted(
        self,
        letters: Collection[str],
        since: int = FIRST_WEEK,
        until: int = LAST_WEEK,
        number: int = 0,
    ) -> list[LetterCount]:
        asked = {"letters": [*letters], "since": since, "until": until, "list": number}
        rows = self._ask(self.letters.sql["counted"], **asked)
        return [LetterCount(*row) for row in rows]  # type: ignore[arg-type]

    def counted_weeks(
        self,
        letters: Collection[str],
        since: int = FIRST_WEEK,
        until: int = LAST_WEEK,
        number: int = 0,
    ) -> list[LetterCount]:
        asked = {"letters": [*letters], "since": since, "until": until, "list": number}
        own = encode(RequestKey(""))
        rows = self._ask(self.letters.sql["counted_weeks"], **asked, own=own)
        return [LetterCount(*row) for row in rows]  # type: ignore[arg-type]

    def counted_by_edition(
        self, letter: str, since: int = FIRST_WEEK, until: int = LAST_WEEK
    ) -> list[tuple[int, LetterCount]]:
        asked = {"letter": letter, "since": since, "until": until}
        rows = self._ask(self.letters.sql["counted_by_edition"], **asked)
        return [(cast(int, edition), LetterCount(*row)) for edition, *row in rows]  # type: ignore[arg-type]

    def arrivals(self, since: int) -> list[ArrivalCount]:
        rows = self._ask(self.letters.sql["arrivals"], since=since)
        return [ArrivalCount(*row) for row in rows]  # type: ignore[arg-type]

    def letters_with(self, messages: Collection[str]) -> dict[str, int]:
        rows = self._ask(self.letters.sql["with_messages"], messages=texts(messages))
        return dict(cast(list[tuple[str, int]], rows))

    def letters_of(
        self, subscribers: Collection[str], since: int = FIRST_WEEK, until: int = LAST_WEEK
    ) -> list[PeopleOfLetter]:
        rows = self._ask(
            self.letters.sql["of_people"],
            subscribers=uuids(subscribers),
            since=since,
            until=until,
        )
        return [PeopleOfLetter(*row) for row in rows]  # type: ignore[arg-type]

    def measured(self, after: str, most: int) -> dict[str, int]:
        rows = self._ask(self.choices.sql["measured"], after=after, most=most)
        return {str(row[0]): cast(int, row[1]) for row in rows}

    def sent_to(
        self, subscribers: Collection[str], since: int = FIRST_WEEK, until: int = LAST_WEEK
    ) -> list[tuple[str, str, int]]:
        asked = {"subscribers": uuids(subscribers), "since": since, "until": until}
        return cast(list[tuple[str, str, int]], self._ask(self.letters.sql["sent_to"], **asked))

    def arms(self, letter: str, since: int) -> list[ArmCount]:
        key, _, name = letter.rpartition("/")
        within = ORDER_DAYS * DAY
        rows = self._ask(self.letters.sql["arms"], letter=name, key=key, since=since, within=within)
        return [ArmCount(*row) for row in rows]  # type: ignore[arg-type]

    def in_doubt(self) -> list[tuple[str, str, str, int]]:
        rows = self._ask(self.letters.sql["in_doubt"])
        return [
            (cast(str, row[0]), str(row[1]), cast(str, row[2]), cast(int, row[3])) for row in rows
        ]

    def first_begun(self, messages: Collection[str]) -> dict[str, int]:
        rows = self._ask(self.letters.sql["first_begun"], messages=texts(messages))
        return dict(cast(list[tuple[str, int]], rows))

    def begun(self, message: str) -> tuple[str, int] | None:
        rows = self._ask(self.letters.sql["of_message"], message=message)
        return (str(rows[0][0]), cast(int, rows[0][1])) if rows else None

    def question(self, query: QuestionQuery) -> QuestionTally:
        """How a question was answered. Letters and memberships are read each at its own view's
        position, so a moment apart.
        """
        letters = [query.letter, *query.reminders]
        values: dict[str, object] = {
            "key": query.key,
            "letters": letters,
            "question": query.letter,
            "lists": list(query.lists),
        }
        values |= {
            "since": query.since,
            "same_run": isinstance(decode(query.key), ListKey),
            "lost": list(query.lost),
            "patient": query.patient,
        }
        for index, name in enumerate(("link_letters", "links", "answers", "exclusive")):
            values[name] = [link[index] for link in query.links]
        with self.database.transaction() as connection:
            sent = cast(
                list[tuple[str, int]], connection.execute(self.asking["asked"], values).fetchall()
            )
            given = cast(
                list[tuple[int, int, int]],
                connection.execute(self.asking["answers"], values).fetchall(),
            )
            row = cast(
                tuple[int, int, int],
                connection.execute(self.asking["unanswered"], values).fetchone(),
            )
        return QuestionTally(
            dict(sent), {answer: (people, automatic) for answer, people, automatic in given}, *row
        )

    def positions(self) -> list[tuple[str, int, str]]:
        return [
            (progress.view, progress.position, progress.fault)
            for progress in self.follower.progress()
        ]

    @property
    def mostly_letters(self) -> bool:
        return self.follower.mostly_letters

    def follow(self, upto: int | None = None) -> bool:
        return self.follower.step(upto)

    def next_look(self) -> int | None:
        """Where another process is feeding a view, at once: what it leaves is ours."""
        if self.follower.stood_aside:
            return self.now()
        if self.agenda.segments.at_rest:
            return None
        asked = [self._ask(home.sql["next_look"])[0][0] for home in self.agenda.segments.homes]
        return min((cast(int, look) for look in asked if look is not None), default=None)

    def faults(self) -> Mapping[str, str]:
        return self.follower.faults

    def catch_up(self, tell: Progress = lambda done, total: None) -> int:
        return self.follower.catch_up(tell=tell)

    def rebuild(self, names: Sequence[str], tell: Progress) -> None:
        """Build the named views (all when none is named) beside the live ones and swap them."""
        with self._alone():
            new = Follower(
                self.ledger,
                self.database,
                every_view(self.ledger, BESIDE, names, self.now, self.personal),
            )
            new.build(BESIDE, tell, self.personal)
            new.catch_up()
            new.take_the_place_of(
                Follower(self.ledger, self.database, every_view(self.ledger, LIVE, names, self.now))
            )
            if not names or self.agenda.name in names:
                self.segments.forget_personal()
                self.follower.begun.clear()
                self.follower.catch_up()

    def drop_former(self) -> None:
        """Versions of the views that only former releases fed."""
        with self._alone():
            self.follower.drop_former()

    def compare(self, tell: Progress) -> list[RowDifference]:
        """Rebuild beside the live views up to one position, bring the live ones to the same, and
        name every row that differs, and every view that is ahead of the ledger. Raises EntryRefused
        where an entry cannot be read.

        Rows of broadcasts to segments that ask the vault are compared by what it knows now. Without
        the vault (a copy for an auditor) they cannot be found again: there such a broadcast is for
        whoever may be in the segment by the ledger.
        """
        twins = every_view(self.ledger, REPLAY, now=self.now, personal=self.personal)
        replay = Follower(self.ledger, self.database, twins)
        with self._alone():
            try:
                replay.build(REPLAY, tell, self.personal)
                while True:
                    position = self.ledger.head()
                    replay.catch_up(position)
                    self.follower.catch_up(position)
                    # Both look at segments at one moment: time alone changes who is in them.
                    self._moment = self._now()
                    replay.catch_up(position)
                    self.follower.catch_up(position)
                    views = self._views()
                    differences = differences_at(
                        position, self.database, self.follower, views, twins
                    )
                    self._moment = 0
                    if differences is not None:
                        return differences
            finally:
                self._moment = 0
                replay.drop()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.database.transaction(long=True) as connection:
            connection.execute(BUILDING["lock"])
            yield
