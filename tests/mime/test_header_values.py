"""Values of machine-read headers keep to their grammars (A09, A20, A21, A29)."""

from __future__ import annotations

import base64
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mime.header_values import (
    base32,
    checked_message_id,
    feedback_id,
    list_id,
    list_unsubscribe,
    message_id,
)
from engine.mime.headers import HeaderRefused, structured_header
from tests.sending.reading import unfolded


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Conseils", "Conseils <conseils.exemple.fr>"),
        ("", "<conseils.exemple.fr>"),
        ("Été à Noël", "Ete a Noel <conseils.exemple.fr>"),
        ("L\u2019œuvre, bientôt", '"L\'oeuvre, bientot" <conseils.exemple.fr>'),
        ('dit "oui"', '"dit \\"oui\\"" <conseils.exemple.fr>'),
        ("Советы", "<conseils.exemple.fr>"),
        ("=?", "<conseils.exemple.fr>"),
    ],
)
def test_a_list_id_speaks_ascii_and_keeps_its_identifier(name: str, value: str) -> None:
    assert list_id(name, "conseils.exemple.fr") == value
    assert unfolded(structured_header("List-Id", value)) == value


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("a\r\nb", "c.fr"),
        ("=?utf-8?q?=0a?=", "c.fr"),
        ("a", "c"),
        ("a", "c fr"),
        ("a", "é.fr"),
        ("a", "c.fr>\r\n"),
        ("a", ""),
        ("a" * 250, "c.fr"),
    ],
)
def test_a_list_id_that_breaks_its_grammar_is_refused(name: str, identifier: str) -> None:
    with pytest.raises(HeaderRefused):
        list_id(name, identifier)


def test_list_unsubscribe_is_one_https_uri_then_at_most_one_mailto() -> None:
    url = "https://lettres.exemple.fr/u/" + "t" * 35
    mailto = "mailto:u+t0ken@exemple.fr?subject=unsubscribe"
    assert list_unsubscribe(url, None) == f"<{url}>"
    assert list_unsubscribe(url, mailto) == f"<{url}>, <{mailto}>"
    assert re.fullmatch(r"<https://[^<>, ]+>(, <mailto:[^<>, ]+>)?", list_unsubscribe(url, mailto))
    assert (
        unfolded(structured_header("List-Unsubscribe", list_unsubscribe(url, mailto)))
        == f"<{url}>, <{mailto}>"
    )


URLS = [
    "",
    "http://e.fr/u",
    "https://",
    "https://e.fr/a b",
    "https://e.fr/a,b",
    "https://e.fr/>",
    "https://e.fr/é",
    "https://u@e.fr/x",
]


@pytest.mark.parametrize(
    "url",
    [
        *URLS,
        "https://e.fr/a\r\nBcc: y@e.fr",
        "https://e.fr/a\n",
        "https://e.fr/%0",
        "https://e.fr/=?u",
        "//e.fr/x",
    ],
)
def test_an_unsubscribe_url_that_breaks_its_grammar_is_refused(url: str) -> None:
    with pytest.raises(HeaderRefused, match=r"^List-Unsubscribe "):
        list_unsubscribe(url, None)


@pytest.mark.parametrize(
    "mailto",
    [
        "",
        "u@e.fr",
        "mailto:u",
        "mailto:u@e.fr, x",
        "mailto:u@e.fr>\r\n",
        "mailto:a b@e.fr",
        "mailto:u@e.fr?",
    ],
)
def test_an_unsubscribe_mailto_that_breaks_its_grammar_is_refused(mailto: str) -> None:
    with pytest.raises(HeaderRefused, match=r"^List-Unsubscribe "):
        list_unsubscribe("https://e.fr/u", mailto)


def test_a_message_id_carries_all_128_random_bits_within_75_characters() -> None:
    draws = random.Random(9)
    made = {message_id(draws.randbytes(16), "lettres.exemple.fr") for _ in range(20_000)}
    assert len(made) == 20_000
    for value in made:
        assert re.fullmatch(r"<[a-z2-7]{26}@lettres\.exemple\.fr>", value)
    assert len({message_id((1 << bit).to_bytes(16, "big"), "e.fr") for bit in range(128)}) == 128
    assert len(message_id(bytes(16), "a" * 43 + ".fr")) == 75


@pytest.mark.parametrize(
    ("octets", "domain"),
    [(15, "e.fr"), (17, "e.fr"), (16, "a" * 44 + ".fr"), (16, "e fr"), (16, "e.fr>\r\n"), (16, "")],
)
def test_a_message_id_that_cannot_be_right_is_refused(octets: int, domain: str) -> None:
    with pytest.raises(HeaderRefused):
        message_id(bytes(octets), domain)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a@e.fr",
        "<a>",
        "<a@e.fr>\r\n",
        "<a@e.fr> <b@e.fr>",
        "<a b@e.fr>",
        "<é@e.fr>",
        "<=?utf-8?q?a?=@e.fr>",
    ],
)
def test_a_stored_message_id_is_checked_before_it_is_written(value: str) -> None:
    with pytest.raises(HeaderRefused, match=r"^Message-ID "):
        checked_message_id(value)


def test_a_feedback_id_has_four_fields_and_ends_with_the_sender() -> None:
    value = feedback_id("welcome", "marketing", "acme", "relance1")
    assert value == "welcome:marketing:acme:relance1"
    assert re.fullmatch(r"([^:]*:){3}[A-Za-z0-9]{5,15}", value)


FIELDS = [
    ("a", "b", "c", "four"),
    ("a", "b", "c", "x" * 16),
    ("a", "b", "c", "send-er"),
    ("a", "b:d", "c", "sender"),
]


@pytest.mark.parametrize(
    "fields",
    [
        *FIELDS,
        ("a", "a", "c", "sender"),
        ("a", "", "c", "sender"),
        ("a", "b", "é", "sender"),
        ("a\r\n", "b", "c", "sender"),
    ],
)
def test_a_feedback_id_that_breaks_its_grammar_is_refused(
    fields: tuple[str, str, str, str],
) -> None:
    with pytest.raises(HeaderRefused, match=r"^Feedback-ID "):
        feedback_id(*fields)


@given(st.binary(max_size=40))
def test_base32_is_that_of_the_standard_library_in_lower_case_and_without_padding(
    octets: bytes,
) -> None:
    assert base32(octets) == base64.b32encode(octets).decode().rstrip("=").lower()
