"""A letter's source becomes subject, HTML and text that say the same; what may not leave is refused
with its place.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.letter.compile import (
    Foot,
    LetterMistakes,
    LetterSource,
    MergeFailed,
    Rendered,
    check_letter,
    compile_letter,
)

LAYOUT = (Path(__file__).parents[2] / "sequences" / "layout.html").read_text(encoding="utf-8")
FOOT = Foot(
    who="Les Jardins",
    address="1 rue des Lilas, 75020 Paris",
    why="Vous avez demandé nos conseils.",
    unsubscribe_url="https://e.fr/u/1",
    unsubscribe_label="Se désinscrire de ces conseils",
    everything_url="https://e.fr/e/1",
    everything_label="Tout arrêter",
)
BARE = '<html lang="fr"><body>{{ content }}<div>{{ foot }}</div></body></html>'
URLS = [f"https://e.fr/m/{number}" for number in range(9)]
XSS = [
    "{{7*7}}<img onerror>",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><script>x</script>",
    "--><script>x</script>",
    "</style><svg onload=x>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "**gras** `code` # titre",
    "&lt;b&gt;",
    "{% for a in b %}",
    "{{ foot }}",
    "<a href=https://evil.example>",
    "https://evil.example",
    "===11===",
    "\r\nBcc: x@y.z",
    "javascript:alert(1)",
]


def letter(
    body: str,
    *,
    subject: str = "Bonjour",
    path: str = "letter.md",
    layout: str = LAYOUT,
    preheader: str = "",
) -> LetterSource:
    return LetterSource(path, subject, preheader, body, layout)


def render(source: LetterSource, foot: Foot = FOOT, **values: str | int | bool) -> Rendered:
    compiled = compile_letter(source, "https://e.fr/a")
    return compiled.render(values, URLS[: sum(link.index >= 0 for link in compiled.links)], foot)


def mistakes(source: LetterSource, *fields: str) -> list[tuple[int, str]]:
    return [
        (mistake.line, mistake.text) for mistake in check_letter(source, dict.fromkeys(fields, ""))
    ]


class Shape(HTMLParser):
    """Tags with their attributes, and the URLs that can be clicked."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.links: set[str] = set()
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.links |= {value for name, value in attrs if name == "href" and value}

    def handle_data(self, data: str) -> None:
        self.words += data


WELCOME = letter(
    """# Bonjour {{ first_name | default('à vous', true) }}

Avez-vous créé votre [première liste](https://e.fr/aide?a=1&b=2) ? C'est une phrase \
assez longue pour passer à la ligne.

[Oui](===11===) [Non, aidez-moi](http://===12===/)

{% if city %}
À {{ city }}, [prévenez-moi](+++proches+++).
{% endif %}

- un
- deux
  1. [trois](===13===)

> cité

![Une photo](pictures/été.png)
""",
    subject="Bienvenue {{ first_name | default('à vous', true) }}",
    preheader="Un mot pour {{ first_name|default('vous') }}",
)


def test_a_whole_letter_reads_well_as_text() -> None:
    assert (
        render(WELCOME, first_name="Anne", city="Lyon").text
        == """\
Bonjour Anne
==================

Avez-vous créé votre première liste (https://e.fr/aide?a=1&b=2) ? C'est
une phrase assez longue pour passer à la ligne.

Oui\N{NO-BREAK SPACE}: https://e.fr/m/0
Non, aidez-moi\N{NO-BREAK SPACE}: https://e.fr/m/1

À Lyon, prévenez-moi
(https://e.fr/m/2).

- un
- deux
  1. trois (https://e.fr/m/3)

> cité

Une photo

----------------------------------------

Vous avez demandé nos conseils.

Les Jardins
1 rue des Lilas, 75020 Paris

Se désinscrire de ces conseils\N{NO-BREAK SPACE}: https://e.fr/u/1
Tout arrêter\N{NO-BREAK SPACE}: https://e.fr/e/1
"""
    )


