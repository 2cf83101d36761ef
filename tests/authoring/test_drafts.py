"""A draft lies over the author's folder, which stays as it is; what is saved keeps its octets."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.authoring.author_files import (
    BadFile,
    check_path,
    octets_of,
    read_octets,
    text_of,
    write_octets,
)
from engine.authoring.drafts import Draft, states

LETTER = "debut/accueil.md"


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    (tmp_path / "sequences/debut").mkdir(parents=True)
    (tmp_path / "sequences" / LETTER).write_bytes(b"Bonjour\n")
    (tmp_path / "sequences/debut.toml").write_bytes(b'title = "D"\n')
    return Draft(tmp_path / "data", tmp_path / "sequences", "a1")


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
ENDS = st.sampled_from(("\n", "\r\n", "\r", ""))
FILES = st.builds(
    lambda mark, lines: mark + "".join(text + end for text, end in lines).encode(),
    st.sampled_from((b"", b"\xef\xbb\xbf")),
    st.lists(st.tuples(st.sampled_from(("", "a", "b é", "\u2028x", "\f")), ENDS), max_size=12),
)


def as_a_browser_sends(text: str) -> str:
    """HTML 4.10.21.4: line ends of a form are CR LF."""
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


@given(FILES)
def test_what_is_not_changed_in_a_form_keeps_every_octet(octets: bytes) -> None:
    assert octets_of(as_a_browser_sends(text_of(octets)), octets) == octets


@given(FILES, TEXTS)
def test_what_is_changed_reads_back_as_it_was_typed(octets: bytes, text: str) -> None:
    typed = text_of(text.encode())
    assert text_of(octets_of(as_a_browser_sends(typed), octets)) == typed.removeprefix("\ufeff")


def test_a_changed_line_leaves_the_ends_of_the_others() -> None:
    former = b"a\r\nb\nc\r\nd\r\n"
    assert octets_of("a\nB\nc\nd\n", former) == b"a\r\nB\r\nc\r\nd\r\n"
    assert octets_of("a\nb\nC\nd\n", former) == b"a\r\nb\nC\r\nd\r\n"


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/x.md", "../x.md", "a/../x.md", ".git/x.md", "a/.x.md", "a//b.md", "a\\b.md"),
        *("x.py", "x", "a\0.md", "a\n.md", "-x.md", "a/" * 9 + "x.md", "x" * 200 + ".md"),
        *("a /b.md", "a./b.md"),
    ],
)
def test_a_path_leads_to_a_text_below_the_folder_or_is_refused(path: str) -> None:
    with pytest.raises(BadFile):
        check_path(path)


def test_names_of_authors_are_taken() -> None:
    for path in ("onboarding.toml", "été/à nous.md", "a/b-c_d (2).html", "L’été.md", "_x/y: z.md"):
        check_path(path)


def test_no_link_is_followed_when_reading_or_writing(tmp_path: Path) -> None:
    top, elsewhere = tmp_path / "sequences", tmp_path / "elsewhere"
    top.mkdir()
    elsewhere.mkdir()
    (elsewhere / "x.md").write_text("secret")
    (top / "folder").symlink_to(elsewhere)
    (top / "x.md").symlink_to(elsewhere / "x.md")
    with pytest.raises(BadFile):
        read_octets(top, "x.md")
    assert read_octets(top, "folder/x.md") is None
    for path in ("x.md", "folder/x.md", "folder/neu.md"):
        with pytest.raises((BadFile, OSError)):
            write_octets(top, path, b"changed")
    assert (elsewhere / "x.md").read_text() == "secret"
    assert list(elsewhere.iterdir()) == [elsewhere / "x.md"]


def test_a_file_keeps_its_mode_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("a")
    (tmp_path / "x.md").chmod(0o640)
    write_octets(tmp_path, "x.md", b"b")
    assert (tmp_path / "x.md").stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["x.md"]


def test_a_draft_is_seen_by_its_author_alone_and_leaves_the_folder(draft: Draft) -> None:
    draft.write(LETTER, "Bonsoir\n")
    other = Draft(draft.folder.parents[1], draft.sequences, "b2")
    assert draft.files()[LETTER] == "Bonsoir\n" and other.files()[LETTER] == "Bonjour\n"
    assert (draft.sequences / LETTER).read_bytes() == b"Bonjour\n"
    assert draft.paths() == (LETTER,) and not other.paths()
    assert draft.folder.stat().st_mode & 0o777 == 0o700


def test_a_draft_remembers_what_it_began_with(draft: Draft) -> None:
    draft.write(LETTER, "Bonsoir\n")
    (draft.sequences / LETTER).write_bytes(b"Salut\n")
    draft.write(LETTER, "Bonne nuit\n")
    drafted = draft.get(LETTER)
    assert drafted is not None
    assert (drafted.base, drafted.mine) == (b"Bonjour\n", b"Bonne nuit\n")


def test_a_new_file_began_with_nothing(draft: Draft) -> None:
    draft.write("debut/neuf.md", "Neuf\n")
    drafted = draft.get("debut/neuf.md")
    assert drafted is not None and drafted.base is None
    assert "debut/neuf.md" in draft.files()


def test_a_draft_that_equals_the_folder_is_none(draft: Draft) -> None:
    draft.write(LETTER, "Bonsoir\n")
    draft.write(LETTER, "Bonjour\n")
    assert not draft.paths() and draft.get(LETTER) is None
    draft.write(LETTER, "Bonsoir\n")
    (draft.sequences / LETTER).write_bytes(b"Bonsoir\n")
    assert not draft.paths()


def test_discarding_goes_back_to_the_folder(draft: Draft) -> None:
    draft.write(LETTER, "Bonsoir\n")
    draft.discard(LETTER)
    assert draft.text(LETTER) == "Bonjour\n" and not draft.paths()


def test_it_is_always_known_where_the_newest_version_of_a_file_stands(draft: Draft) -> None:
    folder = {LETTER: "Bonjour\n", "debut.toml": 'title = "D"\n', "neuf.md": "x"}
    in_force = {LETTER: "Ancien\n", "debut.toml": 'title = "D"\n', "gone.md": "y"}
    draft.write("debut.toml", 'title = "E"\n')
    assert states(draft, folder, in_force) == {
        "debut.toml": "draft",
        LETTER: "folder",
        "neuf.md": "folder",
        "gone.md": "folder",
    }
    draft.discard("debut.toml")
    assert states(draft, folder, in_force)["debut.toml"] == "in force"


def test_an_account_names_no_folder_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(BadFile):
        Draft(tmp_path, tmp_path, "../x")
