"""Tokens, connections and what replies asked for are one for all hosts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.config import packaged_providers
from engine.desk.shaping import NOTHING, Allotted, ShapingDesk, Wanted
from engine.shaping.providers import Provider
from engine.shaping.rates import LETTERS_BEFORE_ANOTHER, Tokens, bucket_of
from engine.shaping.warmup import WarmUp
from tests.running import wait_for
from tests.running_installation import Installations

pytestmark = pytest.mark.postgres
ORANGE = packaged_providers().by_name["orange"]
GMAIL = packaged_providers().by_name["gmail"]
FULL = bucket_of(ORANGE.messages_per_minute).burst


@pytest.fixture(scope="module")
def made(installations: Installations) -> Iterator[ShapingDesk]:
    with installations.made({}) as context:
        yield ShapingDesk(context.database)


@pytest.fixture
def desk(made: ShapingDesk) -> ShapingDesk:
    """Every provider's bucket is full, and no connection leased."""
    made.allot([Wanted(ORANGE, 0), Wanted(GMAIL, 0)], "a")
    set_all(
        made,
        f"tokens = {FULL}, filled = clock_timestamp(), let_through = {LETTERS_BEFORE_ANOTHER},"
        " leases = '{}', held_until = '-infinity', slow_until = '-infinity', to_mend = false",
    )
    return made


def set_all(desk: ShapingDesk, change: str) -> None:
    with desk.database.connection() as connection:
        connection.execute(f"UPDATE desk.provider SET {change}".encode())
        connection.execute("DELETE FROM desk.provider_reply")


def later(desk: ShapingDesk, pause: timedelta) -> None:
    """So much time has gone by: what the desk remembers is so much older."""
    with desk.database.connection() as connection:
        connection.execute(
            "UPDATE desk.provider SET filled = filled - %(pause)s, held_until = held_until -"
            " %(pause)s, slow_until = slow_until - %(pause)s, leases = coalesce((SELECT"
            " jsonb_object_agg(key, jsonb_build_array(value->0, (value->>1)::double precision -"
            " extract(epoch FROM %(pause)s))) FROM jsonb_each(leases)), '{}')",
            {"pause": pause},
        )


def orange(letters: int, lines: int = 1, provider: Provider = ORANGE) -> Wanted:
    return Wanted(provider, letters, lines, True)


def letters(desk: ShapingDesk, wanted: int, sender: str = "a") -> int:
    return desk.allot([Wanted(ORANGE, wanted)], sender)["orange"].letters


def test_a_provider_that_the_desk_does_not_know_yet_begins_with_nothing(
    made: ShapingDesk,
) -> None:
    small = replace(ORANGE, name="small")
    assert made.allot([Wanted(small, 9)], "a") == {"small": NOTHING}
    assert made.allot([Wanted(small, 9)], "a") == {"small": NOTHING}
    later(made, timedelta(seconds=1))
    assert 3 <= made.allot([Wanted(small, 9)], "a")["small"].letters <= 4


def test_the_desk_computes_as_the_rates_do(desk: ShapingDesk) -> None:
    bucket, tokens, at = bucket_of(ORANGE.messages_per_minute), Tokens(FULL, 0), 0.0
    for pause, wanted in ((0, 10), (0, 100), (2, 5), (3, 50), (100, 100), (0.5, 1), (0, 9)):
        later(desk, timedelta(seconds=pause))
        at += pause
        expected, tokens = tokens.take(bucket, at, wanted)
        assert expected <= letters(desk, wanted) <= expected + 1  # the test takes time too


def test_hosts_at_once_share_one_bucket_and_one_limit_of_connections(desk: ShapingDesk) -> None:
    """All ask while the row is held, so that each sees the same state at first."""
    granted: list[Allotted] = []

    def host(name: str) -> None:
        both = [Wanted(GMAIL, 1, 1, True), orange(FULL)]
        granted.append(desk.allot(both[:: 1 if name < "c" else -1], name)["orange"])

    hosts = [threading.Thread(target=host, args=(name,)) for name in "abcd"]
    with desk.database.transaction() as connection:
        connection.execute("SELECT FROM desk.provider WHERE provider = 'orange' FOR UPDATE")
        for thread in hosts:
            thread.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        wait_for(lambda: connection.execute(waiting).fetchall()[0][0] >= 3, 10)
    for thread in hosts:
        thread.join()
    assert sum(each.letters for each in granted) <= FULL + 5  # some come in while one asks
    assert sorted(each.connections for each in granted) == [0, 0, 1, 1]


