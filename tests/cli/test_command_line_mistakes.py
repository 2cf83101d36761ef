"""What a person or a machine gets wrong before anything is opened: a sentence on standard error, a
status, never a traceback, nothing started.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commanding import Installation, ended
from tests.forked import Said
from tests.running import ROOT, free_port

SMTP = (
    '\n[smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nusername = "u"\npassword_file ='
    ' "{file}"\n'
)


def no_config(relance: Installation) -> None:
    (relance.folder / "config.toml").unlink()


def config_of(text: bytes) -> Callable[[Installation], None]:
    def spoil(relance: Installation) -> None:
        (relance.folder / "config.toml").write_bytes(text)

    return spoil


def config_a_folder(relance: Installation) -> None:
    no_config(relance)
    (relance.folder / "config.toml").mkdir()


def data_a_file(relance: Installation) -> None:
    (relance.folder / "data").write_text("x")


def no_sequences(relance: Installation) -> None:
    (relance.folder / "sequences").rename(relance.folder / "words")


def store(url: str) -> Callable[[Installation], None]:
    return lambda relance: relance.configure(f'\n[store]\nurl = "{url}"\n')


def site(url: str) -> Callable[[Installation], None]:
    return lambda relance: relance.configure(changes={relance.url: url})


def bad_secret(relance: Installation) -> None:
    secrets = relance.folder / "data" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "suppression.pepper").write_text("pepper")


NO_BRACKET = "this is not TOML: the bracket that ends this table's name is missing"


@pytest.mark.parametrize(
    ("spoil", "verb", "status", "sentence"),
    [
        (
            no_config,
            "lists",
            2,
            "config.toml:1: there is no config.toml in this folder; `relance init DIR` makes one\n",
        ),
        (
            config_of(b"[site\n"),
            "lists",
            2,
            f"config.toml:1: {NO_BRACKET}\n    [site\n         ^\n",
        ),
        (
            config_of(b'language = "fr"\n[site\n'),
            "lists",
            2,
            "config.toml:2: ceci n’est pas du TOML\N{NO-BREAK SPACE}: il manque le crochet",
        ),
        (
            config_of(b"\xff\xfe"),
            "lists",
            2,
            "config.toml:1: is not UTF-8 (byte 0): save it as UTF-8\n",
        ),
        (config_of(b"colour = 1\n"), "run", 2, "config.toml:1: "),
        (config_a_folder, "check", 2, "config.toml:1: cannot be read: "),
        (site("http://[::1"), "check", 2, "config.toml:4: `url` is the address readers reach"),
        (
            site("http://x.example:99999"),
            "check",
            2,
            "config.toml:4: `url` is the address readers reach",
        ),
        (
            no_sequences,
            "check",
            2,
            "sequences/:1: there is no folder `sequences` beside config.toml",
        ),
        (data_a_file, "lists", 1, "relance: "),
        (
            bad_secret,
            "lists",
            1,
            "relance: the secret suppression.pepper is not hexadecimal: put your saved copy back\n",
        ),
        (
            store("postgresql://u:geheim@127.0.0.1:1/x"),
            "lists",
            1,
            "relance: the database cannot be reached: ",
        ),
        (
            store("postgresql://u:ge%heim@127.0.0.1:1/x"),
            "lists",
            1,
            "relance: [store] url in config.toml is not an address PostgreSQL understands\n",
        ),
        (store("mysql://u@h/x"), "lists", 2, "config.toml:"),
    ],
)
def test_what_keeps_relance_from_starting_is_a_sentence(
    tmp_path: Path, spoil: Callable[[Installation], None], verb: str, status: int, sentence: str
) -> None:
    relance = Installation(tmp_path)
    spoil(relance)
    said = relance(verb)
    assert (said.status, said.out) == (status, "")
    assert said.err.startswith(sentence) and "geheim" not in said.err and "ge%heim" not in said.err
    assert not (tmp_path / "data" / "postgres").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("frobnicate",), "there is no verb frobnicate"),
        ((), "the following arguments are required: VERB"),
        (("run", "--speed", "0"), "argument --speed: a whole number from 1 to 10000000"),
        (("run", "--speed", "fast"), "argument --speed: a whole number from 1 to 10000000"),
        (("demo", "--for", "nan"), "argument --for: a number of seconds, more than 0"),
        (("import", "x.csv"), "the following arguments are required: --list"),
        (("audit",), "the following arguments are required: PART"),
        (("show", "anna\udce9@lecteurs.example"), "the arguments are not UTF-8"),
    ],
)
def test_a_line_that_cannot_be_understood_is_status_2(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    answer = Installation(tmp_path)(*arguments)
    assert (answer.status, answer.out) == (2, "") and said in answer.err


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    relance = Installation(tmp_path / "here")
    relance.folder = tmp_path / "there"
    said = relance("lists")
    assert said == Said(2, "", f"relance: there is no folder {tmp_path / 'there'}\n")


@pytest.mark.postgres
def test_a_password_that_cannot_be_read_or_a_server_that_is_not_there_is_told_before_sending(
    tmp_path: Path,
) -> None:
    relance = Installation(tmp_path)
    relance.configure(SMTP.format(port=free_port(), file="data/secrets/relay"))
    for verb in (("send", "--for", "5"), ("send-test", "question", "--to", "me@potager.example")):
        said = relance(*verb)
        assert said == Said(
            2,
            "",
            "relance: [smtp] password_file data/secrets/relay cannot be read: No such file or"
            " directory\n",
        )
    (tmp_path / "data" / "secrets" / "relay").write_bytes(b"\xff\xfe")
    assert relance("send", "--for", "5").status == 2
    (tmp_path / "data" / "secrets" / "relay").write_text("secret\n")
    said = relance("send-test", "question", "--to", "me@potager.example")
    assert (
        said.status == 1
        and "cannot be reached" in said.err
        and "secret" not in said.err.replace("data/secrets", "")
    )


def test_a_french_installation_is_refused_in_french(tmp_path: Path) -> None:
    relance = Installation(tmp_path)
    relance.configure(changes={'language = "en"': 'language = "fr"'})
    (tmp_path / "data").mkdir()
    said = relance("show", "anna")
    assert said == Said(2, "", "relance: une adresse a exactement un signe @\n")
    said = relance("simulate", "printemps")
    assert said == Said(
        2, "", "relance: il n’y a pas de dialogue printemps ; il y a : semis.toml\n"
    )


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    relance = Installation(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "engine", "-C", str(tmp_path), "check"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=relance.environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    said = ended(process)
    assert said.status == 0 and "BrokenPipe" not in said.err
