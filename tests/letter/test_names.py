"""What a stranger typed is said to somebody who has agreed to nothing only where it is a name: no
spelling of a host or an address passes for one.
"""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.letter.names import MAX_NAME, looks_like_a_name
from engine.sending.compose import Composer
from tests.sending.test_two_paths import HTTPS, KEY, claims, ordered
from tests.sequence.test_sample import plan

NAMES = [
    *(
        "Léa",
        "Jean-Paul",
        "O’Brien",
        "O'Brien",
        "D’Artagnan",
        "J. R. R. Tolkien",
        "J.R.R. Tolkien",
        "J.-P. Dupont",
        "Dr. Faust",
        "'t Hooft",
    ),
    *(
        "María del Carmen de la Cruz",
        "夏目漱石",
        "夏目　漱石",
        "佐々木",
        "サーシャ",
        "हिन्दी",
        "محمد علي",
        "Nguyễn Văn A",
        "Жанна д’Арк",
        "ʻAolani",
    ),
]
SPELLINGS = [
    *(
        "evil.com",
        "evil。com/x",
        "evil｡com",
        "evil．com",
        "ｅｖｉｌ．ｃｏｍ",
        "evil․com",
        "evil﹒com",
        "evilꓸcom",
        "evilꞏcom",
        "evil\u0701com",
    ),
    *("evil .com", "x@evil.com", "x＠evil.com", "x (at) evil.com", "[click](//evil.com)"),
    *("<a href=//evil.com>x</a>", "//evil.com", "hxxp://evil", "www.evil", "t.co"),
    *(
        "e\u00advil.com",
        "evil\u200b.com",
        "evil.\u2060com",
        "\u202emoc.live",
        "evil.com.",
        "1.2.3.4",
        "https:evil",
        "evil\tcom",
        "mailto:x",
        "a\nb",
    ),
    *(
        "㏂",
        "Léa!",
        "Léa  B",
        " Léa",
        "",
        "x" * (MAX_NAME + 1),
        "Votre compte est bloqué appelez vite le",
        "Gagnez 1000 €",
        "①",
        "ﺍ.com",
    ),
]


HOSTLIKE = st.from_regex(r"[a-z]{1,8}[.。．｡․ ]{1,2}[a-z]{1,6}[./:@]?[a-z]{0,3}", fullmatch=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_said(name: str) -> None:
    assert looks_like_a_name(name)


@pytest.mark.parametrize("text", SPELLINGS, ids=ascii)
def test_anything_else_is_left_out_of_the_mail_that_asks(text: str) -> None:
    assert not looks_like_a_name(text)
    composer = Composer(HTTPS, KEY)
    (claim,) = [
        each
        for each in claims()
        if each.kind == "confirmation" and each.purpose == "conseils" and each.letter == "ask"
    ]
    unnamed = composer.rendered(ordered(claim, {}), plan())
    said = composer.rendered(
        ordered(claim, {"first_name": text, "town": text})._replace(position=7_000_000), plan()
    )
    assert (said.subject, said.html, said.text) == (unnamed.subject, unnamed.html, unnamed.text)
    assert "Bonjour à vous" in said.text


@given(st.text(st.characters(codec="utf-8"), max_size=MAX_NAME) | HOSTLIKE)
@example("evil。com/x")
def test_nothing_that_passes_for_a_name_could_be_followed(text: str) -> None:
    if not looks_like_a_name(text):
        return
    folded = unicodedata.normalize("NFKC", text)
    assert not re.search(r"\w\w\.\w|[@/:<>()\[\]#&%_=\\]|\d|[^\W\d_]\.[^\W\d_]{2}", folded)
    assert folded.isprintable() and not any(
        unicodedata.category(sign) in ("Cf", "Cc", "Po", "So", "Sm") and sign not in "'’."
        for sign in folded
    )
