"""`[[reactivation]]` as an author writes it, and its mistakes, each with what to do."""

from __future__ import annotations

import pytest

from engine.i18n.in_words import in_english
from engine.sequence.check import check
from engine.sequence.declared import Declared, Retention
from engine.sequence.delay import Delay
from engine.sequence.mistakes import Unpublishable
from engine.sequence.model import Ending, Plan, Purpose, Reactivation
from engine.sequence.parse import Settings, parse

LISTS = """
title = "Encore là ?"
purpose = "conseils"

[[list]]
id = 10
name = "conseils"

[[list]]
id = 90
name = "encore-la"
{list}
  [[list.letter]]
  id = "still"
  after = "0 minutes"
  subject = "Toujours là ?"
  body = "{body}.md"
"""
ASKS = """
[[reactivation]]
list = "encore-la"
silent_for = "12 months"
then = "stop"
"""
BODIES = {"asks.md": "[Oui, continuez](===10===)", "mute.md": "Toujours là ?"}


def read(table: str = ASKS, lists: str = "", body: str = "asks", term: int = 36) -> Plan:
    declared = Declared(retention=Retention(silent_after=Delay(months=term)))
    purposes = (Purpose("conseils", "La lettre"), Purpose("offres", "Les offres"))
    text = LISTS.format(list=lists, body=body) + table
    return parse({"a.toml": text, **BODIES}, Settings(purposes=purposes, declared=declared))


def mistakes(table: str = ASKS, lists: str = "", body: str = "asks") -> list[str]:
    with pytest.raises(Unpublishable) as refused:
        read(table, lists, body)
    return [in_english(mistake.words) for mistake in refused.value.mistakes]


def warnings(plan: Plan, table: str) -> list[str]:
    text = LISTS.format(list="", body="asks") + table
    return [
        f"{mistake.line}: {in_english(mistake.words)}"
        for mistake in check(plan, {"a.toml": text, **BODIES})
        if "silent" in in_english(mistake.words)
    ]


def test_the_list_that_asks_gets_its_ending() -> None:
    plan = read()
    assert plan.reactivations == {90: Reactivation(90, Delay(months=12), 3, "a.toml")}
    assert plan.lists[90].ends == Ending("stop", 0, Delay(days=14))
    own = read(ASKS + 'wait = "1 month"\nreceived = 6\n')
    assert own.lists[90].ends == Ending("stop", 0, Delay(months=1))
    assert own.reactivations[90].received == 6


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (ASKS.replace('list = "encore-la"\n', ""), "`list` is missing: the list whose letters"),
        (ASKS.replace("encore-la", "encore-lá"), "there is no list"),
        (ASKS.replace('silent_for = "12 months"\n', ""), "`silent_for` is missing"),
        (ASKS.replace("12 months", "a while"), "silent_for"),
        (ASKS.replace("12 months", "0 days"), "`silent_for` is a time"),
        (ASKS.replace('then = "stop"\n', ""), "`then` is missing"),
        (ASKS.replace('"stop"', '"erase"'), '`then` can only be "stop"'),
        (ASKS + "received = 0\n", "`received` is a number of letters from 1 to 20"),
        (ASKS + "received = 21\n", "`received` is a number of letters from 1 to 20"),
        (ASKS + "letters = 2\n", "unknown key `letters`"),
        (ASKS + ASKS, 'the silent are asked twice about "conseils"'),
        (ASKS.replace('"encore-la"', "10"), "has no letter"),
    ],
)
def test_a_mistake_says_what_is_wrong(table: str, sentence: str) -> None:
    assert any(sentence in mistake for mistake in mistakes(table)), mistakes(table)


def test_a_letter_without_a_button_asks_nobody() -> None:
    assert any('letter "still" of encore-la has no button' in m for m in mistakes(body="mute"))


def test_a_list_cannot_end_in_two_ways() -> None:
    told = mistakes(lists="ends = { leave = true }")
    assert any("encore-la has `ends` already" in mistake for mistake in told)


def test_a_silence_as_short_as_the_letters_that_ask_is_everybodys() -> None:
    for short in ("20 days", "10 days"):
        table = ASKS.replace("12 months", short)
        assert warnings(read(table), table) == [
            "21: `silent_for` is too short: nearly everybody is silent for so long; write"
            ' "12 months"'
        ]
    long_wait = ASKS.replace("12 months", "2 months") + 'wait = "3 months"\n'
    assert len(warnings(read(long_wait), long_wait)) == 1


def test_retention_asks_first_where_its_term_is_not_longer() -> None:
    told = warnings(read(term=12), ASKS)
    assert [line[:2] for line in told] == ["21"] and "[retention]" in told[0]
    assert warnings(read(term=13), ASKS) == []
