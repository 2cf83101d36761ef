"""French punctuation keeps to its word: no line begins with a question mark, on pages, in feet of
letters and in what the program says.
"""

from __future__ import annotations

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from engine.i18n.language import translator
from engine.letter.french_spacing import loose_blanks, spaced, spaced_html
from engine.letter.published_letter import TEXTS
from tests.i18n.test_language import CATALOGUE


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Déjà ?", "Déjà\u00a0?"),
        (
            "Attention : trois points ; et voilà !",
            "Attention\u00a0: trois points\u00a0; et voilà\u00a0!",
        ),
        ("« Oui », dit-elle", "«\u00a0Oui\u00a0», dit-elle"),
        ("Vraiment ?!", "Vraiment\u00a0?!"),
        ("80 % de réduction", "80\u00a0% de réduction"),
        ("12 € par mois", "12\u00a0€ par mois"),
        ("Ouvrez https://exemple.fr/x?y=1 à 12:30.", "Ouvrez https://exemple.fr/x?y=1 à 12:30."),
        ("Merci :-) et :tada: ou ://", "Merci :-) et :tada: ou ://"),
        ("%d %(nom)s {n} %(num)s", "%d %(nom)s {n} %(num)s"),
        ("Déjà\u202f?", "Déjà\u202f?"),
        ("Sans blanc? Non!", "Sans blanc? Non!"),
    ],
)
def test_a_blank_before_french_punctuation_does_not_break(written: str, shown: str) -> None:
    assert spaced(written) == shown
    assert [shown[at] for at in loose_blanks(written)] == ["\u00a0"] * sum(
        a != b for a, b in zip(written, shown, strict=True)
    )
    assert list(loose_blanks(shown)) == []


def test_only_the_text_of_a_page_is_touched() -> None:
    page = (
        '<p title="a ?">Un <b>deux</b> ? <input value="« x » !"><code>a ? b</code></p><style>a'
        " :hover { color: red ! }</style><!-- « ? -->"
    )
    assert spaced_html(page) == page.replace("</b> ?", "</b>\u00a0?")


@given(st.text(alphabet="aé <>/«»?!:;%€1\n\u00a0\"='"))
def test_nothing_but_blanks_is_changed_and_once_is_enough(text: str) -> None:
    for change in (spaced, spaced_html):
        assert change(text).replace("\u00a0", " ") == text.replace("\u00a0", " ")
        assert change(change(text)) == change(text)


def test_whatever_the_program_says_in_french_is_spaced() -> None:
    with CATALOGUE.open("rb") as file:
        messages = [
            entry.id
            for entry in read_po(file, locale="fr")
            if entry.id and isinstance(entry.id, str)
        ]
    assert len(messages) > 500
    assert [message for message in messages if list(loose_blanks(translator("fr")(message)))] == []
    assert translator("en")("Really ?") == "Really ?"


def test_the_feet_of_letters_are_spaced() -> None:
    french = TEXTS["fr"]
    words = (
        french.unsubscribe,
        french.why_consent,
        french.why_other,
        french.source,
        french.not_me,
        french.confirm_body,
        french.still_body,
    )
    assert [text for text in words if list(loose_blanks(text))] == []
