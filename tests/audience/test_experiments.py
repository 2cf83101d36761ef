"""What a trial of two versions shows: held against direct simulation, seeded. Nothing of a package:
those that offer confidence sequences compare means, and bring a hundred megabytes.
"""

from __future__ import annotations

from random import Random

import pytest

from engine.audience.experiments import Arm, Ratio, once, rate_bounds, smallest_shown, whenever
from tests.sizes import sized

HOURS = 48
TRIALS = sized(180, 2001)


def hourly(random: Random, people: int, rates: tuple[float, float], share: float) -> list[Ratio]:
    """What each of 48 looks shows, an hour apart, of a mailing whose readers act when they like."""
    first = sum(random.random() < share for _ in range(people))
    arms = (first, people - first)
    acts: list[list[int]] = [[0, 0] for _ in range(HOURS)]
    for arm, rate in enumerate(rates):
        for _ in range(arms[arm]):
            if random.random() < rate:
                acts[min(int(random.expovariate(0.2)), HOURS - 1)][arm] += 1
    looks, so_far = [], [0, 0]
    for hour in acts:
        so_far = [so_far[0] + hour[0], so_far[1] + hour[1]]
        looks.append(whenever(Arm(arms[0], so_far[0]), Arm(arms[1], so_far[1])))
    return looks


@pytest.mark.parametrize(("rate", "share"), [(0.1, 0.5), (0.3, 0.5), (0.05, 0.2)])
def test_looking_every_hour_shows_no_more_winners_than_promised(rate: float, share: float) -> None:
    random = Random(f"{rate} {share}")
    wrong = sum(
        any(look.shows for look in hourly(random, 1000, (rate, rate), share))
        for _ in range(TRIALS // 3)
    )
    assert wrong <= 0.05 * (TRIALS // 3)


def test_one_look_at_every_hour_would_show_many_more() -> None:
    """So the simulation can tell: the interval of one look fails it."""
    random, wrong = Random(7), 0
    for _ in range(60):
        acts, shown = [0, 0], False
        for _ in range(200):
            acts[random.random() < 0.5] += 1
            shown = shown or once(Arm(1000, acts[0]), Arm(1000, acts[1])).shows != 0
        wrong += shown
    assert wrong > 0.15 * 60


def test_a_true_difference_is_found_and_lies_within() -> None:
    random = Random(11)
    looks = [hourly(random, 4000, (0.2, 0.1), 0.5)[-1] for _ in range(40)]
    assert sum(look.shows == 1 for look in looks) >= 38
    assert sum((look.low or 0) <= 2 <= (look.high or 99) for look in looks) >= 38


def test_the_interval_of_one_look_is_the_narrower() -> None:
    one, other = Arm(1000, 130), Arm(1000, 100)
    always, fixed = whenever(one, other), once(one, other)
    assert always.low and always.high and fixed.low and fixed.high
    assert always.low < fixed.low < 1.3 < fixed.high < always.high
    assert (always.shows, fixed.shows) == (0, 1)


def test_one_look_at_equal_versions_shows_a_winner_in_five_of_a_hundred() -> None:
    random, wrong = Random(3), 0
    for _ in range(1000):
        acts = [sum(random.random() < 0.1 for _ in range(400)) for _ in range(2)]
        wrong += once(Arm(400, acts[0]), Arm(400, acts[1])).shows != 0
    assert 20 <= wrong <= 70


@pytest.mark.parametrize(("one", "other"), [((0, 0), (9, 9)), ((9, 0), (9, 0)), ((3, 1), (3, 0))])
def test_next_to_nobody_shows_nothing(one: tuple[int, int], other: tuple[int, int]) -> None:
    for look in (whenever(Arm(*one), Arm(*other)), once(Arm(*one), Arm(*other))):
        assert look.shows == 0


def test_a_version_in_which_nobody_acts_bounds_the_other_from_one_side() -> None:
    look = whenever(Arm(1000, 60), Arm(1000, 0))
    assert look.low is not None and look.low > 1
    assert look.high is None


def test_what_can_be_shown_is_shown_in_eighty_of_a_hundred_trials() -> None:
    rise = smallest_shown(1000, 1000, 0.1)
    assert rise is not None
    assert rise == pytest.approx(0.041, abs=0.002)
    random, shown = Random(5), 0
    for _ in range(200):
        acts = [sum(random.random() < rate for _ in range(1000)) for rate in (0.1 + rise, 0.1)]
        shown += once(Arm(1000, acts[0]), Arm(1000, acts[1])).shows == 1
    assert 0.72 * 200 <= shown <= 0.9 * 200
    assert smallest_shown(2, 2, 0.5) is None
    assert smallest_shown(0, 100, 0.1) is None


def test_the_bounds_of_a_rate_are_wilson_s() -> None:
    low, high = rate_bounds(Arm(100, 10))
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)
    assert rate_bounds(Arm(0, 0)) == (0.0, 1.0)