def test_a_condition_that_is_false_leaves_no_trace_in_either_part() -> None:
    rendered = render(WELCOME, first_name="Anne")
    assert "https://e.fr/m/1\n\n- un" in rendered.text
    assert "prévenez-moi" not in rendered.html
    assert not re.search(r"<p>\s*</p>", rendered.html)


@pytest.mark.parametrize("city", ["Lyon", ""])
def test_html_and_text_hold_the_same_links(city: str) -> None:
    rendered = render(WELCOME, first_name="Anne", city=city)
    in_text = set(re.findall(r"https://[^\s()]+", rendered.text))
    assert Shape(rendered.html).links == in_text
    assert (URLS[2] in in_text) == bool(city)


def test_subject_preheader_and_language_reach_the_layout() -> None:
    rendered = render(WELCOME, replace(FOOT, language="en"), first_name="Anne")
    assert rendered.subject == "Bienvenue Anne"
    assert "<title>Bienvenue Anne</title>" in rendered.html
    assert "Un mot pour Anne\n\u2007" in rendered.html
    assert "Un mot pour Anne" not in rendered.text
    assert '<html lang="en" dir="ltr" style=' in rendered.html
    assert "Oui: https://e.fr/m/0" in rendered.text


def test_fields_and_links_are_known_without_rendering() -> None:
    compiled = compile_letter(WELCOME)
    assert compiled.fields == {"first_name", "city"}
    assert [(link.index, link.kind, link.target) for link in compiled.links] == [
        (0, "move", "11"),
        (1, "move", "12"),
        (2, "copy", "proches"),
        (3, "move", "13"),
    ]


def test_a_wrong_number_of_urls_is_not_rendered() -> None:
    with pytest.raises(ValueError, match="4 action links, not 1"):
        compile_letter(WELCOME).render({}, URLS[:1], FOOT)


@pytest.mark.parametrize("value", XSS)
def test_hostile_values_are_words_and_nothing_else(value: str) -> None:
    source = letter(
        '{{ n }}\n\n# {{ n }}\n\n**{{ n }}** [{{ n }}](===1===) ![{{ n }}](pictures/x.png "{{ n'
        ' }}")\n\n- {{ n }}\n\n<p title="{{ n }}">{{ n }}</p>\n\n```\n{{ n }}\n```\n',
        subject="{{ n }}",
        preheader="{{ n }}",
    )
    hostile, harmless = render(source, n=value), render(source, n="Anne")
    assert Shape(hostile.html).tags == Shape(harmless.html).tags
    assert Shape(hostile.html).links == Shape(harmless.html).links
    assert value.replace("\r\n", "\n") in Shape(hostile.html).words.replace("\r\n", "\n")
    assert f"- {value}\n" in hostile.text
    assert "\n" not in hostile.subject and "\r" not in hostile.subject


_SENTINELS = compile_letter(letter("A{{ n }}B\n\n<b title='C{{ n }}D'>x</b>"))


@given(st.text())
def test_any_value_is_escaped_in_html_and_verbatim_in_text(value: str) -> None:
    rendered = _SENTINELS.render({"n": value}, [], FOOT)
    escaped = value
    for char, entity in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("'", "&#39;"),
        ('"', "&#34;"),
    ):
        escaped = escaped.replace(char, entity)
    assert f"A{escaped}B" in rendered.html
    assert f"C{escaped}D" in rendered.html
    assert f"A{value}B" in rendered.text


def test_a_missing_field_stops_this_letter_only() -> None:
    compiled = compile_letter(letter("Bonjour {{ first_name }}"))
    with pytest.raises(MergeFailed, match="first_name"):
        compiled.render({}, [], FOOT)
    assert "Bonjour Anne" in compiled.render({"first_name": "Anne"}, [], FOOT).text


def test_two_readers_get_the_same_addresses_but_for_their_actions() -> None:
    compiled = compile_letter(
        letter("[a](https://e.fr/x) [b](===1===) ![c](pictures/c.png) {{ n }}"), "https://e.fr/a"
    )

    def addresses(name: str, url: str) -> set[str]:
        return set(
            re.findall(r'(?:href|src)="([^"]*)"', compiled.render({"n": name}, [url], FOOT).html)
        )

    assert addresses("Anne", URLS[0]) - {URLS[0]} == addresses("<Zoé>&x=1", URLS[1]) - {URLS[1]}


