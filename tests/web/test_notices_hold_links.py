"""A notice, a box and a purpose may lead to a privacy policy: `[words](https://…)` is a link, and
all else an author writes is words.
"""

from __future__ import annotations

import httpx
import pytest

from engine.installation.publishing import notice_text
from engine.web.pages import linked, unlinked
from tests.conftest import MakeContext
from tests.web.correspondence import FILES
from tests.web.serving import served

POLICY = "https://potager.example/vie-privee?de=lettre&x=1"


def test_words_with_an_address_are_a_link() -> None:
    assert (
        linked(f"Lisez [nos engagements]({POLICY}), s’il vous plaît.")
        == f'Lisez <a href="{POLICY.replace("&", "&amp;")}" target="_blank" rel="noopener'
        ' noreferrer">nos engagements</a>, s’il vous plaît.'
    )


@pytest.mark.parametrize(
    "text",
    [
        "[x](http://a.example)",
        "[x](javascript:alert(1))",
        '[x](https://a.example/"onclick=alert(1))',
        "[x](//a.example)",
        "[](https://a.example)",
        "[x](https://u:p@a.example)",
        "https://a.example",
        "**gras** <b>x</b>",
        "[x](data:text/html,x)",
        "[x](https://a;b)",
        "[x] (https://a.example)",
    ],
)
def test_nothing_else_is_one(text: str) -> None:
    shown = str(linked(text))
    assert "<a" not in shown and "<b" not in shown


def test_words_of_a_link_are_escaped() -> None:
    assert "<script" not in str(linked("[<script>alert(1)</script>](https://a.example)"))


def test_a_form_shows_the_links_of_its_notice_and_box_and_records_the_exact_words(
    make_context: MakeContext,
) -> None:
    notice, box = f"Le Potager. [Nos engagements]({POLICY})", f"Oui, voyez [ici]({POLICY})"
    words = (
        FILES["dialogue.toml"]
        .replace("Nous vous écrivons.", notice)
        .replace('checkbox = "Oui"', f'checkbox = "{box}"')
    )
    context = make_context(FILES | {"dialogue.toml": words})
    with served(context) as url:
        for path in ("/f/inscription", "/f/inscription/embed"):
            page = httpx.get(url + path).text
            assert page.count("vie-privee?de=lettre") == 2
        assert httpx.get(f"{url}/f/inscription").text.count('target="_blank"') == 2
    recorded = notice_text(context.installation_stream.current().plan(), "inscription").splitlines()
    assert notice in recorded and f"[ ] {box}" in recorded


def test_where_words_stand_in_a_link_already_theirs_are_words_alone() -> None:
    assert (
        unlinked(f"J’accepte [nos engagements]({POLICY}), et [rien](d’autre).")
        == "J’accepte nos engagements, et [rien](d’autre)."
    )
