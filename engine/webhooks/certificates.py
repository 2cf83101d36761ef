"""A signature under somebody's certificate, as PayPal and Amazon sign: the one file of this room
that imports cryptography. Where the certificate comes from is for the caller to know; its chain is
not followed, for it comes by HTTPS from the sender's own host.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from typing import Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHORTEST_KEY_BITS = 2048


class CertificateFault(StrEnum):
    """UNUSABLE: it is no certificate, its time is over or yet to come, or its key is weak."""

    UNUSABLE = auto()
    WRONG = auto()


def signed_under(
    certificate: bytes,
    signature: bytes,
    message: bytes,
    digest: Literal["sha1", "sha256"],
    now: int,
) -> CertificateFault | None:
    """None where the signature holds (RSASSA-PKCS1-v1_5, RFC 8017). `certificate` is in PEM, `now`
    in milliseconds.
    """
    try:
        known = x509.load_pem_x509_certificate(certificate)
        key = known.public_key()
    except ValueError:
        return CertificateFault.UNUSABLE
    instant = _EPOCH + timedelta(milliseconds=now)
    if not known.not_valid_before_utc <= instant <= known.not_valid_after_utc:
        return CertificateFault.UNUSABLE
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SHORTEST_KEY_BITS:
        return CertificateFault.UNUSABLE
    try:
        key.verify(
            signature,
            message,
            padding.PKCS1v15(),
            hashes.SHA1() if digest == "sha1" else hashes.SHA256(),
        )
    except InvalidSignature:
        return CertificateFault.WRONG
    return None
