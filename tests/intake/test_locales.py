"""One reader of time zones and languages for every door: as other programs and as people write
them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.locales import read_language, read_zone
from engine.sequence.timing import is_zone


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Paris", "Europe/Paris"),
        ("america/chicago", "America/Chicago"),
        ("AMERICA/NEW YORK", "America/New_York"),
        ("Etc/GMT+5", "Etc/GMT+5"),
        ("etc/gmt-5", "Etc/GMT-5"),
        ("utc", "UTC"),
        ("Europe/Paris (CET)", "Europe/Paris"),
        ("Paris", "Europe/Paris"),
        ("São Paulo", "America/Sao_Paulo"),
        ("Romance Standard Time", "Europe/Paris"),
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("(GMT-08:00) Pacific Time (US & Canada)", "America/Los_Angeles"),
        ("(UTC+01:00) Brussels, Copenhagen, Madrid, Paris", "Europe/Brussels"),
    ],
)
def test_a_zone_is_known_whatever_its_case_and_by_the_names_of_other_programs(
    text: str, zone: str
) -> None:
    assert read_zone(text) == zone


@pytest.mark.parametrize(
    "text", ["", "Mars", "UTC+02", "+0100", "-6", "x" * 10_000, "Europe", "(", "../etc/passwd"]
)
def test_what_is_no_zone_is_none(text: str) -> None:
    assert read_zone(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Français",
        "FRANÇAIS",
        "french",
        "fr_FR",
        "FR",
        "fr-CA",
        "fra",
        "fre",
        "Français (France)",
        "fr-FR,fr;q=0.9",
    ],
)
def test_french_is_french_in_any_case_and_by_any_name(text: str) -> None:
    assert read_language(text) == "fr"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("anglais", "en"),
        ("English (US)", "en"),
        ("en_US.UTF-8", "en"),
        ("Deutsch", "de"),
        ("allemand", "de"),
        ("pt-BR", "pt"),
        ("Português", "pt"),
        ("ESPAÑOL", "es"),
        ("zh-Hant", "zh"),
        ("русский", "ru"),
    ],
)
def test_a_language_is_a_code_or_a_name_in_french_english_or_itself(text: str, code: str) -> None:
    assert read_language(text) == code


@pytest.mark.parametrize("text", ["", "xx", "oui", "klingonish", "n/a", "-", "f", "x" * 10_000])
def test_what_is_no_language_is_none(text: str) -> None:
    assert read_language(text) == ""


@given(st.text(max_size=120))
def test_whatever_is_written_is_a_name_of_the_database_or_nothing(text: str) -> None:
    assert read_zone(text) == "" or is_zone(read_zone(text))
    assert read_language(text) == "" or read_language(text).isalpha()


def test_what_is_written_as_it_should_be_loads_nothing_of_babel() -> None:
    code = (
        "import sys; from engine.intake.locales import *; read_zone('Europe/Paris');"
        " read_language('fr'); print('babel' in sys.modules)"
    )
    spoken = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert spoken.stdout == b"False\n"
