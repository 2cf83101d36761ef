"""What config.toml says of fields: labels as ever, types and options with every mistake, and a
publication that says nothing new of what has no type.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import read_config
from engine.installation.state import read_settings, write_settings
from engine.sequence.mistakes import Unpublishable
from engine.sequence.model import Field
from engine.sequence.parse import Settings
from tests.running_installation import CONFIG

TYPED = """[fields]
first_name = "Prénom"

[fields.birthday]
label = "Date de naissance"
type = "date"

[fields.soil]
label = "Sol"
type = "choice"
options = [ "Argile", "Sable, limon" ]

[fields.town]
label = "Commune"
"""


def read(folder: Path, fields: str) -> Settings:
    before, _, _ = CONFIG.partition("[fields]")
    (folder / "config.toml").write_text(f"{before}{fields}", "utf-8")
    return read_config(folder).settings


def test_a_field_is_a_label_or_a_table_with_its_type(tmp_path: Path) -> None:
    assert read(tmp_path, TYPED).fields == (
        Field("first_name", "Prénom"),
        Field("birthday", "Date de naissance", "date"),
        Field("soil", "Sol", "choice", ("Argile", "Sable, limon")),
        Field("town", "Commune"),
    )


def test_what_is_published_of_types_is_read_back_the_same(tmp_path: Path) -> None:
    settings = read(tmp_path, TYPED)
    assert read_settings(write_settings(settings)) == settings


def test_a_text_is_published_as_before_there_were_types(tmp_path: Path) -> None:
    published = json.loads(write_settings(read(tmp_path, TYPED)))["fields"]
    assert published[0] == {"name": "first_name", "label": "Prénom"}
    assert published[3] == {"name": "town", "label": "Commune"}


def test_an_installation_without_types_publishes_the_same_octets_as_ever(tmp_path: Path) -> None:
    settings = replace(read(tmp_path, '[fields]\nfirst_name = "Prénom"'), purposes=(), groups=())
    assert write_settings(replace(settings, declared=None)) == (
        '{"fields":[{"label":"Prénom","name":"first_name"}],"groups":[],"language":"fr",'
        '"purposes":[],"timezone":"Europe/Paris"}'
    )


@pytest.mark.parametrize(
    ("fields", "line", "told"),
    [
        ('soil = "Sol"\nemail = "E-mail"', 3, '"email" cannot be the name of a field'),
        ("soil = 3", 2, '"soil" is a label in quotes'),
        ("soil = { label = 3 }", 2, "`label` must be text in quotes"),
        ('soil = { type = "number" }', 2, "`label` is missing"),
        (
            'soil = { label = "Sol", type = "dates" }',
            2,
            "number, date, choice, choices, yes-no",
        ),
        ('soil = { label = "Sol", tipe = "date" }', 2, "did you mean `type`"),
        ('soil = { label = "Sol", type = "choice" }', 2, "needs `options ="),
        ('soil = { label = "Sol", type = "date", options = ["a", "b"] }', 2, "type date"),
        ('soil = { label = "Sol", options = ["a", "b"] }', 2, "type text"),
        ('soil = { label = "Sol", type = "choice", options = ["a"] }', 2, "at least two"),
        ('soil = { label = "Sol", type = "choice", options = "a" }', 2, "a list in brackets"),
        ('soil = { label = "Sol", type = "choice", options = ["a", 2] }', 2, "texts in quotes"),
        ('soil = { label = "Sol", type = "choice", options = ["a", "a"] }', 2, "the same but"),
        ('soil = { label = "Sol", type = "choice", options = ["Été", "ete"] }', 2, "the same but"),
        ('soil = { label = "Sol", type = "choices", options = ["a;b", "c"] }', 2, "semicolon"),
    ],
)
def test_a_mistake_in_a_field_is_told_with_its_line(
    fields: str, line: int, told: str, tmp_path: Path
) -> None:
    with pytest.raises(Unpublishable) as refused:
        read(tmp_path, f"[fields]\n{fields}")
    text = (tmp_path / "config.toml").read_text("utf-8")
    first = text[: text.index("[fields]")].count("\n")
    (mistake,) = refused.value.mistakes
    assert mistake.line == first + line
    assert told in mistake.text
