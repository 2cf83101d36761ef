"""A letter as mail programs of known limits take it: Outlook lays out with tables, Orange reads no
head and drops `background-color`.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.letter.compile import ButtonColours, Foot, LetterSource, RenderSettings, compile_letter
from engine.letter.source_folder import sizes_of

LAYOUT = (Path(__file__).parents[2] / "sequences" / "layout.html").read_text(encoding="utf-8")
FOOT = Foot(
    who="Les Jardins",
    address="1 rue des Lilas, 75020 Paris",
    why=(
        "Vous recevez cette lettre parce que vous avez accepté de recevoir «\N{NO-BREAK SPACE}Les"
        " conseils du potager\N{NO-BREAK SPACE}»."
    ),
    unsubscribe_url=f"https://lettres.exemple.fr/l/{'a' * 35}",
    unsubscribe_label=(
        "Ne plus recevoir «\N{NO-BREAK SPACE}Les conseils du potager\N{NO-BREAK SPACE}»"
    ),
)
SIZES = {"large.png": (1200, 800), "small.png": (120, 60)}
SETTING = RenderSettings("https://lettres.exemple.fr/a", size_of=SIZES.get)
URLS = [f"https://lettres.exemple.fr/l/{letter * 35}" for letter in "bcde"]


def rendered(
    body: str,
    *,
    layout: str = LAYOUT,
    preheader: str = "",
    settings: RenderSettings = SETTING,
    path: str = "a.md",
    **values: str,
) -> tuple[str, str]:
    compiled = compile_letter(LetterSource(path, "Objet", preheader, body, layout), settings)
    urls = URLS[: sum(link.index >= 0 for link in compiled.links)]
    both = compiled.render(values, urls, FOOT)
    return both.html, both.text


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def for_outlook(html: str) -> str:
    """What Word lays out: conditional comments opened, none of the others'."""
    html = re.sub(r"<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.S)
    return re.sub(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", r"\1", html, flags=re.S)


def nested(html: str) -> None:
    """Every table, row, cell and block is closed where it was opened."""
    open_tags: list[str] = []
    for end, tag in re.findall(
        r"<(/?)(table|tbody|tr|td|div|p)\b", re.sub(r"<!--.*?-->", "", html, flags=re.S)
    ):
        if end:
            assert open_tags and open_tags.pop() == tag
        else:
            open_tags.append(tag)
    assert open_tags == []


QUESTION = (
    "Alors ?\n\n[Oui](===1===)\n{% if town %}[Non](===2===){% endif %} [Peut-être](===3===)\n"
)


@pytest.mark.parametrize("town", ["", "Lyon"])
def test_a_button_is_the_cell_of_a_table_in_every_program(town: str) -> None:
    html, _ = rendered(QUESTION, town=town)
    cells = [tag for tag in Tags(html).tags if tag[1].get("bgcolor") == "#1f4e79"]
    assert len(cells) == (3 if town else 2)
    assert all(
        tag == "td" and "background:#1f4e79" in attributes["style"].replace(" ", "")
        for tag, attributes in cells
    )
    nested(html)
    nested(for_outlook(html))
    assert for_outlook(html).count('<td style="padding:4px 8px 4px 0">') == len(cells)


def test_buttons_have_the_colour_of_the_installation_and_words_that_can_be_read_on_it() -> None:
    html, _ = rendered(
        QUESTION,
        settings=RenderSettings(button_colours=ButtonColours("#fc0000", "#000000", own=True)),
        town="x",
    )
    assert (
        html.count('bgcolor="#fc0000"') == 3
        and html.count("color: #000000") == 3
        and 'class="button"' not in html
    )


def test_conditional_comments_of_a_layout_reach_outlook_and_other_comments_nobody() -> None:
    outlook = '<!--[if mso]><table width="600"><tr><td><![endif]-->'
    others = "<!--[if !mso]><!--><p>autres</p><!--<![endif]-->"
    layout = LAYOUT.replace(
        "{{ content }}",
        f"<!-- note -->{outlook}{{{{ content }}}}<!--[if"
        f" mso]></td></tr></table><![endif]-->{others}",
    )
    html, text = rendered("Bonjour", layout=layout)
    assert (
        outlook in html
        and "<!--[if !mso]><!-->" in html
        and "<!--<![endif]-->" in html
        and "note" not in html
    )
    assert "autres" in text and "mso" not in text


def test_the_layout_is_held_to_600_pixels_in_outlook_too() -> None:
    html, _ = rendered("Bonjour")
    (ghost,) = [
        attributes
        for tag, attributes in Tags(for_outlook(html)).tags
        if attributes.get("width") == "600"
    ]
    assert ghost["align"] == "center"
    assert 'name="format-detection"' in html


def test_styles_of_the_head_stand_in_the_elements_too_and_the_head_wins_where_it_is_read() -> None:
    sheet = (
        ".note { color: #111111; margin: 0 }\na:hover { color: #222222 }\n@media print { .note {"
        " color: #333333; top: 0 } }"
    )
    html, _ = rendered(
        '<p class="note">mot</p>\n\n[lien](https://e.fr)',
        layout=LAYOUT.replace("</style>", f"{sheet}</style>"),
    )
    (note,) = [
        attributes for tag, attributes in Tags(html).tags if attributes.get("class") == "note"
    ]
    assert "color: #111111" in note["style"]
    assert "a:hover { color: #222222 !important}" in html
    assert ".note { color: #333333 !important; top: 0 }" in html


def test_a_page_whose_styles_hold_at_some_times_only_is_left_as_it_is() -> None:
    page = (
        '<html lang="fr"><head><style>@media print{#a{width:100%}}</style></head><body><p>A</p>{{'
        " foot }}</body></html>"
    )
    html, _ = rendered(page, path="a.html")
    assert html.startswith(page.partition("{{")[0])


def test_a_condition_between_rows_stays_between_rows() -> None:
    body = (
        "<table><tr><td>un</td></tr>{% if town %}<tr><td>{{ town }}</td></tr>{% else"
        " %}<tr><td>rien</td></tr>{% endif %}</table>"
    )
    for town, shown in (("Lyon", "Lyon"), ("", "rien")):
        html, text = rendered(body, town=town)
        assert re.search(rf"un</td></tr>\s*<tr><td[^>]*>{shown}</td></tr>", html)
        assert text.startswith(f"un\n{shown}\n")
        nested(html)


def test_no_element_depends_on_what_orange_drops() -> None:
    html, _ = rendered(QUESTION, town="x")
    styles = [attributes["style"] for _, attributes in Tags(html).tags if "style" in attributes]
    assert styles and not any("background-color" in style for style in styles)
    grounds = [
        attributes
        for tag, attributes in Tags(html).tags
        if tag in ("body", "table", "td") and "background:" in attributes.get("style", "")
    ]
    assert grounds and all("bgcolor" in attributes for attributes in grounds)


def test_a_colour_behind_words_is_written_as_every_program_takes_it() -> None:
    layout = LAYOUT.replace("</style>", ".box { background-color: #eeeeee }</style>")
    body = (
        '<table><tr><td class="box">a</td><td'
        ' style="background-color:#dddddd;background-image:none">b</td></tr></table>'
    )
    html, _ = rendered(body, layout=layout)
    assert re.search(r'<td[^>]*bgcolor="#eeeeee"[^>]*style="background: #eeeeee;?"', html)
    assert "background-color:#dddddd;background-image:none" in html


def test_a_preheader_is_padded_so_that_no_program_shows_what_comes_after_it() -> None:
    html, text = rendered("Bonjour", preheader="En un mot")
    assert (
        re.search(r"En un mot\s*[\u2007\ufeff\u034f]{100,}</div>", html) and "En un mot" not in text
    )
    assert "\u034f" not in rendered("Bonjour")[0]


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ("![Un carré](pictures/large.png)", ("528", "352")),
        ("![Un carré](pictures/small.png)", ("120", "60")),
        ('<img src="pictures/large.png" alt="" width="300">', ("300", "200")),
        ("<img src='./pictures/large.png' alt='' height='40'>", (None, "40")),
        ("![Inconnu](pictures/inconnu.png)", (None, None)),
        ("![Ailleurs](https://e.fr/large.png)", (None, None)),
    ],
)
def test_a_picture_says_its_size_and_keeps_to_the_column(
    source: str, size: tuple[str | None, str | None]
) -> None:
    html, _ = rendered(source)
    (picture,) = [attributes for tag, attributes in Tags(html).tags if tag == "img"]
    assert (picture.get("width"), picture.get("height")) == size
    assert "max-width" in picture["style"] and "height" in picture["style"]


