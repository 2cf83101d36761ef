"""The mail that asked for consent, exactly as it was handed over, as a piece of evidence of its
own.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping

from engine.evidence.keeping import SALT
from engine.mime.header_values import message_id
from engine.sending.envelope import Envelope, crlf
from engine.vault.commitment import Evidence, evidence


def mail_that_asks(envelope: Envelope, domain: str) -> Evidence:
    """Before dot-stuffing, with the line ends it had on the wire; `mail_digest` is the SHA-256 of
    those octets.
    """
    octets = crlf(envelope.body)
    said = {
        "message": envelope.key,
        "message_id": message_id(bytes.fromhex(envelope.key), domain),
        "mail": base64.b64encode(octets).decode("ascii"),
        "mail_digest": hashlib.sha256(octets).hexdigest(),
        "from": envelope.sender,
        "to": envelope.recipient,
    }
    return evidence(secrets.token_bytes(SALT), said, "mail")


def octets_of(said: Mapping[str, object]) -> bytes:
    """The mail again. Raises ValueError where they are not those that its digest names."""
    octets = base64.b64decode(str(said["mail"]), validate=True)
    if hashlib.sha256(octets).hexdigest() != said["mail_digest"]:
        raise ValueError("these are not the octets of the mail that asked")
    return octets
