"""Pictures and downloads put into `sequences/pictures` and `sequences/files`: looked at before they
are taken, whatever their name says, and never over another file.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from unicodedata import normalize

from engine.authoring.author_files import BadFile, check_asset, read_octets
from engine.authoring.dialogue_edits import asset_link
from engine.authoring.saving import Author, CannotSave, save_asset
from engine.config import Config
from engine.console.open_dialogue import sentence
from engine.console.visit import Mistake, UploadedFile, Visit
from engine.i18n.language import N_
from engine.letter.source_folder import ASSETS, has_asset
from engine.sequence.draft import as_name

MAX_OCTETS = {"pictures": 2_000_000, "files": 25_000_000}
# How files of each kind begin; those that have no sign of their own are texts.
_SIGNS = {
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF87a", b"GIF89a"),
    ".webp": (b"RIFF",),
    ".pdf": (b"%PDF-",),
    ".zip": (b"PK\x03\x04",),
    ".epub": (b"PK\x03\x04",),
    ".odt": (b"PK\x03\x04",),
    ".docx": (b"PK\x03\x04",),
    ".mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    ".ics": (b"BEGIN:VCALENDAR",),
}
_PARTS = {".epub": "META-INF/container.xml", ".odt": "content.xml", ".docx": "word/document.xml"}


class KeptUpload(NamedTuple):
    """What the letter gets, and what did not follow: "" where all did."""

    link: str
    warning: str = ""


def kept_upload(config: Config, visit: Visit) -> KeptUpload | Mistake:
    """Of the file that was sent, or of one that is there already. Raises OSError."""
    words = " ".join(visit.inputs.get("asset_words", "").split())
    sent = visit.files.get("upload")
    if sent is None or not sent.octets:
        folder, _, known = visit.inputs.get("asset", "").partition("/")
        if not has_asset(config.sequences, folder, known):
            return Mistake("upload", visit.say(N_("Choose a file.")))
        return KeptUpload(asset_link(folder, known, words or _words(known)))
    if config.console.save == "read-only":
        return Mistake("upload", visit.say(N_("The folder is not written from here.")))
    kind = _kind(sent.name)
    if kind is None:
        endings = ", ".join((*ASSETS["pictures"], *ASSETS["files"]))
        message = visit.say(N_("This kind of file cannot be sent: use one of {endings}."))
        return Mistake("upload", message.format(endings=endings))
    if sent.octets > MAX_OCTETS[kind]:
        message = visit.say(N_("This file is larger than {most} MB."))
        return Mistake("upload", message.format(most=MAX_OCTETS[kind] // 1_000_000))
    if not _is_what_it_says(sent):
        return Mistake("upload", visit.say(N_("This file is not what its name says.")))
    octets = sent.path.read_bytes()
    name = _free(config.sequences, kind, safe_name(sent.name), octets)
    author = Author(visit.account.id, visit.account.name)
    message = visit.say(N_("Letters: {files}")).format(files=f"{kind}/{name}")
    mode = config.console.save
    try:
        saved = save_asset(
            config.sequences, config.data, f"{kind}/{name}", octets, mode, author, message
        )
    except CannotSave as error:
        return Mistake("upload", sentence(visit, error.words))
    warning = sentence(visit, saved.warning) if saved.warning is not None else ""
    return KeptUpload(asset_link(kind, name, words or _words(sent.name)), warning)


def _kind(name: str) -> str | None:
    suffix = PurePosixPath(name.lower()).suffix
    return next((kind for kind, endings in ASSETS.items() if suffix in endings), None)


def safe_name(name: str) -> str:
    """Small letters, digits and hyphens, with its ending: "Mon été.PNG" is "mon-ete.png"."""
    last = re.split(r"[/\\]", normalize("NFC", name))[-1]
    stem, _, suffix = last.rpartition(".")
    return f"{as_name(stem)}.{re.sub(r'[^a-z0-9]', '', suffix.lower())}"


def _words(name: str) -> str:
    stem = re.split(r"[/\\]", name)[-1].rpartition(".")[0]
    return " ".join(re.sub(r"[-_]+", " ", stem).split())[:80]


def _is_what_it_says(sent: UploadedFile) -> bool:
    suffix = PurePosixPath(sent.name.lower()).suffix
    with sent.path.open("rb") as file:
        head = file.read(4096)
    if suffix not in _SIGNS:
        return b"\0" not in head
    if not head.startswith(_SIGNS[suffix]) or (suffix == ".webp" and head[8:12] != b"WEBP"):
        return False
    if suffix not in _PARTS:
        return True
    try:
        with zipfile.ZipFile(sent.path) as archive:
            return _PARTS[suffix] in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False


def _free(sequences: Path, kind: str, name: str, octets: bytes) -> str:
    """A name that no other file has; the same file is taken once."""
    stem, _, suffix = name.rpartition(".")
    count = 1
    while True:
        free = name if count == 1 else f"{stem}-{count}.{suffix}"
        check_asset(kind, free)
        try:
            there = read_octets(sequences, f"{kind}/{free}", MAX_OCTETS[kind])
        except BadFile:
            there = b""
        if there is None or there == octets:
            return free
        count += 1
