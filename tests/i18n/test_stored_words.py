"""What events, grounds and views keep in English is told in the reader's language."""

from __future__ import annotations

import pytest

from engine.i18n.language import translator
from engine.i18n.stored_words import stored_in_words


@pytest.mark.parametrize(
    ("stored", "french"),
    [
        ("soft-optin", "client existant"),
        ("bounced", "rejetée par son serveur"),
        ("not eligible: consent withdrawn", "non éligible : consentement retiré"),
        ("erasure", "effacement"),
        (
            "KeyError: what has happened to this person cannot be taken in",
            "KeyError : ce qui est arrivé à cette personne ne peut pas être interprété",
        ),
        ("451 4.2.2 mailbox full", "451 4.2.2 mailbox full"),
        ("", ""),
    ],
)
def test_what_is_stored_is_told_in_french_and_in_english_as_it_is(stored: str, french: str) -> None:
    assert stored_in_words(stored, translator("fr")) == french
    assert stored_in_words(stored, translator("en")) == stored


@pytest.mark.parametrize(
    ("code", "english"),
    [
        ("as-it-comes", "as they come"),
        ("monthly", "at most one letter a month"),
        ("holdout", "held out to compare"),
        ("segment", "not for this person (segment)"),
    ],
)
def test_a_code_is_said_in_words_in_english_too(code: str, english: str) -> None:
    assert stored_in_words(code, translator("en")) == english
