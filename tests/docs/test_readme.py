"""What the README promises: every verb there is, every word of make, and a dialogue that does what
it says.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli.verbs import VERBS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
WORDS = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("verb", VERBS)
def test_the_table_of_verbs_has_every_verb(verb: str) -> None:
    table = README.partition("\n## The verbs")[2]
    assert re.search(rf"`{verb}\b[^`]*`", table)


def test_the_table_of_verbs_has_no_verb_there_is_not() -> None:
    rows = re.findall(
        r"^\| [a-z]+ \| (.*) \|$", README.partition("\n## The verbs")[2], re.MULTILINE
    )
    named = {said.split()[0] for row in rows for said in re.findall(r"`([^`]+)`", row)}
    assert named == set(VERBS)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_make_is_named(word: str) -> None:
    assert re.search(rf"\bmake {word}\b", README)
