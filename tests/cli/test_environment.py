"""What a container says by its environment wins over `config.toml`, and nothing else does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.authoring.new_installation import copy_sample
from engine.cli.main import main
from engine.config import Config, read_config
from engine.environment import WrongVariable, read_environment

URL = "postgresql://relance:geheim@database/relance"


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RELANCE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return copy_sample(tmp_path / "mine")


def refusal(variables: dict[str, str]) -> str:
    with pytest.raises(WrongVariable) as refused:
        read_environment(variables)
    return str(refused.value)


def test_without_a_variable_the_file_holds(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    read = read_config(config.folder)
    assert (read.web.host, read.console.host, read.store_url) == ("127.0.0.1",) * 2 + ("embedded",)
    assert read.data == config.folder / "data"
    for name in ("STORE_URL", "STORE_URL_FILE", "WEB_HOST", "CONSOLE_HOST", "DATA"):
        monkeypatch.setenv(f"RELANCE_{name}", "")
    assert read_config(config.folder) == read, "an empty variable says nothing"


def test_each_variable_stands_for_its_key(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELANCE_WEB_HOST", "0.0.0.0")
    monkeypatch.setenv("RELANCE_CONSOLE_HOST", "::")
    monkeypatch.setenv("RELANCE_STORE_URL", URL)
    monkeypatch.setenv("RELANCE_DATA", str(tmp_path / "kept"))
    read = read_config(config.folder)
    assert (read.web.host, read.console.host, read.store_url) == ("0.0.0.0", "::", URL)
    assert (read.data, read.secrets) == (tmp_path / "kept", tmp_path / "kept/secrets")
    assert read.web.port == config.web.port, "nothing beside it changes"


def test_the_address_of_the_database_may_stand_in_a_file(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store_url").write_text(URL + "\n", "utf-8")
    monkeypatch.setenv("RELANCE_STORE_URL_FILE", str(tmp_path / "store_url"))
    assert read_config(config.folder).store_url == URL


@pytest.mark.parametrize("content", [b"", b"\n", b"mysql://geheim@host/db", b"\xff\xfe", None])
def test_a_file_without_an_address_is_refused_by_its_variable(
    content: bytes | None, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "store_url").write_bytes(content)
    said = refusal({"RELANCE_STORE_URL_FILE": str(tmp_path / "store_url")})
    assert said.startswith("RELANCE_STORE_URL_FILE")
    assert "geheim" not in said


def test_two_places_of_the_database_are_one_too_many() -> None:
    said = refusal({"RELANCE_STORE_URL": URL, "RELANCE_STORE_URL_FILE": "/run/secrets/url"})
    assert "RELANCE_STORE_URL and RELANCE_STORE_URL_FILE" in said
    assert "geheim" not in said


def test_what_is_no_address_of_a_database_is_not_repeated() -> None:
    said = refusal({"RELANCE_STORE_URL": "mysql://geheim@host/db"})
    assert said.startswith("RELANCE_STORE_URL is")
    assert "geheim" not in said


def test_a_folder_of_data_is_a_whole_path() -> None:
    assert "RELANCE_DATA" in refusal({"RELANCE_DATA": "data"})


def test_variables_of_others_are_left_alone() -> None:
    """As Kubernetes sets them for a service called `relance`."""
    others = {"RELANCE_PORT": "tcp://10.0.0.1:8080", "RELANCE_SERVICE_HOST": "10.0.0.1"}
    assert read_environment(others) == read_environment({})


def test_a_new_installation_keeps_its_secrets_where_its_data_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELANCE_DATA", str(tmp_path / "kept"))
    assert main(["-C", str(tmp_path), "init", "mine", "--sample"]) == 0
    assert (tmp_path / "kept/secrets/link.key").is_file()
    assert not (tmp_path / "mine/data").exists()


def test_a_verb_says_which_variable_is_wrong(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELANCE_DATA", "data")
    assert main(["-C", str(config.folder), "check"]) == 2
    assert "RELANCE_DATA" in capsys.readouterr().err
