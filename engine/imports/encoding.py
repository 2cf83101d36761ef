"""What a person's file is, in bytes: one pass over the whole of it in fixed memory, nothing guessed
from its start.

A file is UTF-8 if all of it is. If not, the whole of it decides: where accents in UTF-8 outnumber
the octets that are none, it is UTF-8 and the lines that are not are named one by one; else it is
cp1252. UTF-16 is believed with its mark, or when every second octet says so.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from engine.imports.refusals import FileKind, TableFault, TableRefused

BYTES_LIMIT = 200 * 1024 * 1024

_CHUNK = 256 * 1024
_HEAD = 4096
_NOT_TEXT = (
    (b"PK\x03\x04", FileKind.ZIP),
    (b"PK\x05\x06", FileKind.ZIP_EMPTY),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.OLD_SPREADSHEET),
    (b"\x1f\x8b", FileKind.GZIP),
    (b"7z\xbc\xaf\x27\x1c", FileKind.SEVEN_ZIP),
    (b"\xfd7zXZ", FileKind.XZ),
    (b"Rar!\x1a", FileKind.RAR),
    (b"SQLite format 3\x00", FileKind.DATABASE),
    (b"%PDF-", FileKind.PDF),
    (b"{\\rtf", FileKind.RTF),
    (b"\x89PNG", FileKind.PICTURE),
    (b"\xff\xd8\xff", FileKind.PICTURE),
)
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r\x1a")

# Octets that are no UTF-8 within a file that is: each becomes a lone surrogate, by which `damaged`
# knows the line.
DAMAGED = "surrogateescape"
# The five octets cp1252 leaves undefined are read as latin-1 reads them: nothing is replaced,
# nothing is lost.
WITH_LATIN1 = "relance-latin-1"


_SURROGATE = re.compile("[\udc80-\udcff]")
_GARBLED = re.compile("[\u00c2-\u00c5][^\x00-\x7f]|\u00e2[\u20ac\u201a]")
# Where a letter of Mac OS, DOS or latin-9 stood, and cp1252 has a sign, or a capital after a small
# letter.
_NO_LETTER = re.compile(
    "[a-z\u00df-\u00f6\u00f8-\u00ff][ŽŠƒ‚„†‡ˆ‰‹\x81\x8d\x8f\x90\x9d]|[A-Za-z][½¼][a-z]"
)
_CAPITAL_WITHIN = re.compile("[a-z\u00df-\u00f6\u00f8-\u00ff][A-Z\u00c0-\u00d6\u00d8-\u00de]")
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,5}|#x[0-9A-Fa-f]{2,4});")
REPLACEMENT = "\ufffd"
"""What a program leaves of a letter that it could not read."""
_UNDEFINED = "\x81\x8d\x8f\x90\x9d"
_MULTIBYTE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_ASCII = bytes(range(0x80))


@dataclass(frozen=True)
class Source:
    """One regular file as it was when it was looked at; `codec` and `errors` are those of
    `open`.
    """

    path: Path
    codec: str
    errors: str
    size: int  # bytes
    identity: tuple[int, ...]

    def unchanged(self) -> bool:
        return _identity(_regular(self.path)) == self.identity


def examine(path: Path, limit: int = BYTES_LIMIT) -> Source:
    """The encoding of the file at `path`, of at most `limit` bytes. Raises TableRefused."""
    status = _regular(path)
    if status.st_size == 0:
        raise TableRefused(TableFault.EMPTY, file=path.name)
    if status.st_size > limit:
        raise TableRefused(TableFault.TOO_LARGE, file=path.name, n=status.st_size, most=limit)
    try:
        codec = _codec(path)
    except OSError as problem:
        raise unreadable(path.name, problem) from problem
    errors = {"cp1252": WITH_LATIN1, "utf-8": DAMAGED, "utf-8-sig": DAMAGED}.get(codec, "strict")
    return Source(path, codec, errors, status.st_size, _identity(status))


def damaged(text: str) -> bool:
    """Whether a line of a UTF-8 file holds octets that are none."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def mended(text: str) -> str:
    """What a damaged line most likely says: its octets that are no UTF-8, read as cp1252."""
    return _SURROGATE.sub(
        lambda octet: (ord(octet[0]) - 0xDC00).to_bytes(1, "big").decode("cp1252", WITH_LATIN1),
        text,
    )


