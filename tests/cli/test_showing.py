"""`relance show`: what comes next for a person is said in words, in the language of the
installation.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import pytest

from engine.cli import arguments_of_people, people
from engine.commands.command_handler import CommandRequest
from engine.config import read_config
from engine.context import AppContext
from engine.subscriber.commands import SetPreferences
from engine.subscriber.events import Cause
from tests.cli.asking import FILES as ASKING
from tests.cli.asking import join
from tests.cli.bringing_in import FILES
from tests.conftest import MakeContext
from tests.running_installation import publish

pytestmark = pytest.mark.postgres
REST = (
    'title = "Repos"\npurpose = "conseils"\n[[list]]\nid = 30\nname = "repos"\nends = { leave ='
    ' true, after = "1 week" }\n'
)


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES | {"repos.toml": REST})


def test_an_option_that_is_offered_no_longer_is_called_as_it_was(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    themes = '[[theme]]\nid = "{}"\nname = "{}"\n'
    content = '[[content]]\nid = "film"\nname = "Le film"\n'
    offered = themes.format("semis", "Semis") + themes.format("taille", "La taille")
    context = make_context(ASKING, offered + content)
    (anna,) = join(context, 1)
    chosen = SetPreferences(
        context.clock.now(), Cause("api"), themes=("semis", "taille"), contents=("film",)
    )
    context.command_handler.execute_one(CommandRequest(chosen, stream=anna))
    config = context.config.folder / "config.toml"
    text = config.read_text("utf-8").replace(content, "")
    config.write_text(text.replace(themes.format("taille", "La taille"), ""), "utf-8")
    publish(replace(context, config=read_config(context.config.folder)))
    assert people.show(context, argparse.Namespace(address=anna, json=False)) == 0
    said = capsys.readouterr().out.replace("\u00a0", " ")
    names = "thèmes : Semis, La taille (n’est plus proposé)"
    assert said.count(names) == 2, "among what happened, and how it stands"
    assert said.count("types de contenu : Le film (n’est plus proposé)") == 2


def next_of(context: AppContext, capsys: pytest.CaptureFixture[str], *subscribing: str) -> str:
    """Put on a list, and what `show` then says comes next."""
    parser, showing = argparse.ArgumentParser(), argparse.ArgumentParser()
    arguments_of_people.subscribe_arguments(parser)
    arguments_of_people.show_arguments(showing)
    assert people.subscribe(context, parser.parse_args(["ana@lecteurs.example", *subscribing])) == 0
    capsys.readouterr()
    assert people.show(context, showing.parse_args(["ana@lecteurs.example"])) == 0
    return capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("subscribing", "said"),
    [
        (
            ("--list", "10", "--basis", "consent", "--source", "salon"),
            "Ensuite : « Bienvenue » [bienvenue] (liste 10 accueil), le ",
        ),
        (
            ("--list", "30", "--basis", "consent", "--source", "salon"),
            "Ensuite : la fin de la liste 30 repos, le ",
        ),
        (("--list", "10"), "Ensuite : la lettre qui demande de confirmer pour « conseils », le "),
    ],
    ids=["letter", "end", "confirmation"],
)
def test_what_comes_next_is_said_in_words(
    context: AppContext, capsys: pytest.CaptureFixture[str], subscribing: tuple[str, ...], said: str
) -> None:
    assert next_of(context, capsys, *subscribing).startswith(said)
