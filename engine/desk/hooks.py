"""How far each `[[hook]]` has been told of the ledger, and what of it is to be tried again. All
instants are milliseconds of the wall clock.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from psycopg.rows import TupleRow

from engine.frozen import dataclass
from engine.store.binary import bigints, texts
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
UNSEEN_KEPT = 30 * 86_400_000
"""How long (ms) the position of a hook is kept that no configuration names any more."""
GIVEN_UP_KEPT = 30 * 86_400_000
MAX_GIVEN_UP = 1000
"""Messages that were given up are known for so long (ms), and the last so many of each hook."""

Off = Literal["", "operator", "gone", "dead"]
"""Why nothing is sent to a target: "" it is, "operator" by a command, "gone" it answered 410,
"dead" it took nothing for days.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookState:
    """The entries up to `position` are delivered, or stand among the retries, or are none of its
    events. `turn` counts what operators did. `failing` are the positions of different messages that
    failed since something was last delivered, `failing_since` when the first did (0: nothing
    fails). While it is backing off `probes` counts its tries; nothing is tried before `next_try`.
    `answer` is the last one: a status, or why there was none.
    """

    name: str
    position: int
    turn: int = 0
    failing: tuple[int, ...] = ()
    failing_since: int = 0
    probes: int = 0
    next_try: int = 0
    off: Off = ""
    off_at: int = 0
    delivered: int = 0
    failures: int = 0
    given_up: int = 0
    answered_at: int = 0
    answer: str = ""


class Retry(NamedTuple):
    """A message that was tried `tries` times. `next_try` is None once it is given up."""

    position: int
    tries: int
    next_try: int | None
    tried_at: int
    answer: str


class Waiting(NamedTuple):
    """How many messages of a hook wait to be tried again; how many were given up, and the position
    of the first of these (0: none).
    """

    retries: int = 0
    given_up: int = 0
    first_given_up: int = 0


class HookDesk:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, names: Collection[str], head: int, now: int) -> None:
        """A hook that is new is told of what follows the ledger's head. Of a ledger that was put
        back, none knows more than there is.
        """
        values = {"names": texts(sorted(names)), "head": head, "now": now}
        values["unseen"] = now - UNSEEN_KEPT
        with self._database.transaction() as connection, connection.cursor() as cursor:
            for statement in ("begin", "put_back", "drop_put_back", "forget"):
                cursor.execute(SQL[statement], values)

    def forget(self, now: int) -> None:
        """What was given up long ago, or is too much to look at."""
        values = {"before": now - GIVEN_UP_KEPT, "most": MAX_GIVEN_UP}
        self._act("forget_given_up", **values)

    def states(self) -> dict[str, HookState]:
        """By name, those also that no configuration names any more."""
        with self._database.connection() as connection:
            rows = connection.execute(SQL["states"]).fetchall()
        return {state.name: state for state in map(_state, rows)}

    def state(self, name: str) -> HookState | None:
        return self.states().get(name)

    def retries(self, name: str) -> list[Retry]:
        """In order of their positions, those given up among them."""
        return self._retries("retries", name)

    def queue(self, name: str) -> list[Retry]:
        """What is to be tried again, in order of positions."""
        return self._retries("queue", name)

    def _retries(self, statement: str, name: str) -> list[Retry]:
        with self._database.connection() as connection:
            rows = connection.execute(SQL[statement], {"name": name}).fetchall()
        return [Retry(*row) for row in rows]

    def waiting(self) -> dict[str, Waiting]:
        with self._database.connection() as connection:
            rows = connection.execute(SQL["waiting"]).fetchall()
        return {str(row[0]): Waiting(*map(int, row[1:])) for row in rows}

    def record(
        self, state: HookState, put: Sequence[Retry] = (), drop: Collection[int] = ()
    ) -> bool:
        """What came of a try. False, and nothing is recorded, where an operator did something since
        the state was read.
        """
        if not put and not drop:
            with self._database.connection() as connection:
                return bool(connection.execute(SQL["record"], _values(state)).rowcount)
        with self._database.transaction() as connection, connection.cursor() as cursor:
            if not cursor.execute(SQL["record"], _values(state)).rowcount:
                return False
            for position in drop:
                cursor.execute(SQL["drop"], {"name": state.name, "position": position})
            for retry in put:
                cursor.execute(SQL["put"], {"name": state.name, **retry._asdict()})
        return True

    def switch_off(self, name: str, now: int) -> None:
        self._act("switch_off", name=name, now=now)

    def switch_on(self, name: str) -> None:
        """It goes on from where it stood."""
        self._act("switch_on", name=name)

    def replay(self, name: str, position: int) -> None:
        """What follows a position is delivered, whether it was before or not."""
        with self._database.transaction() as connection:
            for statement in ("move", "drop_after"):
                connection.execute(SQL[statement], {"name": name, "position": position})

    def _act(self, statement: str, **values: object) -> None:
        with self._database.connection() as connection:
            connection.execute(SQL[statement], values)


def _state(row: TupleRow) -> HookState:
    name, position, turn, failing, failing_since, probes, next_try, off, off_at, *counts = row
    delivered, failures, given_up, answered_at, answer = counts
    return HookState(
        name=name,
        position=position,
        turn=turn,
        failing=tuple(failing),
        failing_since=failing_since,
        probes=probes,
        next_try=next_try,
        off=off,
        off_at=off_at,
        delivered=delivered,
        failures=failures,
        given_up=given_up,
        answered_at=answered_at,
        answer=answer,
    )


def _values(state: HookState) -> dict[str, object]:
    values: dict[str, object] = {field: getattr(state, field) for field in HookState.__slots__}
    return values | {"failing": bigints(state.failing)}
