"""From a draft to the author's folder, where git or an editor may have been at work meanwhile.

A file is written only over the version it was opened at; another one there is a conflict, which
nothing overwrites. Every file is replaced whole: after a crash each is as it was or as it shall be.
Where the folder is in git, a commit may be made of these files alone, or put on a branch of its own
without touching the working tree. No hook is run, nothing is asked, and no call takes longer than
GIT_SECONDS.
"""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.authoring.author_files import (
    BadFile,
    octets_of,
    read_octets,
    text_of,
    write_octets,
)
from engine.authoring.drafts import Drafted, digest_of
from engine.console.settings import Save
from engine.store.files import opened, take
from engine.words import N_, WordedError, Words

GIT_SECONDS = 20
LOCK_SECONDS = 10
BRANCH = "relance/"


class CannotSave(WordedError):
    """Why nothing, or not everything, was written; the draft has it all the same."""


@dataclass(frozen=True, slots=True)
class Author:
    """Of a commit: the account's random id, and its name."""

    account: str
    name: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A file that the folder holds otherwise than it was opened. `merged` has both changes, with
    git's marks where they touch the same lines unless `clean`; None where git cannot be asked.
    """

    path: str
    base: str
    mine: str
    theirs: str
    theirs_digest: str
    merged: str | None = None
    clean: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """`commit` and `branch` are "" where there is none. `warning`: what did not follow."""

    paths: tuple[str, ...]
    commit: str = ""
    branch: str = ""
    warning: Words | None = None


def save(
    sequences: Path,
    data: Path,
    files: Sequence[Drafted],
    mode: Save,
    author: Author,
    message: str,
) -> Saved | tuple[Conflict, ...]:
    """Write what was drafted, texts before the dialogues that name them. Raises CannotSave."""
    if mode == "read-only":
        raise CannotSave(
            N_("nothing is saved to the folder from here: [console] save is “read-only”")
        )
    try:
        with _alone(data):
            conflicts = tuple(_conflicts(sequences, files))
            if conflicts:
                return conflicts
            if mode == "branch":
                return _Repository(sequences).on_branch(files, author, message)
            repository = _Repository(sequences) if mode == "commit" else None
            if repository is not None:
                repository.refuse_unfinished()
            paths = tuple(_written(sequences, files))
            if repository is None:
                return Saved(paths)
            try:
                return Saved(paths, repository.commit(paths, author, message))
            except CannotSave as error:
                return Saved(paths, warning=error.words)
    except OSError as error:
        raise CannotSave(_told(error)) from error


def save_asset(
    sequences: Path, data: Path, path: str, octets: bytes, mode: Save, author: Author, message: str
) -> Saved:
    """A picture or a download under a name that is free: in the folder at once, where letters are
    looked at with it, and committed as `save` does. Raises CannotSave; nothing is written then.
    """
    if mode == "read-only":
        raise CannotSave(N_("The folder is not written from here."))
    try:
        with _alone(data):
            repository = _Repository(sequences) if mode in ("commit", "branch") else None
            if repository is not None and mode == "commit":
                repository.refuse_unfinished()
            write_octets(sequences, path, octets)
            if repository is None:
                return Saved((path,))
            try:
                if mode == "branch":
                    return repository.on_branch([Drafted(path, None, octets)], author, message)
                return Saved((path,), repository.commit((path,), author, message))
            except CannotSave as error:
                return Saved((path,), warning=error.words)
    except OSError as error:
        raise CannotSave(_told(error)) from error


def _told(error: OSError) -> str:
    match error.errno:
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return N_("the folder sequences/ cannot be written: your draft is kept")
        case errno.ENOSPC | errno.EDQUOT:
            return N_("the disk is full: your draft is kept as far as it was saved before")
        case _:
            return N_("the folder sequences/ could not be written: your draft is kept")


def _written(sequences: Path, files: Sequence[Drafted]) -> Iterator[str]:
    for file in sorted(files, key=lambda file: (file.path.endswith(".toml"), file.path)):
        write_octets(sequences, file.path, file.mine)
        yield file.path


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One save at a time, whichever process it comes from. Raises CannotSave."""
    (data / "drafts").mkdir(parents=True, exist_ok=True)
    descriptor = opened(data / "drafts" / "save.lock")
    try:
        since = time.monotonic()
        while not take(descriptor, fcntl.LOCK_EX):
            if time.monotonic() - since > LOCK_SECONDS:
                raise CannotSave(N_("somebody else is saving just now: try again in a moment"))
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _conflicts(sequences: Path, files: Sequence[Drafted]) -> Iterator[Conflict]:
    for file in files:
        theirs = read_octets(sequences, file.path)
        if digest_of(theirs) not in (digest_of(file.base), digest_of(file.mine)):
            yield conflict_of(file, theirs)


def conflict_of(file: Drafted, theirs: bytes | None) -> Conflict:
    base, mine, other = (_shown(octets) for octets in (file.base, file.mine, theirs))
    merged, clean = merge(base, mine, other)
    return Conflict(
        path=file.path,
        base=base,
        mine=mine,
        theirs=other,
        theirs_digest=digest_of(theirs),
        merged=merged,
        clean=clean,
    )


def _shown(octets: bytes | None) -> str:
    try:
        return "" if octets is None else text_of(octets)
    except BadFile:
        return ""


