"""What a mailing changed, against people who were left out of it at random. Pure.

The difference of two proportions has Newcombe's hybrid score interval (R. G. Newcombe, Statistics
in Medicine 17, 1998, method 10), that of two means the interval of unequal variances. Both hold
for 95 in 100 such trials. Nothing else says what a mailing caused, so a return is reckoned from
this alone. A file of its own: it knows neither letters nor stores.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z = 1.959964
"""Of the normal distribution: 95 % lie within so many standard deviations."""
MIN_PEOPLE = 100
MIN_ORDERS = 10
"""Of each arm, and of both together: below, an interval says nothing that helps."""


@dataclass(frozen=True, slots=True)
class Arm:
    """People of whom `ordered` ordered at least once; `amount` and `squares` are the sums, over all
    of them, of what each ordered less what was paid back (minor units of one currency) and of its
    square.
    """

    people: int
    ordered: int
    amount: int
    squares: int


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate, and the bounds between which it lies."""

    estimate: float
    low: float
    high: float

    @property
    def holds_nothing(self) -> bool:
        """Whether nought lies between them: then nothing is shown."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Lift:
    """Treated less holdout: in the share who ordered (-1 to 1), and in minor units a person."""

    rate: Interval
    amount: Interval


@dataclass(frozen=True, slots=True)
class NotMeasurable:
    """Too few: the people of the smaller arm, and the orders of both."""

    people: int
    ordered: int


def lift(treated: Arm, holdout: Arm) -> Lift | NotMeasurable:
    people = min(treated.people, holdout.people)
    ordered = treated.ordered + holdout.ordered
    if people < MIN_PEOPLE or ordered < MIN_ORDERS:
        return NotMeasurable(people, ordered)
    return Lift(_rates(treated, holdout), _amounts(treated, holdout))


def _rates(treated: Arm, holdout: Arm) -> Interval:
    first, second = _score(treated), _score(holdout)
    difference = first.estimate - second.estimate
    below = sqrt((first.estimate - first.low) ** 2 + (second.high - second.estimate) ** 2)
    above = sqrt((first.high - first.estimate) ** 2 + (second.estimate - second.low) ** 2)
    return Interval(difference, difference - below, difference + above)


def _score(arm: Arm) -> Interval:
    """Wilson's interval of one proportion."""
    n, rate = arm.people, arm.ordered / arm.people
    centre = (rate + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(rate * (1 - rate) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return Interval(rate, max(0.0, centre - half), min(1.0, centre + half))


def _amounts(treated: Arm, holdout: Arm) -> Interval:
    difference = treated.amount / treated.people - holdout.amount / holdout.people
    half = Z * sqrt(_variance_of_mean(treated) + _variance_of_mean(holdout))
    return Interval(difference, difference - half, difference + half)


def _variance_of_mean(arm: Arm) -> float:
    spread = arm.squares - arm.amount * arm.amount / arm.people
    return max(0.0, spread) / (arm.people - 1) / arm.people