def ungarbled(text: str) -> str:
    """What a text most likely said before its octets were taken for cp1252 (`FranÃ§ois`, `Zo‚`:
    François, Zoé) or its letters were written as HTML has them; "" where nothing says that they
    were.
    """
    if text.isascii():
        right = unescape(text) if _ENTITY.search(text) else text
        return right if right != text else ""
    codecs_meant = (("utf-8",) if _GARBLED.search(text) else ()) + (
        ("mac-roman", "cp850", "iso8859-15") if _NO_LETTER.search(text) else ()
    )
    if not codecs_meant:
        return ""
    try:
        octets = b"".join(
            (
                character.encode("cp1252")
                if character not in _UNDEFINED
                else character.encode("latin-1")
            )
            for character in text
        )
    except UnicodeError:
        return ""
    return next((right for codec in codecs_meant if (right := _read_as(octets, codec))), "")


def _read_as(octets: bytes, codec: str) -> str:
    """A text of letters as the West writes them, and no capital within a word; "" for any other."""
    try:
        right = octets.decode(codec)
    except UnicodeError:
        return ""
    if codec != "utf-8" and (
        _CAPITAL_WITHIN.search(right)
        or any(ord(c) > 0x7E and not c.isalpha() and c not in "’«»\u00a0" for c in right)
    ):
        return ""
    return right if all(ord(c) < 0x180 or 0x2000 <= ord(c) < 0x20D0 for c in right) else ""


def unreadable(file: str, problem: OSError) -> TableRefused:
    return TableRefused(TableFault.UNREADABLE, file=file, why=problem.strerror or str(problem))


def _no_table(path: Path, kind: FileKind) -> TableRefused:
    return TableRefused(TableFault.NOT_A_TABLE, file=path.name, what=kind)


def _regular(path: Path) -> os.stat_result:
    # Looked at before it is opened: opening a pipe would wait for ever, a device would never end.
    try:
        status = path.stat()
    except ValueError as problem:
        raise TableRefused(TableFault.NAME_HOLDS_NUL) from problem
    except FileNotFoundError as problem:
        raise TableRefused(TableFault.FILE_MISSING, file=str(path)) from problem
    except OSError as problem:
        raise unreadable(str(path), problem) from problem
    if not stat.S_ISREG(status.st_mode):
        raise TableRefused(TableFault.NOT_PLAIN_FILE, file=str(path))
    return status


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _codec(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for magic, kind in _NOT_TEXT:
        if head.startswith(magic):
            raise _no_table(path, kind)
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        raise _no_table(path, FileKind.WEB_PAGE)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise _no_table(path, FileKind.UTF_32)
    wide = _utf16(head)
    if wide is not None:
        if not _decodes(path, wide):
            raise TableRefused(TableFault.UTF_16_BROKEN, file=path.name)
        return wide
    if _decodes(path, "utf-8"):
        return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if len(head.translate(None, _CONTROLS)) < 0.95 * len(head):
        raise _no_table(path, FileKind.NOT_TEXT)
    return "utf-8" if _mostly_utf8(path) else "cp1252"


def _mostly_utf8(path: Path) -> bool:
    """Two accents of cp1252 are hardly ever one of UTF-8 by chance, so as many as there are octets
    that are none are enough.
    """
    balance = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sequences = _MULTIBYTE.findall(chunk)
            balance += (
                len(sequences) + sum(map(len, sequences)) - len(chunk.translate(None, _ASCII))
            )
    return balance >= 0


def _utf16(head: bytes) -> str | None:
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    first, second = head[0::2].count(0), head[1::2].count(0)
    evident = 0.4 * (len(head) // 2)
    if len(head) % 2 == 0 and second >= evident > 0 and first == 0:
        return "utf-16-le"
    if len(head) % 2 == 0 and first >= evident > 0 and second == 0:
        return "utf-16-be"
    return None


def _decodes(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    valid = True
    position = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            text = ""
            if valid:
                try:
                    text = decoder.decode(chunk)
                except UnicodeDecodeError:
                    valid = False
            # The rest of a file that is no UTF-8 is still searched for NULs.
            found = chunk.find(0) if codec == "utf-8" else text.find("\0")
            if found >= 0:
                raise TableRefused(
                    TableFault.NUL_CHARACTERS, file=path.name, n=position + found + 1
                )
            position += len(chunk)
    if valid:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return valid


def _latin1(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    return problem.object[problem.start : problem.end].decode("latin-1"), problem.end


codecs.register_error(WITH_LATIN1, _latin1)