def merge(base: str, mine: str, theirs: str) -> tuple[str | None, bool]:
    """Both changes to a text in one, and whether they leave each other alone; None, False where
    git is not installed.
    """
    with TemporaryDirectory() as folder:
        for name, text in (("mine", mine), ("base", base), ("theirs", theirs)):
            (Path(folder) / name).write_bytes(octets_of(text))
        try:
            done = _git(Path(folder), "merge-file", "-p", "mine", "base", "theirs")
        except CannotSave:
            return None, False
    if not 0 <= done.returncode < 128:
        return None, False
    return done.stdout.decode("utf-8", "replace"), done.returncode == 0


_NO_GIT = N_("git is not installed on this machine: set [console] save = “file”")
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "true",
    "LC_ALL": "C",
}
_COMMITTER = {"GIT_COMMITTER_NAME": "Relance", "GIT_COMMITTER_EMAIL": "relance@localhost"}
_UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


def _git(
    folder: Path,
    *arguments: str,
    given: bytes | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Raises CannotSave where git is not there or does not come to an end."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        return subprocess.run(
            [
                "git",
                *("-c", f"core.hooksPath={os.devnull}"),
                *("-c", "commit.gpgSign=false"),
                *("-c", "core.fsmonitor=false"),
                *("-c", "core.quotePath=false"),
                *arguments,
            ],
            cwd=folder,
            env={**inherited, **_ENVIRONMENT, **(environment or {})},
            input=given if given is not None else b"",
            capture_output=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise CannotSave(_NO_GIT) from None
    except subprocess.TimeoutExpired:
        raise CannotSave(
            N_("git took longer than {seconds} s and was stopped"), seconds=GIT_SECONDS
        ) from None


class _Repository:
    """The git repository a folder stands in. Raises CannotSave where there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        found = _git(folder, "rev-parse", "--absolute-git-dir", "--show-prefix")
        if b"dubious ownership" in found.stderr:
            raise CannotSave(N_("git refused: {why}"), why="dubious ownership (safe.directory)")
        if found.returncode:
            raise CannotSave(
                N_("the folder sequences/ is in no git repository: set [console] save = “file”")
            )
        git_folder, *prefix = found.stdout.decode().split("\n")
        self.git_folder, self.prefix = Path(git_folder), prefix[0]

    def _ask(
        self,
        *arguments: str,
        given: bytes | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        done = _git(self.folder, *arguments, given=given, environment=environment)
        if done.returncode:
            why = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
            raise CannotSave(N_("git refused: {why}"), why=why)
        return done.stdout.decode("utf-8", "replace").strip()

    def refuse_unfinished(self) -> None:
        if any((self.git_folder / name).exists() for name in _UNFINISHED):
            raise CannotSave(
                N_("the git repository is in the middle of a merge: finish it there first")
            )
        if (self.git_folder / "index.lock").exists():
            raise CannotSave(
                N_("git is at work in this repository (index.lock): try again in a moment")
            )

    def commit(self, paths: Sequence[str], author: Author, message: str) -> str:
        """Of these files alone, whatever else is staged; "" where git has them already."""
        self._ask("add", "--", *paths)
        if not _git(self.folder, "diff", "--quiet", "HEAD", "--", *paths).returncode:
            return ""
        self._ask(
            *("commit", "--quiet", "--no-verify", "--only", "-F", "-", "--", *paths),
            given=message.encode(),
            environment=_authored(author),
        )
        return self._ask("rev-parse", "HEAD")

    def on_branch(self, files: Sequence[Drafted], author: Author, message: str) -> Saved:
        """A commit on `relance/ACCOUNT`, which begins at what is checked out, and anew once that
        has it all; neither the working tree nor its index is touched.
        """
        branch = f"{BRANCH}{author.account}"
        reference = f"refs/heads/{branch}"
        head = self._revision("HEAD")
        tip = self._revision(reference)
        parent = tip or head
        if (
            tip
            and head
            and not _git(self.folder, "merge-base", "--is-ancestor", tip, head).returncode
        ):
            parent = head
        with TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._ask("read-tree", parent or "--empty", environment=index)
            for file in files:
                blob = self._ask("hash-object", "-w", "--stdin", given=file.mine)
                entry = f"100644,{blob},{self.prefix}{file.path}"
                self._ask("update-index", "--add", "--cacheinfo", entry, environment=index)
            tree = self._ask("write-tree", environment=index)
        paths = tuple(file.path for file in files)
        if parent and self._ask("rev-parse", f"{parent}^{{tree}}") == tree:
            return Saved(paths, parent, branch)
        onto = ("-p", parent) if parent else ()
        commit = self._ask(
            *("commit-tree", tree, *onto),
            given=message.encode(),
            environment=_authored(author),
        )
        self._ask("update-ref", reference, commit, tip or "0" * len(commit))
        return Saved(paths, commit, branch)

    def _revision(self, name: str) -> str:
        """Its commit, "" for none."""
        found = _git(self.folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return found.stdout.decode().strip() if not found.returncode else ""


def _authored(author: Author) -> dict[str, str]:
    name = " ".join("".join(c for c in author.name if c.isprintable() and c not in "<>").split())
    return {
        **_COMMITTER,
        "GIT_AUTHOR_NAME": name or author.account,
        "GIT_AUTHOR_EMAIL": f"{author.account}@relance.invalid",
    }
