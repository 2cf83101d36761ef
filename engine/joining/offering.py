"""The host that works: a listener for one offer, with a certificate and a secret of its own.

Whoever shows the secret is handed configuration and secrets, once, and the offer is over, as it is
after `MAX_WRONG` wrong secrets and when its time has come. Each peer has seconds, not the patience
of others.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
import secrets
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.joining.protocol import (
    GREETING,
    LENGTH_BYTES,
    REFUSED,
    REQUEST_BYTES,
    SECRET_BYTES,
    TAKEN,
    JoinToken,
)

MAX_WRONG = 5
MAX_PEERS = 64
ASKING_SECONDS = 5.0
"""For the handshake, and then for the request."""
TAKING_SECONDS = 60.0
"""For the one with the right secret: until it says that its files are there."""


class Outcome(StrEnum):
    """How an offer ended. UNCONFIRMED: handed out, and nothing heard of whether it has arrived."""

    TAKEN = "taken"
    UNCONFIRMED = "unconfirmed"
    EXPIRED = "expired"
    GUESSED = "guessed"


@dataclass
class Offer:
    """One offer of `bundle`, as it is sent. Used once."""

    bundle: bytes = field(repr=False)
    token: JoinToken = field(repr=False)
    context: ssl.SSLContext
    _wrong: int = 0
    _peers: int = 0
    _handed_out: bool = False

    async def serve(
        self, host: str, port: int, seconds: float, listening: Callable[[int], None]
    ) -> Outcome:
        """Until it is over. `listening` is told the port. Raises OSError where it cannot listen."""
        self._over: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._server = await asyncio.start_server(
            self._answer,
            host,
            port,
            limit=REQUEST_BYTES,
            backlog=MAX_PEERS,
            ssl=self.context,
            ssl_handshake_timeout=ASKING_SECONDS,
        )
        try:
            listening(self._server.sockets[0].getsockname()[1])
            await asyncio.wait({self._over}, timeout=seconds)
            if self._handed_out:
                # Who was handed it in the last second has its time all the same.
                await asyncio.wait({self._over}, timeout=TAKING_SECONDS)
            return self._over.result() if self._over.done() else Outcome.EXPIRED
        finally:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._peers += 1
        try:
            if self._peers <= MAX_PEERS and not self._over.done():
                with contextlib.suppress(OSError, EOFError, TimeoutError):
                    await self._speak(reader, writer)
        finally:
            self._peers -= 1
            writer.transport.abort()

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(ASKING_SECONDS):
            request = await reader.readexactly(REQUEST_BYTES)
        right = hmac.compare_digest(request, GREETING + self.token.secret)
        if not right or self._handed_out:
            if request.startswith(GREETING) and not right:
                self._wrong += 1
            writer.write(REFUSED)
            async with asyncio.timeout(ASKING_SECONDS):
                await writer.drain()
                # Its close, so that the answer is read before the connection is gone.
                await reader.read(1)
            if self._wrong >= MAX_WRONG and not self._handed_out:
                self._end(Outcome.GUESSED)
            return
        self._handed_out = True
        self._server.close()
        outcome = Outcome.UNCONFIRMED
        try:
            async with asyncio.timeout(TAKING_SECONDS):
                writer.write(len(self.bundle).to_bytes(LENGTH_BYTES, "big") + self.bundle)
                await writer.drain()
                if await reader.readexactly(len(TAKEN)) == TAKEN:
                    outcome = Outcome.TAKEN
        finally:
            self._end(outcome)

    def _end(self, outcome: Outcome) -> None:
        if not self._over.done():
            self._over.set_result(outcome)


def new_offer(bundle: bytes, minutes: int) -> Offer:
    """With a secret and a certificate that nothing else knows. The certificate's key is on the disk
    for as long as it takes to be read from there.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relance join")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1, minutes=minutes))
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    with tempfile.TemporaryDirectory(prefix="relance-join-") as folder:
        file = Path(folder) / "pem"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(pem)
        context.load_cert_chain(file)
    fingerprint = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    return Offer(bundle, JoinToken(secrets.token_bytes(SECRET_BYTES), fingerprint), context)
