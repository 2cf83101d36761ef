"""The new host: it knows the other by the fingerprint in the token before it says anything, and
lays out what it is given whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import shutil
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from engine.config import Config, config_of, read_config
from engine.environment import DATA
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.joining.protocol import (
    CONFIG,
    GREETING,
    LENGTH_BYTES,
    MAX_BUNDLE_BYTES,
    TAKEN,
    TOO_LARGE,
    Bundle,
    BundleRefused,
    JoinToken,
    decoded,
)
from engine.store.files import sync_folder
from engine.words import words_of_file_error

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
UNFINISHED = ".unfinished-join"


def read_address(url: str) -> tuple[str, int]:
    """Raises UserError of status 2."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = not (parts.username or parts.query or parts.fragment) and parts.path in ("", "/")
    if parts.scheme != "https" or not parts.hostname or not port or not plain:
        raise UserError(
            N_("the address is https://HOST:PORT, as `--offer` printed it on the other host"), 2
        )
    return parts.hostname, port


def refuse_taken_folder(folder: Path) -> None:
    """Raises UserError where anything but a former attempt is in it."""
    if os.environ.get(DATA):
        raise UserError(
            N_("join without {variable}: then move data/ to where it is to lie"), variable=DATA
        )
    if folder.exists() and not folder.is_dir():
        raise UserError(N_("{folder} is a file: an installation is a folder"), 2, folder=folder)
    if folder.exists() and {path.name for path in folder.iterdir()} - {UNFINISHED}:
        raise UserError(
            N_("{folder} is not empty: a host joins in a folder of its own"), folder=folder
        )


def fetch(host: str, port: int, token: JoinToken, keep: Callable[[Bundle], Config]) -> Config:
    """What `keep` makes of what the other host sends; it is told once that is done. Raises
    UserError where nothing was fetched, and what `keep` raises.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # The fingerprint says who it is: no authority, and no name.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), CONNECT_SECONDS) as plain,
            context.wrap_socket(plain) as connection,
        ):
            _refuse_stranger(connection, token)
            connection.sendall(GREETING + token.secret)
            bundle = decoded(_answer(connection))
            kept = keep(bundle)
            with contextlib.suppress(OSError):
                connection.sendall(TAKEN)
            return kept
    except BundleRefused as error:
        raise UserError(error.words) from error
    except OSError as error:
        if error.filename:
            raise
        raise UserError(
            N_("the other host does not answer at {host}:{port} ({why}): is the offer still open?"),
            host=host,
            port=port,
            why=words_of_file_error(error),
        ) from error


def _refuse_stranger(connection: ssl.SSLSocket, token: JoinToken) -> None:
    fingerprint = hashlib.sha256(connection.getpeercert(binary_form=True) or b"").digest()
    if not hmac.compare_digest(fingerprint, token.fingerprint):
        raise UserError(
            N_(
                "who answers there is not the host that made this token; nothing was said to it:"
                " look at the address, and at what stands in between"
            )
        )


def _answer(connection: ssl.SSLSocket) -> bytes:
    deadline = time.monotonic() + ANSWER_SECONDS
    length = int.from_bytes(_exactly(connection, LENGTH_BYTES, deadline), "big")
    if not length:
        raise UserError(
            N_("the other host does not take this token: it serves once, and not for long")
        )
    if length > MAX_BUNDLE_BYTES:
        raise UserError(TOO_LARGE)
    return _exactly(connection, length, deadline)


def _exactly(connection: ssl.SSLSocket, count: int, deadline: float) -> bytes:
    octets = bytearray()
    while len(octets) < count:
        connection.settimeout(max(0.01, min(CONNECT_SECONDS, deadline - time.monotonic())))
        piece = connection.recv(count - len(octets)) if time.monotonic() < deadline else b""
        if not piece:
            raise UserError(
                N_("the other host's answer was cut off; nothing was written: offer again there")
            )
        octets += piece
    return bytes(octets)


def lay_out(folder: Path, bundle: Bundle) -> Config:
    """The installation in `folder`, which is as before where it raises Unpublishable or OSError.
    Files 0600, folders 0700; config.toml comes last, because it makes the folder an installation.
    """
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = folder / UNFINISHED
    moved: list[Path] = []
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        for name, content in bundle.files.items():
            _write(unfinished, name, content)
        config_of(unfinished, bundle.files[CONFIG].decode("utf-8", "replace"))
        for path in sorted(unfinished.iterdir(), key=lambda path: path.name == CONFIG):
            path.rename(folder / path.name)
            moved.append(folder / path.name)
        config = read_config(folder)
        folder.chmod(0o700)
        unfinished.rmdir()
        sync_folder(folder)
    except BaseException:
        for path in reversed(moved):
            _remove(path)
        _remove(unfinished)
        if made:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
    return config


def _write(root: Path, name: str, content: bytes) -> None:
    path = root
    for part in name.split("/")[:-1]:
        path = path / part
        path.mkdir(mode=0o700, exist_ok=True)
    file = root / name
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    sync_folder(file.parent)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
