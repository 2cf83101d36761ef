"""A precompiled body gives what the letter rendered and then encoded would be: for any words, any
fields, any place of the links' tokens.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.letter.compile import (
    Compiled,
    Foot,
    LetterMistakes,
    LetterSource,
    MergeFailed,
    Rendered,
    compile_letter,
)
from engine.letter.precompiled_body import EncodedLetter, PrecompiledBody
from engine.mime.message import BodyRefused, quoted_printable, quoted_printable_lines
from tests.letter.test_compiling import LAYOUT
from tests.sizes import sized

BARE = '<html lang="fr"><body>{{ content }}<div>{{ foot }}</div></body></html>'
MOST_LINKS = 60
MARKS = tuple(f"{'mark' * 8}{place:03}" for place in range(MOST_LINKS))
TOKENS = tuple(f"AQ-_{place:03}" + "x9-_" * 7 for place in range(MOST_LINKS))
FIELDS = ("first_name", "city", "age")


def foot(words: tuple[str, ...], language: str = "fr") -> Foot:
    urls = [f"https://lettres.exemple.fr/l/{word}" for word in words]
    return Foot(
        "Les Jardins & Cie",
        "1 rue des Lilas",
        "Vous avez demandé nos « conseils ».",
        urls[0],
        "Ne plus recevoir",
        urls[1],
        "Tout arrêter",
        "en" if language == "en" else "fr",
    )


def answers(compiled: Compiled, words: tuple[str, ...]) -> list[str]:
    count = sum(link.index >= 0 for link in compiled.links)
    return [f"https://lettres.exemple.fr/l/{words[2 + place]}" for place in range(count)]


def precompiled_of(compiled: Compiled) -> PrecompiledBody:
    urls = answers(compiled, MARKS)
    return compiled.precompiled(urls, foot(MARKS), MARKS[: len(urls) + 2], quoted_printable_lines)


def encoded(rendered: Rendered) -> EncodedLetter:
    return EncodedLetter(
        rendered.subject,
        quoted_printable(rendered.text).decode(),
        quoted_printable(rendered.html).decode(),
    )


def assert_same(compiled: Compiled, body: PrecompiledBody, values: dict[str, str]) -> None:
    """What cannot be rendered cannot be filled; what holds a CR may be left to the plain path; all
    else is equal.
    """
    try:
        rendered = encoded(compiled.render(values, answers(compiled, TOKENS), foot(TOKENS)))
    except (MergeFailed, BodyRefused):
        with pytest.raises(MergeFailed):
            body.fill(values, TOKENS)
        return
    try:
        filled = body.fill(values, TOKENS)
    except MergeFailed:
        assert any("\r" in value for value in values.values())
    else:
        assert filled == rendered


def compiled_pair(
    body: str, path: str, layout: str, subject: str, preheader: str
) -> tuple[Compiled, PrecompiledBody] | None:
    try:
        compiled = compile_letter(
            LetterSource(path, subject, preheader, body, layout), "https://lettres.exemple.fr/a"
        )
    except LetterMistakes:
        return None
    return compiled, precompiled_of(compiled)


def joined(parts: list[tuple[str, str]]) -> str:
    return "".join(map("".join, parts))


LAYOUTS = [
    LAYOUT,
    BARE,
    f"{BARE}\n",
    f"{BARE} ",
    f"{BARE}\n.\n \n",
    (
        "<html lang=fr><body> {{ content }}\n{{ foot }}\n{% if preheader %}=\n{{ preheader|upper"
        " }}\n\n{% endif %}"
    ),
    (
        "{% if city %}\n{{ city }}\n{% elif subject == 'Bonjour' %}\n{{ site|upper }} \n{% else"
        " %}\n..\n{% endif %}\n.\n{{ content }}\n{% if unsubscribe %}<a href='===unsubscribe==='>{{"
        " unsubscribe|upper }}</a>{% endif %}{{ foot }}{{ subject }}"
    ),
]
LINES = [
    "Bonjour",
    "Bonjour {{ first_name|default('à vous', true) }} !",
    "{{ city }}",
    "{{ 'a&b' }}{{ 3 }}{{ site }}",
    "{% if city %}À {{ city }}{% endif %}",
]
CONDITIONS = ["city", "city and not age", "age == '3'", "first_name is defined", "site"]
BREAKS = st.sampled_from(["", " ", "\n", " \n", "\n\n", "\n\n", "\r\n"])
WORDS = st.sampled_from(
    [
        "mot",
        "é",
        "🎄",
        "=",
        ".",
        "..",
        "From ",
        "x" * 66,
        "x" * 75,
        "x" * 76,
        "x" * 77,
        "é" * 13,
        "\N{NO-BREAK SPACE}:",
        "{",
        "}}",
        "%",
        "a  b",
        "&amp;",
        "<br>",
        "\t",
        "<p>",
        "{{ first_name }}",
        "{{ city|upper }}",
        "{{ first_name|default('vous', true) }}",
        "{{ city|trim }}",
        "{{ age|truncate(7, true, '…', 0) }}",
        "{{ language }}",
        "<a href='===11==='>Oui</a>",
        "<a href='+++12+++'>Non</a>",
    ]
)
BODIES = st.recursive(
    st.lists(st.tuples(WORDS, BREAKS), max_size=6).map(joined),
    lambda inner: st.tuples(
        inner,
        st.sampled_from([f"{{% if {each} %}}" for each in CONDITIONS]),
        BREAKS,
        inner,
        st.just("{% else %}"),
        BREAKS,
        inner,
        st.just("{% endif %}"),
        BREAKS,
        inner,
    ).map("".join),
    max_leaves=6,
)
SAID = st.text(
    st.sampled_from(" \t\r\n.=aé🎄\x00\x0b\x0c\x85\u2028_<&\"'\ud800{%"), max_size=90
) | st.sampled_from(["", "Anne", "x" * 76, "Zoé " * 30, "\nfin\n", " ", "3"])
VALUES = st.dictionaries(st.sampled_from(FIELDS), SAID)


@settings(deadline=None, max_examples=sized(15, 60))
@given(
    BODIES,
    st.sampled_from(["a.md", "a.html"]),
    st.sampled_from(LAYOUTS),
    st.sampled_from(LINES),
    st.sampled_from(LINES),
    st.lists(VALUES, min_size=1, max_size=4),
)
@example(
    "<a href='===11==='>Oui</a> {% if city %}\nb\n{% endif %}c",
    "a.html",
    BARE,
    "Bonjour",
    "Bonjour",
    [{"city": "Lyon"}, {"age": "\r"}],
)
@example(
    "{{ city }}<p>\r\n.</p>{{ age }}",
    "a.html",
    LAYOUTS[-1],
    "Bonjour",
    "Bonjour",
    [{"city": "\n \n", "age": "<"}, {"city": "\r", "age": ""}],
)
@example(
    "a\n\n{% if city %}\nb\n{% endif %}\n",
    "a.md",
    LAYOUT,
    "Bonjour",
    "Bonjour",
    [{}, {"city": "Lyon"}],
)
def test_whatever_was_written_the_precompiled_body_gives_it_encoded(
    body: str, path: str, layout: str, subject: str, preheader: str, people: list[dict[str, str]]
) -> None:
    found = compiled_pair(body, path, layout, subject, preheader)
    if found is not None:
        for values in people:
            assert_same(*found, values)
