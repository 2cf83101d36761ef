"""Ordinary links that lead by way of a counter: the same for everybody, and only where we lead."""

from __future__ import annotations

import pytest

from engine.letter.compile import LetterSource, Rendered, RenderSettings, compile_letter
from engine.letter.link_token import counted_address, read_counted_address
from tests.letter.test_compiling import BARE, FOOT, URLS

KEY, ADDRESS = b"k" * 32, "https://boutique.example/kit?a=1&b=2"
BODY = """Bonjour {{ first_name }},

[le kit](https://boutique.example/kit?a=1&b=2) · [www.boutique.example](https://boutique.example/) ·
[écrire](mailto:a@b.example) ·
[Oui](===11===) · [guide](files/guide.pdf)
"""


def rendered(name: str, *, counted: bool = True) -> Rendered:
    settings = RenderSettings(
        "https://e.fr/a",
        counted=(lambda address: f"https://e.fr/v/{address[::-1]}") if counted else None,
    )
    letter = compile_letter(LetterSource("a.md", "Sujet", "", BODY, BARE), settings)
    return letter.render({"first_name": name}, URLS[: len(letter.links)], FOOT)


def test_an_ordinary_link_leads_by_way_of_the_counter_in_both_parts() -> None:
    letter, by_way_of = rendered("Anna"), f"https://e.fr/v/{ADDRESS[::-1]}"
    assert by_way_of in letter.text and ADDRESS not in letter.text
    assert by_way_of.replace("&", "&amp;") in letter.html


@pytest.mark.parametrize(
    "address",
    [
        "https://boutique.example/",
        "mailto:a@b.example",
        "https://e.fr/a/files/guide.pdf",
        *URLS[:1],
        "https://e.fr/u/1",
    ],
)
def test_all_others_lead_straight(address: str) -> None:
    assert f'href="{address}"' in rendered("Anna").html


@pytest.mark.parametrize("site", ["http://127.0.0.1:8080", "https://e.fr"])
def test_no_link_is_missing_from_the_text_of_a_letter(site: str) -> None:
    """Nor of an installation that is tried on one's own machine."""
    settings = RenderSettings(f"{site}/a", counted=lambda address: f"{site}/v/x")
    source = "[le kit](https://boutique.example/kit), [le guide](files/guide.pdf)\n"
    letter = compile_letter(LetterSource("a.md", "Sujet", "", source, BARE), settings)
    text = letter.render({}, [], FOOT).text
    assert f"le kit ({site}/v/x)" in text and f"({site}/a/files/guide.pdf)" in text.replace(
        "\n", " "
    )


def test_two_readers_get_the_same_address() -> None:
    anna, bela = rendered("Anna"), rendered("Bela")
    assert anna.html.replace("Anna", "Bela") == bela.html


def test_links_lead_straight_by_default() -> None:
    letter = rendered("Anna", counted=False)
    assert ADDRESS in letter.text and "https://e.fr/v/" not in letter.html


def test_an_address_is_read_as_it_was_signed() -> None:
    made = counted_address(KEY, "list:10/un", ADDRESS)
    assert read_counted_address(KEY, made) == ("list:10/un", ADDRESS)


@pytest.mark.parametrize("spoil", [0, 5, 21, 40, -1])
def test_what_was_changed_or_signed_by_others_leads_nowhere(spoil: int) -> None:
    made = counted_address(KEY, "list:10/un", ADDRESS)
    spoilt = list(made)
    spoilt[spoil] = "A" if spoilt[spoil] != "A" else "B"
    assert read_counted_address(KEY, "".join(spoilt)) is None
    assert read_counted_address(b"x" * 32, made) is None


@pytest.mark.parametrize("text", ["", "A", "é" * 40, "A" * 7000, "=" * 40, "A" * 35])
def test_what_is_no_address_leads_nowhere(text: str) -> None:
    assert read_counted_address(KEY, text) is None