@pytest.mark.parametrize(
    "body",
    [
        "[a](https://e.fr/{{ n }})",
        "[a](https://{{ n }})",
        "[a]({{ n }})",
        '<a href="https://e.fr/?{{ n }}">a</a>',
        '<img src="https://e.fr/{{ n }}.png" alt="">',
        "![a](pictures/{{ n }}.png)",
        "[a](==={{ n }}===)",
        "<a href='mailto:{{ n }}'>a</a>",
        "<b title={{ n }}>a</b>",
        "<b title=x{{ n }}>a</b>",
        "<b {{ n }}>a</b>",
        '<b style="color:{{ n }}">a</b>',
        "<{{ n }}>a</b>",
        "<style>{{ n }}</style>",
        "<!--[if mso]>{{ n }}<![endif]-->",
        '<b onclick="{{ n }}">a</b>',
        "<div {% if n %}title='a'{% endif %}>a</div>",
        '<b title="{% if n %}a{% endif %}">a</b>',
        "[a][1]\n\n[1]: https://e.fr/{{ n }}",
        '<div class="{{ n }}">a</div>',
    ],
)
def test_a_field_inside_an_address_or_a_tag_is_refused(body: str) -> None:
    for path in ("x.md", "x.html"):
        if path == "x.html" and ("](" in body or "][" in body):
            continue
        found = check_letter(letter("Bonjour\n\n" + body, path=path), {"n": ""})
        assert found, body
        if not body.startswith("<{{"):
            assert found[0].line == (5 if "[1]:" in body else 3), found


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[a](http://e.fr)", "https:"),
        ("[a](javascript:alert(1))", "must begin with"),
        ("[a](//evil.fr)", "must begin"),
        ("[a](/x)", "must begin"),
        ("[a](data:text/html,x)", "must begin"),
        ("<a href='\\\\evil.fr'>a</a>", "backslash"),
        ("<a href='https://e.fr\n/x'>a</a>", "control character"),
        ("<a href=' javascript:x'>a</a>", "space"),
        ("<a href='java&#115;cript:x'>a</a>", "must begin"),
        ("<a href='https:///evil.fr'>a</a>", "must begin"),
        ("[https://banque.fr](https://e.fr)", "look like an address"),
        ("[www.banque.fr](https://e.fr)", "look like"),
        ("[banque.fr/compte](https://e.fr)", "look like"),
        ("[BANQUE.FR](https://e.fr)", "look like"),
        ("[Banque.com](https://e.fr/banque.com/)", "look like"),
        ("[alice.github.io](https://bob.github.io)", "look like"),
        ("[банк.рф](https://e.fr)", "look like"),
        ("[banque。fr](https://e.fr)", "look like"),
        ("[www.banque.fr@e.fr](https://banque.fr)", "look like"),
        ("[192.0.2.1](https://e.fr)", "look like"),
        ("[Voir https://banque.fr ici](https://e.fr)", "look like"),
        ("[https://e.fr](===1===)", "look like"),
        ("<img src='pictures/x.png'>", "alt text"),
        ("[ ](https://e.fr)", "no words"),
        ("[![](pictures/x.png)](https://e.fr)", "no words"),
        ("![a](http://e.fr/x.png)", "https"),
        ("![a](x.png)", "pictures/"),
        ("![a](pictures/../../etc/passwd)", "pictures/"),
        ("![a](pictures/%2e%2e/x)", "pictures/"),
        ("![a](===1===)", "target"),
        ("<script>x</script>", "<script>"),
        ("<form action='https://e.fr'></form>", "<form>"),
        ("<input>", "<input>"),
        ("<iframe src='https://e.fr'></iframe>", "<iframe>"),
        ("<b onclick='x'>a</b>", "onclick"),
        ("<link rel='stylesheet' href='https://e.fr/x.css'>", "<link>"),
        ("<style>@import 'x';</style>", "@import"),
        ("<style>@font-face { src: url(https://e.fr/x) }</style>", "@font-face"),
        ("<base href='https://e.fr'>", "<base>"),
        ("<b style='background:url(http://e.fr/x.png)'>a</b>", "url("),
        ("<meta http-equiv='refresh' content='0'>", "refresh"),
        ("<div>{% if n %}</div>{% endif %}", "another HTML element"),
        ("{{ zut }}", "`zut` does not exist"),
        ("{{ n.x }}", "not `a.b`"),
        ("===11===", "outside a link"),
        ("[a](==11==)", "no list"),
        ("{{ foot }}", "layout only"),
        ("{{ content }}", "layout only"),
        ("{{ unsubscribe }}", "layout only"),
        ("{{ _n }}", "cannot be the name"),
        ("<p hidden><a href='===1==='>a</a></p>", "text part"),
        ("    [a](===1===)", "No reader sees"),
        ("<p title='a>b", "not finished"),
        ('<p title="a', "not finished"),
        ("<!-- a > b", "not finished"),
        ("<plaintext>", "<plaintext>"),
    ],
)
def test_what_may_not_leave_is_refused_with_its_line(body: str, words: str) -> None:
    found = mistakes(letter("Bonjour\n\n" + body), "n")
    assert any(words in sentence for _, sentence in found), found
    assert {line for line, _ in found} == {3}
    if "zut" not in body:
        with pytest.raises(LetterMistakes):
            compile_letter(letter("Bonjour\n\n" + body))


