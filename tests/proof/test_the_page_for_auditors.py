"""docs/audit.md, followed to the letter by somebody with an empty folder, python3 and openssl: each
command of “Verify a bundle in ten minutes”.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.proof import verify
from engine.proof.bundle import zipped
from tests.proof.handed import OPENSSL, SIGNER, bundle_of, ledger_of, small_book, unpack

PAGE = (
    (Path(__file__).parents[2] / "docs" / "audit.md")
    .read_text(encoding="utf-8")
    .partition("## Verify a bundle in ten minutes")[2]
)
BLOCKS = [block for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) if "python3" in block]


@pytest.fixture
def followed(tmp_path: Path) -> str:
    book = small_book()
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "anna.zip").write_bytes(zipped(bundle_of(book)))
    unpack(ledger_of(book), tmp_path / "audit" / "ledger")
    (tmp_path / "audit" / "held.eml").write_bytes(book.checkpoint(20))
    (tmp_path / "audit" / "published.key").write_text(f"{SIGNER.vkey}\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    (programs / "openssl").symlink_to(OPENSSL)
    commands = "set -e\n" + "\n".join(BLOCKS).replace("mkdir audit && ", "")
    path = f"{programs}:{os.defpath}"
    done = subprocess.run(
        ["bash", "-c", commands],
        cwd=tmp_path,
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_command_works_as_it_is_written(followed: str) -> None:
    assert len(BLOCKS) == 3
    assert followed.count("everything that can be verified holds\nstatus 0") == 2, followed
    for said in (
        "the key is the published one",
        "the whole ledger has the same root",
        "in held.eml (20 entries)",
        "from position 21 on",
    ):
        assert said in followed, said


def test_what_it_explains_is_what_the_verifier_says() -> None:
    sentences = "\n".join(english for english, _ in verify.SENTENCES.values())
    rows = re.findall(r"^\| (`[^|]*`)[^|]*\|", PAGE, re.MULTILINE)
    said = [
        re.sub(r"[0-9]+|consent-withdrawn", "…", each)
        for row in rows
        for each in re.findall(r"`([^`]+)`", row)
    ]
    pieces = [
        piece for each in said for piece in re.split(r"\(…\)|…", each) if len(piece.strip()) > 8
    ]
    assert len(pieces) > 20
    strange = [piece for piece in pieces if piece.strip(" ()") not in sentences]
    assert strange == []
