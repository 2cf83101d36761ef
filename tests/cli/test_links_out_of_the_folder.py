"""Nothing below `sequences/` leads elsewhere: a symbolic link is refused with its place, by
whatever reads the folder, and never followed.
"""

from __future__ import annotations

import argparse
import os
import threading
from pathlib import Path

import pytest

from engine.authoring.inspection import read_folder
from engine.cli import check as planning
from engine.cli.check import check
from engine.config import Config, read_config
from engine.letter.source_folder import MAX_TEXT_CHARACTERS, has_asset, open_asset, read_sequences
from engine.sequence.mistakes import Unpublishable
from tests.cli.test_checking import folder

SECRET = "the pepper of this installation"
PLACES = (
    "asks.md",
    "layout.html",
    "more.toml",
    "sub",
    "sub/deep.md",
    "pictures",
    "pictures/a.png",
    "files/a.pdf",
    "note.unread",
)


def linked(tmp_path: Path, place: str, target: Path) -> Path:
    """The author's folder, sound but for a link at `place`."""
    sequences = folder(tmp_path).sequences
    link = sequences / place
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    return sequences


@pytest.mark.parametrize("target", ["a secret", "a folder", "inside", "nothing"])
@pytest.mark.parametrize("place", PLACES)
def test_a_link_is_refused_with_its_place_wherever_it_leads(
    tmp_path: Path, place: str, target: str
) -> None:
    secrets = tmp_path / "data" / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "deep.md").write_text(SECRET)
    targets = {
        "a secret": secrets / "deep.md",
        "a folder": secrets,
        "inside": tmp_path / "sequences" / "d.toml",
        "nothing": tmp_path / "gone",
    }
    sequences = linked(tmp_path, place, targets[target])
    with pytest.raises(Unpublishable) as refused:
        read_sequences(sequences)
    (mistake,) = refused.value.mistakes
    assert (
        str(mistake)
        == f"{place}:1: is a symbolic link, and none is followed below sequences/: put the file"
        " itself here"
    )


def test_check_names_it_and_goes_no_further(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pepper").write_text(SECRET)
    linked(tmp_path, "asks.md", tmp_path / "pepper")
    assert check(folder_config(tmp_path), argparse.Namespace(json=False)) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("sequences/asks.md:1: est un lien symbolique") and SECRET not in shown


def folder_config(tmp_path: Path) -> Config:
    return read_config(tmp_path)


def test_what_is_hidden_is_not_read_and_the_folder_itself_may_be_elsewhere(tmp_path: Path) -> None:
    config = folder(tmp_path)
    # As an editor locks a file, and as a deployment switches releases.
    (config.sequences / ".#asks.md").symlink_to("anna@host.41")
    (config.sequences / ".git").symlink_to(tmp_path)
    (config.sequences).rename(tmp_path / "release")
    config.sequences.symlink_to(tmp_path / "release")
    assert [str(mistake) for mistake in read_folder(config).mistakes] == []


def test_pictures_and_downloads_are_no_links_either(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    sequences = linked(tmp_path, "pictures/a.png", tmp_path / "a.png")
    (sequences / "pictures" / "b.png").write_bytes(b"y")
    os.mkfifo(sequences / "pictures" / "c.png")
    (sequences / "files").symlink_to(tmp_path)
    assert [
        has_asset(sequences, "pictures", name) for name in ("a.png", "b.png", "c.png", "d.png")
    ] == [False, True, False, False]
    assert (
        not has_asset(sequences, "files", "a.png")
        and open_asset(sequences, "letters", "asks.md") is None
    )


@pytest.mark.parametrize(
    "octets",
    [b"x" * (MAX_TEXT_CHARACTERS + 1), "€".encode() * (2 * MAX_TEXT_CHARACTERS), b"x\0"],
    ids=["long", "huge", "binary"],
)
def test_what_is_no_letter_is_not_read_whole(tmp_path: Path, octets: bytes) -> None:
    sequences = folder(tmp_path).sequences
    (sequences / "asks.md").write_bytes(octets)
    with (sequences / "more.md").open("wb") as hole:
        hole.truncate(3 * 1024**3)
    with pytest.raises(Unpublishable) as refused:
        read_sequences(sequences)
    said = "is not a text, or longer than a million characters"
    assert [str(mistake) for mistake in refused.value.mistakes] == [
        f"asks.md:1: {said}",
        f"more.md:1: {said}",
    ]


def test_a_file_that_becomes_a_link_while_it_is_looked_at_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "pepper").write_text(SECRET)
    sequences = folder(tmp_path).sequences
    body, over = sequences / "asks.md", threading.Event()

    def swap() -> None:
        other = tmp_path / "other"
        while not over.is_set():
            other.symlink_to(tmp_path / "pepper")
            other.replace(body)
            other.write_text("Bonjour")
            other.replace(body)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        seen: set[str] = set()
        tries = 0
        # The scheduler decides which of the two is met: as often as it takes to meet both.
        while tries < 300 or (len(seen) < 2 and tries < 30_000):
            tries += 1
            try:
                seen.add(read_sequences(sequences)["asks.md"])
            except Unpublishable as refused:
                seen.add(refused.mistakes[0].text)
    finally:
        over.set()
        swapping.join()
    assert not any(SECRET in text for text in seen) and len(seen) > 1


def test_no_excerpt_follows_a_link(tmp_path: Path) -> None:
    """`/dev/zero` kept `check` busy for ever, and a secret would have been shown."""
    (tmp_path / "secret").write_text("a secret\n")
    (tmp_path / "sequences").mkdir()
    for name, target in (("secret.md", "../secret"), ("zero.md", "/dev/zero")):
        (tmp_path / "sequences" / name).symlink_to(target)
        assert planning._lines(tmp_path, f"sequences/{name}") == []
    (tmp_path / "sequences" / "plain.md").write_text("one\ntwo\n")
    assert planning._lines(tmp_path, "sequences/plain.md") == ["one", "two", ""]
