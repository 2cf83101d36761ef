"""`init` makes an installation that checks out and runs, beside whatever a folder holds already; `demo` shows the sample at work."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

import httpx
import pytest

from tests.forked import Said
from tests.installation import LAYOUT
from tests.running import wait_for, write
from tests.verbs.commanding import Installation, ended

pytestmark = pytest.mark.timeout(240)


def beside(folder: Path) -> Installation:
    """Somebody who stands in a folder that is no installation."""
    relance = Installation(folder / "unused")
    relance.folder = folder
    return relance


def test_a_new_installation_checks_out_and_keeps_its_secrets_to_itself(tmp_path: Path) -> None:
    relance = beside(tmp_path)
    said = relance("init", "mine")
    assert (said.status, said.err) == (0, "") and str(tmp_path / "mine") in said.out
    secrets = tmp_path / "mine" / "data" / "secrets"
    assert secrets.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in secrets.iterdir()}
    assert modes == {"link.key": 0o600, "nonce.key": 0o600, "proof.key": 0o600, "suppression.pepper": 0o600}
    before = (secrets / "link.key").read_bytes()
    again, file = relance.together(("init", "mine"), ("init", "unused/config.toml"))
    assert (again.status, again.out) == (1, "") and "config.toml" in again.err and (secrets / "link.key").read_bytes() == before
    assert file.status == 2
    relance.folder = tmp_path / "mine"
    assert relance("check").status == 0


def test_what_a_folder_holds_stays_as_it_is(tmp_path: Path) -> None:
    mine = {"notes.txt": "mine", "sequences/layout.html": LAYOUT, "sequences/a.toml": 'title = "Mine"\npurpose = "conseils"\n'}
    write(tmp_path / "mine", mine)
    assert beside(tmp_path)("init", "mine").status == 0
    assert {name: (tmp_path / "mine" / name).read_text("utf-8") for name in mine} == mine
    assert sorted(path.name for path in (tmp_path / "mine" / "sequences").iterdir()) == ["a.toml", "layout.html"]
    assert (tmp_path / "mine" / "config.toml").is_file()


def test_a_demonstration_brings_new_readers_each_time_and_their_letters(tmp_path: Path) -> None:
    demo = Installation(tmp_path / "data" / "demo")
    relance = beside(tmp_path)
    for readers in (("camille@", "noe@", "ines@"), ("camille2@", "noe2@", "ines2@")):
        said = _demonstrated(relance, demo, readers)
        assert said.status == 0, said
        assert f"relance -C {demo.folder} show {readers[0]}lecteurs.example" in said.out
        assert "A day lasts 6.0 seconds" in said.out
    assert "letter-sent" in demo.done("show", "camille2@lecteurs.example")
    with demo.running():
        second = relance("demo")
        assert second.status == 1 and "cannot listen on" in second.err
    assert demo("show", "camille3@lecteurs.example").status == 1


def _demonstrated(relance: Installation, demo: Installation, readers: tuple[str, ...]) -> Said:
    """Run until the letters of these readers are in the mailbox, then told to stop."""
    process = relance.begin("demo", "--for", "60")
    try:
        wait_for(lambda: process.poll() is not None or all(name in _shown(demo) for name in readers), 40)
        process.send_signal(signal.SIGTERM)
        return ended(process)
    finally:
        process.kill()


def _shown(demo: Installation) -> str:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{demo.page}/list", timeout=2).text
    return ""
