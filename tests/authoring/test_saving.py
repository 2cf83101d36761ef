"""What was drafted is written over the version it was opened at, and over no other."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest

from engine.authoring import saving
from engine.authoring.drafts import Draft
from engine.authoring.saving import Author, CannotSave, Conflict, Saved, merge, save, save_asset
from engine.console.settings import Save
from engine.store.files import opened, take

LETTER, FILE = "debut/accueil.md", "debut.toml"
ANNE = Author("a1", "Anne <Lise>")
TEXT = "Un\n\nDeux\n\nTrois\n"


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    (tmp_path / "sequences/debut").mkdir(parents=True)
    (tmp_path / "sequences" / LETTER).write_text(TEXT)
    (tmp_path / "sequences" / FILE).write_text('title = "D"\n')
    return Draft(tmp_path / "data", tmp_path / "sequences", "a1")


@pytest.fixture
def repository(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> Draft:
    monkeypatch.setenv("HOME", str(draft.sequences.parent))
    git(draft, "init", "-q", "-b", "main")
    git(draft, "config", "user.name", "X")
    git(draft, "config", "user.email", "x@example.org")
    git(draft, "add", ".")
    git(draft, "commit", "-q", "-m", "first")
    return draft


def git(draft: Draft, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=draft.sequences, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def saved(draft: Draft, mode: Save = "file") -> Saved | tuple[Conflict, ...]:
    data = draft.folder.parents[1]
    files = [file for path in draft.paths() if (file := draft.get(path)) is not None]
    return save(draft.sequences, data, files, mode, ANNE, "Accueil")


def in_folder(draft: Draft, path: str = LETTER) -> str:
    return (draft.sequences / path).read_text()


def test_a_draft_that_is_saved_is_in_the_folder_and_no_draft_any_more(draft: Draft) -> None:
    draft.write(LETTER, "Neuf\n")
    draft.write("debut/autre.md", "Autre\n")
    assert saved(draft) == Saved(("debut/accueil.md", "debut/autre.md"))
    assert in_folder(draft) == "Neuf\n" and in_folder(draft, "debut/autre.md") == "Autre\n"
    assert not draft.paths()


def test_a_file_changed_meanwhile_is_not_written_over(draft: Draft) -> None:
    draft.write(LETTER, TEXT.replace("Un", "Une"))
    (draft.sequences / LETTER).write_text(TEXT.replace("Trois", "Quatre"))
    outcome = saved(draft)
    assert isinstance(outcome, tuple)
    (conflict,) = outcome
    assert (conflict.path, conflict.base) == (LETTER, TEXT)
    assert conflict.clean and conflict.merged == "Une\n\nDeux\n\nQuatre\n"
    assert in_folder(draft) == TEXT.replace("Trois", "Quatre")
    assert draft.text(LETTER) == TEXT.replace("Un", "Une")


def test_two_who_changed_one_line_are_shown_both(draft: Draft) -> None:
    merged, clean = merge(TEXT, TEXT.replace("Un", "A"), TEXT.replace("Un", "B"))
    assert merged is not None and not clean
    assert "<<<<<<< mine\nA\n=======\nB\n>>>>>>> theirs\n" in merged


def test_without_git_both_versions_stand_side_by_side(
    draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft.write(LETTER, "Neuf\n")
    (draft.sequences / LETTER).write_text("Autre\n")
    monkeypatch.setenv("PATH", str(draft.sequences))
    outcome = saved(draft)
    assert isinstance(outcome, tuple)
    assert (outcome[0].mine, outcome[0].theirs, outcome[0].merged) == ("Neuf\n", "Autre\n", None)
    with pytest.raises(CannotSave, match="git is not installed"):
        (draft.sequences / LETTER).write_text(TEXT)
        saved(draft, "commit")


def test_a_file_made_by_somebody_else_meanwhile_is_a_conflict(draft: Draft) -> None:
    draft.write("debut/neuf.md", "Moi\n")
    (draft.sequences / "debut/neuf.md").write_text("Toi\n")
    assert isinstance(saved(draft), tuple)


def test_one_conflict_keeps_all_files_from_being_written(draft: Draft) -> None:
    draft.write(LETTER, "Neuf\n")
    draft.write(FILE, 'title = "E"\n')
    (draft.sequences / FILE).write_text('title = "F"\n')
    assert isinstance(saved(draft), tuple)
    assert in_folder(draft) == TEXT


def test_where_nothing_is_saved_from_here_the_draft_stays(draft: Draft) -> None:
    draft.write(LETTER, "Neuf\n")
    with pytest.raises(CannotSave, match="read-only"):
        saved(draft, "read-only")
    assert draft.text(LETTER) == "Neuf\n" and in_folder(draft) == TEXT


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(13, "cannot be written"), (28, "disk is full"), (5, "could not be written")],
)
def test_a_folder_that_takes_nothing_is_told_and_the_draft_stays(
    draft: Draft, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    draft.write(LETTER, "Neuf\n")
    monkeypatch.setattr(saving, "write_octets", refuse)
    with pytest.raises(CannotSave, match=sentence):
        saved(draft)
    assert draft.text(LETTER) == "Neuf\n" and in_folder(draft) == TEXT


def test_one_is_saved_at_a_time(draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "LOCK_SECONDS", 0.1)
    draft.write(LETTER, "Neuf\n")
    lock = opened(draft.folder.parent / "save.lock")
    assert take(lock, 2)
    with pytest.raises(CannotSave, match="somebody else is saving"):
        saved(draft)
    threading.Timer(0.1, os.close, [lock]).start()
    monkeypatch.setattr(saving, "LOCK_SECONDS", 10)
    assert isinstance(saved(draft), Saved)


def test_a_commit_has_these_files_alone_and_its_authors_name(repository: Draft) -> None:
    (repository.sequences / FILE).write_text('title = "staged by hand"\n')
    git(repository, "add", FILE)
    repository.write(LETTER, "Neuf\n")
    outcome = saved(repository, "commit")
    assert isinstance(outcome, Saved) and outcome.commit == git(repository, "rev-parse", "HEAD")
    assert git(repository, "show", "--name-only", "--format=%an|%ae|%s") == (
        "Anne Lise|a1@relance.invalid|Accueil\n\ndebut/accueil.md"
    )
    assert git(repository, "diff", "--cached", "--name-only") == FILE


def test_a_new_file_is_committed_too(repository: Draft) -> None:
    repository.write("debut/neuf.md", "Neuf\n")
    saved(repository, "commit")
    assert git(repository, "status", "--porcelain") == ""


def test_no_hook_is_run(repository: Draft) -> None:
    hook = repository.sequences / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    for name in ("post-commit", "reference-transaction"):
        (hook.parent / name).write_text("#!/bin/sh\ntouch ../ran\n")
        (hook.parent / name).chmod(0o755)
    repository.write(LETTER, "Neuf\n")
    outcome = saved(repository, "commit")
    assert isinstance(outcome, Saved) and outcome.commit and outcome.warning is None
    assert not (repository.sequences.parent / "ran").exists()


@pytest.mark.parametrize(
    ("mark", "sentence"), [("MERGE_HEAD", "middle of a merge"), ("index.lock", "index.lock")]
)
def test_a_repository_that_is_at_work_is_left_alone(
    repository: Draft, mark: str, sentence: str
) -> None:
    (repository.sequences / ".git" / mark).write_text("")
    repository.write(LETTER, "Neuf\n")
    with pytest.raises(CannotSave, match=sentence):
        saved(repository, "commit")
    assert in_folder(repository) == TEXT


@pytest.mark.parametrize("mode", ["commit", "branch"])
def test_a_folder_without_git_takes_no_commit(draft: Draft, mode: Save) -> None:
    draft.write(LETTER, "Neuf\n")
    with pytest.raises(CannotSave, match="in no git repository"):
        saved(draft, mode)
    assert in_folder(draft) == TEXT


def test_a_branch_of_ones_own_leaves_folder_and_index_as_they_are(repository: Draft) -> None:
    before = git(repository, "rev-parse", "HEAD")
    repository.write(LETTER, "Neuf\n")
    first = saved(repository, "branch")
    assert isinstance(first, Saved) and first.branch == "relance/a1"
    repository.write(FILE, 'title = "E"\n')
    second = saved(repository, "branch")
    assert isinstance(second, Saved)
    assert git(repository, "rev-list", "relance/a1").split("\n") == [
        second.commit,
        first.commit,
        before,
    ]
    assert git(repository, "show", f"relance/a1:./{FILE}") == 'title = "E"'
    assert in_folder(repository) == TEXT and git(repository, "status", "--porcelain") == ""
    assert git(repository, "rev-parse", "HEAD") == before


def test_a_branch_that_was_merged_begins_anew_at_what_is_checked_out(repository: Draft) -> None:
    repository.write(LETTER, "Neuf\n")
    saved(repository, "branch")
    git(repository, "merge", "-q", "relance/a1")
    (repository.sequences / FILE).write_text('title = "F"\n')
    git(repository, "commit", "-q", "-am", "theirs")
    repository.write(LETTER, "Plus neuf\n")
    outcome = saved(repository, "branch")
    assert isinstance(outcome, Saved)
    assert git(repository, "rev-parse", "relance/a1^") == git(repository, "rev-parse", "HEAD")
    assert git(repository, "show", f"relance/a1:./{FILE}") == 'title = "F"'


def kept_asset(draft: Draft, mode: Save, name: str = "pictures/semis.png") -> Saved:
    data = draft.folder.parents[1]
    return save_asset(draft.sequences, data, name, b"octets", mode, ANNE, "Une image")


def test_a_picture_is_committed_alone_and_in_its_authors_name(repository: Draft) -> None:
    (repository.sequences / LETTER).write_text("Autre chose\n")
    git(repository, "add", ".")
    outcome = kept_asset(repository, "commit")
    assert outcome.commit == git(repository, "rev-parse", "HEAD")
    assert (
        git(repository, "show", "--name-only", "--format=%an") == "Anne Lise\n\npictures/semis.png"
    )
    assert (repository.sequences / "pictures/semis.png").read_bytes() == b"octets"
    assert kept_asset(repository, "commit").commit == "", "git has it already"


def test_a_picture_is_on_the_branch_too_and_in_the_folder_to_be_looked_at(
    repository: Draft,
) -> None:
    outcome = kept_asset(repository, "branch")
    names = git(repository, "ls-tree", "-r", "--name-only", outcome.branch)
    assert "pictures/semis.png" in names.split("\n")
    assert (repository.sequences / "pictures/semis.png").exists()


@pytest.mark.parametrize("mode", ["commit", "branch", "read-only"])
def test_a_picture_that_cannot_be_committed_is_not_written(draft: Draft, mode: Save) -> None:
    with pytest.raises(CannotSave):
        kept_asset(draft, mode)
    assert not (draft.sequences / "pictures").exists()
