"""DANE for mail servers (RFC 7672): a server is believed by what the DNS, itself validated, says of
its certificate.
"""

from __future__ import annotations

import hashlib
import ssl
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from engine.dns.resolver import Tlsa

TRUST_ANCHOR, OWN_CERTIFICATE = 2, 3  # usages; 0 and 1 are not for mail (RFC 7672 3.1.3)
WHOLE, KEY = 0, 1
DIGESTS = {1: hashlib.sha256, 2: hashlib.sha512}


def usable(records: Sequence[Tlsa]) -> tuple[Tlsa, ...]:
    """Where none is, the connection has to be encrypted and is not verified (RFC 7672 2.2)."""
    return tuple(
        record
        for record in records
        if record.usage in (TRUST_ANCHOR, OWN_CERTIFICATE)
        and record.selector in (WHOLE, KEY)
        and (record.matching == 0 or record.matching in DIGESTS)
    )


def holds(records: Sequence[Tlsa], chain: Sequence[bytes], host: str, now: datetime) -> bool:
    """Whether one of the usable `records` vouches for the server that showed `chain`: certificates
    in DER, its own first.

    A record of the server's own certificate holds whatever its names and dates say (RFC 7672
    3.1.1); one of an authority needs a path to it, valid for `host` (3.1.2).
    """
    if not chain:
        return False
    if any(_is_of(record, chain[0]) for record in records if record.usage == OWN_CERTIFICATE):
        return True
    anchors = [record for record in records if record.usage == TRUST_ANCHOR]
    vouching = [der for der in chain[1:] if any(_is_of(anchor, der) for anchor in anchors)]
    return any(_leads_to(der, chain, host, now) for der in vouching)


def chain_of(secured: ssl.SSLObject) -> list[bytes]:
    """What the server showed, in DER, its own certificate first. Nothing of it is verified."""
    if sys.version_info >= (3, 13):
        return secured.get_unverified_chain()
    shown = cast(_Secured, secured)._sslobj.get_unverified_chain() or []
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in shown]


class _Certificate(Protocol):
    def public_bytes(self) -> str: ...


class _SslObject(Protocol):
    def get_unverified_chain(self) -> list[_Certificate] | None: ...


class _Secured(Protocol):
    """Before Python 3.13 the chain is there, and has no public name."""

    @property
    def _sslobj(self) -> _SslObject: ...


def _is_of(record: Tlsa, der: bytes) -> bool:
    if record.selector == KEY:
        try:
            key = x509.load_der_x509_certificate(der).public_key()
            der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        except ValueError:
            return False
    data = DIGESTS[record.matching](der).digest() if record.matching else der
    return data == record.data


def _leads_to(anchor: bytes, chain: Sequence[bytes], host: str, now: datetime) -> bool:
    # Authorities that the DNS vouches for are mostly private: more than the names and the right to
    # sign is not asked of their certificates, as of those of browsers it is.
    anything = ExtensionPolicy.permit_all()
    authority = anything.require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _may_sign)
    server = anything.require_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    try:
        own, *others = (x509.load_der_x509_certificate(der) for der in chain)
        store = Store([x509.load_der_x509_certificate(anchor)])
        path = (
            PolicyBuilder()
            .store(store)
            .time(now.astimezone(UTC).replace(tzinfo=None))
            .extension_policies(ca_policy=authority, ee_policy=server)
            .build_server_verifier(x509.DNSName(host))
        )
        path.verify(own, others)
    except (ValueError, VerificationError):
        return False
    return True


def _may_sign(_policy: Policy, _signer: x509.Certificate, limits: x509.BasicConstraints) -> None:
    if not limits.ca:
        raise ValueError("no authority")
