"""`relance inbound` as an operator types it: what each mail is and what would be done, in words."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.config import read_config
from engine.mime.return_path import return_address, return_key
from engine.secret_files import make_secrets, read_secrets
from tests.inbound.mails import SAMPLES
from tests.running_installation import CONFIG

MESSAGE = "00112233445566778899aabbccddeeff"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installation")
    english = CONFIG.replace("[site]", '[site]\nlanguage = "en"', 1)
    (folder / "config.toml").write_text(english, encoding="utf-8")
    make_secrets(read_config(folder).secrets)
    return folder


def in_place(folder: Path, name: str) -> Path:
    """A sample with a return path of this installation's."""
    key = return_key(read_secrets(read_config(folder).secrets).link_key)
    address = return_address(key, "bounce", "bounce@jardin.example", MESSAGE)
    file = folder / name
    text = (SAMPLES / name).read_text("utf-8").replace("{return_path}", address)
    file.write_text(text, encoding="utf-8")
    return file


def test_each_mail_is_told_with_its_letter_and_what_would_be_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bounce, absence = in_place(folder, "qmail.eml"), in_place(folder, "mailinblack.eml")
    assert main(["-C", str(folder), "inbound", str(bounce), str(absence)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{bounce}: a bounce: the address is dead",
        f"    letter {MESSAGE}, by its token",
        "    recipient anna@reader.example: 550 5.1.1",
        "    whoever the letter went to is not written to again",
        f"{absence}: a challenge: the sender is asked to prove to be a person",
        f"    letter {MESSAGE}, by its token",
        "    it is shown to you; nobody clicks in your place",
    ]


def test_a_forged_bounce_is_said_to_change_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(folder), "inbound", str(in_place(folder, "forged-victim.eml"))]) == 0
    assert "no letter of this installation is named: nothing changes" in capsys.readouterr().out


def test_a_mail_from_standard_input_is_told_as_json(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    octets = in_place(folder, "exim-dsn-full.eml").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(octets)))
    assert main(["-C", str(folder), "inbound", "--json", "-"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["reading"], told["letter"], told["by"]) == ("bounced", MESSAGE, "token")


def test_what_is_not_understood_is_said_with_its_reason(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "none.eml").write_bytes(b"\xff\x00")
    assert main(["-C", str(folder), "inbound", str(folder / "none.eml")]) == 1
    assert "not understood: it has no header: it is no mail" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_a_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-C", str(folder), "inbound", str(folder / "nowhere.eml")]) == 2
    assert "nowhere.eml cannot be used: No such file" in capsys.readouterr().err
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    make_secrets(read_config(tmp_path).secrets)
    assert main(["-C", str(tmp_path), "inbound", str(tmp_path / "nowhere.eml")]) == 2
    assert "n’est pas utilisable\u00a0: ce fichier n’existe pas" in capsys.readouterr().err
