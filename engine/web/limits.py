"""How often a form may be posted and a person asked to confirm (G12), and how often something may
happen in a minute (C13). All in wall-clock time.

`Limits` are counted on the desk under keyed hashes. Each is held under a lock on its key, so it is
exact on any number of hosts. A `Pace` is counted by each process for itself: it guards the process,
and costs no row.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from engine.desk.desk import HELD, Desk
from engine.sequence.model import Plan
from engine.subscriber.commands import AnyCommand
from engine.subscriber.decide import decide
from engine.subscriber.events import ConsentRequested
from engine.subscriber.outcome import Done
from engine.subscriber.person import Person
from engine.web.request import neighbourhood

HOUR, DAY, MONTH = 3600, 86400, 30 * 86400
MAX_CONFIRMATIONS = ((1, DAY), (3, MONTH))
MAX_POSTS = ((30, HOUR),)
MAX_UNSTAMPED_POSTS = ((10, HOUR),)
MAX_CHANGES = ((30, HOUR),)
MAX_TESTS = ((20, HOUR),)
MIN_FLOOD, FLOOD_TIMES = 100, 5
EVERYBODY = "forms"
MAX_HELD = 24 * MIN_FLOOD
MINUTE = 60
MAX_PACED_KEYS = 20_000

Windows = tuple[tuple[int, int], ...]


class Limits:
    """`True` means: there was room, and this one is counted."""

    def __init__(self, desk: Desk, pepper: bytes) -> None:
        """`pepper` keys the hashes under which the desk counts."""
        self.desk, self.pepper = desk, pepper

    def may_ask(self, address: str, purpose: str = "", answered_at: int = 0) -> bool:
        """Of mails that ask one address to confirm for one purpose, one a day and three in thirty
        days, whatever the form, list or door.

        Those before the person's last answer, the confirmation or withdrawal of `answered_at`, do
        not count.
        """
        return self._below(
            self._key("ask", f"{address}\0{purpose}\0{answered_at}"), MAX_CONFIRMATIONS
        )

    def permit(self, command: AnyCommand, address: str, person: Person, plan: Plan) -> bool:
        """Like `may_ask` for a command that would lead to such a mail, by the rules that will
        decide it; any other is not counted.
        """
        return all(
            self.may_ask(address, purpose, _answered_at(person, purpose))
            for purpose in asks(command, person, plan)
        )

    def may_post(self, visitor: str, *, stamped: bool) -> bool:
        """Posts of one neighbourhood in an hour: 30; 10 for forms that carry no render time, as
        copied ones do.
        """
        place = neighbourhood(visitor)
        return (
            stamped or self._below(self._key("unstamped", place), MAX_UNSTAMPED_POSTS)
        ) and self._below(self._key("post", place), MAX_POSTS)

    def may_change(self, subscriber: str) -> bool:
        """What is changed about one person from the links of their letters: 30 times in an hour,
        whoever holds the letters.
        """
        return self._below(self._key("change", subscriber), MAX_CHANGES)

    def may_test(self, key: str) -> bool:
        """Tests of letters that a key of the API sends: 20 in an hour."""
        return self._below(self._key("test", key), MAX_TESTS)

    def is_calm(self) -> bool:
        """False while all forms together are posted far more than usual: their mails are then
        held.
        """

        def room(counts: Sequence[int]) -> bool:
            hour, day = counts
            return hour < max(MIN_FLOOD, FLOOD_TIMES * (day - hour) / 23)

        return self.desk.attempt(EVERYBODY, (HOUR, DAY), room)

    def hold(self) -> int | None:
        """For how many seconds the next mail of a form is held while too many are posted: so many
        leave in each hour. None: no more can wait.
        """
        return self.desk.hold(HELD, HOUR, MIN_FLOOD, MAX_HELD)

    def _below(self, key: str, windows: Windows) -> bool:
        def room(counts: Sequence[int]) -> bool:
            return all(count < most for count, (most, _) in zip(counts, windows, strict=True))

        return self.desk.attempt(key, [seconds for _, seconds in windows], room)

    def _key(self, kind: str, subject: str) -> str:
        mac = hmac.new(self.pepper, f"limit/v1\0{kind}\0{subject}".encode(), hashlib.sha256)
        return f"{kind}:{mac.hexdigest()[:32]}"


def asks(command: AnyCommand, person: Person, plan: Plan) -> tuple[str, ...]:
    """The purposes for which a command would lead to a mail that asks to confirm, by the rules that
    will decide it.
    """
    outcome = decide(command, person, plan)
    return (
        tuple(event.purpose for event in outcome.events if isinstance(event, ConsentRequested))
        if isinstance(outcome, Done)
        else ()
    )


def _answered_at(person: Person, purpose: str) -> int:
    """When the person last confirmed or withdrew (ms). That a request was not theirs answers none:
    it would let the next one through.
    """
    ground = person.grounds.get(purpose)
    return ground.since if ground is not None and ground.proof else 0


class Pace:
    """At most `most` calls a minute per key. Beyond MAX_PACED_KEYS the oldest keys are forgotten:
    memory stays bounded.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.clock = most, clock
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}

    def wait(self, key: str) -> int:
        """0 and the call is counted, or the seconds after which there is room again."""
        now = self.clock()
        with self._lock:
            calls = self._calls.pop(key, None) or deque()
            self._calls[key] = calls
            if len(self._calls) > MAX_PACED_KEYS:
                self._calls.pop(next(iter(self._calls)))
            while calls and calls[0] <= now - MINUTE:
                calls.popleft()
            if len(calls) >= self.most:
                return max(1, round(calls[0] + MINUTE - now))
            calls.append(now)
        return 0

    def allows(self, key: str) -> bool:
        return self.wait(key) == 0
