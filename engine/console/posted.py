"""What a browser posts to the console, bounded before it is held: a form up to 1 MB, an upload up
to 64 MB, whose files lie in a folder of the installation until they are answered.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from engine.console.visit import UploadedFile

MAX_FORM_OCTETS = 1_048_576
MAX_UPLOAD_OCTETS = 64 * 1_048_576
MAX_INPUTS = 5_000
MAX_FILES = 20
_COPIED_OCTETS = 1_048_576


class TooLarge(Exception):
    """More than a form, or an upload, may hold."""


class Unreadable(Exception):
    """A body that is no form."""


@dataclass(frozen=True, slots=True)
class Posted:
    """`pairs` in the order they came; `files` by the name of their input."""

    pairs: tuple[tuple[str, str], ...] = ()
    files: Mapping[str, UploadedFile] = field(default_factory=dict)

    @property
    def inputs(self) -> dict[str, str]:
        """Of one given twice, the last."""
        return dict(self.pairs)


@asynccontextmanager
async def posted(request: Request, incoming: Path, *, uploads: bool) -> AsyncIterator[Posted]:
    """Files come into a folder below `incoming`, for us alone, and are gone afterwards. Raises
    TooLarge, at the latest after one piece more than is accepted, and Unreadable.
    """
    most = MAX_UPLOAD_OCTETS if uploads else MAX_FORM_OCTETS
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise TooLarge
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=incoming) as folder:
            yield await _multipart(request, most, Path(folder), uploads)
    else:
        yield Posted(_urlencoded(b"".join([piece async for piece in _bounded(request, most)])))


def _urlencoded(body: bytes) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(
            parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_INPUTS)
        )
    except ValueError as error:
        raise Unreadable from error


async def _bounded(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    octets = 0
    async for piece in request.stream():
        octets += len(piece)
        if octets > most:
            raise TooLarge
        yield piece


async def _multipart(request: Request, most: int, folder: Path, uploads: bool) -> Posted:
    parser = MultiPartParser(
        request.headers,
        _bounded(request, most),
        max_files=MAX_FILES if uploads else 0,
        max_fields=MAX_INPUTS,
        max_part_size=MAX_FORM_OCTETS,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError) as error:
        raise Unreadable from error
    async with _closed(form.multi_items()) as items:
        pairs = [(name, value) for name, value in items if isinstance(value, str)]
        files: dict[str, UploadedFile] = {}
        for number, (name, value) in enumerate(items):
            # An input of a file that was left empty is posted with an empty name.
            if isinstance(value, UploadFile) and value.filename:
                path = folder / str(number)
                files[name] = UploadedFile(value.filename, path, await _copied(value, path))
    return Posted(tuple(pairs), files)


@asynccontextmanager
async def _closed(
    items: list[tuple[str, UploadFile | str]],
) -> AsyncIterator[list[tuple[str, UploadFile | str]]]:
    try:
        yield items
    finally:
        for _, value in items:
            if isinstance(value, UploadFile):
                await value.close()


async def _copied(upload: UploadFile, path: Path) -> int:
    octets = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := await upload.read(_COPIED_OCTETS):
            octets += file.write(piece)
    return octets
