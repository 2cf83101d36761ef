"""What two hosts say to each other when one joins: what travels, the token that opens it, and both
as octets. What comes in is checked here before anything is written.

The new host sends GREETING and the secret of the token; the other answers with a length (8 octets,
big-endian; 0 refuses) and so many octets of JSON; the new host says TAKEN once its files are there.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.words import N_, WordedError

SECRET_BYTES: Final = 32
FINGERPRINT_BYTES: Final = 32
GREETING: Final = b"relance-join/1\n"
REQUEST_BYTES: Final = len(GREETING) + SECRET_BYTES
LENGTH_BYTES: Final = 8
REFUSED: Final = bytes(LENGTH_BYTES)
TAKEN: Final = b"taken\n"
MAX_FILES, MAX_FILE_BYTES, MAX_BUNDLE_BYTES = 200, 2_000_000, 8_000_000
CONFIG: Final = "config.toml"
SECRETS: Final = "data/secrets/"
_TOKEN: Final = re.compile(r"rj1\.[A-Za-z0-9_-]{86}")
_MAX_PARTS, _MAX_NAME_CHARACTERS = 8, 200


class TokenRefused(WordedError):
    """What was typed is no token of ours."""


class BundleRefused(WordedError):
    """What the other host sent is not what may be written here."""


@dataclass(frozen=True, slots=True)
class JoinToken:
    """`secret` opens one offer, once; `fingerprint` is the SHA-256 of its certificate in DER."""

    secret: bytes = field(repr=False)
    fingerprint: bytes = field(repr=False)

    def text(self) -> str:
        """`rj1.` and both in base64url."""
        return "rj1." + base64.urlsafe_b64encode(self.secret + self.fingerprint).decode().rstrip(
            "="
        )


def read_token(text: str) -> JoinToken:
    """Raises TokenRefused, which does not repeat it."""
    if _TOKEN.fullmatch(text) is None:
        raise TokenRefused(
            N_("this is not the whole token: it is `rj1.` and 86 signs, as `--offer` printed it")
        )
    octets = base64.urlsafe_b64decode(text[4:] + "==")
    return JoinToken(octets[:SECRET_BYTES], octets[SECRET_BYTES:])


@dataclass(frozen=True, slots=True)
class Bundle:
    """`program`: the version of the program that sends it. `files` by name, from the folder of the
    installation. `by_hand`: what the configuration names and does not travel, as it names it.
    """

    program: str
    files: Mapping[str, bytes] = field(repr=False)
    by_hand: tuple[str, ...] = ()


def is_file_name(name: str) -> bool:
    """Whether it stays within the folder, and is not what each machine has of its own."""
    parts = name.split("/")
    within = len(parts) <= _MAX_PARTS and not {"", ".", ".."} & set(parts)
    plain = len(name) <= _MAX_NAME_CHARACTERS and name.isprintable() and "\\" not in name
    return within and plain and (parts[0] != "data" or name.startswith(SECRETS))


def encoded(bundle: Bundle) -> bytes:
    """Raises BundleRefused where it is larger than the other host takes."""
    octets = json.dumps(
        {
            "program": bundle.program,
            "files": {
                name: base64.b64encode(content).decode() for name, content in bundle.files.items()
            },
            "by_hand": list(bundle.by_hand),
        }
    ).encode()
    decoded(octets)
    return octets


def decoded(octets: bytes) -> Bundle:
    """Raises BundleRefused."""
    if len(octets) > MAX_BUNDLE_BYTES:
        raise BundleRefused(TOO_LARGE)
    try:
        value = json.loads(octets)
    except (ValueError, RecursionError):
        raise BundleRefused(MALFORMED) from None
    match value:
        case {"program": str(program), "files": dict(named), "by_hand": list(by_hand)}:
            files = {str(name): _content(content) for name, content in named.items()}
        case _:
            raise BundleRefused(MALFORMED)
    if CONFIG not in files or not all(map(is_file_name, files)):
        raise BundleRefused(MALFORMED)
    folders = {name[: cut.start()] for name in files for cut in re.finditer("/", name)}
    if folders & set(files) or not all(map(_is_line, (program, *by_hand))):
        raise BundleRefused(MALFORMED)
    if len(files) > MAX_FILES or max(map(len, files.values())) > MAX_FILE_BYTES:
        raise BundleRefused(TOO_LARGE)
    return Bundle(program, files, tuple(map(str, by_hand)))


def _content(value: object) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        raise BundleRefused(MALFORMED) from None


def _is_line(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 1000 and value.isprintable()


TOO_LARGE = N_("configuration and secrets are larger than a host takes: 200 files, 2 MB each, 8 MB")
MALFORMED = N_("the other host sent what is no configuration with its secrets; nothing was written")
