"""A call that comes twice is carried out once: by its key for thirty days, and by what it asks for
always.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.sequence.delay import DAY
from engine.subscriber import commands as c
from engine.subscriber import events as e
from engine.subscriber.consenting import REPEATED
from engine.subscriber.evolve import CALLS_KEPT, MOST_CALLS
from tests.examples import (
    ALSO,
    ANNA,
    ASKED,
    CALL,
    CLICK,
    KNOWN,
    LATER,
    NOON,
    REGISTERED,
    YES,
    click,
    perform,
    subscribe,
)
from tests.given import Given, given

Protecting = c.Withdraw | c.WithdrawEverything | c.Object | c.Restrict
Keyed = c.Subscribe | c.RequestConsent | c.Withdraw | c.Transfer | c.LeaveList

CALLS: list[Callable[[], tuple[Given, Keyed]]] = [
    lambda: (given(), subscribe(10)),
    lambda: (given(), c.RequestConsent(LATER, CALL, (10,), "r1")),
    lambda: (given(ANNA), c.Withdraw(LATER, CALL, "conseils")),
    lambda: (given(ANNA), c.Transfer(LATER, CALL, 10, 20)),
    lambda: (given(ANNA), c.LeaveList(LATER, CALL, 10)),
]
PROTECTING: list[Callable[[], tuple[Given, Protecting]]] = [
    lambda: (given(ANNA), c.Withdraw(LATER, CALL, "conseils")),
    lambda: (given(ANNA), c.WithdrawEverything(LATER, CALL)),
    lambda: (given(ANNA), c.Object(LATER, CALL, "q1")),
    lambda: (given(ANNA), c.Restrict(LATER, CALL, "q1")),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_a_call_with_a_key_says_that_it_was_honoured_and_is_not_repeated(number: int) -> None:
    person, command = CALLS[number]()
    keyed = replace(command, call="k1")
    once = person.when(keyed)
    assert once.facts[-1].event == e.CallHonoured(LATER, "k1") or e.CallHonoured(LATER, "k1") in [
        f.event for f in once.facts
    ]
    once.when(keyed).nothing()


@pytest.mark.parametrize(
    "number", [n for n in range(len(CALLS)) if not isinstance(CALLS[n]()[1], c.Withdraw)]
)
def test_the_repeat_is_harmless_whatever_happened_in_between(number: int) -> None:
    person, command = CALLS[number]()
    keyed = replace(command, call="k1")
    later = person.when(keyed).done.when(subscribe(40, own_act=True, at=LATER + 1)).done
    for left in list(later.lists):
        later = later.when(c.LeaveList(LATER + 2, CALL, left)).done
    later = later.when(subscribe(10, own_act=True, at=LATER + 3)).done
    later.when(keyed).nothing()


@pytest.mark.parametrize("number", range(len(PROTECTING)))
def test_what_protects_a_person_is_carried_out_again_when_it_was_lifted_in_between(
    number: int,
) -> None:
    person, command = PROTECTING[number]()
    keyed = replace(command, call="k1")
    once = person.when(keyed).done
    fresh = (
        keyed
        if isinstance(keyed, c.Withdraw | c.WithdrawEverything)
        else replace(keyed, request="q3")
    )
    assert once.when(fresh).outcome == REPEATED
    undoing = (
        c.Restrict(LATER + 1, CALL, "q2", lifted=True)
        if isinstance(command, c.Restrict)
        else subscribe(10, own_act=True, at=LATER + 1)
    )
    lifted = once.when(undoing).done
    again = lifted.when(fresh).done
    assert again.person.restricted if isinstance(command, c.Restrict) else not again.lists


def test_another_key_is_another_call() -> None:
    first = (
        given(KNOWN).when(subscribe(10, call="k1")).when(c.LeaveList(LATER, CALL, 10, call="k2"))
    )
    assert first.when(subscribe(10, call="k3")).lists == {10: 2}


def test_a_key_is_forgotten_after_thirty_days() -> None:
    person = given(
        ANNA,
        e.CallHonoured(NOON, "k1"),
        e.CallHonoured(NOON + 29 * DAY, "k2"),
        e.CallHonoured(NOON + CALLS_KEPT, "k3"),
    ).person
    assert set(person.calls) == {"k2", "k3"}


def test_however_many_calls_come_only_the_latest_are_kept() -> None:
    person = given(ANNA, *(e.CallHonoured(NOON + n, f"k{n}") for n in range(MOST_CALLS * 2))).person
    assert len(person.calls) == MOST_CALLS
    assert f"k{MOST_CALLS * 2 - 1}" in person.calls


COMMANDS: list[Callable[[], tuple[Given, c.AnyCommand]]] = [
    *CALLS,
    lambda: (given(ASKED), click(YES)),
    lambda: (given(ASKED), click(ALSO)),
    lambda: (given(ASKED).when(click(YES)).done, c.UndoMove(LATER, CLICK, "m1")),
    lambda: (
        given(ANNA, e.ConsentWithdrawn(NOON, "conseils")),
        c.Resubscribe(LATER, CLICK, "conseils", "human_button", list=10),
    ),
    lambda: (
        given(REGISTERED, e.ConsentRequested(NOON, "conseils", "r1", (10,), LATER + DAY)),
        c.Confirm(LATER, CLICK, "conseils", "r1", "human_button"),
    ),
    lambda: (given(ANNA), c.Suppress(LATER, CALL, "operator")),
    lambda: (given(ANNA), c.ChangeProfile(LATER, CALL, (), "Asia/Tokyo", "en", LATER)),
    lambda: (given(ANNA), perform("list:10", LATER)),
    lambda: (
        given(ANNA, e.LetterBegun(NOON, "list:10", "letter", "welcome", "m0", 1, 10, 1)),
        c.RecordOutcome(LATER, CALL, "m0", "sent"),
    ),
]


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_a_command_that_comes_twice_changes_nothing_the_second_time(number: int) -> None:
    person, command = COMMANDS[number]()
    once = person.when(command).done
    if isinstance(command, c.Subscribe | c.RequestConsent | c.Withdraw | c.Transfer | c.LeaveList):
        command = replace(command, call="")
    once.when(command).nothing()
