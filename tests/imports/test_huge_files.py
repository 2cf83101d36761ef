"""A file that is far too long or nests far too deep is refused with a sentence, whichever verb
reads it, before it fills the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.backup.manifest import FILE, CopyRefused, read_manifest
from engine.cli.parser import spoken_in
from engine.config import read_config
from engine.intake.contested import MAX_MAIL_BYTES, ContestedRefused, read_contested
from engine.sequence.mistakes import Unpublishable
from tests.cli.test_checking import folder


def hole(path: Path) -> None:
    """Three gigabytes that take no room."""
    with path.open("wb") as file:
        file.truncate(3 * 1024**3)


@pytest.mark.parametrize(
    ("fill", "said"),
    [
        (hole, "config.toml:1: is not a text, or longer than a million characters"),
        (
            lambda path: path.write_text("a" + ".a" * 400_000 + " = 1"),
            "config.toml:1: this is not TOML: its tables and lists are nested too deeply",
        ),
        (
            lambda path: path.write_text("a = " + "[" * 400_000),
            "config.toml:1: this is not TOML: its tables and lists are nested too deeply",
        ),
    ],
    ids=["long", "a deep key", "deep lists"],
)
def test_a_configuration_nobody_wrote_is_a_sentence(
    tmp_path: Path, fill: Callable[[Path], object], said: str
) -> None:
    folder(tmp_path)
    fill(tmp_path / "config.toml")
    assert spoken_in(tmp_path) == "en"
    with pytest.raises(Unpublishable) as refused:
        read_config(tmp_path)
    assert [str(mistake) for mistake in refused.value.mistakes] == [said]


@pytest.mark.parametrize(
    "fill", [hole, lambda path: path.write_text('{"format": ' + "[" * 60_000)], ids=["long", "deep"]
)
def test_a_manifest_nobody_wrote_is_a_damaged_copy(
    tmp_path: Path, fill: Callable[[Path], object]
) -> None:
    fill(tmp_path / FILE)
    with pytest.raises(CopyRefused, match="cannot be read: the copy is damaged"):
        read_manifest(tmp_path / FILE)


@pytest.mark.parametrize(
    "octets",
    [
        b"x" * (MAX_MAIL_BYTES + 1),
        b"Content-Type: message/rfc822\n\n" * 3000,
        b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n)
            for n in range(3000)
        ),
    ],
    ids=["long", "letters within letters", "parts within parts"],
)
def test_a_contested_letter_nobody_sent_is_a_sentence(octets: bytes) -> None:
    with pytest.raises(ContestedRefused):
        read_contested(octets)