@pytest.mark.parametrize(
    "body",
    [
        "[https://e.fr/x](https://e.fr/x/)",
        "[e.fr](https://e.fr)",
        "<https://e.fr/x?a=1>",
        "<moi@e.fr>",
        "[a](tel:+33)",
        "[www.ex.example](https://www.ex.example/?utm_source=lettre)",
        "[Booking.com](https://www.booking.com/?aid=1)",
        "[Node.js](https://nodejs.org)",
        "[M.Dupont](https://e.fr)",
        "[README.md](https://github.com/a/b/README.md)",
        "[Voir e.fr/x, ou https://e.fr/y.](https://boutique.e.fr/z?a=1)",
        "[archive.zip](https://e.fr/a)",
        "[v2.0](https://e.fr)",
        "[café.fr](https://xn--caf-dma.fr/carte)",
        "[e.fr:8443](https://e.fr)",
        "[S.A.R.L.](https://e.fr)",
        "[ASP.NET](https://dotnet.e.fr)",
        "[main.py](https://e.fr/a)",
        "[→ e.fr](https://e.fr/x)",
        "[etc.)](https://e.fr)",
        "[M. Martin](https://e.fr)",
        "[guide.pdf](files/guide.pdf)",
        "{#12} puis {#13#} fin",
        "{# note #}",
        "![](pictures/trait.png)",
        "[a](#bas)",
        "<===1===>",
        "<!-- <script> {{ zut() }} -->",
        "[{{ n }}](https://e.fr)",
        "Moins de 5 < 6 & {",
        "<img src='pictures/x.png' alt='{{ n }}'>",
        "`===11===`",
        "Titre\n===",
        "{% if n %}\n- a\n{% else %}\n- b\n{% endif %}",
        "{{ site }} {{ language }}",
        "&#123;&#123; 7*7 }}",
        "{% if n %}[Oui](===1===){% endif %}",
    ],
)
def test_what_is_harmless_is_accepted(body: str) -> None:
    assert mistakes(letter(body), "n") == []
    rendered = render(letter(body), n="Anne")
    assert "zut" not in rendered.html
    assert "49" not in rendered.text


@pytest.mark.parametrize(
    "spoken",
    [
        "→ lemonde.fr",
        "« lemonde.fr »",
        "(lemonde.fr)",
        "lemonde.fr !",
        "**lemonde.fr**",
        "lemonde.fr.",
    ],
)
def test_signs_around_a_host_hide_it_from_nobody(spoken: str) -> None:
    assert "lemonde.fr" in mistakes(letter(f"[{spoken}](https://t.suivi.example/c/1)"), "n")[0][1]


