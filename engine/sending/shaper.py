"""What of the due letters may leave now: each mailbox provider gets no more than it takes, from all
hosts together.

Asked once a batch, before anything is claimed. A letter without a token waits on the desk by
provider, and the queue behind it goes on; replies are held against the provider's rules. Where a
relay hands letters on, connections are its own, and a domain alone tells its provider.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.desk.shaping import Allotted, ShapingDesk, Wanted
from engine.sending.due_queue import DueQueue
from engine.sending.lines import Lines, ServersOf
from engine.sending.replies import Reply
from engine.sending.route import Route
from engine.shaping.providers import OTHER, Provider, Providers
from engine.shaping.rates import TOKEN_SECONDS, bucket_of, connections_wanted
from engine.shaping.rules import Rule, reply_line
from engine.subscriber.agenda_key import Matter, RequestKey, decode
from engine.subscriber.due_rows import Row
from engine.vault.vault import KnownPerson, Vault

STREAM = "*"
"""In place of a provider, for letters that wait because only what was asked for may leave."""
LOOK_SECONDS = 1.0
"""Seconds of wall time between two questions whether letters wait."""
FEWEST, FIRST, MOST = 10, 100, 2000
"""Letters of one provider that one process has on their way: as many as leave in time, `FIRST` to
begin with where they go straight to the provider.
"""
DOMAIN_SECONDS = 3600
"""Seconds of wall time for which it is remembered whose mailboxes those of a domain are."""


REFUSED = Rule(
    name="refused-in-a-row",
    reply=re.compile("(?!)"),
    action="stop",
    seconds=3600,
    times=1,
    within=3600,
    checked_on=date(2026, 11, 30),
    source="engine/sending/sender.py",
    sample="",
)
"""For a provider that refuses our mail as such, in words that no rule knows."""


def line_of(reply: Reply | None) -> str:
    return reply_line(reply.code, reply.enhanced, reply.text) if reply is not None else ""


@dataclass(frozen=True, slots=True)
class Token:
    """One letter's, from its provider. `stopped`: when each provider last refused us. Instants are
    those of `time.monotonic`.
    """

    provider: str
    since: float
    stopped: Mapping[str, float]

    def holds(self) -> bool:
        late = time.monotonic() - self.since > TOKEN_SECONDS
        return not late and self.stopped.get(self.provider, 0.0) < self.since


class Shaper:
    """Of one process. Its methods may be called in any thread, and block."""

    def __init__(
        self,
        desk: ShapingDesk,
        providers: Providers,
        vault: Vault,
        sender: str,
        warming: str = "",
    ) -> None:
        """`warming`: the domain that is warming up, "" for none."""
        self.desk, self.providers, self.vault, self.sender = desk, providers, vault, sender
        self._warming = warming
        self._servers_of: ServersOf | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._domains: dict[str, Provider] = {}
        self._learnt_at = time.monotonic()
        self._turned_away: deque[tuple[Provider, Reply]] = deque()
        self._waiting: set[str] = set()
        self._looked = float("-inf")
        self._on_their_way: Counter[str] = Counter()
        self._most: dict[str, int] = {}
        self._lines: dict[str, Lines] = {}
        self._stopped: dict[str, float] = {}
        self._lock = threading.Lock()

    def use(self, route: Route) -> None:
        """The route by which letters leave. Called in its event loop."""
        self._servers_of = route.keep_to(self.lines)
        self._loop = asyncio.get_running_loop()

    def lines(self, provider: Provider) -> Lines | None:
        """The connections to a provider that this process may have open; None where nobody
        counts them.
        """
        if provider.name == OTHER or self._servers_of is None:
            return None
        if provider.name not in self._lines:
            self._lines[provider.name] = Lines(
                lambda reply: self._turned_away.append((provider, reply))
            )
        return self._lines[provider.name]

    def admit(
        self,
        rows: Sequence[Row],
        due_queue: DueQueue,
        now: int,
        paused: Collection[int],
        only_asked_for: bool = False,
        active_at: Callable[[str], int] = lambda stream: 0,
    ) -> tuple[list[Row], dict[str, Token], dict[str, KnownPerson]]:
        """Which of the taken rows may be claimed, with others that have waited; the tokens of their
        subscribers, and what was read of them. All others of them wait from now on. `now` is the
        engine's time in milliseconds. `active_at`: when something was last heard of somebody (ms);
        while warming up they come first.
        """
        self._note_turned_away()
        self._look_for_waiting()
        rows = [*rows, *self._of_stream(due_queue, now, paused, only_asked_for)]
        if only_asked_for:
            rows = self._asked_for(rows, due_queue)
        fresh, people = self._by_provider(rows)

        def rank(row: Row) -> int:
            return -active_at(row[0]) if self._warming else 0

        for queue in fresh.values():
            queue.sort(key=lambda row: (not _is_urgent(row), rank(row)))
        wanted = [
            self._wanted(self.providers.by_name[name], len(fresh.get(name, ())))
            for name in sorted({*fresh, *self._waiting} - {STREAM})
        ]
        asked_at = time.monotonic()
        allotted = self._allot(wanted)
        left: dict[str, int] = {}
        for each in wanted:
            name, given = each.provider.name, allotted[each.provider.name]
            left[name] = min(each.letters, given.letters)
            if (lines := self.lines(each.provider)) is not None:
                lines.resize(given.connections, wanted=each.letters > 0)
        admitted: dict[str, list[Row]] = {name: [] for name in left}
        rest: dict[str, list[Row]] = {}
        for name, queue in fresh.items():
            urgent = sum(map(_is_urgent, queue))
            first = queue[: min(urgent, left[name])]
            admitted[name] += first
            left[name] -= len(first)
            rest[name] = queue[len(first) :]
        self._unpark(due_queue, now, paused, left, admitted)
        parked: list[tuple[Row, str, int]] = []
        for name, queue in rest.items():
            admitted[name] += queue[: left[name]]
            parked += [(row, name, rank(row)) for row in queue[left[name] :]]
        own = {row for queue in fresh.values() for row in queue}
        free = [row for row in rows if row not in own]
        if parked:
            free += due_queue.park(parked)
            self._waiting.update(name for _, name, _ in parked)
        tokens = {
            row[0]: Token(name, asked_at, self._stopped)
            for name, queue in admitted.items()
            for row in queue
        }
        return [*free, *(row for queue in admitted.values() for row in queue)], tokens, people

    def _allot(self, wanted: Sequence[Wanted]) -> dict[str, Allotted]:
        """What warming up leaves of it is all that is asked for."""
        asked = {one.provider.name: one.letters for one in wanted if one.letters}
        if not self._warming or not asked:
            return self.desk.allot(wanted, self.sender)
        may = self.desk.warm_up(asked, self._warming)
        wanted = [one._replace(letters=may.get(one.provider.name, 0)) for one in wanted]
        allotted = self.desk.allot(wanted, self.sender)
        back = {name: allotted[name].letters - letters for name, letters in may.items()}
        if any(back.values()):
            self.desk.warm_up({name: n for name, n in back.items() if n}, self._warming)
        return allotted

    def renew(self) -> None:
        """Keep the leases of the connections that are open or wanted, and give the others back."""
        self._note_turned_away()
        wanted = [
            Wanted(self.providers.by_name[name], 0, lines.needed, counts_connections=True)
            for name, lines in list(self._lines.items())
            if lines.allowed or lines.needed
        ]
        allotted = self.desk.allot(wanted, self.sender)
        for name, given in allotted.items():
            self._lines[name].resize(given.connections)

    def leave(self) -> None:
        """Give everything back: the process ends, and its connections are closed."""
        if self._lines:
            self.desk.leave(self.sender)

    def stop(self, provider: Provider) -> None:
        """It refuses our mail as such, in words that no rule knows."""
        self.desk.seen(provider, REFUSED, 1)

    def note(self, replies: Sequence[tuple[Provider, Reply | None]]) -> None:
        """Hold replies against the rules of whose they are."""
        seen: Counter[tuple[str, Rule]] = Counter()
        for provider, reply in replies:
            if reply is not None and reply.code >= 400:
                for rule in provider.rules_for(line_of(reply)):
                    seen[provider.name, rule] += 1
        for (name, rule), times in seen.items():
            self.desk.seen(self.providers.by_name[name], rule, times)

    def _note_turned_away(self) -> None:
        if self._turned_away:
            self.note([self._turned_away.popleft() for _ in range(len(self._turned_away))])

    def hear(self, provider: Provider, reply: Reply) -> None:
        """A refusal of this moment: letters that are about to be begun are not, where it asks for
        that. What the desk is told comes later. Blocks nothing.
        """
        if any(rule.action in ("wait", "stop") for rule in provider.rules_for(line_of(reply))):
            self._stopped[provider.name] = time.monotonic()

    def began(self, tokens: Iterable[Token]) -> None:
        """So many letters were claimed."""
        with self._lock:
            self._on_their_way.update(token.provider for token in tokens)

    def landed(self, tokens: Iterable[Token], late: Collection[str], quick: bool) -> None:
        """These letters are no longer on their way. `late`: providers of which some had not left
        when their tokens ended. `quick`: the batch took less than half of that time.
        """
        letters = Counter(token.provider for token in tokens)
        with self._lock:
            self._on_their_way -= letters
            for name in letters:
                most = self._most.get(name, self._first)
                if name in late:
                    self._most[name] = max(FEWEST, most // 2)
                elif quick:
                    self._most[name] = min(MOST, most * 2)

    @property
    def _first(self) -> int:
        return MOST if self._servers_of is None else FIRST

    def _wanted(self, provider: Provider, fresh: int) -> Wanted:
        name = provider.name
        most = self._most.get(name, self._first) - self._on_their_way[name]
        waiting = bucket_of(provider.messages_per_minute).burst if name in self._waiting else 0
        letters = max(0, min(most, fresh + waiting))
        lines = self.lines(provider)
        if lines is None:
            return Wanted(provider, letters)
        connections = max(lines.needed, connections_wanted(letters + self._on_their_way[name]))
        return Wanted(provider, letters, connections, counts_connections=True)

    def _by_provider(
        self, rows: Sequence[Row]
    ) -> tuple[dict[str, list[Row]], dict[str, KnownPerson]]:
        """Rows that may be letters to a provider of the list, and what the vault knows of these
        people.
        """
        letters = [row for row in rows if isinstance(decode(row[1]), Matter)]
        people = self.vault.people({subscriber for subscriber, _ in letters}) if letters else {}
        if time.monotonic() - self._learnt_at > DOMAIN_SECONDS:
            self._domains, self._learnt_at = {}, time.monotonic()
        domains = {who: known.address.rpartition("@")[2] for who, known in people.items()}
        self._learn({*domains.values()} - self._domains.keys())
        of: defaultdict[str, list[Row]] = defaultdict(list)
        for row in letters:
            provider = self._domains.get(domains.get(row[0], ""))
            if provider is not None and provider.name != OTHER:
                of[provider.name].append(row)
        return of, people

    def _learn(self, domains: Collection[str]) -> None:
        unknown = {domain for domain in domains if self.providers.of(domain).name == OTHER}
        servers: Mapping[str, Sequence[str]] = {}
        if unknown and self._servers_of is not None and self._loop is not None:
            looking = self._servers_of(unknown)
            servers = asyncio.run_coroutine_threadsafe(looking, self._loop).result()
        for domain in domains:
            if domain not in unknown or domain in servers or self._servers_of is None:
                self._domains[domain] = self.providers.of(domain, servers.get(domain))

    def _look_for_waiting(self) -> None:
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            names = (provider.name for provider in self.providers if provider.name != OTHER)
            self._waiting = self.desk.waiting([STREAM, *names])

    def _of_stream(
        self,
        due_queue: DueQueue,
        now: int,
        paused: Collection[int],
        only_asked_for: bool,
    ) -> list[Row]:
        """Some of what waited while only what people asked for left."""
        if only_asked_for or STREAM not in self._waiting:
            return []
        back = due_queue.unpark(now, {STREAM: MOST}, paused)
        if not back:
            self._waiting.discard(STREAM)
        return [row for row, _ in back]

    def _asked_for(self, rows: Sequence[Row], due_queue: DueQueue) -> list[Row]:
        """All others wait; of those, what is no letter comes back."""
        held = [(row, STREAM, 0) for row in rows if not _is_urgent(row)]
        others = due_queue.park(held) if held else []
        return [*filter(_is_urgent, rows), *others]

    def _unpark(
        self,
        due_queue: DueQueue,
        now: int,
        paused: Collection[int],
        left: dict[str, int],
        admitted: dict[str, list[Row]],
    ) -> None:
        asked = {name: left[name] for name in self._waiting if left.get(name)}
        if not asked:
            return
        for row, name in due_queue.unpark(now, asked, paused):
            admitted[name].append(row)
            left[name] -= 1


def _is_urgent(row: Row) -> bool:
    """Somebody asked for it and waits for it."""
    return isinstance(decode(row[1]), RequestKey)
