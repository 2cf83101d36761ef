"""What people who agreed to be measured clicked, and which letters' pictures they loaded: kept in
the vault alone, in no ledger, view or log. Nothing of it outlives the consent, the person, or
thirteen months.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from engine.frozen import dataclass
from engine.sequence.delay import Delay
from engine.store.binary import bigints, texts, uuids
from engine.store.database import Database
from engine.store.sql import beside
from engine.vault.segments import measured_acts
from engine.vault.vault import KnownPerson

SQL = beside(__file__)
NotedAct = Literal["clicked", "opened", "relayed"]
"""Relayed: their provider's relay loaded the picture, so that nobody knows whether they saw it."""
MEASURED_FOR = Delay(months=13)
KEPT_OF_ONE_ACT = 20
Agreed = Callable[[Collection[str]], Mapping[str, int]]
"""Since when (ms) each of some people has agreed to be measured, 0 where they do not."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`letter` is a letter_ref; `link` where a click led, or the words of an answer's link, "" of a
    picture that was loaded. `at` in engine time (ms).
    """

    letter: str
    act: NotedAct
    link: str
    at: int


def keep_measured(
    database: Database,
    acts: Sequence[tuple[str, Measured]],
    agreed: Agreed,
    *,
    look_at: int = 0,
) -> int:
    """Keep acts of people who had agreed by then, and do so still; how many it were. `agreed` is
    asked while nobody of them can take it back. `look_at`: when (ms) segments that ask about it are
    to look at them, 0 where none does.
    """
    with database.transaction() as connection:
        rows = connection.execute(
            SQL["hold"], {"subscribers": uuids(sorted({who for who, _ in acts}))}
        ).fetchall()
        held = {str(row[0]) for row in rows}
        since = agreed(held)
        kept = [(who, act) for who, act in acts if who in held and 0 < since[who] <= act.at]
        if not kept:
            return 0
        connection.execute(
            SQL["keep"],
            {
                "subscribers": uuids([who for who, _ in kept]),
                "letters": texts([act.letter for _, act in kept]),
                "acts": texts([act.act for _, act in kept]),
                "links": texts([act.link for _, act in kept]),
                "ats": bigints([act.at for _, act in kept]),
            },
        )
        concerned = {"subscribers": uuids(sorted({who for who, _ in kept}))}
        connection.execute(SQL["keep_the_latest"], concerned | {"most": KEPT_OF_ONE_ACT})
        if look_at:
            connection.execute(SQL["look_again"], concerned | {"look": look_at})
            connection.execute(SQL["tell"])
    return len(kept)


def measured_of(database: Database, subscriber: str) -> list[Measured]:
    with database.connection() as connection:
        rows = connection.execute(SQL["of_person"], {"subscriber": subscriber}).fetchall()
    return [Measured(*row) for row in rows]


def forget_measured(database: Database, before: int) -> int:
    """Delete what is older than an instant (ms); how many acts it were."""
    with database.connection() as connection:
        return connection.execute(SQL["forget"], {"before": before}).rowcount


def acts_of(
    database: Database, subscribers: Collection[str]
) -> dict[str, list[tuple[str, str, int]]]:
    """Of some people, what each did: the act, the letter (a letter_ref) and when (ms)."""
    with database.connection() as connection, connection.cursor() as cursor:
        return measured_acts(cursor, subscribers)


def with_measured(database: Database, people: Mapping[str, KnownPerson]) -> dict[str, KnownPerson]:
    """The same people, for conditions that ask what they clicked and opened."""
    acts = acts_of(database, people) if people else {}
    return {who: replace(known, measured=acts.get(who, ())) for who, known in people.items()}