def test_braces_that_are_no_merge_tag_are_text_in_words_and_css_in_styles() -> None:
    assert render(letter("Une accolade {#12} dans le texte, puis {#13#} fin.")).text.startswith(
        "Une accolade {#12} dans le texte, puis {#13#} fin.\n"
    )
    page = (
        '<html lang="fr"><head><style>@media screen{#wrap{width:100%}}</style></head>'
        "<body><p>Bonjour</p>{{ foot }}</body></html>"
    )
    assert "@media screen{#wrap{width:100%}}" in render(letter(page, path="x.html")).html


def test_all_mistakes_are_reported_together_in_order() -> None:
    body = "{{ zut }}\n\n===1===\n\n[a](http://e.fr)\n\n[b](http://e.fr)"
    found = check_letter(letter(body, subject="{{ a.b }}"), {})
    assert [(mistake.file, mistake.line) for mistake in found] == [
        ("letter.md", line) for line in (1, 1, 3, 5, 7)
    ]
    assert found == tuple(sorted(found))


@pytest.mark.parametrize(
    "subject", ["", "a\nb", "{{ foot }}", "[a](===1===)", "===1===", "{% for a in b %}{% endfor %}"]
)
def test_a_subject_is_one_line_of_words(subject: str) -> None:
    assert [line for line, _ in mistakes(letter("Bonjour", subject=subject))] == [1]


def test_a_letter_mail_programs_would_cut_is_refused() -> None:
    assert mistakes(letter("é" * 45_000)) == []
    assert "bytes" in mistakes(letter("é" * 49_500))[0][1]
    with pytest.raises(MergeFailed, match="bytes"):
        render(letter("{{ n }}"), n="é" * 60_000)


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ("<html lang='fr'>{{ foot }}</html>", "{{ content }} must stand"),
        ("<html lang='fr'>{{ content }}</html>", "{{ foot }}"),
        (BARE.replace("{{ foot }}", "{{ foot }}{{ foot }}"), "not 2 times"),
        (BARE.replace("lang", "class"), "language"),
        (BARE.replace("{{ foot }}", "{% if site %}{{ foot }}{% endif %}"), "inside an `if`"),
        (BARE.replace("{{ foot }}", "{{ foot|truncate(9) }}"), "alone"),
        (BARE.replace("{{ foot }}", "<!-- {{ foot }} -->"), "0"),
        (BARE.replace("<div>", "<div style='display:none'>"), "no reader sees"),
        (BARE + "<script></script>", "<script>"),
        (BARE + "<a href='===1==='>a</a>", "a list"),
        (BARE + "{% for a in b %}{% endfor %}", "not `for`"),
        (BARE.replace("{{ content }}", "{{ content|upper }}"), "alone"),
        (BARE + "<img src='{{ zut }}' alt=''>", "address"),
    ],
)
def test_a_layout_that_would_hide_what_must_be_shown_is_refused(layout: str, words: str) -> None:
    found = check_letter(letter("Bonjour", layout=layout), {"zut": ""})
    assert {mistake.file for mistake in found} == {"layout.html"}
    assert any(words in mistake.text for mistake in found), found


def test_a_letter_that_cannot_be_withdrawn_from_shows_no_way_out() -> None:
    confirmation = render(
        letter("[Je confirme](===1===)"), Foot("Les Jardins", "Paris", "Vous l'avez demandé.")
    )
    assert "Vous l&#x27;avez demandé." in confirmation.html
    assert Shape(confirmation.html).links == {URLS[0]}
    assert set(re.findall(r"https://[^\s()]+", confirmation.text)) == {URLS[0]}


def test_the_way_out_can_stand_in_the_words_themselves() -> None:
    source = letter("[Stop](===unsubscribe===), [tout](===everything===)")
    assert render(source).text.startswith("Stop (https://e.fr/u/1), tout\n(https://e.fr/e/1)\n")
    with pytest.raises(MergeFailed):
        render(source, replace(FOOT, unsubscribe_url=""))


