"""Which facts the stop journal is told of, and under which address: whatever keeps somebody from
being written to, and nothing else.
"""

from __future__ import annotations

import pytest

from engine.commands.stop_entries import is_stopping, stops_of
from engine.subscriber import events as e
from engine.vault.stop_journal import Stop
from engine.vault.vault import Erasing, VaultWrite
from tests.examples import NOON

ANNA = "3f0c2a52-7d0b-4a0e-9c55-2f9f1c3e8a71"
PRESENT, FORMER = b"\x01" * 32, b"\x02" * 32
HASHES = (PRESENT, FORMER)


def stops(
    *events: object, writes: tuple[VaultWrite, ...] = (), objected: bool = False
) -> list[Stop]:
    return stops_of(ANNA, events, writes, HASHES, objected)


@pytest.mark.parametrize(
    ("event", "stop"),
    [
        (
            e.ConsentWithdrawn(NOON, "conseils"),
            Stop("withdrawal", NOON, ANNA, "conseils", PRESENT.hex()),
        ),
        (e.ProcessingRestricted(NOON), Stop("restriction", NOON, ANNA)),
        (e.ProcessingRestricted(NOON, lifted=True), Stop("restriction", NOON, ANNA, why="lifted")),
        (
            e.PreferencesSet(NOON, paused_until=NOON + 5),
            Stop("pause", NOON, ANNA, why=str(NOON + 5)),
        ),
        (e.PreferencesSet(NOON, ("semis",)), Stop("pause", NOON, ANNA)),
        (
            e.MailComplained(NOON, "api"),
            Stop("suppression", NOON, ANNA, hash=PRESENT.hex(), why="complained"),
        ),
        (
            e.SubscriberSuppressed(NOON, "operator"),
            Stop("suppression", NOON, ANNA, hash=PRESENT.hex(), why="operator"),
        ),
        (e.SubscriberErased(NOON, "asked"), Stop("erasure", NOON, ANNA, why="asked")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_ends_writing_to_somebody_is_told(event: object, stop: Stop) -> None:
    assert is_stopping([event], (), objected=False)
    assert stops(event) == [stop]


def test_a_bounce_is_not_told() -> None:
    assert stops(e.SubscriberSuppressed(NOON, "bounced")) == []


def test_what_stops_nothing_is_not_told() -> None:
    joined = e.ListJoined(NOON, 1, 1)
    assert not is_stopping([joined], (VaultWrite(ANNA, NOON),), objected=False)
    assert stops(joined) == []


def test_withdrawing_from_everything_bars_former_addresses_too() -> None:
    assert stops(e.ConsentWithdrawn(NOON, "*")) == [
        Stop("withdrawal", NOON, ANNA, "*", PRESENT.hex()),
        Stop("suppression", NOON, ANNA, hash=FORMER.hex(), why="objected"),
    ]


def test_an_address_that_an_objector_is_corrected_to_is_barred() -> None:
    corrected = VaultWrite(ANNA, NOON, address="anna@nouvelle.example", address_hash=b"\x03" * 32)
    assert is_stopping([], (corrected,), objected=True)
    assert not is_stopping([], (corrected,), objected=False)
    assert stops(writes=(corrected,), objected=True) == [
        Stop("suppression", NOON, ANNA, hash="03" * 32, why="objected")
    ]


@pytest.mark.parametrize(
    ("reason", "of_former"), [("objected", "objected"), ("bounced", "erased"), ("erased", "erased")]
)
def test_what_stays_of_somebody_erased_is_told_without_their_id(
    reason: str, of_former: str
) -> None:
    erasing = VaultWrite(ANNA, NOON, suppress=reason, erasing=Erasing())
    assert stops(e.SubscriberErased(NOON, "asked"), writes=(erasing,)) == [
        Stop("erasure", NOON, ANNA, why="asked"),
        Stop("suppression", NOON, hash=PRESENT.hex(), why=reason),
        Stop("suppression", NOON, hash=FORMER.hex(), why=of_former),
    ]
