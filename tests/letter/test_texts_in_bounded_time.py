"""What an author or another program wrote takes a time that grows with its length, whatever is
repeated in it: styles, tags, headings.
"""

from __future__ import annotations

import pytest

from engine.imports.agreement import Heading, heading_of, is_ground, of_another_channel
from engine.intake.instants import DateRefused, read_instant
from engine.letter.foreign_tags import find_foreign_tags
from engine.letter.inlining import with_inlined_styles
from engine.letter.inspection import hosts_named
from engine.letter.placeholders import Placeholders

LENGTH = 200_000  # characters: in a time that grows with the square, minutes
pytestmark = pytest.mark.timeout(60)


def repeated(piece: str) -> str:
    return piece * (LENGTH // len(piece))


@pytest.mark.parametrize("piece", ["/*", "/* a */", ":;", "a{", "}", "@a{b:c}", "<style>"])
def test_the_styles_of_a_page(piece: str) -> None:
    style = f"<style>p{{color:red}}{repeated(piece)}</style>"
    page = f"<html><head>{style}</head><body><p>x</p></body></html>"
    assert "<p" in with_inlined_styles(page, Placeholders())


@pytest.mark.parametrize(
    "piece",
    [
        "<style>",
        "<style ",
        "*|a",
        "{!a ",
        "[[a ",
        "{$a ",
        "%A.",
        "%AAA|",
        "[a,  ",
        "<%= a",
        "((a ",
        "«a ",
    ],
)
def test_the_tags_of_other_tools(piece: str) -> None:
    assert list(find_foreign_tags(repeated(piece))) == []


@pytest.mark.parametrize("piece", ["recevoiraaa", "subscri", "accept a ", "souhaite"])
def test_a_heading(piece: str) -> None:
    heading = repeated(piece)
    assert heading_of(heading) in Heading
    assert not of_another_channel(heading)
    assert is_ground(heading) in (True, False)


@pytest.mark.parametrize("piece", ["!", " ", "a.", "-/"])
def test_the_words_of_a_link(piece: str) -> None:
    assert hosts_named(f"a{repeated(piece)}à") == ()


@pytest.mark.parametrize("piece", ["1", "a ", " (", "1 a ", "a/"])
def test_a_date(piece: str) -> None:
    with pytest.raises(DateRefused):
        read_instant(repeated(piece), "Europe/Paris")
