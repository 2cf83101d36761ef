"""What all senders share of each mailbox provider: tokens, connections, what its replies asked for,
and the letters that wait for it.

A lease of connections ends by itself when its host no longer renews it. Nothing here says who is
written to: a provider is a word of a public list, a letter the id of its row. All times are
wall-clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from engine.frozen import dataclass
from engine.shaping.providers import Provider
from engine.shaping.rates import LETTERS_BEFORE_ANOTHER, bucket_of
from engine.shaping.rules import Rule
from engine.shaping.warmup import FIRST_DAY, GROWTH, MAX_DAYS, STEP_BACK, WarmUp
from engine.store.binary import integers, texts
from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
LEASE_SECONDS = 30
"""Wall-clock seconds after which the connections of a host that no longer renews them are free."""


class Wanted(NamedTuple):
    """Of one provider: so many letters, over so many connections. `counts_connections`: they are
    ours, not a relay's.
    """

    provider: Provider
    letters: int
    connections: int = 0
    counts_connections: bool = False


class Allotted(NamedTuple):
    letters: int
    connections: int


NOTHING = Allotted(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """`held` and `slowed`: for how many seconds yet. `rule` did that `since` seconds ago, "" for
    none. `to_mend`: somebody has to mend something. `warming`: of today, its `day` as 0; None where
    nothing was sent today, or the sender is known.
    """

    provider: str
    held: float
    slowed: float
    rule: str
    since: float
    to_mend: bool
    connections: int
    waiting: int
    warming: WarmUp | None = None


class ShapingDesk:
    def __init__(self, database: Database) -> None:
        self.database = database

    def allot(self, wanted: Sequence[Wanted], sender: str) -> dict[str, Allotted]:
        """What `sender` may have now, by provider, for all at once. Connections replace those it
        had; 0 gives them back.
        """
        if not wanted:
            return {}
        buckets = [bucket_of(each.provider.messages_per_minute) for each in wanted]
        names = [each.provider.name for each in wanted]
        values = {
            "providers": texts(names),
            "letters": integers([each.letters for each in wanted]),
            "lines": integers([each.connections for each in wanted]),
            "connections": integers(
                [each.provider.connections if each.counts_connections else 0 for each in wanted]
            ),
            "bursts": integers([bucket.burst for bucket in buckets]),
            "rates": [bucket.per_second for bucket in buckets],
            "earning": LETTERS_BEFORE_ANOTHER,
            "lease": LEASE_SECONDS,
            "sender": sender,
        }
        with self.database.connection() as connection:
            rows = connection.execute(SQL["allot"], values).fetchall()
            if len(rows) < len(wanted):
                connection.execute(SQL["know"], {"providers": texts(names)})
        allotted = {str(row[0]): Allotted(int(row[1]), int(row[2])) for row in rows}
        return dict.fromkeys(names, NOTHING) | allotted

    def warm_up(self, letters: Mapping[str, int], identity: str) -> dict[str, int]:
        """How many of so many letters may leave today, by provider, while `identity` (the domain
        that sends) is warming up. Negative numbers give back what had no token.
        """
        values = {
            "identity": identity,
            "providers": texts(letters),
            "letters": integers([*letters.values()]),
            "first": FIRST_DAY,
            "growth": GROWTH,
            "most": MAX_DAYS,
        }
        with self.database.connection() as connection:
            rows = connection.execute(SQL["warm_up"], values).fetchall()
            if len(rows) < len(letters):
                connection.execute(SQL["begin_warm_up"], values)
                rows = connection.execute(SQL["warm_up"], values).fetchall()
        return {str(row[0]): int(row[1]) for row in rows}

    def step_back(self, providers: Collection[str]) -> None:
        """It went too fast for them, or their people complain."""
        with self.database.connection() as connection:
            connection.execute(SQL["step_back"], {"providers": texts(providers), "back": STEP_BACK})

    def leave(self, sender: str) -> None:
        """Give back every connection of a sender that has ended."""
        with self.database.connection() as connection:
            connection.execute(SQL["leave"], {"sender": sender})

    def waiting(self, providers: Collection[str]) -> set[str]:
        """Those of some providers for which letters wait."""
        with self.database.connection() as connection:
            rows = connection.execute(SQL["waiting"], {"providers": texts(providers)}).fetchall()
        return {str(row[0]) for row in rows}

    def seen(self, provider: Provider, rule: Rule, times: int) -> bool:
        """A reply was seen so many times; whether its rule is to be applied now, which it then
        is.
        """
        values: dict[str, object] = {"provider": provider.name, "rule": rule.name}
        with self.database.connection() as connection:
            count = connection.execute(
                SQL["seen"], values | {"times": times, "within": rule.within}
            ).fetchall()[0][0]
            if count < rule.times or rule.action == "suppress-nobody":
                return False
            values |= {"action": rule.action, "seconds": rule.seconds}
            values |= {"connections": provider.connections, "earning": LETTERS_BEFORE_ANOTHER}
            connection.execute(SQL["act"], values)
        self.step_back([provider.name])
        return True

    def resume(self, providers: Collection[str] | None = None) -> None:
        """Write to these providers again, to every one for None, as fast as before."""
        with self.database.connection() as connection:
            connection.execute(
                SQL["resume"], {"providers": None if providers is None else [*providers]}
            )

    def states(self) -> list[ProviderState]:
        with self.database.connection() as connection:
            rows = connection.execute(SQL["states"]).fetchall()
        return [
            ProviderState(
                provider=str(provider),
                held=held,
                slowed=slowed,
                rule=str(rule),
                since=since,
                to_mend=to_mend,
                connections=int(connections),
                waiting=int(waiting),
                warming=None if days is None else WarmUp(0, int(days), int(sent)),
            )
            for (
                provider,
                held,
                slowed,
                rule,
                since,
                to_mend,
                connections,
                waiting,
                days,
                sent,
            ) in rows
        ]
