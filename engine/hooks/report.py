"""How each target stands, for whoever asks: the command line, `status`, the console, the API."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from engine.desk.hooks import HookDesk, HookState, Off, Waiting
from engine.hooks.schedule import is_backing_off
from engine.hooks.settings import Hook
from engine.hooks.target_secrets import secret_fault
from engine.words import N_, Words, words

NOTHING_WAITS: Final = Waiting()
Standing = Literal["new", "well", "retrying", "failing", "operator", "gone", "dead"]
STANDINGS: Final[Mapping[Standing, str]] = {
    "new": N_("has not begun: it does at the next start of `relance run` or `follow`"),
    "well": N_("takes what it is told"),
    "retrying": N_("did not take every message; what it did not take is tried again"),
    "failing": N_("takes nothing, and is tried again by itself"),
    "operator": N_("is switched off by a command"),
    "gone": N_("is switched off: it answered that it is gone for good (410)"),
    "dead": N_("is switched off: it took nothing for five days"),
}
ANSWERS: Final[Mapping[str, str]] = {
    "timed-out": N_("it did not answer in time"),
    "no-connection": N_("nobody takes the connection"),
    "bad-certificate": N_("its certificate does not hold"),
    "broken-off": N_("it broke off the connection, or answered no HTTP"),
    "no-such-host": N_("there is no host of this name"),
    "name-servers-away": N_("the name servers do not answer"),
    "private-address": N_("its host stands in a private network: see `allow_private`"),
}


def answer_in_words(answer: str) -> Words:
    """The last answer of a HookState that is not empty."""
    if answer.isdigit():
        return words(N_("it answered {status}"), status=answer)
    return words(ANSWERS[answer])


@dataclass(frozen=True, slots=True, kw_only=True)
class HookReport:
    """`state` is None before it has begun. `behind`: entries of the ledger that it has not been
    looked through for; `fault`: why its secret cannot be used.
    """

    hook: Hook
    state: HookState | None = None
    waiting: Waiting = NOTHING_WAITS
    behind: int = 0
    fault: Words | None = None

    @property
    def standing(self) -> Standing:
        if self.state is None:
            return "new"
        off: Off = self.state.off
        if off:
            return off
        if is_backing_off(self.state):
            return "failing"
        return "retrying" if self.waiting.retries else "well"

    def members(self, moment: Callable[[int], str]) -> dict[str, object]:
        """For programs: what the command line and the API both tell. `moment` writes an instant
        (ms).
        """
        hook, state = self.hook, self.state
        return {
            "name": hook.name,
            "host": hook.host,
            "events": list(hook.events),
            "standing": self.standing,
            "secret_usable": self.fault is None,
            "position": state.position if state else None,
            "behind": self.behind,
            "taken": state.delivered if state else 0,
            "failures": state.failures if state else 0,
            "failing_since": moment(state.failing_since) if state and state.failing_since else None,
            "answered_at": moment(state.answered_at) if state and state.answered_at else None,
            "retries": self.waiting.retries,
            "given_up": self.waiting.given_up,
            "first_given_up": self.waiting.first_given_up or None,
        }


class HeadOfLedger(Protocol):
    def head(self) -> int: ...


class DatedLedger(HeadOfLedger, Protocol):
    def recorded(self, positions: Collection[int]) -> Mapping[int, int]:
        """When the entries at these positions were recorded (ms)."""


def hook_reports(
    hooks: Sequence[Hook], folder: Path, desk: HookDesk, ledger: HeadOfLedger
) -> list[HookReport]:
    """In the order of the configuration, whose folder this is."""
    if not hooks:
        return []
    states, waiting, head = desk.states(), desk.waiting(), ledger.head()
    return [
        HookReport(
            hook=hook,
            state=state,
            waiting=waiting.get(hook.name, NOTHING_WAITS),
            behind=max(0, head - state.position) if state is not None else 0,
            fault=secret_fault(hook, folder),
        )
        for hook in hooks
        for state in [states.get(hook.name)]
    ]


def recorded_before(ledger: DatedLedger, instant: int) -> int:
    """The last position recorded before an instant (engine time, ms), 0 for none. Asks for some
    twenty of them.
    """
    return bisect_left(
        range(1, ledger.head() + 1),
        instant,
        key=lambda position: ledger.recorded([position])[position],
    )
