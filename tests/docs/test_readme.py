"""What the README promises: every verb there is, every word of make, and a dialogue that does what
it says.
"""

from __future__ import annotations

import re

import pytest

from engine.cli.verbs import VERBS
from tests.docs.pages import QUOTED, page, rows, section

README = page("README.md")
NAMED = {
    command.split()[0]
    for _, commands in rows(section(README, "The verbs"))
    for command in QUOTED.findall(commands)
}
WORDS = re.findall(r"^([a-z-]+):.*## ", page("Makefile"), re.MULTILINE)


def test_the_table_of_verbs_has_every_verb_and_no_other() -> None:
    assert set(VERBS) == NAMED


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_make_is_named(word: str) -> None:
    assert re.search(rf"\bmake {word}\b", README)
