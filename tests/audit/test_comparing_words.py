"""Contested words against published ones: wrapping, hosts of links and the person's own fields make
no difference; anything else is shown.
"""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from engine.audit.letter_case import FIELD, compare

PLAIN = st.text(st.characters(codec="utf-8", exclude_characters=FIELD), max_size=30)


def even(text: str) -> str:
    return " ".join(text.split())


@given(st.lists(PLAIN, min_size=1, max_size=5), st.lists(PLAIN, min_size=4, max_size=4))
def test_published_words_with_any_fields_are_recognised(
    pieces: list[str], values: list[str]
) -> None:
    sent = pieces[0] + "".join(
        value + piece for value, piece in zip(values, pieces[1:], strict=False)
    )
    found = compare(sent, (), (FIELD.join(pieces),))
    assert found.verdict in (
        ("same-but-fields",) if even(sent) else ("absent", "same-but-fields")
    ) or not _ends_in_words(pieces)


def _ends_in_words(pieces: list[str]) -> bool:
    """White space next to a field is white space of the field; nothing else is moved."""
    return all(piece == even(piece) for piece in pieces)


@given(PLAIN, st.sampled_from(["\r\n", "\n", "  ", "\t"]))
def test_white_space_makes_no_difference(text: str, blank: str) -> None:
    wrapped = re.sub(r"\s", lambda found: blank, text)
    assert compare(wrapped, (text,), ()).verdict == ("same" if even(text) else "absent")


def test_another_host_of_the_site_makes_no_difference() -> None:
    assert (
        compare(
            "Lisez https://neuf.example/l/abc", ("Lisez https://vieux.example/l/abc",), ()
        ).verdict
        == "same"
    )


def test_another_link_does() -> None:
    assert (
        compare("Lisez https://x.example/l/abd", ("Lisez https://x.example/l/abc",), ()).verdict
        == "differs"
    )


def test_words_of_others_around_the_published_ones_are_told_apart() -> None:
    assert (
        compare("[SPAM?] Avez-vous semé ? -- vérifié", ("Avez-vous semé ?",), ()).verdict == "added"
    )


def test_the_first_difference_is_shown_on_both_sides() -> None:
    found = compare("Payez 500 euros tout de suite", ("Payez 5 euros tout de suite",), ())
    assert (found.verdict, found.published, found.contested) == (
        "differs",
        "Payez 5 euros tout de suite",
        "Payez 500 euros tout de suite",
    )


def test_a_field_swallows_no_words_of_its_author() -> None:
    open_ = (f"Bonjour {FIELD}, avez-vous semé {FIELD} ?",)
    assert compare("Bonjour Anna, avez-vous semé hier ?", (), open_).verdict == "same-but-fields"
    assert compare("Bonjour Anna, avez-vous payé hier ?", (), open_).verdict == "differs"
    assert compare("Bonjour Anna, avez-vous semé hier ? Non", (), open_).verdict == "differs"


def test_a_long_hostile_text_is_compared_at_once() -> None:
    assert compare("a " * 500_000, ("x",), (f"{FIELD}a {FIELD}a {FIELD}b",)).verdict == "differs"
