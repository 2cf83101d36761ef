"""Action links are found in every form an editor leaves them in, and nowhere else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sequence.links import Link, find_links, find_mistakes, substitute


def targets(source: str) -> list[tuple[str, str]]:
    return [(link.kind, link.target) for link in find_links(source)]


@pytest.mark.parametrize(
    "source",
    [
        "[Oui](===11===)",
        "[Oui]( ===11=== )",
        "[Oui](<===11===>)",
        '[Oui](===11=== "un titre")',
        "[Oui](http://===11===)",
        "[Oui](https://===11===/)",
        "[Oui](HTTP://===11===/)",
        "[Oui](%3D%3D%3D11%3D%3D%3D)",
        "[Oui](http://%3d%3d%3d11%3d%3d%3d/)",
        "[Oui](%253D%253D%253D11%253D%253D%253D)",
        "[Oui](&#61;&#61;&#61;11&#x3d;&equals;=)",
        r"[Oui](\=\=\=11\=\=\=)",
        "[Oui](===011===)",
        "<===11===>",
        "<http://===11===>",
        "[Oui][1]\n\n[1]: ===11===",
        "[Oui][1]\n\n[1]: <https://===11===/> 'titre'",
        "> [Oui][1]\n>\n> [1]: ===11===",
        '<a href="===11===">Oui</a>',
        "<a href='===11==='>Oui</a>",
        "<a href====11===>Oui</a>",
        '<A class="b" HREF = "http://===11===/">Oui</A>',
        '<a href="&#61;&#61;&#61;11&#61;&#61;&#61;">Oui</a>',
        "[![Photo](pictures/x.png)](===11===)",
        "- [Oui](===11===)",
        "[Oui](\n===11===)",
    ],
)
def test_a_move_is_understood_as_any_editor_writes_it(source: str) -> None:
    assert targets(source) == [("move", "11")]
    assert find_mistakes(source, "x.md") == ()


@pytest.mark.parametrize(
    "source",
    [
        "[Copie](+++12+++)",
        "[Copie](%2B%2B%2B12%2B%2B%2B)",
        '<a href="http://+++12+++/">',
        "[c](&#43;&plus;+12+++)",
    ],
)
def test_a_copy_is_understood_as_any_editor_writes_it(source: str) -> None:
    assert targets(source) == [("copy", "12")]


def test_lists_are_named_by_number_or_by_lower_case_name_in_any_script() -> None:
    assert targets("[a](===liste-b===) [b](+++été-2+++) [c](===e\u0301te===) [d](===列表===)") == [
        ("move", "liste-b"),
        ("copy", "été-2"),
        ("move", "éte"),
        ("move", "列表"),
    ]


def test_special_targets_withdraw_and_are_not_counted() -> None:
    links = find_links(
        "[a](===1===) [u](===unsubscribe===)\n[e](http://===everything===/) [b](+++1+++)"
    )
    assert [(link.index, link.kind, link.line) for link in links] == [
        (0, "move", 1),
        (-1, "unsubscribe", 1),
        (-1, "everything", 2),
        (1, "copy", 2),
    ]


def test_the_same_target_twice_is_two_links() -> None:
    assert find_links("[a](===1===)\n\n[b](===1===)") == (
        Link(0, "move", "1", 1),
        Link(1, "move", "1", 3),
    )


@pytest.mark.parametrize(
    "source",
    [
        "Titre\n=====\n\nSous-titre\n---",
        "===\n",
        "a == b and c === d",
        "=== Chapitre ===",
        "C++ et C+++",
        "```\n[Oui](===11===)\n===11===\n```",
        "~~~~ md\n===11===\n~~~\n===11===\n~~~~",
        "1. ```\n   ===11===\n   ```",
        "`[Oui](===11===)` et ``a ` ===11===``",
        "<!-- [Oui](===11===)\n===11=== -->",
        "[b64](https://exemple.fr/x?q=abc==)",
        "[b64](https://exemple.fr/===)",
        "[tel](+33612345678)",
        "==surligné==",
    ],
)
def test_headings_code_comments_and_ordinary_signs_are_neither_links_nor_mistakes(
    source: str,
) -> None:
    assert find_links(source) == ()
    assert find_mistakes(source, "x.md") == ()


def test_a_link_after_a_closed_fence_is_a_link_again() -> None:
    assert targets("```\n===1===\n```\n[Oui](===2===)") == [("move", "2")]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("Bonjour\n===11===", 2),
        ("+++11+++", 1),
        ("a\n\nhttp://===11===/", 3),
        ("%3D%3D%3D11%3D%3D%3D", 1),
        ("[Oui] (===11===)", 1),
        ("&#61;&#61;&#61;11&#61;&#61;&#61;", 1),
        ("<p>\n===liste-b===\n</p>", 2),
    ],
)
def test_an_action_outside_a_link_is_a_mistake_with_its_line(source: str, line: int) -> None:
    assert find_links(source) == ()
    assert [mistake.line for mistake in find_mistakes(source, "x.md")] == [line]
    assert "outside a link" in find_mistakes(source, "x.md")[0].text


@pytest.mark.parametrize(
    "target",
    [
        "==11==",
        "=11=",
        "===11==",
        "==11===",
        "===11+++",
        "======",
        "===Liste-B===",
        "===11",
        "11===",
        "====11====",
        "http://==11==/",
        "+++unsubscribe+++",
        "++11++",
        "%3D%3D11%3D%3D",
        "===a_b===",
    ],
)
def test_a_misspelt_action_inside_a_link_is_a_mistake(target: str) -> None:
    for source in (f"texte\n[Oui]({target})", f'texte\n<a href="{target}">Oui</a>'):
        assert find_links(source) == ()
        assert [mistake.line for mistake in find_mistakes(source, "x.md")] == [2]


def test_mistakes_come_all_together_in_order_of_line() -> None:
    assert [
        mistake.line
        for mistake in find_mistakes("===1===\n[a](==2==)\n[b](===3===)\n+++4+++", "x.md")
    ] == [1, 2, 4]


def test_urls_take_the_place_of_targets_and_nothing_else_changes() -> None:
    source = '[Oui](http://===11===/ "t") `===11===` <+++2+++>\n\n[1]: ===unsubscribe===\n'
    assert (
        substitute(source, lambda link: f"https://e.fr/?a=1&n={link.index}")
        == '[Oui](https://e.fr/?a=1&amp;n=0 "t") `===11===` <https://e.fr/?a=1&n=1>\n\n'
        "[1]: https://e.fr/?a=1&amp;n=-1\n"
    )


@given(st.text(alphabet="=+1ab`~[](){}<>!\"'/:#%-3D& \n\\", max_size=80))
def test_no_source_is_too_strange_to_be_read(source: str) -> None:
    links = find_links(source)
    find_mistakes(source, "x.md")
    assert [link.index for link in links if link.index >= 0] == list(
        range(len([x for x in links if x.index >= 0]))
    )
    seen: list[Link] = []
    substitute(source, lambda link: seen.append(link) or "https://e.fr/")  # type: ignore[func-returns-value]
    assert tuple(seen) == links


@pytest.mark.parametrize(
    "part", ["``a`", "[x](", "<a href=", "===1", "<!--", "[a]: ", "`", "](\n", "%3D"]
)
def test_a_long_source_is_read_in_little_time(part: str) -> None:
    began = time.perf_counter()
    assert find_links(part * 20_000) == ()
    find_mistakes(part * 20_000, "x.md")
    assert time.perf_counter() - began < 10
