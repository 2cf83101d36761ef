"""How often a form may be posted and a person asked to confirm (G12), and what a visitor's address
is. All in wall-clock time.

The desk keeps keyed hashes only. Each limit is held under a lock on its key, so it is exact on any
number of hosts.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence

from fastapi import Request

from engine.context import AppContext
from engine.desk.desk import HELD
from engine.sequence.model import Plan
from engine.subscriber.commands import AnyCommand
from engine.subscriber.decide import decide
from engine.subscriber.events import ConsentRequested
from engine.subscriber.outcome import Done
from engine.subscriber.person import Person

HOUR, DAY, MONTH = 3600, 86400, 30 * 86400
CONFIRMATIONS = ((1, DAY), (3, MONTH))
POSTS = ((30, HOUR),)
UNSTAMPED_POSTS = ((10, HOUR),)
CHANGES = ((30, HOUR),)
FLOOD_LEAST, FLOOD_TIMES = 100, 5
EVERYBODY = "forms"
MOST_HELD = 24 * FLOOD_LEAST

Windows = tuple[tuple[int, int], ...]


class Limits:
    """`True` means: there was room, and this one is counted."""

    def __init__(self, context: AppContext) -> None:
        self.context = context

    def may_ask(self, address: str, purpose: str = "", answered_at: int = 0) -> bool:
        """Of mails that ask one address to confirm for one purpose, one a day and three in thirty
        days, whatever the form, list or door.

        Those before the person's last answer, the confirmation or withdrawal of `answered_at`, do
        not count.
        """
        return self._below(self._key("ask", f"{address}\0{purpose}\0{answered_at}"), CONFIRMATIONS)

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
            stamped or self._below(self._key("unstamped", place), UNSTAMPED_POSTS)
        ) and self._below(self._key("post", place), POSTS)

    def may_change(self, subscriber: str) -> bool:
        """What is changed about one person from the links of their letters: 30 times in an hour,
        whoever holds the letters.
        """
        return self._below(self._key("change", subscriber), CHANGES)

    def is_calm(self) -> bool:
        """False while all forms together are posted far more than usual: their mails are then
        held.
        """

        def room(counts: Sequence[int]) -> bool:
            hour, day = counts
            return hour < max(FLOOD_LEAST, FLOOD_TIMES * (day - hour) / 23)

        return self.context.desk.attempt(EVERYBODY, (HOUR, DAY), room)

    def hold(self) -> int | None:
        """For how many seconds the next mail of a form is held while too many are posted: so many
        leave in each hour. None: no more can wait.
        """
        return self.context.desk.hold(HELD, HOUR, FLOOD_LEAST, MOST_HELD)

    def _below(self, key: str, windows: Windows) -> bool:
        def room(counts: Sequence[int]) -> bool:
            return all(count < most for count, (most, _) in zip(counts, windows, strict=True))

        return self.context.desk.attempt(key, [seconds for _, seconds in windows], room)

    def _key(self, kind: str, said: str) -> str:
        mac = hmac.new(
            self.context.secrets.pepper, f"limit/v1\0{kind}\0{said}".encode(), hashlib.sha256
        )
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


def neighbourhood(visitor: str) -> str:
    """The /24 (IPv4) or /64 (IPv6) of an address, "" for what is none."""
    try:
        address = ipaddress.ip_address(visitor.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))


def visitor_of(request: Request, trusted: tuple[str, ...]) -> str:
    """Who asks: the peer, or, where that is a proxy of ours, the last address in `X-Forwarded-For`
    that is not.
    """
    visitor = request.client.host if request.client else ""
    if not trusted:
        return visitor
    said = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while said and _is_trusted(visitor, trusted):
        following = said.pop().strip()
        if not _is_address(following):
            break
        visitor = following
    return visitor


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_trusted(visitor: str, trusted: tuple[str, ...]) -> bool:
    if not _is_address(visitor):
        return False
    return any(
        ipaddress.ip_address(visitor) in ipaddress.ip_network(each, strict=False)
        for each in trusted
    )