def test_a_lease_of_connections_holds_until_it_is_given_back_or_ends(desk: ShapingDesk) -> None:
    assert desk.allot([orange(1, 2)], "a")["orange"] == Allotted(1, 2)
    assert desk.allot([orange(1, 2)], "b")["orange"] == NOTHING
    assert desk.allot([orange(0, 1)], "a")["orange"] == Allotted(0, 1)
    assert desk.allot([orange(1, 2)], "b")["orange"] == Allotted(1, 1)
    desk.leave("a")
    assert desk.allot([orange(1, 2)], "b")["orange"] == Allotted(1, 2)
    later(desk, timedelta(seconds=31))
    assert desk.allot([orange(1, 2)], "c")["orange"] == Allotted(1, 2)
    assert desk.allot([orange(0, 0)], "c")["orange"] == NOTHING
    assert desk.allot([orange(1, 1)], "d")["orange"] == Allotted(1, 1)


def test_one_begins_with_one_connection_and_earns_the_others(desk: ShapingDesk) -> None:
    set_all(desk, "let_through = 0")
    assert desk.allot([orange(FULL, 2)], "a")["orange"] == Allotted(FULL, 1)
    later(desk, timedelta(minutes=1))
    desk.allot([orange(LETTERS_BEFORE_ANOTHER, 2)], "a")
    assert desk.allot([orange(0, 2)], "a")["orange"].connections == 2


def test_a_rule_that_waits_lets_nothing_through_for_its_time(desk: ShapingDesk) -> None:
    [refused] = [rule for rule in ORANGE.rules if rule.name == "reputation"]
    assert not desk.seen(ORANGE, refused, 2)
    assert letters(desk, 1) == 1
    assert desk.seen(ORANGE, refused, 1)
    assert letters(desk, 1) == 0
    assert desk.allot([Wanted(GMAIL, 1)], "a")["gmail"].letters == 1
    [state] = [state for state in desk.states() if state.provider == "orange"]
    assert (state.rule, state.to_mend) == ("reputation", False)
    assert 4 * 3600 - 60 < state.held <= 4 * 3600
    later(desk, timedelta(hours=4))
    assert letters(desk, 1) == 1


def test_a_rule_that_stops_is_to_be_mended_and_can_be_resumed(desk: ShapingDesk) -> None:
    [refused] = [rule for rule in ORANGE.rules if rule.name == "not-authenticated"]
    assert desk.seen(ORANGE, refused, 1)
    assert [state.provider for state in desk.states() if state.to_mend] == ["orange"]
    assert letters(desk, 1) == 0
    desk.resume(["orange"])
    assert letters(desk, 1) == 1
    assert not any(state.to_mend for state in desk.states())


def test_a_rule_that_slows_halves_the_rate_and_takes_a_connection(desk: ShapingDesk) -> None:
    [refused] = [rule for rule in ORANGE.rules if rule.name == "too-many-connections"]
    assert desk.allot([orange(0, 2)], "a")["orange"].connections == 2
    assert desk.seen(ORANGE, refused, 1)
    assert desk.allot([orange(0, 2)], "a")["orange"].connections == 1
    assert letters(desk, FULL) == FULL
    later(desk, timedelta(seconds=10))
    at_full_speed = 10 * bucket_of(ORANGE.messages_per_minute).per_second
    assert at_full_speed / 2 - 1 <= letters(desk, FULL) <= at_full_speed / 2 + 2


def test_a_rule_that_spares_the_person_changes_nothing_else(desk: ShapingDesk) -> None:
    [refused] = [rule for rule in ORANGE.rules if rule.action == "suppress-nobody"]
    assert not desk.seen(ORANGE, refused, 100)
    assert letters(desk, 1) == 1


def test_the_desk_warms_up_as_the_values_do(made: ShapingDesk) -> None:
    warming = WarmUp(0)
    with made.database.connection() as connection:
        connection.execute("DELETE FROM desk.warm_up")
    for day, letters, too_fast in ((0, 30, 0), (0, 90, 0), (1, 999, 0), (2, 10, 1), (3, 999, 0)):
        if day != warming.day:
            with made.database.connection() as connection:  # a day has gone by
                connection.execute("UPDATE desk.warm_up SET day = day - 1")
        if too_fast:
            warming = warming.on(day).step_back(day)
            made.warm_up({"orange": 0}, "example.org")
            made.step_back(["orange"])
            made.step_back(["orange"])
        expected, warming = warming.take(day, letters)
        assert made.warm_up({"orange": letters}, "example.org") == {"orange": expected}
    assert made.warm_up({"orange": -7}, "example.org") == {"orange": -7}
    [state] = [state for state in made.states() if state.provider == "orange"]
    assert state.warming == WarmUp(0, warming.days, warming.sent - 7)
    assert made.warm_up({"orange": 999}, "another.example") == {"orange": 100}
