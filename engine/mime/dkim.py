"""DKIM signatures (RFC 6376, RFC 8463): a message's octets in, the same octets behind a
DKIM-Signature out.

Pure: the time and the private keys are given. Canonicalisation is relaxed/relaxed, the whole body
is signed (no `l=`), and each header of SIGNED is named once more in `h=` than it stands in the
message, so that one added on the way, above or below, breaks the signature (section 8.15).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]

SIGNED = (
    "from", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding", "list-id", "list-help",
    "list-unsubscribe", "list-unsubscribe-post", "feedback-id", "auto-submitted", "sender",
)  # fmt: skip
"""What a reader or a mail program acts upon. Not Return-Path, Received and Bcc, which are written
or taken away on the way.
"""
SIGNED_IF_PRESENT = ("cfbl-address",)
"""Nobody acts upon one that is not signed (RFC 9477 section 3.1)."""
VALID_SECONDS = 14 * 86_400
"""A relay that cannot hand a letter over gives up after some five days."""
_FOLDED_AT = 74

_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_LONG_BLANKS = re.compile(rb"[ \t]{2,}|\t")
_BLANKS_AT_END = re.compile(rb"[ \t]+\r\n")


@dataclass(frozen=True, slots=True)
class Signer:
    """`sign` is given the SHA-256 digest of what is signed, 32 octets, and gives the signature:
    RSASSA-PKCS1-v1_5 for rsa-sha256, PureEdDSA over the digest for ed25519-sha256 (RFC 8463
    section 3).
    """

    domain: str
    selector: str
    algorithm: Algorithm
    sign: Callable[[bytes], bytes]


def signed(message: bytes, signers: Sequence[Signer], at: int) -> bytes:
    """`message`, whose line ends are CRLF, behind one DKIM-Signature for each of `signers`, the
    first on top. `at` is wall-clock time in seconds. Nothing may change the message afterwards.
    """
    head, _, body = message.partition(b"\r\n\r\n")
    fields = relaxed_fields(head)
    names = _names(tuple([(name, len(values)) for name, values in fields.items()]))
    digest = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
    data = signed_data(fields, names)
    signatures = [_signature(signer, names, digest, data, at) for signer in signers]
    return b"".join([*signatures, message])


def relaxed_fields(head: bytes) -> Mapping[str, Sequence[bytes]]:
    """The header lines by name in lower case, each as `name:value` without its line end, in the
    order in which they stand (RFC 6376 section 3.4.2).
    """
    fields: dict[str, list[bytes]] = {}
    for field in _FIELD_END.split(head):
        name, colon, value = field.partition(b":")
        if colon:
            key, start = _field_name(name)
            value = value.replace(b"\r\n", b"")
            if b"  " in value or b"\t" in value:
                value = _BLANKS.sub(b" ", value)
            fields.setdefault(key, []).append(start + value.strip(b" "))
    return fields


@lru_cache(maxsize=256)
def _field_name(written: bytes) -> tuple[str, bytes]:
    """In lower case, as a key and as a field begins. Remembered: letters have the same ones."""
    name = written.rstrip(b" \t").lower()
    return name.decode("latin-1"), name + b":"


@lru_cache(maxsize=256)
def _names(present: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """What `h=` names where each header stands so many times, remembered likewise."""
    times = dict(present)
    signed = (*SIGNED, *(name for name in SIGNED_IF_PRESENT if name in times))
    return tuple([name for name in signed for _ in range(times.get(name, 0) + 1)])


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 section 3.4.4: blanks at the end of lines and empty lines at the end are gone, other
    runs of blanks are one space; what is not empty ends in CRLF.
    """
    if b" \r\n" in body or b"\t\r\n" in body:
        body = _BLANKS_AT_END.sub(b"\r\n", body)
    if b"  " in body or b"\t" in body:
        body = _LONG_BLANKS.sub(b" ", body)
    if not body.endswith(b"\r\n"):
        body = body.rstrip(b" \t") + b"\r\n"
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    return b"" if body == b"\r\n" else body


def signed_data(fields: Mapping[str, Sequence[bytes]], names: Sequence[str]) -> bytes:
    """What is signed before the signature's own field: for each name in turn the lowest of its
    headers not yet taken, and nothing once there is none (RFC 6376 section 5.4.2).
    """
    left = {name: list(values) for name, values in fields.items()}
    return b"".join([left[name].pop() + b"\r\n" for name in names if left.get(name)])


def _signature(
    signer: Signer, names: tuple[str, ...], body_hash: str, data: bytes, at: int
) -> bytes:
    """The whole header. It is folded where blanks are allowed and mean nothing (RFC 6376 section
    3.2), so that whoever folds it anew breaks nothing.
    """
    tags = (
        f"v=1; a={signer.algorithm}; c=relaxed/relaxed; d={signer.domain};"
        f"\r\n s={signer.selector}; t={at}; x={at + VALID_SECONDS};"
        f"\r\n h={_folded(names)};\r\n bh={body_hash};\r\n b="
    )
    field = b"DKIM-Signature: " + tags.encode("ascii")
    (own,) = relaxed_fields(field)["dkim-signature"]
    signature = base64.b64encode(signer.sign(hashlib.sha256(data + own).digest())).decode()
    lines = [signature[at : at + _FOLDED_AT] for at in range(0, len(signature), _FOLDED_AT)]
    return field + "\r\n ".join(lines).encode("ascii") + b"\r\n"


@lru_cache(maxsize=256)
def _folded(names: tuple[str, ...]) -> str:
    lines, line = [], ""
    for name in names:
        if len(line) + len(name) > _FOLDED_AT - 2:
            lines.append(line)
            line = ""
        line += f"{name}:"
    return "\r\n ".join([*lines, line]).removesuffix(":")
