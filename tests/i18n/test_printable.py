"""What others have written may stand on a line of a screen: nothing in it steers the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.i18n.printable import is_printable, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Été à Noël 🎄", "Été à Noël 🎄"),
        ("Vraiment\u00a0? Oui\u202f!", "Vraiment\u00a0? Oui\u202f!"),
        ("\x1b[31mrouge", "·[31mrouge"),
        ("a\u202eb", "a·b"),
        ("a\x00b\x7fc\u2028d", "a·b·c·d"),
    ],
)
def test_whatever_would_steer_or_hide_is_a_dot(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_a_text_keeps_its_length_and_its_visible_characters(text: str) -> None:
    shown = printable(text, keep="\n")
    assert len(shown) == len(text)
    for before, after in zip(text, shown, strict=True):
        assert after == (before if is_printable(before) or before == "\n" else "·")
