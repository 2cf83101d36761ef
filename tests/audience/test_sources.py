"""What came of each source: every door names one, each person counts once, and no cell tells of
fewer than ten.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.api.api_keys import create
from engine.audience.sources import SHOWN_FROM, SourceTally, tally_of_sources
from engine.audit.standing import standing
from engine.i18n.language import translator
from engine.sequence.delay import DAY
from engine.subscriber import events as e
from engine.subscriber.commands import Suppress, Withdraw
from engine.subscriber.events import Cause
from tests.api.test_api import Shop
from tests.examples import ANNA, NOON, REGISTERED
from tests.given import History, given
from tests.running_installation import Installations
from tests.web.garden import GARDEN
from tests.web.visiting import Site, visited

ORDERED = e.OrderRecorded(NOON, "o1", 100, "EUR")


def counted(*history: History, since: int = NOON) -> dict[str, int]:
    tally = SourceTally().plus(given(*history).person, since)
    return {name: getattr(tally, name) for name in SourceTally.__slots__ if getattr(tally, name)}


def withdrawn(days: int) -> e.ConsentWithdrawn:
    return e.ConsentWithdrawn(NOON + days * DAY, "conseils", "rfc8058")


@pytest.mark.parametrize(
    ("history", "cells"),
    [
        ((REGISTERED,), ()),
        ((ANNA,), ("joined",)),
        ((REGISTERED, e.ConsentConfirmed(NOON, "conseils", "r1", "human_button")), ("confirmed",)),
        ((ANNA, withdrawn(30)), ("joined", "left_soon")),
        ((ANNA, withdrawn(31)), ("joined",)),
        ((ANNA, e.MailBounced(NOON, "hard")), ("joined", "bounced")),
        ((ANNA, e.MailComplained(NOON)), ("joined", "complained")),
        ((ANNA, ORDERED, ORDERED), ("joined", "ordered")),
        ((ANNA, ORDERED, e.OrderRefunded(NOON, "o1", 100, "EUR")), ("joined",)),
    ],
)
def test_a_person_counts_once_in_each_cell_they_belong_to(
    history: History, cells: tuple[str, ...]
) -> None:
    assert counted(history) == {"people": 1} | dict.fromkeys(cells, 1)


def test_a_cell_of_fewer_than_ten_people_is_not_shown() -> None:
    shown = SourceTally(people=SHOWN_FROM, joined=SHOWN_FROM - 1, ordered=0).shown()
    assert shown["people"] == SHOWN_FROM
    assert {count for name, count in shown.items() if name != "people"} == {None}


def test_a_cell_of_all_but_fewer_than_ten_people_is_not_shown() -> None:
    """Of 12 people 11 confirmed: it tells of the one who did not."""
    shown = SourceTally(people=30, joined=30, confirmed=21, ordered=20, bounced=10).shown()
    assert shown["people"] == 30
    assert (shown["joined"], shown["confirmed"]) == (None, None)
    assert (shown["ordered"], shown["bounced"]) == (20, 10)


@pytest.fixture(scope="module")
def site(installations: Installations) -> Iterator[Site]:
    with installations.made(GARDEN) as context, visited(context) as site:
        yield site


def test_each_door_names_the_source_and_who_is_erased_counts_nowhere(site: Site) -> None:
    context = site.context
    for name in ("a", "b"):
        site.post("inscription", {"email": f"{name}@lecteurs.example", "jardin": "Un balcon"})
    site.confirm(site.asked("a@lecteurs.example"))
    shop = Shop(site, create(context.desk, "boutique", ("subscribe",)))
    for name in ("c", "d", "e"):
        assert shop.subscribe(f"{name}@lecteurs.example").status_code == 201
    now = context.clock.now()
    site.command("c@lecteurs.example", Withdraw(now, Cause("click"), "conseils", "rfc8058"))
    site.command("d@lecteurs.example", Suppress(now, Cause("relay"), "complained"))
    context.views.catch_up()
    shown = {
        name: next(iter(standing(context, found, str, translator("en"))))
        for name in ("a", "c")
        if (found := context.vault.find(f"{name}@lecteurs.example"))
    }
    assert shown == {"a": "Source: inscription", "c": "Source: salon des jardins, stand 12"}
    tallies = tally_of_sources(context.database, context.views.folds)
    assert tallies == {
        "salon des jardins, stand 12": SourceTally(people=3, joined=3, left_soon=1, complained=1),
        "inscription": SourceTally(people=2, joined=1, confirmed=1),
    }