def test_the_way_out_stands_at_both_ends_and_extra_links_in_the_foot() -> None:
    rendered = render(
        letter("Bonjour"), replace(FOOT, extra=(("Voir en ligne", "https://e.fr/v?a=1&b=2"),))
    )
    body = rendered.html.index("Bonjour</p>")
    assert rendered.html.index("https://e.fr/u/1") < body < rendered.html.rindex("https://e.fr/u/1")
    assert "https://e.fr/v?a=1&amp;b=2" in rendered.html
    assert "Voir en ligne\N{NO-BREAK SPACE}: https://e.fr/v?a=1&b=2\n" in rendered.text


def test_answers_alone_in_a_paragraph_become_buttons_and_others_do_not() -> None:
    body = "[Oui](===1===)\n[Non](===2===)\n\nOu [plus tard](===3===).\n\n[Stop](===unsubscribe===)"
    html = render(letter(body)).html
    assert re.findall(r'class="button"[^>]*href="([^"]*)"', html) == URLS[:2]
    assert re.search(r'<a href="https://e.fr/m/2"[^>]*>plus tard</a>', html)


def test_pictures_and_files_are_sought_under_the_public_address() -> None:
    html = render(
        letter("![a](pictures/a.png) [b](files/b.pdf) <img alt='' src=./pictures/c.png>")
    ).html
    assert re.findall(r'(?:src|href)="?([^"\s>]*/a/[^"\s>]*)', html) == [
        "https://e.fr/a/pictures/a.png",
        "https://e.fr/a/files/b.pdf",
        "https://e.fr/a/pictures/c.png",
    ]


def test_a_logo_is_shown_when_there_is_one() -> None:
    shown = (
        compile_letter(letter("x"), "https://e.fr/a", logo="pictures/logo.png")
        .render({}, [], FOOT)
        .html
    )
    assert 'src="https://e.fr/a/pictures/logo.png" alt="Les Jardins"' in shown
    assert "<img" not in render(letter("x")).html
    with pytest.raises(LetterMistakes):
        compile_letter(letter("x"), logo="javascript:x")


def test_an_html_fragment_is_put_into_the_layout_as_it_is() -> None:
    rendered = render(
        letter("<p>*Bonjour* {{ n }}</p><p><a href='===1==='>Oui</a></p>", path="x.html"), n="Zoé"
    )
    assert re.search("<p[^>]*>\\*Bonjour\\* Zoé</p>", rendered.html)
    assert rendered.text.startswith("*Bonjour* Zoé\n\nOui (https://e.fr/m/0)")


def test_a_full_document_is_used_as_it_is_and_must_hold_the_foot() -> None:
    document = (
        "<!doctype html><html lang='fr'><head><title>{{ subject }}</title></head>"
        "<body><p>A</p>{{ foot }}</body></html>"
    )
    rendered = render(letter(document, path="x.html"))
    assert rendered.html.startswith("<!doctype html><html lang='fr'><head><title>Bonjour</title>")
    assert 'role="presentation"' not in rendered.html
    assert "Tout arrêter" in rendered.text
    assert "{{ foot }}" in mistakes(letter(document.replace("{{ foot }}", ""), path="x.html"))[0][1]


def test_the_text_of_tables_code_and_hidden_parts() -> None:
    text = render(
        letter(
            "| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx  = {1}\n  y\n```\n\n<p style='display:"
            " none'>caché</p>\n\na<br>b\n\n---\n\n<table"
            " role='presentation'><tr><td>c</td><td>d</td></tr></table>\n\n<moi@e.fr>"
        )
    ).text
    assert text.startswith(
        "a | b\n1 | 2\n\nx  = {1}\n  y\n\na\nb\n\n" + "-" * 40 + "\n\nc\n\nd\n\nmoi@e.fr\n\n-----"
    )


def test_a_letter_is_rendered_thousands_of_times_a_second() -> None:
    compiled = compile_letter(WELCOME, "https://e.fr/a")
    best = 1.0
    for _ in range(5):
        began = time.perf_counter()
        for number in range(200):
            compiled.render({"first_name": f"Anne{number}", "city": "Lyon"}, URLS[:4], FOOT)
        best = min(best, (time.perf_counter() - began) / 200)
    assert best < 0.001
