"""The author's folder: the texts of `sequences/` as the plan is read from, and the pictures and
downloads that are served beside them.

No symbolic link below the folder is followed, wherever it leads: what an author hands over must not
name a file of the machine it is read on. Each file is opened from the folder it stands in, so that
what was looked at is what is read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from engine.sequence.mistakes import Mistake, Unpublishable
from engine.words import N_

TEXTS = (".toml", ".md", ".html")
ASSETS = {
    "pictures": (".png", ".jpg", ".jpeg", ".gif", ".webp"),
    "files": (".pdf", ".txt", ".csv", ".zip", ".ics", ".epub", ".mp3", ".odt", ".docx"),
}
MAX_TEXT_CHARACTERS = 1_000_000
LINK = N_("is a symbolic link, and none is followed below sequences/: put the file itself here")
NO_TEXT = N_("is not a text, or longer than a million characters")
# Without waiting, for what is no file and has nobody at its other end.
OPENING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_sequences(folder: Path) -> Mapping[str, str]:
    """Every text below `folder`, by its path from there with forward slashes, NFC. Raises
    Unpublishable for what cannot be read.
    """
    if not folder.is_dir():
        raise Unpublishable(
            (
                Mistake(
                    "sequences/",
                    1,
                    N_(
                        "there is no folder `sequences` beside config.toml; `relance init DIR`"
                        " makes one"
                    ),
                ),
            )
        )
    files: dict[str, str] = {}
    mistakes = []
    top = folder.resolve()

    def unreadable(error: OSError) -> None:
        path = Path(error.filename) if isinstance(error.filename, str) else top
        name = path.relative_to(top).as_posix() if path.is_relative_to(top) else path.name
        mistakes.append(
            Mistake(name, 1, N_("cannot be read: {why}"), why=error.strerror or str(error))
        )

    for place, folders, names, inside in os.fwalk(top, onerror=unreadable, follow_symlinks=False):
        for entry in sorted((*folders, *names)):
            if entry.startswith("."):
                continue
            name = normalize("NFC", (Path(place).relative_to(top) / entry).as_posix())
            try:
                text = _text(entry, inside)
            except UnicodeDecodeError as error:
                mistakes.append(
                    Mistake(
                        name,
                        1,
                        N_("is not UTF-8 (byte {byte}): save it as UTF-8"),
                        byte=error.start,
                    )
                )
            except OSError as error:
                mistakes.append(
                    Mistake(name, 1, N_("cannot be read: {why}"), why=error.strerror or str(error))
                )
            except ValueError as error:
                mistakes.append(Mistake(name, 1, str(error)))
            else:
                if text is not None:
                    files[name] = text
        folders[:] = [entry for entry in folders if not entry.startswith(".")]
    if mistakes:
        raise Unpublishable(tuple(sorted(mistakes)))
    return {name: files[name] for name in sorted(files, key=PurePosixPath)}


def _text(entry: str, inside: int) -> str | None:
    """The text called `entry` in the folder opened as `inside`; None for what is none. Raises
    OSError, UnicodeDecodeError, ValueError.
    """
    if not entry.endswith(TEXTS):
        if stat.S_ISLNK(os.stat(entry, dir_fd=inside, follow_symlinks=False).st_mode):
            raise ValueError(LINK)
        return None
    try:
        descriptor = os.open(entry, OPENING, dir_fd=inside)
    except OSError as error:
        raise ValueError(LINK) if error.errno == errno.ELOOP else error from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            return None
        octets = file.read(4 * MAX_TEXT_CHARACTERS + 4)
    text = octets.decode("utf-8-sig") if len(octets) <= 4 * MAX_TEXT_CHARACTERS + 3 else "\0"
    if "\0" in text or len(text) > MAX_TEXT_CHARACTERS:
        raise ValueError(NO_TEXT)
    return normalize("NFC", text.replace("\r\n", "\n"))


def open_asset(folder: Path, kind: str, name: str) -> int | None:
    """A descriptor of the file behind `/a/pictures/NAME` or `/a/files/NAME`, to be closed by the
    caller, or None: nothing outside these two folders, nothing of another type, no symbolic link.
    """
    if kind not in ASSETS or name.startswith(".") or "/" in name or "\\" in name or "\0" in name:
        return None
    if Path(name).suffix.lower() not in ASSETS[kind]:
        return None
    try:
        with _opened(folder / kind) as inside:
            descriptor = os.open(name, OPENING, dir_fd=inside)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return descriptor


def has_asset(folder: Path, kind: str, name: str) -> bool:
    descriptor = open_asset(folder, kind, name)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None


def assets_of(sequences: Path) -> tuple[tuple[str, str], ...]:
    """("pictures", name) and ("files", name) that letters may use. No file is opened."""
    return tuple(
        (kind, name)
        for kind, endings in ASSETS.items()
        if (sequences / kind).is_dir()
        for name in sorted(entry.name for entry in os.scandir(sequences / kind) if _is_file(entry))
        if not name.startswith(".") and Path(name).suffix.lower() in endings
    )


def _is_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, OPENING | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


# A camera's notes may stand before the size.
HEAD_BYTES = 1_000_000


Size = tuple[int, int]


def sizes_of(sequences: Path) -> Callable[[str], Size | None]:
    """Width and height in pixels of a picture by its name below `pictures/`; None for what is none,
    or none that is served.
    """

    def size_of(name: str) -> Size | None:
        opened = open_asset(sequences, "pictures", name)
        return size_in(opened) if opened is not None else None

    return size_of


def size_in(descriptor: int) -> Size | None:
    """Of the picture in an open file, which is closed; None for what is none."""
    # Here, because the configuration knows this file, and measures nothing.
    import imagesize  # type: ignore[import-untyped]

    try:
        with os.fdopen(descriptor, "rb") as file:
            width, height = imagesize.get(BytesIO(file.read(HEAD_BYTES)))
    except (OSError, ValueError):
        return None
    return (int(width), int(height)) if width > 0 and height > 0 else None


MAX_PUBLISHED_BYTES = 64_000_000
"""A larger file is served from the author's folder, on the machine that has it."""
_digests: dict[tuple[str, int, int, int], str] = {}


def asset_digests(sequences: Path) -> dict[str, str]:
    """The SHA-256 of each picture and download that can be published, by its path from there, NFC.
    What has not changed since is not read again.
    """
    digests = {}
    for kind, name in assets_of(sequences):
        opened = open_asset(sequences, kind, name)
        if opened is None:
            continue
        with os.fdopen(opened, "rb") as file:
            about = os.fstat(opened)
            if about.st_size > MAX_PUBLISHED_BYTES or not name.isprintable():
                continue
            path = normalize("NFC", f"{kind}/{name}")
            key = path, about.st_ino, about.st_size, about.st_mtime_ns
            if key not in _digests:
                _digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
            digests[path] = _digests[key]
    return digests


def read_assets(sequences: Path) -> Iterator[bytes]:
    """The octets of each file that `asset_digests` names, one after the other."""
    for kind, name in assets_of(sequences):
        opened = open_asset(sequences, kind, name)
        if opened is not None:
            with os.fdopen(opened, "rb") as file:
                if os.fstat(opened).st_size <= MAX_PUBLISHED_BYTES:
                    yield file.read()
