"""Files below the author's folder, or below a draft of it, read and written by their paths from
there: no symbolic link is followed, no name leads elsewhere, and a file is whole or as it was.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import SequenceMatcher
from pathlib import Path
from unicodedata import normalize

from engine.letter.source_folder import ASSETS, LINK, MAX_TEXT_CHARACTERS, NO_TEXT, OPENING, TEXTS
from engine.words import N_, WordedError

MAX_TEXT_BYTES = 4 * MAX_TEXT_CHARACTERS + 3
MAX_PATH_CHARACTERS = 200
MAX_DEPTH = 8
BOM = b"\xef\xbb\xbf"
_NAME = re.compile(r"[^\s./\\-][^/\\]*(?<![\s.])|\w")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class BadFile(WordedError, ValueError):
    """Why a file cannot be read or named so."""


def check_path(path: str) -> None:
    """A text of an author by its path, with forward slashes. Raises BadFile."""
    parts = path.split("/")
    if (
        len(path) > MAX_PATH_CHARACTERS
        or len(parts) > MAX_DEPTH
        or not all(_NAME.fullmatch(part) and part.isprintable() for part in parts)
    ):
        raise BadFile(N_("“{path}” is no name for a file"), path=path)
    if not path.endswith(TEXTS):
        raise BadFile(
            N_("a file of an author ends in {endings}"), endings=", ".join(TEXTS), path=path
        )


def check_asset(kind: str, name: str) -> None:
    """A picture or a download, by its folder and its name. Raises BadFile."""
    if kind not in ASSETS or len(name) > MAX_PATH_CHARACTERS or not _NAME.fullmatch(name):
        raise BadFile(N_("“{path}” is no name for a file"), path=name)
    if not name.lower().endswith(ASSETS[kind]):
        endings = ", ".join(ASSETS[kind])
        raise BadFile(N_("a file in {folder} ends in {endings}"), folder=kind, endings=endings)


def read_octets(top: Path, path: str, most: int = MAX_TEXT_BYTES) -> bytes | None:
    """What the file holds, None where there is none. Raises BadFile for a link, for what is no file
    and for more than `most` bytes; OSError.
    """
    try:
        with _folder_of(top, path) as (folder, name):
            descriptor = os.open(name, OPENING, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BadFile(LINK) if error.errno == errno.ELOOP else error from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadFile(NO_TEXT)
        octets = file.read(most + 1)
    if len(octets) > most:
        raise BadFile(NO_TEXT)
    return octets


def write_octets(top: Path, path: str, octets: bytes) -> None:
    """The file under its name, or as it was before; its mode and owner are kept. Folders are made.
    Raises OSError, BadFile where a link stands in the way.
    """
    with _folder_of(top, path, make=True) as (folder, name):
        beside = f".{name[:100]}.{secrets.token_hex(4)}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(beside, flags, 0o666, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                _like_before(descriptor, folder, name)
                file.write(octets)
                file.flush()
                os.fsync(descriptor)
            os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside, dir_fd=folder)
            raise
        os.fsync(folder)


def _like_before(descriptor: int, folder: int, name: str) -> None:
    try:
        former = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        former = None
    if former is not None and not stat.S_ISREG(former.st_mode):
        raise BadFile(LINK)
    if former is not None:
        os.fchmod(descriptor, stat.S_IMODE(former.st_mode))
    if os.geteuid() == 0:
        owner = former or os.fstat(folder)
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def remove_file(top: Path, path: str) -> None:
    """And the folders it leaves empty. Nothing where there is none. Raises OSError."""
    try:
        with _folder_of(top, path) as (folder, name):
            os.unlink(name, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    around = (top / path).parent
    while around != top and around.is_relative_to(top):
        try:
            around.rmdir()
        except OSError:
            return
        around = around.parent


@contextmanager
def _folder_of(top: Path, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """The folder a file stands in, opened, and its name there, which a file system may write with
    accents apart. Raises OSError; of errno ELOOP or ENOTDIR where a link would be followed.
    """
    *folders, name = path.split("/")
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    opened = os.open(top, flags)
    try:
        for part in folders:
            part = _as_written(opened, part)
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=opened)
            inner = os.open(part, flags | os.O_NOFOLLOW, dir_fd=opened)
            os.close(opened)
            opened = inner
        yield opened, _as_written(opened, name)
    finally:
        os.close(opened)


def _as_written(folder: int, name: str) -> str:
    if name.isascii() or os.access(name, os.F_OK, dir_fd=folder, follow_symlinks=False):
        return name
    same = (entry for entry in os.listdir(folder) if normalize("NFC", entry) == name)
    return next(same, name)


def text_of(octets: bytes) -> str:
    """As a form shows it: each line ends in "\\n". Raises BadFile for what is no text."""
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(
            N_("is not UTF-8 (byte {byte}): save it as UTF-8"), byte=error.start
        ) from None
    if "\0" in text or len(text) > MAX_TEXT_CHARACTERS:
        raise BadFile(NO_TEXT)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def octets_of(text: str, former: bytes = b"") -> bytes:
    """The text as a file that held `former`: with its byte order mark if it had one, each line that
    stays ending as it did, and new ones as most did.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    mark, body = (BOM, former[len(BOM) :]) if former.startswith(BOM) else (b"", former)
    before = _LINE.findall(body.decode("utf-8", "replace"))
    ends = [line[len(line.rstrip("\r\n")) :] for line in before]
    usual = max(("\n", "\r\n", "\r"), key=ends.count)
    if len(set(ends) - {""}) < 2:
        return mark + text.replace("\n", usual).encode()
    plain = [
        line.rstrip("\r\n") + ("\n" if end else "") for line, end in zip(before, ends, strict=True)
    ]
    after = _LINE.findall(text)
    lines = []
    for kind, start, _, new_start, new_end in SequenceMatcher(
        None, plain, after, autojunk=False
    ).get_opcodes():
        for place in range(new_start, new_end):
            same = before[start + place - new_start] if kind == "equal" else ""
            lines.append(same or after[place].replace("\n", usual))
    return mark + "".join(lines).encode()
