"""One reader of typed fields for every door: what it reads, in which one form that is kept, and
what it refuses.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.field_reader import FieldRefused, read_value
from engine.intake.instants import DateOrder, DateRefused
from engine.sequence.field_values import (
    FIRST_YEAR,
    LAST_YEAR,
    fits,
    kept_number,
    value_of,
)
from engine.sequence.model import Field
from tests.telling import telling

BIRTHDAY = Field("birthday", "Date de naissance", "date")
BUDGET = Field("budget", "Budget", "number")
SOIL = Field("soil", "Sol", "choice", ("Argile", "Sable, limon", "Été à Nice"))
CROPS = Field("crops", "Cultures", "choices", ("Tomates", "Courges, melons", "L'ail"))
GARDEN = Field("garden", "Jardin", "yes-no")
TYPED = (BIRTHDAY, BUDGET, SOIL, CROPS, GARDEN)


@pytest.mark.parametrize(
    ("text", "order", "kept"),
    [
        ("1980-09-03", None, "1980-09-03"),
        ("03/09/1980", "day-first", "1980-09-03"),
        ("3.9.1980", "day-first", "1980-09-03"),
        ("09/03/1980", "month-first", "1980-09-03"),
        ("13/09/1980", None, "1980-09-13"),
        ("3 septembre 1980", None, "1980-09-03"),
        (" 1er\u00a0août  1980 ", None, "1980-08-01"),
        ("vendredi 29 février 1980", None, "1980-02-29"),
        ("September 3, 1980", None, "1980-09-03"),
        ("1980-09-03 00:00:00", None, "1980-09-03"),
        ("1980-09-03T00:00:00.000+02:00", None, "1980-09-03"),
        ("2031-05-01", None, "2031-05-01"),
    ],
)
def test_a_date_is_kept_as_iso_8601(text: str, order: DateOrder | None, kept: str) -> None:
    assert read_value(BIRTHDAY, text, order) == kept


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("03/09/1980", "the day or with the month first"),
        ("31/02/1980", "no such day"),
        ("1979-02-29", "no such day"),
        ("0000-00-00", "no such day"),
        ("03/09/80", "four figures"),
        ("3 septembre 80", "four figures"),
        ("0198-09-03", "before 1800 or after 2199"),
        ("1980-09-03T22:00:00Z", "without an hour"),
        ("29467", "the date is not understood: write 1980-09-23"),
        ("3 septembre", "the date is not understood"),
        ("hier", "the date is not understood"),
    ],
)
def test_what_is_no_day_or_could_be_two_is_refused(text: str, why: str) -> None:
    with telling(DateRefused, why):
        read_value(BIRTHDAY, text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("12", "12"),
        ("0", "0"),
        ("-0,0", "0"),
        ("12,50", "12.5"),
        ("12.50", "12.5"),
        ("1.234", "1.234"),
        ("0,125", "0.125"),
        (",5", "0.5"),
        ("1 234,5", "1234.5"),
        ("1\u202f234\u00a0567", "1234567"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1,234,567", "1234567"),
        ("1'234.50", "1234.5"),
        ("\u22123", "-3"),
        ("- 3", "-3"),
        ("+7", "7"),
        ("007", "7"),
        ("123456789012345", "123456789012345"),
    ],
)
def test_a_number_is_kept_with_a_decimal_point(text: str, kept: str) -> None:
    assert read_value(BUDGET, text) == kept


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1,234", "decimals or thousands"),
        ("12 50", "not understood"),
        ("1 23,4", "not understood"),
        ("1,23,456", "not understood"),
        ("1.2.3", "not understood"),
        ("12 €", "not understood"),
        ("beaucoup", "not understood"),
        ("1e5", "not understood"),
        ("--3", "not understood"),
        ("-", "not understood"),
        ("٣", "not understood"),
        ("1234567890123456", "at most 15 figures"),
        ("0.1234567", "6 decimals"),
    ],
)
def test_what_is_no_number_or_could_be_two_is_refused(text: str, why: str) -> None:
    with telling(FieldRefused, why):
        read_value(BUDGET, text)


@pytest.mark.parametrize("text", ["Argile", "argile", " ARGILE "])
def test_a_choice_is_kept_as_it_is_declared(text: str) -> None:
    assert read_value(SOIL, text) == "Argile"
    assert read_value(SOIL, "ete  a nice") == "Été à Nice"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("L\u2019ail; tomates", "Tomates; L'ail"),
        ("courges, melons", "Courges, melons"),
        ("Tomates, L'ail", "Tomates; L'ail"),
        ("Tomates|Tomates", "Tomates"),
        ("Tomates\r\nCourges, melons;", "Tomates; Courges, melons"),
    ],
)
def test_choices_are_kept_in_the_order_of_their_declaration(text: str, kept: str) -> None:
    assert read_value(CROPS, text) == kept


@pytest.mark.parametrize(("field", "text"), [(SOIL, "Roche"), (CROPS, "Tomates; Roche")])
def test_an_unknown_option_is_refused_and_the_known_ones_are_named(field: Field, text: str) -> None:
    with telling(FieldRefused, "this is none of: .*, "):
        read_value(field, text)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (("oui", "Oui", "yes", "1", "x", "X", "vrai", "true", "o"), "yes"),
        (("non", "NON", "no", "0", "faux", "false", "n"), "no"),
    ],
)
def test_yes_and_no_are_read_as_people_and_files_say_them(
    words: tuple[str, ...], kept: str
) -> None:
    assert {read_value(GARDEN, word) for word in words} == {kept}


def test_neither_yes_nor_no_is_refused() -> None:
    with telling(FieldRefused, "write yes or no"):
        read_value(GARDEN, "peut-être")


def test_a_text_stays_as_it_came_and_nothing_is_not_known() -> None:
    assert read_value(Field("town", "Commune"), " 03/09/80 ") == " 03/09/80 "
    assert [read_value(field, "  ") for field in TYPED] == [""] * len(TYPED)


@given(
    st.one_of(
        st.tuples(
            st.just(BIRTHDAY),
            st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)).map(date.isoformat),
        ),
        st.tuples(
            st.just(BUDGET), st.decimals(-(10**15) + 1, 10**15 - 1, places=6).map(kept_number)
        ),
        st.tuples(st.just(CROPS), st.lists(st.sampled_from(CROPS.options)).map("; ".join)),
        st.tuples(st.sampled_from(TYPED), st.text(max_size=20)),
    )
)
def test_what_is_kept_fits_its_field_and_is_read_as_itself(given: tuple[Field, str]) -> None:
    field, text = given
    try:
        kept = read_value(field, text)
    except (FieldRefused, DateRefused):
        return
    assert fits(field, kept)
    assert read_value(field, kept) == kept


def test_what_is_kept_says_what_it_means() -> None:
    assert value_of(BIRTHDAY, "1980-09-03") == date(1980, 9, 3)
    assert value_of(BUDGET, "1234.5") == Decimal("1234.5")
    assert value_of(SOIL, "Argile") == "Argile"
    assert value_of(CROPS, "Tomates; L'ail") == ("Tomates", "L'ail")
    assert (value_of(GARDEN, "yes"), value_of(GARDEN, "no")) == (True, False)


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        (BIRTHDAY, "03/09/1980"),
        (BIRTHDAY, "1980-13-01"),
        (BUDGET, "1 234,5"),
        (BUDGET, "1.50"),
        (BUDGET, "-0"),
        (SOIL, "argile"),
        (CROPS, "Tomates; Roche"),
        (GARDEN, "oui"),
    ],
)
def test_what_was_kept_otherwise_means_nothing_and_does_not_fit(field: Field, kept: str) -> None:
    assert value_of(field, kept) is None
    assert not fits(field, kept)
