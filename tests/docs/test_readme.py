"""What the README promises: every verb there is, every word of make, and a dialogue that does what
it says.
"""

from __future__ import annotations

import re

import pytest

from engine.authoring.inspection import inspect
from engine.cli.verbs import VERBS
from engine.config import read_config
from engine.letter.source_folder import read_sequences
from tests.docs.pages import QUOTED, ROOT, page, rows, section

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


def test_its_dialogue_is_sound_in_the_sample_but_for_the_warnings_it_speaks_of() -> None:
    config, text = read_config(ROOT), section(README, "A dialogue")
    (dialogue,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    question, bravo = re.findall(r"```markdown\n(.*?)```", text, re.DOTALL)
    own = {"semis.toml": dialogue, "semis/question.md": question, "semis/bravo.md": bravo}
    mistakes = inspect(config, {**read_sequences(config.sequences), **own}).mistakes
    assert not any(mistake.fatal for mistake in mistakes)
    assert sorted(mistake.file for mistake in mistakes) == ["clients.toml", *2 * ["semis.toml"]]
    assert "three warnings" in text and "two of this file, one of the sample" in text
