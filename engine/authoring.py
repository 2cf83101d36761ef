"""The author's folder: the texts of `sequences/` as the plan is read from, and the pictures and downloads that are served beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from unicodedata import normalize

from engine.sequence.mistakes import N_, Mistake, Unpublishable

TEXTS = (".toml", ".md", ".html")
ASSETS = {"pictures": (".png", ".jpg", ".jpeg", ".gif", ".webp"), "files": (".pdf", ".txt", ".csv", ".zip", ".ics", ".epub", ".mp3", ".odt", ".docx")}
LARGEST_TEXT = 1_000_000


def read_sequences(folder: Path) -> Mapping[str, str]:
    """Every text below `folder`, by its path from there with forward slashes, NFC. Raises Unpublishable for what cannot be read."""
    if not folder.is_dir():
        raise Unpublishable((Mistake("sequences/", 1, N_("there is no folder `sequences` beside config.toml; `relance init DIR` makes one")),))
    files: dict[str, str] = {}
    mistakes = []
    for path in sorted(folder.rglob("*")):
        if path.suffix not in TEXTS or not path.is_file() or any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        name = normalize("NFC", path.relative_to(folder).as_posix())
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            mistakes.append(Mistake(name, 1, N_("is not UTF-8 (byte {byte}): save it as UTF-8"), byte=error.start))
            continue
        except OSError as error:
            mistakes.append(Mistake(name, 1, N_("cannot be read: {why}"), why=error.strerror or str(error)))
            continue
        if "\0" in text or len(text) > LARGEST_TEXT:
            mistakes.append(Mistake(name, 1, N_("is not a text, or longer than a million characters")))
            continue
        files[name] = normalize("NFC", text.replace("\r\n", "\n"))
    if mistakes:
        raise Unpublishable(tuple(mistakes))
    return files


def asset(folder: Path, kind: str, name: str) -> Path | None:
    """The file behind `/a/pictures/NAME` or `/a/files/NAME`, or None: nothing outside these two folders, nothing of another type."""
    if kind not in ASSETS or name.startswith(".") or "/" in name or "\\" in name or "\0" in name:
        return None
    path = folder / kind / name
    if path.suffix.lower() not in ASSETS[kind] or path.is_symlink() or not path.is_file():
        return None
    return path
