"""The worked examples of docs/segments.md, copied from the page into a new installation: they are
sound, and each reader lives through what the page says.
"""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from engine.authoring.inspection import read_folder
from engine.authoring.new_installation import lay_out, own_sequences, sample_folder
from engine.authoring.starter import Owner, Ports, own_config
from engine.cli.arguments_of_letters import simulate_arguments
from engine.cli.simulate import run
from engine.config import Config, read_config
from tests.docs.pages import page

PAGE = page("docs/segments.md")
OWNER = Owner("L’École", "1 rue", "a@b.example", "https://l.b.example", "Conseils", "en")
FILE = re.compile(r"^(?:# (\S+\.toml)|<!-- (\S+\.md) -->)\n", re.MULTILINE)
LIVES = [
    life
    for block in re.findall(r"^```\n(relance simulate .*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for life in re.split(r"\n\n(?=relance )", block)
]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("page") / "mine"
    sample = (sample_folder() / "config.toml").read_text("utf-8")
    lay_out(folder, own_config(sample, OWNER, Ports()), own_sequences(sample_folder(), OWNER))
    for block in re.findall(r"^```(?:toml|markdown)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        _, *parts = FILE.split(block)
        for toml, letter, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            copy(folder / (toml or letter), text)
    return read_config(folder)


def copy(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    before = file.read_text("utf-8") if file.name == "config.toml" else ""
    file.write_text(before + text, "utf-8")


def test_nothing_stands_in_the_way_of_publishing_them(config: Config) -> None:
    read = read_folder(config)
    assert [str(mistake) for mistake in read.mistakes if mistake.fatal] == []
    assert {"a-commande", "lyon-actifs"} == set(read.plan.segments)


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.partition("\n")[0])
def test_each_reader_lives_through_what_the_page_says(
    life: str, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    command, _, calendar = life.partition("\n")
    parser = argparse.ArgumentParser()
    simulate_arguments(parser)
    assert run(config, parser.parse_args(shlex.split(command)[2:])) == 0
    assert capsys.readouterr().out.strip() == calendar.strip()


def test_every_level_is_lived_through() -> None:
    assert {life.split()[2] for life in LIVES} == {
        "livre.toml",
        "sondage.toml",
        "jardin.toml",
        "semis.toml",
        "nouvelles.toml",
    }
