"""`relance show`: what comes next for a person is said in words, in the language of the
installation.
"""

from __future__ import annotations

import argparse

import pytest

from engine.cli import arguments_of_people, people
from engine.context import AppContext
from tests.cli.bringing_in import FILES
from tests.conftest import MakeContext

pytestmark = pytest.mark.postgres
REST = (
    'title = "Repos"\npurpose = "conseils"\n[[list]]\nid = 30\nname = "repos"\nends = { leave ='
    ' true, after = "1 week" }\n'
)


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES | {"repos.toml": REST})


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
