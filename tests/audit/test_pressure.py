"""The auditor's replay of pressure: what the engine decided follows from the facts, and what an
operator wrote instead does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.audit.pressure_replay import pressure_faults
from engine.audit.published import Published
from engine.installation.events import STREAM, BroadcastFellDue
from engine.installation.publishing import publication
from engine.installation.state import Installation
from engine.ledger.codec import Encoded, Entry, decode
from engine.ledger.names import AnyEvent
from engine.sequence.pressure import parse_cap
from engine.subscriber import events as e
from tests.examples import CONSENT, NOON, PARIS, REGISTERED, local, perform
from tests.given import Given, given
from tests.sequence.dialogues import HEAD, SETTINGS, WORDS, letter, listed

ANNA = "8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c"
GONE = "ends = { leave = true }"
DIALOGUE = HEAD + listed(11, "a", GONE) + letter("one")
DIALOGUE += listed(12, "b", GONE) + letter("sale", "weight = 8", when='after = "2 days"')
SOON = NOON + 60_000
SALE_AT = local("2026-03-04 12:00")
FELL_DUE = BroadcastFellDue(SOON, "soldes", "2040-01-01")


def entries_of(stream: str, events: Sequence[AnyEvent], before: int = 0) -> list[Entry]:
    return [
        decode(before + n, Encoded(stream, event, e.Cause("form"), event.at).at_version(n))
        for n, event in enumerate(events, 1)
    ]


BROADCAST = """
[[broadcast]]
id = "soldes"
to = [11]
on = "2040-01-01 09:00"
subject = "Soldes"
body = "a.md"
weight = 9
"""


def published(dialogue: str) -> list[AnyEvent]:
    settings = replace(SETTINGS, timezone=PARIS, caps=(parse_cap("1 per 1 week"),))
    files = {"d.toml": dialogue, **WORDS}
    return list(publication(Installation(), files, settings, NOON - 1, "test"))


FACTS = published(DIALOGUE)
PUBLISHED = Published(entries_of(STREAM, FACTS))
PLAN = PUBLISHED.plan(1)


def anna() -> Given:
    joined = (e.ListJoined(NOON, 11, 1), e.ListJoined(NOON, 12, 2))
    return given(REGISTERED, CONSENT, *joined, plan=PLAN)


def judged(*later: e.PersonEvent) -> list[str]:
    joined = (e.ListJoined(NOON, 11, 1), e.ListJoined(NOON, 12, 2))
    entries = entries_of(ANNA, (REGISTERED, CONSENT, *joined, *later), len(FACTS))
    return [fault.said() for fault in pressure_faults(entries, PUBLISHED).values()]


def test_what_was_decided_follows_from_the_facts() -> None:
    held = anna().when(perform("list:11", SOON))
    sale = held.done.when(perform("list:12", SALE_AT, "bb"))
    full = sale.done.and_also(e.LetterSent(SALE_AT, "bb")).when(perform("list:11", SALE_AT))
    facts = [fact.event for when in (held, sale, full) for fact in when.facts]
    assert [type(fact).__name__ for fact in facts] == [
        "LetterWithheld",
        "LetterBegun",
        "LetterWithheld",
    ]
    assert judged(*facts[:2], e.LetterSent(SALE_AT, "bb"), facts[2]) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"cap": "2 per 7 days"}, "but under “1 per 7 days” and in favour of “list:12/sale”"),
        ({"favoured": ""}, "in favour of “list:12/sale”"),
        ({"favoured": "list:11/one"}, "in favour of “list:12/sale”"),
        ({"key": "list:12", "letter": "sale", "list": 12, "run": 2}, "there was room"),
    ],
)
def test_a_refusal_that_does_not_follow_is_named(changed: dict[str, object], said: str) -> None:
    [held] = (fact.event for fact in anna().when(perform("list:11", SOON)).facts)
    [fault] = judged(replace(held, **changed))  # type: ignore[arg-type]
    assert said in fault


@pytest.mark.parametrize(("later", "faults"), [(0, 0), (59_000, 0), (61_000, 1)])
def test_a_heavier_broadcast_may_fall_due_while_a_letter_is_claimed(
    later: int, faults: int
) -> None:
    installation = entries_of(STREAM, [*published(DIALOGUE + BROADCAST), FELL_DUE])
    begun = e.LetterBegun(SOON + later, "list:11", "letter", "one", "aa", 1, 11, 1, "conseils")
    anna = (REGISTERED, CONSENT, e.ListJoined(NOON, 11, 1), begun)
    entries = entries_of(ANNA, anna, len(installation))
    assert len(pressure_faults(entries, Published(installation))) == faults


def test_a_letter_for_which_a_heavier_one_left_no_room_is_named() -> None:
    begun = e.LetterBegun(SOON, "list:11", "letter", "one", "aa", 1, 11, 1, "conseils")
    assert judged(begun) == [
        "recomputed: under “1 per 7 days” there was no room for this letter then"
    ]
    assert judged(e.ListLeft(NOON, 12, 2, "operator"), begun) == []