def test_the_text_part_keeps_within_72_columns_but_for_longer_addresses() -> None:
    long = "Un bien long bouton dont les mots prennent à eux seuls une ligne entière de la lettre"
    _, text = rendered(
        f"# Un titre\n\nDes mots, {'et des mots, ' * 20}enfin.\n\n> cité"
        f" {'encore ' * 20}\n\n[Oui](===1===) [{long}](===2===)\n"
    )
    for line in text.split("\n"):
        assert len(line) <= 72 or re.fullmatch(r"https://\S+", line), line
        assert line == line.rstrip()
    assert (
        f"Oui\N{NO-BREAK SPACE}:\n{URLS[0]}\n" in text
        or f"Oui\N{NO-BREAK SPACE}: {URLS[0]}\n" in text
    )


def test_sizes_are_read_from_the_pictures_themselves(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    gif = b"GIF89a" + (300).to_bytes(2, "little") + (150).to_bytes(2, "little") + bytes(20)
    for name, content in (("carré.gif", gif), ("vide.gif", b""), ("texte.png", b"un texte")):
        (tmp_path / "pictures" / name).write_bytes(content)
    (tmp_path / "pictures" / "lien.gif").symlink_to(tmp_path / "pictures" / "carré.gif")
    size_of = sizes_of(tmp_path)
    assert [
        size_of(name)
        for name in ("carré.gif", "vide.gif", "texte.png", "lien.gif", "absent.gif", "../carré.gif")
    ] == [(300, 150), *[None] * 5]
    assert (
        'width="300" height="150"'
        in rendered("![a](pictures/carr%C3%A9.gif)", settings=RenderSettings(size_of=size_of))[0]
    )
