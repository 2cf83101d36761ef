"""What a trial of two versions shows. Pure, and of a file of its own: it knows neither letters nor
stores.

Who looks early and often must not be told of winners that are none. So two versions are compared by
a confidence sequence, which holds for all looks together: under equal rates each person who acts is
one of version b with the probability of b's share of the people, whenever they act. The acts so far
are therefore as many draws, and the mixture of all alternatives by a beta distribution is a
martingale: it ever exceeds 1/alpha in at most alpha of all trials (Ville's inequality; H. Robbins,
Annals of Mathematical Statistics 41, 1970). The ratios that it does not refute are the interval.

A trial whose end was fixed beforehand has the narrower interval of one look: that of the ratio by
the odds of the same draws (A. Wald's score interval, E. B. Wilson, JASA 22, 1927).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt

ALPHA = 0.05
"""How many trials of equal versions may show a winner, at the most, however often one looks."""
Z = 1.959964
"""Of the normal distribution: 95 % lie within so many standard deviations."""
Z_POWER = 0.841621
"""80 % lie below so many: how often a difference that is there is to be seen."""
CERTAINTY = 10
"""How many acts the mixture is worth: with more it sees small differences sooner, and large ones
later.
"""
WIDEST = 30.0
"""Natural logarithm of the largest ratio that is looked at."""


@dataclass(frozen=True, slots=True)
class Arm:
    """People who got a version, and how many of them acted."""

    people: int
    acted: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as many act with one version as with another lies between `low` and `high`;
    None where nothing bounds it.
    """

    low: float | None
    high: float | None

    @property
    def shows(self) -> int:
        """1 where the one brings more, -1 where it brings fewer, 0 where nothing is shown."""
        if self.low is not None and self.low > 1:
            return 1
        return -1 if self.high is not None and self.high < 1 else 0


def whenever(one: Arm, other: Arm) -> Ratio:
    """The ratio of the rates, one to other, that holds however often somebody looks."""

    def refuted(logarithm: float) -> bool:
        return _evidence(one, other, logarithm) > log(1 / ALPHA)

    return _bounded(one, other, refuted)


def once(one: Arm, other: Arm) -> Ratio:
    """The ratio of the rates at an end that was fixed before the trial began."""

    def refuted(logarithm: float) -> bool:
        acted = one.acted + other.acted
        chance = _chance(one, other, logarithm)
        deviation = one.acted - acted * chance
        return deviation * deviation > Z * Z * acted * chance * (1 - chance)

    return _bounded(one, other, refuted)


def _chance(one: Arm, other: Arm, logarithm: float) -> float:
    """With which probability an act is one of the first arm, under a ratio of the rates."""
    weighed = one.people * exp(logarithm)
    return weighed / (weighed + other.people)


def _evidence(one: Arm, other: Arm, logarithm: float) -> float:
    """Against a ratio: the logarithm of the mixture's likelihood over that of the ratio. The
    mixture is a beta distribution around the share of the people.
    """
    share = one.people / (one.people + other.people)
    first, second = CERTAINTY * share, CERTAINTY * (1 - share)
    mixture = _log_beta(one.acted + first, other.acted + second) - _log_beta(first, second)
    chance = _chance(one, other, logarithm)
    return mixture - one.acted * log(chance) - other.acted * log(1 - chance)


def _log_beta(first: float, second: float) -> float:
    return lgamma(first) + lgamma(second) - lgamma(first + second)


def _bounded(one: Arm, other: Arm, refuted: Callable[[float], bool]) -> Ratio:
    """Where `refuted` begins to hold on either side of what was seen."""
    if not one.people or not other.people or not (one.acted or other.acted):
        return Ratio(None, None)
    seen = log((one.acted + 0.5) / one.people) - log((other.acted + 0.5) / other.people)
    low, high = _bound(seen, -WIDEST, refuted), _bound(seen, WIDEST, refuted)
    return Ratio(
        None if low is None or not one.acted else exp(low),
        None if high is None or not other.acted else exp(high),
    )


def _bound(inside: float, outside: float, refuted: Callable[[float], bool]) -> float | None:
    if not refuted(outside):
        return None
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if refuted(middle) else (middle, outside)
    return outside


def rate_bounds(arm: Arm) -> tuple[float, float]:
    """Wilson's interval of one rate, for 95 in 100 looks."""
    if not arm.people:
        return 0.0, 1.0
    n, rate = arm.people, arm.acted / arm.people
    centre = (rate + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(rate * (1 - rate) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def smallest_shown(first: int, second: int, rate: float) -> float | None:
    """The smallest rise of a rate (0.02: from 10 % to 12 %) that so many people of two versions
    show in 80 of 100 trials, at an end fixed beforehand; None where none would be shown.
    The usual sum for two proportions (J. Fleiss, Statistical Methods for Rates, 1981, 3.2).
    """
    if not first or not second:
        return None

    def is_shown(rise: float) -> bool:
        other = rate + rise
        mean = (first * rate + second * other) / (first + second)
        equal = Z * sqrt(mean * (1 - mean) * (1 / first + 1 / second))
        apart = Z_POWER * sqrt(rate * (1 - rate) / first + other * (1 - other) / second)
        return rise >= equal + apart

    low, high = 0.0, 1.0 - rate
    if not is_shown(high):
        return None
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if is_shown(middle) else (middle, high)
    return high
