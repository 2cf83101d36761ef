"""`init` makes an installation that checks out and runs, beside whatever a folder holds already;
`demo` shows the sample at work.
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from engine.config import read_config
from tests.cli.commanding import Installation, ended
from tests.forked import Said
from tests.running import ROOT, wait_for, write
from tests.running_installation import LAYOUT

pytestmark = pytest.mark.timeout(240)
MINE = (
    "--name",
    "Les Amis",
    "--address",
    "1 rue des Lilas, 75001 Paris",
    "--from",
    "amis@amis.fr",
    "--purpose",
    "La lettre des amis",
)


def beside(folder: Path) -> Installation:
    """Somebody who stands in a folder that is no installation."""
    relance = Installation(folder / "unused")
    relance.folder = folder
    return relance


def test_an_installation_of_ones_own_checks_out_and_says_what_to_do_next(tmp_path: Path) -> None:
    relance = beside(tmp_path)
    told = relance("init", "mine", *MINE, "--language", "fr")
    assert (told.status, told.err) == (0, "")
    relance.folder = tmp_path / "mine"
    assert relance("check") == Said(
        0, "3 listes, 5 lettres\u00a0: rien n’empêche de publier.\n", ""
    )
    config = read_config(relance.folder)
    assert (
        f"  http://127.0.0.1:{config.web.port}/f/inscription\n "
        f" http://127.0.0.1:{config.mailbox_port}\n" in told.out
    )
    commands = [line.strip() for line in told.out.splitlines() if " -C " in line]
    assert [shlex.split(line)[3] for line in commands] == ["run", "check", "simulate", "publish"]
    # In a fresh shell, wherever it stands.
    for line in commands[1:3]:
        assert (
            subprocess.run(
                ["sh", "-c", line], cwd="/", env={}, capture_output=True, check=False
            ).returncode
            == 0
        ), line


def test_without_a_terminal_everything_that_is_missing_or_wrong_is_named_at_once(
    tmp_path: Path,
) -> None:
    relance = beside(tmp_path)
    bare, wrong, both = relance.together(
        ("init", "mine"),
        (
            "init",
            "mine",
            "--from",
            "x@",
            "--url",
            "http://a/b",
            "--name",
            "a\nb",
            "--language",
            "fr",
        ),
        ("init", "mine", "--sample", "--name", "Les Amis"),
    )
    assert (bare.status, bare.out) == (2, "") and "--name, --address, --from, --purpose" in bare.err
    assert wrong.status == 2 and all(
        f"{option}: " in wrong.err for option in ("--from", "--url", "--name")
    )
    assert "--address, --purpose" in wrong.err and both.status == 2
    assert list(tmp_path.iterdir()) == [tmp_path / "unused"]


def test_on_a_terminal_it_is_asked_again_until_it_is_understood(tmp_path: Path) -> None:
    answers = (
        "fr",
        "L’œuvre « & » amis",
        "1 rue des Lilas",
        "amis@",
        "amis@amis.fr",
        "",
        "La lettre",
    )
    told = _typed(tmp_path, {"LANG": "C"}, *answers)
    assert "Qui écrit" in told and "mal formé" in told
    config = read_config(tmp_path / "mine")
    assert (config.site.name, config.site.sender, config.site.language) == (
        "L’œuvre «\u00a0&\u00a0» amis",
        "amis@amis.fr",
        "fr",
    )
    assert config.site.url == f"http://127.0.0.1:{config.web.port}"
    assert "rien n’a été changé" in _typed(tmp_path / "mine", {"LANG": "C"}, "en", "\x04")


def _typed(folder: Path, environment: dict[str, str], *answers: str) -> str:
    """What a terminal shows of `init mine`, each answer given when it is asked for."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "engine", "-C", str(folder), "init", "mine"]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=kept | environment | {"PYTHONUTF8": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown, pending = "", list(answers)
    with contextlib.suppress(OSError):
        while octets := os.read(ours, 65536):
            shown += octets.decode("utf-8", "replace")
            if pending and re.search(r": $", shown):
                answer = pending.pop(0)
                os.write(ours, answer.encode() if answer == "\x04" else f"{answer}\n".encode())
    process.wait(60)
    os.close(ours)
    return shown


def test_the_sample_checks_out_and_keeps_its_secrets_to_itself(tmp_path: Path) -> None:
    relance = beside(tmp_path)
    said = relance("init", "mine", "--sample")
    assert (said.status, said.err) == (0, "") and str(tmp_path / "mine") in said.out
    secrets = tmp_path / "mine" / "data" / "secrets"
    assert secrets.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in secrets.iterdir()}
    assert modes == {
        "link.key": 0o600,
        "nonce.key": 0o600,
        "proof.key": 0o600,
        "suppression.pepper": 0o600,
    }
    before = (secrets / "link.key").read_bytes()
    again, file = relance.together(("init", "mine", *MINE), ("init", "unused/config.toml", *MINE))
    assert (
        (again.status, again.out) == (1, "")
        and "config.toml" in again.err
        and (secrets / "link.key").read_bytes() == before
    )
    assert file.status == 2
    relance.folder = tmp_path / "mine"
    assert relance("check").status == 0


def test_what_a_folder_holds_stays_as_it_is(tmp_path: Path) -> None:
    mine = {
        "notes.txt": "mine",
        "sequences/layout.html": LAYOUT,
        "sequences/a.toml": 'title = "Mine"\npurpose = "conseils"\n',
    }
    write(tmp_path / "mine", mine)
    assert beside(tmp_path)("init", "mine", *MINE).status == 0
    assert {name: (tmp_path / "mine" / name).read_text("utf-8") for name in mine} == mine
    assert sorted(path.name for path in (tmp_path / "mine" / "sequences").iterdir()) == [
        "a.toml",
        "layout.html",
    ]
    assert (tmp_path / "mine" / "config.toml").is_file()


def test_a_demonstration_lives_beside_whatever_runs_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    relance = beside(tmp_path)
    process = relance.begin("demo", "--for", "90")
    try:
        assert process.stdout is not None
        shown = "".join(iter(process.stdout.readline, "Ctrl-C arrête.\n"))
        page = re.findall(r"http://127\.0\.0\.1:\d+$", shown, re.MULTILINE)[-1]
        assert not any(f":{port}" in shown for port in (8080, 8081))
        (command,) = [line.strip() for line in shown.splitlines() if " show " in line]
        wait_for(
            lambda: all(
                name in httpx.get(f"{page}/list", timeout=5).text
                for name in ("camille@", "noe@", "ines@")
            ),
            60,
        )
        # In a fresh shell, wherever it stands.
        story = subprocess.run(
            ["sh", "-c", command], cwd="/", env={}, capture_output=True, text=True, check=False
        )
        assert story.returncode == 0 and "letter-sent" in story.stdout
    finally:
        process.send_signal(signal.SIGTERM)
    assert ended(process).status == 0
    assert not Path(shlex.split(command)[2]).exists() and sorted(
        path.name for path in tmp_path.iterdir()
    ) == ["unused"]
