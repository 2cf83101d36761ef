"""Drafts: what an author has written in the console and not yet saved to the folder. One folder for
each account, `data/drafts/ACCOUNT/`, with each file as it was opened (`base/`) and as it is now
(`mine/`); it lies over `sequences/`, which stays as it is.

A file is always in one of three states: it differs in the draft, in the folder, or nowhere from
what is in force. A draft that has become what the folder holds is none any more.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from engine.authoring.author_files import (
    BadFile,
    check_path,
    octets_of,
    read_octets,
    remove_file,
    text_of,
    write_octets,
)
from engine.letter.source_folder import read_sequences
from engine.words import N_

MAX_FILES = 500
MAX_REMEMBERED = 100
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}")
State = Literal["draft", "folder", "in force"]
"""Where the newest version of a file stands."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A file of a draft: what the folder held when it was opened (None: no such file), and what it
    shall hold.
    """

    path: str
    base: bytes | None
    mine: bytes


def digest_of(octets: bytes | None) -> str:
    """SHA-256 as 64 hexadecimal digits; "" for a file that is not there."""
    return "" if octets is None else sha256(octets).hexdigest()


class Draft:
    """One account's. Everything is asked of the disk, so that several processes may serve it."""

    def __init__(self, data: Path, sequences: Path, account: str) -> None:
        if not _ACCOUNT.fullmatch(account):
            raise BadFile(N_("“{path}” is no name for a file"), path=account)
        self.sequences, self.account = sequences, account
        self.folder = data / "drafts" / account

    @property
    def _mine(self) -> Path:
        return self.folder / "mine"

    def paths(self) -> tuple[str, ...]:
        """The files that differ from the folder, in order of path."""
        if not self._mine.is_dir():
            return ()
        paths = (
            path.relative_to(self._mine).as_posix()
            for path in sorted(self._mine.rglob("*"))
            if stat.S_ISREG(path.lstat().st_mode) and not path.name.startswith(".")
        )
        return tuple(path for path in paths if self.get(path) is not None)

    def get(self, path: str) -> Drafted | None:
        """None where the draft does not differ from the folder. Raises BadFile, OSError."""
        check_path(path)
        mine = read_octets(self._mine, path) if self._mine.is_dir() else None
        if mine is None:
            return None
        if mine == self.in_folder(path):
            self.discard(path)
            return None
        return Drafted(path, read_octets(self.folder, f"base/{path}"), mine)

    def in_folder(self, path: str) -> bytes | None:
        """Raises BadFile, OSError."""
        check_path(path)
        return read_octets(self.sequences, path)

    def octets(self, path: str) -> bytes | None:
        """What this author sees: their draft, else the folder. Raises BadFile, OSError."""
        drafted = self.get(path)
        return self.in_folder(path) if drafted is None else drafted.mine

    def text(self, path: str) -> str | None:
        octets = self.octets(path)
        return None if octets is None else text_of(octets)

    def write(self, path: str, text: str, window: str = "") -> None:
        """Keep a text, written in a window of that name. What the folder holds is left; one that
        equals it is no draft. Raises BadFile, OSError.
        """
        seen = self.octets(path)
        octets = octets_of(text, b"" if seen is None else seen)
        text_of(octets)
        folder = self.in_folder(path)
        if octets == folder:
            self.discard(path)
        elif self.get(path) is not None:
            write_octets(self._mine, path, octets)
        elif len(self.paths()) >= MAX_FILES:
            raise BadFile(N_("a draft holds at most {most} files"), most=MAX_FILES)
        else:
            self.begin(path, folder, octets)
        if window and octets != folder:
            write_octets(self._part("windows"), path, window.encode())
        elif (self.folder / "windows").is_dir():
            remove_file(self.folder / "windows", path)

    def window(self, path: str) -> str:
        """In which the draft was written last, "" where that is not known."""
        return (read_octets(self.folder, f"windows/{path}") or b"").decode()

    def begin(self, path: str, base: bytes | None, octets: bytes) -> None:
        """A draft that counts from `base`, what the folder held when its author last saw it."""
        check_path(path)
        if base is None:
            remove_file(self._part("base"), path)
        else:
            write_octets(self._part("base"), path, base)
        write_octets(self._part("mine"), path, octets)

    def _part(self, name: str) -> Path:
        """One of the folders of the draft, made if need be."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        os.chmod(self.folder, 0o700)
        return folder

    def discard(self, path: str) -> None:
        """Back to what the folder holds. Raises OSError."""
        check_path(path)
        for inner in ("mine", "base", "windows"):
            if (self.folder / inner).is_dir():
                remove_file(self.folder / inner, path)

    def remove(self) -> None:
        """All of it, with what was remembered. Raises OSError."""
        shutil.rmtree(self.folder)

    def remember(self, octets: bytes) -> None:
        """A version that somebody is looking at, so that what they make of it can be joined with
        what others make of it meanwhile. The newest MAX_REMEMBERED are kept. Raises OSError.
        """
        folder = self._part("seen")
        write_octets(folder, digest_of(octets), octets)
        ages = sorted((path.stat().st_mtime, path) for path in folder.iterdir())
        for _, path in ages[:-MAX_REMEMBERED]:
            path.unlink(missing_ok=True)

    def remembered(self, digest: str) -> bytes | None:
        if not _DIGEST.fullmatch(digest) or not self.folder.is_dir():
            return None
        return read_octets(self.folder, f"seen/{digest}")

    def files(self) -> dict[str, str]:
        """Every text as `check` and the engine read it: the folder's with the draft's over them.
        Raises Unpublishable for what cannot be read.
        """
        drafted = self.paths()
        mine = read_sequences(self._mine) if drafted else {}
        return {**read_sequences(self.sequences), **{path: mine[path] for path in drafted}}


def left_behind(data: Path, sequences: Path, accounts: Collection[str]) -> list[Draft]:
    """Drafts that differ from the folder, of accounts that are none of these, in order of their
    ids.
    """
    top = data / "drafts"
    names = sorted(path.name for path in top.iterdir() if path.is_dir()) if top.is_dir() else []
    drafts = [
        Draft(data, sequences, name)
        for name in names
        if name not in accounts and _ACCOUNT.fullmatch(name)
    ]
    return [draft for draft in drafts if draft.paths()]


def take_over(draft: Draft, mine: Draft) -> tuple[str, ...]:
    """Each file goes to `mine`, where that has not drafted the same one; those that stay. Raises
    OSError.
    """
    for path in draft.paths():
        theirs = draft.get(path)
        if theirs is not None and mine.get(path) is None:
            mine.begin(path, theirs.base, theirs.mine)
            draft.discard(path)
    stay = draft.paths()
    if not stay:
        draft.remove()
    return stay


def states(
    draft: Draft, folder: Mapping[str, str], in_force: Mapping[str, str]
) -> dict[str, State]:
    """Of each file, where its newest version stands; `folder` and `in_force` are texts by path."""
    drafted = set(draft.paths())
    newest: dict[str, State] = {}
    for path in sorted({*folder, *in_force, *drafted}):
        if path in drafted:
            newest[path] = "draft"
        else:
            newest[path] = "in force" if folder.get(path) == in_force.get(path) else "folder"
    return newest
