"""`relance api-key` in the language of the installation."""

from __future__ import annotations

import argparse

import pytest

from engine.house import House
from engine.language import translator
from engine.verbs import keys
from engine.verbs.refusal import Refusal
from tests.conftest import MakeHouse

pytestmark = pytest.mark.postgres


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


def asked(house: House, *words: str) -> int:
    parser = argparse.ArgumentParser()
    keys.add_arguments(parser)
    return keys.run(house, parser.parse_args(words))


def test_a_french_installation_speaks_french_of_its_keys(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(house, "create", "boutique") == 0
    assert asked(house, "list") == 0
    assert "n’a jamais servi" in capsys.readouterr().out
    (key,) = keys.listing(house)
    assert asked(house, "revoke", key.id) == 0
    assert capsys.readouterr().out == f"la clé {key.id} est révoquée\n"
    assert asked(house, "list") == 0
    assert "révoquée le " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("create", ""), 2, "une clé a un nom de 1 à 80 caractères, pour la reconnaître"),
        (("revoke", "none"), 1, "il n’y a pas de clé none en service ; `relance api-key list` les montre"),
    ],
    ids=str,
)
def test_a_key_there_cannot_be_is_refused_in_french(house: House, words: tuple[str, ...], status: int, said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        asked(house, *words)
    assert (refusal.value.status, refusal.value.said(translator("fr"))) == (status, said)
