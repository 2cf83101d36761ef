"""A letter as it looks where it cannot be tried, and what its HTML shows."""

from __future__ import annotations

import pytest

from engine.letter.looks import as_word_shows, in_scheme, inert
from engine.letter.shown_parts import shown_parts

PAGE = "<html><head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://a.example/x">x</a>',
        "<a class=q href='https://a.example/x'>x</a>",
        "<A HREF=https://a.example/x>x</A>",
        '<a\nhref = "https://a.example/x" title="y">x</a>',
    ],
)
def test_an_inert_link_leads_nowhere(link: str) -> None:
    assert "a.example" not in inert(link) and "href" in inert(link).lower()


def test_a_link_s_words_stay_where_its_address_goes() -> None:
    assert inert('<a href="https://a.example">href="b"</a>') == '<a href="#">href="b"</a>'


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<!--[if mso]><b>W</b><![endif]-->", "<b>W</b>"),
        ("<!--[if gte mso 9]>W<![endif]-->", "W"),
        ("<!--[if !mso]><!-->O<!--<![endif]-->", ""),
        ('<td style="border-radius:6px;color:red">', '<td style="color:red">'),
        ('<td style="mso-padding-alt:4px 8px">', '<td style="padding:4px 8px;">'),
        ('<a style="padding:4px;color:red">', '<a style="color:red">'),
        ('<p style="display:none;max-width:9px">', '<p style="display:none;">'),
        ('<td style="background:url(x.png)">', '<td style="">'),
        ("<style>a{color:red}@media (x){a{color:blue}}</style>", "<style>a{color:red}</style>"),
    ],
)
def test_word_shows_this(html: str, shown: str) -> None:
    assert as_word_shows(html) == shown


def test_one_preference_at_a_time_is_shown() -> None:
    page = PAGE.format(head="<style>@media (prefers-color-scheme: dark){}</style>", body="")
    assert "@media (min-width: 0)" in in_scheme(page, dark=True)
    assert "@media (width < 0)" in in_scheme(page, dark=False)


def test_links_and_pictures_are_told_with_their_words() -> None:
    parts = shown_parts(
        '<p><a href="https://a.example">Un <b>lien</b></a><img src="x.png" alt="Des semis">'
        '<a href="#"><img src="y.png"></a></p>'
    )
    assert [tuple(link) for link in parts.links] == [("Un lien", "https://a.example"), ("", "#")]
    assert [one.alternative for one in parts.pictures] == ["Des semis", None]


def test_colours_are_those_of_the_element_and_of_what_it_stands_in() -> None:
    parts = shown_parts(
        '<table bgcolor="#eeeeee"><tr><td style="background:#ffffff;color:#777777">pâle'
        '<a style="background:#1f4e79;color:#ffffff">Oui</a></td></tr></table>'
    )
    pale, button = parts.light
    assert (pale.words, pale.colour, pale.behind) == ("pâle", "#777777", "#ffffff")
    assert pale.contrast < 4.5 < button.contrast and button.is_button and not pale.is_button
    assert parts.dark == ()


def test_in_the_dark_the_rules_of_the_dark_win() -> None:
    rule = ".s{background-color:#1d232a!important;color:#333333!important}"
    head = f"<style>@media (prefers-color-scheme:dark){{{rule}}}</style>"
    body = '<p class="s" style="background:#fff;color:#000">mots</p>'
    (words,) = shown_parts(PAGE.format(head=head, body=body)).dark
    assert (words.colour, words.behind) == ("#333333", "#1d232a") and words.contrast < 4.5


def test_hidden_words_have_no_colour_but_stand_in_lists_of_mails() -> None:
    padding = "&#8199;&#65279;&#847;" * 30
    hidden = f'<div style="display:none">Avant tout{padding}</div><p>Bonjour</p>'
    parts = shown_parts(hidden)
    assert [words.words for words in parts.light] == ["Bonjour"]
    assert parts.in_lists == "Avant tout"
    assert shown_parts("<p>Bonjour</p><p>à vous</p>").in_lists.startswith("Bonjour")
