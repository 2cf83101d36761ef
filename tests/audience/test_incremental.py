"""What a mailing changed against people who were left out of it: held against published figures."""

from __future__ import annotations

import random
from statistics import fmean, variance

import pytest

from engine.audience.incremental import Arm, Lift, NotMeasurable, lift
from engine.audience.trial_words import caused_in_words
from engine.i18n.language import translator
from engine.words import Language


def arm(amounts: list[int]) -> Arm:
    ordered = sum(amount > 0 for amount in amounts)
    return Arm(len(amounts), ordered, sum(amounts), sum(amount**2 for amount in amounts))


def rates(treated: tuple[int, int], holdout: tuple[int, int]) -> Lift:
    """Of (ordered, people)."""
    measured = lift(
        *(
            Arm(people, ordered, 100 * ordered, 10_000 * ordered)
            for ordered, people in (treated, holdout)
        )
    )
    assert isinstance(measured, Lift)
    return measured


def test_the_interval_of_the_rate_is_newcombes(monkeypatch: pytest.MonkeyPatch) -> None:
    """56 of 70 against 48 of 80 in his table II, method 10: 0.0524 to 0.3339."""
    monkeypatch.setattr("engine.audience.incremental.MIN_PEOPLE", 10)
    rate = rates((56, 70), (48, 80)).rate
    assert (round(rate.estimate, 4), round(rate.low, 4), round(rate.high, 4)) == (
        0.2,
        0.0524,
        0.3339,
    )


def test_the_interval_of_the_amount_is_that_of_unequal_variances() -> None:
    chance = random.Random(4)
    some = [chance.choice((0, 0, 0, 4900, 9900)) for _ in range(400)]
    others = [chance.choice((0, 0, 0, 0, 4900)) for _ in range(150)]
    measured = lift(arm(some), arm(others))
    assert isinstance(measured, Lift)
    half = 1.959964 * (variance(some) / 400 + variance(others) / 150) ** 0.5
    difference = fmean(some) - fmean(others)
    assert measured.amount.estimate == pytest.approx(difference)
    assert measured.amount.low == pytest.approx(difference - half)
    assert measured.amount.high == pytest.approx(difference + half)


@pytest.mark.parametrize(
    "treated, holdout, people, ordered",
    [((20, 1000), (3, 99), 99, 23), ((6, 1000), (3, 500), 500, 9), ((0, 0), (0, 0), 0, 0)],
)
def test_too_few_say_nothing(
    treated: tuple[int, int], holdout: tuple[int, int], people: int, ordered: int
) -> None:
    arms = [Arm(n, orders, 0, 0) for orders, n in (treated, holdout)]
    assert lift(*arms) == NotMeasurable(people, ordered)


def test_where_nothing_differs_the_interval_holds_nothing_in_ninety_five_of_a_hundred() -> None:
    chance, missed = random.Random(11), 0
    for _ in range(1000):
        orders = [sum(chance.random() < 0.1 for _ in range(200)) for _ in range(2)]
        rate = rates((orders[0], 200), (orders[1], 200)).rate
        missed += not rate.low <= 0 <= rate.high
    assert missed < 70


@pytest.mark.parametrize(
    ("treated", "holdout", "language", "told"),
    [
        (
            (62, 487),
            (9, 213),
            "en",
            "what the letter itself brought about: 8.5 points (between",
        ),
        ((62, 487), (9, 213), "fr", "ce que la lettre a elle-même apporté\u00a0: 8,5 points"),
        ((35, 486), (12, 214), "en", "nothing is shown of what the letter itself brought about"),
        ((35, 486), (12, 214), "fr", "rien n’est établi de ce que la lettre a elle-même apporté"),
        ((2, 486), (1, 214), "en", "not measurable (n = 214): 3 ordered, 10 are needed"),
        (
            (40, 486),
            (1, 99),
            "en",
            "not measurable (n = 99): of who got it and of who was",
        ),
        ((40, 486), (1, 99), "fr", "de qui en fut écarté, il faut 100 personnes"),
    ],
)
def test_what_may_be_chance_is_not_called_an_effect(
    treated: tuple[int, int], holdout: tuple[int, int], language: Language, told: str
) -> None:
    arms = [Arm(n, orders, 2000 * orders, 4_000_000 * orders) for orders, n in (treated, holdout)]
    assert told in caused_in_words(lift(*arms), "EUR", translator(language))
