"""When each person was last in contact, so that the inactive are found, and for which purposes they
were stopped, so that they can be counted. The view finds; `engine.subscriber.inactivity` decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.ledger.codec import MAX_INTEGER, Entry
from engine.store.binary import bigint, bigints, row, texts, uuid_of, uuids
from engine.store.sql import beside
from engine.subscriber import events as e
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.inactivity import heard_in
from projections.view import LIVE, Cursor, schema_of

SQL = beside(__file__)
TELLING = frozenset({
    e.ConsentGiven, e.GroundDeclared, e.ConsentConfirmed, e.ConsentWithdrawn, e.ContactNoted,
    e.ListMoved, e.ListCopied, e.LetterAnswered, e.MoveUndone, e.PermissionRenewed,
    e.PermissionAsked, e.ConsentRequested, e.ConsentExpired, e.SubscriberErased,
    e.OrderRecorded, e.PreferencesSet, e.PurposeStopped,
})  # fmt: skip
"""The only events this view reads; most are of other kinds."""


@dataclass(slots=True)
class Activity:
    """A person's activity in a batch of entries, in ms, 0 for none. `answered`: from when on an
    earlier question is no longer open; `lifted`: before when a silence must have begun for what was
    `stopped` for it to stay so. A withdrawal answers, and lifts nothing.
    """

    heard_at: int = 0
    requested_at: int = 0
    asked_at: int = 0
    expires_at: int = 0
    answered: int = 0
    lifted: int = 0
    stopped: dict[str, int] = field(default_factory=dict)

    def see(self, event: e.PersonEvent) -> None:
        if isinstance(event, e.PermissionAsked):
            self.asked_at, self.expires_at = event.at, event.expires_at
        elif isinstance(event, e.PurposeStopped):
            self.stopped[event.purpose] = event.silent_since
        elif isinstance(event, e.ConsentRequested):
            self.requested_at = max(self.requested_at, event.at)
        elif isinstance(event, e.ConsentExpired):
            if event.purpose == EVERYTHING:
                self._answer(MAX_INTEGER)
        elif heard := heard_in(event):
            self.heard_at = max(self.heard_at, heard)
            self._answer(heard)
            if not isinstance(event, e.ConsentWithdrawn):
                self.lifted = max(self.lifted, heard)
                self.stopped = {n: since for n, since in self.stopped.items() if since >= heard}

    def _answer(self, at: int) -> None:
        self.answered = max(self.answered, at)
        if self.asked_at and at >= self.asked_at:
            self.asked_at = self.expires_at = 0


def _activities(entries: Iterable[Entry]) -> tuple[dict[str, Activity], list[str]]:
    """The activity by person, and the people who were erased."""
    activities: dict[str, Activity] = {}
    erased: list[str] = []
    for entry in entries:
        event = entry.event
        if type(event) not in TELLING:
            continue
        if isinstance(event, e.SubscriberErased):
            erased.append(entry.stream)
            activities.pop(entry.stream, None)
        else:
            activities.setdefault(entry.stream, Activity()).see(event)  # type: ignore[arg-type]
    return activities, erased


def _stopped(activities: Mapping[str, Activity]) -> list[tuple[str, str, int]]:
    return [
        (who, purpose, since)
        for who, told in activities.items()
        for purpose, since in told.stopped.items()
    ]


class Inactivity:
    name = "silence"
    version = 2
    tables: tuple[str, ...] = ("silence", "stopped")
    of_everybody = False

    def __init__(self, prefix: str = LIVE) -> None:
        self.schema = schema_of(Inactivity, prefix)
        self.sql = SQL.within(schema=self.schema)

    def begin(self, position: int) -> None:
        """Nothing is cached in memory."""

    def apply(self, cursor: Cursor, entries: Sequence[Entry]) -> None:
        activities, erased = _activities(entries)
        if erased:
            cursor.execute(self.sql["erase"], {"subscribers": uuids(erased)})
        heard = {
            subscriber: activity.answered
            for subscriber, activity in activities.items()
            if activity.answered
        }
        if heard:
            cursor.execute(
                self.sql["answer"],
                {"subscribers": uuids(heard), "answered": bigints(heard.values())},
            )
        self._follow_stopped(cursor, activities)
        if activities:
            columns = ("heard_at", "requested_at", "asked_at", "expires_at")
            values = {
                name: bigints([getattr(activity, name) for activity in activities.values()])
                for name in columns
            }
            cursor.execute(self.sql["tell"], {"subscribers": uuids(activities), **values})

    def _follow_stopped(self, cursor: Cursor, activities: Mapping[str, Activity]) -> None:
        lifted = {who: told.lifted for who, told in activities.items() if told.lifted}
        if lifted:
            values = {"subscribers": uuids(lifted), "lifted": bigints(lifted.values())}
            cursor.execute(self.sql["go_on"], values)
        stopped = _stopped(activities)
        if stopped:
            values = {
                "subscribers": uuids([who for who, _, _ in stopped]),
                "purposes": texts([purpose for _, purpose, _ in stopped]),
                "silent_since": bigints([since for _, _, since in stopped]),
            }
            cursor.execute(self.sql["stop"], values)

    def whole(self, cursor: Cursor, entries: Sequence[Entry]) -> dict[str, list[bytes]]:
        activities, _ = _activities(entries)
        rows = [
            row(
                uuid_of(subscriber),
                bigint(t.heard_at),
                bigint(t.requested_at),
                bigint(t.asked_at),
                bigint(t.expires_at),
            )
            for subscriber, t in activities.items()
        ]
        stopped = [
            row(uuid_of(who), purpose.encode(), bigint(since))
            for who, purpose, since in _stopped(activities)
        ]
        return {"silence": rows, "stopped": stopped}

    def tidy(self, cursor: Cursor) -> bool:
        return False
